"""One camera's coded pictures: what is kept, what goes to the decoders, on which time line."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import DeviceStatus
from devices.stream import FrameRequest
from devices.stream.decoders import Order
from devices.stream.fake import frame_of, numbered_picture
from devices.stream.ring import Ring
from devices.stream.rtsp_client import StreamInfo
from edge.node.intake import Intake

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INFO = StreamInfo("h264", b"")


class Unit:
    """A coded picture of ten bytes."""

    codec, parameters, size = "h264", b"", 10

    def __init__(self, at: float, *, key: bool = False, broken: bool = False) -> None:
        self.at, self.key, self.broken = at, key, broken
        self.rtp_time = round(at * 90_000) & 0xFFFFFFFF

    def annexb(self) -> bytes:
        return b""


class Desk:
    """In the place of the decoders: writes down what is asked of them."""

    def __init__(self) -> None:
        self.stills, self.films, self.forgotten = [], [], 0

    def still(self, camera, order) -> None:
        self.stills.append(order)

    def film(self, camera, orders) -> None:
        self.films += orders

    def forget(self, camera) -> None:
        self.forgotten += 1


class Setup:
    """An intake whose clocks are moved by hand, and the connections that feed it."""

    def __init__(self, **request) -> None:
        self.now = 100.0
        self.desk = Desk()
        self.ring = Ring(1000, 10**6)
        self.intake = Intake(
            "C1",
            FrameRequest(**request),
            self.ring,
            self.desk,
            monotonic=lambda: self.now,
            utc=lambda: NOON + timedelta(seconds=self.now - 100),
        )

    def play(self, seconds: float, gop: float, *, fps: int = 10, broken=()) -> None:
        """A connection from its first picture on, in step with our clock."""
        self.intake.opened(INFO)
        began, every = self.now, round(gop * fps)
        for number in range(round(seconds * fps)):
            self.now = began + number / fps
            self.intake.unit(Unit(number / fps, key=number % every == 0, broken=number in broken))

    def sparse(self) -> object:
        """What is told of it, once there was a picture."""
        self.intake.shown(Order(Unit(0.0), 0.0, NOON, (8, 8)), frame_of(numbered_picture(1)))
        return self.intake.facts()["sparse"]

    def stills(self) -> list[float]:
        return [round(order.at, 3) for order in self.desk.stills]

    def kept(self) -> list[float]:
        return [round(one.at, 3) for one in self.ring.cut("C1", -1, math.inf)]


def test_key_units_alone_go_to_the_decoders_while_they_come_often_enough_and_all_is_kept():
    setup = Setup(every=1.0, need=4.0)
    setup.play(9, gop=2)
    assert setup.stills() == [0, 2, 4, 6, 8]
    assert setup.desk.films == []
    assert len(setup.kept()) == 90
    assert all(order.wanted and order.zero == NOON for order in setup.desk.stills)


def test_key_units_that_come_more_often_than_asked_are_left_out():
    setup = Setup(every=1.0, need=4.0)
    setup.play(4, gop=0.5)
    assert setup.stills() == [0, 1, 2, 3]
    assert setup.intake.keys == 8


def test_a_sparse_stream_is_filmed_from_its_last_key_unit_on_with_a_picture_a_second():
    setup = Setup(every=1.0, need=3.0)
    setup.play(12, gop=8)
    films = setup.desk.films
    assert [round(one.at, 1) for one in films] == [number / 10 for number in range(120)]
    assert films[0].unit.key
    assert setup.stills() == [0]
    wanted = [round(one.at, 1) for one in films if one.wanted]
    assert wanted == [float(second) for second in range(1, 12)]
    assert setup.sparse() is True


def test_it_goes_back_to_key_units_once_they_come_often_again():
    setup = Setup(every=1.0, need=3.0)
    setup.play(9, gop=8)
    setup.desk.stills.clear()
    setup.now += 0.1
    setup.play(10, gop=2)
    assert setup.stills()[-1] == pytest.approx(9 + 8, abs=0.2)
    assert setup.sparse() is False


def test_stream_time_goes_on_over_a_gap_as_our_clock_says_and_utc_is_tied_anew():
    setup = Setup(every=1.0, need=4.0)
    setup.play(3, gop=1)
    setup.now += 60.0
    setup.play(3, gop=1)
    assert setup.stills() == [0, 1, 2, 62.9, 63.9, 64.9]
    assert all(later > sooner for sooner, later in pairwise(setup.kept()))
    order = setup.desk.stills[3]
    assert order.zero + timedelta(seconds=order.at) == NOON + timedelta(seconds=62.9)
    assert setup.desk.forgotten == 2
    assert setup.intake.facts()["reconnects"] == 1


def test_broken_units_are_counted_and_neither_kept_nor_decoded():
    setup = Setup(every=1.0, need=1.5)
    setup.play(8, gop=8, broken=range(30, 80))
    assert setup.kept()[-1] == 2.9
    assert round(setup.desk.films[-1].at, 1) == 2.9
    assert setup.intake.facts()["dropped"] == 50


@pytest.mark.parametrize(("level", "expected"), [(1, [2, 6, 10, 14]), (2, [6, 14]), (3, [14])])
def test_a_thinned_camera_is_looked_at_as_seldom_as_said(level, expected):
    setup = Setup(every=1.0, need=4.0)
    setup.intake.level = level
    setup.play(16, gop=2)
    assert setup.stills() == expected
    assert setup.intake.thinned == 8 - len(expected)
    assert len(setup.kept()) == 160


def test_a_thinned_camera_that_is_woken_is_looked_at_its_next_key_frame_once():
    setup = Setup()
    setup.intake.level = 3
    setup.play(20.0, 2.0)
    assert setup.stills() == [14.0]
    setup.intake.wake()
    setup.play(12.0, 2.0)
    assert setup.stills() == [14.0, 19.9, 29.9]  # the turns go on as before


def test_a_camera_that_is_woken_is_looked_at_though_its_rules_want_a_look_more_seldom():
    setup = Setup(every=30.0)
    setup.play(10.0, 2.0)
    setup.intake.wake()
    setup.play(10.0, 2.0)
    assert setup.stills() == [0.0, 9.9]


def test_a_thinned_sparse_camera_is_looked_at_its_key_units_only_and_filmed_again_afterwards():
    setup = Setup(every=1.0, need=2.0)
    setup.play(12, gop=4)
    assert setup.desk.films
    setup.desk.films.clear()
    setup.desk.stills.clear()
    setup.intake.level = 1
    setup.now += 0.1
    setup.play(16, gop=4)
    assert setup.desk.films == []
    assert len(setup.stills()) == 2
    setup.intake.level = 0
    setup.now += 0.1
    setup.play(8, gop=4)
    assert setup.desk.films[0].unit.key


def test_another_request_takes_effect_at_once_and_back_again():
    setup = Setup(every=1.0, need=4.0)
    setup.play(4, gop=2)
    setup.intake.ask(FrameRequest(every=0.2, need=0.5))
    setup.now += 0.1
    setup.play(4, gop=2)
    assert len([one for one in setup.desk.films if one.wanted]) == pytest.approx(19, abs=1)
    films = len(setup.desk.films)
    setup.intake.ask(FrameRequest(every=1.0, need=4.0))
    setup.now += 0.1
    setup.play(4, gop=2)
    assert len(setup.desk.films) == films


def test_what_picture_health_must_know_is_measured():
    setup = Setup(every=1.0, need=4.0)
    empty = setup.intake.stream(DeviceStatus.STALLED)
    assert (empty.key_interval, empty.last_unit_age, empty.last_picture_age) == (None, math.inf, math.inf)
    setup.play(5, gop=2)
    frame = frame_of(numbered_picture(1), 4.0)
    assert setup.intake.shown(setup.desk.stills[-1], frame)
    setup.now += 3.0
    facts = setup.intake.stream(DeviceStatus.UP)
    assert facts.state is DeviceStatus.UP
    assert facts.key_interval == pytest.approx(2.0)
    assert facts.last_unit_age == facts.last_picture_age == pytest.approx(3.0)
    told = setup.intake.facts()
    assert (told["codec"], told["width"], told["height"]) == ("h264", 352, 288)
    assert (told["key_interval_s"], told["fps"]) == (2.0, pytest.approx(10, abs=0.3))
    assert (told["packets"], told["decoded"], told["looks"], told["keys"]) == (50, 3, 1, 3)


def test_a_late_picture_of_a_lost_connection_does_not_count_for_the_new_one():
    setup = Setup(every=1.0, need=4.0)
    setup.play(3, gop=1)
    late = setup.desk.stills[-1]
    setup.now += 1.0
    setup.play(1, gop=1)
    assert not setup.intake.shown(late, frame_of(numbered_picture(1)))
    assert not setup.intake.shown(setup.desk.stills[-1], None)
    assert setup.intake.shown(setup.desk.stills[-1], frame_of(numbered_picture(1)))


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 3)), max_size=150),
    st.floats(0.2, 3),
    st.floats(0.2, 5),
    st.integers(0, 3),
)
def test_whatever_comes_films_begin_with_a_key_unit_and_wanted_times_rise(story, every, need, level):
    setup = Setup(every=every, need=need)
    setup.intake.level = level
    setup.intake.opened(INFO)
    at, filming = 0.0, False
    for key, broken, step in story:
        at += step
        setup.now += step
        stills, films = len(setup.desk.stills), len(setup.desk.films)
        setup.intake.unit(Unit(at, key=key and not broken, broken=broken))
        if len(setup.desk.stills) > stills:
            assert setup.desk.stills[-1].unit.key
            filming = False
        elif len(setup.desk.films) > films:
            assert filming or setup.desk.films[films].unit.key
            filming = True
    wanted = sorted(one.at for one in setup.desk.stills + setup.desk.films if one.wanted)
    assert all(later > sooner for sooner, later in pairwise(wanted))
