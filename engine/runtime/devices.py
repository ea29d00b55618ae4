"""Where and in which number format a run computes: Lightning Fabric, and what a CPU needs to be fast."""

from __future__ import annotations

import ctypes
import os
import platform
import warnings
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from engine.errors import TrainingError

_M_MMAP_MAX = -4
_M_TRIM_THRESHOLD = -1


class _Autocast(MixedPrecision):
    """bfloat16 for the large products alone. Fabric's own also rounds the inputs, which are the loss's targets too."""

    def __init__(self, device: str) -> None:
        super().__init__("bf16-mixed", device)

    def convert_input(self, data: Any) -> Any:
        return data


def make_fabric(device: str, precision: str) -> Fabric:
    """A launched Fabric on `device` ("auto", "cpu" or "cuda") with `precision` ("32-true" or "bf16-mixed").

    Under torchrun every process of the group joins here. Raises `TrainingError` when there is no such device.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("There is no CUDA device on this machine; choose cpu or auto.")
    accelerator = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = max(1, int(os.environ.get("WORLD_SIZE", "1")) // processes)
    with warnings.catch_warnings():
        # Fabric advises on data-loader workers and matmul precision, neither of which applies here.
        warnings.simplefilter("ignore")
        fabric = Fabric(
            accelerator=accelerator,
            devices=processes,
            num_nodes=nodes,
            strategy="ddp_find_unused_parameters_true" if processes * nodes > 1 else "auto",
            plugins=_Autocast(accelerator) if precision == "bf16-mixed" else None,
        )
        fabric.launch()
    return fabric


def prepare_cpu_for_training() -> None:
    """Flush denormals, and keep freed memory in the process.

    An LSTM's gradients fade into denormals, on which a CPU is many times slower. And glibc gives large blocks back to
    the system as soon as they are freed: about a quarter of a training step would go into page faults of memory that
    was ours a moment ago.
    """
    torch.set_flush_denormal(True)
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def describe_device() -> str:
    """The device that models run on, in a few words for the status bar."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread" + ("s" if threads != 1 else "")
