"""Pictures of the real app, for the documentation: `python -m gui.screenshots --out docs/pictures`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QTimer
from PySide6.QtGui import QPixmap

from engine.errors import SaveError
from engine.runtime.atomic import write_bytes
from gui import app as application
from gui.lab import LABS, Lab, LabEntry
from gui.window import MainWindow

SIZES = ((1280, 800), (1920, 1080))
THEMES = ("light", "dark")
_LONGEST_WAIT_MS = 120_000
_LOOK_EVERY_MS = 50


def main(argv: list[str] | None = None) -> int:
    """Write one picture for each theme, size, lab and scene; returns 1 when a lab does not settle."""
    parser = argparse.ArgumentParser(prog="gui.screenshots", description="Take pictures of every lab.")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="the folder for the PNG files")
    out: Path = parser.parse_args(argv).out
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        # The pictures show what a new machine shows, and the person's own settings stay as they are.
        os.environ["MORPHOSPACE_HOME"] = home
        try:
            for path in take(out):
                print(path)
        except (TimeoutError, SaveError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def take(out: Path, labs: Sequence[LabEntry] = LABS, sizes: Sequence[tuple[int, int]] = SIZES) -> list[Path]:
    """Open the app and write `LAB[-SCENE]-THEME-WIDTHxHEIGHT.png` files to `out`.

    A lab may offer `screenshot_scenes()`, functions by name that bring it into a state worth showing, and
    `is_settled()`, false while it is still working. Raises `TimeoutError` and `SaveError`.
    """
    _app, window = application.build([], labs)
    written: list[Path] = []
    try:
        window.show()
        for entry in labs:
            lab = _opened(window, entry)
            for scene, bring_about in _scenes(lab).items():
                for width, height in sizes:
                    window.resize(width, height)
                    _settle(lab, f"{entry.title}{scene}")
                    # In its final size: what a scene draws is placed on the paper that is there.
                    bring_about()
                    for theme in THEMES:
                        window.context.theme.mode = theme
                        _settle(lab, f"{entry.title}{scene}")
                        path = out / f"{entry.name}{scene}-{theme}-{width}x{height}.png"
                        write_bytes(path, png(window.grab()))
                        written.append(path)
    finally:
        window.close()
        window.deleteLater()
    return written


def png(picture: QPixmap) -> bytes:
    """The picture as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data().data())


def _scenes(lab: Lab) -> Mapping[str, Callable[[], None]]:
    """File name part -> function; the lab as it starts when it offers no scenes."""
    offered = getattr(lab, "screenshot_scenes", None)
    if offered is None:
        return {"": lambda: None}
    return {f"-{name}": bring_about for name, bring_about in offered().items()}


def _opened(window: MainWindow, entry: LabEntry) -> Lab:
    window.show_lab(entry.name)
    _wait(
        lambda: window.lab is not None and window.lab.name == entry.name, f"The {entry.title} lab could not be opened."
    )
    assert window.lab is not None
    return window.lab


def _settle(lab: Lab, what: str) -> None:
    settled: Callable[[], bool] = getattr(lab, "is_settled", lambda: True)
    _wait(settled, f"{what} was still working after {_LONGEST_WAIT_MS // 1000} seconds, so no picture was taken.")


def _wait(is_reached: Callable[[], bool], otherwise: str) -> None:
    """Run the event loop until `is_reached`, at least for one round, so that resizing and painting happen."""
    loop = QEventLoop()
    look = QTimer()
    look.setInterval(_LOOK_EVERY_MS)
    look.timeout.connect(lambda: loop.quit() if is_reached() else None)
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(lambda: loop.exit(1))
    look.start()
    limit.start(_LONGEST_WAIT_MS)
    if loop.exec() == 1:
        raise TimeoutError(otherwise)


if __name__ == "__main__":
    raise SystemExit(main())
