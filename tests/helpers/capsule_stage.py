"""What the pages of the Capsule lab need around them: a session with a model of a few units, and a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from gui.capsule_lab.page import CapsulePage
from gui.capsule_lab.session import CAPSULES, CapsuleSession
from gui.capsule_lab.subject import SubjectModel
from gui.capsule_lab.viewing import Viewing
from gui.messages import Messages


def blob(side: int = 28) -> NDArray[np.float32]:
    """A picture with some ink."""
    made = np.zeros((side, side), np.float32)
    made[6:20, 11:15] = 1.0
    made[6:9, 11:21] = 0.8
    return made


@contextmanager
def stage(qtbot: QtBot, path: Path) -> Iterator[Viewing]:
    """A viewing of `blob` by the model in a file, which has been seen."""
    session = CapsuleSession(Messages())
    viewing = Viewing(session, SubjectModel())
    try:
        viewing.subject_model.update(picture=blob())
        session.open(CAPSULES, path)
        qtbot.waitUntil(lambda: viewing.now is not None and not session.busy)
        yield viewing
    finally:
        session.shut_down()


def shown(qtbot: QtBot, make: Callable[[], CapsulePage], width: int = 900, height: int = 640) -> CapsulePage:
    """A page that somebody looks at."""
    page = make()
    qtbot.addWidget(page)
    page.resize(width, height)
    page.show()
    return page
