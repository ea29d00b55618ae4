"""The chores: what they install and in which order, what they say, what they hand on. Nothing is really installed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parent.parent
HERE = f"{sys.version_info.major}.{sys.version_info.minor}.0"


class FakeInstaller:
    """Stands in for `dev.call`: notes the commands, makes what `python -m venv` makes, fails where told to."""

    def __init__(self, venv: Path) -> None:
        """Nothing has been called yet."""
        self.venv = venv
        self.commands: list[list[str]] = []
        self.fails_at = ""

    def __call__(self, command: Sequence[str | Path]) -> None:
        """Note a command."""
        words = [str(part) for part in command]
        if self.fails_at and self.fails_at in words:
            raise SystemExit(1)
        self.commands.append(words)
        if words[1:3] == ["-m", "venv"]:
            (self.venv / "bin").mkdir(parents=True, exist_ok=True)
            (self.venv / "bin" / "python").touch()
            (self.venv / "pyvenv.cfg").write_text(f"version = {HERE}\ncommand = python -m venv {self.venv}\n")


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeInstaller:
    """`dev` works in an empty folder, on a machine that lacks nothing, with an installer that only takes notes."""
    venv = tmp_path / ".venv"
    recipe = (tmp_path / "pyproject.toml", tmp_path / "constraints.txt")
    for path in recipe:
        path.write_bytes((ROOT / path.name).read_bytes())
    fake = FakeInstaller(venv)
    for name, value in {
        "VENV": venv,
        "PYTHON": venv / "bin" / "python",
        "STAMP": venv / "installed",
        "RECIPE": recipe,
        "call": fake,
        "missing_packages": list,
    }.items():
        monkeypatch.setattr(dev, name, value)
    return fake


def test_first_run_installs_the_exact_set_torch_first(installer: FakeInstaller) -> None:
    dev.prepare()
    venv, torch, project = installer.commands
    assert venv[:3] == [sys.executable, "-m", "venv"]
    assert torch[-1] == "torch==2.13.0"
    assert project[-2:] == ["-e", f"{ROOT}[test]"]
    for command in (torch, project):
        assert command[command.index("-c") + 1] == str(ROOT / "constraints.txt")


def test_second_run_installs_nothing(installer: FakeInstaller) -> None:
    dev.prepare()
    installer.commands.clear()
    dev.prepare()
    assert installer.commands == []


def test_an_interrupted_installation_is_done_again(installer: FakeInstaller) -> None:
    installer.fails_at = "-e"
    with pytest.raises(SystemExit):
        dev.prepare()
    assert not dev.is_installed()
    installer.fails_at = ""
    dev.prepare()
    assert dev.is_installed()


def test_a_changed_recipe_is_installed_and_half_of_it_does_not_count_as_the_old_one(installer: FakeInstaller) -> None:
    dev.prepare()
    constraints = dev.RECIPE[1]
    before = constraints.read_text()
    constraints.write_text(before + "extra==1.0\n")
    assert not dev.is_installed()
    installer.fails_at = "-e"
    with pytest.raises(SystemExit):
        dev.prepare()
    constraints.write_text(before)
    assert not dev.is_installed()


@pytest.mark.parametrize(
    "config", [f"version = {HERE}\ncommand = python -m venv /elsewhere/.venv\n", "version = 3.2.1\ncommand = {venv}\n"]
)
def test_a_moved_or_older_environment_is_made_anew(config: str, installer: FakeInstaller) -> None:
    dev.prepare()
    (dev.VENV / "pyvenv.cfg").write_text(config.replace("{venv}", f"python -m venv {dev.VENV}"))
    installer.commands.clear()
    dev.prepare()
    assert "--clear" in installer.commands[0]


def test_missing_libraries_are_named_by_their_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(dev, "LIBRARIES", {"libnothing-of-this-name.so.7": "libnothing7"})
    monkeypatch.setattr(dev, "FONT_FOLDERS", (str(tmp_path),))
    assert dev.missing_packages() == ["libnothing7", "fonts-dejavu-core"]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "Some.ttf").touch()
    assert dev.missing_packages() == ["libnothing7"]


def test_without_privileges_the_exact_command_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "privileges", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert not dev.install_packages(["libegl1"])
    told = capsys.readouterr().err
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends libegl1" in told


def test_package_lists_are_fetched_when_the_first_try_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def succeeds(command: Sequence[str]) -> bool:
        tried.append(" ".join(command))
        return len(tried) > 1

    monkeypatch.setattr(dev, "privileges", lambda: ["sudo", "-n"])
    monkeypatch.setattr(dev, "succeeds", succeeds)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert dev.install_packages(["libegl1"])
    install = "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libegl1"
    assert tried == [install, "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update", install]


def test_paths_choose_the_runs_and_options_go_to_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    for name in ("tests/engine/test_a.py", "tests/gui/test_b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    everything = [command for _, command in dev.test_steps(["-x"])]
    assert ["tests/engine" in command for command in everything] == [True, False]
    assert all(command[-1] == "-x" for command in everything)
    ((title, engine),) = dev.test_steps(["tests/engine/test_a.py::test_it"])
    assert "Qt blocked" in title and "tests.helpers.no_qt" in engine and engine[-1] == "tests/engine/test_a.py::test_it"
    ((_, gui),) = dev.test_steps(["tests/gui/test_b.py"])
    assert "tests.helpers.no_qt" not in gui and gui[-1] == "tests/gui/test_b.py"


@pytest.mark.parametrize(
    ("statuses", "choice", "expected"),
    [((0, 0), [], 0), ((0, 1), [], 1), ((0, 5), [], 1), ((0, 5), ["-k", "this"], 0), ((1, 0), [], 1)],
)
def test_every_step_is_run_and_one_failure_fails(
    statuses: tuple[int, ...], choice: list[str], expected: int, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = [
        (f"step {place}", [sys.executable, "-c", f"print('done {place}'); raise SystemExit({status})", *choice])
        for place, status in enumerate(statuses)
    ]
    assert dev.summed_up(steps) == expected
    assert capfd.readouterr().out.splitlines() == ["done 0", "done 1"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no exec that keeps the process")
def test_run_hands_everything_to_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def execv(_path: str, command: list[str]) -> None:
        started.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(dev, "prepare", lambda: None)
    monkeypatch.setattr("os.execv", execv)
    with pytest.raises(SystemExit):
        dev.main(["run", "--help", "a drawing.svg"])
    assert started == [[str(dev.PYTHON), str(ROOT / "main.py"), "--help", "a drawing.svg"]]


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(dev, "OLDEST", (99, 0))
    assert dev.main(["test"]) == 1
    assert "needs Python 99.0 or newer" in capsys.readouterr().err


def test_help_needs_only_the_standard_library() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", "dev.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert all(f"dev.py {name}" in done.stdout for name in dev.COMMANDS)
