"""Written SVG: it reads back as it was, and the animation keeps to its times."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.sketch.formats.svg import read_svg
from engine.sketch.formats.svg_write import HOLD, SHEET_MARGIN, sheet_svg, to_animated_svg, to_svg
from engine.sketch.strokes import Drawing, Points, make_drawing

NS = "{http://www.w3.org/2000/svg}"
HOUSE = make_drawing([[[0, 0], [30, 0]], [[5, 5]], [[0, 10], [0, 20], [60, 20]]], "house")

coordinates = st.floats(-1e6, 1e6, width=32)
polylines = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=8, unique=True)


def back(folder: Path, text: str) -> Drawing:
    path = folder / "picture.svg"
    path.write_text(text, encoding="utf-8")
    (drawing,) = read_svg(path).drawings
    return drawing


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(polylines, min_size=1, max_size=5),
    st.text(max_size=20),
    st.sampled_from([None, "#fff"]),
    st.booleans(),
)
def test_reading_gives_the_same_strokes_back(
    tmp_path: Path, strokes: list[list[tuple[float, float]]], word: str, paper: str | None, animated: bool
) -> None:
    drawing = make_drawing(strokes, word)
    text = to_animated_svg(drawing, 2, paper=paper) if animated else to_svg(drawing, paper=paper)
    found = back(tmp_path, text)
    assert len(found.strokes) == len(drawing.strokes)
    for stroke, expected in zip(found.strokes, drawing.strokes, strict=True):
        np.testing.assert_array_equal(stroke, expected)


def test_the_word_comes_back_whatever_its_signs(tmp_path: Path) -> None:
    drawing = Drawing(HOUSE.strokes, 'a <b> & "c" \x00\x1b\ud800 家')
    assert back(tmp_path, to_svg(drawing)).word == 'a <b> & "c"  家'


def test_the_picture_has_the_size_ink_and_paper_asked_for() -> None:
    root = ElementTree.fromstring(to_svg(HOUSE, width=400, ink="teal", paper="#eee", stroke_width=8))
    left, top, width, height = (float(value) for value in root.get("viewBox", "").split())
    assert root.get("width") == "400"
    assert float(root.get("height", "0")) == pytest.approx(400 * height / width, abs=1)
    group, paper = root.find(f"{NS}g"), root.find(f"{NS}rect")
    assert group is not None and group.get("stroke") == "teal" and group.get("stroke-linecap") == "round"
    assert float(group.get("stroke-width", "0")) * 400 / width == pytest.approx(8, rel=1e-4)
    assert paper is not None and paper.get("fill") == "#eee"
    half = float(group.get("stroke-width", "0")) / 2
    assert left < 0 - half and top < 0 - half and left + width > 60 + half and top + height > 20 + half
    assert len(root.findall(f"{NS}g/{NS}path")) == 3


def test_without_paper_nothing_lies_behind_the_strokes() -> None:
    assert "<rect" not in to_svg(HOUSE)


def test_colours_cannot_break_out_of_their_attribute() -> None:
    root = ElementTree.fromstring(to_svg(HOUSE, ink='"/><script/>', paper='"><script>'))
    assert not root.findall(f".//{NS}script")


@pytest.mark.parametrize("strokes", [[], [[[4, 4]]], [[[4, 4], [4, 900]]]])
def test_drawings_without_width_have_a_picture_all_the_same(strokes: list[list[list[float]]]) -> None:
    for text in (to_svg(make_drawing(strokes)), to_animated_svg(make_drawing(strokes), 1)):
        width, height = (float(value) for value in ElementTree.fromstring(text).get("viewBox", "").split()[2:])
        assert width > 0 and height > 0


def test_each_stroke_grows_for_its_share_of_the_length() -> None:
    root = ElementTree.fromstring(to_animated_svg(HOUSE, 10))
    grown = [animation for animation in root.iter(f"{NS}animate") if animation.get("attributeName") != "visibility"]
    times = [[float(time) for time in animation.get("keyTimes", "").split(";")] for animation in grown]
    assert len(times) == 2  # the dot has no length to grow by
    (first_start, first_end), (last_start, last_end) = (each[1:3] for each in times)
    assert first_start == 0
    assert (last_end - last_start) / (first_end - first_start) == pytest.approx(70 / 30, rel=1e-3)
    assert last_start > first_end  # the dot's time lies between
    assert last_end * 10 * (1 + HOLD) == pytest.approx(10, rel=1e-3)
    for animation in root.iter(f"{NS}animate"):
        assert animation.get("repeatCount") == "indefinite"
        assert float(animation.get("dur", "").removesuffix("s")) == pytest.approx(10 * (1 + HOLD))


def test_strokes_not_yet_begun_are_unseen() -> None:
    root = ElementTree.fromstring(to_animated_svg(HOUSE, 10))
    begun = []
    for path in root.iter(f"{NS}path"):
        seen = [animation for animation in path if animation.get("attributeName") == "visibility"]
        begun.append(float(seen[0].get("keyTimes", "").split(";")[1]) if seen else 0.0)
    assert begun[0] == 0 and begun == sorted(begun) and begun[1] < begun[2]


def test_a_still_viewer_sees_the_whole_animated_drawing() -> None:
    for path in ElementTree.fromstring(to_animated_svg(HOUSE, 10)).iter(f"{NS}path"):
        assert path.get("stroke-dashoffset") is None and path.get("visibility") is None


def in_unit_box(strokes: list[Points]) -> list[Points]:
    """The strokes moved and scaled so that their longer side goes from 0 to 1."""
    points = np.concatenate(strokes).astype(np.float64)
    extent = np.ptp(points, axis=0).max() or 1.0
    return [((stroke - points.min(axis=0)) / extent).astype(np.float32) for stroke in strokes]


small = st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=1, max_size=5, unique=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(small, min_size=1, max_size=3), min_size=1, max_size=7))
def test_a_sheet_holds_every_drawing_in_a_cell_of_its_own(
    tmp_path: Path, sketches: list[list[list[tuple[int, int]]]]
) -> None:
    drawings = [make_drawing(strokes) for strokes in sketches]
    found = list(back(tmp_path, sheet_svg(drawings, cell=100)).strokes)
    columns = int(np.ceil(np.sqrt(len(drawings))))
    for index, drawing in enumerate(drawings):
        mine, found = found[: len(drawing.strokes)], found[len(drawing.strokes) :]
        for stroke, expected in zip(in_unit_box(mine), in_unit_box(list(drawing.strokes)), strict=True):
            np.testing.assert_allclose(stroke, expected, atol=1e-4)
        points = np.concatenate(mine) - 100 * np.array([index % columns, index // columns])
        edge = 100 * SHEET_MARGIN - 1e-3
        assert points.min() > edge and points.max() < 100 - edge
        np.testing.assert_allclose((points.min(axis=0) + points.max(axis=0)) / 2, [50, 50], atol=1e-3)
    assert found == []


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (9, 3, 3), (10, 4, 3)])
def test_a_sheet_is_about_as_wide_as_high(count: int, columns: int, rows: int) -> None:
    root = ElementTree.fromstring(sheet_svg([HOUSE] * count, cell=50, ink="teal", stroke_width=4))
    assert (root.get("width"), root.get("height")) == (str(50 * columns), str(50 * rows))
    group = root.find(f"{NS}g")
    assert group is not None and group.get("stroke") == "teal" and float(group.get("stroke-width", "0")) == 4


def test_a_sheet_of_nothing_is_a_picture_all_the_same() -> None:
    for drawings in ([], [Drawing()], [Drawing(), HOUSE]):
        assert float(ElementTree.fromstring(sheet_svg(drawings)).get("width", "0")) > 0
