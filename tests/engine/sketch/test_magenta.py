"""Magenta's web weights: the network in the file is the network that runs, and nothing else in a file is believed.

`tests/data/magenta_golden.json` holds what Magenta's own JavaScript client computes from four published models for the
beginning of a drawing. The models are 3 MB each and not part of the project: name the folder that holds them in
MORPHOSPACE_MAGENTA to compare with them. What is always compared is a model of a few units, computed below as the
client does it, with loops and in float64.
"""

from __future__ import annotations

import base64
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import BadFileError
from engine.runtime.job import drive
from engine.sketch.magenta import convert, read_weights, to_checkpoint, to_state_dict
from engine.sketch.mixture import Mixture
from engine.sketch.model import SketchRNN
from engine.sketch.sketch_model import SketchModel, load_model
from tests.helpers.tiny_sketch import LONGEST, MIXTURES, SCALE_FACTOR, UNITS, tiny_magenta

FOLDER = os.environ.get("MORPHOSPACE_MAGENTA", "")
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "magenta_golden.json").read_text())
NAMES = ("pi", "mu_x", "mu_y", "sigma_x", "sigma_y", "rho", "pen")

Floats = NDArray[np.float64]


@pytest.fixture
def parsed(tmp_path: Path) -> Any:
    """The JSON of a sound file, to be damaged."""
    return json.loads(tiny_magenta(tmp_path / "cat.gen.json").read_text())


def written(folder: Path, parsed: Any) -> Path:
    path = folder / "made.gen.json"
    path.write_text(json.dumps(parsed))
    return path


def blob(values: NDArray[Any]) -> str:
    """Numbers as a file holds them: units of 10 / 32767."""
    return base64.b64encode((values * 32767 / 10).astype("<i2").tobytes()).decode()


def softmax(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum(), np.float64)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), np.float64)


def clients_answers(parsed: Any, points: Floats) -> list[dict[str, Floats]]:
    """The parameters after each of `points` [T, 5], as TensorFlow's LSTM and the mixture of eq. 3 to 7 give them."""
    output_kernel, output_bias, input_kernel, recurrent_kernel, bias = (
        np.frombuffer(base64.b64decode(text), "<i2").astype(np.float64).reshape(shape) * 10 / 32767
        for shape, text in zip(parsed[1], parsed[2], strict=True)
    )
    units, mixtures = len(recurrent_kernel), (len(output_bias) - 3) // 6
    h, c = np.zeros(units), np.zeros(units)
    answers = []
    for point in points:
        sums = np.zeros(4 * units)
        for column in range(4 * units):
            sums[column] = bias[column]
            sums[column] += sum(point[row] * input_kernel[row, column] for row in range(5))
            sums[column] += sum(h[row] * recurrent_kernel[row, column] for row in range(units))
        i, j, f, o = (sums[gate * units : (gate + 1) * units] for gate in range(4))
        c = sigmoid(f + 1.0) * c + sigmoid(i) * np.tanh(j)
        h = sigmoid(o) * np.tanh(c)
        out = h @ output_kernel + output_bias
        pi, mu_x, mu_y, sigma_x, sigma_y, rho = (
            out[3 + part * mixtures : 3 + (part + 1) * mixtures] for part in range(6)
        )
        answers.append({
            "pi": softmax(pi), "mu_x": mu_x, "mu_y": mu_y, "sigma_x": np.exp(sigma_x), "sigma_y": np.exp(sigma_y),
            "rho": np.tanh(rho), "pen": softmax(out[:3]),
        })
    return answers


def our_answers(model: SketchModel, points: Floats, softmax_temperature: float = 1.0, temperature: float = 1.0) -> Any:
    """The same of ours, all points at once, each [T, ...]; the client divides logits and multiplies variances."""
    given = torch.from_numpy(points.astype(np.float32)).unsqueeze(1)
    condition = model.module.condition(None, None, torch.tensor([0]))
    with torch.no_grad():
        mixture = model.module.decode(given, condition)
    half = 0.5 * math.log(temperature)
    return named(replace(
        mixture,
        logits=mixture.logits / softmax_temperature,
        pen_logits=mixture.pen_logits / softmax_temperature,
        log_sigma_x=mixture.log_sigma_x + half,
        log_sigma_y=mixture.log_sigma_y + half,
    ))


def named(mixture: Mixture) -> dict[str, NDArray[np.float32]]:
    values = (
        mixture.weights, mixture.mu_x, mixture.mu_y, mixture.log_sigma_x.exp(), mixture.log_sigma_y.exp(), mixture.rho,
        mixture.pen_logits.softmax(dim=-1),
    )
    return {name: value[:, 0].numpy() for name, value in zip(NAMES, values, strict=True)}


# ---- the same numbers


def test_a_model_computes_what_its_file_says(parsed: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    points = np.zeros((12, 5))
    points[:, :2] = rng.normal(0, 1.5, (12, 2))
    points[np.arange(12), 2 + rng.integers(0, 3, 12)] = 1
    points[0] = (0, 0, 1, 0, 0)
    expected = clients_answers(parsed, points)
    mine = our_answers(load_model(written(tmp_path, parsed)), points)
    for step in range(12):
        for name in NAMES:
            np.testing.assert_allclose(mine[name][step], expected[step][name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.skipif(not FOLDER, reason="set MORPHOSPACE_MAGENTA to a folder with Magenta's .gen.json files")
@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['model']}-{case['temperature']}")
def test_published_models_compute_what_the_published_client_does(case: Any) -> None:
    model = load_model(Path(FOLDER) / f"{case['model']}.gen.json")
    assert model.scale_factor == case["scale_factor"]
    points = np.array([GOLDEN["start_token"], *GOLDEN["strokes"]])
    mine = our_answers(model, points, case["softmax_temperature"], case["temperature"])
    for step in case["steps"]:
        for name in NAMES:
            np.testing.assert_allclose(mine[name][step["after"]], step[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_golden_figures_are_of_four_models_at_two_temperatures() -> None:
    assert {case["model"] for case in GOLDEN["cases"]} == {"dog", "sheep", "bicycle", "bird"}
    for case in GOLDEN["cases"]:
        assert case["softmax_temperature"] == 0.5 + 0.5 * case["temperature"]
        for step in case["steps"]:
            assert [len(step[name]) for name in NAMES] == [20] * 6 + [3]
            assert math.fsum(step["pi"]) == pytest.approx(1, abs=1e-5)


# ---- what a file becomes


def test_largest_stored_number_is_ten(parsed: Any, tmp_path: Path) -> None:
    parsed[2][1] = base64.b64encode(np.full(parsed[1][1], 32767, "<i2").tobytes()).decode()
    np.testing.assert_allclose(read_weights(written(tmp_path, parsed)).output_bias, 10, rtol=1e-7)


def test_header_says_where_the_model_came_from(tmp_path: Path) -> None:
    tensors, header = to_checkpoint(read_weights(tiny_magenta(tmp_path / "palm_tree.gen.json")), "palm_tree.gen.json")
    assert header.kind == "sketch" and header.name == "palm tree"
    assert header.config["categories"] == ["palm tree"] and header.config["mode"] == "decoder"
    assert "Apache" in header.data and "palm_tree.gen.json" in header.data
    assert header.extra["scale_factor"] == SCALE_FACTOR and header.extra["longest"] == LONGEST
    assert tensors["decoder.weight_hh"].shape == (4 * UNITS, UNITS)
    assert tensors["output.weight"].shape == (6 * MIXTURES + 3, UNITS)


def test_converted_file_is_the_same_model(tmp_path: Path) -> None:
    source, out = tiny_magenta(tmp_path / "cat.gen.json"), tmp_path / "cat.safetensors"
    convert(source, out)
    first, second = load_model(source), load_model(out)
    assert second.header == first.header and second.box == first.box
    for mine, theirs in zip(second.module.parameters(), first.module.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_box_is_about_what_the_model_draws(tmp_path: Path) -> None:
    model = load_model(tiny_magenta(tmp_path / "cat.gen.json"))
    boxes = [drawing.box() for drawing in drive(model.sample(32, seed=5))]
    sides = [max(right - left, bottom - top) for left, top, right, bottom in boxes]
    assert 0.5 < model.box / float(np.median(sides)) < 2


def test_header_without_a_name_or_length_has_its_files_and_the_usual_one(parsed: Any, tmp_path: Path) -> None:
    parsed[0] = {"scale_factor": 50}
    weights = read_weights(written(tmp_path, parsed))
    assert (weights.name, weights.max_points, weights.scale_factor) == ("made", 250, 50.0)
    parsed[0] = {"scale_factor": 50, "name": "x" * 1000, "max_seq_len": 10**9}
    weights = read_weights(written(tmp_path, parsed))
    assert (weights.name, weights.max_points) == ("x" * 80, 250)


# ---- damaged files


def refused(folder: Path, parsed: Any, match: str) -> None:
    path = written(folder, parsed)
    with pytest.raises(BadFileError, match=match) as caught:
        read_weights(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("other", [None, 3, "text", {}, [], [1, 2], [{}, [], [], []], [[], [], []], [{}, {}, []]])
def test_other_json_is_refused(other: Any, tmp_path: Path) -> None:
    refused(tmp_path, other, "not a published sketch-rnn model")


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_cut_file_is_refused(kept: int, tmp_path: Path) -> None:
    path = tiny_magenta(tmp_path / "cat.gen.json")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BadFileError, match="not whole JSON"):
        read_weights(path)


def test_file_that_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cat.gen.json"
    with pytest.raises(BadFileError, match="cannot be read"):
        read_weights(path)
    with pytest.raises(BadFileError, match="cannot be read"):
        read_weights(tmp_path)
    for text in (b"\xff\xfe\x00", b"[" * 200_000, b"[" + b"9" * 5000 + b"]"):
        path.write_bytes(text)
        with pytest.raises(BadFileError):
            read_weights(path)


def test_file_larger_than_any_published_one_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "cat.gen.json"
    with path.open("wb") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(BadFileError, match="larger than any published"):
        read_weights(path)


def test_model_with_an_encoder_is_refused_with_its_reason(parsed: Any, tmp_path: Path) -> None:
    parsed[1] += [[5, 8], [8]]
    parsed[2] += [blob(np.zeros((5, 8))), blob(np.zeros(8))]
    refused(tmp_path, parsed, "encoder")


@pytest.mark.parametrize("matrix", range(5))
@pytest.mark.parametrize(
    "shape",
    [None, 8, [], [0], [-8, 8], [8, 15, 1], [8.0, 15], [True, 15], ["8", 15], [2**40, 2**40], [16384, 16384], [9, 9]],
    ids=str,
)
def test_impossible_shape_is_refused(matrix: int, shape: Any, parsed: Any, tmp_path: Path) -> None:
    parsed[1][matrix] = shape
    refused(tmp_path, parsed, "impossible shape|cut short")


@pytest.mark.parametrize("matrix", range(5))
def test_matrices_that_do_not_fit_together_are_refused(matrix: int, parsed: Any, tmp_path: Path) -> None:
    rows, *columns = parsed[1][matrix]
    parsed[1][matrix] = [rows + 1, *columns]
    parsed[2][matrix] = blob(np.zeros((rows + 1, *columns)))
    refused(tmp_path, parsed, "do not fit together")


def test_flat_and_standing_matrices_are_told_apart(parsed: Any, tmp_path: Path) -> None:
    for matrix in range(5):
        changed = json.loads(json.dumps(parsed))
        shape = changed[1][matrix]
        changed[1][matrix] = [*shape, 1] if len(shape) == 1 else [shape[0] * shape[1]]
        refused(tmp_path, changed, "do not fit together")


def test_shape_whose_size_overflows_to_that_of_the_matrix_is_refused(parsed: Any, tmp_path: Path) -> None:
    parsed[1][0], parsed[2][0] = [2**32, 2**32], ""
    refused(tmp_path, parsed, "impossible shape")


def test_base64_with_other_characters_among_it_is_refused(parsed: Any, tmp_path: Path) -> None:
    parsed[2][0] = parsed[2][0][:20] + "!" + parsed[2][0][20:]
    refused(tmp_path, parsed, "not base64")


@pytest.mark.parametrize("text", [None, 3, "!", "AAA", "AA==\n", "é", ["AA=="], ""])
def test_matrix_that_is_not_base64_of_its_shape_is_refused(text: Any, parsed: Any, tmp_path: Path) -> None:
    parsed[2][3] = text
    refused(tmp_path, parsed, "base64|cut short")


@pytest.mark.parametrize("scale", [None, "60", True, 0, -1.5, math.nan, math.inf, 1e9, 10**400, [60]])
def test_scale_factor_that_is_none_is_refused(scale: Any, parsed: Any, tmp_path: Path) -> None:
    parsed[0]["scale_factor"] = scale
    refused(tmp_path, parsed, "scale factor")


@pytest.mark.parametrize("width", [9.99, -9.99])
def test_model_whose_drawings_have_no_size_is_refused(width: float, parsed: Any, tmp_path: Path) -> None:
    """Widths beyond all numbers, and widths of nothing around a mean of nothing."""
    outputs = parsed[1][1][0]
    kernel, bias = np.zeros((UNITS, outputs)), np.zeros(outputs)
    widths = slice(3 + 3 * MIXTURES, 3 + 5 * MIXTURES)
    kernel[:, widths] = bias[widths] = width
    # Every gate is open, so that every unit is close to 1 whatever is drawn.
    parsed[2] = [blob(kernel), blob(bias), *parsed[2][2:4], blob(np.full(4 * UNITS, 9.99))]
    with pytest.raises(BadFileError, match="draw nothing"):
        load_model(written(tmp_path, parsed))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound file that each example damages anew."""
    return tiny_magenta(tmp_path_factory.mktemp("magenta") / "cat.gen.json")


@pytest.fixture(scope="module")
def sound(file: Path) -> bytes:
    return file.read_bytes()


def read_or_refused(path: Path) -> None:
    """A file gives a whole model or a `BadFileError`, nothing else."""
    try:
        weights = read_weights(path)
    except BadFileError as error:
        assert path.name in str(error)
        return
    assert all(np.isfinite(part).all() for part in vars(weights).values() if isinstance(part, np.ndarray))
    config, tensors = to_state_dict(weights)
    SketchRNN(config).load_state_dict(tensors)


@given(data=st.data())
def test_a_file_with_one_value_changed_is_read_or_refused(data: st.DataObject, file: Path, sound: bytes) -> None:
    parsed = json.loads(sound)
    part = data.draw(st.integers(0, 2))
    key = data.draw(st.sampled_from(list(parsed[part]) if part == 0 else list(range(5))))
    parsed[part][key] = data.draw(JSON | st.lists(st.integers(0, 40), min_size=1, max_size=2))
    file.write_text(json.dumps(parsed))
    read_or_refused(file)


@given(position=st.integers(0, 10**6), byte=st.binary(max_size=3), removed=st.integers(0, 300))
def test_a_file_with_some_bytes_changed_is_read_or_refused(
    position: int, byte: bytes, removed: int, file: Path, sound: bytes
) -> None:
    start = position % len(sound)
    file.write_bytes(sound[:start] + byte + sound[start + removed :])
    read_or_refused(file)


@given(parsed=JSON)
def test_any_json_is_refused(parsed: Any, file: Path) -> None:
    file.write_text(json.dumps(parsed))
    with pytest.raises(BadFileError, match=file.name):
        read_weights(file)
