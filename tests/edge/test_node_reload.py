"""A new site while the node runs: only what it changes is restarted. And a node ends when it is told to."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.messages import Change, Series
from devices.sensors.client import Delivery
from devices.site.model import Site
from devices.stream.fake import write_clip
from edge.errors import EdgeError, StoreError
from edge.judge.duties import Common
from edge.node import visits
from edge.node.node import Node
from edge.node.sense import SenseDesk
from edge.node.sight import EYE, LEDGER
from edge.see.detector import FakeDetector
from simulators.cameras.rtsp import Looping, Segment, rtsp_in_thread
from tests.devices.onvif_peers import RIGHT
from tests.edge.fake_cloud import FakeCloud, Fault
from tests.edge.pictures_for_tests import EMPTY, TAKEN
from tests.edge.points_for_tests import NOON, bodies, camera, open_store, point, sensor, threshold, zone
from tests.edge.test_node_run import PATIENCE, SECRETS, TOKEN, running, site_of, stored, write
from tests.edge.test_node_sight import ARRIVES, OPENS, Street
from tests.edge.views_for_tests import parked

CAMERA = "P01-C1"
ENV = {"CAM_USER": RIGHT.user, "CAM_PASSWORD": RIGHT.password}


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.store.close()


def restock(street: Street, *cameras, anew=()) -> None:
    street.desk.restock([point(cameras=cameras)], "Etc/UTC", anew)


def test_an_open_condition_of_a_rule_that_stays_is_the_same_and_is_cleared_in_its_time(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    (opened,) = bodies(street.store, Series.ALARM)
    more = zone("P01-C1-Z2", rules=(parked(dwell=900.0),))
    restock(street, camera(zones=(zone("P01-C1-Z1"), more)))
    street.show((TAKEN, 15))
    assert street.told() == ["opened"]
    street.show((EMPTY, 12))
    _, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.rev, cleared.change) == (opened.condition_id, 2, Change.CLEARED)
    assert cleared.ended is None


def test_what_was_on_its_way_to_an_alarm_loses_no_second_of_its_dwell(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS - 3))
    assert street.told() == []
    more = zone("P01-C1-Z2", rules=(parked(dwell=900.0),))
    restock(street, camera(zones=(zone("P01-C1-Z1"), more)))
    street.show((TAKEN, 4))
    (opened,) = bodies(street.store, Series.ALARM)
    assert abs((opened.since - NOON).total_seconds() - ARRIVES) <= 2.0
    assert not opened.at_least


def test_a_camera_of_which_nothing_changed_keeps_its_very_eye(street):
    street.show((EMPTY, 3))
    eye = street.desk.seats[CAMERA].lookout.eye
    restock(street, camera(), camera("P01-C2"))
    assert street.desk.seats[CAMERA].lookout.eye is eye
    assert set(street.desk.seats) == {CAMERA, "P01-C2"}
    restock(street, camera(zones=(zone("P01-C1-Z1", rules=(parked(dwell=30.0),)),)))
    assert street.desk.seats[CAMERA].lookout.eye is not eye


def test_a_rule_that_is_removed_clears_its_condition_at_once_and_says_why(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    restock(street, camera(zones=(zone("P01-C1-Z1", rules=()),)))
    opened, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.rev, cleared.ended) == (opened.condition_id, 2, "rule_removed")
    assert street.store.states(LEDGER) == {}
    street.show((TAKEN, 3))
    assert street.told() == ["opened", "cleared"]


def test_a_camera_that_is_removed_is_forgotten_and_may_come_back(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    restock(street)
    assert street.told() == ["opened", "cleared"]
    assert street.store.states(EYE) == {}
    restock(street, camera())
    street.show((TAKEN, 25))
    assert street.told()[-1] == "opened"


def test_a_stream_whose_time_begins_anew_goes_on_with_the_same_condition(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    restock(street, camera(transport="snapshot"), anew=[CAMERA])
    street.film.reconnect(5.0)
    street.show((TAKEN, 10), (EMPTY, 12))
    opened, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.change) == (opened.condition_id, Change.CLEARED)
    assert abs((cleared.since - opened.since).total_seconds()) < 0.01


def test_sensors_come_and_go_and_what_a_removed_rule_had_open_is_cleared(tmp_path):
    store = open_store(tmp_path)
    desk = SenseDesk("n1", [point(sensors=(sensor(),))], store, None, uuid7, lambda: None)  # type: ignore[arg-type]
    try:
        decide(desk, 70.0, 1)
        low = threshold(id="low", above=20.0, clear=5.0)
        desk.restock([point(sensors=(sensor("P01-S1", threshold(), low),))], Common())
        decide(desk, 71.0, 2)
        assert [one.rule for one in bodies(store, Series.ALARM)] == ["high", "low"]
        only = sensor("P01-S1", threshold(id="low", above=20.0, clear=5.0))
        desk.restock([point(sensors=(only,))], Common())
        last = bodies(store, Series.ALARM)[-1]
        assert (last.rule, last.change, last.ended) == ("high", Change.CLEARED, "rule_removed")
        decide(desk, 1.0, 3)
        last = bodies(store, Series.ALARM)[-1]
        assert (last.rule, last.change, last.ended) == ("low", Change.CLEARED, None)
    finally:
        store.close()


def decide(desk: SenseDesk, value: float, seq: int) -> None:
    body = {"v": 1, "boot": "b1", "seq": seq, "m": [{"n": "water_level", "v": value, "u": "cm"}]}
    desk.decide([Delivery("grid/v1/P01/P01-S1/tele", json.dumps(body).encode(), NOON, False, lambda: None)])


@pytest.fixture(scope="module")
def rtsp(tmp_path_factory):
    """Three cameras that run for ever."""
    clip = write_clip(tmp_path_factory.mktemp("clips") / "c.mp4", count=30, gop=5, rate=20, size=(96, 72))
    with rtsp_in_thread({f"C{n}": Looping(Segment.load(clip)) for n in range(3)}, RIGHT) as server:
        yield server


def at(server, name: str, **more):
    return camera(name, credentials="CAM", stream_uri=server.uri(f"C{name[-1]}"), **more)


def versioned(site: Site, version: int, **more) -> Site:
    return site.model_copy(update={"version": version, **more})


def test_a_running_node_takes_over_a_new_site_file_and_refuses_a_bad_one(tmp_path, rtsp):
    one, two, three = (at(rtsp, f"P01-C{n}") for n in range(3))
    first = site_of(cameras=(one, two), sensors=())
    write(tmp_path, first)
    with running(tmp_path, "n1", **ENV) as node:
        for name in ("P01-C0 up", "P01-C1 up"):
            node.says(name)
        tight = one.model_copy(update={"zones": (zone("P01-C0-Z1", rules=(parked(dwell=9.0),)),)})
        second = site_of(cameras=(tight, three), sensors=(), cloud=first.uplink.url)
        write(tmp_path, versioned(second, 2, broker=first.broker))
        node.process.send_signal(signal.SIGHUP)
        node.says("P01-C2 up")
        node.says("site version 2 is in force")
        (said,) = [line for line in node.lines if "site version 2 is in force" in line]
        assert "'cameras_added': ['P01-C2'], 'cameras_removed': ['P01-C1']" in said
        (tmp_path / "site.yaml").write_text("version: [\n", encoding="utf-8")  # seen without a signal
        node.says("version 2 stays in force")
        write(tmp_path, versioned(second, 3, broker=first.broker))
        node.process.send_signal(signal.SIGHUP)
        node.says("site version 3 is in force")
        assert node.end()[0] == 0
    assert node.count("P01-C0 up") == 1, "the camera that stayed was never connected anew"
    assert node.count("stays in force") == 1
    assert node.count("Traceback") == 0, "".join(node.lines)
    reports = [one for one in stored(tmp_path, Series.HEALTH) if one.device == "n1"]
    assert reports[-1].facts["site_version"] == 3
    assert any("stays in force" in str(one.facts["site_problem"]) for one in reports)
    assert any("stays in force" in one.detail for one in reports)
    assert reports[-1].facts["site_problem"] == ""


@pytest.mark.parametrize("asked", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_node_ends_within_five_seconds_while_its_cameras_stream_and_its_cloud_hangs(tmp_path, rtsp, asked):
    with FakeCloud(TOKEN) as cloud:
        cloud.constant = Fault(silent=True)
        write(tmp_path, site_of(cloud=cloud.url, cameras=tuple(at(rtsp, f"P01-C{n}") for n in range(3))))
        with running(tmp_path, "n1", **ENV) as node:
            node.says("P01-C2 up")
            assert cloud.wait(lambda: len(cloud.requests) >= 2, PATIENCE), "the uplink hangs in its requests"
            began = time.monotonic()
            node.process.send_signal(asked)
            node.says("node n1 has ended")
            assert time.monotonic() - began < 5
            assert node.process.wait(PATIENCE) == 0  # unloading its libraries takes a busy machine seconds
        assert node.count("Traceback") == 0


def test_what_the_new_site_asks_for_and_the_node_cannot_do_changes_nothing(tmp_path):
    site = site_of(sensors=(), cameras=(camera(stream_uri="rtsp://127.0.0.1:9/x"),))
    node = Node(site, "n1", tmp_path / "state", {"GRIDWATCH_NODE_TOKEN": TOKEN}, FakeDetector([]))
    waiter = threading.Thread(target=node.wait)
    node.start()
    waiter.start()
    secret = site_of(sensors=(), cameras=(camera("P01-C7", credentials="NOWHERE"),))
    try:
        with pytest.raises(EdgeError, match="NOWHERE"):
            node.on_main.ask(lambda: node.apply(versioned(secret, 2)))
        assert set(node._sight.seats) == {CAMERA}
        told = node.on_main.ask(lambda: node.apply(versioned(site_of(sensors=(), cameras=()), 3)))
        assert told.cameras_removed == (CAMERA,)
        assert node._sight.seats == {}
        assert node._reception.cameras == []
        assert node._health.wards == {}
    finally:
        began = time.monotonic()
        node.stop()
        waiter.join(PATIENCE)
        node.close()
        assert time.monotonic() - began < 10


@pytest.fixture
def plain(tmp_path):
    """A node of one camera that nobody serves, running in this process."""
    site = site_of(cameras=(camera(stream_uri="rtsp://127.0.0.1:9/x"),))
    node = Node(site, "n1", tmp_path / "state", {**SECRETS, "GRIDWATCH_NODE_TOKEN": TOKEN}, FakeDetector([]))
    waiter = threading.Thread(target=node.wait)
    node.start()
    waiter.start()
    yield node, site
    node.stop()
    waiter.join(PATIENCE)
    node.close()


def in_force(node: Node) -> tuple[set[str], ...]:
    """The cameras and sensors that each part of the node goes by."""
    seen = node._sight.seats, node._health.wards, node._reception.cameras
    return *map(set, seen), set(node._sensing._desk._sensors)


@pytest.mark.parametrize("stuck", ["sense", "sight"])
def test_a_site_is_taken_over_by_both_deciding_threads_or_by_none(plain, monkeypatch, stuck):
    node, _ = plain
    before = in_force(node)
    busy, free = threading.Event(), threading.Event()

    def work() -> None:
        busy.set()
        free.wait(PATIENCE)

    (node._sensing if stuck == "sense" else node._looking).visits.post(work)
    assert busy.wait(PATIENCE)
    new = camera("P01-C7", stream_uri="rtsp://127.0.0.1:9/x")
    other = versioned(site_of(sensors=(sensor("P01-S2"),), cameras=(new,)), 2)
    with monkeypatch.context() as patch:
        patch.setattr(visits, "PATIENCE", 5.0)  # the other thread comes well within it
        with pytest.raises(EdgeError, match=r"did not come to it within 5 s"):
            node.on_main.ask(lambda: node.apply(other), PATIENCE)
    assert in_force(node) == before
    free.set()
    told = node.on_main.ask(lambda: node.apply(other), PATIENCE)
    assert (told.cameras_added, told.sensors_added) == (("P01-C7",), ("P01-S2",))
    assert in_force(node) == ({"P01-C7"}, {"P01-C7"}, {"P01-C7"}, {"P01-S2"})


def test_a_site_that_fails_halfway_ends_the_node_rather_than_leaving_it_with_half(plain, monkeypatch):
    node, _ = plain

    def broken(*_: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(node._health, "restock", broken)
    with pytest.raises(StoreError, match="gone"):
        node.on_main.ask(lambda: node.apply(versioned(site_of(cameras=()), 2)), PATIENCE)
    assert node._stopping.wait(PATIENCE)
    assert node._crashed


def test_a_wall_clock_that_is_set_while_a_new_site_is_taken_over_stops_neither(plain, monkeypatch):
    node, site = plain
    stepped = threading.Event()

    def step() -> float:
        stepped.set()
        return 3600.0

    with monkeypatch.context() as patch:

        def work() -> None:
            patch.setattr(node._time, "stepped", step)
            assert stepped.wait(PATIENCE)
            patch.setattr(node._time, "stepped", lambda: 0.0)
            node.apply(versioned(site, 2))

        node.on_main.ask(work, PATIENCE)
    assert node._site.version == 2
    assert not node._stopping.is_set()
