"""The drawing of an auto-encoder: example, code, reconstruction; and the codes held against the prior."""

from __future__ import annotations

from typing import Any

from gui.training_lab.diagram_plan import Arrangement, Edge, Figure, Moment, Node, Plan, known

_MATCHES = {
    "wae-mmd": ("MMD", "How far the codes of a batch, taken together, are from draws of the prior."),
    "wae-gan": ("Critic of codes", "Tells codes from draws of the prior; the encoder learns to fool it."),
    "vae": ("KL divergence", "How far the code of each example, by itself, is from the prior."),
}

_WIDE: Arrangement = {
    "data": (0, 0, 1, 1), "encoder": (0, 1, 1, 1), "codes": (0, 2, 1, 1), "decoder": (0, 3, 1, 1),
    "output": (0, 4, 1, 1), "prior": (1, 1, 1, 1), "match": (1, 2, 1, 1), "loss": (1, 4, 1, 1)}
_MIDDLE: Arrangement = {
    "data": (0, 0, 1, 1), "encoder": (0, 1, 1, 1), "prior": (0, 2, 1, 1), "loss": (1, 0, 1, 1), "match": (1, 1, 1, 1),
    "codes": (1, 2, 1, 1), "output": (2, 0, 1, 1), "decoder": (2, 1, 1, 1)}
_NARROW: Arrangement = {
    "data": (0, 0, 1, 1), "encoder": (0, 1, 1, 1), "prior": (1, 0, 1, 1), "codes": (1, 1, 1, 1), "match": (2, 0, 1, 1),
    "decoder": (2, 1, 1, 1), "loss": (3, 0, 1, 1), "output": (3, 1, 1, 1)}


def autoencoder_plan(config: Any) -> Plan:
    """The drawing that fits the method of an auto-encoder's configuration."""
    matched = config.method in _MATCHES
    shape = (("network", "network"), ("depth", "layers"), ("width", "width"), ("activation", "activation"),
             ("norm", "normalise"))
    nodes = [
        Node("data", "Data", "x", "An example of what is to be learned.", known(config, ("data", "")),
             picture="data"),
        Node("encoder", "Encoder", "Q(z|x)", "Turns an example into a code.",
             known(config, ("learning_rate", "learning rate")), known(config, *shape)),
        Node("codes", "Codes", "Q_Z", "The codes of many examples, taken together.",
             structure=known(config, ("latent_size", "dimensions")), picture="latents"),
        Node("decoder", "Decoder", "G", "Turns a code into an example; given draws of the prior, it makes samples.",
             structure=known(config, *shape)),
        Node("output", "Output", "G(z)", "The reconstruction: what the decoder makes of the code of an example.",
             picture="reconstructions"),
    ]
    edges = [
        Edge("data", "encoder"), Edge("encoder", "codes", True), Edge("codes", "decoder", True),
        Edge("decoder", "output", True), Edge("output", "loss", True), Edge("data", "loss", around=True),
    ]
    if matched:
        nodes += [_prior(config), _match(config)]
        edges += [Edge("prior", "match"), Edge("codes", "match", True), Edge("match", "loss", True)]
    nodes.append(_loss(config, matched))
    return Plan(
        title="Encoder, codes, prior, decoder and loss",
        nodes=tuple(nodes),
        edges=tuple(edges),
        arrangements=(_WIDE, _MIDDLE, _NARROW),
        moments=_moments(tuple(edges)),
    )


def _prior(config: Any) -> Node:
    return Node("prior", "Prior", "P_Z", "The distribution that new codes are drawn from.",
                structure=known(config, ("prior_sigma", "σ")), picture="prior")


def _match(config: Any) -> Node:
    title, about = _MATCHES[config.method]
    critic = known(config, ("critic_rate", "critic's rate")) if config.method == "wae-gan" else ()
    kernel = known(config, ("kernel", "kernel"), ("kernel_scales", "scales")) if config.method == "wae-mmd" else ()
    figures = [Figure("D", "penalty", "The penalty on the codes; an MMD may be below zero, it is an estimate.")]
    if config.method == "wae-gan":
        figures.append(Figure("right", "critic_accuracy", "Share of codes the critic gets right; a half is the aim."))
    return Node("match", title, "D(Q, P)", about, (*known(config, ("penalty_weight", "weight λ")), *critic), kernel,
                tuple(figures))


def _loss(config: Any, matched: bool) -> Node:
    symbol = "c(x, G(z)) + λ D" if matched else "c(x, G(z))"
    return Node(
        "loss", "Loss", symbol, "How far reconstructions are from examples, plus the penalty on the codes.",
        known(config, ("method", ""), ("cost", "cost c")),
        known(config, ("optimiser", "optimiser"), ("beta1", "β₁")),
        (Figure("loss", "loss", "The whole loss."), Figure("c", "reconstruction", "The cost of reconstruction.")))


def _moments(edges: tuple[Edge, ...]) -> dict[tuple[str, str], Moment]:
    pairs = frozenset((edge.start, edge.end) for edge in edges)
    coded = frozenset({("data", "encoder"), ("encoder", "codes")})
    matching = frozenset(pair for pair in pairs if pair[1] == "match")
    all_back = frozenset((edge.start, edge.end) for edge in edges if edge.back)
    whole = {
        "sample": Moment(frozenset({"data", "encoder", "codes"}), coded),
        "score": Moment(frozenset({"decoder", "output", "loss"}), pairs - coded),
        "gradient": Moment(frozenset({"loss"}), back=all_back),
        "update": Moment(frozenset({"encoder", "decoder"})),
    }
    critic = {
        "sample": Moment(frozenset({"data", "encoder", "codes", "prior"}), coded),
        "score": Moment(frozenset({"match"}), matching),
        "gradient": Moment(frozenset({"match"})),
        "update": Moment(frozenset({"match"})),
    }
    moments = {(part, name): moment for part in ("step", "generator") for name, moment in whole.items()}
    return moments | {("critic", name): moment for name, moment in critic.items()}
