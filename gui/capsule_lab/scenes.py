"""States of the Capsule lab that are worth a picture in the documentation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from engine.data.placement import Placement

if TYPE_CHECKING:
    from gui.capsule_lab.lab import CapsuleLab

_DIGIT = 17  # of the test set: a 7


def scenes_of(lab: CapsuleLab) -> dict[str, Callable[[], None]]:
    """Every page, about one test digit that leans a little."""

    def page(index: int) -> None:
        lab.demonstration.end()
        lab.input.choose(_DIGIT)
        lab.subject.update(placement=Placement(rotation=12.0))
        lab.show_page(index)

    return {name: partial(page, index) for index, name in enumerate(("bend", "routing", "train"))}
