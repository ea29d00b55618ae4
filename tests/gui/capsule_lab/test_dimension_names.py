"""Names of dimensions are remembered for each model and class, and a damaged entry loses nothing else."""

from __future__ import annotations

import pytest

from gui.capsule_lab.dimension_names import LONGEST, DimensionNames
from gui.settings import Settings


def test_names_are_kept_by_model_and_class() -> None:
    settings = Settings()
    names = DimensionNames(settings)
    names.rename("a/b", "7", 3, "  slant of  it ")
    names.rename("a/b", "7", 11, "x" * 100)
    assert settings.save()
    again = DimensionNames(Settings(settings.path))
    assert again.of("a/b", "7") == {3: "slant of it", 11: "x" * LONGEST}
    assert again.of("a", "b 7") == again.of("a/b", "1") == {}


def test_an_empty_name_takes_the_name_away() -> None:
    names = DimensionNames(Settings())
    names.rename("m", "0", 1, "width")
    names.rename("m", "0", 1, "  ")
    assert names.of("m", "0") == {}


@pytest.mark.parametrize("text", ["{", "[1]", '{"x": "a", "-1": "b", "999": "c", "2": 5}', "null"])
def test_what_cannot_be_read_is_not_named(text: str) -> None:
    settings = Settings()
    settings.set("capsule dimensions/m 0", text)
    assert DimensionNames(settings).of("m", "0") == {}
