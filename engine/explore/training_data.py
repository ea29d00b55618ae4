"""The data that a model was trained on, as its file says, to compare its samples with."""

from __future__ import annotations

import os
from dataclasses import replace

from engine.data.source import DATA_NAMES, DataChoice, DataSource, open_source
from engine.errors import TrainingError
from engine.explore.generative_model import GenerativeModel
from engine.runtime.checkpoint import CheckpointHeader


def data_choice(header: CheckpointHeader) -> DataChoice | None:
    """The data that the header names, and the seed of its run; None where it does not say or what it says is none."""
    training = header.extra.get("training")
    if not isinstance(training, dict):
        return None
    default = DataChoice()
    values = {name: training.get(name, getattr(default, name)) for name in DataChoice.__dataclass_fields__}
    if any(type(value) is not type(getattr(default, name)) for name, value in values.items()):
        return None
    choice = DataChoice(**values)
    return choice if choice.data in DATA_NAMES else None


def open_training_data(model: GenerativeModel, data: str = "", data_path: str = "") -> DataSource:
    """The data that a model was trained on, or the data called `data`, in the model's own size and colours.

    `data_path` is where a drawn density, drawings or pictures are now, if not where they were. Raises `TrainingError`
    or `BadFileError` with a sentence.
    """
    known = data_choice(model.header)
    if known is None and not data:
        raise TrainingError(f"The file of {model.name} does not say what it was trained on; choose the data.")
    choice = known if known is not None and data in ("", known.data) else DataChoice(data)
    choice = replace(choice, data_path=data_path or choice.data_path)
    # A file or folder and nothing else: the path may come from the file of somebody else, who could name a device.
    if choice.data_path and not (os.path.isfile(choice.data_path) or os.path.isdir(choice.data_path)):
        raise TrainingError(f"There is no file or folder {choice.data_path!r} with the data; say where it is now.")
    if len(model.shape) == 3:
        choice = replace(choice, image_size=model.shape[1], colour=model.shape[0] == 3)
    source = open_source(choice)
    if source.shape != model.shape:
        raise TrainingError(f"{model.name} makes {_named(model.shape)}, and {source.name} are {_named(source.shape)}.")
    return source


def _named(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return "points of the plane"
    return f"{'grey' if shape[0] == 1 else 'coloured'} pictures of {shape[1]} pixels"
