"""The real detector on the simulators' bicycle, and the one for tests. Set-up fetches model and film."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.site.labels import LABELS
from edge.errors import WeightsMissing
from edge.see.detector import DEFAULT, Detection, FakeDetector, SsdLite, weights_folder
from edge.see.detector.description import NUMBERS_90
from edge.see.naming import name_place
from edge.see.scanning import scan, tiles
from edge.see.votes import ANIMATE, THINGS
from simulators.scenes import load_assets, render, with_bicycle
from simulators.scenes.looks import background, look, place_bicycle

HINT = "run `make setup`"


@pytest.fixture(scope="module")
def detector() -> SsdLite:
    folder = weights_folder()
    assert (folder / f"{DEFAULT}.onnx").exists(), f"the detector's weights are not in {folder}; {HINT}"
    return SsdLite()


@pytest.fixture(scope="module")
def assets():
    return load_assets()


@pytest.fixture(scope="module")
def street(assets):
    """The first camera with the bicycle."""
    return render(with_bicycle(assets, 0), 0.0)


def box_of_the_bicycle(assets, index):
    """In pixels of a picture of 640 by 360."""
    seen = look(index)
    thing, x, y = place_bicycle(assets, seen).placed(background(assets, seen))
    rows, columns = np.nonzero(thing.pixels[..., 3] > 128)
    x0, y0, x1, y1 = x + columns.min(), y + rows.min(), x + columns.max(), y + rows.max()
    return int(x0 / 2), int(y0 / 2), int(x1 / 2), int(y1 / 2)


@pytest.mark.parametrize("index", [0, 1, 5])
def test_the_bicycle_of_the_simulated_street_is_called_a_bicycle_in_its_place(detector, assets, index):
    box = box_of_the_bicycle(assets, index)
    name = name_place(detector, render(with_bicycle(assets, index), 0.0), box, (360, 640))
    assert name is not None
    assert name.label == "bicycle"
    assert name.box == pytest.approx(box, abs=0.35 * (box[2] - box[0]))


def test_an_empty_place_is_called_nothing_of_the_kind(detector, assets):
    name = name_place(detector, background(assets, look(0)), box_of_the_bicycle(assets, 0), (360, 640))
    assert name is None or name.label != "bicycle"


def test_the_scan_at_start_up_finds_the_bicycle(detector, assets, street):
    found = scan(detector, street, (360, 640), frozenset({"bicycle"}), tiles((360, 640)))
    assert len(found) >= 1
    x0, y0, x1, y1 = box_of_the_bicycle(assets, 0)
    middles = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for _, box in found]
    assert any(x0 < x < x1 and y0 < y < y1 for x, y in middles)


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (300, 300), (97, 211), (16, 16), (1, 1)])
def test_labels_scores_and_boxes_are_in_range_whatever_is_shown(detector, street, size):
    width, height = size
    picture = cv2.resize(street, size)
    found = detector.detect(picture, 0.05)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert one.label in LABELS
        assert 0.05 <= one.score <= 1.0
        x0, y0, x1, y1 = one.box
        assert 0.0 <= x0 <= x1 <= width
        assert 0.0 <= y0 <= y1 <= height


def test_a_higher_floor_leaves_the_best_of_the_same_answers(detector, street):
    many, few = detector.detect(street, 0.05), detector.detect(street, 0.4)
    assert 0 < len(few) < len(many)
    assert {(one.label, one.score) for one in few} <= {(one.label, one.score) for one in many}
    assert min(one.score for one in few) >= 0.4
    assert detector.detect(street, 1.01) == []


def test_a_picture_of_one_colour_holds_nothing(detector):
    assert detector.detect(np.full((360, 640, 3), 127, np.uint8), 0.3) == []


def test_every_label_is_a_class_of_the_model_and_the_votes_speak_the_same_words():
    assert len(NUMBERS_90) == 91
    assert sorted(filter(None, NUMBERS_90)) == sorted(LABELS)
    assert (NUMBERS_90[1], NUMBERS_90[2], NUMBERS_90[90]) == ("person", "bicycle", "toothbrush")
    assert set(LABELS) >= ANIMATE | THINGS


def test_missing_weights_are_named_with_the_way_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDWATCH_CACHE", str(tmp_path))
    assert weights_folder() == tmp_path / "weights"
    with pytest.raises(WeightsMissing, match="make setup"):
        SsdLite()
    monkeypatch.delenv("GRIDWATCH_CACHE")
    assert weights_folder() == Path(".cache/gridwatch/weights")


@pytest.mark.parametrize("broken", [f"{DEFAULT}.onnx", f"{DEFAULT}.anchors.npy"])
@pytest.mark.parametrize("rest", [b"", b"no such thing"])
def test_damaged_weights_are_an_error_of_ours(tmp_path, broken, rest):
    for name in (f"{DEFAULT}.onnx", f"{DEFAULT}.anchors.npy"):
        shutil.copy(weights_folder() / name, tmp_path)
    (tmp_path / broken).write_bytes(rest)
    with pytest.raises(WeightsMissing, match="damaged"):
        SsdLite(tmp_path)


def test_the_detector_for_tests_follows_its_script_and_honours_the_floor():
    sure, unsure = Detection("bicycle", 0.9, (0, 0, 9, 9)), Detection("car", 0.2, (0, 0, 9, 9))
    detector = FakeDetector([[sure, unsure], []])
    picture = np.zeros((9, 12, 3), np.uint8)
    assert detector.detect(picture, 0.3) == [sure]
    assert detector.detect(picture, 0.0) == []
    assert detector.detect(picture, 0.0) == []
    assert detector.shown == [(9, 12, 3)] * 3
    assert FakeDetector([[sure, unsure]]).detect(picture, 0.1) == [sure, unsure]
    assert FakeDetector([]).detect(picture, 0.0) == []
