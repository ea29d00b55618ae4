"""Figures of an auto-encoder's quality on held-out examples, the same way for every method."""

from __future__ import annotations

from engine.data.source import DataSource
from engine.wae.penalties import mmd_penalty
from engine.wae.stage import Stage


def measure(stage: Stage, source: DataSource) -> dict[str, float]:
    """reconstruction_error: mean squared error of a value, of pictures from 0 to 1. mmd: of Q_Z to P_Z, by the seven
    kernels whichever the run trains with."""
    codes = stage.held_out_codes()
    made = stage.decoded(codes)
    found = {
        "reconstruction_error": float(((made - stage.examples) * (0.5 if made.dim() == 4 else 1.0)).square().mean()),
        "mmd": float(mmd_penalty(codes.cpu(), stage.prior[: len(codes)], stage.prior_sigma, "imq", "seven")),
    }
    return found
