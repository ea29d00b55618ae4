"""Which states are kept to go back to, and that two names of a file do not disturb each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CheckpointError, SaveError
from engine.runtime.atomic import write_bytes
from engine.runtime.checkpoint_history import MAX_CHECKPOINTS, CheckpointHistory, clone_file, thinned


def keep(history: CheckpointHistory, state: Path, step: int) -> None:
    write_bytes(state, str(step).encode())
    history.keep(state, step)


def test_many_checkpoints_are_thinned_out_and_the_first_and_the_newest_stay(tmp_path: Path) -> None:
    history = CheckpointHistory(tmp_path)
    for step in range(1, 71):
        keep(history, tmp_path / "state", step)
        kept = history.steps()
        assert len(kept) <= MAX_CHECKPOINTS and kept[0] == 1 and step in kept
        assert kept[-4:] == list(range(max(1, step - 3), step + 1))
    assert all(history.path(step).read_text() == str(step) for step in kept)


@given(st.sets(st.integers(0, 10**6), max_size=30), st.integers(3, 20))
def test_thinning_leaves_out_of_the_older_half_alone(steps: set[int], most: int) -> None:
    ordered = sorted(steps)
    out = thinned(ordered, most)
    assert (len(ordered) <= most) == (not out)
    assert set(out) <= set(ordered[1 : len(ordered) // 2])
    assert not any(b - a == 1 for a, b in zip(map(ordered.index, out), map(ordered.index, out[1:]), strict=False))


def test_going_back_forgets_what_is_later(tmp_path: Path) -> None:
    history = CheckpointHistory(tmp_path)
    for step in (3, 6, 9):
        keep(history, tmp_path / "state", step)
    history.go_back(6, tmp_path / "state")
    assert history.steps() == [3, 6] and (tmp_path / "state").read_text() == "6"
    history.go_back(6, tmp_path / "state")  # the two are one file by now
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", "state"]


def test_other_files_are_no_steps(tmp_path: Path) -> None:
    history = CheckpointHistory(tmp_path)
    assert history.steps() == []
    folder = history.path(1).parent
    folder.mkdir(parents=True)
    for name in ("12", "x", "-3", f"{10**16}", ".5"):
        (folder / f"{name}.safetensors").touch()
    (folder / "4.npz").touch()
    assert history.steps() == [12]


@pytest.mark.parametrize("links", [True, False])
def test_a_clone_stays_when_its_source_is_replaced(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_args: object) -> None:
        raise OSError("no links here")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    source, target = tmp_path / "source", tmp_path / "deep" / "target"
    write_bytes(source, b"old")
    for _ in range(2):
        clone_file(source, target)
    assert os.path.samefile(source, target) == links
    write_bytes(source, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_a_source_that_is_gone_is_told_from_a_disk_that_is_full(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is not there any more; choose another step"):
        clone_file(tmp_path / "gone", tmp_path / "target")
    (tmp_path / "source").touch()
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match=r"cannot be written: .*Make room, then try again"):
        clone_file(tmp_path / "source", tmp_path / "file" / "target")


def test_a_checkpoint_that_cannot_be_removed_is_a_sentence(tmp_path: Path) -> None:
    history = CheckpointHistory(tmp_path)
    for step in (3, 6):
        keep(history, tmp_path / "state", step)
    history.path(9).mkdir()
    with pytest.raises(SaveError, match="cannot be removed"):
        history.go_back(6, tmp_path / "state")
