"""`models`, `convert`, `download` and `data kanji`."""

from __future__ import annotations

from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
import torch

from engine import paths
from engine.data import kanji
from engine.runtime.catalog import Catalog
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.sketch.formats.ndjson import read_ndjson
from engine.sketch.sketch_model import load_model
from tests.helpers.commands import command, refusal
from tests.helpers.tiny_sketch import tiny_checkpoint, tiny_magenta


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_args: object, **_options: object) -> requests.Response:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(requests, "get", unreachable)


def test_models_are_listed_with_their_origin_and_categories() -> None:
    tiny_checkpoint(paths.models() / "zoo.safetensors", categories=("ant", "bee", "cat", "dog", "eel"))
    done = command("models", "--json")
    assert done.status == 0
    assert done.values["zoo"] == "sketch, own; ant, bee, cat and 2 more"
    assert "  zoo " in done.out and "left out" not in done.out


def test_files_that_cannot_be_read_are_listed_with_the_reason() -> None:
    paths.models().mkdir(parents=True)
    (paths.models() / "broken.safetensors").write_bytes(b"\0" * 100)
    done = command("models", "--json")
    assert done.status == 0 and "broken.safetensors is not a safetensors file" in done.out
    assert [name.split()[0] for name in done.values["left out"]] == ["broken.safetensors"]


@pytest.mark.parametrize("categories", [5, None, {"a": 1}, "text", [], [[1]]])
def test_odd_headers_are_listed_all_the_same(categories: Any) -> None:
    header = CheckpointHeader("sketch", "odd", {"categories": categories})
    save_checkpoint(paths.models() / "odd.safetensors", {"w": torch.zeros(1)}, header)
    assert command("models", "--json").values["odd"].startswith("sketch, own;")


def test_public_models_are_listed_on_request() -> None:
    assert "to download" not in command("models", "--json").values
    assert {"cat", "swing_set"} <= set(command("models", "--public", "--json").values["to download"])


def test_a_published_model_is_converted_into_the_catalog(tmp_path: Path) -> None:
    done = command("convert", tiny_magenta(tmp_path / "swing_set.gen.json"), "--json")
    assert done.status == 0 and done.values["name"] == "swing set" and done.values["parameters"] == 583
    assert Catalog().find("swing set") == Path(done.values["written_to"])


def test_a_published_model_is_converted_to_where_it_is_wanted(tmp_path: Path) -> None:
    out = tmp_path / "new" / "place.safetensors"
    done = command("convert", tiny_magenta(tmp_path / "bee.gen.json"), "--out", out)
    assert done.status == 0 and load_model(out).name == "bee"
    assert not paths.models().exists()


@pytest.mark.parametrize("where", [(), ("--out", "made.safetensors")])
def test_what_is_no_model_is_not_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.gen.json").write_text('[{"name": "bad"}, [], []]')
    assert "bad.gen.json" in refusal("convert", "bad.gen.json", *where)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.gen.json"]
    assert not paths.models().exists()


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("args", [("cat",), ("dog", "--drawings")])
def test_without_a_network_the_download_says_so(args: tuple[str, ...]) -> None:
    assert "cannot be reached; check the network" in refusal("download", *args)
    assert Catalog(shipped=Path()).entries() == []


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("unicorn",), "'unicorn'"),
        (("cat", "unicorn"), "'unicorn'"),
        (("--drawings", "cat", "swing_set"), "'swing_set'"),
        ((), "Say what to fetch"),
    ],
)
def test_what_is_not_public_is_refused_before_anything_is_fetched(args: tuple[str, ...], says: str) -> None:
    assert says in refusal("download", *args)


@pytest.mark.usefixtures("offline")
def test_a_fetched_model_is_in_the_catalog() -> None:
    paths.downloads().mkdir(parents=True)
    tiny_magenta(paths.downloads() / "cat.gen.json")  # fetched before, so the network is not asked
    done = command("download", "cat", "--json")
    assert done.status == 0 and Catalog().find("cat") == Path(done.values["cat"])


@pytest.mark.usefixtures("offline")
def test_fetched_drawings_stay_among_the_downloads() -> None:
    paths.downloads().mkdir(parents=True)
    (paths.downloads() / "hot dog.ndjson").write_text("{}")
    done = command("download", "--drawings", "hot dog", "--json")
    assert done.values == {"hot dog": str(paths.downloads() / "hot dog.ndjson")}


def test_kanji_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        metadata.distribution("kanjivg")
    except metadata.PackageNotFoundError:
        pytest.skip("the package kanjivg is not installed")
    files = list(islice(kanji._files(), 500, 505))
    monkeypatch.setattr(kanji, "_files", lambda: files)
    done = command("data", "kanji", "--out", tmp_path / "kanji.ndjson", "--json")
    assert done.status == 0 and done.values["drawings"] == 5
    assert len(read_ndjson(tmp_path / "kanji.ndjson").drawings) == 5


def test_kanji_that_are_not_installed_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert "pip install kanjivg" in refusal("data", "kanji", "--out", tmp_path / "kanji.ndjson")
    assert not (tmp_path / "kanji.ndjson").exists()
