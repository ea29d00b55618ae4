"""How a trainer's configuration describes itself: one `setting` per field of a frozen dataclass.

The command line (tyro), the parameter form and a run's config.json are all made from these fields.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import MISSING, field, fields, replace
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.errors import TrainingError

ConfigT = TypeVar("ConfigT")


def setting(
    default: Any,
    help: str,
    *,
    group: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    live: bool = False,
    advanced: bool = False,
    source: str = "",
) -> Any:
    """A dataclass field with its meaning, unit, range and source in the metadata; `live` ones may change in a run."""
    return field(
        default=default,
        metadata={
            "help": help,
            "group": group,
            "unit": unit,
            "low": low,
            "high": high,
            "choices": choices,
            "live": live,
            "advanced": advanced,
            "source": source,
        },
    )


def check(config: Any) -> None:
    """Raise `TrainingError` with one sentence for the first field outside its range or choices."""
    for entry in fields(config):
        value = getattr(config, entry.name)
        low, high, choices = (entry.metadata.get(key) for key in ("low", "high", "choices"))
        if choices and value not in choices:
            raise TrainingError(f"{entry.name} is {value!r}; it must be one of {', '.join(choices)}.")
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        if value != value or (low is not None and value < low) or (high is not None and value > high):
            raise TrainingError(f"{entry.name} is {value}; it must lie between {low} and {high}.")


def edited(config: ConfigT, changes: Mapping[str, Any]) -> ConfigT:
    """The configuration with live fields changed and checked; raises `TrainingError` for any other field."""
    live = {entry.name for entry in fields(config) if entry.metadata.get("live")}  # type: ignore[arg-type]
    for name in changes:
        if name not in live:
            raise TrainingError(f"{name} cannot be changed while a run is going on.")
    hints = get_type_hints(type(config))
    wanted = {name: _coerced(name, value, hints[name]) for name, value in changes.items()}
    changed: ConfigT = replace(config, **wanted)  # type: ignore[type-var]
    check(changed)
    return changed


def to_json(config: Any) -> dict[str, Any]:
    """The configuration as JSON values (tuples become lists)."""
    out: dict[str, Any] = {}
    for entry in fields(config):
        value = getattr(config, entry.name)
        out[entry.name] = list(value) if isinstance(value, tuple) else value
    return out


def from_json(config_class: type[ConfigT], values: Mapping[str, Any]) -> ConfigT:
    """The checked configuration from JSON values.

    Raises `TrainingError` for a field that the class does not have, one that is missing and has no default, and a value
    of another type.
    """
    hints = get_type_hints(config_class)
    known = {entry.name: entry for entry in fields(config_class)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            known_by = config_class.__name__
            raise TrainingError(f"This configuration has a setting {name!r} that {known_by} does not know.")
    for name, entry in known.items():
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING:
            raise TrainingError(f"This configuration lacks the setting {name!r}.")
    made = config_class(**{name: _coerced(name, value, hints[name]) for name, value in values.items()})
    check(made)
    return made


def command_line(trainer: str, config: Any) -> str:
    """The command that makes the run again, with what differs from the defaults."""
    words = ["python", "-m", "engine", "train", trainer]
    values = to_json(config)
    for entry in fields(config):
        value = values[entry.name]
        default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
        option = entry.name.replace("_", "-")
        if value == default and entry.default is not MISSING:
            continue
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", *(str(item) for item in (value if isinstance(value, list) else [value]))]
    return shlex.join(words)


def _coerced(name: str, value: Any, wanted: Any) -> Any:
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        if value is None and type(None) in get_args(wanted):
            return None
        wanted = next(option for option in get_args(wanted) if option is not type(None))
        origin = get_origin(wanted)
    if origin is tuple and isinstance(value, list | tuple):
        item = get_args(wanted)[0]
        return tuple(_coerced(name, each, item) for each in value)
    if wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(wanted, type) and isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
        return value
    raise TrainingError(f"The setting {name!r} has a value of the wrong type: {value!r}.")
