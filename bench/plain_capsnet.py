"""CapsNet written plainly, as public ports write it: float32, and a broadcast product that holds every prediction."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

CHILDREN, CHILD_SIZE, CLASSES, SIZE, SIDE, ROUTINGS = 1152, 8, 10, 16, 28, 3


def squash(vectors: Tensor) -> Tensor:
    """Equation 1 over the last dimension."""
    squares = (vectors**2).sum(-1, keepdim=True)
    return squares / (1 + squares) * vectors / torch.sqrt(squares + 1e-8)


class PlainCapsNet(nn.Module):
    """The paper's network for digits of 28 pixels, with as many parameters as ours."""

    def __init__(self) -> None:
        """Weights from torch's own random numbers."""
        super().__init__()
        self.conv = nn.Conv2d(1, 256, 9)
        self.primary = nn.Conv2d(256, 256, 9, stride=2)
        self.weight = nn.Parameter(0.1 * torch.randn(1, CHILDREN, CLASSES, SIZE, CHILD_SIZE))
        self.decoder = nn.Sequential(
            nn.Linear(CLASSES * SIZE, 512), nn.ReLU(), nn.Linear(512, 1024), nn.ReLU(), nn.Linear(1024, SIDE**2),
            nn.Sigmoid(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """The digit capsules [n, 10, 16] of pictures [n, 1, 28, 28]."""
        features = functional.relu(self.conv(pictures))
        children = squash(self.primary(features).view(len(pictures), CHILD_SIZE, CHILDREN).transpose(1, 2))
        votes = torch.matmul(self.weight, children[:, :, None, :, None]).squeeze(-1)  # [n, 1152, 10, 16]
        for_routing = votes.detach()
        logits = torch.zeros(len(pictures), CHILDREN, CLASSES, 1)
        for _ in range(ROUTINGS - 1):
            outputs = squash((functional.softmax(logits, dim=2) * for_routing).sum(dim=1, keepdim=True))
            logits = logits + (for_routing * outputs).sum(dim=-1, keepdim=True)
        return squash((functional.softmax(logits, dim=2) * votes).sum(dim=1))

    def redraw(self, capsules: Tensor, classes: Tensor) -> Tensor:
        """Pictures [n, 784] from the capsules of `classes` [n], the others set to 0."""
        made: Tensor = self.decoder((capsules * functional.one_hot(classes, CLASSES)[:, :, None]).flatten(1))
        return made


class PlainCapsuleTrainer:
    """The usual loop: margin loss, 0.0005 times the squared error of the picture redrawn, torch's Adam."""

    def __init__(self, network: PlainCapsNet) -> None:
        """Adam with torch's own choice of implementation."""
        self._network = network
        self._optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    def step(self, pictures: Tensor, classes: Tensor) -> None:
        """One update on pictures [n, 1, 28, 28] of `classes` [n]."""
        capsules = self._network(pictures)
        lengths = capsules.norm(dim=-1)
        present = functional.one_hot(classes, CLASSES).float()
        too_short, too_long = functional.relu(0.9 - lengths) ** 2, functional.relu(lengths - 0.1) ** 2
        margin = (present * too_short + 0.5 * (1 - present) * too_long).sum(dim=1).mean()
        error = ((self._network.redraw(capsules, classes) - pictures.flatten(1)) ** 2).sum(dim=1).mean()
        self._optimiser.zero_grad()
        (margin + 0.0005 * error).backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
