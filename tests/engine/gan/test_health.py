"""Hand-made histories of runs that are well and of runs that are not: what is said about each."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from engine.gan.health import LEVELS, Symptom, symptoms
from engine.runtime.job import Metrics

Config = Mapping[str, object]

MINIMAX: Config = {"objective": "minimax", "data": "8 gaussians"}
SOFT: Config = {"objective": "non-saturating", "data": "8 gaussians"}
WGAN: Config = {"objective": "wasserstein", "penalty_weight": 10.0, "data": "digits"}
OT: Config = {"objective": "optimal transport", "matching": "optimal", "penalty_weight": 0.0}


def steady(count: int = 30, /, **values: float) -> list[Metrics]:
    """A history in which nothing changes."""
    return [Metrics(20 * step, 1000, step / 10, values) for step in range(1, count + 1)]


def measured(name: str, values: list[float]) -> list[Metrics]:
    """A history of one figure."""
    return [Metrics(step, 1000, step / 10, {name: value}) for step, value in enumerate(values, 1)]


def names(found: list[Symptom]) -> dict[str, str]:
    return {each.name: each.level for each in found}


@pytest.mark.parametrize("config", [MINIMAX, WGAN, OT, {"method": "vae"}, {"encoder_size": 3}, {}])
def test_an_empty_or_very_short_history_and_any_trainer_have_no_symptoms(config: Config) -> None:
    assert symptoms([], config) == []
    assert symptoms(steady(2, critic_accuracy=1.0, critic_fake=-9.0, gradient_norm=50.0, penalty=0.0), config) == []


@pytest.mark.parametrize(
    ("config", "accuracy", "fake", "gradient", "expected"),
    [
        (MINIMAX, 1.0, -6.0, 0.5, {"critic saturated": "bad"}),
        (MINIMAX, 1.0, -2.0, 0.5, {"critic ahead": "watch"}),
        (SOFT, 1.0, -6.0, 0.5, {"critic ahead": "watch"}),
        (SOFT, 1.0, -6.0, 1e-7, {"critic saturated": "bad"}),
        (SOFT, 0.6, -0.1, 0.5, {"in balance": "good"}),
        (SOFT, 0.6, -0.1, 1e-7, {"in balance": "good"}),
        (SOFT, 0.2, 1.0, 0.5, {"generator ahead": "watch"}),
        (WGAN, 1.0, -6.0, 0.5, {}),
        (OT, 1.0, -6.0, 0.5, {}),
    ],
)
def test_critic_and_generator(
    config: Config, accuracy: float, fake: float, gradient: float, expected: dict[str, str]
) -> None:
    history = steady(critic_accuracy=accuracy, critic_fake=fake, critic_real=1.0, generator_gradient=gradient)
    assert names(symptoms(history, config)) == expected


def test_outputs_that_run_away_are_told_with_the_advice_that_fits() -> None:
    history = steady(critic_real=400.0, critic_fake=-300.0)
    (loose,) = symptoms(history, {"objective": "wasserstein", "penalty_weight": 0.0, "critic_constraint": "none"})
    (held,) = symptoms(history, WGAN)
    assert loose.name == held.name == "critic gap huge" and loose.level == held.level == "bad"
    assert "700" in loose.text and "gradient penalty (λ" in loose.advice and "learning rate" in held.advice
    assert symptoms(history, OT) == []


@pytest.mark.parametrize(
    ("covered", "expected"),
    [
        ([8], ("modes covered", "good")),
        ([2, 5, 8, 8, 3], ("modes lost", "bad")),
        ([2, 5, 8, 8, 5], ("modes lost", "watch")),
        ([2, 5, 8, 8, 7], ("modes missing", "watch")),
        ([1, 2], ("modes missing", "watch")),
        ([1, 2, 2, 3, 3, 3], ("modes missing", "bad")),
    ],
)
def test_modes(covered: list[float], expected: tuple[str, str]) -> None:
    (found,) = symptoms(measured("modes", covered), MINIMAX)
    assert (found.name, found.level) == expected
    assert "8" in found.text


def test_one_of_25_modes_may_flicker_and_data_without_a_number_is_measured_by_its_best() -> None:
    assert names(symptoms(measured("modes", [25, 23]), {"data": "25 gaussians"})) == {"modes missing": "watch"}
    assert names(symptoms(measured("modes", [6, 6]), {"data": "rings"})) == {"modes covered": "good"}
    assert symptoms(measured("modes", [0, 0]), {"data": "rings"}) == []


@pytest.mark.parametrize(
    ("norm", "level", "word"),
    [(1.1, "good", "Nothing"), (3.0, "watch", "Raise λ"), (0.3, "watch", "larger learning rate"),
     (40.0, "bad", "Raise"), (0.01, "bad", "larger")],
)
def test_the_gradient_norm_is_judged_where_it_is_penalised(norm: float, level: str, word: str) -> None:
    (found,) = symptoms(steady(gradient_norm=norm), WGAN)
    assert found.level == level and word in found.advice
    assert symptoms(steady(gradient_norm=norm), SOFT) == []


def test_skipped_steps_count_until_they_are_long_past() -> None:
    assert symptoms(steady(skipped=0.0), WGAN) == []
    (old,) = symptoms(steady(skipped=1.0), WGAN)
    assert (old.level, old.text[:10]) == ("watch", "1 step was")
    (new,) = symptoms([*steady(skipped=1.0), Metrics(700, 1000, 9.0, {"skipped": 3.0})], WGAN)
    assert new.level == "bad" and new.text.startswith("3 steps were")


@pytest.mark.parametrize(
    ("entropy", "name"), [(0.999, "plan is uniform"), (0.001, "plan has collapsed"), (0.4, "plan is informative")])
def test_the_plan(entropy: float, name: str) -> None:
    (found,) = symptoms(steady(plan_entropy=entropy), OT)
    assert found.name == name
    assert symptoms(steady(plan_entropy=entropy), {**OT, "matching": "random"}) == []


def test_an_mmd_below_zero_is_no_error() -> None:
    (found,) = symptoms(measured("penalty", [0.1, -0.02, 0.01]), {"method": "wae-mmd"})
    assert found.level == "good" and "no error" in found.text
    assert symptoms(measured("penalty", [0.1, 0.02]), {"method": "wae-mmd"}) == []
    assert names(symptoms(measured("mmd", [-0.001]), SOFT)) == {"MMD below zero": "good"}


def test_the_codes_of_a_vae() -> None:
    assert names(symptoms(steady(penalty=0.01), {"method": "vae"})) == {"KL collapsed": "bad"}
    assert names(symptoms(steady(penalty=12.0), {"method": "vae"})) == {"codes are used": "good"}


def test_a_critic_of_codes_that_guesses_is_good() -> None:
    wae: Config = {"method": "wae-gan"}
    assert names(symptoms(steady(critic_loss=1.38, critic_accuracy=0.52), wae)) == {"critic at chance": "good"}
    assert names(symptoms(steady(critic_loss=1.39), wae)) == {"critic at chance": "good"}
    assert names(symptoms(steady(critic_loss=0.01, critic_accuracy=1.0), wae)) == {"codes far from the prior": "bad"}
    assert symptoms(steady(critic_loss=1.0, critic_accuracy=0.75), wae) == []


def test_only_the_newest_points_count_and_what_is_not_finite_is_passed_over() -> None:
    healed = steady(40, critic_accuracy=1.0, critic_fake=-9.0) + [
        Metrics(1000 + step, 2000, 1.0, {"critic_accuracy": 0.5, "critic_fake": math.nan}) for step in range(20)]
    assert names(symptoms(healed, MINIMAX)) == {"in balance": "good"}
    assert symptoms(steady(critic_accuracy=math.nan, gradient_norm=math.inf), {**SOFT, "penalty_weight": 1.0}) == []


def test_the_worst_comes_first_and_everything_has_words() -> None:
    values = {"critic_accuracy": 0.55, "gradient_norm": 30.0, "skipped": 2.0, "modes": 8.0, "mmd": -1e-3}
    found = symptoms(steady(**values), {**SOFT, "penalty_weight": 10.0})
    levels = [LEVELS.index(each.level) for each in found]
    assert levels == sorted(levels) and len(found) == 5
    assert all(each.text.endswith(".") and each.advice.endswith(".") for each in found)


def test_capsules_that_stay_short_are_asleep() -> None:
    digits, pairs = {"data": "digits"}, {"data": "two digits"}
    assert names(symptoms(steady(margin_loss=0.8), digits)) == {"capsules asleep": "bad"}
    assert names(symptoms(steady(margin_loss=1.63), pairs)) == {"capsules asleep": "bad"}
    assert symptoms(steady(margin_loss=0.8), pairs) == symptoms(steady(margin_loss=0.3), digits) == []


def test_what_is_recognised_in_training_alone_is_known_by_heart() -> None:
    assert names(symptoms(steady(accuracy=0.97, valid_accuracy=0.96), {})) == {"recognises new pictures": "good"}
    found = symptoms(steady(accuracy=1.0, valid_accuracy=0.9), {})
    assert names(found) == {"learned by heart": "watch"} and "90.0% of the pictures kept aside" in found[0].text
    assert names(symptoms(steady(accuracy=0.05, valid_accuracy=0.14), {})) == {"recognises little so far": "watch"}
    assert symptoms(steady(accuracy=1.0), {}) == symptoms(steady(valid_accuracy=1.0), {}) == []
