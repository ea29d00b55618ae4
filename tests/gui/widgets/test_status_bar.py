"""The foot of the window."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from gui.widgets.status_bar import StatusBar


@pytest.fixture
def bar(qtbot: QtBot) -> StatusBar:
    bar = StatusBar()
    qtbot.addWidget(bar)
    return bar


def test_it_starts_empty_and_can_be_emptied(bar: StatusBar) -> None:
    assert bar.texts == ("", "", "", "")
    bar.set_busy("Completing")
    bar.set_model("cat")
    bar.set_device("CPU")
    bar.set_latency(5)
    assert bar.texts == ("● Completing", "cat", "CPU", "5.0 ms")
    bar.clear()
    assert bar.texts == ("", "", "", "")


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0.04, "0.0 ms"), (6.42, "6.4 ms"), (48.6, "49 ms"), (2345, "2.3 s"), (None, "")]
)
def test_latency_is_shown_in_fitting_units(bar: StatusBar, milliseconds: float | None, text: str) -> None:
    bar.set_latency(milliseconds)
    assert bar.texts[3] == text


def test_a_long_name_does_not_widen_the_window(bar: StatusBar) -> None:
    before = bar.minimumSizeHint().width()
    bar.set_model("a very long name of a model " * 20)
    assert bar.minimumSizeHint().width() == before
    assert not bar.grab().isNull()
