"""The time line follows the newest picture, lets go when the person scrubs, plays, and returns."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.settings import Settings
from gui.theme import ThemeManager
from gui.widgets.time_track import CHECKPOINTS, RAIL
from gui.widgets.timeline import Timeline


class Heard:
    """What a time line has said, in order."""

    def __init__(self, line: Timeline) -> None:
        """Listen to `line`."""
        self.said: list[object] = []
        line.step_chosen.connect(self.said.append)
        line.live_chosen.connect(lambda: self.said.append("live"))
        line.rewind_requested.connect(lambda step: self.said.append(("rewind", step)))
        line.fork_requested.connect(lambda step: self.said.append(("fork", step)))


@pytest.fixture
def line(qtbot: QtBot) -> Timeline:
    made = Timeline(ThemeManager(Settings()))
    qtbot.addWidget(made)
    made.resize(700, 110)
    return made


@pytest.fixture
def heard(line: Timeline) -> Heard:
    return Heard(line)


def press(line: Timeline, step: float, y: int = RAIL) -> None:
    QTest.mouseClick(line.track, Qt.MouseButton.LeftButton, pos=QPoint(round(line.track.x_of(step)), y))


def states(line: Timeline) -> tuple[bool, bool]:
    """Whether it is live, and whether its button says that it plays or follows."""
    return line.live, line.playing or line.live_button.isChecked()


def test_it_is_empty_at_first(line: Timeline, heard: Heard) -> None:
    assert line.step is None and line.following and not line.live and line.picture_steps() == {} and line.near() == []
    line.play()
    line.go_live()
    line.choose(5)
    line.move_by(-1)
    assert not line.playing and not line.play_button.isEnabled() and heard.said == []


def test_it_follows_a_run_that_goes_on_and_says_nothing(line: Timeline, heard: Heard) -> None:
    line.set_now(0)
    for step in (0, 100, 200):
        line.set_now(step + 10)
        line.add_step(step)
        assert line.step == step and line.live
    assert heard.said == [] and line.step_box.value() == 210


def test_scrubbing_lets_go_and_new_pictures_do_not_pull(line: Timeline, heard: Heard) -> None:
    line.set_now(1000)
    line.set_steps(range(0, 1000, 100))
    press(line, 310)
    assert heard.said == [300] and line.step == 300 and states(line) == (False, False)
    line.add_step(1000)
    line.set_now(1050)
    assert line.step == 300 and heard.said == [300]
    QTest.mouseClick(line.live_button, Qt.MouseButton.LeftButton)
    assert states(line) == (True, True) and line.step == 1000 and heard.said == [300, "live"]
    assert line.live_button.isChecked()


def test_dragging_goes_through_the_pictures_and_each_is_told_once(line: Timeline, heard: Heard) -> None:
    line.set_steps(range(0, 1000, 100))
    x = line.track.x_of
    QTest.mousePress(line.track, Qt.MouseButton.LeftButton, pos=QPoint(round(x(100)), RAIL))
    for step in (110, 120, 205, 390, 400):
        QTest.mouseMove(line.track, QPoint(round(x(step)), RAIL))
    QTest.mouseRelease(line.track, Qt.MouseButton.LeftButton)
    QTest.mouseMove(line.track, QPoint(round(x(700)), RAIL))
    assert heard.said == [100, 200, 400]


def test_dragging_to_the_end_of_a_running_run_is_live(line: Timeline, heard: Heard) -> None:
    line.set_steps([0, 100])
    line.set_now(150)
    press(line, 0)
    press(line, 150)
    assert heard.said == [0, "live"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_Left, 1400), (Qt.Key.Key_Right, 1600), (Qt.Key.Key_PageDown, 500), (Qt.Key.Key_PageUp, 2500),
        (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 3000),
    ],
)
def test_keys(line: Timeline, heard: Heard, key: Qt.Key, expected: int) -> None:
    line.set_steps(range(0, 3001, 100))
    line.choose(1500)
    QTest.keyClick(line.track, key)
    assert heard.said == [1500, expected]


def test_keys_at_the_ends_stay_there(line: Timeline, heard: Heard) -> None:
    line.set_steps([0, 100])
    line.choose(0)
    QTest.keyClick(line.track, Qt.Key.Key_Left)
    QTest.keyClick(line.track, Qt.Key.Key_Right)
    QTest.keyClick(line.track, Qt.Key.Key_Right)
    assert heard.said == [0, 100] and line.following


def test_going_past_the_newest_picture_of_a_running_run_is_live(line: Timeline, heard: Heard) -> None:
    line.set_steps([0, 100])
    line.set_now(140)
    line.choose(100)
    QTest.keyClick(line.track, Qt.Key.Key_Right)
    assert heard.said == [100, "live"]


def test_a_typed_step_shows_the_picture_before_it(line: Timeline, heard: Heard) -> None:
    line.set_steps(range(0, 1000, 100))
    line.step_box.setValue(555)
    assert heard.said == [500] and line.step_box.value() == 500
    line.step_box.stepUp()
    line.step_box.stepDown()
    line.step_box.stepDown()
    assert heard.said == [500, 600, 500, 400]


def test_each_run_shows_its_newest_picture_before_the_step(line: Timeline) -> None:
    line.set_steps([0, 100, 200], "a")
    line.set_steps([50, 150], "b")
    line.choose(120)
    assert line.step == 100 and line.picture_steps() == {"a": 100, "b": 50}
    line.choose(0)
    assert line.picture_steps() == {"a": 0}
    line.remove_run("a")
    assert line.kept.union == [50, 150]


def test_playing_goes_through_all_pictures_and_stops(line: Timeline, heard: Heard, qtbot: QtBot) -> None:
    line.set_steps(range(5))
    line.show()
    line.rate_box.setValue(30)
    QTest.mouseClick(line.play_button, Qt.MouseButton.LeftButton)
    assert line.playing and line.play_button.accessibleName() == "Stop playing"
    qtbot.waitUntil(lambda: not line.playing)
    assert heard.said == [0, 1, 2, 3, 4] and line.following


def test_playing_a_running_run_ends_live(line: Timeline, heard: Heard, qtbot: QtBot) -> None:
    line.set_steps(range(3))
    line.set_now(5)
    line.show()
    line.rate_box.setValue(30)
    line.play()
    qtbot.waitUntil(lambda: not line.playing)
    assert heard.said == [0, 1, 2, "live"] and line.live


def test_playing_begins_where_the_person_is_and_stops_when_touched_or_hidden(line: Timeline) -> None:
    line.set_steps(range(0, 100, 10))
    line.show()
    line.choose(40)
    line.play()
    assert line.step == 40 and line.play_button.accessibleName() == "Stop playing"
    press(line, 20)
    assert line.step == 20 and states(line) == (False, False)
    line.play()
    line.hide()
    assert states(line) == (False, False)


def test_a_checkpoint_offers_to_rewind_and_to_fork(line: Timeline, heard: Heard) -> None:
    line.set_steps(range(0, 1001, 100))
    line.set_checkpoints([400, 800])
    line.show()
    press(line, 400, CHECKPOINTS)
    menu = line._menu
    assert menu is not None and [action.text() for action in menu.actions()] == [
        "Rewind to step 400", "Fork a new run from step 400"]
    for action in menu.actions():
        action.trigger()
    menu.close()
    assert heard.said == [("rewind", 400), ("fork", 400)]


def test_the_menu_key_means_the_newest_checkpoint_before_the_step(line: Timeline) -> None:
    line.set_steps(range(0, 1001, 100))
    line.set_checkpoints([400, 800])
    line.choose(700)
    asked: list[int] = []
    line.track.menu_wanted.disconnect()
    line.track.menu_wanted.connect(lambda step, _place: asked.append(step))
    for reason, x in ((QContextMenuEvent.Reason.Keyboard, 0.0), (QContextMenuEvent.Reason.Mouse, line.track.x_of(950)),
                      (QContextMenuEvent.Reason.Mouse, line.track.x_of(100))):
        QApplication.sendEvent(line.track, QContextMenuEvent(reason, QPoint(round(x), RAIL), QPoint(0, 0)))
    assert asked == [400, 800]


def test_rewinding_drops_later_pictures_and_marks(line: Timeline) -> None:
    line.set_steps(range(0, 1001, 100))
    line.set_checkpoints([400, 800])
    line.add_edit(500, "λ 10 to 1")
    line.set_now(1050)
    line.choose(900)
    line.rewind(400)
    assert line.kept.union[-1] == 400 and line.step == 400
    assert line.track._checkpoints == [400] and line.track._edits == [] and line.track._now == 400


def test_pictures_that_are_thinned_away_leave_the_person_in_place(line: Timeline) -> None:
    line.set_steps(range(0, 1001, 100))
    line.choose(300)
    line.set_steps([0, 200, 600, 1000])
    assert line.step == 300 and line.picture_steps() == {"": 200}


def test_clear_follows_again(line: Timeline) -> None:
    line.set_steps([0, 100])
    line.choose(0)
    line.clear()
    assert line.step is None and line.following


def test_under_the_mouse_are_pictures_checkpoints_and_edits(line: Timeline) -> None:
    line.set_steps(range(0, 1001, 100))
    line.set_checkpoints([500])
    line.add_edit(500, "critic steps 5 to 1")
    x = round(line.track.x_of(500))
    assert line.track.text_at(QPoint(x, 6)) == "Step 500: critic steps 5 to 1"
    assert "Checkpoint of step 500" in line.track.text_at(QPoint(x, CHECKPOINTS))
    assert "Picture of step 500" in line.track.text_at(QPoint(x, RAIL))


def test_a_screen_reader_hears_a_slider_over_pictures(line: Timeline) -> None:
    line.set_steps(range(0, 1001, 100))
    line.choose(300)
    interface = QAccessible.queryAccessibleInterface(line.track)
    assert interface.role() == QAccessible.Role.Slider
    assert interface.valueInterface().currentValue() == 3
    assert line.track.accessibleDescription().startswith("step 300, picture 4 of 11")


def test_near_follows_the_direction_of_travel(line: Timeline) -> None:
    line.set_steps(range(10))
    line.choose(3)
    line.choose(5)
    assert line.near(count=2) == [6, 7, 4]
    line.choose(4)
    assert line.near(count=2) == [3, 2, 5]
