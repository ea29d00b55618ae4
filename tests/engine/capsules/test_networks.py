"""The networks have the paper's numbers of parameters, shapes and order of capsules."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from engine.capsules.baselines import Cnn, CnnConfig
from engine.capsules.config import OFFSETS
from engine.capsules.network import CapsNet, CapsNetConfig, make_decoder
from engine.capsules.perturbation import perturbed, swept
from engine.gan.optimisers import AveragedWeights
from engine.runtime.building import without_numbers
from tests.helpers.tiny_capsules import TINY

PAPER = CapsNetConfig()


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def capsnet(config: CapsNetConfig) -> CapsNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return CapsNet(config).eval()


def test_parameters_are_as_many_as_in_the_paper() -> None:
    with without_numbers():
        assert count(CapsNet(PAPER)) == 8_215_568
        assert count(CapsNet(replace(PAPER, decoder="none"))) == 6_804_224
        two = count(CapsNet(replace(PAPER, image_size=36)))
        large, matched = count(Cnn(CnnConfig(matched=False))), count(Cnn(CnnConfig()))
    assert two == pytest.approx(11.36e6, abs=0.005e6)
    assert large == 35_445_522
    assert matched == 8_214_846 and matched == pytest.approx(8_215_568, rel=1e-3)


def test_the_convolutional_decoder_is_a_sixth_of_the_dense_one() -> None:
    with without_numbers():
        dense = count(make_decoder(PAPER))
        convolutions = count(make_decoder(replace(PAPER, decoder="convolutions")))
    assert dense == 1_411_344
    assert dense / 7 < convolutions < dense / 5.5


@pytest.mark.parametrize("decoder", ["dense", "convolutions"])
@pytest.mark.parametrize("side", [20, 28, 36])
def test_pictures_come_back_in_their_size(decoder: str, side: int) -> None:
    network = capsnet(replace(TINY, image_size=side, decoder=decoder))
    pictures = torch.rand(3, 1, side, side, generator=torch.Generator().manual_seed(1))
    capsules = network.capsules(pictures)
    assert capsules.shape == (3, 10, 16)
    assert network.primary_capsules(pictures).shape == (3, 8, network.config.primary_count)
    made = network.reconstruct(capsules, torch.tensor([1, 2, 3]))
    assert made.shape == pictures.shape and made.min() >= 0 and made.max() <= 1
    assert torch.allclose(network(pictures), capsules.norm(dim=2))


def test_only_the_capsule_that_is_asked_for_is_drawn() -> None:
    network = capsnet(TINY)
    capsules = torch.randn(2, 10, 16, generator=torch.Generator().manual_seed(1))
    other = capsules.clone()
    other[:, 4:] = 9.0
    chosen = torch.tensor([3, 0])
    assert torch.equal(network.reconstruct(capsules, chosen), network.reconstruct(other, chosen))
    assert not torch.equal(network.reconstruct(capsules, chosen), network.reconstruct(capsules, torch.tensor([4, 0])))


def test_children_are_numbered_by_type_row_and_column() -> None:
    network = capsnet(TINY)
    pictures = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    before = network.primary_capsules(pictures)
    corner = pictures.clone()
    corner[..., 0, 27] += 3  # position (0, 5) sees columns 10 to 26, and none sees the last one
    assert torch.equal(network.primary_capsules(corner), before)
    seen = pictures.clone()
    seen[..., 0, 26] += 3
    moved = (network.primary_capsules(seen) - before).abs().sum(dim=1).view(2, 6, 6)
    assert moved[:, 0, 5].any() and moved.sum() == moved[:, 0, 5].sum()


def test_layout_in_memory_changes_no_number() -> None:
    network = capsnet(TINY)
    pictures = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    before = network(pictures)
    network.lay_out_for_speed()
    torch.testing.assert_close(network(pictures), before)


def test_averaged_weights_take_the_newest_running_means() -> None:
    network = capsnet(replace(TINY, decoder="convolutions")).train()
    average = AveragedWeights(network, 0.9)
    network.reconstruct(torch.randn(4, 10, 16, generator=torch.Generator().manual_seed(1)), torch.arange(4))
    average.update_parameters(network)
    for ours, theirs in zip(average.module.buffers(), network.buffers(), strict=True):
        assert torch.equal(ours, theirs)
    assert not average.module.training
    average.load_state_dict(average.state_dict())


@pytest.mark.parametrize("matched", [True, False])
def test_cnn_gives_a_score_for_each_class(matched: bool) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Cnn(CnnConfig(image_size=16, class_count=4, matched=matched)).eval()
    pictures = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        quiet = network(pictures)
        assert quiet.shape == (2, 4)
        network.train()
        network.noise = torch.Generator().manual_seed(5)
        first, second = network(pictures), network(pictures)
        network.noise.manual_seed(5)
        assert torch.equal(network(pictures), first) and not torch.equal(first, second)
        assert not torch.equal(first, quiet)


def test_one_number_is_bent_at_a_time() -> None:
    capsule = torch.arange(3.0)
    bent = perturbed(capsule, [-0.5, 0.0, 0.25])
    assert bent.shape == (3, 3, 3)
    for dimension in range(3):
        for place, offset in enumerate((-0.5, 0.0, 0.25)):
            wanted = capsule.clone()
            wanted[dimension] += offset
            assert torch.equal(bent[dimension, place], wanted)
    assert OFFSETS[0] == -0.25 and OFFSETS[5] == 0 and OFFSETS[10] == 0.25 and len(OFFSETS) == 11


def test_a_sweep_is_the_reconstruction_of_each_bent_capsule() -> None:
    network = capsnet(TINY)
    capsules = torch.randn(10, 16, generator=torch.Generator().manual_seed(2))
    sheet = swept(network, capsules, 7, OFFSETS)
    assert sheet.shape == (16, 11, 1, 28, 28)
    bent = capsules.clone()
    bent[7, 4] += OFFSETS[9]
    torch.testing.assert_close(sheet[4, 9], network.reconstruct(bent[None], torch.tensor([7]))[0])
