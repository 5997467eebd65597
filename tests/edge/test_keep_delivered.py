"""What the cloud took stays some days, and is sent again to a cloud that was restored from a backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.losses import Gap
from devices.messages import Committed, Event, IngestAnswer, Series
from edge.doctor import examine
from edge.keep import GIB, NodeStore
from tests.edge.messages_for_tests import NOON, a_condition, a_health, an_evidence

A, B = uuid7(), uuid7()


class Cabinet:
    """A node's store, its clock, and what a cloud would answer."""

    def __init__(self, directory: Path, share: int = 2 * GIB, keep: timedelta = timedelta(days=7)) -> None:
        self.directory, self.now = directory, NOON
        self.store = NodeStore.open(
            directory, "n1", now=lambda: self.now, new_id=uuid7, share=share, keep_delivered=keep
        )

    def tell(self, photo: bytes | None = None) -> None:
        with self.store.transaction() as tx:
            tx.queue(a_condition(), self.now)
            tx.queue(a_health(), self.now)
        if photo is not None:
            sha256, _ = self.store.save_photo(photo)
            with self.store.transaction() as tx:
                tx.queue(an_evidence(sha256, len(photo)), self.now)

    def waiting(self) -> list[Event]:
        return [one for series in Series for one in self.store.batch(series)]

    def deliver(self, ledger: UUID | None) -> list[Event]:
        """One exchange: all that waits is committed."""
        sent = self.waiting()
        committed = tuple(
            Committed(series=one.series, epoch=one.epoch, ranges=((one.seq, one.seq),)) for one in sent
        )
        self.store.settle(sent, IngestAnswer(committed=committed, ledger=ledger))
        return sent


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    made = Cabinet(tmp_path)
    yield made
    assert examine(tmp_path).faults == ()
    made.store.close()


def test_to_a_restored_cloud_alarms_and_evidence_are_sent_again_as_they_were(cabinet: Cabinet) -> None:
    cabinet.tell(b"\xff\xd8\xffphoto")
    first = cabinet.deliver(A)
    assert cabinet.waiting() == []
    cabinet.store.settle([], IngestAnswer(ledger=B))
    again = cabinet.waiting()
    assert [one for one in again if one.series is not Series.HEALTH] == [
        one for one in first if one.series is not Series.HEALTH
    ]
    photo = next(one for one in again if one.series is Series.EVIDENCE).data["sha256"]
    assert cabinet.store.photo(photo) == b"\xff\xd8\xffphoto"


def test_what_is_not_kept_is_named_by_a_gap(cabinet: Cabinet) -> None:
    for _ in range(3):
        cabinet.tell()
    cabinet.deliver(A)
    cabinet.store.settle([], IngestAnswer(ledger=B))
    (told,) = cabinet.store.batch(Series.HEALTH)
    gap = told.body()
    assert isinstance(gap, Gap)
    assert (gap.series, gap.ranges, gap.cause, told.seq) == (Series.HEALTH, ((1, 3),), "cloud_restored", 4)


def test_the_same_ledger_and_a_cloud_that_names_none_ask_for_nothing_again(cabinet: Cabinet) -> None:
    cabinet.tell()
    for ledger in (None, A, A, None, A):
        cabinet.deliver(ledger)
        assert cabinet.waiting() == []


def test_a_restart_remembers_the_ledger(tmp_path: Path) -> None:
    cabinet = Cabinet(tmp_path)
    cabinet.tell()
    cabinet.deliver(A)
    cabinet.store.close()
    again = Cabinet(tmp_path)
    again.store.settle([], IngestAnswer(ledger=A))
    assert again.waiting() == []
    again.store.settle([], IngestAnswer(ledger=B))
    assert [one.series for one in again.waiting()] == [Series.ALARM, Series.HEALTH]
    again.store.close()


def test_after_the_days_are_over_message_and_photo_are_gone(cabinet: Cabinet) -> None:
    cabinet.tell(b"\xff\xd8\xffold")
    cabinet.deliver(A)
    cabinet.now += timedelta(days=7, seconds=1)
    cabinet.tell()
    cabinet.deliver(A)
    assert list((cabinet.directory / "photos").rglob("*.*")) == []
    cabinet.store.settle([], IngestAnswer(ledger=B))
    assert [one.seq for one in cabinet.store.batch(Series.ALARM) if one.seq < 3] == [2]


def test_what_the_cloud_has_gives_way_before_anything_else(tmp_path: Path) -> None:
    cabinet = Cabinet(tmp_path, share=64 * 1024**2)
    big = 3 * 1024**2
    for number in range(30):
        cabinet.tell(b"\xff\xd8\xff" + bytes([number]) * big)
        cabinet.deliver(A)
    cabinet.tell(b"\xff\xd8\xff waits")
    used = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert used < 64 * 1024**2
    assert {one.series for one in cabinet.waiting()} == {Series.ALARM, Series.EVIDENCE, Series.HEALTH}
    assert cabinet.store.facts() == {"refused": 0, "evicted": 0}
    cabinet.store.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["tell", "deliver", "restore", "backup"]), min_size=1, max_size=25))
def test_in_any_order_every_number_is_with_the_cloud_waits_or_is_named(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """The cloud as a set of numbers; a restore goes back to what it had at its last backup."""
    directory = tmp_path_factory.mktemp("any")
    cabinet, ledger = Cabinet(directory), uuid7()
    there: set[tuple[Series, int]] = set()
    backup: set[tuple[Series, int]] = set()

    def deliver() -> None:
        for event in cabinet.deliver(ledger):
            there.add((event.series, event.seq))
            body = event.body()
            if isinstance(body, Gap):
                there.update((body.series, n) for low, high in body.ranges for n in range(low, high + 1))

    for step in steps:
        if step == "tell":
            cabinet.tell()
        elif step == "backup":
            cabinet.now += timedelta(days=3)
            backup = set(there)
        elif step == "restore":
            there, ledger = set(backup), uuid7()
        else:
            deliver()
    deliver()
    deliver()
    numbered = {(report.series, seq) for report in cabinet.store.standing() for seq in range(1, report.next)}
    assert numbered == there
    assert examine(directory).faults == ()
    cabinet.store.close()
