"""OT-GAN's loss against plain loops, finite differences and what the paper promises of it."""

import math

import pytest
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from engine.gan.energy_distance import (
    OptimalMatching,
    RandomMatching,
    cosine_cost,
    energy_distance,
    fixed_embedding,
    plan_entropy,
)
from engine.gan.sinkhorn import sinkhorn

OPTIMAL = OptimalMatching(1 / 100, 100)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def shuffled(seed: int) -> RandomMatching:
    return RandomMatching(torch.Generator().manual_seed(seed))


def looped_transport(x: Tensor, y: Tensor) -> float:
    """W of two halves, written out."""
    cost = torch.zeros(len(x), len(y), dtype=torch.float64)
    for i, left in enumerate(x):
        for j, right in enumerate(y):
            cost[i, j] = 1 - float(left @ right) / math.sqrt(float(left @ left) * float(right @ right))
    plan = sinkhorn(cost, 1 / 100, 100).matrix
    return sum(float(plan[i, j] * cost[i, j]) for i in range(len(x)) for j in range(len(y)))


def test_loss_is_the_paper_s_sum_over_two_halves() -> None:
    data, samples = random(12, 5), random(12, 5, seed=1) + 1
    x, x_other, y, y_other = data[:6], data[6:], samples[:6], samples[6:]
    between = [looped_transport(a, b) for a in (x, x_other) for b in (y, y_other)]
    in_data, in_samples = looped_transport(x, x_other), looped_transport(y, y_other)
    found = energy_distance(data, samples, OPTIMAL)
    assert float(found.loss) == pytest.approx(sum(between) - 2 * in_data - 2 * in_samples, abs=1e-9)
    assert float(found.attraction) == pytest.approx(sum(between) / 4, abs=1e-9)
    assert float(found.data_repulsion) == pytest.approx(in_data, abs=1e-9)
    assert float(found.sample_repulsion) == pytest.approx(in_samples, abs=1e-9)


def test_plan_is_that_between_the_first_halves() -> None:
    data, samples = random(12, 5), random(12, 5, seed=1)
    found = energy_distance(data, samples, OPTIMAL)
    torch.testing.assert_close(found.plan, OPTIMAL(cosine_cost(data[:6], samples[:6])))
    assert not found.plan.requires_grad


def test_gradient_is_that_of_the_costs_with_the_plans_held() -> None:
    data, samples = random(8, 4).requires_grad_(), (random(8, 4, seed=1) + 1).requires_grad_()
    plans: list[Tensor] = []

    def kept(cost: Tensor) -> Tensor:
        plans.append(OPTIMAL(cost))
        return plans[-1]

    torch.autograd.backward(energy_distance(data, samples, kept).loss)
    assert data.grad is not None and samples.grad is not None

    def held(x: Tensor, y: Tensor) -> float:
        again = iter(plans)
        return float(energy_distance(x, y, lambda _: next(again)).loss)

    step = 1e-6
    with torch.no_grad():
        for row in range(8):
            for column in range(4):
                change = torch.zeros(8, 4, dtype=torch.float64)
                change[row, column] = step
                slope = (held(data, samples + change) - held(data, samples - change)) / (2 * step)
                assert float(samples.grad[row, column]) == pytest.approx(slope, abs=1e-7)
                slope = (held(data + change, samples) - held(data - change, samples)) / (2 * step)
                assert float(data.grad[row, column]) == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("matching", [OPTIMAL, shuffled(3)], ids=["optimal", "random"])
def test_loss_is_nothing_on_average_where_the_distributions_agree(matching: OptimalMatching | RandomMatching) -> None:
    def mean_and_error(shift: float) -> tuple[float, float]:
        pairs = ((random(32, 3, seed=k), random(32, 3, seed=900 + k) + shift) for k in range(60))
        losses = torch.stack([energy_distance(x, y, matching).loss for x, y in pairs])
        return float(losses.mean()), float(losses.std()) / math.sqrt(60)

    alike, error = mean_and_error(0.0)
    assert abs(alike) < 3 * error
    apart, error = mean_and_error(1.0)
    assert apart > 10 * error


def test_loss_of_four_equal_halves_is_zero() -> None:
    half = random(16, 3)
    both = torch.cat([half, half])
    assert float(energy_distance(both, both, OPTIMAL).loss) == pytest.approx(0, abs=1e-12)


def test_descent_along_the_gradient_brings_samples_to_the_data() -> None:
    data, samples = random(40, 3) + torch.tensor([2.0, 0, 0]), (random(40, 3, seed=1)).requires_grad_()
    before = float(energy_distance(data, samples, OPTIMAL).loss.detach())
    optimiser = torch.optim.SGD([samples], lr=2.0)
    for _ in range(60):
        optimiser.zero_grad()
        torch.autograd.backward(energy_distance(data, samples, OPTIMAL).loss)
        optimiser.step()
    assert float(energy_distance(data, samples, OPTIMAL).loss.detach()) < 0.2 * before


@pytest.mark.parametrize(
    "shapes", [((7, 3), (7, 3)), ((8, 3), (6, 3)), ((8, 3), (8, 2)), ((0, 3), (0, 3)), ((8,), (8,))]
)
def test_batches_that_have_no_two_halves_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="n even"):
        energy_distance(torch.ones(shapes[0]), torch.ones(shapes[1]), OPTIMAL)


def test_random_matching_is_a_permutation_that_its_seed_decides() -> None:
    cost = random(9, 9)
    plan = shuffled(5)(cost)
    assert sorted(set(plan.flatten().tolist())) == pytest.approx([0, 1 / 9])
    torch.testing.assert_close(plan.sum(dim=0), torch.full([9], 1 / 9, dtype=torch.float64))
    torch.testing.assert_close(plan.sum(dim=1), torch.full([9], 1 / 9, dtype=torch.float64))
    torch.testing.assert_close(plan, shuffled(5)(cost))
    one = shuffled(5)
    assert not torch.equal(one(cost), one(cost))


def test_cosine_cost_is_that_of_scipy() -> None:
    x, y = random(5, 4), random(6, 4, seed=1)
    torch.testing.assert_close(cosine_cost(x, y), torch.from_numpy(cdist(x.numpy(), y.numpy(), "cosine")))


def test_cosine_cost_stays_exact_under_autocast() -> None:
    x, y = random(5, 40).float(), random(6, 40, seed=1).float()
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(cosine_cost(x, y), cosine_cost(x.double(), y.double()).float())
        assert cosine_cost(x.bfloat16(), y.bfloat16()).dtype == torch.float32


def test_cosine_cost_of_nothing_has_finite_gradients() -> None:
    x = torch.zeros(2, 3, requires_grad=True)
    torch.autograd.backward(cosine_cost(x, torch.ones(2, 3)).sum())
    assert x.grad is not None and x.grad.isfinite().all()


def test_fixed_embedding_of_pictures_is_their_pixels() -> None:
    pictures = random(3, 1, 4, 4)
    torch.testing.assert_close(fixed_embedding(pictures), pictures.reshape(3, 16))


def test_fixed_cost_of_points_is_a_chord_on_the_sphere() -> None:
    points = random(6, 2) * 2
    lifted = fixed_embedding(points)
    torch.testing.assert_close(lifted.norm(dim=1), torch.ones(6, dtype=torch.float64))
    chord = torch.from_numpy(cdist(lifted.numpy(), lifted.numpy(), "sqeuclidean")) / 2
    torch.testing.assert_close(cosine_cost(lifted, lifted), chord)
    middle, equator = fixed_embedding(torch.tensor([[0.0, 0.0], [2.0, 0.0]]))
    assert middle.tolist() == [0, 0, -1] and equator.tolist() == [1, 0, 0]


def test_fixed_cost_tells_apart_points_on_one_ray() -> None:
    ray = torch.tensor([[1.0, 1.0], [2.0, 2.0]], dtype=torch.float64)
    assert float(cosine_cost(ray, ray)[0, 1]) == pytest.approx(0, abs=1e-12)
    lifted = fixed_embedding(ray)
    assert float(cosine_cost(lifted, lifted)[0, 1]) > 0.1


def test_plan_entropy_runs_from_a_permutation_to_the_uniform_plan() -> None:
    assert plan_entropy(torch.eye(5) / 5) == pytest.approx(0, abs=1e-7)
    assert plan_entropy(torch.full((5, 5), 1 / 25)) == pytest.approx(1)
    assert plan_entropy(torch.full((3, 7), 1 / 21)) == pytest.approx(1)
    assert plan_entropy(torch.ones(1, 1)) == 1
    half = torch.zeros(4, 4)
    half[:2, :2] = half[2:, 2:] = 1 / 8
    assert plan_entropy(half) == pytest.approx(0.5)


def test_entropy_in_the_result_falls_with_the_regularisation() -> None:
    def entropy(regularisation: float) -> float:
        return energy_distance(random(16, 3), random(16, 3, seed=1), OptimalMatching(regularisation, 300)).plan_entropy

    assert entropy(10.0) > 0.99 > entropy(0.1) > entropy(0.01)
    assert energy_distance(random(16, 3), random(16, 3, seed=1), shuffled(1)).plan_entropy == pytest.approx(0, abs=1e-9)
