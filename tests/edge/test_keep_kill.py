from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.messages import Series
from edge.keep import NodeStore
from tests.edge.messages_for_tests import NOON

ROOT = Path(__file__).parents[2]


def write_and_kill(directory: Path, seconds: float) -> int:
    """Let a child write for a while after its first transaction, kill it; returns its last promise."""
    command = [sys.executable, "-m", "tests.edge.writer_for_tests", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(seconds)  # the moment of death is the input of this test
        child.kill()
        lines += child.stdout.readlines()
    whole = [line for line in lines if line.endswith("\n")]
    return int(whole[-1].split()[0])


def check_after_kills(directory: Path, kills: int) -> None:
    dice = random.Random(7)
    for _ in range(kills):
        promised = write_and_kill(directory, dice.uniform(0.0, 0.15))
        store = NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7)
        try:
            assert store.damaged == ()
            figures = store.figures().series
            kept = figures[Series.ALARM].queued
            assert kept in (promised, promised + 1)  # the last may have been kept and not yet told
            assert figures[Series.EVIDENCE].queued == kept
            assert store.states("last") == {"written": str(kept).encode()}
            alarms = store.batch(Series.ALARM, limit=10**6, limit_bytes=10**9)
            assert [event.seq for event in alarms] == list(range(1, kept + 1))
            evidence = store.batch(Series.EVIDENCE, limit=10**6, limit_bytes=10**9)
            photos = {event.data["sha256"] for event in evidence}
            assert all(store.photo(sha256) for sha256 in photos)
            assert {path.stem for path in (directory / "evidence").glob("*/*")} == photos
        finally:
            store.close()


def test_a_writer_killed_at_any_moment_loses_nothing_it_promised(tmp_path: Path) -> None:
    check_after_kills(tmp_path, kills=4)


@pytest.mark.long
def test_a_writer_killed_a_hundred_times_loses_nothing_it_promised(tmp_path: Path) -> None:
    check_after_kills(tmp_path, kills=100)
