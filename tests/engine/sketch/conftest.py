"""Drawings to learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.sketch_runs import write_drawings


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with zigzags of 3 to 7 points called cat, and stairs called dog, 30 of each."""
    folder = tmp_path_factory.mktemp("drawings")
    write_drawings(folder / "cat.ndjson", "cat", 30, lambda i, k: (k * 40.0 + i, 200.0 * (k % 2) + i * (k % 3)))
    write_drawings(folder / "dog.ndjson", "dog", 30, lambda i, k: (40.0 * (k // 2), 30.0 * ((k + 1) // 2) + i * k))
    return folder
