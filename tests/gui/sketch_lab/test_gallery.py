"""The gallery: its grid, its paint, its mouse and its keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.sketch.completion import CompletionRequest
from engine.sketch.strokes import Drawing, make_drawing
from gui.palette import DARK, LIGHT, Theme
from gui.sketch_lab.gallery import EndingGallery, _grid
from gui.sketch_lab.growth import Growth
from tests.helpers.pointer import click
from tests.helpers.standin_session import endings

LINE = make_drawing([[[0, 0], [0, 30]]])


@pytest.fixture
def gallery(qtbot: QtBot) -> EndingGallery:
    widget = EndingGallery(LIGHT)
    qtbot.addWidget(widget)
    widget.resize(640, 620)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def grown(count: int = 9, beginning: Drawing = LINE, rank: bool = False, finished: bool = True) -> Growth:
    """Endings of which all is shown."""
    first, rest, completion = endings(CompletionRequest(beginning, count=count, rank=rank))
    growth = Growth(beginning, count, False)
    growth.add(first)
    growth.add(rest)
    growth.show_all()
    if finished:
        growth.finish(completion)
    return growth


def picture(gallery: EndingGallery) -> QImage:
    return gallery.grab().toImage()


def bits(image: QImage) -> NDArray[np.int_]:
    """The pixels [height, width, 4] of an image, blue first."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.width(), 4).astype(int)


def has_color(gallery: EndingGallery, place: int, color: str) -> bool:
    """Whether a cell holds a pixel of exactly this colour, its frame left out."""
    cell = gallery.cells[place].toAlignedRect().adjusted(5, 5, -5, -5)
    blue, green, red = bits(picture(gallery).copy(cell)).transpose(2, 0, 1)[:3]
    wanted = QColor(color)
    return bool(((red == wanted.red()) & (green == wanted.green()) & (blue == wanted.blue())).any())


def middle(gallery: EndingGallery, place: int) -> tuple[int, int]:
    center = gallery.cells[place].center().toPoint()
    return center.x(), center.y()


def point_at(gallery: EndingGallery, place: int) -> None:
    QTest.mouseMove(gallery, QPoint(*middle(gallery, place)))


@given(st.integers(1, 36), st.integers(240, 2000), st.integers(240, 1200))
def test_the_grid_has_room_for_every_ending_and_no_empty_row(count: int, width: int, height: int) -> None:
    columns, rows = _grid(count, width, height)
    assert columns * rows >= count > columns * (rows - 1)


@pytest.mark.parametrize(
    ("count", "size", "grid"),
    [(9, (600, 600), (3, 3)), (4, (600, 600), (2, 2)), (1, (600, 200), (1, 1)), (6, (900, 600), (3, 2)),
     (6, (300, 900), (2, 3)), (36, (600, 600), (6, 6)), (9, (240, 2400), (1, 9))],
)
def test_the_grid_follows_the_shape_of_the_window(count: int, size: tuple[int, int], grid: tuple[int, int]) -> None:
    assert _grid(count, *size) == grid


def test_cells_fill_the_gallery_and_do_not_touch(gallery: EndingGallery) -> None:
    cells = gallery.cells
    assert len(cells) == 9
    assert cells[0].topLeft() == QPointF(0, 0)
    assert cells[8].right() == pytest.approx(640) and cells[8].bottom() == pytest.approx(620)
    assert not any(a.intersects(b) for a in cells for b in cells if a is not b)
    gallery.set_count(4)
    assert len(gallery.cells) == 4
    gallery.show_growth(grown(16))
    assert len(gallery.cells) == 16


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_endings_beginnings_and_cells_have_the_colours_of_the_theme(gallery: EndingGallery, theme: Theme) -> None:
    gallery.set_theme(theme)
    gallery.show_growth(grown())
    for place in (0, 8):
        assert has_color(gallery, place, theme.accent)
        assert has_color(gallery, place, theme.muted)
        assert has_color(gallery, place, theme.paper)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_empty_cells_hold_no_ink(gallery: EndingGallery, theme: Theme) -> None:
    gallery.set_theme(theme)
    assert not has_color(gallery, 0, theme.accent) and not has_color(gallery, 0, theme.muted)
    gallery.show_growth(grown())
    assert has_color(gallery, 0, theme.accent)
    gallery.show_growth(None)
    assert not has_color(gallery, 0, theme.accent)


def test_the_hint_stands_on_the_empty_gallery_alone(gallery: EndingGallery) -> None:
    bare = picture(gallery)
    gallery.set_hint("Endings grow here.")
    assert picture(gallery) != bare
    gallery.show_growth(grown())
    full = picture(gallery)
    gallery.set_hint("")
    assert picture(gallery) == full


def test_ink_that_grew_frame_by_frame_looks_as_if_painted_at_once(gallery: EndingGallery) -> None:
    first, rest, completion = endings(CompletionRequest(LINE))
    growth = Growth(LINE, 9, False)
    gallery.show_growth(growth)
    growth.add(first)
    growth.add(rest)
    for _ in range(6):
        growth.advance(1 / 89)
        gallery.update()
        picture(gallery)
    growth.show_all()
    growth.finish(completion)
    gradually = picture(gallery)
    gallery.show_growth(grown())
    at_once = picture(gallery)
    # Where two bits of a line meet, its edge is smoothed twice.
    different = np.abs(bits(gradually) - bits(at_once)).max(axis=-1) > 100
    assert different.sum() < 40 < (bits(at_once) != bits(at_once)[0, 0]).sum()


def test_numbers_and_likelihoods_are_labels_of_the_places(
    gallery: EndingGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []

    class Pen:
        def __getattr__(self, _name: str) -> object:
            return lambda *_arguments: None

        def drawText(self, _box: object, _flags: object, text: str) -> None:
            texts.append(text)

    def labels(growth: Growth) -> list[str]:
        texts.clear()
        gallery.show_growth(growth)
        for place, cell in enumerate(gallery.cells):
            gallery._paint_labels(Pen(), place, cell, QColor("black"))  # type: ignore[arg-type]  # records texts only
        return list(texts)

    assert labels(grown(3)) == ["1", "−1.00 nats", "2", "−0.50 nats", "3", "−0.33 nats"]
    assert labels(grown(3, rank=True))[:2] == ["1", "−0.33 nats"]
    assert labels(grown(3, finished=False)) == ["1", "2", "3"]
    many = labels(grown(12))
    assert "9" in many and "10" not in many
    gallery.resize(240, 240)
    assert labels(grown(9)) == [str(number) for number in range(1, 10)]


def test_the_mouse_marks_a_cell_and_leaving_unmarks_it(gallery: EndingGallery) -> None:
    told: list[int] = []
    gallery.hovered.connect(told.append)
    point_at(gallery, 4)
    assert told == [] and gallery.marked == -1
    gallery.show_growth(grown())
    unmarked = picture(gallery)
    point_at(gallery, 3)
    point_at(gallery, 3)
    assert gallery.marked == 3 and picture(gallery) != unmarked
    assert gallery.cursor().shape() == Qt.CursorShape.PointingHandCursor
    point_at(gallery, 5)
    QApplication.sendEvent(gallery, QEvent(QEvent.Type.Leave))
    assert told == [3, 5, -1] and gallery.marked == -1
    assert gallery.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_between_two_cells_there_is_no_place(gallery: EndingGallery) -> None:
    gallery.show_growth(grown())
    gap = QPointF(gallery.cells[0].right() + 4, 50)
    assert gallery.place_at(gap) == -1
    assert gallery.place_at(gallery.cells[8].center()) == 8


def test_fewer_endings_unmark_a_place_that_is_gone(gallery: EndingGallery) -> None:
    told: list[int] = []
    gallery.show_growth(grown())
    point_at(gallery, 8)
    gallery.hovered.connect(told.append)
    gallery.show_growth(grown(4))
    assert told == [-1]
    point_at(gallery, 3)
    gallery.show_growth(None)
    assert told == [-1, 3, -1]


def test_a_click_chooses_but_not_on_an_empty_gallery_nor_with_another_button(gallery: EndingGallery) -> None:
    chosen: list[int] = []
    gallery.chosen.connect(chosen.append)
    click(gallery, middle(gallery, 2))
    gallery.show_growth(grown())
    click(gallery, middle(gallery, 2))
    QTest.mouseClick(gallery, Qt.MouseButton.RightButton, pos=QPoint(*middle(gallery, 2)))
    assert chosen == [2]


def test_arrow_keys_walk_and_enter_chooses(gallery: EndingGallery) -> None:
    told: list[int] = []
    chosen: list[int] = []
    gallery.hovered.connect(told.append)
    gallery.chosen.connect(chosen.append)
    gallery.setFocus()
    QTest.keyClick(gallery, Qt.Key.Key_Return)
    gallery.show_growth(grown())
    QTest.keyClick(gallery, Qt.Key.Key_Return)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up):
        QTest.keyClick(gallery, key)
    assert told == [0, 1, 4, 1] and gallery.marked == 1
    QTest.keyClick(gallery, Qt.Key.Key_Return)
    QTest.keyClick(gallery, Qt.Key.Key_Space)
    assert chosen == [1, 1]


def test_the_mouse_goes_before_the_keyboard_and_gives_back(gallery: EndingGallery) -> None:
    gallery.show_growth(grown())
    gallery.setFocus()
    QTest.keyClick(gallery, Qt.Key.Key_Right)
    told: list[int] = []
    gallery.hovered.connect(told.append)
    point_at(gallery, 5)
    assert gallery.marked == 5
    QApplication.sendEvent(gallery, QEvent(QEvent.Type.Leave))
    assert gallery.marked == 0 and told == [5, 0]
    gallery.clearFocus()
    assert gallery.marked == -1 and told == [5, 0, -1]


def test_a_dot_and_an_empty_beginning_are_painted_too(gallery: EndingGallery) -> None:
    gallery.show_growth(grown(2, make_drawing([[[5, 5]]])))
    assert has_color(gallery, 0, LIGHT.accent)
    gallery.show_growth(grown(2, Drawing()))
    assert has_color(gallery, 1, LIGHT.accent)
