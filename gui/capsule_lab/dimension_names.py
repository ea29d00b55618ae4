"""What people call the dimensions of a capsule, remembered for each model and class."""

from __future__ import annotations

import json
from urllib.parse import quote

from gui.settings import Settings

LONGEST = 24  # letters
_MOST = 64  # dimensions


class DimensionNames:
    """The names in the settings."""

    def __init__(self, settings: Settings) -> None:
        """Read and write `settings`."""
        self._settings = settings

    def of(self, model: str, class_name: str) -> dict[int, str]:
        """The names of a class's dimensions, by index; what cannot be read counts as not named."""
        try:
            found = json.loads(self._settings.get(_key(model, class_name), "{}"))
        except ValueError:
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            int(index): name[:LONGEST]
            for index, name in found.items()
            if index.isascii() and index.isdecimal() and len(index) < 4 and int(index) < _MOST and isinstance(name, str)
        }

    def rename(self, model: str, class_name: str, dimension: int, name: str) -> None:
        """Call a dimension so; "" takes its name away."""
        names = self.of(model, class_name)
        names[dimension] = " ".join(name.split())[:LONGEST]
        kept = {str(index): each for index, each in sorted(names.items()) if each}
        self._settings.set(_key(model, class_name), json.dumps(kept))


def _key(model: str, class_name: str) -> str:
    # A slash would make a group of its own.
    return f"capsule dimensions/{quote(model, safe='')} {quote(class_name, safe='')}"
