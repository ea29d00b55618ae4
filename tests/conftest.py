"""What every test gets: a folder of its own, no screen, few threads, and the promise that silence means pass."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Before anything loads torch or Qt, which read these once; child processes inherit them.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.helpers.silence import pytest_runtest_makereport, silence

__all__ = ["exact_numbers", "own_home", "pytest_runtest_makereport", "session_home", "silence"]

# The same examples each time, and no limit on how long one takes: a busy machine is no defect.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def exact_numbers() -> Iterator[None]:
    """Training in this process has denormals flushed, which hypothesis takes for a broken processor afterwards."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The person's folder as fixtures of a wider scope see it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MORPHOSPACE_HOME", str(tmp_path_factory.mktemp("session_home")))
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's folder: a new one for each test."""
    monkeypatch.setenv("MORPHOSPACE_HOME", str(tmp_path_factory.mktemp("home")))
