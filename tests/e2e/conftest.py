"""A browser, a fake cloud and the wall, for the tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.fake_cloud import DIST, FakeCloud
from tests.e2e.wall_page import CHROMIUM, CHROMIUM_ARGUMENTS, Wall


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: install Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def fake_cloud() -> Iterator[FakeCloud]:
    assert (DIST / "index.html").exists(), "the page is not built: run `npm ci && npm run build` in cloud/web"
    cloud = FakeCloud()
    cloud.start()
    yield cloud
    cloud.stop()


@pytest.fixture
def wall(chromium: Browser, fake_cloud: FakeCloud) -> Iterator[Wall]:
    """A fresh profile on a 1920 × 1080 screen; every fault on the page fails the test."""
    wall = Wall(chromium, fake_cloud)
    yield wall
    wall.close()
    assert wall.faults == []
