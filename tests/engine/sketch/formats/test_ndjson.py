"""The reader and writer of Quick, Draw!'s ndjson: both published forms, and lines that are no drawings."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadFileError
from engine.sketch.formats import is_drawing_file, ndjson, read_drawings
from engine.sketch.formats.ndjson import read_ndjson, to_ndjson_line
from engine.sketch.formats.result import ReadResult
from engine.sketch.strokes import make_drawing

GOOD = '{"word":"cat","drawing":[[[0,10],[5,5]]]}'
# As published, shortened: https://github.com/googlecreativelab/quickdraw-dataset
SIMPLIFIED = (
    '{"word":"nose","countrycode":"AT","timestamp":"2017-03-01 20:41:36.70725 UTC","recognized":true,'
    '"key_id":"5152802093400064","drawing":[[[167,109,80],[140,194,227]],[[31],[4]]]}'
)
RAW = (
    '{"word":"nose","countrycode":"AT","timestamp":"2017-03-01 20:41:36.70725 UTC","recognized":true,'
    '"key_id":"5152802093400064","drawing":[[[1167.5,109,80.25],[140,194,227],[0,24,51]],[[31,32],[4,5],[99,120]]]}'
)


def read(folder: Path, *lines: str | bytes, limit: int | None = None) -> ReadResult:
    path = folder / "drawings.ndjson"
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return read_ndjson(path, limit)


def test_reads_the_simplified_form(tmp_path: Path) -> None:
    result = read(tmp_path, SIMPLIFIED)
    (drawing,) = result.drawings
    assert drawing.word == "nose" and result.simplified and not result.skipped and not result.splits
    assert [stroke.tolist() for stroke in drawing.strokes] == [[[167, 140], [109, 194], [80, 227]], [[31, 4]]]


def test_reads_the_raw_form_and_says_that_it_is_not_simplified(tmp_path: Path) -> None:
    result = read(tmp_path, RAW)
    (drawing,) = result.drawings
    assert not result.simplified
    first, second = (stroke.tolist() for stroke in drawing.strokes)
    assert first == [[1167.5, 140], [109, 194], [80.25, 227]] and second == [[31, 4], [32, 5]]


def test_one_raw_drawing_makes_the_file_raw(tmp_path: Path) -> None:
    assert not read(tmp_path, SIMPLIFIED, RAW, SIMPLIFIED).simplified


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "whole JSON"),
        (GOOD[:-9], "whole JSON"),
        (b"\xff\xfe{}", "whole JSON"),
        ("[" * 100_000, "whole JSON"),
        ('{"drawing":' + "[" * 100_000, "whole JSON"),
        ('{"drawing":[[[' + "9" * 5000 + ",1],[2,3]]]}", "whole JSON"),
        ("null", "no strokes"),
        ("5", "no strokes"),
        ("[]", "no strokes"),
        ("{}", "no strokes"),
        ('{"drawing":[]}', "no strokes"),
        ('{"drawing":{"0":[[1],[2]]}}', "no strokes"),
        ('{"drawing":[5]}', "pair of lists"),
        ('{"drawing":[[[1,2]]]}', "pair of lists"),
        ('{"drawing":[[[1],[2],[3],[4]]]}', "pair of lists"),
        ('{"drawing":["ab"]}', "pair of lists"),
        ('{"drawing":[[[1,2],[3]]]}', "as many x as y"),
        ('{"drawing":[[["1",2],[3,4]]]}', "not numbers"),
        ('{"drawing":[[[true,2],[3,4]]]}', "not numbers"),
        ('{"drawing":[[[null,2],[3,4]]]}', "not numbers"),
        ('{"drawing":[[[[1],2],[3,4]]]}', "not numbers"),
        ('{"drawing":[[[NaN,2],[3,4]]]}', "ordinary numbers"),
        ('{"drawing":[[[-Infinity,2],[3,4]]]}', "ordinary numbers"),
        ('{"drawing":[[[1e400,2],[3,4]]]}', "ordinary numbers"),
        ('{"drawing":[[[1e8,2],[3,4]]]}', "ordinary numbers"),
        ('{"drawing":[[[' + "9" * 400 + ",1],[2,3]]]}", "x, y numbers"),
        ('{"drawing":[[[],[]]]}', "no points"),
        (json.dumps({"drawing": [[list(range(50_000)), list(range(50_000))]]}), "more than 20,000 points"),
    ],
)
def test_a_line_that_is_no_drawing_is_skipped_with_its_reason(tmp_path: Path, line: str | bytes, reason: str) -> None:
    result = read(tmp_path, GOOD, line, line, GOOD)
    assert len(result.drawings) == 2
    ((text, count),) = result.skipped.items()
    assert reason in text and count == 2
    with pytest.raises(BadFileError, match=r"drawings\.ndjson holds no drawing"):
        read(tmp_path, line)


def test_a_drawing_of_one_point_is_a_dot(tmp_path: Path) -> None:
    (drawing,) = read(tmp_path, '{"drawing":[[[7],[8]]]}').drawings
    assert [stroke.tolist() for stroke in drawing.strokes] == [[[7, 8]]] and drawing.word == ""


def test_empty_strokes_and_blank_lines_are_nothing_to_speak_of(tmp_path: Path) -> None:
    result = read(tmp_path, "", '{"drawing":[[[],[]],[[1,2],[3,4]]]}', "  \t ")
    assert len(result.drawings[0].strokes) == 1 and not result.skipped


@pytest.mark.parametrize(("word", "expected"), [(5, ""), (None, ""), (["cat"], ""), ("家", "家"), ("x" * 99, "x" * 80)])
def test_a_word_is_text_of_a_bounded_length(tmp_path: Path, word: Any, expected: str) -> None:
    assert read(tmp_path, json.dumps({"word": word, "drawing": [[[0], [0]]]})).drawings[0].word == expected


def test_the_last_line_may_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.ndjson"
    path.write_text(f"{GOOD}\n{GOOD}\n{GOOD[:-20]}")
    assert len(read_ndjson(path).drawings) == 2
    path.write_text(f"{GOOD}\r\n{GOOD}")  # no newline at the end, and Windows' own elsewhere
    assert len(read_ndjson(path).drawings) == 2


def test_a_limit_reads_no_further(tmp_path: Path) -> None:
    result = read(tmp_path, GOOD, GOOD, "bad", GOOD, limit=2)
    assert len(result.drawings) == 2 and not result.skipped


def test_a_limit_of_none_at_all_gives_none(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD, limit=0).drawings == []


def test_no_more_than_the_bound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_DRAWINGS", 3)
    assert len(read(tmp_path, *[GOOD] * 5).drawings) == 3
    assert len(read(tmp_path, *[GOOD] * 5, limit=9).drawings) == 3


def test_an_endless_line_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINE_BYTES", 1000)
    tracemalloc.start()
    try:
        with pytest.raises(BadFileError, match=r"drawings\.ndjson has a line of more than"):
            read(tmp_path, GOOD, b"")
            path = tmp_path / "drawings.ndjson"
            with path.open("ab") as file:
                file.truncate(50_000_000)  # zeros without end, and without a newline
            tracemalloc.reset_peak()
            read_ndjson(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_file_beyond_its_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_BYTES", 50)
    with pytest.raises(BadFileError, match="larger"):
        read(tmp_path, GOOD, GOOD)


def test_a_missing_file_a_folder_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.ndjson", tmp_path):
        with pytest.raises(BadFileError, match="cannot be read"):
            read_ndjson(path)
    with pytest.raises(BadFileError, match="no drawing"):
        read(tmp_path)


strokes = st.lists(
    st.lists(st.tuples(st.integers(-99_999, 99_999), st.integers(-99_999, 99_999)), min_size=1, max_size=5),
    min_size=1,
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strokes, st.text(max_size=20))
def test_what_is_written_reads_back_to_a_hundredth(
    tmp_path: Path, hundredths: list[list[tuple[int, int]]], word: str
) -> None:
    drawing = make_drawing([[(x / 100, y / 100) for x, y in stroke] for stroke in hundredths], word)
    line = to_ndjson_line(drawing)
    assert line.endswith("\n") and line.count("\n") == 1
    (found,) = read(tmp_path, line).drawings
    assert found.word == word and len(found.strokes) == len(drawing.strokes)
    for stroke, expected in zip(found.strokes, drawing.strokes, strict=True):
        np.testing.assert_array_equal(stroke, expected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_give_drawings_or_a_bad_file(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(f"{SIMPLIFIED}\n{RAW}\n{GOOD}\n".encode())
    for _ in range(data.draw(st.integers(0, 6))):
        byte = data.draw(st.one_of(st.sampled_from(b'0123456789-eE.[]{},:"\\\nNaInf'), st.integers(0, 255)))
        whole[data.draw(st.integers(0, len(whole) - 1))] = byte
    path = tmp_path / "damaged.ndjson"
    path.write_bytes(whole[: data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))])
    try:
        result = read_ndjson(path)
        assert result.drawings
        assert all(np.isfinite(stroke).all() for drawing in result.drawings for stroke in drawing.strokes)
    except BadFileError as error:
        assert "damaged.ndjson" in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(json_values, max_size=3), json_values)
def test_any_json_gives_drawings_or_a_bad_file(tmp_path: Path, drawing: list[Any], word: Any) -> None:
    try:
        assert read(tmp_path, json.dumps({"word": word, "drawing": drawing})).drawings
    except BadFileError as error:
        assert "drawings.ndjson" in str(error)


@pytest.mark.parametrize(
    ("name", "readable"),
    [("a.ndjson", True), ("A.NPZ", True), ("a.Svg", True), ("a.json", False), ("svg", False), ("a.svg.txt", False)],
)
def test_files_of_drawings_are_known_by_their_ending(tmp_path: Path, name: str, readable: bool) -> None:
    assert is_drawing_file(tmp_path / name) is readable
    with pytest.raises(BadFileError, match="cannot be read" if readable else "of no kind"):
        read_drawings(tmp_path / name)
