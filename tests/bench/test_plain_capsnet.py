"""The plain network that ours is timed against computes the same."""

from __future__ import annotations

import torch

from bench.plain_capsnet import PlainCapsNet
from engine.capsules.network import CapsNet, CapsNetConfig


def test_with_the_same_weights_both_networks_give_the_same() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ours, plain = CapsNet(CapsNetConfig()).eval(), PlainCapsNet().eval()
    assert sum(each.numel() for each in ours.parameters()) == sum(each.numel() for each in plain.parameters())
    with torch.no_grad():
        plain.weight.copy_(ours.weight.permute(2, 0, 3, 1)[None])  # from [parents, size, children, parent's size]
    for name in ("conv", "primary", "decoder"):
        getattr(plain, name).load_state_dict(getattr(ours, name).state_dict())
    pictures = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    classes = torch.tensor([3, 8])
    with torch.no_grad():
        capsules, expected = ours.capsules(pictures), plain(pictures)
        torch.testing.assert_close(capsules, expected, rtol=1e-4, atol=1e-6)
        redrawn = ours.reconstruct(capsules, classes).flatten(1)
        torch.testing.assert_close(redrawn, plain.redraw(expected, classes), rtol=1e-4, atol=1e-6)
