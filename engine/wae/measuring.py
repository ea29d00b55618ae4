"""Figures of an auto-encoder's quality, the same ones for every method."""

from __future__ import annotations

from torch import Tensor, from_numpy

from engine.data.source import DataSource
from engine.evaluation.mmd import imq_base, mmd_imq
from engine.evaluation.sample_measures import sample_measures
from engine.wae.model import AutoEncoderModel
from engine.wae.stage import CODES, Stage

MEASURED_SAMPLES = 2000


def measure(stage: Stage, source: DataSource) -> dict[str, float]:
    """`sample_measures` of samples from the prior, and of held-out examples:

    reconstruction_error: mean squared error of a value, of pictures from 0 to 1. latent_mmd: MMD^2 of their codes Q_Z
    and the prior P_Z by the seven IMQ kernels, whichever the run trains with; near 0 for a match, also below it. A
    single held-out example has no latent_mmd.
    """
    means, codes = stage.held_out_codes()
    return {
        **sample_measures(source, stage.samples(MEASURED_SAMPLES)),
        "reconstruction_error": _error(stage.examples, stage.decoded(means)),
        **_match(codes.cpu(), stage.prior, stage.prior_sigma),
    }


def measure_model(model: AutoEncoderModel, source: DataSource, count: int, seed: int) -> dict[str, float]:
    """`measure` of a trained model, with `count` samples and as many held-out examples (or all there are)."""
    examples = source.held_out(count)[0]
    codes, prior = model.encode(examples[:CODES].numpy(), seed), model.latents(CODES, seed + 1)
    return {
        **sample_measures(source, model.generated(model.latents(count, seed))),
        "reconstruction_error": _error(examples, model.generated(model.encode(examples.numpy()))),
        **_match(from_numpy(codes), from_numpy(prior), model.prior_sigma),
    }


def _error(examples: Tensor, reconstructions: Tensor) -> float:
    unit = 0.5 if examples.dim() == 4 else 1.0
    return float((unit * (reconstructions - examples)).square().mean())


def _match(codes: Tensor, prior: Tensor, prior_sigma: float) -> dict[str, float]:
    if len(codes) < 2:
        return {}
    base = imq_base(codes.shape[1], prior_sigma)
    return {"latent_mmd": float(mmd_imq(codes, prior[: len(codes)], base=base))}
