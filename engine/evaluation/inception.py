"""The inception score (Salimans et al. 2016), from the class probabilities of any classifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

SPLITS = 10


@dataclass(frozen=True)
class InceptionScore:
    """Mean and standard deviation over the splits; from 1 (all alike) to the number of classes."""

    mean: float
    std: float


def inception_score(probabilities: NDArray[np.floating], splits: int = SPLITS) -> InceptionScore:
    """exp(E_x KL(p(y|x) || p(y))) of class probabilities [n, k], p(y) being their mean (section 4).

    As in the authors' code it is taken over `splits` consecutive parts of the samples, and the deviation is that of the
    parts as a population. Raises `ValueError` when there are fewer samples than parts.
    """
    if splits < 1 or len(probabilities) < splits:
        raise ValueError(f"{splits} parts need as many samples, not {len(probabilities)}")
    scores = []
    for part in np.array_split(np.asarray(probabilities, np.float64), splits):
        divergences = rel_entr(part, part.mean(axis=0)).sum(axis=1)
        scores.append(np.exp(divergences.mean()))
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))
