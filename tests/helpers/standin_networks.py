"""Configurations with the settings of a GAN and of an auto-encoder that the drawing of a model asks for."""

from __future__ import annotations

from dataclasses import dataclass

from engine.runtime.config import setting


@dataclass(frozen=True)
class StandinGan:
    """The settings of a GAN."""

    data: str = setting("8 gaussians", "What to learn from.", group="Data", choices=("8 gaussians", "digits"))
    ambient: str = setting(
        "off", "How measured data is learned from.", group="Measurement",
        choices=("off", "ambient", "ignore", "unmeasure"))
    measurement: str = setting(
        "block-pixels", "How examples were measured.", group="Measurement", choices=("block-pixels", "keep-patch"))
    measurement_strength: float = setting(
        0.5, "How much is lost.", group="Measurement", low=0.0, high=1.0, live=True)
    network: str = setting("mlp", "The networks.", group="Networks", choices=("mlp", "dcgan"))
    width: int = setting(128, "Units of a layer.", group="Networks", low=4, high=2048)
    critic_width: int = setting(128, "Units of D.", group="Networks", low=4, high=2048)
    depth: int = setting(4, "Hidden layers.", group="Networks", low=1, high=64)
    activation: str = setting("leaky_relu", "Between layers.", group="Networks", choices=("relu", "leaky_relu"))
    critic_activation: str = setting("leaky_relu", "In D.", group="Networks", choices=("relu", "leaky_relu"))
    latent_size: int = setting(2, "Dimensions of z.", group="Networks", low=1, high=1024)
    latent_kind: str = setting("normal", "The distribution of z.", group="Networks", choices=("normal", "uniform"))
    objective: str = setting(
        "non-saturating", "What is played for.", group="Objective",
        choices=("minimax", "non-saturating", "wasserstein", "optimal transport"))
    critic_constraint: str = setting("none", "Keeps D smooth.", group="Objective", choices=("none", "clip"))
    penalty_weight: float = setting(
        0.0, "λ of the gradient penalty.", group="Objective", low=0.0, high=1000.0, live=True, source="eq. 3")
    clip_limit: float = setting(0.01, "c of clipping.", group="Objective", low=1e-4, high=10.0, live=True)
    critic_steps: int = setting(1, "Steps of D.", group="Objective", low=1, high=100, live=True)
    generator_steps: int = setting(1, "Steps of G.", group="Objective", low=1, high=100, live=True)
    freeze_critic: bool = setting(False, "D stays as it is.", group="Objective", live=True)
    instance_noise: float = setting(0.0, "Noise on D's inputs.", group="Objective", low=0.0, high=2.0, live=True)
    sinkhorn_regularisation: float = setting(0.002, "Weight of the entropy.", group="Transport", low=1e-4, high=10.0)
    matching: str = setting("optimal", "The plan.", group="Transport", choices=("optimal", "random"))
    cost: str = setting("learned", "The cost.", group="Transport", choices=("learned", "fixed"))
    optimiser: str = setting("adam", "Of both networks.", group="Optimiser", choices=("adam", "sgd"))
    generator_rate: float = setting(1e-3, "Rate of G.", group="Optimiser", low=0.0, high=1.0, live=True)
    critic_rate: float = setting(1e-3, "Rate of D.", group="Optimiser", low=0.0, high=1.0, live=True)
    ema_decay: float = setting(0.999, "Averaging.", group="Optimiser", low=0.0, high=0.999999, live=True)


@dataclass(frozen=True)
class StandinAutoencoder:
    """The settings of an auto-encoder."""

    data: str = setting("digits", "What to learn.", group="Data", choices=("8 gaussians", "digits"))
    method: str = setting("wae-mmd", "The match.", group="Model", choices=("wae-mmd", "wae-gan", "vae", "ae"))
    latent_size: int = setting(8, "d_z.", group="Model", low=1, high=512)
    prior_sigma: float = setting(1.0, "sigma_z.", group="Model", low=1e-3, high=1e3)
    network: str = setting("conv", "The networks.", group="Model", choices=("conv", "mlp"))
    width: int = setting(32, "Units.", group="Model", low=1, high=1024)
    depth: int = setting(3, "Layers.", group="Model", low=1, high=8)
    activation: str = setting("relu", "Between layers.", group="Model", choices=("relu", "selu"))
    penalty_weight: float = setting(10.0, "lambda.", group="Loss", low=0.0, high=1e6, live=True)
    kernel: str = setting("imq", "The kernel.", group="Loss", choices=("imq", "rbf"))
    optimiser: str = setting("adam", "The rule.", group="Optimiser", choices=("adam", "sgd"))
    learning_rate: float = setting(1e-3, "Rate.", group="Optimiser", low=0.0, high=1.0, live=True)
    critic_rate: float = setting(5e-4, "Rate of the critic.", group="Optimiser", low=0.0, high=1.0, live=True)
