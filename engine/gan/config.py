"""The configuration of a GAN and of its training."""

from __future__ import annotations

from dataclasses import dataclass

from engine.data.source import DATA_NAMES
from engine.gan.measurements import MEASUREMENT_NAMES
from engine.runtime.config import setting

DATA = "Data"
MEASUREMENT = "Measurement"
NETWORKS = "Networks"
OBJECTIVE = "Objective"
TRANSPORT = "Optimal transport"
OPTIMISER = "Optimiser"
RUN = "Run"

AMBIENT = ("off", "ambient", "ignore", "unmeasure")
CONSTRAINTS = ("none", "clip", "weight norm", "spectral norm", "orthonormal")
OBJECTIVE_NAMES = ("minimax", "non-saturating", "wasserstein", "hinge", "optimal transport")


@dataclass(frozen=True)
class GanTrainConfig:
    """A training run of a GAN: its data, measurement, networks, objective, optimisers and length."""

    data: str = setting("8 gaussians", "What to learn from.", group=DATA, choices=DATA_NAMES)
    data_path: str = setting(
        "", "A folder of pictures, drawings, or a drawn density, for the kinds of data that need one.", group=DATA)
    image_size: int = setting(32, "Width and height of pictures.", group=DATA, unit="pixels", low=28, high=64)
    colour: bool = setting(False, "Whether pictures of a folder keep their colours.", group=DATA)

    ambient: str = setting(
        "off", "How measured data is learned from: off sees the data itself; ambient measures the generator's samples "
        "too; ignore takes measured pictures for real ones; unmeasure first undoes the measurement as well as it can.",
        group=MEASUREMENT, choices=AMBIENT, source="Bora, Price and Dimakis 2018")
    unmeasure_method: str = setting(
        "quickest", "How unmeasure fills in hidden pixels: the quickest way is a blur of what is seen around; blurred "
        "pictures are sharpened by Wiener's filter.", group=MEASUREMENT,
        choices=("quickest", "blur", "total variation", "biharmonic", "wiener"), advanced=True)
    measurement: str = setting(
        "block-pixels", "How each example was measured once, before anyone saw it.", group=MEASUREMENT,
        choices=MEASUREMENT_NAMES, source="Bora et al. 2018, section 4")
    measurement_strength: float = setting(
        0.5, "How much is lost: the share p of blocked pixels, the share of the side of a patch, the width of the "
        "blur, the share of numbers that a projection leaves out.", group=MEASUREMENT, low=0.0, high=1.0, live=True)
    measurement_noise: float = setting(
        0.1, "Standard deviation of the noise that convolve-noise adds after its blur, in brightness from 0 to 1.",
        group=MEASUREMENT, low=0.0, high=2.0, live=True)

    network: str = setting(
        "mlp", "Fully connected networks (mlp), convolutions that grow pictures by transposed kernels (dcgan) or by "
        "enlarging and convolving (resize); points need mlp.", group=NETWORKS, choices=("mlp", "dcgan", "resize"),
        source="Radford et al. 2016; Odena et al. 2016")
    width: int = setting(
        128, "Units of each hidden layer of the generator; for dcgan the channels at the finest resolution.",
        group=NETWORKS, low=4, high=2048)
    critic_width: int = setting(128, "The same for the critic.", group=NETWORKS, low=4, high=2048)
    depth: int = setting(4, "Hidden layers of an mlp.", group=NETWORKS, low=1, high=64)
    activation: str = setting(
        "relu", "The non-linearity between the generator's layers.", group=NETWORKS,
        choices=("relu", "leaky_relu", "selu"), source="SELU: Klambauer et al. 2017")
    critic_activation: str = setting(
        "leaky_relu", "The non-linearity between the critic's layers.", group=NETWORKS,
        choices=("relu", "leaky_relu", "selu", "crelu"), source="Radford et al. 2016; CReLU: Salimans et al. 2018")
    generator_norm: str = setting(
        "none", "Batch normalisation in the generator.", group=NETWORKS, choices=("none", "batch"))
    critic_norm: str = setting("none", "Batch normalisation in the critic.", group=NETWORKS, choices=("none", "batch"))
    latent_size: int = setting(2, "Dimensions of the noise z.", group=NETWORKS, low=1, high=1024)
    latent_kind: str = setting(
        "normal", "The distribution of z: standard normal, or uniform in [-1, 1].", group=NETWORKS,
        choices=("normal", "uniform"))

    objective: str = setting(
        "non-saturating", "What critic and generator play for.", group=OBJECTIVE, choices=OBJECTIVE_NAMES,
        source="Goodfellow et al. 2014; Arjovsky et al. 2017; Miyato et al. 2018; Salimans et al. 2018")
    critic_constraint: str = setting(
        "none", "What keeps the critic smooth, beside a gradient penalty.", group=OBJECTIVE, choices=CONSTRAINTS,
        source="Arjovsky et al. 2017; Miyato et al. 2018")
    penalty_weight: float = setting(
        0.0, "λ of the gradient penalty, which pulls the norm of the critic's gradient to 1 between data and samples; "
        "0 leaves it out.", group=OBJECTIVE, low=0.0, high=1000.0, live=True, source="Gulrajani et al. 2017, eq. 3")
    clip_limit: float = setting(
        0.01, "c: with clipping, each weight of the critic stays within plus or minus this.", group=OBJECTIVE, low=1e-4,
        high=10.0, live=True, source="Arjovsky et al. 2017, algorithm 1")
    orthonormal_weight: float = setting(
        0.01, "Weight of the orthonormal regularisation, the squared distance of W W^T from the identity.",
        group=OBJECTIVE, low=0.0, high=100.0, live=True, advanced=True, source="Miyato et al. 2018, section 4")
    critic_steps: int = setting(
        1, "Steps of the critic in one step of the run.", group=OBJECTIVE, low=1, high=100, live=True)
    generator_steps: int = setting(
        1, "Steps of the generator in one step of the run.", group=OBJECTIVE, low=1, high=100, live=True)
    freeze_critic: bool = setting(
        False, "Leave the critic as it is and train the generator alone.", group=OBJECTIVE, live=True)
    freeze_critic_at: int = setting(
        0, "Freeze the critic by itself at this step; 0: never.", group=OBJECTIVE, low=0, high=10_000_000,
        advanced=True)
    duality_steps: int = setting(
        0, "With each measurement, search this many steps for what either side could still win: the duality gap, near "
        "0 where both are done. 0 leaves it out; it takes about as long as the same number of steps.", group=OBJECTIVE,
        low=0, high=10_000, advanced=True, source="Grnarova et al. 2019")
    instance_noise: float = setting(
        0.0, "Standard deviation of noise added to data and samples before the critic sees them.", group=OBJECTIVE,
        low=0.0, high=2.0, live=True, source="Sønderby et al. 2017; Arjovsky and Bottou 2017")

    sinkhorn_regularisation: float = setting(
        0.002, "Weight of the entropy in the transport plan; the paper's λ = 500 is one over it.", group=TRANSPORT,
        low=1e-4, high=10.0, source="Salimans et al. 2018, section 5")
    sinkhorn_iterations: int = setting(
        100, "Iterations of Sinkhorn's algorithm for each plan.", group=TRANSPORT, low=1, high=10_000)
    matching: str = setting(
        "optimal", "The plan: optimal transport, or random matching for comparison.", group=TRANSPORT,
        choices=("optimal", "random"), source="Salimans et al. 2018, section 5")
    cost: str = setting(
        "learned", "The cosine distance in the critic's learned space, or in the space of the data.", group=TRANSPORT,
        choices=("learned", "fixed"), source="Salimans et al. 2018, eq. 9")
    embedding_size: int = setting(
        64, "Dimensions of the space in which the critic compares; 0: that of its last hidden layer, as in the paper.",
        group=TRANSPORT, low=0, high=32_768, source="Salimans et al. 2018, appendix")

    optimiser: str = setting(
        "adam", "The optimiser of both networks.", group=OPTIMISER, choices=("adam", "amsgrad", "sgd", "rmsprop"),
        source="Kingma and Ba 2015; Reddi et al. 2018")
    generator_rate: float = setting(
        1e-3, "Learning rate of the generator.", group=OPTIMISER, low=0.0, high=1.0, live=True)
    critic_rate: float = setting(1e-3, "Learning rate of the critic.", group=OPTIMISER, low=0.0, high=1.0, live=True)
    beta1: float = setting(
        0.5, "β1 of Adam and AMSGrad, the momentum of SGD.", group=OPTIMISER, low=0.0, high=0.9999)
    beta2: float = setting(
        0.999, "β2 of Adam and AMSGrad, the smoothing of RMSprop.", group=OPTIMISER, low=0.0, high=0.999999)
    ema_decay: float = setting(
        0.0, "Samples come from an exponential moving average of the generator's weights with this decay, "
        "less in the first steps; 0: from the weights themselves.", group=OPTIMISER, low=0.0, high=0.999999, live=True)

    batch_size: int = setting(256, "Examples in a step.", group=RUN, low=2, high=16_384)
    steps: int = setting(10_000, "Steps of the whole run.", group=RUN, low=1, high=10_000_000, live=True)
    minutes: float = setting(
        0.0, "Stop and save after this much training time; 0 means no limit.", group=RUN, unit="min", low=0.0,
        high=1e6, live=True)
    log_every: int = setting(20, "Steps between two points of the curves.", group=RUN, low=1, high=100_000)
    picture_every: int = setting(
        200, "Steps between two pictures that are kept for the time line.", group=RUN, low=1, high=100_000)
    measure_every: int = setting(
        500, "Steps between two measurements of the samples.", group=RUN, low=1, high=1_000_000)
    save_every: int = setting(1000, "Steps between two checkpoints.", group=RUN, low=1, high=1_000_000)
    seed: int = setting(1, "Seed of the weights, batches and noise.", group=RUN, low=0, high=2**31 - 1)
    name: str = setting("my GAN", "Name of the model in the catalog.", group=RUN)
    precision: str = setting(
        "32-true", "Number format of the large matrix products.", group=RUN, choices=("32-true", "bf16-mixed"),
        advanced=True)
    device: str = setting("auto", "Where to train.", group=RUN, choices=("auto", "cpu", "cuda"), advanced=True)
