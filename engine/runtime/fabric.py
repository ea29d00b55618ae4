"""Where and in which number format a run computes, by way of Lightning Fabric, which is slow to import."""

from __future__ import annotations

import atexit
import gc
import os
import warnings

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from engine.errors import TrainingError


def make_fabric(device: str, precision: str) -> Fabric:
    """A launched Fabric on `device` ("auto", "cpu" or "cuda") with `precision` ("32-true" or "bf16-mixed").

    It wraps no network, which would round what goes in; a run enters its `autocast` and averages gradients itself.
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
            strategy="ddp" if processes * nodes > 1 else "auto",
            plugins=MixedPrecision("bf16-mixed", accelerator) if precision == "bf16-mixed" else None,
        )
        fabric.launch()
    if processes * nodes > 1:
        atexit.register(_leave_group)
    return fabric


def _leave_group() -> None:
    """End the group's threads before the process ends, or C++ may abort it; Fabric does so for NCCL alone."""
    # What still refers to the group from a cycle would keep its threads.
    gc.collect()
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
