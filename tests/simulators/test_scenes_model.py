"""Scenes: the picture at a time, and the truth about it."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import SceneError
from simulators.scenes import CutOut, Layer, Light, Painter, Passer, Scene, render, truth
from simulators.scenes.cutout import paste


def street() -> np.ndarray:
    ramp = np.linspace(90, 160, 160, dtype=np.uint8)
    return np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (90, 160, 3)))


def thing(width: int = 24, height: int = 16) -> CutOut:
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    cv2.circle(pixels, (8, 8), 6, (10, 10, 230, 255), -1)
    return CutOut("bicycle", pixels, (8, 14))


def person() -> tuple[CutOut, ...]:
    pixels = np.full((40, 14, 4), (20, 20, 20, 255), dtype=np.uint8)
    return tuple(CutOut("person", pixels, (6, 40)) for _ in range(6))


def differing(scene: Scene, t: float) -> np.ndarray:
    empty = replace(scene, layers=())
    return np.argwhere(np.abs(render(scene, t).astype(int) - render(empty, t)).max(axis=2) > 8)


@given(
    x=st.floats(0.15, 0.85),
    y=st.floats(0.3, 0.95),
    scale=st.floats(0.6, 2.0),
    mirror=st.booleans(),
)
def test_the_true_box_holds_every_pixel_that_differs_and_little_more(x, y, scale, mirror):
    scene = Scene(street(), (Layer(thing(), (x, y), scale, mirror=mirror, arrives=5),), seed=3)
    x0, y0, x1, y1 = truth(scene)[0]["box"]
    found = differing(scene, 10)
    assert found[:, 1].min() >= x0 * 160 - 1.5
    assert found[:, 1].max() + 1 <= x1 * 160 + 1.5
    assert found[:, 0].min() >= y0 * 90 - 1.5
    assert found[:, 0].max() + 1 <= y1 * 90 + 1.5
    assert (found[:, 1].max() - found[:, 1].min()) >= (x1 - x0) * 160 - 4


def test_a_thing_is_brought_stands_still_and_is_taken():
    layer = Layer(thing(), (0.5, 0.8), 1.0, arrives=5, leaves=9, moving=2)
    scene = Scene(street(), (layer,))
    assert len(differing(scene, 2.9)) == 0
    coming = differing(scene, 4.0)[:, 1].mean()
    standing = differing(scene, 5.0)[:, 1].mean()
    going = differing(scene, 10.0)[:, 1].mean()
    assert coming < standing < going
    assert np.array_equal(render(scene, 5.0), render(scene, 9.0))
    assert len(differing(scene, 11.1)) == 0
    assert truth(scene)[0]["arrives"] == 5
    assert truth(scene)[0]["leaves"] == 9


@given(st.floats(0, 20), st.floats(0.05, 0.1))
def test_a_thing_never_jumps(t, step):
    layer = Layer(thing(), (0.5, 0.8), 1.0, arrives=5, leaves=9, moving=2)
    here, then = layer.offset(t, 160), layer.offset(t + step, 160)
    if here is not None and then is not None:
        assert abs(then - here) <= 160 * step + 2


def test_what_is_there_from_the_start_has_no_arrival():
    found = truth(Scene(street(), (Layer(thing(), (0.5, 0.8), 1.0),)))[0]
    assert found["arrives"] is None
    assert found["leaves"] is None
    assert found["label"] == "bicycle"


def test_passers_walk_through_and_are_no_part_of_the_truth():
    passer = Passer(person(), at=1.0, scale=0.1)
    scene = Scene(street(), passers=(passer,))
    places = []
    for t in np.arange(0, 12, 0.5):
        gone = np.argwhere((render(scene, t) < 60).all(axis=2))
        places.append(gone[:, 1].mean() if len(gone) else math.nan)
    seen = [place for place in places if not math.isnan(place)]
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert math.isnan(places[0])
    assert math.isnan(places[-1])
    back = [
        np.argwhere((render(replace(scene, passers=(replace(passer, to="left"),)), t) < 60).all(axis=2))
        for t in (2, 3)
    ]
    assert back[0][:, 1].mean() > back[1][:, 1].mean()
    assert truth(scene) == []


def test_the_same_seed_gives_the_same_noise_and_another_gives_other():
    scene = Scene(street(), noise=4, seed=7)
    assert np.array_equal(render(scene, 1.0), render(scene, 1.0))
    assert not np.array_equal(render(scene, 1.0), render(scene, 1.2))
    assert not np.array_equal(render(scene, 1.0), render(replace(scene, seed=8), 1.0))


def test_noise_that_is_held_changes_only_when_its_time_is_over():
    painter = Painter(Scene(street(), noise=4, noise_hold=2, seed=7))
    first = painter.frame(0)
    assert painter.frame(1.96) is first
    assert not np.array_equal(painter.frame(2.0), first)


def test_a_painter_that_goes_back_in_time_paints_the_same():
    scene = Scene(street(), (Layer(thing(), (0.5, 0.8), 1.0, arrives=5),), noise=3, seed=1)
    painter = Painter(scene)
    late, early = painter.frame(8), painter.frame(1)
    assert np.array_equal(late, render(scene, 8))
    assert np.array_equal(early, render(scene, 1))


def test_light_changes_the_whole_picture_over_its_time():
    scene = Scene(street(), lights=(Light(2, 0.5, over=1),))
    assert render(scene, 2).mean() == pytest.approx(render(scene, 0).mean())
    assert render(scene, 2.5).mean() == pytest.approx(render(scene, 0).mean() * 0.75, rel=0.02)
    assert render(scene, 9).mean() == pytest.approx(render(scene, 0).mean() * 0.5, rel=0.02)


def test_a_smaller_scene_has_the_same_truth():
    scene = Scene(street(), (Layer(thing(), (0.5, 0.8), 2.0),))
    assert truth(scene.resized(80, 45))[0]["box"] == pytest.approx(truth(scene)[0]["box"], abs=0.02)


@given(st.integers(-60, 200), st.integers(-60, 120))
def test_a_cut_out_may_hang_over_any_edge(x, y):
    picture = street()
    paste(picture, thing().pixels, x, y)
    assert picture.shape == (90, 160, 3)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"leaves": 1, "arrives": 2}, "leaves"), ({"scale": 0.0}, "scale"), ({"moving": 0.0}, "moving")],
)
def test_a_layer_that_makes_no_sense_is_refused_by_name(wrong, field):
    with pytest.raises(SceneError, match=field):
        Scene(street(), (replace(Layer(thing(), (0.5, 0.5), 1.0), **wrong),))


def test_a_background_of_another_kind_is_refused():
    with pytest.raises(SceneError, match="background"):
        Scene(np.zeros((10, 10), dtype=np.uint8))
