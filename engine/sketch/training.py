"""Training of Sketch-RNN (Ha and Eck 2018, sections 3.3 and 4.1) as a job.

`train` is the loop and speaks the job protocol; `SketchRun` holds the model, the optimiser and the random state and
knows how to make a step, to save everything and to come back from it.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import EngineError
from engine.runtime.config import check, edited
from engine.runtime.devices import prepare_cpu_for_training
from engine.runtime.job import Arrays, Changed, Edit, Event, Heartbeat, Job, Metrics, Note, Saved, Stop
from engine.sketch.config import SketchTrainConfig
from engine.sketch.run import SketchRun


def train(config: SketchTrainConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Train until `config.steps` or `config.minutes`; goes on from `run_dir` when it holds a state of this run.

    Yields an event at every step: `Metrics`, `Arrays` (key "samples": stroke-5 float32 [n, T, 5] in data units),
    `Note`, `Saved` or `Heartbeat`. Returns the held-out figures of the best checkpoint. Raises `TrainingError` when the
    data or the start model cannot be used.
    """
    check(config)
    prepare_cpu_for_training()
    run = SketchRun(config, run_dir)
    events: list[Event] = [Note(run.step_count, "info", text) for text in run.opening_notes]
    stopped = False
    while True:
        for event in events:
            command = yield event
            while isinstance(command, Edit):
                command = yield _obeyed(run, command)
            stopped = stopped or isinstance(command, Stop)
        if run.any_process(stopped or run.finished):
            break
        events = _one_step(run)
    if not run.saved:
        # Not `yield from`: a list takes no commands, and a stop is said until the job ends.
        for event in _save(run):
            yield event
    return run.best_figures


def _one_step(run: SketchRun) -> list[Event]:
    losses = run.step()
    step = run.step_count
    events: list[Event] = []
    if losses is None:
        events.append(Note(step, "warning", run.after_bad_step()))
    elif step % run.config.log_every == 0 or step == 1:
        events.append(Metrics(step, run.config.steps, run.seconds, run.figures(losses)))
    if step % run.config.sample_every == 0:
        events.append(Arrays(step, {"samples": run.samples()}))
    if step % run.config.save_every == 0:
        events += _save(run)
    return [*events, Heartbeat(step)]


def _save(run: SketchRun) -> list[Event]:
    held_out = run.save()
    events: list[Event] = [Saved(run.step_count, str(run.state_path))]
    if held_out:
        events.insert(0, Metrics(run.step_count, run.config.steps, run.seconds, held_out))
    return events


def _obeyed(run: SketchRun, command: Edit) -> Event:
    try:
        run.config = edited(run.config, command.changes)
    except EngineError as error:
        return Note(run.step_count, "warning", str(error))
    changes = ", ".join(f"{name} = {value}" for name, value in command.changes.items())
    return Changed(run.step_count, dict(command.changes), f"Changed: {changes}.")
