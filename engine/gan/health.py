"""What the figures of a run mean, in plain words: what is well, what to watch, what has gone wrong, and what to try.

Reads figures only, so it works on a run that trains, on one that has ended and on one of another machine. Every
threshold stands at the top with its reason; none is exact, they tell orders of magnitude apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import fmean, median
from typing import Any, Literal

from engine.runtime.job import Metrics

Level = Literal["good", "watch", "bad"]

LEVELS: tuple[Level, ...] = ("bad", "watch", "good")  # the worst first

# How far back is looked. Measures come about every 25th point, so this holds some 80 of them.
_POINTS_BACK = 2000
_RECENT = 20  # values that "now" is the mean or median of: one batch says little
_FEWEST = 5  # fewer values than this are no ground for a verdict

# A critic that is right in 98 of 100 cases leaves at most a few samples per batch for the generator to learn from.
_SURE = 0.98
# Under the minimax loss the generator's gradient carries the factor sigma(D(G(z))), Goodfellow et al. 2014, section 3:
# at a raw output of -4.6 that is 0.01.
_DEAD_OUTPUT = math.log(0.01)
# A parameter gradient so small moves a weight by less than float32 rounding at the usual learning rates.
_NO_GRADIENT = 1e-5
# The critic takes most samples for data: it lags behind the generator. (0.5 would be chance, and fine.)
_FOOLED = 0.35
# A critic with bounded slope separates points of the unit box by a few units at most.
_HUGE_GAP = 100.0
# Gulrajani et al. 2017, section 4: the optimal critic has gradient norm 1 almost everywhere between data and samples.
_SLOPE_WATCH, _SLOPE_BAD = (0.5, 2.0), (0.1, 10.0)
# Salimans et al. 2018: a plan of entropy 1 matches everything with everything and so carries no information; one near
# 0 matches each sample with one data point alone.
_UNIFORM_PLAN, _SHARP_PLAN = 0.98, 0.02
# A code that carries a tenth of a nat cannot even tell two classes apart (ln 2 = 0.69 nats).
_EMPTY_CODE = 0.1
# A critic of codes that guesses loses 2 ln 2 and is right half of the time.
_CHANCE_LOSS, _CHANCE_LOSS_SLACK, _CHANCE_SLACK = 2 * math.log(2), 0.15, 0.08
# Sabour et al. 2017, equation 4: while all capsules have length 0, each digit that is there costs (0.9 - 0)^2.
_ALL_SHORT, _SHORT_SLACK = 0.81, 0.02
# Training pictures are shifted or distorted and so are the harder ones; being right in 5 of 100 cases less on pictures
# that were kept aside can only mean that the others are known by heart.
_BY_HEART = 0.05
_FEW_RIGHT = 0.5  # fewer are no achievement yet, however well training pictures and others agree
# A mode on the edge of being counted comes and goes; losing more than a tenth of them is no such flicker.
_MODE_FLICKER = 0.1


@dataclass(frozen=True)
class Symptom:
    """One thing that the figures tell. `text` says what it is, `advice` what to try (or why nothing is needed)."""

    name: str
    level: Level
    text: str
    advice: str


def symptoms(history: Sequence[Metrics], config: Mapping[str, Any]) -> list[Symptom]:
    """What the newest points of `history` (ascending steps) tell about a run with this configuration, the worst first.

    `config` is a configuration's JSON values (`engine.runtime.config.to_json`); fields that it lacks count as unset, so
    any trainer's run may be asked about. A run too short to judge has no symptoms.
    """
    recent = _Recent(history)
    found = (check(recent, config) for check in _CHECKS)
    return sorted((each for each in found if each is not None), key=lambda each: LEVELS.index(each.level))


class _Recent:
    """The finite values of each figure among the newest points, newest first."""

    def __init__(self, history: Sequence[Metrics]) -> None:
        self._values: dict[str, list[float]] = {}
        for point in islice(reversed(history), _POINTS_BACK):
            for name, value in point.values.items():
                if math.isfinite(value):
                    self._values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[float]:
        """Every value of a figure, newest first."""
        return self._values.get(name, [])

    def mean(self, name: str) -> float | None:
        """The mean of the newest values; None when there are too few."""
        values = self.all(name)
        return fmean(values[:_RECENT]) if len(values) >= _FEWEST else None

    def median(self, name: str) -> float | None:
        """The median of the newest values; None when there are too few."""
        values = self.all(name)
        return median(values[:_RECENT]) if len(values) >= _FEWEST else None


def _critic(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """Whether a GAN's critic and generator are a match for each other."""
    if "objective" not in config:
        return None
    gap = _unbounded_gap(recent, config)
    if gap is not None:
        return gap
    accuracy, fake = recent.mean("critic_accuracy"), recent.mean("critic_fake")
    gradient = recent.median("generator_gradient")
    # The other objectives have no threshold between "data" and "sample", so being right means nothing there.
    if accuracy is None or config["objective"] in ("wasserstein", "optimal transport"):
        return None
    if accuracy >= _SURE:
        dead = config["objective"] == "minimax" and fake is not None and fake <= _DEAD_OUTPUT
        if dead or (gradient is not None and gradient <= _NO_GRADIENT):
            return Symptom(
                "critic saturated", "bad",
                f"The critic is right in {accuracy:.0%} of cases, and hardly any gradient reaches the generator: it "
                "has stopped learning.",
                "Take the non-saturating or the Wasserstein objective, give the critic fewer steps or a smaller "
                "learning rate, or add instance noise; then rewind to before the critic won.")
        return Symptom(
            "critic ahead", "watch",
            f"The critic is right in {accuracy:.0%} of cases, so it tells the generator little about how to improve.",
            "If this lasts, lower the critic's learning rate, raise the generator's steps, or add instance noise.")
    if accuracy <= _FOOLED:
        return Symptom(
            "generator ahead", "watch",
            f"The critic is right in only {accuracy:.0%} of cases: it lags behind, and what it "
            "tells the generator is out of date.",
            "Give the critic more steps in each step, or a larger learning rate.")
    return Symptom(
        "in balance", "good", f"The critic is right in {accuracy:.0%} of cases: the two networks are a match.",
        "Nothing to do. An ideal pair ends at 50 %.")


def _unbounded_gap(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """A critic whose outputs run away."""
    real, fake = recent.mean("critic_real"), recent.mean("critic_fake")
    if real is None or fake is None or abs(real - fake) < _HUGE_GAP or config["objective"] == "optimal transport":
        return None
    bounded = config.get("penalty_weight", 0.0) > 0 or config.get("critic_constraint", "none") not in (
        "none", "orthonormal")
    return Symptom(
        "critic gap huge", "bad",
        f"The critic's outputs for data and samples lie {abs(real - fake):.3g} apart and say nothing about a distance.",
        "Lower the critic's learning rate, or raise the gradient penalty." if bounded else
        "Nothing limits the critic's slope: take a gradient penalty (λ = 10), weight clipping or spectral norm.")


def _modes(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """How many modes of a mixture the samples cover."""
    covered = recent.all("modes")
    if not covered:
        return None
    now, best = covered[0], max(covered)
    total = _mode_count(config) or best
    if total <= 0:
        return None
    of_all = f"{now:.0f} of {total:.0f} modes"
    more_noise = ("Rewind to before they were lost. Then try a gradient penalty or spectral norm, a larger batch, "
                  "optimal transport as the objective, or a smaller learning rate of the generator.")
    if best - now > max(1.0, _MODE_FLICKER * total):
        level: Level = "bad" if now < total / 2 else "watch"
        return Symptom("modes lost", level, f"The samples cover {of_all}; there have been {best:.0f}.", more_noise)
    if now < total / 2 and len(covered) >= _FEWEST:
        return Symptom("modes missing", "bad", f"The samples have never covered more than {best:.0f} of "
                       f"{total:.0f} modes.", more_noise)
    if now < total:
        return Symptom("modes missing", "watch", f"The samples cover {of_all} so far.",
                       "Often more appear with time. If not, use a larger batch or a stronger critic.")
    return Symptom("modes covered", "good", f"The samples cover all {total:.0f} modes.", "Nothing to do.")


def _slope(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """Whether a gradient penalty does what it is for."""
    norm = recent.median("gradient_norm")
    if norm is None or not config.get("penalty_weight", 0.0) or "objective" not in config:
        return None
    if _SLOPE_WATCH[0] <= norm <= _SLOPE_WATCH[1]:
        return Symptom("gradient norm near 1", "good",
                       f"The critic's gradient has a norm of {norm:.2g}; the penalty holds it near 1.",
                       "Nothing to do.")
    level: Level = "watch" if _SLOPE_BAD[0] <= norm <= _SLOPE_BAD[1] else "bad"
    advice = ("Raise λ, give the critic more steps, or lower its learning rate." if norm > 1 else
              "Give the critic more steps or a larger learning rate; if λ is far above 10, lower it.")
    return Symptom("gradient norm far from 1", level,
                   f"The critic's gradient has a norm of {norm:.2g}; the penalty wants 1.", advice)


def _plan(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """Whether the transport plan of OT-GAN says anything."""
    entropy = recent.mean("plan_entropy")
    if entropy is None or config.get("matching") == "random":
        return None
    if entropy >= _UNIFORM_PLAN:
        return Symptom("plan is uniform", "bad",
                       "The transport plan matches every sample with all of the data alike, so it gives no direction.",
                       "Lower the Sinkhorn regularisation.")
    if entropy <= _SHARP_PLAN:
        return Symptom("plan has collapsed", "watch",
                       "The transport plan matches each sample with one example alone, so gradients jump "
                       "between batches.",
                       "Raise the Sinkhorn regularisation, or take a larger batch.")
    return Symptom("plan is informative", "good",
                   f"The transport plan has an entropy of {entropy:.2f}, between one partner (0) and all alike (1).",
                   "Nothing to do.")


def _skipped(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """Steps left out because a gradient was not finite; the figure counts them from the start of the run."""
    counts = recent.all("skipped")
    if not counts or counts[0] < 1:
        return None
    still = counts[0] > counts[min(_RECENT, len(counts) - 1)]
    count = f"{counts[0]:.0f} step{'s were' if counts[0] > 1 else ' was'} left out because a gradient was not finite"
    if still:
        return Symptom("steps skipped", "bad", f"{count}, some just now.",
                       "Lower the learning rates, compute in 32-true, and rewind to a checkpoint before it began.")
    return Symptom("steps skipped", "watch", f"{count}; none lately.",
                   "Nothing was lost. If it happens again, lower the learning rates.")


def _negative_mmd(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """An estimate of a square that is negative looks like an error and is none."""
    names = ["mmd", "latent_mmd"] + (["penalty"] if config.get("method") == "wae-mmd" else [])
    if all(value >= 0 for name in names for value in recent.all(name)[:_RECENT]):
        return None
    return Symptom("MMD below zero", "good",
                   "The MMD is below zero at times. That is no error: the estimate is unbiased, so where the two "
                   "distributions agree it scatters around zero.",
                   "Nothing to do. Judge its mean over many steps.")


def _codes(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """Whether a VAE's codes carry anything."""
    divergence = recent.median("penalty") if config.get("method") == "vae" else None
    if divergence is None:
        return None
    if divergence <= _EMPTY_CODE:
        return Symptom("KL collapsed", "bad",
                       f"The codes carry {divergence:.2g} nats: they all equal the prior, and the decoder does "
                       "without them.",
                       "Lower λ (β), or start again with a small λ and raise it while it trains; a weaker decoder "
                       "helps too.")
    return Symptom("codes are used", "good", f"The codes carry about {divergence:.3g} nats about each example.",
                   "Nothing to do.")


def _code_critic(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """Whether WAE-GAN's critic of codes can tell them from the prior; that it cannot is the aim."""
    if config.get("method") != "wae-gan":
        return None
    accuracy, loss = recent.mean("critic_accuracy"), recent.mean("critic_loss")
    if accuracy is None and loss is None:
        return None
    guesses = (accuracy is None or abs(accuracy - 0.5) <= _CHANCE_SLACK) and (
        loss is None or abs(loss - _CHANCE_LOSS) <= _CHANCE_LOSS_SLACK)
    if guesses:
        return Symptom("critic at chance", "good",
                       "The critic cannot tell codes from draws of the prior: the two agree.",
                       "Nothing to do; here a critic that only guesses is the aim.")
    if accuracy is not None and accuracy >= _SURE:
        return Symptom("codes far from the prior", "bad",
                       f"The critic tells codes from draws of the prior in {accuracy:.0%} of cases.",
                       "Raise λ, or lower the critic's learning rate; samples will look wrong while the codes lie "
                       "elsewhere than the prior.")
    return None


def _recognition(recent: _Recent, config: Mapping[str, Any]) -> Symptom | None:
    """Whether what is recognised in training is recognised elsewhere, and whether capsules have woken up."""
    margin, seen, unseen = recent.mean("margin_loss"), recent.mean("accuracy"), recent.all("valid_accuracy")
    there = 2 if config.get("data") == "two digits" else 1
    if margin is not None and abs(margin / there - _ALL_SHORT) <= _SHORT_SLACK:
        return Symptom("capsules asleep", "bad",
                       f"The margin loss stays at {margin:.2f}: all digit capsules are short, so hardly any gradient "
                       "reaches them.",
                       "Early on this is usual for some ten steps. If it lasts, raise the learning rate.")
    if seen is None or not unseen:
        return None
    told = f"{unseen[0]:.1%} of the pictures kept aside are recognised, and {seen:.1%} of the newest batches"
    if seen - unseen[0] > _BY_HEART:
        return Symptom("learned by heart", "watch", f"{told}: the network knows its training pictures by heart.",
                       "Shift or distort the pictures more, or use more of them.")
    if unseen[0] < _FEW_RIGHT:
        return Symptom("recognises little so far", "watch", f"{told}.",
                       "Early on this is usual. If it lasts, raise the learning rate or give it more steps.")
    return Symptom("recognises new pictures", "good", f"{told}.", "Nothing to do.")


_CHECKS: tuple[Callable[[_Recent, Mapping[str, Any]], Symptom | None], ...] = (
    _skipped, _critic, _modes, _slope, _plan, _codes, _code_critic, _negative_mmd, _recognition)


def _mode_count(config: Mapping[str, Any]) -> int:
    """The modes of the data, which its name begins with ("8 gaussians"); 0 when it names none."""
    first, _, rest = str(config.get("data", "")).partition(" ")
    return int(first) if rest and first.isdecimal() else 0
