"""Every ready experiment can be made, is told apart from the others, and has its table."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.points import save_density
from engine.experiments.experiment import Experiment
from engine.experiments.ready import EXPERIMENTS
from engine.experiments.reproduce import folder_of, markdown, results, verdict_on
from engine.experiments.starters import drawn_density, own_pictures
from engine.gan.examples import open_data
from engine.runtime.config import check, from_json, to_json
from engine.trainers import trainer

EVERY = [pytest.param(each, id=name) for name, each in EXPERIMENTS.items()]
CLAIMS = [pytest.param(each, id=name) for name, each in EXPERIMENTS.items() if each.claim]


@pytest.mark.parametrize("experiment", EVERY)
def test_every_run_is_planned_well(experiment: Experiment, tmp_path: Path) -> None:
    assert EXPERIMENTS[experiment.name] is experiment and experiment.runs and experiment.title
    assert experiment.sentence.endswith(".")
    assert experiment.tags and set(experiment.tags) <= {"points", "pictures", "claim"}
    assert ("claim" in experiment.tags) == bool(experiment.claim) == bool(experiment.source) == bool(experiment.verdict)
    labels = [planned.label for planned in experiment.runs]
    folders = {folder_of(tmp_path, label).name for label in labels}
    assert len(set(labels)) == len(folders) == len(labels) and "" not in folders
    for planned in experiment.runs:
        check(planned.config)
        assert from_json(trainer(planned.trainer).config_class(), to_json(planned.config)) == planned.config
        assert planned.config.name == planned.label and "|" not in planned.label


@pytest.mark.parametrize("experiment", EVERY)
def test_without_a_run_there_is_a_table_and_no_verdict(experiment: Experiment, tmp_path: Path) -> None:
    found = results(experiment, tmp_path)
    assert found == {} and verdict_on(experiment, found) is None
    told = markdown(experiment, found)
    assert told.startswith(f"### {experiment.title}\n") and told.endswith("|---|\n")


@pytest.mark.parametrize("experiment", CLAIMS)
def test_a_claim_has_a_verdict_once_everything_is_measured(experiment: Experiment) -> None:
    found = {
        planned.label: {
            column.title: 1.0 + index for column in experiment.columns if column.trainer in ("", planned.trainer)
        }
        for index, planned in enumerate(experiment.runs)
    }
    verdict = verdict_on(experiment, found)
    assert verdict is not None and verdict.found.endswith(".") and "nan" not in verdict.found
    first = experiment.runs[0].label
    unmeasured = {**found, first: {**found[first], experiment.columns[0].title: math.nan}}
    assert verdict_on(experiment, unmeasured) is None
    assert verdict_on(experiment, {label: figures for label, figures in found.items() if label != first}) is None


def test_modes_decide_on_the_frozen_critic() -> None:
    experiment = EXPERIMENTS["frozen-critic"]
    figures = {"modes at the freezing": 8.0, "modes at the end": 8.0}
    for gan, agrees in ((3.0, True), (8.0, False)):
        verdict = verdict_on(experiment, {"OT-GAN": figures, "GAN": {**figures, "modes at the end": gan}})
        assert verdict is not None and verdict.agrees == agrees
        assert f"OT-GAN covers 8 of 8 modes and the standard GAN {gan:.0f}" in verdict.found


def test_cases_that_ambient_lost_are_named() -> None:
    experiment = EXPERIMENTS["ambient"]

    def found(lost: str) -> dict[str, dict[str, float]]:
        high = {label: label.endswith("ambient") != (lost in label) for label in (run.label for run in experiment.runs)}
        return {label: {"inception score": 5.0 if is_high else 2.0} for label, is_high in high.items()}

    won = verdict_on(experiment, found("no case"))
    assert won is not None and won.agrees and "in 5 of 5 cases." in won.found
    lost = verdict_on(experiment, found("p = 0.8"))
    assert lost is not None and not lost.agrees and "in 4 of 5 cases (not in: p = 0.8)." in lost.found


def test_a_person_s_own_data_can_be_opened(tmp_path: Path) -> None:
    save_density(tmp_path / "mine.npz", np.eye(4))
    folder = tmp_path / "cats"
    folder.mkdir()
    for index in range(12):
        Image.new("RGB", (40, 40), (20 * index, 0, 0)).save(folder / f"{index}.png")
    for made in (drawn_density(tmp_path / "mine.npz"), own_pictures(folder)):
        (planned,) = made.runs
        check(planned.config)
        assert open_data(planned.config).shape in ((2,), (3, 32, 32))
    assert own_pictures(folder).title == "cats"
