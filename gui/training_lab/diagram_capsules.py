"""The drawing of CapsNet: capsules that vote, routing by agreement and a decoder; and that of a plain CNN."""

from __future__ import annotations

from typing import Any

from gui.training_lab.diagram_plan import Arrangement, Edge, Figure, Moment, Node, Plan, known

_ACCURACY = Figure("right", "accuracy", "Share of the last batch that is recognised.")
_NETWORK = ("network", "")

_WIDE: Arrangement = {
    "data": (0, 0, 1, 1), "conv": (0, 1, 1, 1), "primary": (0, 2, 1, 1), "routing": (0, 3, 1, 1),
    "capsules": (0, 4, 1, 1), "loss": (0, 5, 1, 1), "decoder": (1, 4, 1, 1), "output": (1, 5, 1, 1)}
_MIDDLE: Arrangement = {
    "data": (0, 0, 1, 1), "conv": (0, 1, 1, 1), "primary": (0, 2, 1, 1), "loss": (1, 0, 1, 1),
    "capsules": (1, 1, 1, 1), "routing": (1, 2, 1, 1), "output": (2, 0, 1, 1), "decoder": (2, 1, 1, 1)}
_NARROW: Arrangement = {
    "data": (0, 0, 1, 1), "conv": (0, 1, 1, 1), "routing": (1, 0, 1, 1), "primary": (1, 1, 1, 1),
    "capsules": (2, 0, 1, 1), "loss": (2, 1, 1, 1), "decoder": (3, 0, 1, 1), "output": (3, 1, 1, 1)}

_PLAIN_WIDE: Arrangement = {"data": (0, 0, 1, 1), "network": (0, 1, 1, 1), "loss": (0, 2, 1, 1)}
_PLAIN_MIDDLE: Arrangement = {"data": (0, 0, 1, 1), "network": (0, 1, 1, 1), "loss": (1, 1, 1, 1)}
_PLAIN_NARROW: Arrangement = {"data": (0, 0, 1, 1), "network": (1, 0, 1, 1), "loss": (2, 0, 1, 1)}


def capsule_plan(config: Any) -> Plan:
    """The drawing that fits the network of a capsule run's configuration (Sabour et al. 2017, figures 1 and 2)."""
    return _capsnet(config) if config.network == "capsnet" else _plain(config)


def _capsnet(config: Any) -> Plan:
    redraws = config.decoder != "none"
    nodes = [
        _data(config),
        Node("conv", "Conv1", "ReLU", "A convolution with kernels of 9 x 9 pixels finds simple features.",
             known(config, _NETWORK), known(config, ("channels", "channels"))),
        Node("primary", "Primary capsules", "u_i", "At each position small vectors say what is there, and in which "
             "pose.", structure=known(config, ("primary_types", "kinds"), ("primary_size", "numbers"))),
        Node("routing", "Routing", "c_ij", "Every capsule votes for what each digit would look like, û_j|i; votes that "
             "agree get more weight, iteration by iteration.",
             known(config, ("routings", "iterations"), ("every_gradient", "all gradients"))),
        Node("capsules", "Digit capsules", "v_j", "A vector for each digit: its length says whether the digit is "
             "there, its direction how it is written.",
             structure=known(config, ("capsule_size", "numbers")), figures=(_ACCURACY,), picture="sweep"),
        Node("decoder", "Decoder", "v_j → x", "Draws the picture again from the capsule of the true digit.",
             structure=known(config, ("decoder", "layers"))),
    ]
    edges = [
        Edge("data", "conv"), Edge("conv", "primary", True), Edge("primary", "routing", True),
        Edge("routing", "capsules", True), Edge("capsules", "loss", True),
    ]
    edges.append(Edge("capsules", "decoder", redraws))
    if redraws:
        nodes.append(Node("output", "Output", "x'", "What the decoder has drawn again.", picture="reconstructions"))
        edges += [Edge("decoder", "output", True), Edge("output", "loss", True)]
    nodes.append(_loss(
        config, "L_k + λ |x − x'|²" if redraws else "L_k",
        "The margin loss wants the right capsule long and the others short; the redrawn picture adds its error.",
        (Figure("margin", "margin_loss", "The margin loss (equation 4 of the paper)."),
         Figure("picture", "reconstruction", "Squared error of the redrawn pictures, before its weight λ.")),
        ("reconstruction_weight", "weight λ")))
    return Plan(
        "Picture, convolution, capsules, routing, decoder and loss", tuple(nodes), tuple(edges),
        (_WIDE, _MIDDLE, _NARROW), _moments(tuple(edges), frozenset({"conv", "primary", "routing", "decoder"})))


def _plain(config: Any) -> Plan:
    nodes = (
        _data(config),
        Node("network", "CNN", "", "Convolutions, then layers in which every unit sees everything.",
             known(config, _NETWORK), figures=(_ACCURACY,)),
        _loss(config, "− log p", "Cross-entropy: how surprised the network is by the right answer.",
              (Figure("L", "loss", "The cross-entropy of the last batch."),)),
    )
    edges = (Edge("data", "network"), Edge("network", "loss", True))
    return Plan("Picture, convolutional network and loss", nodes, edges, (_PLAIN_WIDE, _PLAIN_MIDDLE, _PLAIN_NARROW),
                _moments(edges, frozenset({"network"})))


def _data(config: Any) -> Node:
    return Node("data", "Data", "x", "A picture that is to be recognised.",
                known(config, ("data", ""), ("shift", "shift"), ("distortion", "distortion")),
                known(config, ("image_size", "pixels")), picture="data")


def _loss(config: Any, symbol: str, about: str, figures: tuple[Figure, ...], *more: tuple[str, str]) -> Node:
    return Node("loss", "Loss", symbol, about, known(config, *more, ("learning_rate", "learning rate")),
                known(config, ("rate_schedule", "schedule"), ("warm_up", "warm-up")), figures)


def _moments(edges: tuple[Edge, ...], learns: frozenset[str]) -> dict[tuple[str, str], Moment]:
    pairs = frozenset((edge.start, edge.end) for edge in edges)
    nodes = frozenset(name for pair in pairs for name in pair)
    return {
        ("step", "sample"): Moment(frozenset({"data"})),
        ("step", "score"): Moment(nodes - {"data"}, pairs),
        ("step", "gradient"): Moment(frozenset({"loss"}), back=frozenset(
            (edge.start, edge.end) for edge in edges if edge.back)),
        ("step", "update"): Moment(learns),
    }
