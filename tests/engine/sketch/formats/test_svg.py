"""The SVG reader: shapes, transforms, curves, and files that mean harm."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadFileError
from engine.sketch.formats import svg
from engine.sketch.formats.result import ReadResult
from engine.sketch.formats.svg import read_svg

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def read(folder: Path, body: str, attributes: str = 'viewBox="0 0 100 100"', name: str = "a_house.svg") -> ReadResult:
    path = folder / name
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {XLINK} {attributes}>{body}</svg>', encoding="utf-8")
    return read_svg(path)


def lines(folder: Path, body: str) -> list[list[list[float]]]:
    return [stroke.tolist() for stroke in read(folder, body).drawings[0].strokes]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<path d="M1 2L3 4l5 0 h-1 V9"/>', [[[1, 2], [3, 4], [8, 4], [7, 4], [7, 9]]]),
        ('<path d="M0 0H5M9 9V1"/>', [[[0, 0], [5, 0]], [[9, 9], [9, 1]]]),
        ('<path d="M0 0H5V5Z"/>', [[[0, 0], [5, 0], [5, 5], [0, 0]]]),
        ('<path d="M0 0H5V5ZL3 9"/>', [[[0, 0], [5, 0], [5, 5], [0, 0]], [[0, 0], [3, 9]]]),
        ('<path d="M4 5L4 5"/>', [[[4, 5]]]),
        ('<polyline points="1,2 3,4 5,6"/>', [[[1, 2], [3, 4], [5, 6]]]),
        ('<polygon points="1,2 3,4 5,0"/>', [[[1, 2], [3, 4], [5, 0], [1, 2]]]),
        ('<line x1="1" y1="2" x2="3" y2="4"/>', [[[1, 2], [3, 4]]]),
        ('<rect x="1" y="2" width="3" height="4"/>', [[[1, 2], [4, 2], [4, 6], [1, 6], [1, 2]]]),
        ('<rect width="50%" height="10"/>', [[[0, 0], [50, 0], [50, 10], [0, 10], [0, 0]]]),
    ],
)
def test_reads_straight_shapes_exactly(tmp_path: Path, body: str, expected: list[list[list[float]]]) -> None:
    assert lines(tmp_path, body) == expected


def test_applies_nested_transforms_from_the_inside_out(tmp_path: Path) -> None:
    body = '<g transform="translate(10 20)"><g transform="scale(2)"><path transform="rotate(90)" d="M1 0L3 0"/></g></g>'
    np.testing.assert_allclose(lines(tmp_path, body)[0], [[10, 22], [10, 26]], atol=1e-5)


def test_follows_use_to_shapes_and_symbols(tmp_path: Path) -> None:
    body = (
        '<defs><path id="p" d="M0 0L1 0"/></defs><symbol id="s"><path d="M0 0L0 1"/></symbol>'
        '<use xlink:href="#p" x="5" y="6"/><use href="#s" transform="scale(3)"/>'
    )
    assert lines(tmp_path, body) == [[[5, 6], [6, 6]], [[0, 0], [0, 3]]]


def test_leaves_out_the_hidden_and_the_paper(tmp_path: Path) -> None:
    body = (
        '<rect width="100" height="100" fill="white"/><g display="none"><path d="M0 0L1 1"/></g>'
        '<path style="fill: none; display: none" d="M0 0L1 1"/><clipPath><path d="M0 0L1 1"/></clipPath>'
        '<rect width="100" height="100" stroke="black"/>'
    )
    assert len(lines(tmp_path, body)) == 1


@pytest.mark.parametrize(
    ("body", "centre", "radii"),
    [
        ('<circle cx="50" cy="40" r="30"/>', (50, 40), (30, 30)),
        ('<ellipse cx="5" cy="4" rx="300" ry="100"/>', (5, 4), (300, 100)),
        ('<path d="M0 0A10 10 0 1 1 0 .001Z"/>', None, (10, 10)),
        ('<circle r="1" transform="scale(1000 500)"/>', (0, 0), (1000, 500)),
    ],
)
def test_rounds_stay_within_half_a_percent(
    tmp_path: Path, body: str, centre: tuple[float, float] | None, radii: tuple[float, float]
) -> None:
    (stroke,) = read(tmp_path, body).drawings[0].strokes
    middle = (stroke.min(axis=0) + stroke.max(axis=0)) / 2 if centre is None else np.array(centre)
    # The middles of the straight pieces are what lies furthest from the curve.
    points = np.concatenate([stroke, (stroke[1:] + stroke[:-1]) / 2])
    reach = np.hypot(*((points - middle) / radii).T)
    assert np.abs(reach - 1).max() * max(radii) < 0.005 * 2 * max(radii)
    assert len(stroke) < 60


def test_bezier_curves_stay_within_half_a_percent(tmp_path: Path) -> None:
    controls = np.array([[0, 0], [100, 300], [-200, 100], [80, 20]], float)
    (stroke,) = read(tmp_path, '<path d="M0 0C100 300 -200 100 80 20"/>').drawings[0].strokes
    t = np.linspace(0, 1, 2000)[:, None]
    curve = sum(
        count * (1 - t) ** (3 - i) * t**i * control
        for i, (count, control) in enumerate(zip((1, 3, 3, 1), controls, strict=True))
    )
    start, end = stroke[:-1].astype(float), stroke[1:].astype(float)
    along = np.einsum("cd,cpd->cp", np.ones((len(t), 2)), (curve[:, None] - start) * (end - start))
    share = np.clip(along / np.square(end - start).sum(axis=1), 0, 1)[..., None]
    distance = np.linalg.norm(curve[:, None] - (start + share * (end - start)), axis=2).min(axis=1)
    assert distance.max() < 0.005 * np.ptp(curve, axis=0).max()


def test_the_word_is_the_title_or_the_name_of_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, '<path d="M0 0L1 1"/>').drawings[0].word == "a house"
    assert read(tmp_path, '<title> 家 &amp; </title><path d="M0 0L1 1"/>').drawings[0].word == "家 &"


def test_a_limit_of_none_at_all_gives_none(tmp_path: Path) -> None:
    read(tmp_path, '<path d="M0 0L1 1"/>')
    assert read_svg(tmp_path / "a_house.svg", limit=0).drawings == []


def test_counts_shapes_it_cannot_read(tmp_path: Path) -> None:
    body = (
        '<path d="M0 0L1 1"/><path d="L"/><path d="M1"/><rect width="a" height="b"/><line x1="' + "1" * 5000 + '"/>'
        '<use href="http://example.org/a.svg#x"/>'
    )
    result = read(tmp_path, body)
    assert len(result.drawings[0].strokes) == 1
    assert result.skipped[svg.ELSEWHERE] == 1
    assert result.skipped[svg.NOT_A_SHAPE] >= 3


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE svg [<!ENTITY a "M0 0L1 1">]><svg><path d="&a;"/></svg>',
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg><title>&a;</title><path d="M0 0L1 1"/></svg>',
        '<!DOCTYPE svg [<!ENTITY % a SYSTEM "http://example.org/a">]><svg><path d="M0 0L1 1"/></svg>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_refuses_entities_in_any_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "evil.svg").write_bytes(text.encode(encoding))
    with pytest.raises(BadFileError, match="entities"):
        read_svg(tmp_path / "evil.svg")


def test_takes_a_doctype_without_entities(tmp_path: Path) -> None:
    text = '<!DOCTYPE svg [<!ATTLIST path kind CDATA #IMPLIED>]><svg><path kind="x" d="M0 0L1 1"/></svg>'
    (tmp_path / "a.svg").write_text(text)
    assert read_svg(tmp_path / "a.svg").drawings[0].point_count == 2


def test_refuses_shapes_that_repeat_themselves_without_end(tmp_path: Path) -> None:
    laughs = "".join(
        f'<g id="g{i}">' + f'<use href="#g{i + 1}"/>' * 10 + "</g>" for i in range(9)
    )  # fmt: skip
    with pytest.raises(BadFileError, match="repeats"):
        read(tmp_path, laughs + '<path id="g9" d="M0 0L1 1"/>')
    with pytest.raises(BadFileError, match="no outlines"):
        read(tmp_path, '<g id="a"><use href="#a"/></g>')


def test_refuses_depth_points_and_size_beyond_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadFileError, match="nested"):
        read(tmp_path, "<g>" * 200 + "</g>" * 200)
    for body in ("M0 0" + "l1 1" * 20_001, "M0 0" + "z" * 400_000, "M0 0" + "1 " * 400_000):
        with pytest.raises(BadFileError, match="points"):
            read(tmp_path, f'<path d="{body}"/>')
    monkeypatch.setattr(svg, "MAX_BYTES", 100)
    with pytest.raises(BadFileError, match="larger"):
        read(tmp_path, " " * 100)


@pytest.mark.parametrize("body", ['<path d="M0 0L1e999 1"/>', '<path transform="scale(1e300)" d="M1 1L1e300 2"/>'])
def test_refuses_numbers_without_end(tmp_path: Path, body: str) -> None:
    with pytest.raises(BadFileError, match="ordinary"):
        read(tmp_path, body)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "whole"),
        (b"<svg><path d='M0 0", "whole"),
        (b'<?xml version="1.0" encoding="x-nothing"?><svg/>', "whole"),
        (b"<html/>", "not SVG"),
        (b"<svg/>", "no outlines"),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "wrong.svg").write_bytes(data)
    with pytest.raises(BadFileError, match=says):
        read_svg(tmp_path / "wrong.svg")


@pytest.mark.parametrize(
    "outline",
    [
        "M0 0" + "z" * 150_000,  # slow in svgelements, so not even begun
        "M0 0" + "L1 1z" * 30_000,
        "M0 0L" + "-" * 100_000 + "1 1",
        "M0 0L" + "1e" * 70_000 + "1 1",
        "M0 0L1" + "," * 1_000_000 + "1 1",
        "M0 0L" + "1" * 1_000_000 + " 1",
    ],
)
def test_outlines_written_to_take_forever_are_left_out_at_once(tmp_path: Path, outline: str) -> None:
    result = read(tmp_path, f'<path d="M0 0L1 1"/><path d="{outline}"/>')
    assert result.drawings[0].point_count == 2 and result.skipped == {svg.NOT_A_SHAPE: 1}


def test_an_outline_closed_as_often_as_people_do_is_read(tmp_path: Path) -> None:
    assert len(lines(tmp_path, f'<path d="{"M0 0L9 9L9 0z" * 500}"/>')) == 500


@pytest.mark.parametrize(
    "body",
    [
        '<path d="M0 0' + "".join(f"L{i} {i % 7}" for i in range(50_000)) + '"/>',
        '<polyline points="' + " ".join(f"{i},{i % 7}" for i in range(50_000)) + '"/>',
        '<path d="M0 0L1 1"/>' * 25_000,
    ],
)
def test_a_drawing_of_fifty_thousand_points_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(BadFileError, match=r"a_house\.svg .* more than 20,000 points"):
        read(tmp_path, body)


def test_a_drawing_of_one_point_is_a_dot(tmp_path: Path) -> None:
    assert lines(tmp_path, '<path d="M4 5z"/>') == [[[4, 5]]]


def test_a_long_title_is_cut(tmp_path: Path) -> None:
    word = read(tmp_path, "<title>" + "x" * 1_000_000 + '</title><path d="M0 0L1 1"/>').drawings[0].word
    assert word == "x" * 80


def test_what_lies_elsewhere_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket", refuse)
    (tmp_path / "secret.svg").write_text('<svg><path id="x" d="M7 7L8 8"/></svg>')
    body = (
        '<path d="M0 0L1 1"/><use href="secret.svg#x"/><use href="http://example.org/a.svg#x"/>'
        '<image href="http://example.org/a.png"/><style>@import url("http://example.org/a.css");</style>'
    )
    text = '<?xml-stylesheet href="http://example.org/a.css"?><!DOCTYPE svg SYSTEM "http://example.org/a.dtd">'
    (tmp_path / "outer.svg").write_text(f"{text}<svg>{body}</svg>")
    result = read_svg(tmp_path / "outer.svg")
    assert [stroke.tolist() for stroke in result.drawings[0].strokes] == [[[0, 0], [1, 1]]]
    assert result.skipped == {svg.ELSEWHERE: 2}


def test_says_that_a_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="cannot be read"):
        read_svg(tmp_path / "none.svg")


SAMPLE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g transform="matrix(1 2 3 4 5 6) rotate(7)">'
    b'<path d="M1,2.5C3-4 5e1 6 7 8s9 1 2 3q4 5 6 7t8 9a1 2 30 0 1 4 5z"/><circle cx="1mm" cy="2" r="50%"/></g>'
    b'<polygon points="1,2 3,4 5,6"/><rect x="1" width="4" height="5" rx="1"/><use href="#a" x="2"/></svg>'
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_give_a_drawing_or_a_typed_error(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(0, 6))):
        byte = data.draw(st.one_of(st.sampled_from(b"0123456789.-+eMLHVCSQTAZz, \"'<>/&#%"), st.integers(0, 255)))
        whole[data.draw(st.integers(0, len(whole) - 1))] = byte
    path = tmp_path / "damaged.svg"
    path.write_bytes(whole[: data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))])
    with suppress(BadFileError):
        assert read_svg(path).drawings


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text("MmLlHhVvCcSsQqTtAaZz0123456789.,-+e ", max_size=60),
    st.text("matrixslcoenkwYX(0123456789.,-e )", max_size=40),
)
def test_any_path_and_transform_give_a_drawing_or_a_typed_error(tmp_path: Path, outline: str, move: str) -> None:
    with suppress(BadFileError):
        assert read(tmp_path, f'<path d="{outline}" transform="{move}"/>').drawings
