"""The decoder's output distribution: a mixture of bivariate Gaussians and three pen states (eq. 1 to 7 and 9).

The last layer gives 6 M + 3 numbers for each point, in the order of the published weights: 3 pen logits, then M each of
mixture logits, mu_x, mu_y, log sigma_x, log sigma_y and atanh rho.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

LOG_2PI = math.log(2 * math.pi)
# Beyond this |atanh rho| the covariance is singular in float32 and the density of a point off the axis overflows.
RHO_LIMIT = 6.0


@dataclass(frozen=True)
class Mixture:
    """Parameters for any number of points ([...]): logits [..., M], means, log sigmas, atanh rho, pen [..., 3]."""

    logits: Tensor
    mu_x: Tensor
    mu_y: Tensor
    log_sigma_x: Tensor
    log_sigma_y: Tensor
    rho_hat: Tensor
    pen_logits: Tensor

    @classmethod
    def from_output(cls, output: Tensor) -> Mixture:
        """Split the last layer's output [..., 6 M + 3]."""
        pen = output[..., :3]
        logits, mu_x, mu_y, log_sigma_x, log_sigma_y, rho_hat = output[..., 3:].chunk(6, dim=-1)
        return cls(logits, mu_x, mu_y, log_sigma_x, log_sigma_y, rho_hat.clamp(-RHO_LIMIT, RHO_LIMIT), pen)

    @property
    def weights(self) -> Tensor:
        """Pi, the mixture weights [..., M]; they sum to 1."""
        return self.logits.softmax(dim=-1)

    @property
    def rho(self) -> Tensor:
        """Correlations [..., M]."""
        return self.rho_hat.tanh()

    def log_density(self, x: Tensor, y: Tensor) -> Tensor:
        """log p(x, y) [...] of offsets x, y [...], by log-sum-exp over the components (eq. 9's inner sum)."""
        # With rho = tanh(r): log(1 - rho^2), and along the axes x + y and x - y the form
        # (dx^2 + dy^2 - 2 rho dx dy) / (1 - rho^2), both written so that nothing cancels where rho is close to 1.
        size = self.rho_hat.abs()
        log_one_minus = 2 * (math.log(2) - size - functional.softplus(-2 * size))
        dx = (x.unsqueeze(-1) - self.mu_x) * torch.exp(-self.log_sigma_x)
        dy = (y.unsqueeze(-1) - self.mu_y) * torch.exp(-self.log_sigma_y)
        grown = torch.exp(2 * self.rho_hat)
        square = 0.25 * ((dx + dy).square() * (1 + 1 / grown) + (dx - dy).square() * (1 + grown))
        log_normal = -LOG_2PI - self.log_sigma_x - self.log_sigma_y - 0.5 * log_one_minus - 0.5 * square
        return torch.logsumexp(functional.log_softmax(self.logits, dim=-1) + log_normal, dim=-1)

    def pen_log_probability(self, pen: Tensor) -> Tensor:
        """log q of one-hot pen states [..., 3]."""
        return (functional.log_softmax(self.pen_logits, dim=-1) * pen).sum(dim=-1)


def reconstruction_loss(mixture: Mixture, target: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """L_s and L_p of a batch of stroke-5 targets [T, B, 5] (eq. 9), each a mean over the B drawings.

    Both sums are divided by N_max = `longest`. L_s leaves out the points after a drawing's end; L_p does not. T may be
    smaller than N_max when every drawing of the batch has ended by then: the L_p of the points that are not computed
    is left out.
    """
    batch = target.shape[1]
    offsets = mixture.log_density(target[..., 0], target[..., 1])
    alive = 1 - target[..., 4]
    scale = 1.0 / (longest * batch)
    # torch.where and not a product: a density after the end may overflow, and 0 * inf is NaN.
    loss_offsets = -torch.where(alive > 0.5, offsets, offsets.new_zeros(())).sum() * scale
    loss_pen = -mixture.pen_log_probability(target[..., 2:]).sum() * scale
    return loss_offsets, loss_pen


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """L_KL of q(z|S) = N(mean, exp(log_variance)) [B, N_z] from N(0, I), over N_z, mean over the batch (eq. 10)."""
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).mean()
