"""What there is to compute on, and how the processor is made ready."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator

import pytest
import torch

from engine.runtime.devices import describe_device, prepare_cpu_for_training


@pytest.fixture
def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def denormals() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)


@pytest.mark.usefixtures("denormals")
def test_numbers_too_small_to_matter_become_zero() -> None:
    if not torch.set_flush_denormal(False):
        pytest.skip("this processor cannot flush denormals")
    assert (torch.tensor([1e-40]) * 0.5).item() != 0
    prepare_cpu_for_training()
    prepare_cpu_for_training()
    assert (torch.tensor([1e-40]) * 0.5).item() == 0


@pytest.mark.usefixtures("denormals")
def test_a_system_without_glibc_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    prepare_cpu_for_training()


@pytest.mark.usefixtures("without_cuda")
@pytest.mark.parametrize(("threads", "text"), [(1, "CPU, 1 thread"), (6, "CPU, 6 threads")])
def test_the_processor_is_named_with_its_threads(monkeypatch: pytest.MonkeyPatch, threads: int, text: str) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert describe_device() == text


def test_a_graphics_card_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _index: "A Card 9000")
    assert describe_device() == "A Card 9000"
