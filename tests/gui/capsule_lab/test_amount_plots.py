"""Curves stand where their numbers say, in the plot of their own number; hand and keys choose amounts from them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui.capsule_lab.amount_plots import AmountPlot, ClassPlot, NumberPlots
from gui.palette import DARK, LIGHT, Theme
from tests.helpers.pointer import Place, click, drag, press, release

AMOUNTS = np.linspace(-180, 180, 41, dtype=np.float32)
RISING, FLAT = AMOUNTS / np.float32(180), np.zeros(41, np.float32)
NAMES = ("cat", "dog", "eel")


@pytest.fixture
def numbers(qtbot: QtBot) -> NumberPlots:
    """Four numbers, of which the third rises all the way and the fourth a little."""
    made = NumberPlots(LIGHT)
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.set_range(-180, 180, "°")
    curves = np.stack([FLAT, -0.5 * np.ones_like(FLAT), RISING, 0.5 * RISING], axis=1)
    made.show_numbers(AMOUNTS, curves, np.array([0.0, 0.1, -0.9, 0.8], np.float32))
    return made


@pytest.fixture
def classes(qtbot: QtBot) -> ClassPlot:
    """A cat to the left of 0, an eel to the right, and never a dog."""
    made = ClassPlot(LIGHT, "Lengths", "Nothing to see.")
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.set_range(-180, 180, "°")
    values = np.stack([np.where(AMOUNTS < 0, 0.9, 0.0), 0.1 + FLAT, np.where(AMOUNTS < 0, 0.0, 0.5)], axis=1)
    made.show_classes(AMOUNTS, values.astype(np.float32), NAMES, 2)
    return made


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def at(plot: AmountPlot, place: QPointF, amount: float) -> Place:
    """Where an amount is in the plot that is at a place."""
    area = plot._area_at(place)
    assert area is not None
    return round(area.left() + (amount + 180) / 360 * area.width()), round(place.y())


def rgb(colour: QColor) -> NDArray[np.float64]:
    return np.array([colour.red(), colour.green(), colour.blue()], np.float64)


def has(image: QImage, colour: str, place: QPointF, reach: int = 2) -> bool:
    """Whether a line of a colour, which may cover half of its pixels, is around a place."""
    ground, wanted = rgb(image.pixelColor(200, 120)), rgb(QColor(colour))
    towards = (wanted - ground) / np.linalg.norm(wanted - ground)
    for x in range(-reach, reach + 1):
        for y in range(-reach, reach + 1):
            seen = rgb(image.pixelColor(round(place.x()) + x, round(place.y()) + y)) - ground
            along = seen @ towards
            if along > 0.35 * np.linalg.norm(wanted - ground) and np.linalg.norm(seen - along * towards) < 45:
                return True
    return False


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_number_has_its_curve_in_its_own_plot_on_one_scale(numbers: NumberPlots, theme: Theme) -> None:
    numbers.set_theme(theme)
    numbers.set_amount(180)  # the line of the present amount is out of the way
    image = picture(numbers)

    def seen(index: int, amount: float, value: float, colour: str) -> bool:
        area = numbers._plot(numbers.box(index))
        x = area.left() + (amount + 180) / 360 * area.width()
        return has(image, colour, QPointF(x, area.center().y() - value * area.height() / 2))

    for amount in (-120, -40, 60, 130):
        assert seen(0, amount, 0, theme.series[0])
        assert seen(1, amount, -0.5, theme.series[0]) and not seen(1, amount, 0.5, theme.series[0])
        # The third follows best, although downwards.
        assert seen(2, amount, amount / 180, theme.accent) and not seen(2, amount, -amount / 180, theme.accent)
        assert seen(3, amount, amount / 360, theme.series[0])


def test_the_number_that_follows_best_is_framed_and_told(numbers: NumberPlots) -> None:
    assert numbers.count == 4 and numbers.follows_best == 2
    assert numbers.accessibleDescription() == "Number 3 follows best, |r| 0.90"
    image = picture(numbers)
    framed = [has(image, LIGHT.accent, numbers.box(index).topLeft() + QPointF(40, 1), 1) for index in range(4)]
    assert framed == [False, False, True, False]


def test_boxes_do_not_lie_over_each_other(qtbot: QtBot) -> None:
    for count in (1, 5, 16):
        plots = NumberPlots(LIGHT)
        qtbot.addWidget(plots)
        plots.resize(460, 420)
        plots.show_numbers(AMOUNTS, np.zeros((41, count), np.float32), np.zeros(count, np.float32))
        boxes = [plots.box(index) for index in range(count)]
        assert all(QRectF(plots.rect()).contains(box) for box in boxes)
        assert not any(boxes[a].intersects(boxes[b]) for a in range(count) for b in range(a))
        picture(plots)


def test_a_click_brings_the_amount_that_is_there(qtbot: QtBot, numbers: NumberPlots, classes: ClassPlot) -> None:
    for plot, place in ((numbers, numbers.box(2).center()), (classes, QPointF(classes.rect().center()))):
        for amount in (-90.0, 0.0, 135.0):
            with qtbot.waitSignal(plot.amount_chosen) as chosen:
                click(plot, at(plot, place, amount))
            assert chosen.args[0] == pytest.approx(amount, abs=2)
    between = round(numbers.box(0).right() + 3), 60
    with qtbot.assertNotEmitted(numbers.amount_chosen):
        click(numbers, between)
        QTest.mouseClick(numbers, Qt.MouseButton.RightButton, pos=numbers.box(0).center().toPoint())


def test_a_drag_goes_on_in_the_plot_where_it_began(numbers: NumberPlots) -> None:
    amounts: list[float] = []
    numbers.amount_chosen.connect(amounts.append)
    place, other = numbers.box(0).center(), numbers.box(3).center().toPoint()
    start, right = at(numbers, place, 0), at(numbers, place, 90)
    press(numbers, start, right, (other.x(), other.y()), (start[0], other.y()))
    assert amounts == pytest.approx([90, 180, 0], abs=2)  # beyond the end there is nothing more
    release(numbers, start)
    QTest.mouseMove(numbers, numbers.box(1).center().toPoint())
    assert len(amounts) == 3


def test_a_click_chooses_another_number_and_a_drag_or_a_click_on_the_chosen_one_an_amount(
    qtbot: QtBot, numbers: NumberPlots
) -> None:
    numbers.number_chosen.connect(numbers.choose)
    amounts: list[float] = []
    numbers.amount_chosen.connect(amounts.append)
    place = at(numbers, numbers.box(0).center(), 90)
    press(numbers, place, (place[0] + 1, place[1]))  # hands tremble
    release(numbers, place)
    assert numbers.marked == 0 and not amounts
    assert has(picture(numbers), LIGHT.accent, numbers.box(0).topLeft() + QPointF(40, 1), 1)
    click(numbers, place)
    assert amounts == pytest.approx([90], abs=2)
    with qtbot.assertNotEmitted(numbers.number_chosen):
        place = at(numbers, numbers.box(3).center(), 0)
        drag(numbers, place, (place[0] + 40, place[1]))
    assert len(amounts) == 2 and numbers.marked == 0
    for key, marked in ((Qt.Key.Key_Down, 1), (Qt.Key.Key_Up, 0), (Qt.Key.Key_Up, 0)):
        QTest.keyClick(numbers, key)
        assert numbers.marked == marked
    numbers.choose(-1)
    assert numbers.marked == numbers.follows_best == 2


def test_nothing_is_concluded_before_it_is_measured(numbers: NumberPlots) -> None:
    numbers.forget_r()
    assert numbers.follows_best == numbers.marked == -1 and numbers.accessibleDescription() == "Being measured"
    image = picture(numbers)
    assert not has(image, LIGHT.accent, numbers.box(2).topLeft() + QPointF(40, 1), 1)


def test_arrow_keys_go_on_from_the_present_amount(numbers: NumberPlots) -> None:
    amounts: list[float] = []
    numbers.amount_chosen.connect(amounts.append)
    assert numbers.focusPolicy() & Qt.FocusPolicy.TabFocus
    numbers.set_amount(90)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Q):
        QTest.keyClick(numbers, key)
    assert amounts == [84, 96, -180, 180]
    numbers.set_amount(180)
    QTest.keyClick(numbers, Qt.Key.Key_Right)
    assert amounts[-1] == 180


def test_answers_are_told_in_stretches(classes: ClassPlot) -> None:
    assert classes.answers == ["cat"] * 20 + ["eel"] * 21
    assert classes.stretches == [("cat", -180, -9), ("eel", 0, 180)]
    assert classes.accessibleDescription() == "The highest from -180° on: cat, then eel"
    image, area = picture(classes), classes._area
    below = area.bottom() + 7
    assert has(image, LIGHT.accent, QPointF(area.left() + area.width() * 0.9, below))  # the class that is shown
    assert not has(image, LIGHT.accent, QPointF(area.left() + area.width() * 0.1, below))


def test_ten_classes_have_ten_kinds_of_lines(qtbot: QtBot) -> None:
    """Each alone, at the same place: no two look alike."""
    images = []
    for j in range(10):
        plot = ClassPlot(LIGHT, "Lengths", "")
        qtbot.addWidget(plot)
        plot.resize(400, 200)
        plot.set_range(-180, 180, "°")
        values = np.full((41, 10), -1, np.float32)  # below the plot
        values[:, j] = 0.6
        plot.show_classes(AMOUNTS, values, ("",) * 10, -1)
        line = round(plot._area.bottom() - 0.6 * plot._area.height())
        images.append(picture(plot).copy(0, line - 3, 400, 6))
    assert not any(images[a] == images[b] for a in range(10) for b in range(a))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_curves_of_classes_go_from_nought_to_one(classes: ClassPlot, theme: Theme) -> None:
    classes.set_theme(theme)
    image, area = picture(classes), classes._area

    def seen(amount: float, value: float, colour: str) -> bool:
        x = area.left() + (amount + 180) / 360 * area.width()
        return has(image, colour, QPointF(x, area.bottom() - value * area.height()))

    assert seen(90, 0.5, theme.accent) and not seen(-90, 0.5, theme.accent)
    assert any(seen(amount, 0.9, theme.series[1]) for amount in range(-110, -70, 4))  # it is dashed
    assert seen(90, 0.1, theme.ghost) and seen(-90, 0.1, theme.ghost)


def test_the_present_amount_is_a_line(classes: ClassPlot) -> None:
    empty = picture(classes)
    classes.set_amount(-90)
    moved = picture(classes)
    differing = {
        x for x in range(moved.width()) for y in range(moved.height())
        if moved.pixelColor(x, y) != empty.pixelColor(x, y)
    }
    area = classes._area
    old, new = area.left() + area.width() / 2, area.left() + area.width() / 4
    assert differing and all(min(abs(x - old), abs(x - new)) < 2.5 for x in differing)


def test_without_curves_there_is_a_sentence(classes: ClassPlot) -> None:
    classes.set_range(0.5, 1.6, " ×")  # what was shown belongs to another range
    assert classes.answers == [] and classes.stretches == []
    hint = picture(classes)
    classes.set_hint("")
    assert picture(classes) != hint
