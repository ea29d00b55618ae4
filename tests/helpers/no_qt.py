"""A pytest plugin (`-p tests.helpers.no_qt`) that makes Qt and the `gui` package impossible to import.

The engine's tests run under it, so an import that sneaks in through a function body fails as well as one at the top of
a module.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

REFUSED = frozenset({"PySide6", "shiboken6", "pyqtgraph", "pytestqt", "qtpy", "superqt", "qtawesome", "gui"})


class Refusal(MetaPathFinder):
    """Refuses the packages in `REFUSED` and leaves every other import alone."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for any other module; raises `ModuleNotFoundError` for a refused one."""
        if fullname.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"{fullname} is blocked: the engine's tests run without Qt.", name=fullname)
        return None


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Keep pytest-qt from loading (it would import Qt), and declare its settings, which stand in pyproject.toml."""
    pluginmanager.set_blocked("pytest-qt")
    for name in ("qt_api", "qt_log_level_fail"):
        parser.addini(name, "pytest-qt is not loaded")
    parser.addini("qt_log_ignore", "pytest-qt is not loaded", type="linelist")
    sys.meta_path.insert(0, Refusal())
