"""What keeps a critic's weights in bounds: spectral norm, weight norm, orthonormal regularisation, clipping."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from engine.evaluation.spectra import weight_matrices
from engine.gan.layers import weighted_layers

NORMALISATIONS = ("none", "spectral", "weight")


def apply_normalisation(critic: nn.Module, kind: str) -> None:
    """Normalise the weight of every linear and convolutional layer of `critic`, in place.

    "spectral": W / sigma(W), with sigma by one power iteration at each forward pass in training, from a u that is kept;
    no gradient flows through u and v (Miyato et al. 2018, algorithm 1). A kernel is taken as a matrix of outputs by all
    the rest. "weight": g W / ||W|| for each output (Salimans and Kingma 2016). "none" leaves all as it is.
    """
    for _, layer in weighted_layers(critic):
        outputs_at = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
        if kind == "spectral":
            parametrizations.spectral_norm(layer, n_power_iterations=1, dim=outputs_at)
        elif kind == "weight":
            parametrizations.weight_norm(layer, dim=outputs_at)
        elif kind != "none":
            raise ValueError(f"normalisation is {kind!r}; it must be one of {', '.join(NORMALISATIONS)}")


def orthonormal_penalty(critic: nn.Module) -> Tensor:
    """The sum over layers of ||W W^T - I||_F^2 (Brock et al. 2017, as compared in Miyato et al. 2018), a scalar.

    The smaller of W W^T and W^T W is computed: the two norms differ by the difference of the sides of W, a constant.
    """
    total = torch.zeros(())
    for matrix in weight_matrices(critic).values():
        rows, columns = matrix.shape
        gram = matrix @ matrix.t() if rows <= columns else matrix.t() @ matrix
        excess = gram - torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        total = total.to(gram.device) + excess.square().sum() + max(rows - columns, 0)
    return total


@torch.no_grad()
def clip_weights_(critic: nn.Module, limit: float) -> None:
    """Clamp every parameter to [-limit, limit] in place (Arjovsky et al. 2017, algorithm 1, line 7)."""
    for parameter in critic.parameters():
        parameter.clamp_(-limit, limit)
