"""Public files worth having, and a job that fetches one: piece by piece, checked, and kept whole or not at all.

Sources: the Quick, Draw! dataset (Google, CC BY 4.0) in its simplified form, and the web models of sketch-rnn (Magenta,
Apache License 2.0), decoders with 512 LSTM units; a larger set beside them is for a bigger network.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import requests
from pooch.hashes import hash_matches

from engine.data.public_names import MAGENTA_MIXTURES, MAGENTA_MODELS, MAGENTA_SHA256, QUICKDRAW_CATEGORIES
from engine.errors import DownloadError
from engine.runtime.atomic import write_file
from engine.runtime.job import Job, Stop

MAX_BYTES = 512 * 2**20  # several times the largest category
CHUNK_BYTES = 256 * 2**10
CONNECT_SECONDS, SILENCE_SECONDS = 10, 30

_MODELS_URL = "https://storage.googleapis.com/quickdraw-models/sketchRNN/models/"
_DRAWINGS_URL = "https://storage.googleapis.com/quickdraw_dataset/full/simplified/"


@dataclass(frozen=True)
class RemoteFile:
    """A public file: its `kind` is "model" or "drawings", its `title` is for people, `size_hint` is in bytes.

    `sha256` is None where the content is not known beforehand.
    """

    name: str
    kind: str
    url: str
    sha256: str | None
    title: str
    size_hint: int

    @property
    def file_name(self) -> str:
        """What the file is called on disk: the last part of its address."""
        return PurePosixPath(unquote(urlsplit(self.url).path)).name


@dataclass(frozen=True)
class Progress:
    """Bytes received so far, and all there will be if the server says so."""

    received: int
    total: int | None


def magenta_models() -> tuple[RemoteFile, ...]:
    """The published sketch-rnn web models, by name."""
    return tuple(
        RemoteFile(
            name=name,
            kind="model",
            url=f"{_MODELS_URL}{name}.gen.json",
            sha256=MAGENTA_SHA256.get(name),
            title=MAGENTA_MIXTURES.get(name) or name.replace("_", " ").capitalize(),
            size_hint=3_000_000,
        )
        for name in MAGENTA_MODELS
    )


def quickdraw_categories() -> tuple[RemoteFile, ...]:
    """The 345 categories of Quick, Draw! in simplified form, by name."""
    return tuple(
        RemoteFile(
            name=name,
            kind="drawings",
            url=f"{_DRAWINGS_URL}{quote(name)}.ndjson",
            sha256=None,
            title=name[0].upper() + name[1:],
            size_hint=65_000_000,
        )
        for name in QUICKDRAW_CATEGORIES
    )


def download(remote: RemoteFile, folder: Path) -> Job[Progress, Path]:
    """Fetch `remote` into `folder` and return its path; a file that is already there and fits is not fetched again.

    Closing the generator or sending `Stop` abandons the download, and nothing is kept. Raises `DownloadError` when the
    network, the server or the content is not as it should be, `SaveError` when the file cannot be put in place.
    """
    place = folder / remote.file_name
    try:
        # pooch takes None for a checksum that is not known, and then agrees.
        if place.is_file() and hash_matches(str(place), remote.sha256):
            size = place.stat().st_size
            yield Progress(size, size)
            return place
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as scratch:
            part = Path(scratch) / "part"
            yield from _fetch(remote, part)
            if not hash_matches(str(part), remote.sha256):
                raise DownloadError(f"{remote.title} arrived changed or damaged; nothing was kept. Try again later.")
            with part.open("rb") as source:
                write_file(place, lambda file: shutil.copyfileobj(source, file))
    except requests.RequestException as error:
        raise DownloadError(_sentence(remote, error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DownloadError(f"{remote.title} could not be stored in {folder}: {reason}.") from error
    return place


def _fetch(remote: RemoteFile, part: Path) -> Job[Progress, None]:
    """Stream the content into `part`, with an event for every piece."""
    # Without "identity" a server may compress on the way, and the announced length would not be that of the file.
    with (
        requests.get(
            remote.url,
            stream=True,
            timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
            headers={"Accept-Encoding": "identity"},
        ) as answer,
        part.open("wb") as file,
    ):
        answer.raise_for_status()
        announced = answer.headers.get("Content-Length", "")
        total = int(announced) if announced.isdecimal() else None
        received = 0
        _check_size(remote, total or 0)
        for chunk in answer.iter_content(CHUNK_BYTES):
            received += len(chunk)
            _check_size(remote, received)
            file.write(chunk)
            if isinstance((yield Progress(received, total)), Stop):
                raise DownloadError(f"The download of {remote.title} was stopped; nothing was kept.")
    if total is not None and received != total:
        raise DownloadError(f"The download of {remote.title} broke off before its end; nothing was kept. Try again.")


def _check_size(remote: RemoteFile, size: int) -> None:
    if size > MAX_BYTES:
        raise DownloadError(f"{remote.title} is larger than {MAX_BYTES >> 20} MB; nothing was kept.")


def _sentence(remote: RemoteFile, error: requests.RequestException) -> str:
    host = urlsplit(remote.url).hostname
    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        if status == 404:
            return f"{remote.title} is no longer offered by {host}."
        return f"{host} refused to send {remote.title} (status {status}); try again later."
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"The download of {remote.title} broke off before its end; nothing was kept. Try again."
    return f"{remote.title} could not be downloaded because {host} cannot be reached; check the network and try again."
