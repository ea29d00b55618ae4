"""Commands about models and data: `convert`, `models`, `download`, `data kanji`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from engine import paths
from engine.cli.parse import parse
from engine.cli.report import Progress, report
from engine.errors import DownloadError

Json = Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")]


@dataclass(frozen=True)
class Convert:
    """Turn a published model (such as Magenta's NAME.gen.json) into a checkpoint of ours."""

    source: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(help="The file to convert.")]
    out: Annotated[Path | None, tyro.conf.arg(help="Where to write; the catalog when not given.")] = None
    json: Json = False


@dataclass(frozen=True)
class Models:
    """List the models that are here, and the public ones that can be fetched."""

    public: Annotated[bool, tyro.conf.arg(help="Also list what `download` can fetch.")] = False
    json: Json = False


@dataclass(frozen=True)
class Download:
    """Fetch public files: model names go into the catalog, Quick, Draw! categories into the downloads folder."""

    names: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(help="Names as in `models --public`.")]
    drawings: Annotated[bool, tyro.conf.arg(help="The names are categories of Quick, Draw! drawings.")] = False
    json: Json = False


@dataclass(frozen=True)
class Kanji:
    """Write KanjiVG's kanji (the PyPI package kanjivg) as simplified drawings."""

    out: Annotated[Path, tyro.conf.arg(help="The .ndjson file to write.")]
    json: Json = False


def convert(args: Sequence[str], prog: str) -> None:
    """`convert`: see `Convert`."""
    options = parse(Convert, prog, args)
    from engine.runtime.catalog import Catalog
    from engine.sketch.magenta import convert as convert_magenta
    from engine.sketch.sketch_model import load_model

    if options.out is None:
        path = Catalog().add(options.source, load_model).path
    else:
        path = options.out
        convert_magenta(options.source, path)
    model = load_model(path)
    values = {"name": model.name, "written_to": str(path), "parameters": model.parameter_count}
    report(f"Converted {options.source.name}.", values, options.json)


def models(args: Sequence[str], prog: str) -> None:
    """`models`: see `Models`."""
    options = parse(Models, prog, args)
    from engine.runtime.catalog import Catalog

    catalog = Catalog()
    listed: dict[str, Any] = {}
    for entry in catalog.entries():
        found = entry.header.config.get("categories")
        words = found if isinstance(found, list) else []
        shown = ", ".join(map(str, words[:3])) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
        listed[entry.name] = f"{entry.header.kind}, {entry.origin}; {shown}"
    values: dict[str, Any] = {**listed}
    if catalog.problems:
        values["left out"] = {problem: 1 for problem in catalog.problems}
    if options.public:
        from engine.data.download import magenta_models

        values["to download"] = [remote.name for remote in magenta_models()]
    report(f"{len(listed)} model(s) in the catalog", values, options.json)


def download(args: Sequence[str], prog: str) -> None:
    """`download`: see `Download`."""
    options = parse(Download, prog, args)
    from engine.data.download import download as fetch
    from engine.data.download import magenta_models, quickdraw_categories
    from engine.runtime.catalog import Catalog
    from engine.runtime.job import drive
    from engine.sketch.sketch_model import load_model

    if not options.names:
        raise DownloadError("Say what to fetch; `python -m engine models --public` lists the models.")
    known = {remote.name: remote for remote in (quickdraw_categories() if options.drawings else magenta_models())}
    for name in options.names:
        if name not in known:
            raise DownloadError(f"No public file is known for {name!r}; `python -m engine models --public` lists them.")
    progress = Progress()
    done: dict[str, str] = {}
    for name in options.names:
        path = drive(
            fetch(known[name], paths.downloads()),
            lambda event, name=name: progress.show(f"{name}: {event.received / 1e6:.1f} MB"),  # type: ignore[misc]
        )
        done[name] = str(path if options.drawings else Catalog().add(path, load_model).path)
    progress.end()
    report(f"Fetched {len(done)} file(s).", done, options.json)


def kanji(args: Sequence[str], prog: str) -> None:
    """`data kanji`: see `Kanji`."""
    options = parse(Kanji, prog, args)
    from engine.data.kanji import write_kanji

    count = write_kanji(options.out)
    report(f"Wrote {count} kanji.", {"drawings": count, "written_to": str(options.out)}, options.json)
