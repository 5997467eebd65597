"""Writers that are killed: `python -m tests.edge.writer_for_tests DIRECTORY KILLS SEED`.

One process forks a writer, lets it go through the whole of the outbox for a random while, kills it, and forks
the next on what is left: starting Python anew each time would take most of the time. A line is printed for
each kill: the promises that the writer gave until then.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path

from devices.ids import uuid7
from devices.messages import Committed, IngestAnswer, Refusal, Series
from edge.keep import NodeStore
from tests.edge.messages_for_tests import NOON, a_condition, an_evidence
from tests.edge.test_keep_telemetry import readings

SHARE = 6 * 1024 * 1024
"""So small that the writer has to evict, too."""


def main(directory: Path, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(kills):
        ours, its = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ours)
            try:
                write(directory, its)
            finally:
                os._exit(3)  # it never ends by itself
        os.close(its)
        with os.fdopen(ours, "r") as promises:
            first = promises.readline()
            time.sleep(dice.uniform(0.0, 0.1))  # the moment of death is the input of this test
            os.kill(child, signal.SIGKILL)
            lines = [first, *promises]
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, "the writer died by itself"
        whole = [line for line in lines if line.endswith("\n")]
        print(whole[-1].strip(), flush=True)
        check(directory, *map(int, whole[-1].split()))


def write(directory: Path, promises: int) -> None:
    """Go on where the last one was killed."""
    store = NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7, share=SHARE)
    assert store.damaged == ()
    last = store.states("last")
    written = int(last.get("written", b"0"))
    kept = int(last.get("kept", b"0"))
    for number in count():
        os.write(promises, f"{written} {kept}\n".encode())
        jpeg = f"photo {written + 1}".encode() * 2_000
        sha256, _ = store.save_photo(jpeg)
        with store.transaction() as tx:
            tx.queue(a_condition(), NOON)
            tx.queue(an_evidence(sha256, len(jpeg)), NOON)
            tx.put_state("last", "written", str(written + 1).encode())
            tx.put_state("last", "kept", str(kept).encode())
        written += 1
        kept += store.keep_readings(readings(*range(kept, kept + 100), boot=str(kept)))
        if number % 2:
            settle(store)


def settle(store: NodeStore) -> None:
    for series in (Series.ALARM, Series.EVIDENCE, Series.TELEMETRY):
        sent = store.batch(series, limit=3)
        epoch = store.epoch_of(series)
        ranges = tuple((event.seq, event.seq) for event in sent[:1])
        no = [
            Refusal(series=series, epoch=epoch, seq=one.seq, code="invalid", reason="no") for one in sent[1:2]
        ]
        done = (Committed(series=series, epoch=epoch, ranges=ranges),)
        store.settle(sent, IngestAnswer(committed=done, refused=tuple(no)))
        for event in sent[2:]:
            store.refuse(event, "photo_lost", "as a test has it")


def check(directory: Path, written: int, kept: int) -> None:
    """What was promised is there, and the store is sound."""
    from edge.doctor import examine

    report = examine(directory)
    assert report.faults == (), report.faults
    assert report.figures is not None
    figures = report.figures.series
    assert all(part.missing == 0 for part in figures.values())
    evidence_and_gaps = figures[Series.EVIDENCE].numbered
    assert figures[Series.ALARM].numbered >= written
    assert evidence_and_gaps >= written
    assert not list((directory / "damaged").glob("*"))
    store = NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7, share=SHARE)
    assert store.damaged == ()
    assert int(store.states("last").get("written", b"0")) in (written, written + 1)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
