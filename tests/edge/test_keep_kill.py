from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def kill(directory: Path, kills: int, seed: int, seconds: float) -> None:
    """Kill writers at random moments; each time what they promised is looked for."""
    command = [sys.executable, "-m", "tests.edge.writer_for_tests", str(directory), str(kills), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr
    promised = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(promised) == kills
    # Readings of the last round are kept before it is noted how many: the next writer may keep them again.
    written = [each for each, _ in promised]
    assert written == sorted(written)
    assert written[-1] > kills // 2, "the writers hardly wrote"


def test_a_writer_killed_at_any_moment_loses_nothing_it_promised(tmp_path: Path) -> None:
    kill(tmp_path, 12, seed=7, seconds=240)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_writer_killed_a_thousand_times_loses_nothing_it_promised(tmp_path: Path) -> None:
    kill(tmp_path, 1000, seed=11, seconds=3500)
