"""Kanji from the package: order, units, and the lines that are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from engine.data import kanji
from engine.errors import BadFileError


@pytest.fixture
def kanjivg() -> None:
    try:
        metadata.distribution("kanjivg")
    except metadata.PackageNotFoundError:
        pytest.skip("the package kanjivg is not installed")


@pytest.mark.usefixtures("kanjivg")
def test_characters_come_once_each_in_the_order_of_their_codes() -> None:
    drawings = list(kanji.kanji_drawings(60))
    words = [drawing.word for drawing in drawings]
    assert words == sorted(set(words))
    assert {"!", "0", "A"} <= set(words)
    assert len(kanji._files()) > 6_000


@pytest.mark.usefixtures("kanjivg")
def test_strokes_are_in_the_order_of_writing_and_in_units_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [path for path in kanji._files() if path.stem == "05341"]
    monkeypatch.setattr(kanji, "_files", lambda: files)
    (ten,) = kanji.kanji_drawings()
    assert ten.word == "十"
    across, down = ten.strokes
    assert np.ptp(across, axis=0)[0] > 60 > 10 > np.ptp(across, axis=0)[1]
    assert np.ptp(down, axis=0)[1] > 60 > 10 > np.ptp(down, axis=0)[0]
    assert across[0, 0] < across[-1, 0] and down[0, 1] < down[-1, 1]
    assert all(0 <= side <= 109 for side in ten.box())


@pytest.mark.usefixtures("kanjivg")
def test_writes_simplified_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = list(islice(kanji._files(), 500, 520))
    monkeypatch.setattr(kanji, "_files", lambda: files)
    out = tmp_path / "data" / "kanji.ndjson"
    assert kanji.write_kanji(out) == 20
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [record["key_id"] for record in records] == [chr(int(path.stem, 16)) for path in files]
    for record, drawing in zip(records, kanji.kanji_drawings(), strict=True):
        assert record["word"] == "kanji"
        assert len(record["drawing"]) == len(drawing.strokes)
        numbers = np.concatenate([np.array(stroke).T for stroke in record["drawing"]])
        assert numbers.dtype.kind == "i"
        assert 0 <= numbers.min() < 5 and 250 < numbers.max() <= 255  # simplifying may cut the furthest bend
        assert len(numbers) < drawing.point_count


def test_says_what_to_install_when_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    drawings: Iterator[object] = kanji.kanji_drawings()
    with pytest.raises(BadFileError, match="pip install kanjivg"):
        next(drawings)
