"""The power goes at any moment: what was promised is there, and the store is sound."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from devices.ids import uuid7
from devices.messages import Committed, IngestAnswer, Refusal, Series, Telemetry
from edge.doctor import examine
from edge.keep import NodeStore
from edge.keep.files import Files
from tests.edge.messages_for_tests import NOON, a_condition, an_evidence
from tests.edge.power_cut_for_tests import Flushes, Trace, TracedDisk, TracedFiles, connect
from tests.edge.test_keep_telemetry import readings

ROUNDS = 14


class Told(NamedTuple):
    """What was promised."""

    written: int
    """Transactions with an alarm, a photo and the state."""
    readings: int
    settled: int
    """Alarms that the cloud has: their numbers may never be given again."""


def opened(directory: Path, files: Files | None = None) -> NodeStore:
    return NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7, files=files)


def write_one(store: NodeStore, number: int) -> None:
    jpegs = [f"{kind} of {number}".encode() * 300 for kind in ("empty", "present")]
    photos = [store.save_photo(jpeg)[0] for jpeg in jpegs]
    with store.transaction() as tx:
        tx.queue(a_condition(), NOON)
        for sha256, jpeg in zip(photos, jpegs, strict=True):
            tx.queue(an_evidence(sha256, len(jpeg)), NOON)
        tx.put_state("last", "written", str(number).encode())


def settle_some(store: NodeStore) -> int:
    """The cloud takes two alarms and two photos, and refuses a third photo."""
    done = 0
    for series in (Series.ALARM, Series.EVIDENCE):
        sent = store.batch(series, limit=3)
        ranges = tuple((event.seq, event.seq) for event in sent[:2])
        refused = tuple(
            Refusal(series=series, epoch=store.epoch, seq=event.seq, code="invalid", reason="no")
            for event in sent[2:]
            if series is Series.EVIDENCE
        )
        answer = IngestAnswer(
            committed=(Committed(series=series, epoch=store.epoch, ranges=ranges),), refused=refused
        )
        settled = store.settle(sent, answer)
        done += settled.committed if series is Series.ALARM else 0
    return done


def recorded(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Trace:
    """A store's life: written to, sent from, evicted from, its logs folded in often, opened anew."""
    trace = Trace()
    disk = TracedDisk(trace)
    settled = kept = 0
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        patch.setattr(os, "fsync", Flushes(trace))
        store = opened(directory, TracedFiles(trace))
        for number in range(1, ROUNDS + 1):
            for book in (store._book, store._readings.book):
                book.connection.execute("PRAGMA wal_autocheckpoint = 12")
            write_one(store, number)
            trace.promise(Told(number, kept, settled))
            kept += store.keep_readings(readings(*range(number * 200, number * 200 + 200)))
            trace.promise(Told(number, kept, settled))
            if number % 3 == 0:
                settled += settle_some(store)
                trace.promise(Told(number, kept, settled))
            if number % 4 == 0:
                first = store.batch(Series.EVIDENCE, limit=1)[0]
                _, photos = store._book.evict(Series.EVIDENCE, [first.seq])
                store._release(photos)
                store._book.give_back(100)
            if number == ROUNDS // 2:
                store.close()
                store = opened(directory, TracedFiles(trace))
        store.close()
    disk.unregister()
    return trace


def laid_out(files: dict[Path, bytes], origin: Path, target: Path) -> None:
    for path, content in files.items():
        place = target / path.relative_to(origin)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def check(directory: Path, told: Told | None) -> None:
    store = opened(directory)
    try:
        if told is None:
            return
        assert store.damaged == ()
        figures = store.figures().series
        written = int(store.states("last")["written"])
        assert told.written <= written <= told.written + 1
        assert figures[Series.ALARM].numbered == written
        assert figures[Series.ALARM].accepted >= told.settled
        batches = [event.body() for event in store.batch(Series.TELEMETRY, limit=1000)]
        numbered = sum(len(body.readings) for body in batches if isinstance(body, Telemetry))
        assert numbered + store.figures().unnumbered >= told.readings
    finally:
        store.close()
    assert examine(directory).faults == ()


def replay(trace: Trace, moments: list[int], origin: Path, scratch: Path) -> None:
    for moment in moments:
        target = scratch / str(moment)
        files, promised = trace.after_power_cut(moment, random.Random(moment))
        laid_out(files, origin, target)
        target.mkdir(parents=True, exist_ok=True)
        try:
            check(target, promised[0] if promised else None)
        except BaseException as error:
            error.add_note(
                f"power cut after step {moment} of {len(trace.steps)}: {trace.steps[moment - 1]!r:.200}"
            )
            raise
        shutil.rmtree(target)


def test_after_a_loss_of_power_at_any_moment_what_was_promised_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = recorded(tmp_path / "store", monkeypatch)
    moments = random.Random(3).sample(range(1, len(trace.steps) + 1), 60)
    replay(trace, moments, tmp_path / "store", tmp_path / "after")


@pytest.mark.long
def test_after_a_loss_of_power_at_every_moment_what_was_promised_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = recorded(tmp_path / "store", monkeypatch)
    for times in range(6):
        replay(trace, list(range(1, len(trace.steps) + 1)), tmp_path / "store", tmp_path / f"after{times}")
