"""The catalog: what ships and what is one's own, and files that come in, are refused or go."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine import paths
from engine.errors import BadFileError, CheckpointError, SaveError, UnknownModelError
from engine.runtime.catalog import OWN, SHIPPED, Catalog, ModelEntry
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.sketch.sketch_model import load_model
from tests.helpers.tiny_sketch import tiny_checkpoint, tiny_magenta


def model(path: Path, name: str, *, kind: str = "sketch", data: str = "") -> Path:
    save_checkpoint(path, {"w": torch.zeros(2)}, CheckpointHeader(kind, name, {}, data))
    return path


def unchecked(_path: Path) -> None:
    """Finds nothing wrong."""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "shipped", tmp_path / "own")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    (tmp_path / "shipped").mkdir()
    return tmp_path / "shipped"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def listed(catalog: Catalog, kind: str | None = None) -> list[tuple[str, str]]:
    return [(entry.name, entry.origin) for entry in catalog.entries(kind)]


def test_without_folders_there_are_no_models_and_no_problems(catalog: Catalog) -> None:
    assert catalog.entries() == [] and catalog.problems == []


def test_the_folders_are_the_program_s_and_the_person_s() -> None:
    model(paths.models() / "mine.safetensors", "mine")
    names = {entry.name: entry.origin for entry in Catalog().entries()}
    assert names.pop("mine") == OWN
    assert set(names.values()) <= {SHIPPED}


def test_shipped_models_come_first_then_one_s_own_by_name(catalog: Catalog, shipped: Path, own: Path) -> None:
    for folder, name in ((own, "ant"), (shipped, "Zoo"), (own, "Bee"), (shipped, "cat")):
        model(folder / f"file-{name}.safetensors", name)
    assert listed(catalog) == [("cat", SHIPPED), ("Zoo", SHIPPED), ("ant", OWN), ("Bee", OWN)]


def test_one_s_own_wins_over_a_shipped_one_of_the_same_name(catalog: Catalog, shipped: Path, own: Path) -> None:
    model(shipped / "cat.safetensors", "cat")
    mine = model(own / "a.safetensors", "cat")
    assert listed(catalog) == [("cat", OWN)]
    assert catalog.find("cat") == mine
    catalog.remove(catalog.entries()[0])
    assert listed(catalog) == [("cat", SHIPPED)]


def test_of_two_own_files_with_one_name_the_first_counts(catalog: Catalog, own: Path) -> None:
    for name in ("b", "a", "c"):
        model(own / f"{name}.safetensors", "cat")
    assert [entry.path.name for entry in catalog.entries()] == ["a.safetensors"]


def test_one_kind_can_be_asked_for(catalog: Catalog, own: Path) -> None:
    model(own / "cat.safetensors", "cat")
    model(own / "song.safetensors", "song", kind="melody")
    assert listed(catalog, "melody") == [("song", OWN)]
    with pytest.raises(UnknownModelError, match="known models are: cat"):
        catalog.find("song", "sketch")


def test_files_that_cannot_be_read_are_left_out_and_named(catalog: Catalog, shipped: Path, own: Path) -> None:
    model(own / "cat.safetensors", "cat")
    (own / "broken.safetensors").write_bytes(b"\0" * 50)
    (own / "folder.safetensors").mkdir()
    (own / "notes.txt").write_text("not a model")
    whole = model(shipped / "cut.safetensors", "cut")
    whole.write_bytes(whole.read_bytes()[:60])
    assert listed(catalog) == [("cat", OWN)]
    assert sorted(problem.split()[0] for problem in catalog.problems) == [
        "broken.safetensors", "cut.safetensors", "folder.safetensors",
    ]  # fmt: skip
    (own / "broken.safetensors").unlink()
    catalog.entries()
    assert len(catalog.problems) == 2


def test_a_model_is_found_by_name_before_by_file(
    catalog: Catalog, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = model(own / "x.safetensors", "cat.safetensors")
    elsewhere = model(tmp_path / "other.safetensors", "other")
    model(tmp_path / "cat.safetensors", "cat")
    assert catalog.find("cat.safetensors") == named
    assert catalog.find("other.safetensors").resolve() == elsewhere


@pytest.mark.parametrize("name", ["unicorn", "", ".", "a\0b", "x" * 5000, "\ud800", "/root/none"])
def test_a_name_that_is_nowhere_is_refused_with_those_that_are(catalog: Catalog, own: Path, name: str) -> None:
    model(own / "cat.safetensors", "cat")
    with pytest.raises(UnknownModelError, match="known models are: cat"):
        catalog.find(name)


def test_an_empty_catalog_says_that_it_knows_none(catalog: Catalog) -> None:
    with pytest.raises(UnknownModelError, match="known models are: none"):
        catalog.find("cat")


def test_a_checkpoint_is_taken_in_as_it_is(catalog: Catalog, tmp_path: Path) -> None:
    source = tiny_checkpoint(tmp_path / "My Cats.safetensors")
    entry = catalog.add(source, load_model)
    assert entry.origin == OWN and entry.name == "My Cats"
    assert entry.path.parent == tmp_path / "own" and entry.path.name == "my-cats.safetensors"
    assert entry.path.read_bytes() == source.read_bytes()
    assert catalog.find("My Cats") == entry.path


def test_a_published_model_is_converted(catalog: Catalog, tmp_path: Path) -> None:
    entry = catalog.add(tiny_magenta(tmp_path / "swing_set.gen.json"), load_model)
    assert entry.name == "swing set" and entry.path.name == "swing-set.safetensors"
    assert load_model(entry.path).categories == ("swing set",)
    assert list(content(tmp_path / "own")) == ["swing-set.safetensors"]


def test_a_published_model_is_called_what_it_calls_itself(catalog: Catalog, tmp_path: Path) -> None:
    cat = tiny_magenta(tmp_path / "cat.gen.json")
    catalog.add(cat, load_model)
    renamed = tmp_path / "downloaded (1).gen.json"
    cat.rename(renamed)
    catalog.add(renamed, load_model)
    assert listed(catalog) == [("cat", OWN)]
    assert list(content(tmp_path / "own")) == ["cat.safetensors"]


def test_a_model_of_the_same_name_is_replaced(catalog: Catalog, own: Path, tmp_path: Path) -> None:
    old = model(own / "z-copied-here.safetensors", "cat", data="old")
    entry = catalog.add(model(tmp_path / "cat.safetensors", "cat", data="new"), unchecked)
    assert entry.path == old
    assert [each.header.data for each in catalog.entries()] == ["new"]


@pytest.mark.parametrize(
    "names", [("猫", "犬", "!?"), ("Cat!", "cat", "CAT"), ("a" * 70, "a" * 80), ("../cat", "cat"), ("a/cat", "a cat")]
)
def test_no_model_takes_the_place_of_one_of_another_name(
    catalog: Catalog, tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        catalog.add(model(tmp_path / "model.safetensors", name, data=name), unchecked)
    assert sorted(entry.name for entry in catalog.entries()) == sorted(names)
    assert all(entry.header.data == entry.name for entry in catalog.entries())
    assert {entry.path.parent for entry in catalog.entries()} == {tmp_path / "own"}


def test_no_model_takes_the_place_of_a_file_that_is_no_model(catalog: Catalog, own: Path, tmp_path: Path) -> None:
    (own / "cat.safetensors").write_bytes(b"perhaps still worth something")
    entry = catalog.add(model(tmp_path / "cat.safetensors", "cat"), unchecked)
    assert entry.path.name == "cat-2.safetensors"
    assert (own / "cat.safetensors").read_bytes() == b"perhaps still worth something"


def test_a_file_that_is_there_already_stays_where_it_is(catalog: Catalog, own: Path) -> None:
    path = model(own / "Strange Place.safetensors", "cat")
    file_number = path.stat().st_ino
    assert catalog.add(path, unchecked).path == path
    assert path.stat().st_ino == file_number
    assert list(content(own)) == ["Strange Place.safetensors"]


def damaged_model(path: Path) -> Path:
    whole = tiny_checkpoint(path)
    whole.write_bytes(whole.read_bytes()[:-5])
    return whole


def other_kind(path: Path) -> Path:
    return model(path, "song", kind="melody")


def text_file(path: Path) -> Path:
    path = path.with_suffix(".txt")
    path.write_text("hello")
    return path


def damaged_magenta(path: Path) -> Path:
    made = tiny_magenta(path.with_suffix(".gen.json"))
    made.write_text(made.read_text()[:-50])
    return made


def missing(path: Path) -> Path:
    return path.with_name("missing.safetensors")


@pytest.mark.parametrize("make", [damaged_model, other_kind, text_file, damaged_magenta, missing])
def test_a_refused_file_leaves_the_catalog_as_it_was(
    catalog: Catalog, own: Path, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    model(own / "new.safetensors", "new")
    before = content(own)
    with pytest.raises((BadFileError, CheckpointError)) as refusal:
        catalog.add(make(tmp_path / "new.safetensors"), load_model)
    assert make(tmp_path / "new.safetensors").name in str(refusal.value)
    assert content(own) == before


def test_a_file_too_large_for_a_model_is_refused(
    catalog: Catalog, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runtime.catalog.MAX_FILE_BYTES", 100)
    with pytest.raises(BadFileError, match="too large"):
        catalog.add(tiny_checkpoint(tmp_path / "cat.safetensors"), load_model)
    assert content(own) == {}


@pytest.mark.parametrize("make", [tiny_checkpoint, lambda path: tiny_magenta(path.with_suffix(".gen.json"))])
def test_a_full_disk_leaves_the_catalog_as_it_was(
    catalog: Catalog, own: Path, tmp_path: Path, make: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model(own / "cat.safetensors", "cat")
    before, source = content(own), make(tmp_path / "cat.safetensors")

    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SaveError, match="No space left"):
        catalog.add(source, load_model)
    assert content(own) == before


def test_without_a_place_for_temporary_files_a_conversion_says_so(
    catalog: Catalog, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tiny_magenta(tmp_path / "cat.gen.json")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(SaveError, match=r"cat\.gen\.json could not be converted"):
        catalog.add(source, load_model)
    assert content(own) == {}


def test_own_models_are_removed_and_shipped_ones_stay(catalog: Catalog, shipped: Path, own: Path) -> None:
    model(shipped / "cat.safetensors", "cat")
    model(own / "dog.safetensors", "dog")
    entries = {entry.name: entry for entry in catalog.entries()}
    with pytest.raises(SaveError, match="cat came with the program"):
        catalog.remove(entries["cat"])
    catalog.remove(entries["dog"])
    catalog.remove(entries["dog"])  # that it is gone already is no reason to complain
    assert listed(catalog) == [("cat", SHIPPED)]


def test_a_model_that_cannot_be_removed_is_named(catalog: Catalog, own: Path) -> None:
    (own / "dog.safetensors").mkdir()
    entry = ModelEntry(own / "dog.safetensors", OWN, CheckpointHeader("sketch", "dog", {}))
    with pytest.raises(SaveError, match=r"dog\.safetensors could not be removed"):
        catalog.remove(entry)
