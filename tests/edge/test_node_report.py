"""How devices stand, as health messages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.messages import DeviceStatus, Series
from edge.keep import NodeStore
from edge.node.report import Reporter
from tests.edge.points_for_tests import NOON, bodies, disk_full, open_store

UP, STALLED, REFUSED = DeviceStatus.UP, DeviceStatus.STALLED, DeviceStatus.REFUSED


class Office:
    """A reporter whose clock is moved by hand."""

    def __init__(self, store: NodeStore) -> None:
        self.store = store
        self.now = NOON
        self.woken = 0
        self.reporter = Reporter(
            "n1", store, lambda: self.now, self._wake, lambda: (self.now - NOON).total_seconds()
        )

    def _wake(self) -> None:
        self.woken += 1

    def tell(self, status: DeviceStatus, detail: str, after: float = 0.0) -> None:
        self.now += timedelta(seconds=after)
        self.reporter.tell("P01-C1", "camera", status, detail)

    def health(self):
        return bodies(self.store, Series.HEALTH)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store = open_store(tmp_path)
    yield Office(store)
    store.close()


def test_health_is_queued_when_the_status_or_the_sentence_changes(office):
    office.tell(UP, "delivers pictures")
    office.tell(UP, "delivers pictures", after=10)
    office.tell(STALLED, "nothing came for 10 s", after=10)
    office.tell(STALLED, "the stream broke", after=10)
    office.tell(STALLED, "the stream broke", after=10)
    office.tell(UP, "delivers pictures", after=10)
    assert [(one.status, one.detail) for one in office.health()] == [
        (UP, "delivers pictures"),
        (STALLED, "nothing came for 10 s"),
        (STALLED, "the stream broke"),
        (UP, "delivers pictures"),
    ]
    assert office.woken == 4


def test_since_is_when_the_status_changed_whatever_was_said_afterwards(office):
    office.tell(STALLED, "nothing came for 10 s")
    office.tell(STALLED, "the stream broke", after=30)
    office.tell(REFUSED, "the camera refuses", after=30)
    assert [(one.since - NOON).total_seconds() for one in office.health()] == [0, 0, 60]
    assert [(one.checked_at - NOON).total_seconds() for one in office.health()] == [0, 30, 60]


def test_every_device_is_repeated_with_the_facts_noted_meanwhile(office):
    office.reporter.repeat()
    assert office.health() == []
    office.tell(UP, "delivers pictures")
    office.reporter.tell("n1", "node", UP, "runs")
    office.reporter.note("P01-C1", {"fps": 25.0, "codec": "h264"})
    office.reporter.note("P01-C1", {"fps": 12.5})
    office.now += timedelta(seconds=60)
    office.reporter.repeat()
    first, _, camera, node = office.health()
    assert first.facts == {}
    assert (camera.device, camera.kind, camera.facts) == ("P01-C1", "camera", {"fps": 12.5, "codec": "h264"})
    assert (node.device, node.kind, node.since) == ("n1", "node", NOON)
    assert camera.checked_at == NOON + timedelta(seconds=60)


def test_a_device_is_logged_once_when_it_goes_and_once_when_it_is_back(office, caplog):
    with caplog.at_level(logging.INFO, "edge.node.report"):
        office.tell(UP, "delivers pictures")
        for detail in ("nothing came", "the stream broke", "nothing came"):
            office.tell(STALLED, detail)
        for status in (DeviceStatus.UNREACHABLE, STALLED, REFUSED):
            office.tell(status, "another rung of the ladder is no second outage")
        office.tell(UP, "delivers pictures")
        office.reporter.repeat()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "P01-C1 up: delivers pictures"),
        ("WARNING", "P01-C1 stalled: nothing came"),
        ("INFO", "P01-C1 up: delivers pictures"),
    ]


def test_a_camera_that_reboots_each_minute_all_night_does_not_fill_the_log(office, caplog):
    with caplog.at_level(logging.INFO, "edge.node.report"):
        office.tell(UP, "delivers pictures")
        for _ in range(8 * 60):
            office.tell(STALLED, "the camera closed the connection", after=20)
            office.tell(UP, "delivers pictures", after=40)
            office.reporter.repeat()
        for _ in range(15):
            office.now += timedelta(minutes=1)
            office.reporter.repeat()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1 + 4 * 2 + 2 + 1
    assert told[-2:] == [
        "P01-C1 comes and goes: told no more until it holds for 10 min",
        "P01-C1 holds again: delivers pictures",
    ]
    office.tell(STALLED, "nothing came", after=60)
    assert caplog.records[-1].getMessage() == "P01-C1 stalled: nothing came"


def test_the_wall_clock_may_be_set_without_changing_how_long_a_device_is_away(office):
    office.tell(STALLED, "nothing came")
    office.now += timedelta(hours=1, minutes=5)
    office.reporter.wall_stepped(3600.0)
    office.reporter.repeat()
    last = office.health()[-1]
    assert last.checked_at - last.since == timedelta(minutes=5)


def test_a_sentence_of_any_length_fits_into_the_message(office):
    office.tell(STALLED, "é" * 5000)
    assert len(office.health()[0].detail) == 500


def test_a_failing_store_is_logged_once_each_way_and_the_next_repeat_tells_how_it_stands(
    office, caplog, monkeypatch
):
    with caplog.at_level(logging.INFO, "edge.node.trouble"):
        with disk_full(monkeypatch):
            office.tell(STALLED, "nothing came")
            office.reporter.repeat()
            office.reporter.repeat()
        assert office.health() == []
        assert office.woken == 0
        office.reporter.repeat()
        office.reporter.repeat()
    assert [one.status for one in office.health()] == [STALLED, STALLED]
    lines = [record for record in caplog.records if record.name == "edge.node.trouble"]
    assert [line.levelname for line in lines] == ["ERROR", "INFO"]
    assert "no space left" in lines[0].getMessage()


def test_many_threads_may_tell_at_once(office):
    def tell(device: str) -> None:
        for number in range(20):
            office.reporter.tell(device, "camera", STALLED, str(number))
            office.reporter.note(device, {"number": number})

    threads = [threading.Thread(target=tell, args=(f"C{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    told = office.store.figures().series[Series.HEALTH]
    assert told.queued == 100
