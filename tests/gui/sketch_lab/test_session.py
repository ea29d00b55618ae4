"""What the lab asks of the engine, with models of a few units."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from engine import paths
from engine.errors import BadFileError, CheckpointError, EngineError, UnknownModelError
from engine.runtime import catalog
from engine.runtime.job import Job
from engine.sketch.completion import Completion, CompletionRequest, EndingsGrown
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import Drawing, make_drawing
from gui.sketch_lab import session as module
from gui.sketch_lab.session import ModelReady, SketchSession
from tests.helpers.tiny_sketch import tiny_checkpoint, tiny_magenta

BEGINNING = make_drawing([[[0, 0], [100, 0], [100, 80]]])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "pets.safetensors")


def drained(job: Job[Any, Any]) -> tuple[list[Any], Any]:
    """All events of a job, and its result."""
    result: list[Any] = []

    def whole() -> Generator[Any, Any, None]:
        result.append((yield from job))

    events = list(whole())
    return events, result[0]


def result_of(job: Job[Any, Any]) -> Any:
    return drained(job)[1]


def test_models_of_the_catalog_are_listed_and_unreadable_ones_told_of() -> None:
    tiny_checkpoint(paths.models() / "pets.safetensors")
    (paths.models() / "torn.safetensors").write_bytes(b"torn")
    found, problems = result_of(SketchSession().list_models())
    assert len(problems) == 1 and "torn.safetensors" in problems[0]
    (mine,) = [each for each in found if not each.shipped]
    assert (mine.name, mine.path, mine.categories) == ("pets", paths.models() / "pets.safetensors", ("cat", "dog"))
    assert mine.about == "Learned from: made up"


def test_what_is_shipped_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "shipped"
    tiny_checkpoint(shipped / "zebra.safetensors")
    tiny_checkpoint(paths.models() / "ant.safetensors")
    monkeypatch.setattr(catalog.Catalog.__init__, "__defaults__", (shipped, None))
    found, problems = result_of(SketchSession().list_models())
    assert [(each.name, each.shipped) for each in found] == [("zebra", True), ("ant", False)] and problems == []


def test_an_opened_model_is_told_of_and_warmed_up(model: Path) -> None:
    events, _ = drained(SketchSession().open_model(model))
    first = events[0]
    assert isinstance(first, ModelReady)
    assert (first.path, first.name, first.categories, first.chooses_category) == (model, "pets", ("cat", "dog"), True)
    assert first.parameters > 0 and first.device
    assert set(events) == {first} and len(events) > 1


def test_a_model_of_one_class_lets_not_choose(tmp_path: Path) -> None:
    alone = tiny_checkpoint(tmp_path / "bird.safetensors", categories=("bird",), mode="decoder")
    events, _ = drained(SketchSession().open_model(alone))
    assert not events[0].chooses_category and events[0].categories == ("bird",)


def test_endings_grow_after_the_model_was_told_of_and_the_same_seed_gives_them_again(model: Path) -> None:
    session, request = SketchSession(), CompletionRequest(BEGINNING, category="dog", count=3, seed=5, max_points=12)
    events, completion = drained(session.complete(model, request))
    assert isinstance(events[0], ModelReady)
    assert all(isinstance(event, EndingsGrown) for event in events[1:]) and len(events) > 2
    assert isinstance(completion, Completion) and len(completion.endings) == 3
    again = result_of(SketchSession().complete(model, request))
    assert [e.log_likelihood for e in again.endings] == [e.log_likelihood for e in completion.endings]


def test_a_class_that_the_model_does_not_know_is_refused_after_the_model_was_told_of(model: Path) -> None:
    job = SketchSession().complete(model, CompletionRequest(BEGINNING, category="bus"))
    assert isinstance(next(job), ModelReady)
    with pytest.raises(UnknownModelError, match="bus"):
        next(job)


def test_a_model_is_read_once_and_again_when_its_file_is_another(model: Path) -> None:
    session = SketchSession()
    first = session._model(model)
    assert session._model(model) is first
    tiny_checkpoint(model, categories=("bus", "truck"))
    later = model.stat().st_mtime_ns + 1_000_000
    os.utime(model, ns=(later, later))
    assert session._model(model).categories == ("bus", "truck")


def test_only_the_models_used_last_are_kept(tmp_path: Path) -> None:
    session = SketchSession()
    files = [tiny_checkpoint(tmp_path / f"{i}.safetensors") for i in range(module.MODELS_KEPT + 1)]
    first, second = session._model(files[0]), session._model(files[1])
    for file in files[2:-1]:
        session._model(file)
    assert session._model(files[0]) is first
    session._model(files[-1])
    assert session._model(files[0]) is first
    assert session._model(files[1]) is not second
    assert len(session._models) == module.MODELS_KEPT


@pytest.mark.parametrize("job", ["open_model", "complete"])
def test_a_file_that_is_gone_is_one_sentence(tmp_path: Path, job: str) -> None:
    session, gone = SketchSession(), tmp_path / "gone.safetensors"
    jobs = {"open_model": session.open_model(gone), "complete": session.complete(gone, CompletionRequest(BEGINNING))}
    with pytest.raises(UnknownModelError, match=r"gone\.safetensors is gone; choose another"):
        next(jobs[job])


def test_a_file_that_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(tiny_checkpoint(tmp_path / "whole.safetensors").read_bytes()[:400])
    with pytest.raises(CheckpointError, match=r"torn\.safetensors"):
        next(SketchSession().open_model(torn))


def test_models_of_both_kinds_are_taken_into_the_catalog(tmp_path: Path, model: Path) -> None:
    session = SketchSession()
    for path in (model, tiny_magenta(tmp_path / "owl.gen.json")):
        place = result_of(session.add_model(path))
        assert place.parent == paths.models()
        assert isinstance(drained(session.open_model(place))[0][0], ModelReady)
    assert {each.name for each in result_of(session.list_models())[0] if not each.shipped} == {"pets", "owl"}


def test_what_is_no_model_is_not_taken_in(tmp_path: Path) -> None:
    whole = tiny_magenta(tmp_path / "owl.gen.json").read_text()
    cut = tmp_path / "cut.gen.json"
    cut.write_text(whole[: len(whole) // 2])
    for path in (cut, tmp_path / "gone.gen.json", tmp_path / "notes.txt"):
        with pytest.raises(EngineError, match=path.name):
            next(SketchSession().add_model(path))
    assert not paths.models().exists() or not list(paths.models().iterdir())


def test_drawings_are_read_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text("".join(to_ndjson_line(BEGINNING) for _ in range(5)))
    assert len(result_of(SketchSession().read_drawings(path))) == 5
    monkeypatch.setattr(module, "LARGEST_IMPORT", 2)
    drawings = result_of(SketchSession().read_drawings(path))
    assert len(drawings) == 2 and all(isinstance(drawing, Drawing) for drawing in drawings)


def test_a_file_without_a_drawing_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "blank.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    with pytest.raises(BadFileError, match=r"blank\.svg"):
        drained(SketchSession().read_drawings(path))
