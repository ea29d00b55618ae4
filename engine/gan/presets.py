"""Configurations to start from: each objective on points and on digits, and with the sizes that its paper names."""

from __future__ import annotations

from dataclasses import replace

from engine.gan.config import GanTrainConfig

_POINTS = GanTrainConfig()
_PICTURES = GanTrainConfig(
    data="digits", network="dcgan", width=32, critic_width=24, latent_size=64, generator_norm="batch",
    generator_rate=2e-4, critic_rate=2e-4, batch_size=64, picture_every=100, measure_every=500, save_every=500,
    steps=10_000, precision="bf16-mixed", ema_decay=0.999,
)


def _wgan_gp(base: GanTrainConfig) -> GanTrainConfig:
    """Gulrajani et al. 2017, algorithm 1, but for the momentum, which their toys need."""
    return replace(base, objective="wasserstein", penalty_weight=10.0, critic_steps=5, beta1=0.5, beta2=0.9)


def _ot(base: GanTrainConfig) -> GanTrainConfig:
    """Salimans et al. 2018, section 5: the critic moves once for three steps of the generator, both by 3e-4."""
    return replace(
        base, objective="optimal transport", generator_steps=3, beta1=0.5, generator_rate=3e-4, critic_rate=3e-4)


def _sized(base: GanTrainConfig, width: int, latent_size: int) -> GanTrainConfig:
    return replace(base, width=width, critic_width=width, latent_size=latent_size)


# The first is what a new run starts from.
PRESETS = {
    "points": _POINTS,
    "points-minimax": replace(_POINTS, objective="minimax"),
    "points-wgan": replace(
        _POINTS, objective="wasserstein", critic_constraint="clip", clip_limit=0.1, critic_steps=5, optimiser="rmsprop",
        beta2=0.99, generator_rate=5e-4, critic_rate=5e-4),
    "points-wgan-gp": replace(_wgan_gp(_POINTS), penalty_weight=1.0),
    "points-sn": replace(_POINTS, objective="hinge", critic_constraint="spectral norm", critic_steps=2),
    "points-ot": replace(_ot(_POINTS), sinkhorn_regularisation=0.01),
    "digits": replace(_PICTURES, critic_norm="batch"),
    "digits-minimax": replace(_PICTURES, objective="minimax", critic_norm="batch"),
    "digits-wgan": replace(
        _PICTURES, objective="wasserstein", critic_constraint="clip", critic_steps=5, optimiser="rmsprop", beta2=0.99,
        generator_rate=5e-5, critic_rate=5e-5),
    "digits-wgan-gp": _wgan_gp(_PICTURES),
    "digits-sn": replace(_PICTURES, objective="hinge", critic_constraint="spectral norm"),
    "digits-ot": replace(_ot(_PICTURES), batch_size=256, embedding_size=256),
    "digits-ambient": replace(_wgan_gp(_PICTURES), ambient="ambient"),
    "paper-dcgan": replace(
        _sized(_PICTURES, 128, 100), image_size=64, latent_kind="uniform", batch_size=128, critic_norm="batch",
        steps=100_000),
    "paper-sn": replace(
        _sized(_PICTURES, 64, 128), critic_steps=5, objective="hinge", beta1=0.0, beta2=0.9,
        critic_constraint="spectral norm", steps=50_000),
    "paper-wgan-gp": replace(
        _wgan_gp(_sized(_PICTURES, 64, 128)), generator_rate=1e-4, critic_rate=1e-4, beta1=0.0, steps=200_000),
    "paper-ot": replace(
        # The critic's last 1024 channels of 4 x 4 pixels, doubled by CReLU, are the paper's 32,768 numbers.
        _ot(_sized(_PICTURES, 128, 100)), batch_size=8000, critic_width=256, critic_activation="crelu",
        embedding_size=0, sinkhorn_iterations=500, steps=50_000),
    "paper-ambient": replace(_wgan_gp(_sized(_PICTURES, 64, 128)), ambient="ambient", steps=27_000),
}
