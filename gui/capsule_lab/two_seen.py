"""What a network makes of two digits over each other: which answer belongs to which, and whether that is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.placement import Placement

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pair:
    """Two pictures [h, w], how each lies on the ground, and its class where that is known."""

    pictures: tuple[Array, Array]
    placements: tuple[Placement, Placement]
    labels: tuple[int | None, int | None]


@dataclass(frozen=True, eq=False)
class Seen:
    """The ground [S, S], each digit on it alone [2, S, S], lengths [j], and each capsule redrawn, [j, S, S].

    Without a decoder nothing is redrawn. The labels are those of the pair, which may not be the one that lies there by
    now.
    """

    ground: Array
    parts: Array
    lengths: Array
    redrawn: Array | None
    labels: tuple[int | None, int | None]

    @property
    def order(self) -> list[int]:
        """The classes, the longest capsule first."""
        order: list[int] = np.argsort(-self.lengths, kind="stable").tolist()
        return order

    @property
    def found(self) -> tuple[int, int]:
        """The two longest; that of the first digit comes first, as far as labels tell."""
        a, b = self.order[:2]
        first, second = self.labels
        straight, crossed = (a == first) + (b == second), (b == first) + (a == second)
        return (b, a) if crossed > straight else (a, b)

    def found_names(self, names: tuple[str, ...]) -> str:
        """The two that are found, in the order of the classes."""
        return " and ".join(names[j] for j in sorted(self.found))

    def absent(self, wanted: int | None) -> list[int]:
        """The classes that were not found, the longest first; before them the one that is `wanted`, whichever it is."""
        return [*([] if wanted is None else [wanted]), *(j for j in self.order[2:] if j != wanted)]

    def verdict(self, names: tuple[str, ...]) -> str:
        """Which two the network sees, and whether they are the true ones where those are known."""
        text = f"The network sees {self.found_names(names)}"
        first, second = self.labels
        if first is None or second is None:
            return f"{text}."
        if first == second:
            return f"{text}; both are of one class, which has one capsule."
        right = len({first, second} & set(self.found))
        return f"{text}: " + ("neither right.", "one right.", "both right.")[right]


def see(pair: Pair, model: CapsuleModel) -> Seen:
    """Lay the two on the model's ground, where ink adds up to at most 1, and look."""
    from engine.capsules.model import placed

    parts = np.concatenate([
        placed(picture, [placement], model.side)
        for picture, placement in zip(pair.pictures, pair.placements, strict=True)
    ])
    ground: Array = np.minimum(parts.sum(axis=0), 1)
    capsules = model.capsules(ground[None])[0]
    redrawn = model.reconstruct(capsules, range(len(capsules))) if model.can_reconstruct else None
    return Seen(ground, parts, np.linalg.norm(capsules, axis=1), redrawn, pair.labels)
