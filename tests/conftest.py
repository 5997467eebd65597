"""The order of the tests: what leaves a browser or a whole demo running for its neighbours comes last."""

from __future__ import annotations

import pytest

LAST = ("tests/e2e/test_wall", "tests/e2e/test_demo")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Playwright keeps an event loop in this thread, and a demo takes half the machine."""
    items.sort(
        key=lambda item: next((i for i, name in enumerate(LAST, 1) if item.nodeid.startswith(name)), 0)
    )
