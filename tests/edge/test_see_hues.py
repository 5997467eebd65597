"""What colour tells where grey values are in doubt, and what a lamp's soft rim tells."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest

from devices.stream.fake import frame_of
from devices.stream.frame import Frame
from edge.see.background import Backgrounds, Change
from edge.see.births import News, blown_out, news_of
from edge.see.blobs import Blob, region_of
from edge.see.hues import Hues
from tests.edge.pictures_for_tests import BOX, GROUND, SIZE

NOWHERE = np.zeros(GROUND.shape[:2], bool)
THERE = NOWHERE.copy()
THERE[region_of(BOX)] = True
RED = GROUND.copy()
RED[region_of(BOX)] = np.clip(GROUND[region_of(BOX)].astype(int) + np.array((-40, -18, 50)), 0, 255)
"""A cloth as bright as the stones that it lies on."""
GREY_CHROMA = np.full((90, 160, 2), 128, np.uint8)


def planes(picture: np.ndarray) -> np.ndarray:
    small = cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb)[..., 1:]


def tinted(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture * np.array((0.75, 1.0, 1.25)), 0, 255).astype(np.uint8)


def after(*pictures: np.ndarray, busy: np.ndarray = THERE) -> Hues:
    """Ground, with something warm far away as any street has, and then these."""
    hues = Hues()
    for picture in (GROUND, GROUND, *pictures):
        shown = picture.copy()
        shown[:60, :200] = (60, 90, 190)
        hues.see(planes(shown), (0.0, 0.0), busy)
    return hues


def test_a_cloth_as_bright_as_the_stones_is_told_by_its_colour() -> None:
    assert after(RED).left_behind(THERE) > 1.0


def test_what_was_taken_away_had_its_colour_before() -> None:
    hues = Hues()
    for picture in (RED, RED, GROUND):
        hues.see(planes(picture if picture is RED else tinted(picture)), (0.0, 0.0), THERE)
    assert hues.left_behind(THERE) < -0.5


@pytest.mark.parametrize("light", [tinted, lambda picture: picture // 2])
def test_another_light_on_the_same_ground_says_nothing(light) -> None:
    assert abs(after(light(GROUND)).left_behind(THERE)) < 0.2


def test_without_colour_nothing_can_be_told_and_nothing_is_forgotten() -> None:
    hues = after(RED)
    hues.see(GREY_CHROMA, (0.0, 0.0), THERE)
    assert hues.left_behind(THERE) == 0.0
    hues.see(None, (0.0, 0.0), THERE)
    assert hues.left_behind(THERE) == 0.0
    hues.see(planes(RED), (0.0, 0.0), THERE)
    assert hues.left_behind(THERE) > 1.0


def test_what_is_too_small_to_have_a_colour_has_none() -> None:
    speck = NOWHERE.copy()
    speck[200:203, 300:303] = True
    assert after(RED).left_behind(speck) == 0.0


def test_the_usual_colours_follow_the_light_but_not_what_stands() -> None:
    dusk = tinted(GROUND)
    follows = after(*[dusk] * 60, busy=NOWHERE)
    assert abs(follows.left_behind(THERE)) < 0.1
    assert after(*[RED] * 60).left_behind(THERE) > 1.0
    assert after(*[RED] * 60, busy=NOWHERE).left_behind(THERE) < 0.2


def test_a_swaying_camera_is_moved_back_first() -> None:
    moved = np.roll(RED, (16, 32), axis=(0, 1))
    hues = after()
    hues.see(planes(moved), (32.0, 16.0), THERE)
    assert hues.left_behind(THERE) > 1.0


def judged(now: np.ndarray, hues: Hues) -> News:
    """What is said of a blob in the box, after `now` has held still over the ground."""
    usual, shown = (cv2.cvtColor(one, cv2.COLOR_BGR2GRAY) for one in (GROUND, now))
    backgrounds = Backgrounds(usual, 0.0)
    backgrounds.recent = shown.astype(np.float32)
    since = np.zeros(usual.shape, np.float32)
    change = Change(shown, THERE, THERE, since, 1.0, 20.0)
    x0, y0, x1, y1 = BOX
    return news_of(Blob(BOX, np.ones((y1 - y0, x1 - x0), bool), 0.0), shown, backgrounds, change, hues)


def lamp() -> np.ndarray:
    """Light so strong that the ground's texture is gone under it, and that fades softly."""
    x0, y0, x1, y1 = BOX
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    apart = np.hypot((x - (x0 + x1) / 2) / (x1 - x0), (y - (y0 + y1) / 2) / (y1 - y0))
    share = np.exp(-0.5 * apart**4)[..., None]
    return np.clip(GROUND * (1 - share) + 150.0 * share, 0, 255).astype(np.uint8)


def test_light_has_no_rim_and_a_plain_thing_has_one() -> None:
    plain = GROUND.copy()
    plain[region_of(BOX)] = 150
    assert judged(lamp(), after()) is News.NOTHING
    assert judged(plain, after()) in (News.THING, News.RATHER_THING)


def test_a_white_thing_that_is_the_brightest_of_the_picture_is_no_lamp() -> None:
    white = GROUND.copy()
    white[region_of(BOX)] = 235
    grey, x0, y0 = cv2.cvtColor(white, cv2.COLOR_BGR2GRAY), BOX[0], BOX[1]
    assert blown_out(grey, Blob(BOX, np.ones((BOX[3] - y0, BOX[2] - x0), bool), 0.0))
    assert judged(white, Hues()) is News.THING


def test_what_has_a_colour_of_its_own_is_no_light_however_soft_its_rim() -> None:
    lit = lamp()
    assert judged(lit, after(RED)) is not News.NOTHING


def frame(form: str) -> Frame:
    """A frame as a decoder gives it, all red."""
    red = np.full((360, 640, 3), (30, 30, 200), np.uint8)
    shown = frame_of(red)
    return Frame(
        shown.luma,
        shown.stream_time,
        shown.taken_at,
        shown.is_key,
        shown.aspect,
        av.VideoFrame.from_ndarray(red, "bgr24").reformat(format=form),
    )


@pytest.mark.parametrize("form", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p"])
def test_a_decoded_frame_gives_its_planes_of_colour_small(form: str) -> None:
    chroma = frame(form).chroma
    assert chroma is not None
    assert chroma.shape == (90, 160, 2)
    assert chroma[..., 0].min() > 190
    assert chroma[..., 1].max() < 115


def test_a_frame_without_such_planes_has_no_colour_to_compare() -> None:
    assert frame("gray").chroma is None
    assert frame("bgr24").chroma is None
