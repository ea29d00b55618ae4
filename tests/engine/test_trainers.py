"""The trainers: each is complete, describes itself and can be asked for by name."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from engine.errors import TrainingError
from engine.runtime.config import check, from_json, to_json
from engine.trainers import TRAINERS, trainer


@pytest.mark.parametrize("name", TRAINERS)
def test_every_trainer_has_what_the_app_and_the_command_line_ask_of_it(name: str) -> None:
    found = trainer(name)
    assert found.name == name and found.title
    config_class = found.config_class()
    assert is_dataclass(config_class)
    presets = found.presets()
    assert next(iter(presets.values())) == config_class()
    for preset in presets.values():
        check(preset)
        assert from_json(config_class, to_json(preset)) == preset


@pytest.mark.parametrize("name", TRAINERS)
def test_every_setting_says_what_it_means(name: str) -> None:
    for entry in fields(trainer(name).config_class()):
        assert entry.metadata["help"].endswith((".", ")")) and entry.metadata["group"], entry.name


@pytest.mark.parametrize("name", TRAINERS)
def test_every_trainer_has_the_settings_that_the_app_relies_on(name: str) -> None:
    settings = {entry.name for entry in fields(trainer(name).config_class())}
    assert {"name", "steps", "seed"} <= settings


@pytest.mark.parametrize("name", TRAINERS)
def test_every_job_can_be_made_and_begins_only_when_it_is_asked(name: str, tmp_path: Path) -> None:
    found = trainer(name)
    job = found.job(next(iter(found.presets().values())), tmp_path / "run")
    job.close()
    assert not (tmp_path / "run").exists()


def test_a_name_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(TrainingError, match=f"no trainer called 'unicorn'; known are: {', '.join(TRAINERS)}"):
        trainer("unicorn")


def test_looking_trainers_and_settings_up_does_not_load_torch() -> None:
    program = (
        "import sys\n"
        "from engine.trainers import TRAINERS\n"
        "for known in TRAINERS.values():\n"
        "    known.config_class(); known.presets()\n"
        "print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
