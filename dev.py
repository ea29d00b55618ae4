#!/usr/bin/env python3
"""Chores. Needs nothing but Python: makes .venv, fetches what the project leans on, then does what it was asked.

python3 dev.py run [...]          open the app; what follows goes to main.py
python3 dev.py test [...]         lint, then every test; what follows goes to pytest
python3 dev.py lint               ruff, mypy and the import contracts
python3 dev.py bench [...]        measure; --only PREFIX, --json FILE
python3 dev.py screenshots [...]  pictures of every view, for the documentation
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed"  # written last: whatever is interrupted before is done again
RECIPE = (ROOT / "pyproject.toml", ROOT / "constraints.txt")
OLDEST = (3, 11)

# What Qt's xcb platform and sounddevice load at run time, and the Debian and Ubuntu package of each.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libportaudio.so.2": "libportaudio2",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
FONTS_PACKAGE = "fonts-dejavu-core"  # Qt brings no fonts of its own
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")

NO_TESTS_COLLECTED = 5  # pytest's exit status


def say(text: str) -> None:
    """A line about what is going on, kept out of stdout."""
    print(text, file=sys.stderr, flush=True)


# ---- the machine


def missing_packages() -> list[str]:
    """Debian packages of what this Linux lacks; empty on other systems, whose wheels bring everything."""
    if not sys.platform.startswith("linux"):
        return []
    packages = [package for soname, package in LIBRARIES.items() if not loads(soname)]
    if not has_fonts():
        packages.append(FONTS_PACKAGE)
    return packages


def loads(soname: str) -> bool:
    """Whether the dynamic loader finds a library."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def has_fonts() -> bool:
    """Whether there is any font file."""
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    return any(next(folder.rglob(f"*.{kind}"), None) for folder in folders for kind in ("ttf", "otf", "ttc"))


def install_packages(packages: Sequence[str]) -> bool:
    """Install Debian packages where that is allowed without asking; otherwise say the command and return False."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not shutil.which("apt-get"):
        say(f"This system lacks what these Debian packages hold; please install them: {' '.join(packages)}")
        return False
    prefix = privileges()
    if prefix is not None:
        say(f"Installing {' '.join(packages)} ...")
        prefix = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
        # The package lists of a fresh system are empty or old; they are fetched only when the first try fails.
        if succeeds(prefix + command) or (succeeds([*prefix, "apt-get", "update"]) and succeeds(prefix + command)):
            return True
    say(f"This system lacks some libraries; please run: sudo apt-get update && sudo {' '.join(command)}")
    return False


def privileges() -> list[str] | None:
    """What to put before a command to run it as root without a password; None where that is not possible."""
    if os.name == "posix" and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def succeeds(command: Sequence[str]) -> bool:
    """Whether a command ends well; its output is not shown."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


# ---- the virtual environment


def prepare() -> None:
    """Make sure that the libraries and the virtual environment are there; a moment when they are."""
    if packages := missing_packages():
        install_packages(packages)
    if is_installed():
        return
    say(f"Preparing {VENV} (once; the first time takes some minutes) ...")
    STAMP.unlink(missing_ok=True)
    if not importlib.util.find_spec("ensurepip"):
        install_packages([f"python{sys.version_info.major}.{sys.version_info.minor}-venv"])
    call([sys.executable, "-m", "venv", *([] if fits() else ["--clear"]), VENV])
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    pip += ["-c", ROOT / "constraints.txt"]
    # torch first and by its exact version: by far the largest, it is then in place if a later step has to be repeated.
    call([*pip, pinned("torch")])
    call([*pip, "-e", f"{ROOT}[test]"])
    STAMP.write_text(fingerprint())


def is_installed() -> bool:
    """Whether the environment was installed to its end, here, with this Python and from the present recipe."""
    return STAMP.is_file() and STAMP.read_text() == fingerprint() and fits() and PYTHON.exists()


def fingerprint() -> str:
    """A digest of what decides which packages are installed."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in RECIPE)).hexdigest()


def fits() -> bool:
    """Whether .venv was made at this place with this version of Python; one that was moved has broken scripts."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return False
    said = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    version = tuple(said.get("version", "").split(".")[:2])
    return said.get("command", "").endswith(f" {VENV}") and version == tuple(map(str, sys.version_info[:2]))


def pinned(name: str) -> str:
    """The line of constraints.txt for a package."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


def call(command: Sequence[str | Path]) -> None:
    """Run a command of the installation; the program ends with its status when it fails."""
    status = subprocess.call([str(part) for part in command], cwd=ROOT)
    if status:
        say(f"This did not work: {' '.join(map(str, command))}")
        raise SystemExit(status)


# ---- the chores


def run(args: Sequence[str]) -> int:
    """Open the app. On POSIX it takes this process's place, so that signals and the exit status are its own."""
    command = [str(PYTHON), str(ROOT / "main.py"), *args]
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.call(command)


def test(args: Sequence[str]) -> int:
    """Lint, then the engine's tests with Qt blocked, then all others; all are run even when one fails."""
    return summed_up(lint_steps() + test_steps(args))


def lint(args: Sequence[str]) -> int:
    """The static part alone."""
    if args:
        say("lint takes no arguments.")
        return 2
    return summed_up(lint_steps())


def lint_steps() -> list[tuple[str, list[str]]]:
    """Title and command of each static check."""
    return [
        ("ruff", [str(PYTHON), "-m", "ruff", "check", "."]),
        ("mypy", [str(PYTHON), "-m", "mypy", "--strict", "engine", "gui", "tests", "bench", "dev.py", "main.py"]),
        ("import contracts", [str(SCRIPTS / "lint-imports")]),
    ]


def test_steps(args: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Title and command of each pytest run that the arguments call for; paths among them choose the runs."""
    paths = [arg for arg in args if arg.startswith("tests") and (ROOT / arg.partition("::")[0]).exists()]
    options = [arg for arg in args if arg not in paths]
    engine = [path for path in paths if Path(path).parts[:2] == ("tests", "engine")]
    others = [path for path in paths if path not in engine]
    pytest = [str(PYTHON), "-m", "pytest"]
    steps = []
    # A worker that crashes ends the run: pytest-xdist may wait for ever for the tests of one that it has replaced.
    side_by_side = ["-n", str(min(os.cpu_count() or 1, 4)), "--max-worker-restart", "0"]
    if engine or not paths:
        blocked = [*pytest, "-p", "tests.helpers.no_qt", *side_by_side]
        steps.append(("engine tests, Qt blocked", blocked + (engine or ["tests/engine"]) + options))
    if others or not paths:
        # A file at a time: its tests share a window, and an import that one of them waits for.
        whole_files = [*pytest, *side_by_side, "--dist", "loadfile"]
        steps.append(("all other tests", whole_files + (others or ["tests", "--ignore=tests/engine"]) + options))
    return steps


def summed_up(steps: Sequence[tuple[str, list[str]]]) -> int:
    """Run the steps, say which failed, and return the exit status."""
    env = screenless()
    failed = []
    for title, command in steps:
        say(f"\n== {title}")
        began = time.monotonic()
        status = subprocess.call(command, cwd=ROOT, env=env)
        say(f"== {title}: {'passed' if status == 0 else f'failed ({status})'} in {time.monotonic() - began:.0f} s")
        # A choice of tests (-k, a path) may leave nothing for one of the runs.
        if status and not (status == NO_TESTS_COLLECTED and "-k" in command):
            failed.append(title)
    say(f"\nFailed: {', '.join(failed)}." if failed else "\nAll passed.")
    return 1 if failed else 0


def bench(args: Sequence[str]) -> int:
    """Measure."""
    return subprocess.call([str(PYTHON), "-m", "bench", *args], cwd=ROOT, env=screenless())


def screenshots(args: Sequence[str]) -> int:
    """Draw the documentation's pictures."""
    return subprocess.call([str(PYTHON), "-m", "gui.screenshots", *args], cwd=ROOT, env=screenless())


def screenless() -> Mapping[str, str]:
    """The environment of a process that opens no window on the screen."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "test": test,
    "lint": lint,
    "bench": bench,
    "screenshots": screenshots,
}


def main(args: Sequence[str]) -> int:
    """Prepare the machine, then do the chore that the first argument names; returns the exit status."""
    if sys.version_info[:2] < OLDEST:
        say(f"Morphospace needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
        return 1
    if not args or args[0] not in COMMANDS:
        asked_for_help = bool(args) and args[0] in ("-h", "--help")
        print(__doc__, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    prepare()
    return COMMANDS[args[0]](args[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
