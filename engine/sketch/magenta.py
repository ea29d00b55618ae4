"""Import of Magenta's published Sketch-RNN web weights (`NAME.gen.json`, decoder only).

A file is a JSON list of three: a header, the shapes of five matrices and, for each matrix, base64 of little-endian
int16 values that stand for value * 10 / 32767. The matrices are TensorFlow's: output kernel [H, 6 M + 3] and bias, LSTM
input kernel [5, 4 H], recurrent kernel [H, 4 H] and bias, with the gates in the order i, j, f, o and a forget bias of 1
added at run time.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import BadFileError
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.sketch.config import SketchModelConfig
from engine.sketch.model import SketchRNN
from engine.sketch.sampling import typical_size

QUANTUM = 10 / 32767
MAX_BYTES = 64 * 2**20
MAX_UNITS = 4096
LICENCE = "Magenta sketch-rnn web weights, Apache License 2.0"


@dataclass(frozen=True)
class MagentaWeights:
    """A parsed file: the five matrices as float32 in the file's own layout, and what the header says."""

    name: str
    scale_factor: float
    max_points: int
    output_kernel: NDArray[np.float32]
    output_bias: NDArray[np.float32]
    input_kernel: NDArray[np.float32]
    recurrent_kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    @property
    def units(self) -> int:
        """Units of the LSTM."""
        return len(self.recurrent_kernel)

    @property
    def mixtures(self) -> int:
        """Gaussians of the mixture."""
        return (len(self.output_bias) - 3) // 6


def read_weights(path: Path) -> MagentaWeights:
    """Parse a `.gen.json` file; raises `BadFileError` with a sentence for anything that is not one."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFileError(f"{path.name} is larger than any published sketch-rnn model; it was not read.")
        parsed = json.loads(path.read_bytes())
    except OSError as error:
        raise BadFileError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadFileError(f"{path.name} is not whole JSON; download it again.") from error
    return _checked(path.name, parsed)


def _checked(file_name: str, parsed: Any) -> MagentaWeights:
    wrong = BadFileError(f"{file_name} is not a published sketch-rnn model (header, shapes, five matrices).")
    if not (isinstance(parsed, list) and len(parsed) == 3):
        raise wrong
    header, shapes, blobs = parsed
    if not (isinstance(header, dict) and isinstance(shapes, list) and isinstance(blobs, list)):
        raise wrong
    if len(shapes) != 5 or len(blobs) != 5:
        raise BadFileError(
            f"{file_name} has {len(blobs)} matrices where a decoder-only model has 5; files with an encoder (vae) are "
            "not read."
        )
    matrices = [_matrix(file_name, shape, blob) for shape, blob in zip(shapes, blobs, strict=True)]
    output_kernel, output_bias, input_kernel, recurrent_kernel, bias = matrices
    units = len(recurrent_kernel)
    fits = (
        output_kernel.ndim == 2
        and recurrent_kernel.shape == (units, 4 * units)
        and input_kernel.shape == (5, 4 * units)
        and bias.shape == (4 * units,)
        and output_kernel.shape == (units, len(output_bias))
        and output_bias.ndim == 1
        and len(output_bias) > 3
        and (len(output_bias) - 3) % 6 == 0
    )
    if not fits:
        raise BadFileError(f"The matrices of {file_name} do not fit together as a sketch-rnn decoder.")
    scale = header.get("scale_factor")
    if not isinstance(scale, int | float) or isinstance(scale, bool) or not 0 < scale < 1e6:
        raise BadFileError(f"{file_name} does not say by which scale factor its drawings were divided.")
    name = header.get("name")
    longest = header.get("max_seq_len")
    return MagentaWeights(
        name=str(name)[:80] if isinstance(name, str) and name else file_name.split(".")[0],
        scale_factor=float(scale),
        max_points=longest if isinstance(longest, int) and 0 < longest < 10_000 else 250,
        output_kernel=output_kernel,
        output_bias=output_bias,
        input_kernel=input_kernel,
        recurrent_kernel=recurrent_kernel,
        bias=bias,
    )


def _matrix(file_name: str, shape: Any, blob: Any) -> NDArray[np.float32]:
    whole = isinstance(shape, list) and 1 <= len(shape) <= 2
    if not whole or not all(isinstance(n, int) and not isinstance(n, bool) and 0 < n <= 4 * MAX_UNITS for n in shape):
        raise BadFileError(f"{file_name} names a matrix of an impossible shape.")
    if not isinstance(blob, str):
        raise BadFileError(f"A matrix of {file_name} is not base64 text.")
    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadFileError(f"A matrix of {file_name} is not base64 text.") from error
    if len(raw) != 2 * int(np.prod(shape, dtype=np.int64)):
        raise BadFileError(f"A matrix of {file_name} is cut short or does not have the shape that the file states.")
    return (np.frombuffer(raw, "<i2").astype(np.float32) * np.float32(QUANTUM)).reshape(shape)


def to_state_dict(weights: MagentaWeights) -> tuple[SketchModelConfig, dict[str, torch.Tensor]]:
    """The model's shape and its parameters in our layout: gates i, f, g, o and the forget bias inside the bias."""
    units = weights.units
    order = np.concatenate([np.arange(units) + gate * units for gate in (0, 2, 1, 3)])
    bias = weights.bias[order].copy()
    bias[units : 2 * units] += 1.0
    config = SketchModelConfig(
        mode="decoder",
        decoder_size=units,
        mixtures=weights.mixtures,
        class_size=0,
        recurrent_keep=1.0,
        categories=(weights.name.replace("_", " "),),
    )
    tensors = {
        "decoder.weight_ih": np.ascontiguousarray(weights.input_kernel[:, order].T),
        "decoder.weight_hh": np.ascontiguousarray(weights.recurrent_kernel[:, order].T),
        "decoder.bias": bias,
        "output.weight": np.ascontiguousarray(weights.output_kernel.T),
        "output.bias": weights.output_bias,
    }
    return config, {name: torch.from_numpy(array.copy()) for name, array in tensors.items()}


def to_checkpoint(weights: MagentaWeights, file_name: str) -> tuple[dict[str, torch.Tensor], CheckpointHeader]:
    """The parameters and the header of a checkpoint of ours.

    The published files do not say how large their drawings are, so the model is asked: it draws some. Raises
    `BadFileError` when those have no ordinary size.
    """
    config, tensors = to_state_dict(weights)
    model = SketchRNN(config)
    model.load_state_dict(tensors)
    box = round(typical_size(model, weights.max_points) * weights.scale_factor, 1)
    if not 0 < box < 1e6:
        raise BadFileError(f"{file_name} holds numbers that draw nothing; download it again.")
    header = CheckpointHeader(
        kind="sketch",
        name=weights.name.replace("_", " "),
        config={**asdict(config), "categories": list(config.categories)},
        data=f"{LICENCE}; file {file_name}",
        command=f"python -m engine convert {file_name}",
        extra={
            "scale_factor": weights.scale_factor,
            "longest": weights.max_points,
            "box": box,
        },
    )
    return tensors, header


def convert(path: Path, out: Path) -> None:
    """Read a `.gen.json` file and write it as a checkpoint of ours; raises `BadFileError` or `SaveError`."""
    tensors, header = to_checkpoint(read_weights(path), path.name)
    save_checkpoint(out, tensors, header)
