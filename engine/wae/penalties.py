"""What the networks minimise: the cost of a reconstruction and the penalties that pull the codes towards the prior."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional as F

from engine.evaluation.mmd import IMQ_SCALES, imq_base, mmd_imq, mmd_rbf


def reconstruction_cost(data: Tensor, output: Tensor, cost: str) -> Tensor:
    """Mean over the batch of c(x, G(z)), summed over an example's values (Tolstikhin et al. 2018, section 4).

    Points [n, 2] are compared with the decoder's `output` as it is. Pictures [n, C, H, W], in [-1, 1], are compared
    with its tanh, and both count as values from 0 to 1. "cross-entropy" is that of a Bernoulli decoder (Kingma and
    Welling 2014, appendix C.1) and for pictures alone.
    """
    if data.dim() == 2:
        difference = data - output
    elif cost == "cross-entropy":
        # (tanh(a) + 1) / 2 is the logistic function of 2a.
        total = F.binary_cross_entropy_with_logits(2 * output, (data + 1) / 2, reduction="sum")
        return total / len(data)
    else:
        difference = (data - output.tanh()) / 2
    total = difference.abs().sum() if cost == "absolute" else difference.square().sum()
    return total / len(data)


def mmd_penalty(latent: Tensor, prior: Tensor, sigma: float, kernel: str, scales: str) -> Tensor:
    """The unbiased estimate of MMD^2 between codes and draws of the prior, both [n, d] (algorithm 2); may be negative.

    `kernel` is "imq", C / (C + |x - y|^2), or "rbf", exp(-|x - y|^2 / C), where C is 2 d sigma^2, the expected squared
    distance of two draws, times 1 or, for `scales` of "seven", each of seven.
    """
    base = imq_base(latent.shape[1], sigma)
    factors = IMQ_SCALES if scales == "seven" else (1.0,)
    if kernel == "imq":
        return mmd_imq(latent, prior, factors, base)
    return mmd_rbf(latent, prior, [math.sqrt(factor * base / 2) for factor in factors])


def gaussian_divergence(mean: Tensor, log_variance: Tensor, sigma: float) -> Tensor:
    """Mean over the batch of KL(N(mean, variance) || N(0, sigma^2 I)) in nats (Kingma and Welling 2014, appendix B)."""
    ratio = (log_variance.exp() + mean.square()) / sigma**2
    log_ratio = log_variance - 2 * math.log(sigma)
    return 0.5 * (ratio - 1 - log_ratio).sum(dim=1).mean()


def critic_loss(prior_logits: Tensor, latent_logits: Tensor) -> Tensor:
    """-E log D(prior) - E log(1 - D(codes)), which WAE-GAN's critic minimises (algorithm 1)."""
    return F.softplus(-prior_logits).mean() + F.softplus(latent_logits).mean()


def adversarial_penalty(latent_logits: Tensor) -> Tensor:
    """-E log D(codes), which the encoder minimises (algorithm 1)."""
    return F.softplus(-latent_logits).mean()
