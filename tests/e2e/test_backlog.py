"""After an outage four nodes send what waited; what is live meanwhile does not wait for it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.backlog import drain


@pytest.fixture
def roomy() -> Iterator[Path]:
    """A directory that the database's user can reach."""
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-test-"))
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize(
    ("per_node", "within_s", "live_within_s"),
    [(150, 120.0, 5.0), pytest.param(10_000, 600.0, 1.0, marks=pytest.mark.long)],
)
def test_a_backlog_drains_and_a_live_alarm_passes_it(
    roomy: Path, per_node: int, within_s: float, live_within_s: float
) -> None:
    """The short form runs beside other tests, so its live alarms have more time."""
    seen = drain(roomy, per_node)
    assert seen.took_s < within_s
    assert max(seen.live_s) < live_within_s
    assert seen.called == 0
    assert sum(line["accepted"] for line in seen.ledgers.values()) == seen.alarms + len(seen.live_s)
    assert {line["missing"] + line["waiting"] for line in seen.ledgers.values()} == {0}
