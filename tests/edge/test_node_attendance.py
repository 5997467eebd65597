"""Which stations are there, by connection and by silence; with a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.messages import DeviceStatus, Series
from devices.stations import Said
from edge.node.attendance import LINES, Attendance
from edge.node.report import Reporter
from edge.node.roll import Roll, Sorted
from tests.edge.points_for_tests import NOON, bodies, open_store, point
from tests.edge.stations_for_tests import MN, site

UP, STALLED = DeviceStatus.UP, DeviceStatus.STALLED


class Wire:
    """Stands for a connection."""

    def __init__(self) -> None:
        self.closed = False
        self.asked = 0

    def ask(self) -> None:
        self.asked += 1

    def close(self) -> None:
        self.closed = True


class Room:
    def __init__(self, directory: Path) -> None:
        self.store = open_store(directory)
        self.now = 0.0
        self.roll = Roll("hj212", site().points)
        reporter = Reporter("n1", self.store, lambda: NOON, lambda: None)
        self.attendance = Attendance("n1", lambda: self.roll, reporter, monotonic=lambda: self.now)

    def heard(self, wire: Wire, off: float | None = None) -> None:
        asyncio.run(self.attendance.heard(Said(MN), Sorted(clock_off=off), wire))

    def refused(self, said: Said, why: str) -> None:
        asyncio.run(self.attendance.refused(said, why))

    def look(self, after: float) -> None:
        self.now += after
        asyncio.run(self.attendance.look())

    def told(self, sensor: str = "dust") -> list[tuple[DeviceStatus, str]]:
        told = bodies(self.store, Series.HEALTH)
        return [(one.status, one.detail) for one in told if one.device == sensor]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.store.close()


def test_a_station_that_never_connects_is_told_once_its_time_is_up(room):
    room.look(0.0)
    room.look(149.0)
    assert room.told() == []
    room.look(2.0)
    room.look(60.0)
    assert room.told() == [(DeviceStatus.UNREACHABLE, "never connected")]


def test_a_connection_that_ends_means_nothing_until_the_station_is_silent(room):
    wire = Wire()
    room.heard(wire)
    room.attendance.left(wire)
    room.look(100.0)
    assert room.told() == [(UP, "its packets come")]
    room.look(60.0)
    assert room.told()[1:] == [(DeviceStatus.UNREACHABLE, "is not connected any more")]
    room.heard(Wire())
    assert room.told()[2:] == [(UP, "its packets come")]


def test_a_station_that_is_connected_and_says_nothing_has_stalled(room):
    wire = Wire()
    room.heard(wire)
    for _ in range(3):
        room.look(151.0)
    assert room.told()[1:] == [(STALLED, "is connected and says nothing")]
    assert wire.asked == 1


def test_a_third_connection_of_a_station_ends_the_first(room):
    wires = [Wire() for _ in range(LINES + 1)]
    for wire in wires:
        room.heard(wire)
    assert [wire.closed for wire in wires] == [True, False, False]


def test_a_wrong_clock_is_told_and_taken_back_once_it_is_right(room):
    for off in (-600.0, -601.0, 3.0):
        room.heard(Wire(), off)
    wrong, right = (UP, "its packets come; its clock is wrong"), (UP, "its packets come")
    assert room.told() == [wrong, right]
    facts = [one.facts for one in bodies(room.store, Series.HEALTH) if one.device == "dust"]
    assert [one["clock_off_s"] for one in facts] == [-600, 3]


def test_who_guesses_passwords_does_not_make_a_station_look_refused_that_is_heard(room):
    room.heard(Wire())
    room.refused(Said(MN, denied=True), "PW: is wrong")
    assert room.told() == [(UP, "its packets come")]
    room.look(151.0)
    room.refused(Said(MN, denied=True), "PW: is wrong")
    assert room.told()[-1] == (DeviceStatus.REFUSED, "its password (PW) is wrong")


def test_what_is_refused_is_counted_within_bounds(room):
    for number in range(500):
        room.refused(Said(f"S{number}"), "the site has no such station")
    assert room.attendance.counts.total() == 500
    assert len(room.attendance.counts) <= 201


def test_a_station_that_leaves_the_site_is_forgotten(room):
    room.heard(Wire())
    room.roll = Roll("hj212", [point()])
    room.look(1000.0)
    assert room.told() == [(UP, "its packets come")]
