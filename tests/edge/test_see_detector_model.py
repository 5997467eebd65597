"""Descriptions, scores on one scale, fitting pictures in, and small made-up networks at work."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge.errors import ModelUnusable, WeightsMissing
from edge.see.detector import DEFAULT, FLOOR, FLOOR_ANIMATE, detector_from, find, known
from edge.see.detector.description import Description, Floors, Input
from edge.see.detector.fitting import back, fitted, tensor
from edge.see.detector.scale import on_scale, own_floor

ROOT = Path(__file__).parents[2]
FOOTAGE = Path(os.environ.get("GRIDWATCH_FOOTAGE", ROOT.parent / "shared" / "data"))
SIDE = 64
shares = st.floats(0.001, 0.999)


def network(path: Path, answer: np.ndarray, shape=(1, 3, SIDE, SIDE), inputs: int = 1) -> Path:
    """An ONNX that answers the same to any picture."""
    names = [f"in{index}" for index in range(inputs)]
    told = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names]
    nodes = [
        helper.make_node("ReduceSum", [names[0]], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["answer", "nothing"], ["out"]),
    ]
    constants = [
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(answer.astype(np.float32), "answer"),
    ]
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, answer.shape)
    graph = helper.make_graph(nodes, "made", told, [out], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def described(folder: Path, **other: object) -> Path:
    """A YOLO-style model of `folder`, told in a file."""
    told = {
        "name": "mine",
        "family": "yolo",
        "file": "mine.onnx",
        "input": {"width": SIDE, "height": SIDE, "fit": "middle"},
        "labels": ["bicycle", None, "person"],
        "licence": "mine",
        "source": "made up",
        **other,
    }
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


def finished(*rows: tuple[float, ...]) -> np.ndarray:
    """Corners, score and class number of some boxes."""
    table = np.zeros((20, 6))
    for index, row in enumerate(rows):
        table[index] = row
    return table[None]


def test_every_shipped_description_can_be_read_and_the_default_is_among_them(tmp_path):
    models = known(tmp_path)
    assert {DEFAULT, "nanodet-g", "picodet-s", "yolox-nano"} <= set(models)
    assert all(model.licence and model.source and name == model.name for name, (model, _) in models.items())


def test_a_model_is_found_by_name_and_by_file_and_others_are_told(tmp_path):
    path = described(tmp_path)
    assert find("mine", tmp_path)[0] == find(str(path))[0]
    with pytest.raises(ModelUnusable, match="nanodet-g"):
        find("nanodet", tmp_path)
    with pytest.raises(ModelUnusable, match="models add"):
        find("some/weights.onnx")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"family": "yolo9000"}, "family"),
        ({"labels": ["bike"]}, "bike"),
        ({"input": {"width": 8, "height": 64}}, "width"),
        ({"input": {"width": 64, "height": 64, "scale": [1, 0, 1]}}, "scale"),
        ({"anchors": "a.npy"}, "anchors"),
        ({"file": "../other.onnx"}, "file"),
        ({"sha256": "short"}, "sha256"),
        ({"threshold": 0.3}, "threshold"),
    ],
)
def test_a_wrong_description_is_refused_by_the_field(tmp_path, wrong, said):
    path = described(tmp_path, **wrong)
    with pytest.raises(ModelUnusable, match=said):
        find(str(path))


def test_a_description_that_is_no_yaml_is_refused(tmp_path):
    (tmp_path / "mine.yaml").write_text("{")
    with pytest.raises(ModelUnusable, match="YAML"):
        known(tmp_path)
    with pytest.raises(ModelUnusable, match="cannot be read"):
        find(str(tmp_path / "none.yaml"))


def test_a_network_of_ones_own_answers_in_pixels_of_the_picture_and_in_labels(tmp_path):
    network(
        tmp_path / "mine.onnx",
        finished((16, 24, 32, 40, 0.9, 0), (0, 20, 9, 30, 0.8, 1), (0, 20, 9, 30, 0.7, 2)),
    )
    detector = detector_from(str(described(tmp_path)))
    # 128 x 64 laid into 64 x 64: half as large, 16 grey rows above.
    found = detector.detect(np.zeros((64, 128, 3), np.uint8), 0.3)
    assert [(one.label, round(one.score, 2)) for one in found] == [("bicycle", 0.9), ("person", 0.7)]
    assert found[0].box == pytest.approx((32, 16, 64, 48))


def test_of_two_boxes_around_one_thing_the_better_is_kept(tmp_path):
    network(
        tmp_path / "mine.onnx",
        finished((10, 10, 40, 40, 0.6, 0), (11, 10, 41, 40, 0.9, 0), (11, 10, 41, 40, 0.5, 2)),
    )
    detector = detector_from(str(described(tmp_path)))
    found = detector.detect(np.zeros((SIDE, SIDE, 3), np.uint8), 0.3)
    assert [(one.label, round(one.score, 2)) for one in found] == [("bicycle", 0.9), ("person", 0.5)]


def test_weights_are_held_against_their_sha256(tmp_path):
    weights = network(tmp_path / "mine.onnx", finished())
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    detector_from(str(described(tmp_path, sha256=sha256)))
    with pytest.raises(WeightsMissing, match="SHA-256"):
        detector_from(str(described(tmp_path, sha256="0" * 64)))
    weights.unlink()
    with pytest.raises(WeightsMissing, match=r"mine\.onnx"):
        detector_from(str(described(tmp_path)))


def test_weights_that_want_another_input_are_refused_with_both_shapes(tmp_path):
    network(tmp_path / "mine.onnx", finished(), shape=(1, 3, 32, 32))
    with pytest.raises(ModelUnusable, match=r"32, 32.*64, 64"):
        detector_from(str(described(tmp_path)))
    network(tmp_path / "mine.onnx", finished(), inputs=2)
    with pytest.raises(ModelUnusable, match="one input"):
        detector_from(str(described(tmp_path)))


def test_a_batch_or_size_that_the_file_leaves_open_is_taken_from_the_description(tmp_path):
    network(tmp_path / "mine.onnx", finished((1, 1, 9, 9, 0.9, 0)), shape=("n", 3, "h", "w"))
    assert len(detector_from(str(described(tmp_path))).detect(np.zeros((SIDE, SIDE, 3), np.uint8), 0.3)) == 1


@given(score=shares, thing=shares, animate=shares, label=st.sampled_from(["bicycle", "person"]))
def test_the_scale_has_the_floor_at_the_floor_and_keeps_the_order(score, thing, animate, label):
    floors = Floors(thing=thing, animate=animate)
    own, common = (animate, FLOOR_ANIMATE) if label == "person" else (thing, FLOOR)
    assert on_scale(own, label, floors) == pytest.approx(common)
    assert 0.0 <= on_scale(score, label, floors) <= 1.0
    assert on_scale(min(score * 1.01, 1.0), label, floors) >= on_scale(score, label, floors)


@given(score=shares, floor=shares, thing=shares, animate=shares, label=st.sampled_from(["bicycle", "person"]))
def test_nothing_that_is_worth_the_floor_is_dropped_before(score, floor, thing, animate, label):
    floors = Floors(thing=thing, animate=animate)
    if on_scale(score, label, floors) >= floor + 1e-9:
        assert score >= own_floor(floor, floors) - 1e-9


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    fit=st.sampled_from(["stretch", "corner", "middle"]),
    layout=st.sampled_from(["nchw", "nhwc"]),
)
def test_any_picture_fits_and_its_rim_comes_back_as_its_rim(width, height, fit, layout):
    size = Input(width=96, height=64, fit=fit, layout=layout, grey=0)
    picture = np.full((height, width, 3), 200, np.uint8)
    where = fitted(picture.shape, size)
    values = tensor(picture, size, where)
    assert values.shape == ((1, 3, 64, 96) if layout == "nchw" else (1, 64, 96, 3))
    plane = values[0, 0] if layout == "nchw" else values[0, ..., 0]
    rows, columns = np.nonzero(plane)
    rim = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    assert back(rim, picture.shape, where)[0] == pytest.approx((0, 0, width, height), abs=0.01)
    outside = back(np.array([[-50, -50, 500, 500]], np.float32), picture.shape, where)
    assert outside[0] == pytest.approx((0, 0, width, height))


def test_colours_come_in_the_models_order_scaled_as_it_was_trained():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:] = (10, 20, 30)
    size = Input(width=64, height=64, colour="rgb", mean=(1, 2, 3), scale=(1, 2, 4))
    values = tensor(picture, size, fitted(picture.shape, size))
    assert values[0, :, 5, 5] == pytest.approx([29, 9, 1.75])
    plain = Input(width=64, height=64, colour="bgr")
    assert tensor(picture, plain, fitted(picture.shape, plain))[0, :, 5, 5] == pytest.approx([10, 20, 30])


@pytest.mark.footage
@pytest.mark.parametrize("name", ["yolox-nano", "picodet-s"])
def test_real_models_find_the_parked_bicycles_of_a_photo(name):
    if not FOOTAGE.exists():
        pytest.skip("no footage here")
    detector = detector_from(name, FOOTAGE / "models")
    photo = cv2.imread(str(FOOTAGE / "photos" / "degirum-two-parked-bikes.jpg"))
    found = detector.detect(photo, 0.3)
    two_wheeled = [one.box for one in found if one.label in ("bicycle", "motorcycle")]
    for there in ((59, 280, 179, 366), (210, 270, 335, 362)):
        assert any(box == pytest.approx(there, abs=12) for box in two_wheeled)
    assert sum(one.label == "person" for one in found) >= 2


def test_a_description_says_the_same_when_written_and_read_again(tmp_path):
    for model, _ in known(tmp_path).values():
        text = yaml.safe_dump(model.model_dump(mode="json", exclude_none=True))
        assert Description.model_validate(yaml.safe_load(text)) == model
