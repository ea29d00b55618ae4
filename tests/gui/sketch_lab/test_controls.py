"""The controls, in both directions: they show what is wanted, and write what the person chooses, without an echo."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from gui.settings import Settings
from gui.sketch_lab.controls import ANY, SketchControls
from gui.sketch_lab.intent import HOTTEST, LONGEST_SEED, MOST_ENDINGS, Intent, IntentModel
from tests.helpers.standin_session import ready, summary

ANIMALS, BIRD = summary("animals", ("cat", "dog")), summary("bird", shipped=False)


@pytest.fixture
def model(qtbot: QtBot, tmp_path: Path) -> IntentModel:
    return IntentModel(Settings(tmp_path / "settings.ini"))


@pytest.fixture
def controls(qtbot: QtBot, model: IntentModel) -> SketchControls:
    made = SketchControls(model)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def told(model: IntentModel) -> list[Intent]:
    """Every intent that the model told of."""
    heard: list[Intent] = []
    model.changed.connect(lambda now, _before: heard.append(now))
    return heard


@pytest.fixture
def filled(controls: SketchControls, model: IntentModel) -> SketchControls:
    """With two models in the menu, of which the one with categories is open."""
    model.update(model=str(ANIMALS.path))
    controls.show_models([ANIMALS, BIRD])
    controls.show_ready(ready(ANIMALS.path))
    return controls


def line_edit(controls: SketchControls) -> QLineEdit:
    edit = controls.category.lineEdit()
    assert edit is not None
    return edit


def type_category(controls: SketchControls, text: str) -> None:
    line_edit(controls).setFocus()
    line_edit(controls).selectAll()
    QTest.keyClicks(line_edit(controls), text)
    QTest.keyClick(line_edit(controls), Qt.Key.Key_Return)


def test_the_view_shows_what_was_wanted_from_the_start(qtbot: QtBot, model: IntentModel) -> None:
    model.update(count=16, temperature=0.75, pen_temperature=0.25, seed=42, rank=True, while_pausing=False)
    controls = SketchControls(model)
    qtbot.addWidget(controls)
    controls.show()
    assert controls.count.value() == 16 and controls.seed.value() == 42
    assert controls.temperature.value() == 0.75 and controls.pen_temperature.value() == 0.25
    assert controls.pen_row.isVisible() and controls.separate_pen.isChecked()
    assert controls.rank.isChecked() and not controls.while_pausing.isChecked()


def test_a_change_of_the_model_is_shown_and_not_written_back(
    filled: SketchControls, model: IntentModel, told: list[Intent]
) -> None:
    model.update(
        model=str(BIRD.path), category="dog", count=4, temperature=1.1, pen_temperature=0.3, seed=7, rank=True,
        while_pausing=False,
    )
    assert filled.models.currentText() == "bird  ·  yours" and filled.category.currentText() == "dog"
    assert filled.count.value() == 4 and filled.seed.value() == 7
    assert filled.temperature.value() == 1.1 and filled.pen_temperature.value() == 0.3
    assert filled.rank.isChecked() and not filled.while_pausing.isChecked()
    assert told == [model.intent]


def test_a_temperature_between_two_steps_of_the_slider_stays_as_it_is(
    controls: SketchControls, model: IntentModel, told: list[Intent]
) -> None:
    model.update(temperature=0.12345)
    model.update(pen_temperature=0.6789)
    assert model.intent.temperature == 0.12345 and len(told) == 2


def test_what_the_person_sets_is_written_once(
    filled: SketchControls, model: IntentModel, told: list[Intent]
) -> None:
    filled.count.setValue(25)
    filled.seed.setValue(123)
    filled.temperature.slider.setValue(90)
    filled.rank.setChecked(True)
    filled.while_pausing.setChecked(False)
    filled.models.setCurrentIndex(1)
    assert len(told) == 6
    assert model.intent == Intent(
        model=str(BIRD.path), count=25, seed=123, temperature=0.9, rank=True, while_pausing=False
    )


def test_keys_and_limits(controls: SketchControls, model: IntentModel) -> None:
    assert (controls.count.minimum(), controls.count.maximum()) == (1, MOST_ENDINGS)
    assert (controls.seed.minimum(), controls.seed.maximum()) == (0, LONGEST_SEED)
    controls.temperature.slider.setFocus()
    QTest.keyClick(controls.temperature.slider, Qt.Key.Key_End)
    assert model.intent.temperature == HOTTEST
    QTest.keyClick(controls.temperature.slider, Qt.Key.Key_Home)
    assert model.intent.temperature == 0


def test_the_pen_can_have_a_temperature_of_its_own(controls: SketchControls, model: IntentModel) -> None:
    model.update(pen_temperature=-1.0)
    assert not controls.pen_row.isVisible()
    controls.temperature.slider.setValue(50)
    assert model.intent.pen_temperature == -1
    controls.separate_pen.setChecked(True)
    assert controls.pen_row.isVisible() and model.intent.pen_temperature == 0.5
    controls.pen_temperature.slider.setValue(0)
    assert (model.intent.temperature, model.intent.pen_temperature) == (0.5, 0.0)
    controls.temperature.slider.setValue(60)
    assert (model.intent.temperature, model.intent.pen_temperature) == (0.6, 0.0)
    controls.separate_pen.setChecked(False)
    assert model.intent.pen_temperature == -1 and not controls.pen_row.isVisible()


def test_others_is_another_seed(controls: SketchControls, model: IntentModel) -> None:
    seeds = set()
    for _ in range(4):
        controls.another.click()
        seeds.add(model.intent.seed)
    assert len(seeds) > 1 and controls.seed.value() == model.intent.seed
    assert all(0 <= seed <= LONGEST_SEED for seed in seeds)


def test_the_menu_of_models_says_which_are_ones_own_and_what_they_learned_from(filled: SketchControls) -> None:
    assert [filled.models.itemText(i) for i in range(2)] == ["animals", "bird  ·  yours"]
    assert filled.models.itemData(0, Qt.ItemDataRole.ToolTipRole) == "About animals."
    assert filled.models.currentIndex() == 0


def test_a_new_list_of_models_keeps_the_chosen_one_and_tells_nobody(
    filled: SketchControls, model: IntentModel, told: list[Intent]
) -> None:
    filled.show_models([summary("a new one"), ANIMALS])
    assert filled.models.currentIndex() == 1
    filled.show_models([BIRD])
    assert filled.models.currentIndex() == -1
    filled.show_models([])
    assert told == [] and model.intent.model == str(ANIMALS.path)


def test_classes_are_offered_and_any_is_none_of_them(
    filled: SketchControls, model: IntentModel, told: list[Intent]
) -> None:
    assert [filled.category.itemText(i) for i in range(filled.category.count())] == [ANY, "cat", "dog"]
    assert filled.category.currentText() == ANY
    filled.category.setCurrentIndex(2)
    filled.category.setCurrentIndex(0)
    assert [intent.category for intent in told] == ["dog", ""]


def test_a_typed_class_is_taken_and_a_word_that_is_none_is_not(
    filled: SketchControls, model: IntentModel
) -> None:
    type_category(filled, "dog")
    assert model.intent.category == "dog"
    type_category(filled, "zebra")
    assert model.intent.category == "dog" and filled.category.currentText() == "dog"
    type_category(filled, ANY)
    assert model.intent.category == ""


def test_a_model_of_one_class_lets_not_choose(filled: SketchControls, model: IntentModel) -> None:
    model.update(category="cat")
    filled.show_ready(ready(BIRD.path, ("bird",)))
    assert not filled.category.isEnabled() and filled.category.currentText() == "bird"
    assert model.intent.category == ""
    filled.show_ready(ready(Path("/models/nameless.safetensors"), ()))
    assert filled.category.currentText() == "nameless"


def test_another_model_keeps_a_class_that_it_knows_too_and_drops_one_that_it_does_not(
    filled: SketchControls, model: IntentModel
) -> None:
    model.update(category="cat")
    filled.show_ready(ready(Path("/m"), ("bus", "cat")))
    assert model.intent.category == "cat" and filled.category.currentText() == "cat"
    filled.show_ready(ready(Path("/m"), ("bus", "truck")))
    assert model.intent.category == "" and filled.category.currentText() == ANY


def test_what_is_known_of_the_beginning_is_shown(controls: SketchControls) -> None:
    controls.show_beginning(-1.234, 0.5)
    assert controls.likelihood.text() == "−1.23 nats per point" and controls.scale.text() == "50% of the box"
    controls.show_beginning(0.5, 1.0)
    assert controls.likelihood.text() == "+0.50 nats per point"
    controls.show_beginning(None, None)
    assert controls.likelihood.text() == controls.scale.text() == "–"


def test_models_are_asked_for_by_signal(controls: SketchControls, qtbot: QtBot) -> None:
    with qtbot.waitSignal(controls.add_requested):
        controls.add_button.click()
    with qtbot.waitSignal(controls.download_requested):
        controls.download_button.click()


def test_every_control_says_what_it_is_for(controls: SketchControls) -> None:
    for widget in (
        controls.add_button, controls.download_button, controls.separate_pen, controls.another, controls.rank,
        controls.while_pausing, controls.from_nothing, controls.count, controls.models, controls.category,
    ):
        assert widget.toolTip()
