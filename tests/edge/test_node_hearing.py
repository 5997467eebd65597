"""A node that listens to its cameras, over real sockets: what it does with what they say, and outages."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator

import pytest

from devices.messages import HintKind
from devices.site.model import HealthKind
from edge.node import hearing as module
from edge.node.hearing import Hearing
from edge.send.pace import Pace
from simulators.broker import free_port
from simulators.cameras.onvif import Fault, serve_onvif
from simulators.cameras.onvif_events import MOTION, TAMPER, EventFault
from tests.devices.onvif_peers import PASSWORD, RIGHT, device, running_loop
from tests.edge.points_for_tests import camera

ENV = {
    "CAM_USER": RIGHT.user,
    "CAM_PASSWORD": RIGHT.password,
    "BAD_USER": "viewer",
    "BAD_PASSWORD": "hunter2",
}
QUICK = Pace(first=0.05, longest=0.1, denied=0.1)
PATIENCE = 20.0


class House:
    """A hearing on its thread, and what it did."""

    def __init__(self, cameras, *, delivers=lambda _: True, pace=QUICK) -> None:
        self.woken: list[str] = []
        self.measured: list[str] = []
        self.facts: dict[str, dict] = defaultdict(dict)
        self.lines: list[tuple[str, str]] = []
        """What was logged."""
        self.changed = threading.Condition()
        self._handler = logging.Handler()
        self._handler.emit = lambda one: self._done(self.lines.append, (one.levelname, one.getMessage()))
        module.log.addHandler(self._handler)
        module.log.setLevel(logging.INFO)
        self.hearing = Hearing(
            cameras,
            ENV,
            delivers,
            lambda name: self._done(self.woken.append, name),
            lambda name: self._done(self.measured.append, name),
            lambda name, facts: self._done(self.facts[name].update, facts),
            chance=lambda: 0.5,
            pace=pace,
        )
        self.threads = [
            threading.Thread(target=work, name=name, daemon=True) for name, work in self.hearing.jobs
        ]
        for thread in self.threads:
            thread.start()

    def _done(self, what, value) -> None:
        with self.changed:
            what(value)
            self.changed.notify_all()

    def wait(self, so) -> None:
        with self.changed:
            assert self.changed.wait_for(so, PATIENCE), (self.woken, dict(self.facts))

    def logged(self, text: str) -> None:
        self.wait(lambda: any(text in line for _, line in self.lines))

    def heard(self, name: str) -> None:
        self.wait(lambda: self.facts[name].get("events") == "heard")

    def end(self) -> None:
        self.hearing.stop()
        module.log.removeHandler(self._handler)
        module.log.setLevel(logging.NOTSET)
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def loop() -> Iterator:
    with running_loop() as run:
        yield run


@pytest.fixture
def served(loop):
    """Serve a camera; all are closed at the end."""
    servers = []

    def serve(name: str = "C1", port: int = 0, **more):
        servers.append(loop(serve_onvif(device(name, **more), "127.0.0.1", port)))
        return servers[-1]

    yield serve
    for server in servers:
        loop(server.close())


@pytest.fixture
def listen():
    houses = []

    def make(*cameras, **more) -> House:
        houses.append(House(cameras, **more))
        return houses[-1]

    yield make
    for house in houses:
        house.end()


def at(server, name: str = "C1", **more):
    return camera(name, **{"port": server.port, "credentials": "CAM"} | more)


def say(loop, server, topic, on=True) -> None:
    async def work():
        server.events.say(topic, on)

    loop(work())


def test_motion_wakes_that_camera_and_no_other_and_one_thread_listens_to_all(loop, served, listen):
    servers = {f"C{n}": served(f"C{n}") for n in range(6)}
    house = listen(*(at(server, name) for name, server in servers.items()))
    for name in servers:
        house.heard(name)
    assert house.facts["C3"]["offers"] == "motion tamper scene_change blurry dark bright"
    say(loop, servers["C3"], MOTION)
    house.wait(lambda: house.woken == ["C3"] and house.facts["C3"].get("says") == "motion")
    say(loop, servers["C3"], MOTION, on=False)
    house.wait(lambda: house.facts["C3"]["says"] == "")
    assert house.measured == []
    assert len(house.threads) == 1


def test_tamper_has_health_measured_and_is_evidence_until_the_camera_takes_it_back_and_a_while_longer(
    loop, served, listen
):
    server = served()
    house = listen(at(server))
    house.heard("C1")
    say(loop, server, TAMPER)
    house.wait(lambda: (house.measured, house.woken) == (["C1"], ["C1"]))
    assert house.hearing.evidence("C1", HealthKind.COVERED) == (HintKind.TAMPER,)
    say(loop, server, TAMPER, on=False)
    house.wait(lambda: house.facts["C1"].get("says") == "")
    assert house.hearing.evidence("C1", HealthKind.COVERED) == (HintKind.TAMPER,)
    assert house.hearing.evidence("C1", HealthKind.FROZEN) == ()
    assert house.hearing.evidence("C9", HealthKind.COVERED) == ()


def test_a_camera_is_not_asked_whose_events_are_off_that_has_no_onvif_or_that_delivers_no_pictures(
    served, listen, monkeypatch
):
    monkeypatch.setattr(module, "READY", 0.02)
    silent, bare, heard = served("C1"), served("C2"), served("C3")
    asked, delivers = threading.Event(), threading.Event()

    def state(name: str) -> bool:
        asked.set()
        return delivers.is_set()

    house = listen(
        at(silent, "C1", events=False),
        at(bare, "C2", stream_uri="rtsp://127.0.0.1:1/x"),
        at(heard, "C3"),
        delivers=state,
    )
    assert asked.wait(PATIENCE)
    assert heard.events.calls == {}
    delivers.set()
    house.heard("C3")
    assert silent.events.calls == bare.events.calls == {}
    assert listen(at(silent, "C1", events=False)).threads == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault.GARBAGE,
        Fault.REFUSE_AUTH,
        EventFault.NONE,
        EventFault.EXPIRED,
        EventFault.GARBAGE,
    ],
)
def test_a_camera_that_misbehaves_is_said_once_costs_the_others_nothing_and_is_heard_once_it_behaves(
    loop, served, listen, fault, monkeypatch
):
    monkeypatch.setattr(module, "STEADY", 0.5)
    bad, good = served("C1", faults=frozenset({fault})), served("C2")
    house = listen(at(bad, "C1"), at(good, "C2"))
    house.logged("C1: its events are not heard")
    house.heard("C2")
    say(loop, good, MOTION)
    house.wait(lambda: house.woken == ["C2"])
    bad.faults.clear()
    house.heard("C1")
    say(loop, bad, TAMPER)
    house.wait(lambda: "C1" in house.woken)
    house.logged("C1: its events are heard again")
    assert [level for level, line in house.lines if "C1: its events" in line] == ["WARNING", "INFO"]
    assert not any(PASSWORD in line for _, line in house.lines)


def test_a_wrong_password_is_tried_no_more_for_a_long_while(served, listen):
    server = served()
    house = listen(at(server, credentials="BAD"), pace=Pace(denied=600.0))
    house.logged("refuses the credentials")
    assert not any("hunter2" in line for _, line in house.lines)
    assert server.events.calls == {}  # it came no further than the first question with a log-in


def test_a_camera_that_restarts_is_heard_again_and_what_it_said_before_holds_no_more(loop, served, listen):
    port = free_port()
    server = served(port=port)
    house = listen(at(server))
    house.heard("C1")
    say(loop, server, TAMPER)
    house.wait(lambda: house.measured == ["C1"])
    loop(server.close())
    house.wait(lambda: house.facts["C1"]["events"] == "not heard")
    assert house.hearing.said("C1").on == frozenset()
    again = served(port=port)
    house.heard("C1")
    say(loop, again, TAMPER)
    house.wait(lambda: house.measured == ["C1", "C1"])


def test_whoever_ends_gives_all_pull_points_back(served, listen):
    servers = [served(f"C{n}") for n in range(4)]
    house = listen(*(at(server, f"C{n}") for n, server in enumerate(servers)))
    for n in range(4):
        house.heard(f"C{n}")
    house.end()
    assert [server.events.points for server in servers] == [{}] * 4


def test_a_defect_costs_the_other_cameras_nothing(loop, served, listen):
    servers = {f"C{n}": served(f"C{n}") for n in range(2)}
    house = listen(*(at(server, name) for name, server in servers.items()))
    for name in servers:
        house.heard(name)
    house.hearing._closely = None
    say(loop, servers["C0"], TAMPER)
    house.logged("a defect in listening")
    say(loop, servers["C1"], MOTION)
    house.wait(lambda: "C1" in house.woken)


def test_it_may_be_stopped_before_it_began():
    hearing = Hearing([camera("C1")], {}, lambda _: True, print, print, print)
    hearing.stop()
    [(_, work)] = hearing.jobs
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
