"""Files are written whole or not at all."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from engine.errors import SaveError
from engine.runtime.atomic import write_bytes, write_file, write_text


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    return path


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def disk_full(file: BinaryIO) -> None:
    file.write(b"half of it")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_is_replaced(target: Path) -> None:
    write_bytes(target, b"new")
    assert target.read_bytes() == b"new" and names(target) == ["model.bin"]


def test_text_is_utf8_and_folders_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "naïve.txt"
    write_text(target, "Füße 🐱\n")
    assert target.read_bytes() == "Füße 🐱\n".encode()


def test_the_old_file_stands_until_the_new_one_is_whole(target: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"

    write_file(target, write)
    assert target.read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(target: Path) -> None:
    with pytest.raises(SaveError, match=r"model\.bin could not be saved in .*No space left on device.*unchanged"):
        write_file(target, disk_full)
    assert target.read_bytes() == b"old" and names(target) == ["model.bin"]


def test_a_full_disk_leaves_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(SaveError):
        write_file(tmp_path / "fresh.bin", disk_full)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_at_the_last_moment_leaves_the_old_file(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(SaveError, match="Input/output error"):
        write_bytes(target, b"new")
    assert target.read_bytes() == b"old" and names(target) == ["model.bin"]


def test_bytes_are_on_disk_before_the_name_changes(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        order.append("flushed")
        fsync(descriptor)

    def noted_replace(source: str, destination: Path) -> None:
        order.append("renamed")
        replace(source, destination)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_bytes(target, b"new")
    assert order[:2] == ["flushed", "renamed"]


def test_a_writer_that_is_wrong_passes_its_own_error_on(target: Path) -> None:
    def wrong(file: BinaryIO) -> None:
        file.write(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_file(target, wrong)
    assert target.read_bytes() == b"old" and names(target) == ["model.bin"]


def test_a_name_that_is_taken_by_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "inside").write_bytes(b"kept")
    with pytest.raises(SaveError):
        write_bytes(folder, b"new")
    assert (folder / "inside").read_bytes() == b"kept" and names(folder) == ["models"]


def test_a_folder_that_is_a_file_is_refused(target: Path) -> None:
    with pytest.raises(SaveError):
        write_bytes(target / "inside.bin", b"new")
    assert target.read_bytes() == b"old"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_saved_files_have_the_usual_permissions(target: Path) -> None:
    plain = target.with_name("plain")
    plain.touch()
    write_bytes(target, b"new")
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
