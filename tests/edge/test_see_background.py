"""The two backgrounds, what makes a blob of them, and what is nothing new at all."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.see.anchors import Anchors, Seen, decide, decide_by_taken, followed, likeness
from edge.see.background import HAZIEST, Backgrounds, gain_against, haze
from edge.see.births import only_light, residue
from edge.see.blobs import Blob, area_of, grown, inside, iou, jolted, overlap, region_of, still_blobs, union
from edge.see.ghosts import left_behind
from edge.see.health import Sight, sight_against
from edge.see.health.facts import parts_of
from edge.see.health.sight import sight_of_levels
from edge.see.steady import Steady, steadied
from tests.edge.pictures_for_tests import BOX, GROUND, NOISE, thing

EMPTY = GROUND[..., 1]
TAKEN = thing()[..., 1]


VIEW = (
    np.kron(np.random.default_rng(5).integers(0, 2, (18, 32)), np.ones((20, 20))).astype(np.uint8) * 200 + 20
)


def noisy(luma, number):
    return np.clip(luma.astype(np.int16) + NOISE[number % len(NOISE)][..., 0], 0, 255).astype(np.uint8)


def watched(pictures, step=1.0):
    """The backgrounds after these pictures, and the last change."""
    backgrounds = Backgrounds(noisy(pictures[0], 0), 0.0)
    change = None
    for number, picture in enumerate(pictures):
        change = backgrounds.see(noisy(picture, number), number * step)
    return backgrounds, change, (len(pictures) - 1) * step


def test_what_is_left_is_a_blob_that_knows_when_it_came():
    _, change, at = watched([EMPTY] * 10 + [TAKEN] * 8)
    (blob,) = still_blobs(change, at, 3.0)
    assert iou(blob.box, BOX) > 0.8
    assert blob.since == pytest.approx(10.0, abs=0.1)


def test_what_stands_in_a_guarded_place_is_never_learnt_as_usual():
    guard = np.zeros(EMPTY.shape, bool)
    guard[region_of(grown(BOX, 0.1, 3, EMPTY.shape))] = True
    backgrounds, _, at = watched([EMPTY] * 10 + [TAKEN] * 4)
    for number in range(300):
        change = backgrounds.see(noisy(TAKEN, number), at + number, guard)
    (blob,) = still_blobs(change, at + 299, 3.0)
    assert iou(blob.box, BOX) > 0.8
    assert np.abs(backgrounds.usual[region_of(BOX)] - EMPTY[region_of(BOX)]).mean() < 6


def test_a_passer_by_in_one_picture_does_not_restart_the_clock():
    _, change, at = watched([EMPTY] * 10 + [TAKEN] * 4 + [np.full_like(EMPTY, 20)] + [TAKEN] * 4)
    (blob,) = still_blobs(change, at, 3.0)
    assert blob.since == pytest.approx(10.0, abs=0.1)


def test_what_comes_while_there_are_no_pictures_came_when_it_is_first_seen():
    passing = EMPTY.copy()
    passing[region_of(BOX)] = 220
    backgrounds, _, at = watched([EMPTY] * 10 + [passing])
    for number in range(8):
        change = backgrounds.see(noisy(TAKEN, number), at + 60 + number)
    (blob,) = still_blobs(change, at + 67, 3.0)
    assert blob.since == pytest.approx(at + 60, abs=0.1)


@pytest.mark.parametrize(("step", "pictures"), [(1.0, 20), (1 / 15, 180)])
def test_what_drove_past_in_the_first_picture_is_not_usual(step, pictures):
    backgrounds, change, at = watched([TAKEN] + [EMPTY] * pictures, step)
    assert still_blobs(change, at, 3.0) == ()
    assert np.median(np.abs(backgrounds.usual[region_of(BOX)] - EMPTY[region_of(BOX)])) < 6


@pytest.mark.parametrize("step", [1.0, 1 / 15])
def test_a_look_is_the_usual_one_after_four_seconds_at_any_pace(step):
    def blobs_after(seconds):
        _, change, at = watched([EMPTY] * round(seconds / step) + [TAKEN] * round(5.0 / step), step)
        return still_blobs(change, at, 3.0)

    assert blobs_after(2.0) == ()
    assert len(blobs_after(6.0)) == 1


def test_a_thing_that_comes_to_rest_again_after_a_look_without_it_has_left_the_usual_look_at_once():
    _, change, at = watched([EMPTY] * 10 + [TAKEN] * 4 + [EMPTY] * 4 + [TAKEN] * 6)
    (blob,) = still_blobs(change, at, 3.0)
    assert blob.since == pytest.approx(18.0, abs=0.1)


@pytest.mark.parametrize("gain", [0.7, 1.3])
def test_a_step_of_the_light_leaves_nothing(gain):
    brighter = np.clip(EMPTY * gain, 0, 255).astype(np.uint8)
    _, change, at = watched([EMPTY] * 10 + [brighter] * 10)
    assert change.gain == pytest.approx(gain, rel=0.03)
    assert still_blobs(change, at, 3.0) == ()


def test_light_that_drifts_leaves_nothing():
    slow = [np.clip(EMPTY + number * 0.5, 0, 255).astype(np.uint8) for number in range(120)]
    for picture in slow:
        picture[:, :200] = np.clip(picture[:, :200].astype(int) + 10, 0, 255)
    _, change, at = watched(slow)
    assert still_blobs(change, at, 3.0) == ()


def test_what_drifts_where_a_thing_stood_once_leaves_nothing():
    """A pixel that left the usual look at once and came back to it is judged anew when it leaves again."""
    shares = np.linspace(0.0, 1.0, 150)
    drift = [np.rint(EMPTY + share * (TAKEN.astype(float) - EMPTY)).astype(np.uint8) for share in shares]
    backgrounds = Backgrounds(noisy(EMPTY, 0), 0.0)
    for number, picture in enumerate([EMPTY] * 10 + [TAKEN] * 4 + [EMPTY] * 10 + drift):
        change = backgrounds.see(noisy(picture, number), float(number))
        assert number < 24 or still_blobs(change, float(number), 3.0) == ()


@given(st.floats(0.3, 1.7))
@settings(max_examples=25, deadline=None)
def test_the_gain_is_found_whatever_covers_less_than_half(gain):
    now = np.clip(EMPTY[:, :] * gain, 0, 255)
    now[:, :250] = 128
    assert gain_against(now.astype(np.uint8), EMPTY.astype(np.float32)) == pytest.approx(gain, rel=0.05)


def test_a_dark_picture_has_no_gain():
    assert gain_against(np.zeros_like(EMPTY), EMPTY.astype(np.float32)) == 1.0


def test_a_thing_taken_away_is_told_from_a_thing_left():
    region = region_of(grown(BOX, 0.1, 3, EMPTY.shape))
    mask = np.zeros(EMPTY.shape, bool)
    mask[region_of(BOX)] = True
    assert left_behind(TAKEN[region], EMPTY[region].astype(np.float32), mask[region]) > 0
    assert left_behind(EMPTY[region], TAKEN[region].astype(np.float32), mask[region]) < 0


def test_a_shadow_is_only_light_and_a_thing_is_not():
    region = region_of(grown(BOX, 0.1, 3, EMPTY.shape))
    mask = np.zeros(EMPTY.shape, bool)
    mask[region_of(BOX)] = True
    shadow = (EMPTY * 0.6).astype(np.uint8)
    assert only_light(shadow[region], EMPTY[region], mask[region])
    assert not only_light(TAKEN[region], EMPTY[region], mask[region])


def anchors(empty=True):
    mask = np.ones(EMPTY[region_of(BOX)].shape, bool)
    return Anchors(TAKEN[region_of(BOX)], EMPTY[region_of(BOX)] if empty else None, mask)


@pytest.mark.parametrize(
    ("look", "seen"),
    [(TAKEN, Seen.PRESENT), (EMPTY, Seen.GONE), (np.full_like(EMPTY, 250), Seen.HIDDEN)],
)
def test_the_two_anchors_say_present_gone_or_hidden(look, seen):
    assert decide(likeness(look[region_of(BOX)], anchors(), 20.0)) is seen


def test_the_winning_anchor_wins_in_a_lamp_too():
    lit = np.clip(TAKEN.astype(int) + 30, 0, 255).astype(np.uint8)
    assert decide(likeness(lit[region_of(BOX)], anchors(), 20.0)) is Seen.PRESENT
    assert decide(likeness((EMPTY + 30)[region_of(BOX)], anchors(), 20.0)) is Seen.GONE


def test_without_an_empty_anchor_only_presence_can_be_told():
    assert decide_by_taken(likeness(TAKEN[region_of(BOX)], anchors(empty=False), 20.0)) is Seen.PRESENT
    assert decide_by_taken(likeness(EMPTY[region_of(BOX)], anchors(empty=False), 20.0)) is Seen.HIDDEN


def test_the_taken_anchor_follows_slow_light_and_nothing_else():
    kept = anchors()
    for step in range(60):
        look = np.clip(TAKEN[region_of(BOX)].astype(int) + step, 0, 255).astype(np.uint8)
        kept = followed(kept, look, 20.0)
    assert decide(likeness(look, kept, 20.0)) is Seen.PRESENT
    assert np.array_equal(followed(anchors(), EMPTY[region_of(BOX)], 0.0).taken, anchors().taken)


@pytest.mark.parametrize("shift", [(3.0, 0.0), (-2.0, 2.0), (0.0, 5.0)])
def test_a_swaying_camera_is_steadied(shift):
    swayed = np.roll(EMPTY, (round(shift[1]), round(shift[0])), (0, 1))
    steady = Steady(EMPTY.shape)
    found = steady.follow(noisy(swayed, 1), EMPTY.astype(np.float32))
    assert found == pytest.approx(shift, abs=0.4)
    back = steadied(swayed, found)
    assert np.abs(back[20:-20, 20:-20].astype(int) - EMPTY[20:-20, 20:-20]).mean() < 6


def test_a_still_camera_is_correlated_now_and_then_and_a_swaying_one_at_once(monkeypatch):
    asked = []
    correlate = cv2.phaseCorrelate
    monkeypatch.setattr(cv2, "phaseCorrelate", lambda *given: asked.append(1) or correlate(*given))
    steady, usual = Steady(EMPTY.shape), EMPTY.astype(np.float32)
    for _ in range(33):
        assert steady.follow(noisy(EMPTY, 1), usual) == (0.0, 0.0)
    assert len(asked) == 3 + 6
    for shift in (3, -2, 0, 2):
        swayed = np.roll(EMPTY, shift, 1)
        assert steady.follow(noisy(swayed, 1), usual) == pytest.approx((shift, 0.0), abs=0.4)


def test_a_camera_that_slowly_turns_is_followed():
    steady, usual = Steady(EMPTY.shape), EMPTY.astype(np.float32)
    for number in range(80):
        matrix = np.array([[1.0, 0.0, 0.05 * number], [0.0, 1.0, 0.0]])
        turned = cv2.warpAffine(EMPTY, matrix, EMPTY.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        found = steady.follow(noisy(turned, number), usual)
        assert found == pytest.approx((0.05 * number, 0.0), abs=0.8)


def test_a_camera_turned_away_is_not_steadied():
    steady = Steady(EMPTY.shape)
    assert steady.follow(np.roll(EMPTY, 90, 1), EMPTY.astype(np.float32)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("picture", "sight"),
    [
        (np.zeros_like(EMPTY), Sight.DARK),
        (np.full_like(EMPTY, 250), Sight.WASHED_OUT),
        (np.full_like(EMPTY, 128), Sight.COVERED),
        (EMPTY, Sight.CLEAR),
    ],
)
def test_a_picture_that_cannot_be_judged_is_called_what_it_is(picture, sight):
    low, _, high = parts_of(picture).levels
    assert sight_of_levels(low, high) is sight


def test_another_view_is_a_changed_picture():
    _, change, _ = watched([EMPTY] * 10 + [VIEW])
    assert sight_against(change) is Sight.CHANGED


def blob(box, since=5.0):
    return Blob(box, np.ones((box[3] - box[1], box[2] - box[0]), bool), since)


def test_rain_fades_things_and_ground_alike_and_less_is_asked_of_a_thing_then():
    clear = EMPTY.astype(np.float32)
    assert haze(clear) >= haze(clear * 0.5 + 60.0)
    assert haze(np.full_like(clear, 90.0)) == HAZIEST
    sharp = cv2.resize(np.random.default_rng(3).integers(0, 255, (36, 64)).astype(np.float32), (640, 360))
    assert haze(sharp) == 1.0


def test_things_that_come_to_rest_all_over_the_picture_at_once_are_a_knock():
    corners = [blob((0, 0, 40, 40)), blob((600, 320, 640, 360)), blob((0, 320, 40, 360))]
    assert jolted(corners, (360, 640))
    assert not jolted([blob((0, 0, 40, 40)), blob((600, 320, 640, 360), 30.0)], (360, 640))
    assert not jolted([blob(BOX)], (360, 640))


def test_crumbs_where_a_thing_stood_are_no_thing_but_a_bag_is():
    assert residue(blob((300, 200, 310, 206)), [BOX], (360, 640))
    assert not residue(blob((300, 200, 330, 230)), [BOX], (360, 640))
    assert not residue(blob((20, 20, 30, 26)), [BOX], (360, 640))
    assert not residue(blob((300, 200, 340, 240)), [(0, 0, 640, 360)], (360, 640))


boxes = st.tuples(st.integers(0, 300), st.integers(0, 170), st.integers(1, 300), st.integers(1, 170)).map(
    lambda one: (one[0], one[1], one[0] + one[2], one[1] + one[3])
)


@given(boxes, boxes)
def test_the_arithmetic_of_boxes_holds(a, b):
    assert overlap(a, b) == overlap(b, a) <= min(area_of(a), area_of(b))
    assert 0.0 <= iou(a, b) <= min(inside(a, b), inside(b, a)) <= 1.0
    assert iou(a, a) == inside(a, a) == 1.0
    whole = union(a, b)
    assert inside(a, whole) == inside(b, whole) == 1.0
    wide = grown(a, 0.2, 3, (360, 640))
    assert inside(a, wide) == 1.0
    assert 0 <= wide[0] < wide[2] <= 640
    assert 0 <= wide[1] < wide[3] <= 360
