"""Figures of an auto-encoder's quality, the same ones for every method."""

from __future__ import annotations

from engine.data.source import DataSource
from engine.evaluation.mmd import imq_base, mmd_imq
from engine.evaluation.sample_measures import sample_measures
from engine.wae.stage import Stage

MEASURED_SAMPLES = 2000


def measure(stage: Stage, source: DataSource) -> dict[str, float]:
    """`sample_measures` of samples from the prior, and of held-out examples:

    reconstruction_error: mean squared error of a value, of pictures from 0 to 1. latent_mmd: MMD^2 of their codes Q_Z
    and the prior P_Z by the seven IMQ kernels, whichever the run trains with; near 0 for a match, also below it.
    """
    means, codes = stage.held_out_codes()
    made = stage.decoded(means)
    unit = 0.5 if made.dim() == 4 else 1.0
    base = imq_base(codes.shape[1], stage.prior_sigma)
    return {
        **sample_measures(source, stage.samples(MEASURED_SAMPLES)),
        "reconstruction_error": float((unit * (made - stage.examples)).square().mean()),
        "latent_mmd": float(mmd_imq(codes.cpu(), stage.prior[: len(codes)], base=base)),
    }
