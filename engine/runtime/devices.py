"""What there is to compute on, and what a CPU needs to train fast."""

from __future__ import annotations

import ctypes
import platform

import torch

_M_MMAP_MAX = -4
_M_TRIM_THRESHOLD = -1


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
