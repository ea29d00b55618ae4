"""What leaves the program says where it is from, and arrives whole."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage

from engine.errors import SaveError
from engine.runtime.job import Arrays
from engine.runtime.run_folder import RunFolder, create_run
from gui.training_lab.run_export import about, export_arrays, export_metrics, export_picture


@dataclass(frozen=True)
class Config:
    """As much of a configuration as a run folder needs."""

    name: str = "λ = 10"
    seed: int = 7


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    made = create_run("gan", Config(), tmp_path / "run")
    lines = [
        {"step": 10, "total_steps": 99, "seconds": 0.5, "values": {"critic_loss": 1 / 3}},
        {"step": 10, "total_steps": 99, "seconds": 0.5, "values": {"modes": 8.0}},
        {"step": 20, "total_steps": 99, "seconds": 1.0, "values": {"critic_loss": None, "odd, name": 2.0}},
    ]
    (made.path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return made


def test_about_names_run_step_seed_settings_and_command(run: RunFolder) -> None:
    found = about(run, 20)
    assert (found["Software"], found["run"], found["step"], found["seed"]) == ("Morphospace", "run", "20", "7")
    assert json.loads(found["settings"]) == {"name": "λ = 10", "seed": 7}
    assert "gan" in found["command"]


def test_about_a_damaged_run_says_what_it_can(tmp_path: Path) -> None:
    assert about(RunFolder(tmp_path / "gone")) == {"Software": "Morphospace", "run": "gone"}


def test_csv_holds_every_figure_exactly(run: RunFolder, tmp_path: Path) -> None:
    path = export_metrics(run, tmp_path / "out")
    assert path.name == "out.csv"
    lines = path.read_text().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    assert "# seed: 7" in comments and any(line.startswith("# settings: {") for line in comments)
    assert rows == [
        ["step", "seconds", "critic_loss", "modes", "odd, name"],
        ["10", "0.5", str(1 / 3), "8.0", ""],
        ["20", "1.0", "nan", "", "2.0"],
    ]


def test_csv_of_a_run_without_measurements_is_refused(tmp_path: Path) -> None:
    empty = create_run("gan", Config(), tmp_path / "empty")
    with pytest.raises(SaveError, match="measured nothing yet"):
        export_metrics(empty, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_npz_opens_without_pickle_and_says_what_it_is(run: RunFolder, tmp_path: Path) -> None:
    arrays = Arrays(20, {"samples": np.arange(6, dtype=np.float32).reshape(3, 2), "singular_values/layer1": np.ones(3)})
    path = export_arrays(arrays, tmp_path / "out", about(run))
    with np.load(path, allow_pickle=False) as found:
        assert sorted(found) == ["about", "samples", "singular_values/layer1"]
        np.testing.assert_array_equal(found["samples"], arrays.arrays["samples"])
        details = json.loads(str(found["about"]))
    assert details["step"] == "20" and details["seed"] == "7"


def test_nothing_to_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="no arrays"):
        export_arrays(Arrays(1, {}), tmp_path / "out", {})


def test_png_is_scaled_without_blur_and_says_what_it_is(run: RunFolder, tmp_path: Path) -> None:
    picture = QImage(2, 1, QImage.Format.Format_RGB32)
    picture.setPixelColor(0, 0, QColor("#ff0000"))
    picture.setPixelColor(1, 0, QColor("#0000ff"))
    path = export_picture(picture, tmp_path / "out", about(run, 20), scale=5)
    with Image.open(path) as found:
        assert isinstance(found.info["settings"], str)
        assert json.loads(found.info["settings"])["name"] == "λ = 10" and found.info["seed"] == "7"
        pixels = np.asarray(found.convert("RGB"))
    assert pixels.shape == (5, 10, 3)
    assert (pixels[:, :5] == [255, 0, 0]).all() and (pixels[:, 5:] == [0, 0, 255]).all()
    assert picture.textKeys() == []


@pytest.mark.parametrize("scale", [0, -1, 5000])
def test_scale_out_of_range_is_refused(scale: int, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="choose a scale"):
        export_picture(QImage(2, 2, QImage.Format.Format_RGB32), tmp_path / "out.png", {}, scale)
    assert list(tmp_path.iterdir()) == []
