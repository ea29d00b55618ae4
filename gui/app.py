"""The start of the app. Nothing here, and nothing imported from here, may import torch."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from gui.lab import LABS, LabEntry
from gui.messages import Messages
from gui.services import jobs
from gui.settings import Settings
from gui.theme import MODES, ThemeManager
from gui.window import MainWindow


def main(argv: list[str] | None = None) -> int:
    """Run the app until its window is closed; returns the exit status of the process."""
    app, window = build(argv)
    _send_mistakes_to(window.context.messages)
    window.show()
    status = app.exec()
    sys.excepthook = sys.__excepthook__
    if jobs.stragglers():
        # A thread inside one endless step cannot be ended, and Python would wait for it.
        _leave_at_once(status)
    return status


def build(argv: list[str] | None = None, labs: Sequence[LabEntry] = LABS) -> tuple[QApplication, MainWindow]:
    """The application and its window, not yet shown; an application that exists already is used.

    Exits with a sentence on stderr when the arguments are wrong (status 2) or no window can be opened (status 1).
    """
    arguments = _parser(labs).parse_args(argv)
    app = _application()
    settings = Settings()
    theme, messages = ThemeManager(settings), Messages()
    if arguments.theme is not None:
        theme.mode = arguments.theme
    theme.install()
    window = MainWindow(settings, theme, messages, labs=labs, first_lab=arguments.lab, file=arguments.file)
    theme.setParent(window)
    messages.setParent(window)
    return app, window


def version() -> str:
    """The version of the installed package; "unknown" when the program runs from its source alone."""
    try:
        return importlib.metadata.version("morphospace")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _parser(labs: Sequence[LabEntry]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="morphospace", description="Explore generative models by hand.", allow_abbrev=False
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a file to open in the lab")
    parser.add_argument("--lab", choices=[entry.name for entry in labs], help="the lab to start in")
    parser.add_argument("--theme", choices=MODES, help="light or dark colours, or those of the system; kept")
    parser.add_argument("--version", action="version", version=f"Morphospace {version()}")
    return parser


def _application() -> QApplication:
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    complaints: list[str] = []

    def on_message(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if kind == QtMsgType.QtFatalMsg:
            # Qt aborts the process after this call, with a core dump.
            print(_no_window(complaints), file=sys.stderr)
            _leave_at_once(1)
        complaints.append(text)

    before = qInstallMessageHandler(on_message)
    try:
        app = QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(before)
    app.setApplicationName("morphospace")
    app.setApplicationDisplayName("Morphospace")
    app.setDesktopFileName("morphospace")
    return app


def _no_window(complaints: Sequence[str]) -> str:
    reason = "no display was found"
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if has_display and any("xcb-cursor" in text for text in complaints):
        reason = "the system library libxcb-cursor0 is missing"
    return (
        f"Morphospace cannot open a window because {reason}; start it in a desktop session, or over SSH with X11 "
        "forwarding (ssh -X)."
    )


def _send_mistakes_to(messages: Messages) -> None:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        messages.report(error)

    sys.excepthook = hook


def _leave_at_once(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)
