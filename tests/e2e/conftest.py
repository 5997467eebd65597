"""A browser, a fake cloud and the wall, for the tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.demo_process import DemoProcess
from tests.e2e.fake_cloud import DIST, FakeCloud
from tests.e2e.stage import Stage
from tests.e2e.wall_page import CHROMIUM, CHROMIUM_ARGUMENTS, Wall


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Playwright keeps an event loop in this thread: it ends with the file, since others need their own."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: install Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The real cloud with a dozen alarms; one for the tests of a file."""
    assert (DIST / "index.html").exists(), "the page is not built: run `npm ci && npm run build` in cloud/web"
    stage = Stage()
    yield stage
    stage.stop()


@pytest.fixture(scope="package")
def demo_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    demo = DemoProcess(tmp_path_factory.mktemp("demo") / "state")
    yield demo
    demo.stop()


@pytest.fixture
def demo(demo_of_the_session: DemoProcess) -> DemoProcess:
    """The demo of all 38 cameras, running; one for all tests, which leave it running or restart it."""
    if not demo_of_the_session.runs:
        demo_of_the_session.start()
    return demo_of_the_session


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
