"""The singular values of a network's layers (Miyato et al. 2018, figure 3)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize

_WEIGHTED = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def weight_matrices(network: nn.Module) -> dict[str, Tensor]:
    """The weight that each linear and convolutional layer computes with, as a matrix [outputs, rest], by layer name.

    Normalised where the layer is; with gradients. Reading a spectrally normalised weight makes no power iteration.
    """
    matrices = {}
    for name, layer in network.named_modules():
        if not isinstance(layer, _WEIGHTED):
            continue
        was_training = layer.training
        if parametrize.is_parametrized(layer, "weight"):
            layer.eval()
        weight = layer.weight
        layer.train(was_training)
        matrices[name] = (weight.transpose(0, 1) if isinstance(layer, _TRANSPOSED) else weight).flatten(1)
    return matrices


@torch.no_grad()
def singular_values(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Singular values of each layer's weight matrix, the largest first, float32 [k], by layer name."""
    matrices = weight_matrices(network)
    return {name: torch.linalg.svdvals(matrix.float()).cpu().numpy() for name, matrix in matrices.items()}
