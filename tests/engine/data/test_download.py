"""Downloads from a server on this machine: whole, broken off, changed, missing, stopped."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.data import download as download_module
from engine.data.download import Progress, RemoteFile, download, magenta_models, quickdraw_categories
from engine.errors import DownloadError
from engine.runtime.job import Stop, drive

CONTENT = bytes(range(256)) * 5_000


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/missing.bin":
            self.send_error(404)
            return
        if self.path == "/busy.bin":
            self.send_error(503)
            return
        self.send_response(200)
        if self.path != "/unsized.bin":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:-10_000] if self.path == "/short.bin" else CONTENT)

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """A client that hangs up is part of these tests."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def remote(address: str, name: str = "whole.bin", sha256: str | None = None) -> RemoteFile:
    return RemoteFile("thing", "model", f"{address}/{name}", sha256, "Thing", len(CONTENT))


def test_fetches_in_pieces_and_keeps_the_whole(address: str, tmp_path: Path) -> None:
    events: list[Progress] = []
    good = remote(address, sha256=hashlib.sha256(CONTENT).hexdigest())
    path = drive(download(good, tmp_path / "new"), events.append)
    assert path == tmp_path / "new" / "whole.bin"
    assert path.read_bytes() == CONTENT
    assert len(events) > 3
    assert [event.received for event in events] == sorted({event.received for event in events})
    assert events[-1] == Progress(len(CONTENT), len(CONTENT))
    assert list(path.parent.iterdir()) == [path]


def test_the_total_is_unknown_when_the_server_does_not_say(address: str, tmp_path: Path) -> None:
    events: list[Progress] = []
    assert drive(download(remote(address, "unsized.bin"), tmp_path), events.append).read_bytes() == CONTENT
    assert {event.total for event in events} == {None}


def test_what_is_there_and_fits_is_not_fetched_again(tmp_path: Path) -> None:
    there = replace(remote("http://127.0.0.1:1"), sha256=hashlib.sha256(b"good").hexdigest())
    (tmp_path / "whole.bin").write_bytes(b"good")
    events: list[Progress] = []
    assert drive(download(there, tmp_path), events.append) == tmp_path / "whole.bin"
    assert events == [Progress(4, 4)]


def test_what_is_there_and_does_not_fit_is_replaced(address: str, tmp_path: Path) -> None:
    (tmp_path / "whole.bin").write_bytes(b"bad")
    good = remote(address, sha256=hashlib.sha256(CONTENT).hexdigest())
    assert drive(download(good, tmp_path)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "sha256", "says"),
    [
        ("short.bin", None, "broke off"),
        ("whole.bin", "0" * 64, "changed or damaged"),
        ("missing.bin", None, "no longer offered"),
        ("busy.bin", None, "503"),
    ],
)
def test_a_failure_says_why_and_keeps_nothing(
    address: str, tmp_path: Path, name: str, sha256: str | None, says: str
) -> None:
    with pytest.raises(DownloadError, match=says):
        drive(download(remote(address, name, sha256), tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["whole.bin", "unsized.bin"])
def test_refuses_more_than_it_should_hold(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(download_module, "MAX_BYTES", 600_000)
    with pytest.raises(DownloadError, match="larger"):
        drive(download(remote(address, name), tmp_path))
    assert not list(tmp_path.iterdir())


def test_says_that_the_network_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(DownloadError, match="check the network"):
        drive(download(remote("http://127.0.0.1:1"), tmp_path))


def test_says_that_the_folder_cannot_be_used(address: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="could not be stored"):
        drive(download(remote(address), tmp_path / "file"))


def test_closing_the_job_keeps_nothing_and_leaves_the_old_file(address: str, tmp_path: Path) -> None:
    (tmp_path / "whole.bin").write_bytes(b"old")
    job = download(remote(address, sha256=hashlib.sha256(CONTENT).hexdigest()), tmp_path)
    next(job)
    assert len(list(tmp_path.iterdir())) == 2
    job.close()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_stop_ends_the_job_with_a_sentence(address: str, tmp_path: Path) -> None:
    job = download(remote(address), tmp_path)
    next(job)
    with pytest.raises(DownloadError, match="stopped"):
        job.send(Stop())
    assert not list(tmp_path.iterdir())


def test_the_lists_of_public_files() -> None:
    models, drawings = magenta_models(), quickdraw_categories()
    assert len(models) == 114 and len(drawings) == 345
    for files in (models, drawings):
        assert len({file.name for file in files}) == len({file.file_name for file in files}) == len(files)
        assert all(file.url.startswith("https://") and " " not in file.url and file.title for file in files)
    by_name = {file.name: file for file in (*models, *drawings)}
    assert by_name["The Eiffel Tower"].url.endswith("/full/simplified/The%20Eiffel%20Tower.ndjson")
    assert by_name["The Eiffel Tower"].file_name == "The Eiffel Tower.ndjson"
    assert by_name["palm_tree"].title == "Palm tree" and by_name["catpig"].title == "Cat and pig"
    known = [file.sha256 for file in models if file.sha256 is not None]
    assert len(set(known)) == 22 and all(len(each) == 64 and int(each, 16) for each in known)


def test_a_name_cannot_lead_out_of_the_folder() -> None:
    assert remote("http://example.org", "..%2F..%2Fevil").file_name == "evil"
