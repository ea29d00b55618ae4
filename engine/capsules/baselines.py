"""The convolutional networks that CapsNet is compared with; both take pictures as it does and give class scores."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

DROPOUT = 0.5
MATCHED_CHANNELS = (64, 128, 128)
MATCHED_UNITS = 412  # with these a picture of 28 pixels gives 8,214,846 parameters; CapsNet has 8,215,568


@dataclass(frozen=True)
class CnnConfig:
    """The shape of a convolutional network: `matched` in parameters to CapsNet, or the paper's larger baseline."""

    image_size: int = 28
    class_count: int = 10
    matched: bool = True


class Cnn(nn.Module):
    """Logits [n, class_count] of pictures float32 [n, 1, H, W] in [0, 1]."""

    def __init__(self, config: CnnConfig) -> None:
        """Weights from torch's own random numbers."""
        super().__init__()
        self.config = config
        self.noise: torch.Generator | None = None
        self.body, self.hidden, self.head = _matched(config) if config.matched else _baseline(config)

    def lay_out_for_speed(self) -> None:
        """Keep the kernels with the channels last, as `forward` hands its pictures over."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores of the classes, here logits: [n, class_count]."""
        features = self.body(pictures.contiguous(memory_format=torch.channels_last))
        scores: Tensor = self.head(self._dropped(self.hidden(features.flatten(1))))
        return scores

    def _dropped(self, units: Tensor) -> Tensor:
        """Dropout with the run's own random numbers, which are saved with it."""
        if not self.training or self.noise is None:
            return units
        kept = torch.rand(units.shape, generator=self.noise, device=units.device) >= DROPOUT
        return units * kept / (1 - DROPOUT)


def _baseline(config: CnnConfig) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Section 5: convolutions of 256, 256 and 128 channels, 5x5, stride 1; then 328 and 192 units; dropout; classes.

    The paper does not speak of padding; its 35.4 million parameters follow when pictures keep their size.
    """
    body = nn.Sequential(
        nn.Conv2d(1, 256, 5, padding=2), nn.ReLU(), nn.Conv2d(256, 256, 5, padding=2), nn.ReLU(),
        nn.Conv2d(256, 128, 5, padding=2), nn.ReLU()
    )
    hidden = nn.Sequential(nn.Linear(128 * config.image_size**2, 328), nn.ReLU(), nn.Linear(328, 192), nn.ReLU())
    return body, hidden, nn.Linear(192, config.class_count)


def _matched(config: CnnConfig) -> tuple[nn.Module, nn.Module, nn.Module]:
    """The baseline's form, with fewer channels and one pooling, and as many parameters as CapsNet has."""
    first, second, third = MATCHED_CHANNELS
    body = nn.Sequential(
        nn.Conv2d(1, first, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(first, second, 5, padding=2), nn.ReLU(),
        nn.Conv2d(second, third, 5, padding=2), nn.ReLU()
    )
    side = (config.image_size - 4) // 2
    hidden = nn.Sequential(nn.Linear(third * side**2, MATCHED_UNITS), nn.ReLU())
    return body, hidden, nn.Linear(MATCHED_UNITS, config.class_count)
