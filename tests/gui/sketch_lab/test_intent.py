"""What the person wants, what is asked for because of it, and what of it is there again at the next start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sketch.strokes import Drawing, make_drawing
from gui.settings import Settings
from gui.sketch_lab.intent import HOTTEST, LONGEST_SEED, MOST_ENDINGS, Intent, IntentModel, Paper, request_for

LINE = make_drawing([[[0, 0], [100, 0]]])
LIVE = np.asarray([[5, 5], [6, 6]], np.float32)
PAPER = Paper(10.0, 20.0, 300.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


def test_the_request_says_what_the_intent_says() -> None:
    intent = Intent(
        model="/m", category="cat", count=4, temperature=0.7, pen_temperature=0.1, seed=9, rank=True, from_nothing=True
    )
    request = request_for(intent, LINE, None, PAPER)
    assert request is not None
    assert (request.category, request.count, request.seed, request.rank) == ("cat", 4, 9, True)
    assert (request.temperature, request.pen_temperature) == (0.7, 0.1)
    assert (request.size, request.origin) == (300.0, (10.0, 20.0))
    assert request.beginning.strokes == LINE.strokes and not request.pen_down


def test_the_same_intent_drawing_and_paper_give_the_same_request_and_change_nothing() -> None:
    intent = Intent(seed=3)
    before = LINE.strokes[0].copy()
    first, second = (request_for(intent, LINE, None, PAPER) for _ in range(2))
    assert first is not None and second is not None
    assert first == second
    assert intent == Intent(seed=3) and np.array_equal(LINE.strokes[0], before)


def test_any_class_and_a_pen_without_a_temperature_of_its_own_are_left_to_the_model() -> None:
    request = request_for(Intent(pen_temperature=-1.0), LINE, None, PAPER)
    assert request is not None
    assert request.category is None and request.pen_temperature is None


def test_a_cold_pen_is_not_the_same_as_no_temperature_of_its_own() -> None:
    request = request_for(Intent(pen_temperature=0.0), LINE, None, PAPER)
    assert request is not None and request.pen_temperature == 0.0


def test_the_stroke_under_the_pen_comes_last_and_is_gone_on_from() -> None:
    request = request_for(Intent(), LINE, LIVE, PAPER)
    assert request is not None
    assert request.pen_down and request.beginning.strokes == (*LINE.strokes, LIVE)
    alone = request_for(Intent(), Drawing(), LIVE, PAPER)
    assert alone is not None and alone.beginning.strokes == (LIVE,)


def test_on_empty_paper_nothing_is_asked_for_unless_it_is_wanted_from_nothing() -> None:
    assert request_for(Intent(), Drawing(), None, PAPER) is None
    request = request_for(Intent(from_nothing=True), Drawing(), None, PAPER)
    assert request is not None and request.beginning == Drawing()


def test_the_first_start_has_the_defaults(settings: Settings) -> None:
    assert IntentModel(settings).intent == Intent()
    assert Intent().model_path is None and Intent(model="/m").model_path == Path("/m")


def test_what_was_chosen_is_there_again_but_not_drawing_from_nothing(settings: Settings) -> None:
    IntentModel(settings).update(
        model="/m", category="cat", count=16, temperature=0.9, pen_temperature=0.2, seed=77, rank=True,
        while_pausing=False, from_nothing=True,
    )
    assert settings.save()
    assert IntentModel(Settings(settings.path)).intent == Intent("/m", "cat", 16, 0.9, 0.2, 77, True, False, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 0),
        ("count", MOST_ENDINGS + 1),
        ("temperature", -0.1),
        ("temperature", HOTTEST + 0.01),
        ("pen_temperature", -1.5),
        ("pen_temperature", HOTTEST + 0.01),
        ("seed", -1),
        ("seed", LONGEST_SEED + 1),
        ("count", "many"),
        ("temperature", "nan"),
    ],
)
def test_a_setting_out_of_range_is_dropped_and_the_others_stay(
    settings: Settings, name: str, value: float | str
) -> None:
    settings.set("sketch/category", "cat")
    settings.set(f"sketch/{name}", value)
    assert IntentModel(settings).intent == Intent(category="cat")


@given(
    st.integers(1, MOST_ENDINGS), st.floats(0, HOTTEST), st.floats(0, HOTTEST) | st.just(-1.0),
    st.integers(0, LONGEST_SEED),
)
def test_every_setting_in_range_is_kept(
    count: int, temperature: float, pen_temperature: float, seed: int
) -> None:
    settings = Settings()
    wanted = {"count": count, "temperature": temperature, "pen_temperature": pen_temperature, "seed": seed}
    IntentModel(settings).update(**wanted)
    kept = IntentModel(settings).intent
    assert {name: getattr(kept, name) for name in wanted} == wanted


def test_it_tells_of_a_change_with_what_was_before_and_only_of_a_change(settings: Settings) -> None:
    model = IntentModel(settings)
    told: list[tuple[Intent, Intent]] = []
    model.changed.connect(lambda now, before: told.append((now, before)))
    model.update(count=4)
    model.update(count=4)
    model.update()
    assert told == [(Intent(count=4), Intent())]
    assert model.intent == Intent(count=4)


def test_only_what_changed_is_written(settings: Settings) -> None:
    IntentModel(settings).update(count=4, from_nothing=True)
    assert settings.get("sketch/count", 0) == 4
    assert settings.get("sketch/seed", -5) == -5
    assert settings.get("sketch/from_nothing", "never") == "never"
