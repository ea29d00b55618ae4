"""`sample sketch` and `evaluate sketch`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import paths
from engine.data.sketches import load_dataset
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from engine.sketch import categories
from engine.sketch.categories import CategoryGain
from engine.sketch.formats.ndjson import read_ndjson, to_ndjson_line
from engine.sketch.formats.svg import read_svg
from engine.sketch.formats.svg_write import to_svg
from engine.sketch.strokes import Drawing, make_drawing, to_stroke3
from tests.helpers.commands import Done, command, refusal
from tests.helpers.tiny_sketch import LONGEST, SCALE_FACTOR, tiny_checkpoint, tiny_magenta

LOSSES = ("L_R", "L_KL", "L_R_decoder")


def doodles(count: int, word: str, seed: int = 0) -> list[Drawing]:
    rng = np.random.default_rng(seed)
    return [make_drawing([rng.integers(0, 256, (6, 2)).astype(float)], word) for _ in range(count)]


def ndjson(path: Path, drawings: list[Drawing]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(to_ndjson_line(drawing) for drawing in drawings))
    return path


@pytest.fixture
def zoo() -> Path:
    """A model in the catalog, called zoo, of cats and dogs."""
    return tiny_checkpoint(paths.models() / "zoo.safetensors")


@pytest.mark.usefixtures("zoo")
def test_samples_are_written_as_ndjson(tmp_path: Path) -> None:
    done = command("sample", "sketch", "--model", "zoo", "--out", tmp_path / "new" / "a.ndjson", "--count", 5, "--json")
    assert done.status == 0
    drawings = read_ndjson(tmp_path / "new" / "a.ndjson").drawings
    assert done.values["drawings"] == len(drawings) == 5
    assert [drawing.word for drawing in drawings] == ["cat", "dog", "cat", "dog", "cat"]
    assert all(max(drawing.box()) <= 255 for drawing in drawings)


@pytest.mark.usefixtures("zoo")
def test_samples_are_written_as_a_sheet(tmp_path: Path) -> None:
    args = ("sample", "sketch", "--model", "zoo", "--count", 4, "--temperature", 1.5)
    assert command(*args, "--out", tmp_path / "a.svg").status == 0
    assert command(*args, "--out", tmp_path / "a.ndjson").status == 0
    (sheet,) = read_svg(tmp_path / "a.svg").drawings
    drawings = read_ndjson(tmp_path / "a.ndjson").drawings
    assert len(sheet.strokes) == sum(len(drawing.strokes) for drawing in drawings) > 4


@pytest.mark.usefixtures("zoo")
def test_a_drawing_depends_on_the_seed_and_its_number_alone(tmp_path: Path) -> None:
    def sampled(count: int, seed: int, name: str) -> list[str]:
        out = tmp_path / name
        assert command("sample", "sketch", "--model", "zoo", "--out", out, "--count", count, "--seed", seed).status == 0
        return out.read_text().splitlines()

    assert sampled(3, 7, "a.ndjson") == sampled(6, 7, "b.ndjson")[:3]
    assert sampled(3, 7, "a.ndjson") != sampled(3, 8, "c.ndjson")


@pytest.mark.usefixtures("zoo")
def test_one_category_can_be_asked_for(tmp_path: Path) -> None:
    args = ("sample", "sketch", "--model", "zoo", "--out", tmp_path / "a.ndjson", "--count", 3)
    assert command(*args, "--category", "dog").status == 0
    assert {drawing.word for drawing in read_ndjson(tmp_path / "a.ndjson").drawings} == {"dog"}
    assert "does not know the category 'unicorn'" in refusal(*args, "--category", "unicorn")


def test_a_model_may_be_a_published_file(tmp_path: Path) -> None:
    model = tiny_magenta(tmp_path / "bee.gen.json")
    assert command("sample", "sketch", "--model", model, "--out", tmp_path / "a.ndjson", "--count", 2).status == 0
    assert {drawing.word for drawing in read_ndjson(tmp_path / "a.ndjson").drawings} == {"bee"}


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--model", "unicorn"), "known models are: .*zoo"),
        (("--model", "x" * 5000), "known models are"),
        (("--count", 0), "not 0"),
        (("--count", -3), "not -3"),
        (("--count", 10**9), "not 1000000000"),
        (("--temperature", "nan"), "not at nan"),
        (("--temperature", -0.1), "not at -0.1"),
        (("--temperature", 1e9), "not at 1000000000"),
        (("--seed", -1), "not -1"),
    ],
)
def test_samples_that_cannot_be_are_refused(tmp_path: Path, options: tuple[object, ...], says: str) -> None:
    sentence = refusal("sample", "sketch", "--model", "zoo", "--out", tmp_path / "a.svg", *options)
    assert re.search(says, sentence)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("zoo")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    done = command("sample", "sketch", "--model", "zoo", "--out", tmp_path / "file" / "a.svg", "--count", 1)
    assert done.status == 1 and done.out == "" and "a.svg could not be saved" in done.err.splitlines()[-1]


def test_a_damaged_model_is_named(tmp_path: Path, zoo: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(zoo.read_bytes()[:-9])
    for words in (("sample", "sketch", "--out", tmp_path / "a.svg"), ("evaluate", "sketch", "--data", tmp_path)):
        assert "cut.safetensors is damaged" in refusal(*words, "--model", tmp_path / "cut.safetensors")


def evaluated(*args: object) -> Done:
    done = command("evaluate", "sketch", "--model", "zoo", *args, "--json")
    assert done.status == 0, done.err
    return done


@pytest.mark.usefixtures("zoo")
def test_the_figures_are_those_of_the_drawings(tmp_path: Path) -> None:
    drawings = [*doodles(5, "cat"), *doodles(6, "dog", seed=1)]
    values = evaluated("--data", ndjson(tmp_path / "a.ndjson", drawings)).values
    assert {name: values[name] for name in ("model", "drawings", "points", "N_max", "scale_factor", "skipped")} == {
        "model": "zoo", "drawings": 11, "points": 55, "N_max": LONGEST, "scale_factor": SCALE_FACTOR, "skipped": {},
    }  # fmt: skip
    assert all(np.isfinite(values[name]) for name in LOSSES)
    assert values["without_category"] == 0


@pytest.mark.usefixtures("zoo")
def test_every_format_of_the_same_drawings_gives_the_same_figures(tmp_path: Path) -> None:
    drawings = doodles(3, "cat")
    expected = evaluated("--data", ndjson(tmp_path / "a.ndjson", drawings)).values
    box = np.empty(3, dtype=object)
    box[:] = [to_stroke3(drawing) for drawing in drawings]
    np.savez(tmp_path / "cat.npz", allow_pickle=True, train=box)
    found = evaluated("--data", tmp_path / "cat.npz").values
    assert found == {**expected, **{name: pytest.approx(expected[name], rel=1e-4) for name in LOSSES}}
    for index, drawing in enumerate(drawings):
        folder = tmp_path / "folder" / str(index)
        folder.mkdir(parents=True)
        (folder / "picture.svg").write_text(to_svg(drawing))
    found = evaluated("--data", *sorted((tmp_path / "folder").iterdir())).values
    # An outline is aligned to the box and simplified anew, which the others have behind them.
    assert found["drawings"] == 3 and found["L_R_decoder"] == pytest.approx(expected["L_R_decoder"], rel=0.3)


@pytest.mark.usefixtures("zoo")
def test_a_folder_is_read_through_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    ndjson(tmp_path / "a" / "a.ndjson", [*doodles(4, "cat"), make_drawing([[(1, 1)]], "cat")])
    ndjson(tmp_path / "b" / "b.ndjson", doodles(2, "unicorn"))
    (tmp_path / "broken.npz").write_bytes(b"PK")
    (tmp_path / "evil.svg").write_text('<!DOCTYPE svg [<!ENTITY a "b">]><svg/>')
    with (tmp_path / "a" / "a.ndjson").open("a") as file:
        file.write("not a drawing\n")
    done = evaluated("--data", tmp_path)
    assert done.values["drawings"] == 6 and done.values["without_category"] == 2
    assert sum(done.values["skipped"].values()) == len(done.values["skipped"]) == 4
    for reason in done.values["skipped"]:
        assert f"1  {reason}" in done.out


def test_a_model_without_an_encoder_has_no_figures_for_it(tmp_path: Path) -> None:
    tiny_checkpoint(paths.models() / "zoo.safetensors", categories=("cat",), mode="decoder")
    values = evaluated("--data", ndjson(tmp_path / "a.ndjson", doodles(3, "cat"))).values
    assert "L_R" not in values and "L_KL" not in values and np.isfinite(values["L_R_decoder"])
    assert values["without_category"] == 3


def test_a_model_of_another_box_takes_the_scale_of_the_data(tmp_path: Path) -> None:
    tiny_magenta(tmp_path / "bee.gen.json")
    data = ndjson(tmp_path / "a.ndjson", doodles(3, "bee"))
    done = command("evaluate", "sketch", "--model", tmp_path / "bee.gen.json", "--data", data, "--json")
    offsets = np.concatenate([to_stroke3(drawing)[:, :2] for drawing in doodles(3, "bee")])
    assert done.values["scale_factor"] == pytest.approx(offsets.std())


@pytest.mark.usefixtures("zoo")
def test_a_part_is_the_one_that_the_model_s_training_left_out(tmp_path: Path) -> None:
    data = ndjson(tmp_path / "a.ndjson", doodles(80, "cat"))
    dataset = load_dataset([data], max_points=LONGEST, valid_fraction=0.08, test_fraction=0.12)
    for part, examples in (("train", dataset.train), ("valid", dataset.valid), ("test", dataset.test)):
        assert evaluated("--data", data, "--part", part).values["drawings"] == len(examples) > 0


@pytest.mark.usefixtures("zoo")
def test_a_part_is_the_file_s_own_where_it_names_them(tmp_path: Path) -> None:
    box = np.empty(3, dtype=object)
    box[:] = [to_stroke3(drawing) for drawing in doodles(3, "cat")]
    np.savez(tmp_path / "cat.npz", allow_pickle=True, train=box[:1], test=box[1:])
    assert evaluated("--data", tmp_path / "cat.npz", "--part", "test").values["drawings"] == 2
    sentence = refusal("evaluate", "sketch", "--model", "zoo", "--data", tmp_path / "cat.npz", "--part", "valid")
    assert sentence == "None of these drawings belongs to the part 'valid'; choose another one."


@pytest.mark.parametrize("training", [None, [], {"valid_fraction": "x"}, {"test_fraction": 7.5}])
def test_a_model_that_says_nothing_sensible_of_its_training_keeps_all(
    tmp_path: Path, zoo: Path, training: Any
) -> None:
    tensors, header = load_checkpoint(zoo, "sketch")
    header.extra["training"] = training
    save_checkpoint(zoo, tensors, header)
    data = ndjson(tmp_path / "a.ndjson", doodles(40, "cat"))
    assert evaluated("--data", data, "--part", "train").values["drawings"] == 40


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("name", ["none", "x" * 5000, "text.txt"])
def test_data_that_cannot_be_read_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.txt").write_text("hello")
    assert name[:20] in refusal("evaluate", "sketch", "--model", "zoo", "--data", tmp_path / name)


def test_a_model_of_numbers_that_are_not_finite_is_refused(tmp_path: Path, zoo: Path) -> None:
    tensors, header = load_checkpoint(zoo, "sketch")
    save_checkpoint(zoo, {name: torch.full_like(t, float("inf")) for name, t in tensors.items()}, header)
    data = ndjson(tmp_path / "a.ndjson", doodles(2, "cat"))
    assert "not finite" in refusal("evaluate", "sketch", "--model", "zoo", "--data", data)


@pytest.mark.parametrize("part", ["everything", ""])
def test_a_part_that_there_is_not_is_wrong_usage(part: str) -> None:
    assert command("evaluate", "sketch", "--model", "zoo", "--data", "x", "--part", part).status == 2


@pytest.mark.usefixtures("zoo")
def test_categories_are_measured_on_request(tmp_path: Path) -> None:
    data = ndjson(tmp_path / "a.ndjson", doodles(6, "cat") + doodles(5, "dog", seed=1))
    args = ("evaluate", "sketch", "--model", "zoo", "--data", data, "--json")
    assert "categories" not in command(*args).values
    measured = command(*args, "--by-category").values["categories"]
    assert {name: values["drawings"] for name, values in measured.items()} == {"cat": 6, "dog": 5}
    assert set(measured["cat"]) == {"drawings", "L_R_decoder", "gain", "error", "learned"}


def test_pruning_keeps_what_was_learned(
    zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ndjson(tmp_path / "a.ndjson", doodles(30, "cat") + doodles(30, "dog", seed=1))
    learned = {"cat": CategoryGain(3, 0.1, 0.2, 0.1), "dog": CategoryGain(3, 0.1, 0.1, 0.2)}
    monkeypatch.setattr(categories, "category_gains", lambda *_: learned)
    done = command("prune", "sketch", "--model", zoo, "--data", data, "--out", tmp_path / "b.safetensors", "--json")
    assert (done.status, done.values["categories"], done.values["kept"]) == (0, 2, 1)
    assert load_checkpoint(tmp_path / "b.safetensors", "sketch")[1].config["categories"] == ["cat"]
    assert 0 < done.values["held_out_drawings"] < 60
    args = ("prune", "sketch", "--model", zoo, "--data", data, "--out", tmp_path / "c.safetensors", "--keep")
    assert command(*args, "dog", "--json").values["kept"] == 2
    assert "zebra" in refusal(*args, "zebra")


@pytest.mark.usefixtures("zoo")
def test_beginnings_of_a_file_are_finished(tmp_path: Path) -> None:
    beginnings = [make_drawing([[(0, 0), (90, 0), (90, 90)], [(10, 10), (40, 80)]], word) for word in ("cat", "dog")]
    data = ndjson(tmp_path / "a.ndjson", beginnings)
    args = ("sample", "sketch", "--model", "zoo", "--beginning", data, "--count", 3, "--strokes", 1)
    done = command(*args, "--out", tmp_path / "b.ndjson", "--json")
    drawings = read_ndjson(tmp_path / "b.ndjson").drawings
    assert done.values["drawings"] == len(drawings) == 6
    assert [drawing.word for drawing in drawings] == ["cat"] * 3 + ["dog"] * 3
    first = beginnings[0].strokes[0]
    for drawing in drawings:
        # Each begins with the first stroke (the file fits a box of 255 anew), and goes on otherwise than the second.
        corner, scale = drawing.strokes[0][0], np.ptp(drawing.strokes[0], axis=0).max() / np.ptp(first, axis=0).max()
        np.testing.assert_allclose((drawing.strokes[0] - corner) / scale, first - first[0], atol=2)
    assert len({drawing.point_count for drawing in drawings}) > 1


@pytest.mark.usefixtures("zoo")
def test_beginnings_that_cannot_be_finished_are_one_sentence(tmp_path: Path) -> None:
    args = ("sample", "sketch", "--model", "zoo", "--out", tmp_path / "b.svg")
    assert "nothing.svg" in refusal(*args, "--beginning", tmp_path / "nothing.svg")
    data = ndjson(tmp_path / "a.ndjson", doodles(1, "cat"))
    assert "strokes" in refusal(*args, "--beginning", data, "--strokes", -1)
    assert "endings" in refusal(*args, "--beginning", data, "--count", 65)
