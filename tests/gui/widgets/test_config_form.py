"""A form says what the dataclass says, in both directions, and hands over nothing that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from engine.errors import TrainingError
from engine.runtime.config import setting
from engine.sketch.config import SketchTrainConfig
from gui.widgets.config_form import ConfigForm
from tests.helpers.standin_trainer import StandinConfig


@pytest.fixture
def form(qtbot: QtBot) -> Iterator[ConfigForm]:
    made = ConfigForm(StandinConfig)
    qtbot.addWidget(made)
    yield made


@pytest.mark.parametrize("config_class", [StandinConfig, SketchTrainConfig])
def test_a_new_form_holds_the_defaults_exactly(qtbot: QtBot, config_class: type[Any]) -> None:
    form = ConfigForm(config_class)
    qtbot.addWidget(form)
    assert form.config() == config_class()


def test_every_field_has_a_row_with_help_range_unit_and_source(form: ConfigForm) -> None:
    for entry in fields(StandinConfig):
        assert entry.metadata["help"] in form.parameter(entry.name).opts["tip"]
    assert form.parameter("rate").opts["tip"] == (
        "Step size.\nRange: 0 to 1 1/step.\nSource: made up.\nCan be changed while it trains.")
    assert form.parameter("kind").opts["limits"] == ["smooth", "rough"]
    assert form.parameter("kind").parent().name() == "Model"
    advanced = form.parameter("sizes").parent()
    assert advanced.name() == "Advanced" and advanced.parent().name() == "Model"
    assert not advanced.opts["expanded"]


paths = st.lists(st.text("abc/._ -é", min_size=1).map(str.strip).filter(bool), max_size=3).map(tuple)
configs = st.builds(
    StandinConfig,
    data=paths,
    sizes=st.lists(st.integers(1, 10**6), max_size=4).map(tuple),
    kind=st.sampled_from(["smooth", "rough"]),
    dropout=st.none() | st.floats(0, 1),
    steps=st.integers(1, 10_000_000),
    rate=st.floats(0, 1),
    shuffle=st.booleans(),
    wait=st.floats(0, 60),
    fail_at=st.integers(0, 10**9),
    name=st.text(max_size=20).filter(str.isprintable),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(config=configs)
def test_any_configuration_goes_in_and_comes_out_the_same(form: ConfigForm, config: StandinConfig) -> None:
    form.set_config(config)
    assert form.config() == config


def test_what_the_person_sets_comes_out(form: ConfigForm, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.changed):
        form.parameter("steps").setValue(77)
    form.parameter("sizes").setValue("3, 5 8")
    form.parameter("dropout").setValue("0.5")
    form.parameter("kind").setValue("rough")
    assert form.config() == StandinConfig(steps=77, sizes=(3, 5, 8), dropout=0.5, kind="rough")


@pytest.mark.parametrize(("name", "text"), [("sizes", "3, x"), ("dropout", "some"), ("sizes", "2.5")])
def test_text_that_is_no_number_is_refused_with_a_sentence(form: ConfigForm, name: str, text: str) -> None:
    form.parameter(name).setValue(text)
    with pytest.raises(TrainingError, match="write numbers"):
        form.config()


def test_a_number_outside_its_range_cannot_be_entered(form: ConfigForm) -> None:
    form.parameter("rate").setValue(5.0)
    assert form.config().rate == 1.0


def test_live_leaves_only_the_live_fields_and_tells_their_changes(form: ConfigForm) -> None:
    told: list[dict[str, Any]] = []
    form.edited.connect(told.append)
    form.parameter("rate").setValue(0.1)
    assert told == []
    form.set_live(True)
    enabled = {entry.name for entry in fields(StandinConfig) if form.parameter(entry.name).opts["enabled"]}
    assert enabled == {"steps", "rate", "shuffle"}
    form.parameter("rate").setValue(0.2)
    form.parameter("shuffle").setValue(False)
    assert told == [{"rate": 0.2}, {"shuffle": False}]
    form.set_config(replace(StandinConfig(), rate=0.7))
    assert len(told) == 2
    form.set_live(False)
    assert all(form.parameter(entry.name).opts["enabled"] for entry in fields(StandinConfig))


def test_what_differs_from_the_preset_is_marked_and_brought_back(form: ConfigForm) -> None:
    preset = StandinConfig(rate=0.5, sizes=(3,), kind="rough")
    form.set_config(preset)
    assert form.differing() == ["sizes", "kind", "rate"]
    form.set_preset(preset)
    assert form.differing() == [] and not form.reset_button.isEnabled()
    told: list[bool] = []
    form.changed.connect(lambda: told.append(True))
    form.parameter("rate").setValue(0.25)
    form.parameter("steps").setValue(9)
    form.parameter("sizes").setValue("1, 2")
    assert form.differing() == ["sizes", "steps", "rate"] and form.reset_button.text() == "Reset 3"
    assert form.parameter("rate").opts["title"] == "• rate" and form.parameter("kind").opts["title"] == "kind"
    row = next(iter(form.parameter("rate").items))
    assert row.font(0).bold() and row.defaultBtn.isEnabled()
    row.defaultBtn.click()
    assert form.differing() == ["sizes", "steps"] and form.parameter("rate").value() == 0.5
    form.reset_button.click()
    assert form.config() == preset and len(told) == 5
    assert form.parameter("steps").opts["title"] == "steps" and not form.reset_button.isEnabled()


def test_during_a_run_a_reset_brings_back_the_live_settings_and_tells_them(form: ConfigForm) -> None:
    form.set_config(StandinConfig(rate=0.5, shuffle=False, kind="rough"))
    form.set_live(True)
    told: list[dict[str, Any]] = []
    form.edited.connect(told.append)
    assert form.reset_button.text() == "Reset 2"
    form.reset_button.click()
    assert told == [{"rate": 1e-5, "shuffle": True}]
    assert form.config().kind == "rough" and not form.reset_button.isEnabled()


def test_live_settings_have_a_mark(form: ConfigForm) -> None:
    marked = {entry.name for entry in fields(StandinConfig)
              if not next(iter(form.parameter(entry.name).items)).icon(0).isNull()}
    assert marked == {"steps", "rate", "shuffle"}


def shown(form: ConfigForm) -> set[str]:
    """The rows that a search has left; a row of a hidden group counts as hidden."""
    rows = {entry.name: form.parameter(entry.name) for entry in fields(StandinConfig)}
    return {name for name, row in rows.items() if row.opts["visible"] and row.parent().opts["visible"]}


def test_a_search_shows_what_holds_its_words_and_opens_what_hides_it(form: ConfigForm) -> None:
    everything = shown(form)
    advanced = form.parameter("sizes").parent()
    form.search.setText("LAYER unit")
    assert shown(form) == {"sizes"} and advanced.opts["expanded"]
    assert not form.parameter("steps").parent().opts["visible"]
    form.search.setText("step")
    assert {"steps", "rate", "fail_at"} <= shown(form) and "kind" not in shown(form)
    form.search.setText("no such thing")
    assert shown(form) == set()
    form.search.clear()
    assert shown(form) == everything and not advanced.opts["expanded"]
    assert form.config() == StandinConfig()


def test_groups_choose_and_order_and_the_rest_keeps_its_values(qtbot: QtBot) -> None:
    form = ConfigForm(StandinConfig, ("Run", "Data"))
    qtbot.addWidget(form)
    shown = StandinConfig(sizes=(1,), steps=5)
    form.set_config(shown)
    with pytest.raises(KeyError):
        form.parameter("sizes")
    assert form.parameter("steps").parent().parent().children()[0].name() == "Run"
    assert form.config() == shown


def test_files_and_folders_are_added_with_the_browse_button(
    form: ConfigForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["/a b/x.npz", "/y.npz"], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/a b")
    edit = next(iter(form.parameter("data").items)).widget
    add_files, add_folder = edit.findChild(QToolButton).menu().actions()
    add_files.trigger()
    add_folder.trigger()
    add_files.trigger()
    assert form.config().data == ("/a b/x.npz", "/y.npz", "/a b")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    add_folder.trigger()
    assert len(form.config().data) == 3


@dataclass(frozen=True)
class Loose:
    """A class whose fields say little."""

    size: int = 3
    word: str = setting("x", "A word.", group="Words", advanced=True)


def test_fields_without_metadata_have_rows_too(qtbot: QtBot) -> None:
    form = ConfigForm(Loose)
    qtbot.addWidget(form)
    form.parameter("size").setValue(9)
    assert form.config() == replace(Loose(), size=9)
