"""Measurements that hide pixels, counted and by hand."""

import pytest
import torch

from engine.gan.measurements import make_measurement
from engine.gan.measurements.masks import BlockPatch, BlockPixels, ExtractPatch, KeepPatch

SHAPE = (1, 4, 5)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def numbered() -> torch.Tensor:
    """One picture whose pixels are all different and none of them black."""
    return (torch.arange(20.0) / 40).reshape(1, *SHAPE)


def test_hidden_pixels_are_black_and_the_others_as_they_were() -> None:
    seen = torch.tensor([[True, False, True, True, False]] * 4)[None, None]
    measured = BlockPixels(SHAPE, 0.4).apply(numbered(), seen)
    assert (measured[..., [1, 4]] == -1).all()
    assert torch.equal(measured[..., [0, 2, 3]], numbered()[..., [0, 2, 3]])


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.95, 1.0])
def test_pixels_are_hidden_with_the_probability(probability: float) -> None:
    seen = BlockPixels((3, 20, 20), probability).draw(100, generator())
    assert seen.shape == (100, 1, 20, 20)
    hidden = 1 - float(seen.double().mean())
    assert hidden == pytest.approx(probability, abs=4 * (probability * (1 - probability) / 40_000) ** 0.5)


def test_channels_of_a_pixel_are_hidden_together() -> None:
    measurement = BlockPixels((3, 8, 8), 0.5)
    measured = measurement.apply(torch.zeros(5, 3, 8, 8), measurement.draw(5, generator()))
    assert (measured == measured[:, :1]).all() and measured.min() == -1 and measured.max() == 0


def test_patch_is_blocked_kept_or_moved_to_the_middle() -> None:
    corner, images = torch.tensor([[2, 3]]), numbered()
    square = images[0, 0, 2:4, 3:5]
    blocked = BlockPatch(SHAPE, 2).apply(images, corner)[0, 0]
    assert (blocked[2:4, 3:5] == -1).all() and int((blocked == -1).sum()) == 4
    kept = KeepPatch(SHAPE, 2).apply(images, corner)[0, 0]
    assert torch.equal(kept[2:4, 3:5], square) and int((kept == -1).sum()) == 16
    extracted = ExtractPatch(SHAPE, 2).apply(images, corner)[0, 0]
    assert torch.equal(extracted[1:3, 1:3], square) and int((extracted == -1).sum()) == 16


@pytest.mark.parametrize("kind", [BlockPatch, KeepPatch, ExtractPatch])
@pytest.mark.parametrize("side", [1, 3, 4])
def test_every_place_inside_the_picture_is_as_likely(
    kind: type[BlockPatch] | type[KeepPatch] | type[ExtractPatch], side: int
) -> None:
    corners = kind(SHAPE, side).draw(6000, generator())
    places = (4 - side + 1) * (5 - side + 1)
    _, counts = torch.unique(corners, dim=0, return_counts=True)
    assert len(counts) == places
    assert (counts.double() - 6000 / places).abs().max() < 5 * (6000 / places) ** 0.5
    assert corners.min() >= 0 and int(corners[:, 0].max()) == 4 - side and int(corners[:, 1].max()) == 5 - side


def test_strength_is_the_share_that_is_lost() -> None:
    def sides(name: str) -> list[object]:
        return [vars(make_measurement(name, strength, 0.0, (1, 28, 32)))["side"] for strength in (0.0, 0.5, 1.0)]

    assert sides("block-patch") == [0, 14, 28]
    assert sides("keep-patch") == sides("extract-patch") == [28, 14, 1]


def test_nothing_is_lost_at_strength_zero() -> None:
    for name in ("block-pixels", "block-patch", "keep-patch", "extract-patch"):
        measurement = make_measurement(name, 0.0, 0.0, (1, 5, 5))
        image = torch.rand((2, 1, 5, 5), generator=generator())
        torch.testing.assert_close(measurement.apply(image, measurement.draw(2, generator())), image)
