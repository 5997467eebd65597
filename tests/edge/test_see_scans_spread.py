"""Start-up scans: where the zones are, a few tiles a picture, and never before other looks."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from devices.ids import uuid7
from devices.site.model import Zone
from edge.judge.watch import HEAD, watch_for
from edge.see.background import Change
from edge.see.blobs import PixelBox, inside, overlap
from edge.see.eye import Eye
from edge.see.lookbudget import AT_LEISURE, LEISURE_BURST, Looks, Purpose
from edge.see.opening import LAST_SCAN, PAUSE, SCAN_AFTER, TRIES, Opening
from edge.see.scanning import closer, tiles
from edge.see.view import Watch
from tests.edge.pictures_for_tests import BOX, EMPTY, TAKEN, BlueIsABicycle, Film

SHAPE = (360, 640)
AREA = (0.4, 0.45, 0.65, 0.75)
PIXELS = (256, 162, 416, 270)
BEGAN = datetime(2026, 5, 4, 8, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def change(at, moving=None, came=None):
    """A picture at `at`: pixels of `moving` move now, those of `came` changed at 6 s."""
    picture = np.full(SHAPE, 90, np.uint8)
    since = np.zeros(SHAPE, np.float32)
    if came is not None:
        picture[came], since[came] = 160, 6.0
    if moving is not None:
        since[moving] = at
    nothing = np.zeros(SHAPE, bool)
    return Change(picture, nothing, nothing, since, 1.0, 20.0)


def scanned(opening, until, **made):
    """Every tile that is due is looked at, once a second; when each was."""
    looks: dict[PixelBox, list[float]] = {}
    for at in map(float, range(until)):
        now = change(at, **(made if at else {}))
        due = opening.due(now, at, Looks())
        for tile in due:
            looks.setdefault(tile, []).append(at)
        opening.looked(due, SHAPE, at)
    return looks


def test_where_nothing_moves_every_tile_of_the_areas_is_looked_at_once():
    looks = scanned(Opening([AREA]), 60)
    assert set(looks) == set(tiles(SHAPE, [PIXELS]))
    assert {len(times) for times in looks.values()} == {1}


def test_a_tile_in_which_something_moves_waits_but_not_for_ever():
    looks = scanned(Opening([AREA]), 60, moving=np.s_[200:260, 300:340])
    around = [tile for tile in looks if inside((300, 200, 340, 260), tile) == 1.0]
    elsewhere = [tile for tile in looks if not overlap((300, 200, 340, 260), tile)]
    assert around
    assert elsewhere
    larger = [tile for tile in around if tile not in closer(SHAPE)]
    assert all(looks[tile] == [SCAN_AFTER + PAUSE * (TRIES - 1)] for tile in larger)
    assert all(len(looks[tile]) == 1 for tile in looks)
    assert all(looks[tile][0] <= SCAN_AFTER + 2 * PAUSE * TRIES for tile in looks)


def test_small_tiles_come_last_but_for_those_with_a_hint():
    opening, hint = Opening([AREA]), (330, 200, 350, 220)
    order: list[PixelBox] = []
    clock = Clock()
    looks = Looks(3.0, 6.0, clock)
    for at in map(float, range(300)):
        clock.now = at
        due = opening.due(change(at), at, looks)
        if not order and due:
            opening.hint(hint)
        order += due
        opening.looked(due, SHAPE, at)
    cores = closer(SHAPE)
    hinted = [tile for tile in order if tile in cores and inside((340, 210, 341, 211), cores[tile]) == 1.0]
    assert len(hinted) == 2
    large = [tile for tile in order if tile not in cores]
    assert set(order[: len(large) + 2]) == {*large, *hinted}
    assert sorted(order) == sorted(tiles(SHAPE, [PIXELS]))


def test_a_node_without_time_to_spare_scans_at_a_trickle_and_leaves_the_unlikely_for_later():
    clock, spare = Clock(), False
    looks = Looks(10.0, 20.0, clock, lambda: spare)
    taken = {Purpose.SCAN: 0, Purpose.LEISURE: 0}
    for second in range(100):
        clock.now = float(second)
        for purpose in taken:
            taken[purpose] += looks.take(purpose, 40, 3)
    assert taken[Purpose.LEISURE] == 0
    assert 0.9 * AT_LEISURE * 100 <= taken[Purpose.SCAN] <= AT_LEISURE * 100 + LEISURE_BURST
    assert looks.take(Purpose.DUE, 5) == 5
    spare = True
    assert looks.take(Purpose.SCAN, 40, 3) >= 9


def test_what_is_done_at_leisure_takes_a_hundredth_of_the_node():
    clock = Clock()
    looks = Looks(10.0, 20.0, clock)
    taken = 0
    for second in range(100):
        clock.now = float(second)
        taken += looks.take(Purpose.LEISURE, 40, 3)
    assert 0.9 * AT_LEISURE * 100 <= taken <= AT_LEISURE * 100 + LEISURE_BURST


def test_where_something_came_to_rest_before_the_usual_look_was_known_is_looked_at_once_more():
    opening = Opening([AREA])
    looks: dict[PixelBox, list[float]] = {}
    for at in map(float, range(40)):
        now = change(at, came=np.s_[200:260, 300:340] if at >= 7 else None)
        due = opening.due(now, at, Looks())
        for tile in due:
            looks.setdefault(tile, []).append(at)
        opening.looked(due, SHAPE, at)
    again = {tile for tile in looks if len(looks[tile]) > 1}
    assert set() < again < set(looks)
    assert all(looks[tile][0] <= SCAN_AFTER + 1 and looks[tile][1:] == [LAST_SCAN] for tile in again)
    assert all(overlap((300, 200, 340, 260), tile) for tile in again)


@pytest.mark.parametrize(("came", "stands"), [(np.s_[200:260, 300:340], (6.0, False)), (None, (0.0, True))])
def test_what_came_is_told_from_what_stood_there_however_late_it_is_found(came, stands):
    opening, box = Opening([AREA]), (300, 200, 340, 260)
    opening.due(change(0.0), 0.0, Looks())
    late = change(300.0, came=came)
    assert opening.stands(box, late, late.picture[200:260, 300:340], 300.0) == stands


def test_somebody_who_passed_before_a_thing_does_not_make_it_new():
    opening, box = Opening([AREA]), (300, 200, 340, 260)
    opening.due(change(0.0), 0.0, Looks())
    late = change(300.0)
    late.still_since[200:260, 300:340] = 250.0
    assert opening.stands(box, late, late.picture[200:260, 300:340], 300.0) == (0.0, True)


def test_a_find_that_is_covered_just_now_is_looked_for_again():
    opening, box = Opening([AREA]), (300, 200, 340, 260)
    tried = []
    for at in map(float, range(30)):
        now = change(at)
        due = opening.due(now, at, Looks())
        if due:
            tried += [at] if (0, 0, 640, 360) in due else []
            assert opening.stands(box, now, now.picture[200:260, 300:340] + 60, at) is None
        opening.looked(due, SHAPE, at)
    assert tried == [SCAN_AFTER + PAUSE * number for number in range(TRIES + 1)]


def test_scans_get_what_other_looks_leave_and_nothing_rather_than_too_little():
    clock = Clock()
    looks = Looks(10.0, 20.0, clock)
    assert looks.take(Purpose.SCAN, 40, 3) == 15
    assert looks.take(Purpose.SCAN, 40, 3) == 0
    assert looks.take(Purpose.OPEN, 9) == 9
    clock.now += 0.6
    assert looks.take(Purpose.SCAN, 40, 3) == 0
    clock.now += 2.0
    assert looks.take(Purpose.SCAN, 2, 3) == 2
    assert Looks().take(Purpose.SCAN, 1000, 3) == 1000


def test_eyes_that_open_together_share_their_looks_and_all_find_what_stands_there():
    clock, detector = Clock(), BlueIsABicycle()
    looks = Looks(10.0, 20.0, clock)
    watch = Watch(600.0, 60.0, frozenset({"bicycle"}), (AREA,))
    eyes = [Eye(watch, detector, uuid7, looks=looks) for _ in range(4)]
    film = Film(BEGAN)
    for frame in film((TAKEN, 25)):
        before = detector.looks
        for eye in eyes:
            eye.look(frame)
        assert detector.looks - before <= 20 + len(eyes)
        clock.now += 1.0
    for eye in eyes:
        (slot,) = eye.slots
        assert slot.at_least
        assert slot.box == pytest.approx(BOX, abs=12)
    assert detector.looks <= 20 + 10 * 25 + 2 * len(eyes)


def test_an_eye_whose_rules_name_nothing_to_look_for_never_asks():
    detector = BlueIsABicycle()
    eye, film = Eye(Watch(60.0, 15.0, frozenset()), detector, uuid7), Film(BEGAN)
    for frame in film((EMPTY, 15)):
        eye.look(frame)
    assert detector.looks == 0


def test_the_watch_knows_where_things_stand_and_how_far_they_rise():
    name = {"zh": "路缘", "en": "kerb"}
    polygon = [(0.2, 0.5), (0.6, 0.4), (0.7, 0.9)]
    kerb = Zone.model_validate({"id": "kerb", "name": name, "polygon": polygon, "rules": []})
    assert watch_for([], [kerb, kerb]).areas == ((0.2, pytest.approx(0.4 - HEAD), 0.7, 0.9),)
