"""Experiments for the curious: one run each, to watch, stop, bend and rewind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.capsules.config import PRESETS as CAPSULES
from engine.experiments.experiment import Experiment, PlannedRun
from engine.gan.presets import PRESETS as GANS
from engine.wae.config import PRESETS as AUTO_ENCODERS


def _gan(name: str, title: str, sentence: str, tag: str, preset: str, **changes: object) -> Experiment:
    config = replace(GANS[preset], name=title, **changes)  # type: ignore[arg-type]
    return Experiment(name, title, sentence, (tag,), (PlannedRun(title, "gan", config),))


def _wae(name: str, title: str, sentence: str, tag: str, preset: str, **changes: object) -> Experiment:
    config = replace(AUTO_ENCODERS[preset], name=title, **changes)  # type: ignore[arg-type]
    return Experiment(name, title, sentence, (tag,), (PlannedRun(title, "wae", config),))


def _capsules(label: str, preset: str, **changes: object) -> PlannedRun:
    """A run whose pictures and figures come several times a minute, also on a laptop."""
    often: dict[str, object] = {"log_every": 5, "picture_every": 25, "measure_every": 100, "save_every": 100}
    config = replace(CAPSULES[preset], name=label, **(often | changes))  # type: ignore[arg-type]
    return PlannedRun(label, "capsules", config)


_ROUTINGS = tuple(
    _capsules(f"{count} routing{'s' * (count > 1)}", "small", routings=count, steps=1000) for count in (1, 2, 3))

STARTERS = (
    _gan("first-gan", "Eight islands",
         "A generator learns to land on eight islands while a critic maps where the real points are.", "points",
         "points"),
    _gan("wgan-gp-swiss-roll", "A slope to follow",
         "WGAN-GP's critic is a landscape with an even slope; watch samples slide along it onto the swiss roll.",
         "points", "points-wgan-gp", data="swiss roll"),
    _gan("sn-grid", "Twenty-five islands",
         "Spectral norm keeps the critic gentle, so that the generator finds more of the 25 modes.", "points",
         "points-sn", data="25 gaussians"),
    _gan("ot-rings", "Matchmaking",
         "OT-GAN matches samples to data by optimal transport; the lines are the plan that pulls them together.",
         "points", "points-ot", data="rings"),
    _wae("wae-rings", "A flat map of rings",
         "A Wasserstein auto-encoder presses its codes into the shape of a normal distribution.", "points",
         "wae-mmd-points", data="rings"),
    _gan("digits-gan", "Digits from noise", "A small DCGAN learns to write digits.", "pictures", "digits"),
    _gan("digits-sn", "Steadier digits", "The same with spectral norm and the hinge loss.", "pictures", "digits-sn"),
    _gan("digits-ambient", "Digits nobody has seen",
         "AmbientGAN sees each digit once, with half of its pixels blocked, and learns whole digits all the same.",
         "pictures", "digits-ambient"),
    _wae("digits-wae", "A space of digits",
         "A WAE learns eight numbers for each digit; samples, reconstructions and codes improve together.",
         "pictures", "wae-mmd"),
    _wae("digits-vae", "The classic", "A variational auto-encoder of digits, to compare.", "pictures", "vae"),
    Experiment(
        "capsules-digits", "Capsules learn digits",
        "A small CapsNet learns to recognise digits and to draw each again from the sixteen numbers of its capsule.",
        ("pictures",), (_capsules("Capsules learn digits", "small"),)),
    Experiment(
        "capsules-routings", "Compare routings",
        "Three CapsNets begin alike and differ in one thing: how often capsules agree on where their votes go.",
        ("pictures",), _ROUTINGS),
    Experiment(
        "capsules-cnn", "CapsNet against a CNN",
        "A small CapsNet and a convolutional network of eight million weights learn the same digits; only one can bend "
        "them.", ("pictures",),
        (_capsules("CapsNet", "small", steps=400), _capsules("CNN", "matched-cnn", steps=400))),
    Experiment(
        "capsules-two-digits", "Two digits over each other",
        "Two digits overlap, and a small CapsNet learns to name both and to draw each of them again.", ("pictures",),
        (_capsules("Two digits over each other", "two-digits", channels=32, primary_types=8, steps=3000),)),
)


def own_pictures(folder: Path) -> Experiment:
    """A GAN with spectral norm on a folder of the person's pictures."""
    config = replace(
        GANS["digits-sn"], data="pictures", data_path=str(folder), image_size=32, colour=True, name=folder.name)
    return Experiment(
        "own-pictures", folder.name, "A GAN with spectral norm learns from your pictures.", ("pictures",),
        (PlannedRun(folder.name, "gan", config),))


def drawn_density(path: Path) -> Experiment:
    """A WGAN-GP on a density that the person drew."""
    config = replace(GANS["points-wgan-gp"], data="drawn density", data_path=str(path), name="drawn density")
    return Experiment(
        "drawn-density", "Your density", "WGAN-GP learns to put its samples where you have drawn.", ("points",),
        (PlannedRun("drawn density", "gan", config),))
