"""The configuration of a Sketch-RNN and of its training (Ha and Eck 2018, sections 3 and 4; the authors' defaults)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.runtime.config import setting

MODEL = "Model"
DATA = "Data"
LOSS = "Loss"
OPTIMISER = "Optimiser"
RUN = "Run"


@dataclass(frozen=True)
class SketchModelConfig:
    """The shape of a model: everything that is needed to build it again from a checkpoint."""

    mode: str = "vae"  # "vae" with an encoder, "decoder" without
    encoder_size: int = 256
    decoder_size: int = 512
    decoder_cell: str = "lstm"
    latent_size: int = 128
    mixtures: int = 20
    class_size: int = 64
    recurrent_keep: float = 0.9
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class SketchTrainConfig:
    """A training run of Sketch-RNN: its data, model, loss, optimiser and length."""

    data: tuple[str, ...] = setting(
        (), "Files or folders of drawings to learn from: ndjson, npz or svg. Held-out loss is measured on these.",
        group=DATA)
    extra_data: tuple[str, ...] = setting(
        (), "More drawings for training only, such as samples of other models.", group=DATA, advanced=True)
    extra_share: float = setting(
        0.5, "Share of each batch that is drawn from the extra drawings.", group=DATA, low=0.0, high=0.95,
        advanced=True)
    max_points: int = setting(
        250, "Longer drawings are left out (N_max is the longest that stays).", group=DATA, unit="points", low=2,
        high=1000)
    valid_fraction: float = setting(
        0.08, "Share of each category kept aside to measure the loss while training.", group=DATA, low=0.0, high=0.5,
        advanced=True)
    test_fraction: float = setting(
        0.12, "Share of each category kept aside for the final figures.", group=DATA, low=0.0, high=0.5, advanced=True)
    scale_jitter: float = setting(
        0.15, "Each drawing is stretched by a random factor of 1 plus or minus this, in x and y.", group=DATA, low=0.0,
        high=0.9, live=True, source="Ha and Eck 2018, section 4.1 (random_scale_factor)")
    point_drop: float = setting(
        0.10, "Chance that a point inside a stroke is merged into the next one.", group=DATA, low=0.0, high=0.9,
        live=True, source="authors' code, augment_stroke_prob")
    point_noise: float = setting(
        0.5, "Uniform noise of plus or minus this on every point. The data is rounded to whole units; without noise "
        "the variance of offsets that are exactly 0 collapses, and the gradient jumps.", group=DATA,
        unit="of the 0-255 box", low=0.0, high=20.0, live=True, advanced=True)

    mode: str = setting(
        "vae", "With an encoder (vae), or the decoder alone, which learns p(S) without a latent z.", group=MODEL,
        choices=("vae", "decoder"), source="sections 3.2 and 3.3")
    encoder_size: int = setting(
        256, "Units of each direction of the bidirectional LSTM encoder.", group=MODEL, low=8, high=2048)
    decoder_size: int = setting(512, "Units of the decoder.", group=MODEL, low=8, high=4096)
    decoder_cell: str = setting(
        "lstm", "The decoder's recurrent cell.", group=MODEL, choices=("lstm", "layer_norm", "hyper"),
        source="section 3.2; Ba et al. 2016; Ha et al. 2016")
    latent_size: int = setting(128, "N_z, the dimensions of the latent vector z.", group=MODEL, low=1, high=1024)
    mixtures: int = setting(20, "M, the bivariate Gaussians of the mixture.", group=MODEL, low=1, high=100)
    class_size: int = setting(
        64, "Dimensions of the learned vector of each category that the decoder is given beside z.", group=MODEL, low=0,
        high=1024, advanced=True)
    recurrent_keep: float = setting(
        0.9, "Share of the cell's candidate values kept by recurrent dropout; 1 turns it off.", group=MODEL, low=0.1,
        high=1.0, source="section 4.1; Semeniuta et al. 2016")

    kl_weight: float = setting(
        0.5, "w_KL, the weight of the Kullback-Leibler term.", group=LOSS, low=0.0, high=10.0, live=True,
        source="eq. 10")
    kl_start: float = setting(
        0.01, "eta_min, the share of w_KL at the first step.", group=LOSS, low=0.0, high=1.0, advanced=True,
        source="supplement, annealing")
    kl_decay: float = setting(
        0.99995, "R: the share of w_KL is 1 - (1 - eta_min) R^step.", group=LOSS, low=0.0, high=1.0, advanced=True)
    kl_floor: float = setting(
        0.2, "KL_min: below this the KL term does not pull any more.", group=LOSS, low=0.0, high=10.0, live=True)
    latent_drop: float = setting(
        0.5, "Chance that a drawing is decoded without its z, so that one model also completes drawings.", group=LOSS,
        low=0.0, high=1.0, live=True)
    class_drop: float = setting(
        0.1, "Chance that a drawing is decoded without its category, so that the category may be left open.",
        group=LOSS, low=0.0, high=1.0, live=True)

    learning_rate: float = setting(
        1e-3, "Step size of Adam at the start.", group=OPTIMISER, low=0.0, high=1.0, live=True)
    final_rate: float = setting(1e-5, "Step size that the rate decays towards.", group=OPTIMISER, low=0.0, high=1.0)
    rate_decay: float = setting(
        0.9999, "The rate is (start - final) * decay^step + final.", group=OPTIMISER, low=0.0, high=1.0, live=True)
    clip: float = setting(
        1.0, "Each gradient value is clipped to plus or minus this.", group=OPTIMISER, low=0.0, high=1e6, live=True,
        source="section 4.1")
    max_norm: float = setting(
        1.0, "The whole gradient is scaled down to this norm where it is larger, which value clipping does not do.",
        group=OPTIMISER, low=0.0, high=1e6, live=True, advanced=True)

    batch_size: int = setting(100, "Drawings in a step.", group=RUN, low=1, high=4096)
    steps: int = setting(20_000, "Steps of the whole run.", group=RUN, low=1, high=10_000_000, live=True)
    minutes: float = setting(
        0.0, "Stop and save after this much training time; 0 means no limit.", group=RUN, unit="min", low=0.0,
        high=1e6, live=True)
    log_every: int = setting(20, "Steps between two points of the curves.", group=RUN, low=1, high=100_000)
    picture_every: int = setting(250, "Steps between two sheets of sample drawings.", group=RUN, low=1, high=100_000)
    measure_every: int = setting(
        500, "Steps between two measurements of the held-out loss; each checkpoint has one as well.", group=RUN, low=1,
        high=100_000)
    save_every: int = setting(500, "Steps between two checkpoints to go back to.", group=RUN, low=1, high=100_000)
    seed: int = setting(1, "Seed of the weights, batches and noise.", group=RUN, low=0, high=2**31 - 1)
    initial: str = setting(
        "", "A model file whose decoder weights the training starts from (empty: random weights).", group=RUN,
        advanced=True)
    name: str = setting("my sketches", "Name of the model in the catalog.", group=RUN)
    precision: str = setting(
        "bf16-mixed", "Number format of the large matrix products.", group=RUN,
        choices=("32-true", "bf16-mixed"), advanced=True)
    device: str = setting("auto", "Where to train.", group=RUN, choices=("auto", "cpu", "cuda"), advanced=True)


def model_config(config: SketchTrainConfig, categories: tuple[str, ...]) -> SketchModelConfig:
    """The shape of the model that a run trains on data with these categories."""
    return SketchModelConfig(
        mode=config.mode,
        encoder_size=config.encoder_size,
        decoder_size=config.decoder_size,
        decoder_cell=config.decoder_cell,
        latent_size=config.latent_size,
        mixtures=config.mixtures,
        class_size=config.class_size if len(categories) > 1 else 0,
        recurrent_keep=config.recurrent_keep,
        categories=categories,
    )


# "paper" is the model of section 4.1: encoder 512, HyperLSTM decoder 2048 with layer norm, recurrent dropout 0.9.
PRESETS = {
    "desktop": SketchTrainConfig(),
    "paper": SketchTrainConfig(encoder_size=512, decoder_size=2048, decoder_cell="hyper", recurrent_keep=0.9),
}
