"""The order of the tests: what leaves a browser or a whole demo running for its neighbours comes last.

Nothing that Hypothesis shows is timed: what is slow on a busy machine is no fault.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
LAST = ("tests/e2e/test_wall", "tests/e2e/test_demo")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Playwright keeps an event loop in this thread, and a demo takes half the machine."""
    items.sort(
        key=lambda item: next((i for i, name in enumerate(LAST, 1) if item.nodeid.startswith(name)), 0)
    )
