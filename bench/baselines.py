"""What the figures compare with: Sketch-RNN written plainly, as public ports write it."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.sketch.model import SketchRNN


class OneByOneSampler:
    """Finishes one drawing at a time with `torch.nn.LSTMCell` in float32, and samples each point with torch."""

    def __init__(self, module: SketchRNN, category: int) -> None:
        """The decoder of `module` for a category, without z."""
        self._module = module
        with torch.no_grad():
            self._condition = module.condition(None, None, torch.tensor([category]))
            cell = module.decoder
            self._cell = nn.LSTMCell(cell.input_size, cell.hidden_size)
            weights = dict(cell.named_parameters())
            self._cell.weight_ih.copy_(weights["weight_ih"])
            self._cell.weight_hh.copy_(weights["weight_hh"])
            self._cell.bias_ih.copy_(weights["bias"])
            self._cell.bias_hh.zero_()

    @torch.no_grad()
    def finish(self, beginning: Tensor, count: int, temperature: float) -> list[tuple[float, float, int]]:
        """`count` points (dx, dy, pen state) after `beginning` [T, 1, 5], which starts with the start token."""
        h, c = self._module.first_state(self._condition)
        for point in beginning:
            h, c = self._cell(torch.cat([point, self._condition], dim=1), (h, c))
        points = []
        for _ in range(count):
            output = self._module.output(h)[0]
            pen = int(torch.multinomial(functional.softmax(output[:3] / temperature, dim=0), 1))
            logits, *parameters = output[3:].chunk(6)
            chosen = int(torch.multinomial(functional.softmax(logits / temperature, dim=0), 1))
            mu_x, mu_y, log_x, log_y, rho_hat = (float(values[chosen]) for values in parameters)
            rho = math.tanh(rho_hat)
            first, second = torch.randn(2).tolist()
            spread = math.sqrt(temperature)
            x = mu_x + spread * math.exp(log_x) * first
            y = mu_y + spread * math.exp(log_y) * (rho * first + math.sqrt(1 - rho * rho) * second)
            points.append((x, y, pen))
            point = torch.zeros(1, 5)
            point[0, 0], point[0, 1], point[0, 2 + pen] = x, y, 1.0
            h, c = self._cell(torch.cat([point, self._condition], dim=1), (h, c))
        return points


class PaddedTrainer:
    """A conditional Sketch-RNN over `torch.nn.LSTM` in float32 whose batches are all padded to the longest drawing."""

    def __init__(self, drawings: list[NDArray[np.float32]], longest: int, batch: int) -> None:
        """Encoder 256, decoder 512, 128 latent dimensions, 20 mixtures."""
        torch.manual_seed(0)
        self._longest, self._batch = longest, batch
        self._rng = np.random.default_rng(0)
        self._padded = np.stack([_padded(drawing, longest) for drawing in drawings])
        self._encoder = nn.LSTM(5, 256, bidirectional=True)
        self._posterior = nn.Linear(512, 256)
        self._initial = nn.Linear(128, 1024)
        self._decoder = nn.LSTM(5 + 128, 512)
        self._output = nn.Linear(512, 6 * 20 + 3)
        layers = (self._encoder, self._posterior, self._initial, self._decoder, self._output)
        self._parameters = [parameter for layer in layers for parameter in layer.parameters()]
        self._optimiser = torch.optim.Adam(self._parameters, lr=1e-3)

    def step(self) -> None:
        """One step on a random batch."""
        chosen = self._rng.choice(len(self._padded), self._batch, replace=False)
        points = torch.from_numpy(self._padded[chosen]).transpose(0, 1)  # [longest + 1, B, 5], start token first
        _, (last, _) = self._encoder(points[1:])
        mean, log_variance = self._posterior(torch.cat([last[0], last[1]], dim=1)).chunk(2, dim=1)
        latent = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        h0, c0 = torch.tanh(self._initial(latent)).chunk(2, dim=1)
        given = torch.cat([points[:-1], latent.expand(len(points) - 1, -1, -1)], dim=2)
        hidden, _ = self._decoder(given, (h0.unsqueeze(0).contiguous(), c0.unsqueeze(0).contiguous()))
        loss = self._reconstruction(self._output(hidden), points[1:])
        loss = loss - 0.25 * (1 + log_variance - mean.square() - log_variance.exp()).mean()
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(self._parameters, 1.0)
        self._optimiser.step()

    def _reconstruction(self, output: Tensor, target: Tensor) -> Tensor:
        logits, mu_x, mu_y, log_x, log_y, rho_hat = output[..., 3:].chunk(6, dim=-1)
        rho = torch.tanh(rho_hat) * 0.999
        x = (target[..., 0:1] - mu_x) / torch.exp(log_x)
        y = (target[..., 1:2] - mu_y) / torch.exp(log_y)
        square = x * x + y * y - 2 * rho * x * y
        free = 1 - rho * rho
        density = -square / (2 * free) - log_x - log_y - 0.5 * torch.log(free) - math.log(2 * math.pi)
        offsets = torch.logsumexp(functional.log_softmax(logits, dim=-1) + density, dim=-1)
        pen = (functional.log_softmax(output[..., :3], dim=-1) * target[..., 2:]).sum(dim=-1)
        return -(offsets * (1 - target[..., 4]) + pen).sum() / (self._longest * target.shape[1])


def _padded(stroke3: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    out = np.zeros((longest + 1, 5), np.float32)
    out[0, 2] = 1
    out[1:, 4] = 1
    count = len(stroke3)
    out[1 : count + 1, :2] = stroke3[:, :2]
    out[1 : count + 1, 2] = 1 - stroke3[:, 2]
    out[1 : count + 1, 3] = stroke3[:, 2]
    out[1 : count + 1, 4] = 0
    return out
