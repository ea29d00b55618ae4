"""Data sets: every drawing lands in one part and stays there, and what is left out is counted with its reason."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.data.sketches import Example, SketchDataset, files_of, load_dataset, read_sources
from engine.errors import BadFileError, TrainingError
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import Drawing, make_drawing

SINGLE = "A drawing of a single point or line was left out."


def doodles(count: int, word: str = "cat", first: int = 0) -> list[Drawing]:
    """Drawings that differ from one another, of 5 to 9 points in a 0-255 box."""
    made = []
    for index in range(first, first + count):
        rng = np.random.default_rng(index)
        made.append(make_drawing([rng.integers(0, 256, (int(rng.integers(5, 10)), 2)).astype(float)], word))
    return made


def write(path: Path, drawings: list[Drawing]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(to_ndjson_line(drawing) for drawing in drawings))
    return path


def load(
    *paths: Path,
    max_points: int = 100,
    valid: float = 0.2,
    test: float = 0.3,
    categories: tuple[str, ...] | None = None,
    keep_unknown: bool = False,
) -> SketchDataset:
    return load_dataset(
        paths, max_points=max_points, valid_fraction=valid, test_fraction=test, categories=categories,
        keep_unknown=keep_unknown,
    )  # fmt: skip


def parts(dataset: SketchDataset) -> dict[str, set[bytes]]:
    """The points of the drawings of each part."""
    named = {"train": dataset.train, "valid": dataset.valid, "test": dataset.test}
    return {name: {example.stroke3.tobytes() for example in part} for name, part in named.items()}


def everything(dataset: SketchDataset) -> list[Example]:
    return [*dataset.train, *dataset.valid, *dataset.test]


def test_parts_are_disjoint_complete_and_about_as_large_as_asked(tmp_path: Path) -> None:
    dataset = load(write(tmp_path / "cat.ndjson", doodles(600)))
    found = parts(dataset)
    assert len(found["train"] | found["valid"] | found["test"]) == 600 == len(everything(dataset))
    assert len(found["valid"]) == pytest.approx(120, abs=30)
    assert len(found["test"]) == pytest.approx(180, abs=35)


def test_a_drawing_stays_in_its_part_whatever_else_is_there(tmp_path: Path) -> None:
    few = parts(load(write(tmp_path / "a" / "cat.ndjson", doodles(60))))
    write(tmp_path / "a" / "aaa.ndjson", doodles(60, "dog", first=500))
    write(tmp_path / "a" / "cat.ndjson", [*doodles(60, first=900), *reversed(doodles(60))])
    many = parts(load(tmp_path / "a"))
    assert all(few[name] <= many[name] for name in few)


def test_the_same_drawing_twice_lies_in_one_part(tmp_path: Path) -> None:
    found = parts(load(write(tmp_path / "cat.ndjson", [*doodles(40), *doodles(40)])))
    assert not found["train"] & found["test"] and not found["train"] & found["valid"]


def test_a_larger_valid_part_takes_nothing_from_the_test_part(tmp_path: Path) -> None:
    path = write(tmp_path / "cat.ndjson", doodles(200))
    small, large = parts(load(path, valid=0.1)), parts(load(path, valid=0.4))
    assert small["test"] == large["test"] and small["valid"] < large["valid"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 0.5), st.floats(0, 0.5))
def test_any_fractions_share_everything_out(tmp_path: Path, valid: float, test: float) -> None:
    path = tmp_path / "cat.ndjson"
    if not path.exists():
        write(path, doodles(50))
    dataset = load(path, valid=valid, test=test)
    assert len(everything(dataset)) == 50
    assert bool(dataset.valid) <= (valid > 0) and bool(dataset.test) <= (test > 0)


def test_the_parts_that_a_file_names_are_kept(tmp_path: Path) -> None:
    arrays = {}
    for name, count in (("train", 7), ("valid", 3), ("test", 4)):
        box = np.empty(count, dtype=object)
        box[:] = [np.array([[i + 1, count, 0], [5, i, 1]], np.int16) for i in range(count)]
        arrays[name] = box
    np.savez(tmp_path / "sketchrnn_school_bus.npz", allow_pickle=True, **arrays)
    dataset = load(tmp_path / "sketchrnn_school_bus.npz", valid=0.0, test=0.0)
    assert [len(dataset.train), len(dataset.valid), len(dataset.test)] == [7, 3, 4]
    np.testing.assert_array_equal(dataset.valid[2].stroke3, [[3, 3, 0], [5, 2, 1]])


def test_the_words_of_the_data_are_the_categories_in_order(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", [*doodles(3, "owl"), *doodles(2, "ant", first=10)])
    write(tmp_path / "b.ndjson", doodles(2, "cat", first=20))
    dataset = load(tmp_path, valid=0.0, test=0.0)
    assert dataset.categories == ("ant", "cat", "owl")
    assert Counter(example.category for example in dataset.train) == {0: 2, 1: 2, 2: 3}
    assert dataset.provenance == "7 drawings of 2 files, 3 categories"


@pytest.mark.parametrize(("name", "word"), [("hot_dog.ndjson", "hot dog"), ("sketchrnn_cat.ndjson", "cat")])
def test_a_drawing_without_a_word_is_called_as_its_file(tmp_path: Path, name: str, word: str) -> None:
    assert load(write(tmp_path / name, doodles(3, ""))).categories == (word,)


def test_drawings_of_other_words_are_left_out_or_kept_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "all.ndjson", [*doodles(2, "cat"), *doodles(3, "dog", 10), *doodles(1, "eel", 20)])
    chosen = load(path, categories=("dog", "cat"))
    assert chosen.categories == ("dog", "cat")
    assert Counter(example.category for example in everything(chosen)) == {0: 3, 1: 2}
    assert chosen.skipped == {"The model does not know the category 'eel'.": 1}
    kept = load(path, categories=("dog", "cat"), keep_unknown=True)
    assert Counter(example.category for example in everything(kept)) == {0: 3, 1: 2, 2: 1}
    assert not kept.skipped


def test_reasons_are_counted_over_all_files(tmp_path: Path) -> None:
    long = make_drawing([[(i, i % 9) for i in range(40)]], "cat")
    write(tmp_path / "a.ndjson", [*doodles(4), long, make_drawing([[(3, 4)]], "cat")])
    write(tmp_path / "b.ndjson", [long, long])
    (tmp_path / "broken.npz").write_bytes(b"PK")
    (tmp_path / "evil.svg").write_text('<!DOCTYPE svg [<!ENTITY a "b">]><svg/>')
    (tmp_path / "long.svg").write_text('<svg><path d="M0 0' + "l1 1" * 21_000 + '"/></svg>')
    with (tmp_path / "a.ndjson").open("a") as file:
        file.write("bad\nbad\n")
    dataset = load(tmp_path, max_points=39 - 1)
    assert len(everything(dataset)) == 4
    files = {text: count for text, count in dataset.skipped.items() if text.split()[0].endswith((".npz", ".svg"))}
    assert {text.split()[0]: count for text, count in files.items()} == {"broken.npz": 1, "evil.svg": 1, "long.svg": 1}
    assert {text: count for text, count in dataset.skipped.items() if text not in files} == {
        "A drawing of more than 38 points was left out.": 3,
        SINGLE: 1,
        "A line is not whole JSON.": 2,
    }


def test_the_longest_length_counts_rows_of_stroke_3(tmp_path: Path) -> None:
    path = write(tmp_path / "cat.ndjson", [make_drawing([[(i, 1) for i in range(9)]], "cat")])
    assert len(everything(load(path, max_points=8))) == 1
    with pytest.raises(TrainingError, match="more than 7 points"):
        load(path, max_points=7)


def test_drawings_that_are_not_simplified_are_aligned_and_simplified(tmp_path: Path) -> None:
    along, down = ("".join(f"{letter}{100 + i}" for i in range(511)) for letter in "HV")
    (tmp_path / "corner.svg").write_text(f'<svg><path d="M100 100{along}{down}"/></svg>')
    (example,) = everything(load(tmp_path))
    np.testing.assert_array_equal(example.stroke3, [[255, 0, 0], [0, 255, 1]])


def test_folders_are_searched_through_and_through(tmp_path: Path) -> None:
    wanted = [write(tmp_path / name, doodles(1)) for name in ("a.ndjson", "b/c/d.NDJSON", "b/e f.ndjson")]
    for name in ("notes.txt", "b/x.json", "ndjson"):
        write(tmp_path / name, doodles(1))
    (tmp_path / "folder.svg").mkdir()
    assert files_of([tmp_path]) == sorted(wanted)
    assert files_of([wanted[1], tmp_path / "a.ndjson"]) == [wanted[1], wanted[0]]


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_folder_within_itself_is_searched_once(tmp_path: Path) -> None:
    path = write(tmp_path / "data" / "a.ndjson", doodles(1))
    (tmp_path / "data" / "again").symlink_to(tmp_path / "data")
    assert files_of([tmp_path / "data"]) == [path]


@pytest.mark.parametrize("name", ["missing", "x" * 5000, "a\0b"])
def test_a_path_that_is_nowhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadFileError, match="no file or folder"):
        files_of([tmp_path / name])


def test_a_folder_without_drawings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"no \.ndjson, \.npz or \.svg files"):
        load(tmp_path)


def test_a_single_line_is_left_out_as_a_single_point_is(tmp_path: Path) -> None:
    few = [make_drawing([[(3, 4)]]), make_drawing([[(3, 4), (5, 6)]]), make_drawing([[(3, 4), (5, 6), (9, 9)]])]
    dataset = load(write(tmp_path / "few.ndjson", few))
    assert len(everything(dataset)) == 1 and dataset.skipped == {SINGLE: 2}


def test_when_nothing_can_be_used_the_reasons_are_said(tmp_path: Path) -> None:
    write(tmp_path / "dot.ndjson", [make_drawing([[(3, 4)]], "cat")])
    with pytest.raises(TrainingError, match=f"No drawing could be used: {SINGLE}"):
        load(tmp_path)
    (tmp_path / "dot.ndjson").write_text("nothing")
    with pytest.raises(TrainingError, match=r"No drawing could be used: dot\.ndjson holds no drawing"):
        load(tmp_path)


def test_a_limit_holds_for_each_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"{name}.ndjson", doodles(5))
    skipped: Counter[str] = Counter()
    assert [len(source.drawings) for source in read_sources([tmp_path], skipped, limit=2)] == [2, 2]
