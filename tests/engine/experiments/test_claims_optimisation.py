"""The claims about optimisers and deep networks: what is planned, how it is read, and when it agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.experiments.claims_optimisation import AMSGRAD, SELU
from engine.experiments.ready import EXPERIMENTS
from engine.experiments.reproduce import figures_of, folder_of, markdown, results, verdict_on
from engine.runtime.config import check
from engine.runtime.job import Arrays, Metrics
from engine.runtime.log_lines import metrics_line
from engine.runtime.run_folder import RunFolder, create_run
from engine.trainers import trainer

Figures = dict[str, dict[str, float]]


def amsgrad_figures() -> Figures:
    found = {f"Adam, {order}": {"final x": 0.99, "average regret": 0.7} for order in ("online", "stochastic")}
    found |= {f"AMSGrad, {order}": {"final x": -0.99, "average regret": 0.1} for order in ("online", "stochastic")}
    found["Adam, network"] = {"loss": 0.3, "held-out loss": 0.3}
    found["AMSGrad, network"] = {"loss": 0.2, "held-out loss": 0.3}
    return found


def selu_figures() -> Figures:
    found = {}
    for depth in (8, 16, 32):
        for name, loss, mean, variance in (
            ("SELU", 0.1, 0.05, 1.1), ("ReLU", 0.5, 2.0, 5.0), ("batch norm", 0.4, 0.4, 0.4),
        ):
            found[f"{name}, {depth} layers"] = {
                "loss": loss, "held-out loss": loss, "mean before": mean, "variance before": variance,
                "mean after": mean, "variance after": variance,
            }
    return found


@pytest.mark.parametrize("experiment", [AMSGRAD, SELU], ids=lambda each: each.name)
def test_the_runs_are_complete_and_called_by_their_labels(experiment: Any) -> None:
    assert EXPERIMENTS[experiment.name] is experiment and experiment.claim and experiment.source
    for planned in experiment.runs:
        check(planned.config)
        assert isinstance(planned.config, trainer(planned.trainer).config_class())
        assert planned.config.name == planned.label
    assert len({planned.label for planned in experiment.runs}) == len(experiment.runs)


def test_what_is_compared_differs_in_nothing_else() -> None:
    configs = {planned.label: planned.config for planned in AMSGRAD.runs}
    assert len(configs) == 6
    for case in ("online", "stochastic", "network"):
        first, second = vars(configs[f"Adam, {case}"]), vars(configs[f"AMSGrad, {case}"])
        assert {name for name in first if first[name] != second[name]} == {"optimiser", "name"}
    deep = [vars(planned.config) for planned in SELU.runs]
    assert {(each["kind"], each["depth"]) for each in deep} == {
        (kind, depth) for kind in ("selu", "relu", "batch norm") for depth in (8, 16, 32)
    }
    assert all({n for n in deep[0] if deep[0][n] != each[n]} <= {"kind", "depth", "name"} for each in deep)


def test_amsgrad_agrees_only_when_all_of_the_claim_does() -> None:
    verdict = verdict_on(AMSGRAD, amsgrad_figures())
    assert verdict is not None and verdict.agrees
    for run, title, value in (
        ("Adam, online", "final x", 0.5), ("AMSGrad, stochastic", "final x", -0.5), ("AMSGrad, network", "loss", 0.3),
    ):
        found = amsgrad_figures()
        found[run][title] = value
        verdict = verdict_on(AMSGRAD, found)
        assert verdict is not None and not verdict.agrees
        part = "network" if title == "loss" else "counterexample"
        assert f"The {part} does not agree" in verdict.found and verdict.found.count("does not agree") == 1


def test_selu_agrees_only_when_all_of_the_claim_does() -> None:
    verdict = verdict_on(SELU, selu_figures())
    assert verdict is not None and verdict.agrees and "lowest loss at 3 of 3 depths" in verdict.found
    for run, title, value in (
        ("SELU, 16 layers", "mean before", -0.2), ("SELU, 8 layers", "variance before", 1.6),
        ("SELU, 32 layers", "variance after", 3.5), ("ReLU, 32 layers", "loss", 0.05),
        ("batch norm, 8 layers", "loss", 0.1),
    ):
        found = selu_figures()
        found[run][title] = value
        verdict = verdict_on(SELU, found)
        assert verdict is not None and not verdict.agrees


def test_without_a_figure_there_is_no_verdict() -> None:
    found = selu_figures()
    found["SELU, 8 layers"]["loss"] = float("nan")
    assert verdict_on(SELU, found) is None
    del found["SELU, 8 layers"]
    assert verdict_on(SELU, found) is None


def test_each_run_is_read_by_the_columns_of_its_trainer(tmp_path: Path) -> None:
    for planned in AMSGRAD.runs[3:5]:
        folder = create_run(planned.trainer, planned.config, folder_of(tmp_path, planned.label))
        values = {"x": 0.25, "average_regret": 0.5, "loss": 2.0, "held_out_loss": 3.0}
        (folder.path / "metrics.jsonl").write_bytes(metrics_line(Metrics(9, 9, 1.0, values)))
    found = results(AMSGRAD, tmp_path)
    assert found == {
        "AMSGrad, stochastic": {"final x": 0.25, "average regret": 0.5},
        "Adam, network": {"loss": 2.0, "held-out loss": 3.0},
    }
    assert "| Adam, network | – | – | 2 | 3 |" in markdown(AMSGRAD, found)


def test_the_last_layer_is_read_from_the_newest_picture(tmp_path: Path) -> None:
    planned = SELU.runs[0]
    folder = create_run("depth", planned.config, tmp_path / "run")
    assert np.isnan(list(figures_of(SELU, folder).values())).all()
    for step, scale in ((50, 1), (100, 2)):
        write_arrays(folder, Arrays(step, {
            "first_layer_means": np.array([9, 0.5]), "first_layer_variances": np.array([9, 1.5]),
            "layer_means": scale * np.array([9, 3.0]), "layer_variances": scale * np.array([9, 4.0]),
        }))
    found = figures_of(SELU, folder)
    assert [found[title] for title in ("mean before", "variance before", "mean after", "variance after")] == [
        0.5, 1.5, 6, 8,
    ]
    write_arrays(folder, Arrays(150, {"layer_means": np.zeros((2, 2))}))
    assert np.isnan(figures_of(SELU, folder)["mean after"])


def write_arrays(folder: RunFolder, shown: Arrays) -> None:
    path = folder.array_path(shown.step)
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        np.savez(file, **shown.arrays)  # type: ignore[arg-type]
