"""Where things are on disk: what ships with the program, and what belongs to the person who uses it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
SHIPPED_MODELS = ASSETS / "checkpoints"


def home() -> Path:
    """The person's own folder for models, runs and downloads; the variable MORPHOSPACE_HOME moves it elsewhere."""
    override = os.environ.get("MORPHOSPACE_HOME")
    return Path(override) if override else Path(platformdirs.user_data_dir("morphospace", appauthor=False))


def models() -> Path:
    """The person's own and imported models."""
    return home() / "models"


def runs() -> Path:
    """Training runs started in the app or on the command line."""
    return home() / "runs"


def downloads() -> Path:
    """Files fetched from the network, each checked before use."""
    return home() / "downloads"
