"""Sketch-RNN: encoder, latent vector and decoder (Ha and Eck 2018, section 3.2).

Sequences are time first. A batch of stroke-5 is [T + 1, B, 5] with the start token (0, 0, 1, 0, 0) first; the decoder
reads points 0 .. T-1 and predicts points 1 .. T. Beside the point, the decoder is given a conditioning vector that
stays the same for the whole drawing: z, one number that says whether z is there at all, and the learned vector of the
category, whose last row stands for "any category". A model without z and categories has an empty conditioning vector
and is the paper's decoder-only model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.sketch.cells import make_cell
from engine.sketch.config import SketchModelConfig
from engine.sketch.lstm import reverse_by_length
from engine.sketch.mixture import Mixture, kl_divergence, reconstruction_loss

START_TOKEN = (0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Posterior:
    """q(z | S): mean [B, N_z] and log variance [B, N_z] (the paper's mu and sigma-hat)."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """z = mu + exp(sigma-hat / 2) * noise."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise


class TrainingBatch(NamedTuple):
    """points [T + 1, B, 5] with the start token, lengths [B] and category indices [B], on the model's device."""

    points: Tensor
    lengths: Tensor
    categories: Tensor


class DropRates(NamedTuple):
    """Chances that a drawing is decoded without its z and without its category."""

    latent: float = 0.0
    category: float = 0.0


class LossTerms(NamedTuple):
    """L_s, L_p (their sum is L_R) and L_KL, scalars."""

    offsets: Tensor
    pen: Tensor
    divergence: Tensor


class Encoder(nn.Module):
    """Bidirectional LSTM over a drawing; its two last states give the posterior (eq. 1 and 2)."""

    def __init__(self, config: SketchModelConfig) -> None:
        """Both directions and the posterior's two layers, in the sizes of `config`."""
        super().__init__()
        self.forward_cell = make_cell("lstm", 5, config.encoder_size, config.recurrent_keep)
        self.backward_cell = make_cell("lstm", 5, config.encoder_size, config.recurrent_keep)
        self.mean = nn.Linear(2 * config.encoder_size, config.latent_size)
        self.log_variance = nn.Linear(2 * config.encoder_size, config.latent_size)
        for layer in (self.mean, self.log_variance):
            nn.init.normal_(layer.weight, std=0.001)
            nn.init.zeros_(layer.bias)

    def forward(self, points: Tensor, lengths: Tensor, noise: torch.Generator | None = None) -> Posterior:
        """Posterior of drawings `points` [T, B, 5] without the start token, of `lengths` [B] points."""
        start = points.new_zeros(points.shape[1], self.forward_cell.hidden_size)
        state = self.forward_cell.initial_state(start, start)
        _, ahead = self.forward_cell.sequence(points, state, lengths=lengths, dropout=noise)
        turned = reverse_by_length(points, lengths)
        _, back = self.backward_cell.sequence(turned, state, lengths=lengths, dropout=noise)
        last = torch.cat([self.forward_cell.output(ahead), self.backward_cell.output(back)], dim=1)
        # In full precision also under autocast: the divergence is a small difference of these.
        with torch.autocast(points.device.type, enabled=False):
            return Posterior(self.mean(last.float()), self.log_variance(last.float()))


class SketchRNN(nn.Module):
    """The whole model. Build it from a `SketchModelConfig`; its parameters are what a checkpoint holds."""

    def __init__(self, config: SketchModelConfig) -> None:
        """Random weights from torch's global generator."""
        super().__init__()
        self.config = config
        self.has_encoder = config.mode == "vae"
        latent = config.latent_size + 1 if self.has_encoder else 0
        self.condition_size = latent + config.class_size
        if self.has_encoder:
            self.encoder = Encoder(config)
        if config.class_size:
            self.category = nn.Embedding(len(config.categories) + 1, config.class_size)
            nn.init.normal_(self.category.weight, std=0.3)
        inputs = 5 + self.condition_size
        self.decoder = make_cell(config.decoder_cell, inputs, config.decoder_size, config.recurrent_keep)
        if self.condition_size:
            self.initial = nn.Linear(self.condition_size, 2 * config.decoder_size)
            nn.init.normal_(self.initial.weight, std=0.001)
            nn.init.zeros_(self.initial.bias)
        self.output = nn.Linear(config.decoder_size, 6 * config.mixtures + 3)

    @property
    def any_category(self) -> int:
        """The index that stands for "any category"."""
        return len(self.config.categories)

    def condition(self, latent: Tensor | None, latent_given: Tensor | None, categories: Tensor) -> Tensor:
        """The conditioning vector [B, C] of `categories` [B] and, with an encoder, z [B, N_z].

        `latent_given` [B] is 1 where z counts and 0 where it is left out; without `latent` it is left out for all.
        """
        parts = []
        if self.has_encoder:
            if latent is None or latent_given is None:
                parts.append(self.output.weight.new_zeros(len(categories), self.config.latent_size + 1))
            else:
                given = latent_given.unsqueeze(1)
                parts += [latent * given, given]
        if self.config.class_size:
            parts.append(self.category(categories))
        return torch.cat(parts, dim=1) if parts else self.output.weight.new_zeros(len(categories), 0)

    def first_state(self, condition: Tensor) -> tuple[Tensor, ...]:
        """The decoder's state before the first point: [h0, c0] = tanh(W_z z + b_z) (section 3.2)."""
        if self.condition_size:
            h0, c0 = torch.tanh(self.initial(condition)).chunk(2, dim=1)
        else:
            h0 = c0 = condition.new_zeros(len(condition), self.config.decoder_size)
        return self.decoder.initial_state(h0.contiguous(), c0.contiguous())

    def decode(self, points: Tensor, condition: Tensor, dropout: torch.Generator | None = None) -> Mixture:
        """Mixture for the point after each of `points` [T, B, 5] (start token first), given `condition` [B, C]."""
        state = self.first_state(condition)
        given = condition if self.condition_size else None
        hidden, _ = self.decoder.sequence(points, state, condition=given, dropout=dropout)
        # In full precision whatever the recurrence runs in: rounded means and widths are another density.
        with torch.autocast(points.device.type, enabled=False):
            return Mixture.from_output(self.output(hidden.float()))

    def forward(self, batch: TrainingBatch, weights: DropRates, longest: int, noise: torch.Generator) -> LossTerms:
        """The three terms of the loss of a batch; all random numbers come from `noise`."""
        points, count = batch.points, batch.points.shape[1]
        target = points[1:]
        device = noise.device
        categories = torch.where(
            torch.rand(count, generator=noise, device=device) < weights.category, self.any_category, batch.categories
        )
        latent = given = None
        divergence = self.output.weight.new_zeros(())
        if self.has_encoder:
            posterior = self.encoder(target, batch.lengths, noise)
            latent = posterior.sample(torch.randn(count, self.config.latent_size, generator=noise, device=device))
            given = (torch.rand(count, generator=noise, device=device) >= weights.latent).float()
            divergence = kl_divergence(posterior.mean, posterior.log_variance)
        mixture = self.decode(points[:-1], self.condition(latent, given, categories), dropout=noise)
        offsets, pen = reconstruction_loss(mixture, target, longest)
        return LossTerms(offsets, pen, divergence)
