"""What the pages of the Capsule lab need around them: a session with a model of a few units, and a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from engine.capsules.config import KIND
from engine.capsules.ranges import held_out_digits
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from gui.capsule_lab.session import CAPSULES, CapsuleSession
from gui.capsule_lab.subject import SubjectModel
from gui.capsule_lab.viewing import Viewing
from gui.messages import Messages
from tests.helpers.tiny_capsules import tiny_capsules


def blob(side: int = 28) -> NDArray[np.float32]:
    """A picture with some ink."""
    made = np.zeros((side, side), np.float32)
    made[6:20, 11:15] = 1.0
    made[6:9, 11:21] = 0.8
    return made


@cache
def digits(side: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """`held_out_digits`, which are read once for all tests of a file."""
    return held_out_digits(side, count)


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


def vivid_capsules(path: Path, **config: Any) -> Path:
    """`tiny_capsules` with a decoder so strong that it draws another picture of another capsule, untrained as it is."""
    tensors, header = load_checkpoint(tiny_capsules(path, **config), KIND)
    stronger = {name: each * 8 if name.startswith("decoder") else each for name, each in tensors.items()}
    save_checkpoint(path, stronger, header)
    return path
