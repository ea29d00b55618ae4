"""Where things are: one variable moves all that belongs to the person, and the program's own files are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import paths


def test_one_variable_moves_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MORPHOSPACE_HOME", str(tmp_path / "elsewhere"))
    folders = [paths.models(), paths.runs(), paths.downloads()]
    assert len(set(folders)) == 3
    assert {folder.parent for folder in folders} == {tmp_path / "elsewhere"}
    assert not paths.home().exists()  # asking makes nothing


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_the_system_says_where(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv("MORPHOSPACE_HOME")
    else:
        monkeypatch.setenv("MORPHOSPACE_HOME", value)
    assert paths.home().is_absolute() and paths.home().name == "morphospace"


def test_what_ships_with_the_program_is_there() -> None:
    assert (paths.ROOT / "engine" / "paths.py").is_file()
    assert paths.SHIPPED_MODELS.is_dir()
