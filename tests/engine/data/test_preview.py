"""A few examples of each kind of data that needs no file."""

from __future__ import annotations

import numpy as np
import torch

from engine.data.preview import previews
from engine.data.source import POINT_NAMES


def test_each_kind_has_examples_and_what_needs_a_file_is_left_out() -> None:
    state = torch.random.get_rng_state()
    found = {each.data: each.examples for each in previews([*POINT_NAMES, "pictures", "nonsense", "digits"], 50, 6)}
    assert set(found) == {*POINT_NAMES, "digits"} - {"drawn density"}
    for name in set(found) - {"digits"}:
        assert found[name].shape == (50, 2) and found[name].dtype == np.float32
    assert found["digits"].shape == (6, 28, 28) and found["digits"].dtype == np.uint8
    assert found["digits"].std() > 20
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_same_examples_each_time() -> None:
    first, second = (next(iter(previews(["rings"], 20))).examples for _ in range(2))
    assert np.array_equal(first, second)
