"""What the drawing of a model shows: its nodes with their settings, its edges, and where they stand.

Pure data, made from a configuration. The same plan serves every width: `arrangements` are grids, the widest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

Place = tuple[int, int, int, int]  # row, column, rows, columns
Arrangement = Mapping[str, Place]


@dataclass(frozen=True)
class Figure:
    """A number of the run with the symbol that stands beside it."""

    symbol: str
    key: str
    about: str


@dataclass(frozen=True)
class Control:
    """A setting on a node, with the short label it has there; a list of choices may do without one."""

    field: str
    label: str


@dataclass(frozen=True)
class Node:
    """A box. `controls` are always in sight, `structure` is behind a line that sums it up; `picture` is of an array."""

    name: str
    title: str
    symbol: str
    about: str
    controls: tuple[Control, ...] = ()
    structure: tuple[Control, ...] = ()
    figures: tuple[Figure, ...] = ()
    picture: str = ""


@dataclass(frozen=True)
class Edge:
    """What goes from one node to the next. `back`: gradients flow back along it; `around`: it passes outside."""

    start: str
    end: str
    back: bool = False
    back_figure: Figure | None = None
    around: bool = False


@dataclass(frozen=True)
class Moment:
    """What is busy at one moment of a step: nodes, edges forward, edges back (both by start and end)."""

    nodes: frozenset[str] = frozenset()
    forward: frozenset[tuple[str, str]] = frozenset()
    back: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Plan:
    """The whole drawing. `moments` are by part and name, as `engine.runtime.job.Phase` has them."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    arrangements: tuple[Arrangement, ...] = field(compare=False)
    moments: Mapping[tuple[str, str], Moment] = field(compare=False)

    def described(self) -> str:
        """The drawing in words, for those who cannot see it."""
        titles = {node.name: node.title for node in self.nodes}
        return "; ".join(f"{titles[edge.start]} to {titles[edge.end]}" for edge in self.edges) + "."


def plan_for(config: Any) -> Plan | None:
    """The drawing of the model that a configuration trains, or None for a model that nobody has drawn."""
    if not is_dataclass(config) or isinstance(config, type):
        return None
    names = {entry.name for entry in fields(config)}
    if names >= _GAN_FIELDS:
        from gui.training_lab.diagram_gan import gan_plan

        return gan_plan(config)
    if names >= _CAPSULE_FIELDS:
        from gui.training_lab.diagram_capsules import capsule_plan

        return capsule_plan(config)
    if names >= _AUTOENCODER_FIELDS:
        from gui.training_lab.diagram_autoencoder import autoencoder_plan

        return autoencoder_plan(config)
    return None


def summary(config: Any, node: str) -> str:
    """The line that sums up the folded settings of a node."""
    value = {entry.name: getattr(config, entry.name) for entry in fields(config)}
    if value.keys() >= _CAPSULE_FIELDS:
        return {
            "data": f"{value['image_size']} pixels",
            "conv": f"{value['channels']} channels",
            "primary": f"{value['primary_types']} kinds of {value['primary_size']}-D",
            "capsules": f"{value['capsule_size']}-D",
            "decoder": f"{value['decoder']}",
            "network": "35 million weights" if value["network"] == "cnn" else "8 million weights",
            "loss": f"rate: {value['rate_schedule']}",
        }[node]
    if node in ("generator", "critic", "encoder", "decoder"):
        own = "critic_" if node == "critic" else ""
        width, activation = value[own + "width"], value[own + "activation"].replace("_", " ")
        shape = f"{value['depth']} × {width}" if value["network"] == "mlp" else f"{width} channels"
        return f"{shape}, {activation}"
    if node == "noise":
        return f"{value['latent_size']}-D {value['latent_kind']}"
    return {
        "codes": f"{value['latent_size']}-D",
        "prior": f"σ = {value.get('prior_sigma', 1.0):g}",
        "match": f"{value.get('kernel', '')} kernel",
        "data": "not measured" if value.get("ambient", "off") == "off" else "measured",
        "measurement": str(value.get("ambient", "")),
        "plan": f"{value.get('matching', '')}, {value.get('cost', '')} cost",
        "loss": str(value.get("optimiser", "")),
    }.get(node, "")


def known(config: Any, *controls: tuple[str, str]) -> tuple[Control, ...]:
    """The controls of (field, label) pairs whose field the configuration has."""
    names = {entry.name for entry in fields(config)}
    return tuple(Control(name, label) for name, label in controls if name in names)


_CAPSULE_FIELDS = frozenset({
    "network", "channels", "primary_types", "primary_size", "capsule_size", "routings", "decoder",
    "reconstruction_weight"})
_GAN_FIELDS = frozenset({
    "objective", "data", "network", "width", "critic_width", "depth", "activation", "critic_activation", "latent_size",
    "latent_kind", "critic_steps", "generator_rate", "critic_rate"})
_AUTOENCODER_FIELDS = frozenset({
    "method", "data", "network", "width", "depth", "activation", "latent_size", "penalty_weight", "learning_rate"})
