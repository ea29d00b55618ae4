"""The configuration of an auto-encoder and of its training (Tolstikhin et al. 2018, appendix C; the authors' code)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.data.source import DATA_NAMES, IMAGE_SIZES
from engine.runtime.config import setting

MODEL = "Model"
DATA = "Data"
LOSS = "Loss"
OPTIMISER = "Optimiser"
RUN = "Run"

METHODS = ("wae-mmd", "wae-gan", "vae", "ae")


@dataclass(frozen=True)
class WaeTrainConfig:
    """A training run of an auto-encoder: its data, networks, loss, optimisers and length."""

    data: str = setting("digits", "What to learn: points of the plane or pictures.", group=DATA, choices=DATA_NAMES)
    data_path: str = setting(
        "", "The file or folder of a drawn density, of drawings or of your pictures (not used by the other data).",
        group=DATA)
    image_size: int = setting(
        28, f"Side of the pictures: {', '.join(map(str, IMAGE_SIZES))}.", group=DATA, unit="px", low=min(IMAGE_SIZES),
        high=max(IMAGE_SIZES))
    colour: bool = setting(False, "Learn your pictures in colour, not grey.", group=DATA)

    method: str = setting(
        "wae-mmd", "How the codes are made to follow the prior P_Z: all together by an MMD (wae-mmd) or by a critic "
        "(wae-gan), each by itself (vae), or not at all (ae).", group=MODEL, choices=METHODS,
        source="Tolstikhin et al. 2018, algorithms 1 and 2; Kingma and Welling 2014")
    encoder: str = setting(
        "deterministic", "One code for each example, or (gaussian) a normal distribution of codes, as the vae always "
        "has: it fills the prior also where the data lies in a few narrow places.", group=MODEL,
        choices=("deterministic", "gaussian"), source="section 2.1, after theorem 1")
    latent_size: int = setting(
        8, "d_z, the numbers of a code z.", group=MODEL, low=1, high=512,
        source="appendix C: 8 for digits, 64 for faces")
    prior_sigma: float = setting(
        1.0, "sigma_z, the standard deviation of the prior P_Z = N(0, sigma_z^2 I).", group=MODEL, low=1e-3, high=1e3,
        advanced=True)
    network: str = setting(
        "conv", "Networks of convolutions as in DCGAN, or fully connected ones. Points need the latter.", group=MODEL,
        choices=("conv", "mlp"))
    width: int = setting(
        32, "Units of a fully connected layer; filters of the first convolution, which double with each further one.",
        group=MODEL, low=1, high=1024, source="appendix C: 128")
    depth: int = setting(
        3, "Hidden layers of the encoder; each convolution halves the picture.", group=MODEL, low=1, high=8,
        source="appendix C: 4")
    filter_size: int = setting(
        4, "Side of a convolution's filters.", group=MODEL, unit="px", low=3, high=5, advanced=True,
        source="appendix C: 4 for digits, 5 for faces")
    activation: str = setting(
        "relu", "The non-linearity of encoder and decoder; selu brings its own initial weights.", group=MODEL,
        choices=("relu", "leaky_relu", "selu"))
    norm: str = setting(
        "batch", "Batch normalisation after each hidden layer, or none.", group=MODEL, choices=("batch", "none"))
    critic_width: int = setting(
        256, "Units of each hidden layer of wae-gan's critic, which tells codes from draws of the prior.", group=MODEL,
        low=1, high=4096, source="appendix C: 512")
    critic_depth: int = setting(
        3, "Hidden layers of wae-gan's critic.", group=MODEL, low=1, high=8, source="appendix C: 4")

    penalty_weight: float = setting(
        10.0, "lambda, how much the match of codes and prior counts beside the reconstruction (vae: beta).", group=LOSS,
        low=0.0, high=1e6, live=True, source="eq. 4; appendix C: 10 for digits, 100 for faces by MMD, 1 by GAN")
    cost: str = setting(
        "squared", "c(x, G(z)) of an example: the sum of squared or of absolute differences, or the cross-entropy of "
        "pictures as a Bernoulli decoder has it. Pictures count as 0 to 1.", group=LOSS,
        choices=("squared", "absolute", "cross-entropy"))
    kernel: str = setting(
        "imq", "The kernel of wae-mmd: inverse multiquadratic C / (C + |x - y|^2), or Gaussian exp(-|x - y|^2 / C), "
        "whose gradient vanishes for outliers.", group=LOSS, choices=("imq", "rbf"), source="section 4")
    kernel_scales: str = setting(
        "seven", "One kernel with C = 2 d_z sigma_z^2, or the sum of seven, with 0.1 to 10 times that.", group=LOSS,
        choices=("seven", "one"), source="section 4; the authors' code")

    optimiser: str = setting(
        "adam", "The rule that turns gradients into steps.", group=OPTIMISER,
        choices=("adam", "amsgrad", "sgd", "rmsprop"), source="Kingma and Ba 2015; Reddi et al. 2018")
    learning_rate: float = setting(
        1e-3, "Step size of encoder and decoder.", group=OPTIMISER, low=0.0, high=1.0, live=True,
        source="appendix C")
    critic_rate: float = setting(
        5e-4, "Step size of wae-gan's critic.", group=OPTIMISER, low=0.0, high=1.0, live=True, source="appendix C")
    beta1: float = setting(
        0.5, "How much of the earlier gradients Adam keeps in its direction (for sgd: the momentum).", group=OPTIMISER,
        low=0.0, high=0.9999, advanced=True, source="appendix C")
    rate_schedule: str = setting(
        "constant", "Keep the step sizes, or halve them after 30 % of the steps and take a fifth of that after 50 %.",
        group=OPTIMISER, choices=("constant", "paper"), advanced=True, source="appendix C: 30 and 50 of 100 epochs")

    batch_size: int = setting(100, "Examples in a step.", group=RUN, low=2, high=8192, source="appendix C")
    steps: int = setting(6000, "Steps of the whole run.", group=RUN, low=1, high=10_000_000, live=True)
    minutes: float = setting(
        0.0, "Stop and save after this much training time; 0 means no limit.", group=RUN, unit="min", low=0.0,
        high=1e6, live=True)
    log_every: int = setting(10, "Steps between two points of the curves.", group=RUN, low=1, high=100_000)
    picture_every: int = setting(
        200, "Steps between two pictures kept for the time line.", group=RUN, low=1, high=100_000)
    measure_every: int = setting(
        1000, "Steps between two measurements of quality, which take a while.", group=RUN, low=1, high=1_000_000)
    save_every: int = setting(
        500, "Steps between two checkpoints, to go on from or back to.", group=RUN, low=1, high=1_000_000)
    seed: int = setting(1, "Seed of the weights, batches and noise.", group=RUN, low=0, high=2**31 - 1)
    name: str = setting("my auto-encoder", "Name of the model in the catalog.", group=RUN)
    precision: str = setting(
        "bf16-mixed", "Number format of the large matrix products.", group=RUN,
        choices=("32-true", "bf16-mixed"), advanced=True)
    device: str = setting("auto", "Where to train.", group=RUN, choices=("auto", "cpu", "cuda"), advanced=True)


_POINTS = WaeTrainConfig(
    data="8 gaussians", network="mlp", latent_size=2, width=128, depth=3, norm="none", critic_width=128,
    encoder="gaussian", penalty_weight=10.0, batch_size=256, steps=10_000, picture_every=100, measure_every=1000,
    save_every=1000, precision="32-true", name="my points")

# "paper" is the model of appendix C.1 (digits), "paper-faces" that of C.2 on a folder of pictures (CelebA there).
PRESETS = {
    "wae-mmd": WaeTrainConfig(),
    "wae-gan": WaeTrainConfig(method="wae-gan"),
    "vae": WaeTrainConfig(method="vae", cost="cross-entropy", penalty_weight=1.0),
    "ae": WaeTrainConfig(method="ae"),
    "wae-mmd-points": _POINTS,
    "wae-gan-points": replace(_POINTS, method="wae-gan"),
    "vae-points": replace(_POINTS, method="vae", penalty_weight=0.1),
    "ae-points": replace(_POINTS, method="ae", encoder="deterministic"),
    "paper": WaeTrainConfig(
        width=128, depth=4, critic_width=512, critic_depth=4, rate_schedule="paper", steps=60_000, save_every=1000),
    "paper-faces": WaeTrainConfig(
        data="pictures", image_size=64, colour=True, latent_size=64, prior_sigma=2**0.5, width=128, depth=4,
        filter_size=5, critic_width=512, critic_depth=4, penalty_weight=100.0, rate_schedule="paper", steps=100_000,
        save_every=1000),
}
