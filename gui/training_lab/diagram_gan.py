"""The drawing of a GAN: noise, generator and samples meet the data before the critic, perhaps after a measurement."""

from __future__ import annotations

from typing import Any

from gui.training_lab.diagram_plan import Arrangement, Edge, Figure, Moment, Node, Plan, known

_GENERATOR_GRADIENT = Figure(
    "‖∇θ‖", "generator_gradient", "Norm of the gradient of the generator's weights; near 0 it has stopped learning.")
_CRITIC_GRADIENT = Figure("‖∇φ‖", "critic_gradient", "Norm of the gradient of the critic's weights.")
_SLOPE = Figure("‖∇D‖", "gradient_norm", "Mean norm of the critic's gradient at the samples; penalties want 1.")


def gan_plan(config: Any) -> Plan:
    """The drawing that fits the objective and the measurement of a GAN's configuration."""
    ambient, transport = getattr(config, "ambient", "off"), config.objective == "optimal transport"
    nodes = [*_generator_nodes(config), _data(config)]
    if ambient != "off":
        nodes.append(_measurement(config))
    nodes.append(_critic(config))
    if transport:
        nodes.append(_plan(config))
    nodes.append(_loss(config))
    edges = _edges(ambient, transport)
    return Plan(
        title="Noise, generator, data, critic and loss",
        nodes=tuple(nodes),
        edges=edges,
        arrangements=_arrangements(ambient, transport),
        moments=_moments(edges, transport),
    )


def _generator_nodes(config: Any) -> tuple[Node, Node, Node]:
    return (
        Node(
            "noise", "Noise", "z", "Random numbers that the generator turns into samples.",
            structure=known(config, ("latent_size", "dimensions"), ("latent_kind", "distribution")), picture="noise"),
        Node(
            "generator", "Generator", "G(z; θ)", "Turns noise into samples, and learns to fool the critic.",
            known(config, ("generator_rate", "learning rate"), ("generator_steps", "steps a turn"),
                  ("ema_decay", "averaging")),
            known(config, ("network", "network"), ("depth", "layers"), ("width", "width"), ("activation", "activation"),
                  ("generator_norm", "normalise"))),
        Node("samples", "Samples", "G(z)", "What the generator makes of the noise now.", picture="samples"),
    )


def _data(config: Any) -> Node:
    return Node(
        "data", "Data", "x", "What is to be learned.", known(config, ("data", "")),
        known(config, ("ambient", "measured data")), picture="data")


def _measurement(config: Any) -> Node:
    return Node(
        "measurement", "Measurement", "f(x)", "All that anyone sees of an example (AmbientGAN).",
        known(config, ("measurement", ""), ("measurement_strength", "strength"), ("measurement_noise", "noise")),
        known(config, ("ambient", "learn by")), picture="measured_data")


def _critic(config: Any) -> Node:
    clipped = getattr(config, "critic_constraint", "none") == "clip"
    return Node(
        "critic", "Critic", "D(x; φ)", "Tells data from samples; also called the discriminator.",
        known(config, ("critic_rate", "learning rate"), ("critic_steps", "steps a turn"),
              *((("clip_limit", "clip at c"),) if clipped else ()),
              ("instance_noise", "input noise"), ("freeze_critic", "frozen")),
        known(config, ("critic_constraint", "constraint"), ("critic_norm", "normalise"), ("network", "network"),
              ("depth", "layers"), ("critic_width", "width"), ("critic_activation", "activation"),
              ("freeze_critic_at", "freeze at")),
        (Figure("right", "critic_accuracy", "Share of examples that the critic puts on the right side."),))


def _plan(config: Any) -> Node:
    return Node(
        "plan", "Transport plan", "M", "Which sample is matched with which example, by Sinkhorn. No gradient goes "
        "through it.", (),
        known(config, ("matching", "matching"), ("cost", "cost"), ("sinkhorn_regularisation", "regularise"),
              ("sinkhorn_iterations", "iterations"), ("embedding_size", "space")),
        (Figure("H(M)", "plan_entropy", "Entropy of the plan: 0 one partner each, 1 all alike."),), picture="plan")


def _loss(config: Any) -> Node:
    penalised = config.objective != "optimal transport"
    return Node(
        "loss", "Loss", "L", "What critic and generator play for.",
        known(config, ("objective", ""), *((("penalty_weight", "penalty λ"),) if penalised else ())),
        known(config, ("optimiser", "optimiser"), ("beta1", "β₁"), ("beta2", "β₂")),
        (Figure("critic", "critic_loss", "The critic's loss."),
         Figure("generator", "generator_loss", "The generator's loss.")))


def _edges(ambient: str, transport: bool) -> tuple[Edge, ...]:
    edges = [Edge("noise", "generator"), Edge("generator", "samples", True, _GENERATOR_GRADIENT)]
    if ambient == "ambient":
        edges += [Edge("samples", "measurement", True, _SLOPE), Edge("data", "measurement"),
                  Edge("measurement", "critic", True)]
    elif ambient == "off":
        edges += [Edge("samples", "critic", True, _SLOPE), Edge("data", "critic")]
    else:
        # The two baselines: the generator's samples are compared as they are.
        edges += [Edge("samples", "critic", True, _SLOPE), Edge("data", "measurement"), Edge("measurement", "critic")]
    edges.append(Edge("critic", "loss", True, _CRITIC_GRADIENT))
    if transport:
        edges += [Edge("critic", "plan"), Edge("plan", "loss")]
    return tuple(edges)


def _arrangements(ambient: str, transport: bool) -> tuple[Arrangement, ...]:
    wide = {"noise": (0, 0, 2, 1), "generator": (0, 1, 2, 1), "samples": (0, 2, 1, 1), "data": (1, 2, 1, 1)}
    middle = {"noise": (0, 0, 1, 1), "generator": (0, 1, 1, 1), "samples": (0, 2, 1, 1)}
    narrow = {"noise": (0, 0, 1, 1), "generator": (0, 1, 1, 1), "samples": (1, 1, 1, 1), "data": (1, 0, 1, 1)}
    if ambient == "off":
        column = 3
        middle |= {"data": (1, 2, 1, 1), "critic": (1, 1, 1, 1), "loss": (1, 0, 1, 1), "plan": (2, 1, 1, 1)}
        narrow |= {"critic": (2, 1, 1, 1), "loss": (2, 0, 1, 1), "plan": (3, 1, 1, 1)}
    else:
        column = 4
        # Only data passes the measurement of the baselines, so it stands beside the data.
        wide |= {"measurement": (0, 3, 2, 1) if ambient == "ambient" else (1, 3, 1, 1)}
        middle |= {"data": (1, 0, 1, 1), "measurement": (1, 1, 1, 1), "critic": (1, 2, 1, 1), "loss": (2, 2, 1, 1),
                   "plan": (2, 1, 1, 1)}
        narrow |= {"measurement": (2, 0, 1, 1), "critic": (2, 1, 1, 1), "loss": (3, 1, 1, 1), "plan": (3, 0, 1, 1)}
    wide |= {"critic": (0, column, 2, 1), "loss": (0, column + 1, 1 if transport else 2, 1),
             "plan": (1, column + 1, 1, 1)}
    return wide, middle, narrow


def _moments(edges: tuple[Edge, ...], transport: bool) -> dict[tuple[str, str], Moment]:
    pairs = [(edge.start, edge.end) for edge in edges]
    to_critic = frozenset(pair for pair in pairs if pair[1] in ("critic", "measurement"))
    to_loss = frozenset(pair for pair in pairs if pair[1] in ("loss", "plan"))
    made = frozenset(pair for pair in pairs if pair[1] in ("generator", "samples"))
    # Only optimal transport shows the generator data; the other objectives judge its samples by themselves.
    drawn = frozenset({"data"} if transport else ())
    scored = to_critic if transport else frozenset(pair for pair in to_critic if pair[0] != "data")
    all_back = frozenset((edge.start, edge.end) for edge in edges if edge.back)
    into_critic = frozenset({("critic", "loss")})
    return {
        ("critic", "sample"): Moment(frozenset({"noise", "generator", "samples", "data"}), made),
        ("critic", "score"): Moment(frozenset({"critic", "loss"}), to_critic | to_loss),
        ("critic", "gradient"): Moment(frozenset({"loss"}), back=into_critic),
        ("critic", "update"): Moment(frozenset({"critic"})),
        ("generator", "sample"): Moment(frozenset({"noise", "generator", "samples"}) | drawn, made),
        ("generator", "score"): Moment(frozenset({"critic", "loss"}), scored | to_loss),
        ("generator", "gradient"): Moment(frozenset({"loss"}), back=all_back),
        ("generator", "update"): Moment(frozenset({"generator"})),
    }
