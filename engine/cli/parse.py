"""From a trainer's configuration dataclass to command-line options."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import tyro

OptionsT = TypeVar("OptionsT")


def parse(options: type[OptionsT], prog: str, args: Sequence[str], default: OptionsT | None = None) -> OptionsT:
    """An instance of the dataclass `options` from `args`; exits with a message for wrong ones, as commands do."""
    if default is None:
        return tyro.cli(options, prog=prog, args=list(args))
    return tyro.cli(options, prog=prog, args=list(args), default=default)


def with_options(config_class: type[Any], name: str, more: Sequence[tuple[str, Any, Any]]) -> type[Any]:
    """A dataclass of all fields of `config_class`, their help, unit, range and choices shown, and of `more` fields.

    `more` holds (name, annotated type, default).
    """
    hints = get_type_hints(config_class)
    made: list[tuple[str, Any, Any]] = []
    for entry in dataclasses.fields(config_class):
        wanted: Any = hints[entry.name]
        if choices := entry.metadata.get("choices"):
            wanted = Literal[choices]
        made.append((entry.name, Annotated[wanted, tyro.conf.arg(help=_help(entry.metadata))], entry.default))
    fields = [(key, kind, dataclasses.field(default=default)) for key, kind, default in [*made, *more]]
    return dataclasses.make_dataclass(name, fields, frozen=True)


def config_of(config_class: type[OptionsT], options: Any) -> OptionsT:
    """The configuration among parsed `options`."""
    names = [entry.name for entry in dataclasses.fields(config_class)]  # type: ignore[arg-type]
    return config_class(**{name: getattr(options, name) for name in names})


def _help(metadata: Any) -> str:
    parts = [metadata["help"]]
    low, high = metadata.get("low"), metadata.get("high")
    if low is not None and high is not None:
        parts.append(f"[{_bound(low)} to {_bound(high)}{' ' + metadata['unit'] if metadata['unit'] else ''}]")
    if metadata.get("source"):
        parts.append(f"({metadata['source']})")
    return " ".join(parts)


def _bound(value: float) -> str:
    return f"{value:,.0f}" if value >= 10_000 else f"{value:g}"
