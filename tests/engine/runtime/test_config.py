"""Configurations: JSON and back, what is refused, and what may change in a run."""

import json
import math
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from engine.errors import TrainingError
from engine.runtime.config import check, edited, from_json, setting, to_json
from engine.sketch.config import PRESETS, SketchTrainConfig


@dataclass(frozen=True)
class Toy:
    """One field of each kind."""

    name: str
    rate: float = setting(0.1, "A rate.", group="A", low=0.0, high=1.0, live=True)
    count: int = setting(3, "A count.", group="A", low=1, live=True)
    mode: str = setting("slow", "A mode.", group="B", choices=("slow", "fast"))
    shuffle: bool = setting(True, "A switch.", group="B")
    files: tuple[str, ...] = setting((), "Some files.", group="B")
    limit: float | None = setting(None, "A limit.", group="B", low=0.0)


def whole(**changes: Any) -> dict[str, Any]:
    return {"name": "x", **changes}


@pytest.mark.parametrize(
    "config",
    [
        Toy("x"),
        Toy("y", rate=0.5, count=7, mode="fast", shuffle=False, files=("a", "b"), limit=2.5),
        SketchTrainConfig(),
        replace(PRESETS["paper"], data=("cats.ndjson",), kl_weight=1.0),
    ],
    ids=lambda config: type(config).__name__,
)
def test_through_json_and_back(config: Any) -> None:
    assert from_json(type(config), json.loads(json.dumps(to_json(config)))) == config


def test_fields_that_are_left_out_take_their_defaults() -> None:
    assert from_json(Toy, {"name": "x", "count": 5}) == Toy("x", count=5)


def test_a_whole_number_is_a_float_where_a_float_is_wanted() -> None:
    made = from_json(Toy, whole(rate=1, limit=2))
    assert type(made.rate) is float and type(made.limit) is float


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(TrainingError, match="'colour' that Toy does not know"):
        from_json(Toy, whole(colour="red"))


def test_a_missing_setting_is_refused() -> None:
    with pytest.raises(TrainingError, match="lacks the setting 'name'"):
        from_json(Toy, {"rate": 0.5})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 3),
        ("name", None),
        ("rate", "fast"),
        ("rate", True),
        ("rate", [0.1]),
        ("count", 2.5),
        ("count", True),
        ("count", "3"),
        ("shuffle", 1),
        ("shuffle", "yes"),
        ("files", "a.ndjson"),
        ("files", [1]),
        ("files", {"a": 1}),
        ("limit", "none"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TrainingError, match=f"'{name}' has a value of the wrong type"):
        from_json(Toy, whole(**{name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", -0.1), ("rate", 1.1), ("rate", math.nan), ("rate", math.inf), ("count", 0), ("limit", -1.0)],
)
def test_a_value_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(TrainingError, match=f"{name} is .* must lie between"):
        from_json(Toy, whole(**{name: value}))


def test_a_choice_that_is_not_offered_is_refused() -> None:
    with pytest.raises(TrainingError, match="mode is 'medium'; it must be one of slow, fast"):
        from_json(Toy, whole(mode="medium"))


def test_the_ends_of_a_range_are_inside() -> None:
    for rate in (0.0, 1.0):
        check(Toy("x", rate=rate))


def test_live_fields_change() -> None:
    config = Toy("x")
    assert edited(config, {"rate": 0.9, "count": 4}) == Toy("x", rate=0.9, count=4)
    assert config == Toy("x")


@pytest.mark.parametrize("name", ["mode", "name", "nothing"])
def test_other_fields_do_not_change_in_a_run(name: str) -> None:
    with pytest.raises(TrainingError, match=f"{name} cannot be changed while a run is going on"):
        edited(Toy("x"), {"rate": 0.5, name: "fast"})


def test_an_edit_stays_in_range() -> None:
    with pytest.raises(TrainingError, match="rate is 7"):
        edited(Toy("x"), {"rate": 7.0})


def test_every_setting_of_a_sketch_run_explains_itself() -> None:
    check(SketchTrainConfig())
    for entry in fields(SketchTrainConfig):
        assert entry.metadata["help"].endswith(".") and entry.metadata["group"], entry.name
