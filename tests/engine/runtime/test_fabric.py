"""Where a run computes: what was asked for is what is used, and what is not there is refused."""

from __future__ import annotations

import pytest
import torch

from engine.errors import TrainingError
from engine.runtime import fabric as fabrics
from engine.runtime.fabric import make_fabric


@pytest.fixture
def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("without_cuda")
@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_without_a_graphics_card_everything_runs_on_the_cpu(device: str) -> None:
    fabric = make_fabric(device, "32-true")
    assert fabric.device == torch.device("cpu")
    assert fabric.world_size == 1 and fabric.global_rank == 0


@pytest.mark.usefixtures("without_cuda")
def test_a_graphics_card_that_is_not_there_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"no CUDA device.*choose cpu or auto"):
        make_fabric("cuda", "32-true")


@pytest.mark.parametrize(("precision", "expected"), [("32-true", torch.float32), ("bf16-mixed", torch.bfloat16)])
def test_large_products_are_computed_in_the_format_asked_for(precision: str, expected: torch.dtype) -> None:
    fabric = make_fabric("cpu", precision)
    with fabric.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected


@pytest.mark.parametrize(
    ("world", "local", "nodes", "strategy"), [("1", "1", 1, "auto"), ("4", "2", 2, "ddp"), ("2", "2", 1, "ddp")]
)
def test_the_group_is_as_large_as_torchrun_says(
    monkeypatch: pytest.MonkeyPatch, world: str, local: str, nodes: int, strategy: str
) -> None:
    asked: dict[str, object] = {}

    class FakeFabric:
        def __init__(self, **options: object) -> None:
            asked.update(options)

        def launch(self) -> None:
            asked["launched"] = True

    monkeypatch.setattr(fabrics, "Fabric", FakeFabric)
    monkeypatch.setenv("WORLD_SIZE", world)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", local)
    make_fabric("cpu", "32-true")
    assert asked["devices"] == int(local) and asked["num_nodes"] == nodes
    assert str(asked["strategy"]).startswith(strategy) and asked["launched"]
