"""Two digits on one ground, laid by every control of the page, against what the model itself says of such a ground."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.capsules.model import CapsuleModel, load_capsules, placed
from engine.capsules.overlap import overlap_of
from engine.data.placement import Placement
from gui.capsule_lab import two_page as page_module
from gui.capsule_lab.past import Past
from gui.capsule_lab.session import TWO_DIGITS, CapsuleSession
from gui.capsule_lab.subject import SubjectModel
from gui.capsule_lab.two_canvas import REACH, Place
from gui.capsule_lab.two_page import TwoPage
from gui.capsule_lab.two_seen import Pair, Seen, see
from gui.capsule_lab.viewing import Viewing
from gui.messages import Messages
from gui.palette import DARK, LIGHT
from tests.gui.capsule_lab.conftest import made_up_digits
from tests.helpers.capsule_stage import blob, stage, vivid_capsules
from tests.helpers.pointer import click, drag, press, release
from tests.helpers.tiny_capsules import tiny_capsules
from tests.helpers.uncut import cut

PATIENCE = 20_000
SIDE = 36
Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has seen two digits, if it had seen any."""
    return vivid_capsules(tmp_path_factory.mktemp("models") / "two.safetensors", image_size=SIDE)


@pytest.fixture
def viewing(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viewing]:
    monkeypatch.setattr(page_module, "test_digits", made_up_digits)
    with stage(qtbot, tiny_capsules(tmp_path / "tiny.safetensors")) as made:
        yield made


@pytest.fixture
def bare_page(qtbot: QtBot, viewing: Viewing) -> Iterator[TwoPage]:
    """A page without a network."""
    made = TwoPage(viewing, LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 640)
    yield made
    made.hide()


@pytest.fixture
def page(qtbot: QtBot, bare_page: TwoPage, path: Path) -> TwoPage:
    """A page that has seen a 1 and a 3."""
    bare_page.session.open(TWO_DIGITS, path)
    bare_page.subject_model.update(label=1)
    bare_page.show()
    settle(qtbot, bare_page)
    return bare_page


def settle(qtbot: QtBot, page: TwoPage) -> None:
    qtbot.waitUntil(lambda: not page.session.busy, timeout=PATIENCE)


def seen_by(page: TwoPage) -> Seen:
    assert page._seen is not None
    return page._seen


def second_of(page: TwoPage) -> Array:
    assert page._second is not None
    return page._second


def pixels(image: QImage) -> NDArray[np.int64]:
    """RGB [H, W, 3]."""
    whole = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(whole.constBits(), np.uint8).reshape(whole.height(), whole.bytesPerLine())
    return lines[:, : 3 * whole.width()].reshape(whole.height(), whole.width(), 3).astype(np.int64)


def rgb(name: str) -> NDArray[np.int64]:
    """A colour by its "#rrggbb"."""
    return np.array([int(name[place : place + 2], 16) for place in (1, 3, 5)])


def shifted(picture: Array, place: Place) -> Array:
    """A picture whose middle lies so many whole pixels off the middle of the ground."""
    made = np.zeros((SIDE, SIDE), np.float32)
    x, y = (int(each) + (SIDE - 28) // 2 for each in place)
    made[y : y + 28, x : x + 28] = picture
    return made


def is_on_the_ground(page: TwoPage) -> bool:
    return all(abs(each) <= REACH for place in page.places for each in place)


def test_without_a_network_the_page_says_what_to_do(qtbot: QtBot, bare_page: TwoPage, path: Path) -> None:
    bare_page.show()
    settle(qtbot, bare_page)
    assert bare_page.hint.isVisible() and not bare_page.canvas.isVisible()
    assert bare_page.hint.text().startswith("No network that has learned two digits is open. Train one")
    bare_page.hide()
    bare_page.session.open(TWO_DIGITS, path)
    bare_page.show()
    assert bare_page.hint.isVisible() and bare_page.hint.text().endswith("is being opened…")
    settle(qtbot, bare_page)
    assert not bare_page.hint.isVisible() and bare_page.canvas.isVisible() and bare_page._seen is not None


def test_it_needs_no_network_for_single_digits(
    qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "test_digits", made_up_digits)
    session = CapsuleSession(Messages())
    try:
        page = TwoPage(Viewing(session, SubjectModel()), LIGHT)
        qtbot.addWidget(page)
        session.open(TWO_DIGITS, path)
        settle(qtbot, page)
        page.show()
        settle(qtbot, page)
        assert page.canvas.isVisible() and page._seen is not None
        page.hide()
    finally:
        session.shut_down()


def test_a_hidden_page_asks_for_nothing(qtbot: QtBot, bare_page: TwoPage, path: Path) -> None:
    bare_page.session.open(TWO_DIGITS, path)
    bare_page.subject_model.update(picture=np.ascontiguousarray(blob().T))
    settle(qtbot, bare_page)
    assert bare_page._seen is None and bare_page._digits is None
    bare_page.show()
    settle(qtbot, bare_page)
    np.testing.assert_allclose(seen_by(bare_page).parts[0], shifted(blob().T, bare_page.places[0]), atol=1e-5)


def test_the_network_sees_both_where_they_lie(qtbot: QtBot, page: TwoPage, path: Path) -> None:
    page._lay((-3.0, 2.0), (4.0, -1.0))
    settle(qtbot, page)
    seen, model = seen_by(page), load_capsules(path)
    parts = [shifted(blob(), (-3, 2)), shifted(second_of(page), (4, -1))]
    np.testing.assert_allclose(seen.parts, parts, atol=1e-5)
    ground = np.minimum(parts[0] + parts[1], 1)
    assert (parts[0] + parts[1]).max() > 1
    np.testing.assert_allclose(seen.ground, ground, atol=1e-5)
    np.testing.assert_allclose(seen.lengths, model.scores(ground[None])[0], atol=1e-5)
    np.testing.assert_array_equal(np.rint(seen.ground * 255), pixels(page.canvas._image)[..., 0])
    capsules = model.capsules(ground[None])[0]
    assert seen.redrawn is not None
    np.testing.assert_allclose(seen.redrawn[7], model.reconstruct(capsules[7:8], [7])[0], atol=1e-4)
    assert page.lengths._lengths is seen.lengths and page.lengths._labels == {1, 3}


def test_dials_change_the_first_digit_alone(qtbot: QtBot, page: TwoPage) -> None:
    page._lay((1.0, -2.0), (4.0, 4.0))
    before = second_of(page)
    page.subject_model.update(placement=Placement(40.0, 0.2, 0.8, 1.1))
    settle(qtbot, page)
    lying = replace(page.subject.placement, shift_x=1.0, shift_y=-2.0)
    np.testing.assert_allclose(seen_by(page).parts[0], placed(blob(), [lying], SIDE)[0], atol=1e-5)
    np.testing.assert_allclose(seen_by(page).parts[1], shifted(before, (4, 4)), atol=1e-5)


def test_the_box_goes_with_the_dials_and_stays_on_the_ground(qtbot: QtBot, page: TwoPage) -> None:
    page._lay((1.0, -2.0), (4.0, 4.0))
    page.subject_model.update(placement=Placement(shift_x=3.0, shift_y=1.0))
    settle(qtbot, page)
    assert page.places == ((4.0, -1.0), (4.0, 4.0)) and page.canvas._places == page.places
    np.testing.assert_allclose(seen_by(page).parts[0], shifted(blob(), (4, -1)), atol=1e-5)
    page.canvas.moved.emit(0, (-2.0, 0.0))  # where the hand lets go, there it lies
    assert page.places == ((-2.0, 0.0), (4.0, 4.0))
    page.swap_button.click()
    assert page.places == ((4.0, 4.0), (-2.0, 0.0))
    page.subject_model.update(placement=Placement(shift_x=8.0, shift_y=-8.0))
    assert page.places[0] == (8.0, -5.0) and is_on_the_ground(page)
    settle(qtbot, page)


def test_a_dragged_digit_is_seen_where_it_is_dropped(qtbot: QtBot, page: TwoPage) -> None:
    page._lay((-4.0, 0.0), (4.0, 0.0))
    settle(qtbot, page)
    canvas, unit = page.canvas, page.canvas.area.width() / SIDE
    place = canvas.box(1).center()
    start = round(place.x()), round(place.y())
    drag(canvas, start, (round(start[0] - 6 * unit), round(start[1] + 3 * unit)))
    assert page.places[0] == (-4.0, 0.0) and page.places[1] == pytest.approx((-2, 3), abs=0.15)
    share = overlap_of(page.places[1][0] + 4, page.places[1][1])
    assert page.overlap.value() == round(share * 100) and page.overlap_number.text() == f"{share * 100:.0f} %"
    settle(qtbot, page)
    lying = Placement(shift_x=page.places[1][0], shift_y=page.places[1][1])
    np.testing.assert_allclose(seen_by(page).parts[1], placed(second_of(page), [lying], SIDE)[0], atol=1e-5)
    press(canvas, start, (-3000, 5000))
    assert is_on_the_ground(page)
    release(canvas, start)
    settle(qtbot, page)


def test_keys_lay_it_step_by_step_faster_than_it_is_seen(qtbot: QtBot, page: TwoPage) -> None:
    page._lay((0.0, 0.0), (2.0, 2.0))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Left):
        QTest.keyClick(page.canvas, key)
    assert page.places == ((-1.0, 0.0), (4.0, 3.0))
    settle(qtbot, page)
    np.testing.assert_allclose(seen_by(page).parts[1], shifted(second_of(page), (4, 3)), atol=1e-5)


@pytest.mark.parametrize("places", [
    ((0.0, 0.0), (0.0, 0.0)), ((8.0, 8.0), (8.0, 8.0)), ((-8.0, 3.0), (-7.0, 3.0)), ((2.0, -8.0), (-1.0, -7.5)),
])  # fmt: skip
def test_the_chosen_overlap_is_the_one_that_is_laid(page: TwoPage, places: tuple[Place, Place]) -> None:
    page._lay(*places)
    for percent in (30, 55, 80, 99, 100, 31):
        page.overlap.setValue(percent)
        (x, y), (other_x, other_y) = page.places
        assert overlap_of(other_x - x, other_y - y) == pytest.approx(percent / 100, abs=1e-6)
        assert is_on_the_ground(page) and page.overlap_number.text() == f"{percent} %"
        assert page.overlap.value() == percent
    page.hide()


def test_more_overlap_keeps_the_direction(page: TwoPage) -> None:
    page._lay((4.0, -1.0), (-2.0, 1.0))
    page.overlap.setValue(80)
    (x, y), (other_x, other_y) = page.places
    assert (other_x - x) / (other_y - y) == pytest.approx(-3) and other_x < x
    assert ((x + other_x) / 2, (y + other_y) / 2) == pytest.approx((1.0, 0.0))
    page.hide()


def test_each_digit_has_its_own_colour(qtbot: QtBot, page: TwoPage) -> None:
    first, second = seen_by(page).order[:2]
    colours = [rgb(name) for name in DARK.series[:2]]
    # Whichever of the two is longer: the first digit is the one whose label says so.
    for label, found in ((first, (first, second)), (second, (second, first))):
        page.subject_model.update(label=label, picture=blob())
        settle(qtbot, page)
        seen = seen_by(page)
        assert seen.redrawn is not None and seen.found == found
        assert page.both.caption == f"{min(found)} and {max(found)}"
        assert page.verdict.text().startswith(f"The network sees {page.both.caption}")
        for index, (colour, j) in enumerate(zip(colours, found, strict=True)):
            wanted = seen.redrawn[j][..., None] * colour
            np.testing.assert_allclose(pixels(page.alone[index].image), wanted, atol=0.51)
            assert page.alone[index].caption == f"redrawn from {j}, {seen.lengths[j]:.2f}"
            np.testing.assert_allclose(pixels(page.true[index].image), seen.parts[index][..., None] * colour, atol=0.51)
        assert page.true[0].caption == f"as it was laid: {label}" and page.true[1].caption == "as it was laid: 3"


def test_while_it_waits_it_says_for_what(
    qtbot: QtBot, bare_page: TwoPage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def on_digits(digits: Any) -> None:
        TwoPage._on_digits(bare_page, digits)
        told.append(bare_page.verdict.text())

    monkeypatch.setattr(bare_page, "_on_digits", on_digits)
    bare_page.session.open(TWO_DIGITS, path)
    settle(qtbot, bare_page)
    bare_page.show()
    assert bare_page.verdict.text() == "The test digits are being read…"
    settle(qtbot, bare_page)
    assert told == ["The network looks at the two…"]
    assert bare_page.verdict.text().startswith("The network sees")


def test_all_pictures_are_saved_in_a_row_on_white(qtbot: QtBot, page: TwoPage) -> None:
    page.set_theme(DARK)
    with qtbot.waitSignal(page.save_requested) as saved:
        click(page.save_button)
    image, name = saved.args
    made, seen = pixels(image), seen_by(page)
    assert name == "two-digits.png" and seen.redrawn is not None and (made[[0, -1]] == 255).all()
    # 36 and 108 pixels both fit into 324 a whole number of times.
    frames: list[Any] = [page.canvas, page.both, page.alone[0], page.true[0], page.alone[1], page.true[1], *page.absent]
    left = 16
    for frame, gap in zip(frames, (28, 28, 8, 28, 8, 28, 8, 0), strict=True):
        picture = pixels(frame.image)
        factor = 324 // len(picture)
        enlarged = picture.repeat(factor, axis=0).repeat(factor, axis=1)
        np.testing.assert_array_equal(made[16 : 16 + 324, left : left + 324], enlarged)
        below = made[16 + 324 + 2 : -8, left : left + 324]
        assert below.min() < 60 and (below[0] == 255).all()  # a caption, dark on white
        left += 324 + gap
        assert (made[16 : 16 + 324, left - gap : left] == 255).all()
    assert made.shape[1] == left + 16


def test_shared_ink_is_white_and_dotted(page: TwoPage) -> None:
    made, seen = pixels(page.both.image), seen_by(page)
    assert seen.redrawn is not None
    first, second = (seen.redrawn[j] for j in seen.found)
    shared = np.minimum(first, second) > 0.35
    assert shared.any() and not shared.all()
    corners, middles = made[::3, ::3], made[1::3, 1::3]
    np.testing.assert_array_equal((corners == 255).all(axis=2), shared)
    assert (middles[shared] == 40).all() and not (middles[~shared] == 40).all(axis=1).any()
    colours = [rgb(name) for name in DARK.series[:2]]
    y, x = np.unravel_index(np.argmax(np.where(shared, 0, first - second)), shared.shape)
    brighter = np.maximum(first[y, x] * colours[0], second[y, x] * colours[1])
    np.testing.assert_allclose(middles[y, x], brighter, atol=0.51)


def test_capsules_that_are_not_there_are_redrawn(qtbot: QtBot, page: TwoPage) -> None:
    seen = seen_by(page)
    assert seen.redrawn is not None and "not there" in page.absent_words.text()

    def shows(index: int, j: int) -> bool:
        assert seen.redrawn is not None
        frame = page.absent[index]
        same = np.abs(pixels(frame.image)[..., 0] - seen.redrawn[j] * 255).max() <= 0.51
        return bool(same) and frame.caption == f"{j}, length {seen.lengths[j]:.2f}"

    order = seen.order
    assert shows(0, order[2]) and shows(1, order[3])
    for j, beside in ((order[9], order[2]), (order[2], order[3])):
        click(page.lengths, (60, 2 + j * page.lengths._row + 5))
        assert page.lengths.shown == j and shows(0, j) and shows(1, beside)
    click(page.lengths, (60, 2 + order[2] * page.lengths._row + 5))  # once more: as at first
    assert page.lengths.shown == -1 and shows(0, order[2]) and shows(1, order[3])


def test_the_verdict_is_about_the_labels() -> None:
    lengths = np.array([0.1, 0.9, 0.2, 0.8], np.float32)
    names, nothing = ("0", "1", "2", "3"), np.zeros((0, 0), np.float32)

    def verdict(first: int | None, second: int | None) -> str:
        return Seen(nothing, nothing, lengths, None, (first, second)).verdict(names)

    assert verdict(3, 1) == verdict(1, 3) == "The network sees 1 and 3: both right."
    assert verdict(1, 2).endswith(": one right.") and verdict(0, 2).endswith(": neither right.")
    assert verdict(None, 1) == "The network sees 1 and 3."
    assert verdict(1, 1).endswith("of one class, which has one capsule.")


def test_the_second_digit_is_chosen_from_the_strip(qtbot: QtBot, page: TwoPage) -> None:
    assert page.strip.count == 10 and page._second_label == 3
    click(page.strip, page.strip.cell(8).center().toPoint().toTuple())
    settle(qtbot, page)
    digits, index = made_up_digits(), int(page._strip[8])
    assert digits.labels[index] == 8 and page.lengths._labels == {1, 8}
    wanted = shifted((digits.pictures[index] / np.float32(255)).astype(np.float32), page.places[1])
    np.testing.assert_allclose(seen_by(page).parts[1], wanted, atol=1e-5)


def test_a_late_answer_is_never_told_of_another_digit(
    qtbot: QtBot, page: TwoPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun = threading.Event(), threading.Event()

    def late(pair: Pair, model: CapsuleModel) -> Seen:
        begun.set()
        assert gate.wait(20)
        return see(pair, model)

    told: list[tuple[str, str]] = []

    def on_seen(answer: Seen) -> None:
        TwoPage._on_seen(page, answer)
        told.append((page.true[0].caption[-1], page.true[1].caption[-1]))
        assert answer.labels == (int(told[-1][0]), int(told[-1][1]))

    monkeypatch.setattr(page_module, "see", late)
    monkeypatch.setattr(page, "_on_seen", on_seen)
    page.strip.picture_chosen.emit(5)
    qtbot.waitUntil(begun.is_set, timeout=PATIENCE)
    page.subject_model.update(picture=np.ascontiguousarray(blob().T), label=9)
    page.strip.picture_chosen.emit(7)
    gate.set()
    settle(qtbot, page)
    assert told == [("1", "5"), ("9", "7")]
    page.strip.picture_chosen.emit(2)
    page.hide()
    settle(qtbot, page)
    assert len(told) == 2  # nobody looks


def test_another_pair_is_two_test_digits_of_two_classes(qtbot: QtBot, page: TwoPage) -> None:
    digits = made_up_digits()
    page.subject_model.update(placement=Placement(rotation=30.0, shift_x=5.0))
    for _ in range(30):
        page.lay_another_pair()
        subject = page.subject
        index = int(subject.source.removeprefix("test digit "))
        np.testing.assert_array_equal(np.rint(subject.picture * 255), digits.pictures[index])
        assert subject.label == digits.labels[index] != page._second_label
        assert subject.placement == Placement() and subject.drawing is None
        assert all(abs(each) <= 4 for place in page.places for each in place)
    click(page.random_button)
    settle(qtbot, page)
    assert page.lengths._labels == {page.subject.label, page._second_label}


def test_the_picture_that_another_pair_replaces_comes_back(qtbot: QtBot, page: TwoPage) -> None:
    past, before = Past(page.subject_model), page.subject
    click(page.random_button)
    assert page.subject.picture is not before.picture
    assert "replaces the picture" in page.random_button.toolTip() and "Ctrl+Z" in page.random_button.toolTip()
    past.undo()
    assert page.subject is before
    settle(qtbot, page)
    np.testing.assert_allclose(seen_by(page).parts[0], shifted(blob(), page.places[0]), atol=1e-5)
    past.stop()


def test_the_strip_says_which_digit_it_replaces(qtbot: QtBot, page: TwoPage) -> None:
    assert "second one (2, orange)" in page.strip_words.text() and "second digit (orange)" in page.strip.toolTip()
    QTest.keyClick(page.canvas, Qt.Key.Key_Space)
    assert page.canvas.grip == 0
    picture = page.subject.picture
    page.strip.picture_chosen.emit(8)
    settle(qtbot, page)
    assert page._second_label == 8 and page.subject.picture is picture


def test_a_network_without_a_decoder_says_so(qtbot: QtBot, page: TwoPage, tmp_path: Path) -> None:
    click(page.lengths, (60, 2 + 9 * page.lengths._row + 5))
    blind = tiny_capsules(tmp_path / "blind.safetensors", image_size=SIDE, decoder="none", class_count=3)
    page.session.open(TWO_DIGITS, blind)
    settle(qtbot, page)
    assert "without a decoder" in page.absent_words.text() and page.verdict.text().startswith("The network sees")
    assert all(frame.image.isNull() for frame in (page.both, *page.alone, *page.absent))
    assert page.lengths.shown == -1 and len(seen_by(page).lengths) == 3 and not page.true[1].image.isNull()
    assert page.absent[0].caption and not page.absent[1].caption  # of three classes two were found
    with qtbot.assertNotEmitted(page.save_requested):
        click(page.save_button)
        page._on_save_clicked()
    page.grab()


def test_everything_is_reached_and_named(page: TwoPage) -> None:
    for widget in (page.canvas, page.overlap, page.strip, page.lengths):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.accessibleName()
    for button in (page.random_button, page.swap_button, page.save_button):
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus and button.toolTip()
    assert page.canvas.toolTip() and page.overlap.toolTip() and page.both.toolTip()
    page.overlap.setValue(60)
    QTest.keyClick(page.overlap, Qt.Key.Key_Right)
    assert page.overlap_number.text() == "61 %"
    page.hide()


def test_nothing_is_cut_at_the_least_size(qtbot: QtBot, page: TwoPage) -> None:
    page.show()
    page.resize(page.minimumSizeHint())
    settle(qtbot, page)
    least = page.minimumSizeHint()
    assert page.size() == least and not cut(page)
    assert least.width() >= page_module._LEAST.width() and least.height() >= page_module._LEAST.height()


def test_it_is_painted_in_both_themes(qtbot: QtBot, page: TwoPage) -> None:
    light, digit = page.grab().toImage(), page.both.image
    page.set_theme(DARK)
    assert page.theme == DARK and page.grab().toImage() != light
    assert page.both.image == digit  # bright on black in both
    assert all(each._theme == DARK for each in (page.both, *page.alone, *page.true, *page.absent))
    assert page.canvas._theme == page.strip._theme == page.lengths._theme == DARK
