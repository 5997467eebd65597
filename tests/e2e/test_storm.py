"""A storm of alarms before a real wall: the one that matters stands on top at once, and the page answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.stage import Stage
from tests.e2e.storm import weather

pytestmark = pytest.mark.browser
IN_VIEW = 60
"""More rows than a screen shows: what is out of view is not in the page."""


@pytest.fixture(scope="module")
def calm() -> Iterator[Stage]:
    """A street where nothing is the matter yet."""
    stage = Stage(seeded=False)
    yield stage
    stage.stop()


@pytest.mark.parametrize("seconds", [6, pytest.param(300, marks=pytest.mark.long)])
def test_in_a_storm_the_critical_one_stands_on_top_and_the_page_answers(
    chromium: Browser, calm: Stage, seconds: int
) -> None:
    """Bounds for a machine that does ten other things; `python -m tests.e2e.storm` tells what it takes."""
    seen = weather(chromium, calm, seconds)
    assert seen.alarms == seconds * 5 * len(calm.site.points) + 1
    assert seen.to_screen_ms < 10_000
    assert seen.longest_block_ms < 1_500
    assert seen.rows < IN_VIEW
    assert seen.behind_s < 10
    if seconds >= 300:
        assert seen.heap_late_mb < 2 * seen.heap_early_mb
