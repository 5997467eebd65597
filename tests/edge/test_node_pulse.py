"""The watchdog is fed while everything goes round, over a real notify socket, and not a moment longer."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.messages import Series
from devices.systemd import Notifier
from edge.node import node as node_file
from edge.node import pulse
from edge.node.pulse import STUCK, Watchdog
from edge.see.detector import FakeDetector
from tests.edge.points_for_tests import bodies
from tests.edge.test_node_run import SECRETS, site_of


class Systemd:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.env = {"NOTIFY_SOCKET": address.replace("\0", "@")}
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(address)
        self.sock.setblocking(False)

    def heard(self) -> list[str]:
        said: list[str] = []
        try:
            while True:
                said += self.sock.recv(4096).decode().splitlines()
        except BlockingIOError:
            return said


@pytest.fixture(params=["path", "abstract"])
def systemd(tmp_path: Path, request) -> Iterator[Systemd]:
    address = str(tmp_path / "notify") if request.param == "path" else f"\0gridwatch-{tmp_path}"
    manager = Systemd(address)
    yield manager
    manager.sock.close()


class Cabinet:
    """A node's loops, by a clock of the test's."""

    def __init__(self, systemd: Systemd) -> None:
        self.at, self.decoding = 100.0, 0.0
        self.dog = Watchdog("n1", Notifier(systemd.env), lambda: self.decoding, lambda: self.at)
        self.receiving = True

    def round(self, *loops: str, seconds: float = 10.0) -> None:
        self.at += seconds
        for loop in loops:
            self.dog.beat(loop)
        self.dog.feed(38, lambda beat: beat() if self.receiving else None)


def test_systemd_hears_that_the_node_is_ready_alive_and_ending(systemd):
    cabinet = Cabinet(systemd)
    cabinet.dog.begin()
    assert systemd.heard() == ["READY=1"]
    for _ in range(20):
        cabinet.round("sight", "sense")
        assert systemd.heard() == ["WATCHDOG=1", "STATUS=38 cameras"]
    cabinet.dog.end()
    assert systemd.heard() == ["STOPPING=1"]


@pytest.mark.parametrize("stuck", ["sight", "sense", "reception", "decoding"])
def test_a_loop_that_is_stuck_stops_the_feeding_and_is_named_once(systemd, caplog, stuck):
    cabinet = Cabinet(systemd)
    cabinet.dog.begin()
    cabinet.round("sight", "sense")
    systemd.heard()
    cabinet.receiving = stuck != "reception"
    heard = []
    with caplog.at_level(logging.INFO, "edge.node.pulse"):
        for _ in range(12):
            cabinet.decoding += 10.0 * (stuck == "decoding")
            cabinet.round(*{"sight", "sense"} - {stuck})
            heard += systemd.heard()
    assert heard.count("WATCHDOG=1") <= STUCK / 10 + 1
    assert heard[-1] == f"STATUS=stuck: {stuck}"
    assert len(caplog.records) == 1
    cabinet.receiving, cabinet.decoding = True, 0.0
    cabinet.round("sight", "sense", seconds=1.0)
    cabinet.round("sight", "sense", seconds=1.0)
    assert systemd.heard()[-2] == "WATCHDOG=1"


def test_without_systemd_nothing_is_said_and_a_manager_that_went_is_no_error(systemd):
    Notifier({}).ready()
    systemd.sock.close()
    Notifier(systemd.env).alive("well")


@pytest.fixture
def running(tmp_path, systemd, monkeypatch):
    """A whole node, without cameras, whose rounds are quick; and the file that moves its wall clock."""
    monkeypatch.setattr(node_file, "WINDOW", 0.2)
    monkeypatch.setattr(pulse, "STUCK", 2.0)
    offset = tmp_path / "offset"
    offset.write_text("0")
    env = {**SECRETS, **systemd.env, "GRIDWATCH_CLOCK_OFFSET_FILE": str(offset)}
    node = node_file.Node(site_of(), "n1", tmp_path / "state", env, FakeDetector([]))
    thread = threading.Thread(target=node.wait, daemon=True)
    node.start()
    thread.start()
    yield node, offset
    node.stop()
    thread.join(30)
    node.close()


def until(said, patience: float = 30.0) -> None:
    end = time.monotonic() + patience
    while not said():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_running_node_feeds_the_watchdog_until_its_looking_loop_is_wedged(running, systemd, monkeypatch):
    node, _ = running
    said: list[str] = []

    def heard(word: str) -> bool:
        said.extend(systemd.heard())
        return word in said

    until(lambda: heard("READY=1") and heard("WATCHDOG=1"))
    free = threading.Event()
    monkeypatch.setattr(node._looking, "_tend", lambda: free.wait(60))
    until(lambda: heard("STATUS=stuck: sight"))
    said.clear()
    time.sleep(1.0)
    assert not heard("WATCHDOG=1")
    free.set()
    until(lambda: heard("WATCHDOG=1"))


def test_a_wall_clock_that_is_set_is_told_with_the_nodes_health_and_logged_once(running, caplog):
    node, offset = running
    with caplog.at_level(logging.WARNING, "edge.node.node"):
        for by, word in (("3600", "+1 h"), ("0", "-1 h")):
            offset.write_text(by)

            def told(word: str = word) -> bool:
                reports = [one for one in bodies(node.store, Series.HEALTH) if one.device == "n1"]
                return f"node clock stepped by {word} at" in reports[-1].detail

            until(told)
    last = [one for one in bodies(node.store, Series.HEALTH) if one.device == "n1"][-1]
    assert last.facts["clock_step_s"] == pytest.approx(-3600, abs=2)
    steps = [record for record in caplog.records if "node clock stepped" in record.getMessage()]
    assert len(steps) == 2
