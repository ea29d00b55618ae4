"""GANs written plainly, as public scripts write them: float32, three critic passes a step, torch's defaults."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH, CRITIC_WIDTH, LATENTS = 64, 24, 100


def mlp(inputs: int, outputs: int, width: int, depth: int) -> nn.Sequential:
    """Hidden layers of equal width with ReLU between them."""
    sizes = [inputs, *[width] * depth]
    hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(width, outputs))


class PlainGenerator(nn.Module):
    """Doubles the picture twice by `Upsample` and a convolution each, from 8 x 8 to 32 x 32."""

    def __init__(self) -> None:
        """The layers of the desktop's "resize" generator of 32 pixels."""
        super().__init__()
        channels = 2 * WIDTH
        self.project = nn.Linear(LATENTS, channels * 64)
        self.layers = nn.Sequential(
            nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.Conv2d(channels, WIDTH, 3, padding=1),
            nn.BatchNorm2d(WIDTH), nn.ReLU(),
            nn.Conv2d(WIDTH, 1, 3, padding=1), nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """[n, 100] -> [n, 1, 32, 32]."""
        out: Tensor = self.layers(self.project(latents).view(-1, 2 * WIDTH, 8, 8))
        return out


def plain_critic() -> nn.Sequential:
    """Three convolutions that halve the picture, batch norm on all but the first."""
    a, b, c = CRITIC_WIDTH, 2 * CRITIC_WIDTH, 4 * CRITIC_WIDTH
    return nn.Sequential(
        nn.Conv2d(1, a, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2),
        nn.Conv2d(b, c, 4, 2, 1, bias=False), nn.BatchNorm2d(c), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(c * 16, 1),
    )


class PlainTrainer:
    """The usual loop: the generator's step through the critic, then the critic on data and on samples."""

    def __init__(self, generator: nn.Module, critic: nn.Module, latents: int) -> None:
        """Two Adams with torch's own choice of implementation."""
        self._generator, self._critic, self._latents = generator, critic, latents
        self._optimisers = [
            torch.optim.Adam(each.parameters(), lr=2e-4, betas=(0.5, 0.999)) for each in (generator, critic)
        ]

    def step(self, data: Tensor) -> None:
        """One update of each on data [n, ...]."""
        count = len(data)
        for_generator, for_critic = self._optimisers
        made = self._generator(torch.randn(count, self._latents))
        for_generator.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(self._critic(made), torch.ones(count, 1))
        loss.backward()  # type: ignore[no-untyped-call]
        for_generator.step()
        for_critic.zero_grad()
        real = functional.binary_cross_entropy_with_logits(self._critic(data), torch.ones(count, 1))
        fake = functional.binary_cross_entropy_with_logits(self._critic(made.detach()), torch.zeros(count, 1))
        ((real + fake) / 2).backward()  # type: ignore[no-untyped-call]
        for_critic.step()
