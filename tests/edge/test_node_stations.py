"""Stations over real TCP: answered once what they said is kept, each thing once, and nobody for free."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.messages import DeviceStatus, Series
from edge.errors import StoreFull
from edge.keep import NodeStore
from edge.node import line as line_file
from edge.node.node import Node
from simulators.stations.air import AirStation
from simulators.stations.faults import Fault
from simulators.stations.fire import FAULT, FIRE, MANUAL_ALARM, RESET, FireDevice
from simulators.stations.line import Line
from simulators.stations.script import building_site, play
from tests.edge.points_for_tests import bodies, open_store
from tests.edge.stations_for_tests import DEVICE, MN, PATIENCE, ZONE, readings, running, told

ROOT = Path(__file__).parents[2]
HIGH, LOW = {"a34004": 150.0}, {"a34004": 20.0}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with running(tmp_path) as node:
        yield node


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    made: list[Line] = []
    yield made
    for line in made:
        line.close()


def until(what: Callable[[], object]) -> None:
    due = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < due, "it never came"
        time.sleep(0.02)


def air(node: Node, lines: list[Line], **more) -> tuple[AirStation, Line]:
    station = AirStation(MN, ZONE, **more)
    lines.append(station.line(node.stations.listening("hj212", PATIENCE), wait=PATIENCE))
    return station, lines[-1]


def fire(node: Node, lines: list[Line], **more) -> tuple[FireDevice, Line]:
    device = FireDevice(DEVICE, ZONE, **more)
    lines.append(device.line(node.stations.listening("gb26875", PATIENCE), wait=PATIENCE))
    return device, lines[-1]


def standing(node: Node, device: str) -> list[tuple[DeviceStatus, str]]:
    return [(one.status, one.detail) for one in bodies(node.store, Series.HEALTH) if one.device == device]


def test_an_answer_means_that_it_is_kept_and_judged(node, lines):
    station, line = air(node, lines)
    assert line.tell(station.values(time.time(), {**HIGH, "Leq": 55.0}))
    assert told(node) == [("dust", "opened")]
    assert readings(node) == 2
    assert line.tell(station.values(time.time() + 1, LOW))
    assert told(node) == [("dust", "opened"), ("dust", "cleared")]
    until(lambda: (DeviceStatus.UP, "its packets come") in standing(node, "ear"))


def test_a_fire_is_an_alarm_in_under_a_second_also_behind_a_station_that_tells_a_long_story(node, lines):
    station, story = air(node, lines)
    device, line = fire(node, lines)
    assert line.tell(device.own_state(time.time(), 1))
    now = time.time()
    for minute in range(120):
        story.send(station.values(now, LOW, cn="2051", taken=now - 60 * (120 - minute)).raw)
    began = time.monotonic()
    assert line.tell(device.component(time.time(), "01000100", FIRE, where="1号楼大厅"))
    took = time.monotonic() - began
    assert told(node) == [("hall", "opened")]
    assert took < 1.0


def test_what_a_detector_says_that_the_site_does_not_have_is_an_alarm_of_the_house_until_the_reset(
    node, lines
):
    device, line = fire(node, lines)
    now = time.time()
    for message in (
        device.component(now, "ff000000", FIRE),
        device.component(now + 1, "fe000000", FAULT),
        device.component(now + 2, "fe000000", 1),
    ):
        assert line.tell(message)
    assert told(node) == [("house", "opened")]
    assert line.tell(device.operation(now + 3, RESET))
    assert told(node) == [("house", "opened"), ("house", "cleared")]


def test_what_is_sent_again_without_our_answer_counts_once(node, lines):
    for station, line, message in (
        (*(pair := air(node, lines)), pair[0].values(time.time(), HIGH)),
        (*(pair := fire(node, lines)), pair[0].component(time.time(), "01000100", FIRE)),
    ):
        line.faults = {Fault.TWICE}
        assert line.tell(message)
        before = readings(node)
        line.faults = {Fault.RECONNECTS}
        assert line.tell(message), station
        assert readings(node) == before
    assert told(node) == [("dust", "opened"), ("hall", "opened")]


def test_a_script_with_faults_is_told_as_it_happened(node, lines):
    """Its seconds are halves here: a station's times are whole ones."""
    station, dust = air(node, lines)
    device, panel = fire(node, lines)
    script = building_site(station, dust, device, panel, "01000100")
    played = play(script, threading.Event(), speed=2.0, clock=two_a_second())
    assert [one.message.truth for one in played if not one.answered] == []
    names = {"dust": "dust", "hall": "fire"}
    assert [(names[device], change) for device, change in told(node)] == list(script.truth)
    dust.faults = {Fault.DEAF}
    dust._wait = 0.2
    assert not dust.tell(station.values(time.time() + 9, LOW))
    assert dust.ledger[-1].sent == 3


def two_a_second() -> Callable[[], float]:
    began, real = time.time(), time.monotonic()
    return lambda: began + 2 * (time.monotonic() - real)


@pytest.mark.parametrize("fault", [Fault.HALF_PACKET, Fault.BAD_CHECK, Fault.WRONG_LENGTH, Fault.RUBBISH])
def test_a_fault_on_the_line_costs_that_packet_at_most(node, lines, fault):
    station, dust = air(node, lines)
    device, hall = fire(node, lines)
    dust._wait = hall._wait = 0.3
    dust._tries = hall._tries = 1
    dust.faults = hall.faults = {fault}
    dust.tell(station.values(time.time(), LOW))
    hall.tell(device.component(time.time(), "01000100", 1))
    dust._wait = hall._wait = PATIENCE
    dust.faults = hall.faults = set()
    assert dust.tell(station.values(time.time() + 1, HIGH))
    assert hall.tell(device.component(time.time() + 1, "01000100", FIRE))
    assert told(node) == [("dust", "opened"), ("hall", "opened")]


def test_what_a_station_had_kept_is_kept_here_and_opens_nothing_now(node, lines):
    station, line = air(node, lines)
    now = time.time()
    assert line.tell(station.values(now, LOW))
    assert line.tell(station.values(now + 1, HIGH, taken=now - 7200))
    assert line.tell(station.values(now + 1, HIGH, cn="2061", taken=now - 7200))
    assert told(node) == []
    assert readings(node) == 3


def test_backfill_in_order_is_judged_by_its_own_times(node, lines):
    station, line = air(node, lines)
    now = time.time()
    for message in (
        station.values(now, HIGH, taken=now - 3600),
        station.values(now + 0.1, LOW, taken=now - 1800),
        station.values(now + 0.2, LOW),
    ):
        assert line.tell(message)
    opened, cleared = bodies(node.store, Series.ALARM)
    assert abs(opened.since.timestamp() - (now - 3600)) < 5
    assert abs(cleared.changed_at.timestamp() - (now - 1800)) < 5


def test_a_wrong_password_is_not_answered_and_shown(node, lines, caplog):
    station, line = air(node, lines, pw="letmein99")
    line._wait = 0.3
    assert not line.tell(station.values(time.time(), HIGH))
    until(lambda: (DeviceStatus.REFUSED, "its password (PW) is wrong") in standing(node, "dust"))
    assert readings(node) == 0
    assert "letmein99" not in caplog.text
    assert "123456" not in caplog.text


def test_a_station_that_the_site_does_not_have_is_neither_answered_nor_kept(node, lines, caplog):
    stranger = AirStation("STRANGER1", ZONE)
    lines.append(stranger.line(node.stations.listening("hj212", PATIENCE), wait=0.3, tries=1))
    assert not lines[-1].tell(stranger.values(time.time(), HIGH))
    assert readings(node) == 0
    until(lambda: "STRANGER1: the site has no such station" in caplog.text)


def test_all_that_a_station_may_say_is_answered_each_in_its_way(node, lines):
    now = time.time()
    station, line = air(node, lines)
    for part in station.parts(now, [{"a34004": 9.0}, {"a34002": 9.0, "a01001": 9.0}]):
        assert line.tell(part)
    assert line.tell(station.asks_for_time(now))
    assert line.commands == []  # the site does not want clocks to be set
    old, line = air(node, lines, flag=1)
    assert line.tell(old.values(now + 1, LOW))
    assert readings(node) == 4
    device, line = fire(node, lines)
    for message in (
        device.system(now, FIRE),
        device.analog(now, "01000100", 3, 215),
        device.own_operation(now, MANUAL_ALARM),
        device.own_state(now, 1),
    ):
        assert line.tell(message)
    assert told(node) == [("house", "opened"), ("house", "cleared")]


def test_a_station_that_has_become_silent_is_asked_for_what_it_measures(tmp_path, lines):
    with running(tmp_path, period=0.2) as node:
        station, line = air(node, lines)
        assert line.tell(station.values(time.time(), LOW))
        until(lambda: DeviceStatus.STALLED in [status for status, _ in standing(node, "dust")])
        line.listen(0.2)
        assert [one.split()[0] for one in line.commands] == ["2011"]
        assert line.tell(station.values(time.time() + 1, HIGH))


def test_a_command_that_a_station_does_not_answer_costs_nothing(tmp_path, lines):
    with running(tmp_path, set_clock=True) as node:
        station, line = air(node, lines, clock_off=-600.0)
        line.faults = {Fault.NEVER_ANSWERS}
        for second in range(3):
            assert line.tell(station.values(time.time() + second, LOW))


def test_a_clock_that_is_off_is_told_and_set_where_the_site_wants_it(tmp_path, lines):
    with running(tmp_path, set_clock=True) as node:
        station, line = air(node, lines, clock_off=-600.0)
        assert line.tell(station.values(time.time(), HIGH))
        line.listen(0.5)
        assert [one.split()[0] for one in line.commands] == ["1012"]
        until(lambda: (DeviceStatus.UP, "its packets come; its clock is wrong") in standing(node, "dust"))
        assert told(node) == [("dust", "opened")]
        device, hall = fire(node, lines, clock_off=-600.0)
        assert hall.tell(device.component(time.time(), "01000100", FIRE))
        assert ("hall", "opened") in told(node)


def test_while_the_store_fails_nobody_is_answered_and_afterwards_it_is_there_once(node, lines, monkeypatch):
    monkeypatch.setattr(line_file, "COMMIT", 0.5)
    station, line = air(node, lines)
    line._wait, line._tries = 2.0, 1
    message = station.values(time.time(), HIGH)
    with monkeypatch.context() as patch:
        patch.setattr(NodeStore, "keep_readings", no_room)
        assert not line.tell(message)
        assert told(node) == []
    line._wait, line._tries = PATIENCE, 5
    assert line.tell(message)
    assert told(node) == [("dust", "opened")]
    assert readings(node) == 1


def no_room(*_: object) -> int:
    raise StoreFull("full")


def closed(connection: socket.socket) -> bool:
    connection.settimeout(PATIENCE)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_who_says_nothing_or_drips_or_talks_rubbish_is_put_out(node, monkeypatch):
    monkeypatch.setattr(line_file, "HELLO", 0.5)
    monkeypatch.setattr(line_file, "PACKET", 0.5)
    address = node.stations.listening("hj212", PATIENCE)
    for said in (b"", b"##0", b"\x00" * 100, b"##0001" * 100):
        with socket.create_connection(address) as connection:
            connection.sendall(said)
            assert closed(connection), said


def test_more_connections_than_the_site_allows_are_not_taken_and_strangers_give_way(tmp_path, lines):
    with running(tmp_path, max_connections=2) as node:
        address = node.stations.listening("hj212", PATIENCE)
        strangers = [socket.create_connection(address) for _ in range(3)]
        station, line = air(node, lines)
        assert line.tell(station.values(time.time(), HIGH))
        assert closed(strangers[0])
        for one in strangers:
            one.close()


def test_a_storm_of_reconnects_leaves_no_connections_behind(node, lines):
    station, line = air(node, lines)
    line.faults = {Fault.RECONNECTS}
    for second in range(12):
        assert line.tell(station.values(time.time() + second, LOW))
    (post, _) = node.stations._posts
    until(lambda: len(post._lines) <= 2)


@pytest.mark.parametrize("protocol", ["hj212", pytest.param("gb26875", marks=pytest.mark.long)])
def test_a_node_killed_between_commit_and_answer_counts_once(tmp_path, protocol):
    """The station hears no answer, and says it again to the node that comes after."""
    command = [sys.executable, "-m", "tests.edge.stations_for_tests", str(tmp_path)]
    who = AirStation(MN, ZONE) if protocol == "hj212" else FireDevice(DEVICE, ZONE)
    now = time.time()
    message = who.values(now, HIGH) if protocol == "hj212" else who.component(now, "01000100", FIRE)
    with subprocess.Popen([*command, "die"], stdin=-1, stdout=-1, text=True, cwd=ROOT) as first:
        line = who.line(heard_at(first, protocol), wait=PATIENCE, tries=1)
        assert not line.tell(message)
        assert first.wait(PATIENCE) == -9
        line.close()
    store = open_store(tmp_path)
    (opened,) = bodies(store, Series.ALARM)
    kept = store.figures().unnumbered
    store.close()
    with running(tmp_path) as second:
        line = who.line(second.stations.listening(protocol, PATIENCE), wait=PATIENCE)
        assert line.tell(message)
        line.close()
        assert [one.condition_id for one in bodies(second.store, Series.ALARM)] == [opened.condition_id]
        assert readings(second) == kept > 0


def heard_at(process: subprocess.Popen[str], protocol: str) -> tuple[str, int]:
    assert process.stdout is not None
    told = dict(zip(("hj212", "gb26875"), (process.stdout.readline().split() for _ in range(2)), strict=True))
    host, port = told[protocol]
    return host, int(port)
