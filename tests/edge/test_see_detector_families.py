"""Each family's way of writing boxes: known boxes are written as it would and must be read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.see.detector.families import FAMILIES, Layout, Raw, UnknownLayout
from edge.see.detector.families.raw import cells

SIDE, CLASSES = 96, 5
STRIDES = {
    "nanodet": (8, 16, 32),
    "nanodet-plus": (8, 16, 32, 64),
    "picodet": (8, 16, 32, 64),
    "yolox": (8, 16, 32),
}
BINS = 12
LAYOUT = Layout(SIDE, SIDE, CLASSES)


def _boxes(width: float) -> st.SearchStrategy[tuple[float, float, float, float]]:
    corner = st.floats(0.0, SIDE - width)
    return st.tuples(corner, corner, st.floats(10.0, width), st.floats(10.0, width)).map(
        lambda made: (made[0], made[1], made[0] + made[2], made[1] + made[3])
    )


things = st.lists(
    st.tuples(_boxes(40.0), st.integers(0, CLASSES - 1), st.floats(0.5, 0.95)),
    min_size=1,
    max_size=4,
    unique_by=lambda thing: (round(thing[0][0] / 24), round(thing[0][1] / 24)),
)


def logit(score):
    return np.log(score / (1 - score))


def middle(box):
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])


def size(box):
    return np.array([box[2] - box[0], box[3] - box[1]])


def nearest(places, used, point):
    """The free cell whose point is nearest."""
    away = np.abs(places - point).sum(1)
    away[list(used)] = np.inf
    used.add(int(away.argmin()))
    return int(away.argmin())


def write_gfl(said, family):
    """Distances as distributions over two neighbouring bins, which have exactly that mean."""
    places, steps = cells(LAYOUT, STRIDES[family])
    points = (places + (0.0 if family == "nanodet-plus" else 0.5)) * steps
    # A cell outside of a box cannot tell of it; the finest are close enough together for every box.
    finest = np.flatnonzero(steps[:, 0] == steps.min())
    scores = np.zeros((len(places), CLASSES), np.float32)
    sides = np.zeros((len(places), 4, BINS), np.float32)
    used: set[int] = set()
    for box, number, score in said:
        row = int(finest[nearest(points[finest], used, middle(box))])
        x, y = points[row]
        away = np.clip(
            np.array([x - box[0], y - box[1], box[2] - x, box[3] - y]) / steps[row], 0, BINS - 1.001
        )
        low = away.astype(int)
        share = np.zeros((4, BINS))
        share[range(4), low], share[range(4), low + 1] = 1 - (away - low), away - low
        sides[row] = np.log(np.maximum(share, 1e-12))
        scores[row, number] = score
    sides = sides.reshape(len(places), -1)
    if family == "nanodet-plus":
        return {"output": np.concatenate((scores, sides), 1)[None]}
    ends = np.cumsum([int((steps == one).sum()) for one in STRIDES[family]])[:-1]
    parts = [*np.split(scores, ends), *np.split(sides, ends)]
    return {f"out{index}": part[None] for index, part in enumerate(parts)}


def write_yolox(said, _family):
    places, steps = cells(LAYOUT, STRIDES["yolox"])
    table = np.zeros((len(places), 5 + CLASSES), np.float32)
    used: set[int] = set()
    for box, number, score in said:
        row = nearest((places + 0.5) * steps, used, middle(box))
        table[row, :2] = middle(box) / steps[row] - places[row]
        table[row, 2:4] = np.log(size(box) / steps[row])
        table[row, 4], table[row, 5 + number] = np.sqrt(score), np.sqrt(score)
    return {"output": table[None]}


def write_v5(said, _family):
    table = np.zeros((1200, 5 + CLASSES), np.float32)
    for row, (box, number, score) in enumerate(said):
        table[row, :4] = [*middle(box), *size(box)]
        table[row, 4], table[row, 5 + number] = np.sqrt(score), np.sqrt(score)
    return {"output": table[None]}


def write_v8(said, _family):
    table = np.zeros((4 + CLASSES, 1200), np.float32)
    for row, (box, number, score) in enumerate(said):
        table[:4, row] = [*middle(box), *size(box)]
        table[4 + number, row] = score
    return {"output0": table[None]}


def write_v10(said, _family):
    table = np.zeros((300, 6), np.float32)
    for row, (box, number, score) in enumerate(said):
        table[row] = [*box, score, number]
    return {"output0": table[None]}


ANCHORS = np.array(
    [[y, x, y + s, x + s] for s in (0.2, 0.5) for y in (0.0, 0.25, 0.5) for x in (0.0, 0.25, 0.5)], np.float32
)


def write_ssd(said, _family):
    offsets = np.zeros((len(ANCHORS), 4), np.float32)
    logits = np.full((len(ANCHORS), 1 + CLASSES), -9.0, np.float32)
    low, high = ANCHORS[:, :2] * SIDE, ANCHORS[:, 2:] * SIDE
    used: set[int] = set()
    for box, number, score in said:
        row = nearest((low + high) / 2, used, middle(box)[::-1])
        anchor = high[row] - low[row]
        offsets[row, :2] = (middle(box)[::-1] - (low[row] + high[row]) / 2) / anchor * 10
        offsets[row, 2:] = np.log(size(box)[::-1] / anchor) * 5
        logits[row, 1 + number] = logit(score)
    return {"boxes": offsets[None], "logits": logits[None]}


def write_finished_ssd(said, _family):
    boxes = np.array([[box[1], box[0], box[3], box[2]] for box, *_ in said], np.float32) / SIDE
    return {
        "detection_boxes": boxes[None],
        "detection_classes": np.array([[number for _, number, _ in said]], np.float32),
        "detection_scores": np.array([[score for *_, score in said]], np.float32),
        "num_detections": np.array([len(said)], np.float32),
    }


WRITERS = {
    ("nanodet", "grids"): write_gfl,
    ("nanodet-plus", "one table"): write_gfl,
    ("picodet", "grids"): write_gfl,
    ("yolox", "offsets"): write_yolox,
    ("yolo", "v5"): write_v5,
    ("yolo", "v8"): write_v8,
    ("yolo", "v10"): write_v10,
    ("ssd", "anchors"): write_ssd,
    ("ssd", "finished"): write_finished_ssd,
}


@pytest.mark.parametrize(("family", "variant"), WRITERS)
@settings(max_examples=30, deadline=None)
@given(said=things)
def test_what_a_family_writes_is_read_back(family, variant, said):
    anchored = variant == "anchors"
    layout = Layout(SIDE, SIDE, CLASSES + anchored, ANCHORS if anchored else None)
    outputs = WRITERS[family, variant](said, family)
    read = FAMILIES[family](outputs, layout, 0.4)
    assert len(read.scores) == len(said)
    # An SSD with anchors counts the background as class 0.
    got = [
        (*map(float, box), int(number), float(score))
        for box, score, number in zip(read.boxes, read.scores, read.numbers, strict=True)
    ]
    for box, number, score in said:
        wanted = pytest.approx((*box, number + anchored, score), abs=0.05)
        assert any(one == wanted for one in got), (box, got)


@pytest.mark.parametrize(("family", "variant"), WRITERS)
def test_a_higher_floor_leaves_the_better_ones(family, variant):
    said = [((8.0, 8.0, 30.0, 30.0), 0, 0.9), ((56.0, 56.0, 90.0, 90.0), 1, 0.5)]
    layout = Layout(SIDE, SIDE, CLASSES, ANCHORS)
    outputs = WRITERS[family, variant](said, family)
    assert [round(float(s), 2) for s in FAMILIES[family](outputs, layout, 0.7).scores] == [0.9]
    assert len(FAMILIES[family](outputs, layout, 0.99).scores) == 0
    assert isinstance(FAMILIES[family](outputs, layout, 1.5), Raw)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"a": np.zeros((1, 7, 3), np.float32)},
        {"a": np.zeros((1, 7), np.float32)},
        {"a": np.zeros((1, 7, 4), np.float32), "b": np.zeros((1, 6, CLASSES), np.float32)},
        {"a": np.zeros((1, 7, 9), np.float32), "b": np.zeros((1, 6, 2), np.float32)},
        {name: np.zeros((1, 7, 4), np.float32) for name in ("a", "b", "c")},
    ],
    ids=["nothing", "odd columns", "two axes", "lengths that differ", "too many", "no names"],
)
def test_tensors_of_another_kind_are_refused_with_their_shapes(family, outputs):
    with pytest.raises(UnknownLayout, match=r"\w"):
        FAMILIES[family](outputs, LAYOUT, 0.5)


def test_an_input_that_does_not_fit_the_grid_is_named():
    outputs = write_yolox([], "yolox")
    with pytest.raises(UnknownLayout, match="64x64"):
        FAMILIES["yolox"](outputs, Layout(64, 64, CLASSES), 0.5)
