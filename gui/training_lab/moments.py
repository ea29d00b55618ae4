"""What happens at each moment of a training step, in a sentence, for slow motion."""

from __future__ import annotations

_PARTS = {"critic": "Critic", "generator": "Generator", "step": "Step"}

_SENTENCES = {
    ("critic", "sample"): "A batch of data x and a batch of samples G(z) are drawn for the critic to compare.",
    ("critic", "score"): "The critic gives every point a number D(x): it should be high for data and low for samples.",
    ("critic", "gradient"): "Its loss is traced back to its weights: which change would tell the two apart better?",
    ("critic", "update"): "The critic's weights move a little against that gradient, and the map has changed.",
    ("generator", "sample"): "Fresh noise z becomes samples G(z); the critic stays as it is for this part.",
    ("generator", "score"): "The critic scores the samples; the generator wants these numbers to be high.",
    ("generator", "gradient"): "The arrows show −∂L/∂x: where each sample would have to go to look more like data.",
    ("generator", "update"): "The generator's weights move so that its samples follow the arrows a little.",
    ("step", "sample"): "A batch of data x is drawn, and codes z with it.",
    ("step", "score"): "The loss: how far each reconstruction is from its example, plus a penalty on the codes.",
    ("step", "gradient"): "The loss is traced back to every weight of encoder and decoder.",
    ("step", "update"): "The weights move a little against that gradient.",
}

_GENERAL = {
    "sample": "A batch is drawn.",
    "score": "The networks compute what the loss is made of.",
    "gradient": "The loss is traced back to what it depends on.",
    "update": "The weights move a little against the gradient.",
}


def heading(part: str, name: str) -> str:
    """Such as "Critic · gradient"."""
    return f"{_PARTS.get(part, part.capitalize())} · {name}"


def sentence(part: str, name: str) -> str:
    """What happens at this moment; "" for one that nobody has described."""
    return _SENTENCES.get((part, name), _GENERAL.get(name, ""))
