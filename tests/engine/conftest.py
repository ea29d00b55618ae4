"""What every test of the engine gets besides."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    """Training flushes denormals in the whole process; the next test computes with them again."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
