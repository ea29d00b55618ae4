"""Typed settings that survive damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui.settings import Settings


@pytest.mark.parametrize(
    ("value", "default"),
    [(True, False), (False, True), (7, 0), (-0.25, 1.0), ("a, b; ü=1 %", ""), (bytes(range(256)), b"")],
)
def test_values_come_back_as_they_were(tmp_path: Path, value: object, default: object) -> None:
    path = tmp_path / "settings.ini"
    first = Settings(path)
    first.set("group/key", value)  # type: ignore[arg-type]
    assert first.save()
    back = Settings(path).get("group/key", default)  # type: ignore[type-var]
    assert back == value
    assert type(back) is type(value)


def test_unknown_keys_give_the_default(tmp_path: Path) -> None:
    assert Settings(tmp_path / "none.ini").get("window/lab", "sketch") == "sketch"


@pytest.mark.parametrize(
    ("text", "default"),
    [("maybe", True), ("1", True), ("seven", 7), ("1.5", 7), ("nan", 0.5), ("inf", 0.5), ("zz", b"x"), ("a, b", "c")],
)
def test_values_of_the_wrong_type_give_the_default(tmp_path: Path, text: str, default: object) -> None:
    path = tmp_path / "settings.ini"
    path.write_text(f"[group]\nkey={text}\n")
    assert Settings(path).get("group/key", default) == default  # type: ignore[type-var]


@pytest.mark.parametrize("content", [b"\x00\xff\xfe garbage [", b"[group\nkey=3\n=\n", b""])
def test_a_damaged_file_reads_as_empty_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.ini"
    path.write_bytes(content)
    settings = Settings(path)
    assert settings.get("group/key", 5) == 5
    settings.set("group/key", 8)
    settings.save()
    assert Settings(path).get("group/key", 5) == 8


def test_the_file_lies_in_the_persons_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MORPHOSPACE_HOME", str(tmp_path / "home"))
    settings = Settings()
    settings.set("a/b", 1)
    assert settings.save()
    assert (tmp_path / "home" / "settings.ini").is_file()


def test_a_folder_that_cannot_be_written_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    settings = Settings(tmp_path / "file" / "settings.ini")
    settings.set("a/b", 1)
    assert not settings.save()
    assert settings.get("a/b", 0) == 1
