"""The wall as a test sees it: one fresh browser profile, and a record of whatever went wrong on the page."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Route, expect

from tests.e2e.fake_cloud import PASSWORD, USER, FakeCloud

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
SOON = 60_000
"""Milliseconds that anything on the page may take, on a busy machine: a new page is a new process."""
expect.set_options(timeout=SOON)
REFUSAL = re.compile(r"the server responded with a status of (401|409|412|422)")
"""The browser logs every refused request; these are asked for by the tests."""


class Screen:
    """A page at one origin. Requests to anywhere else are refused and counted as faults."""

    def __init__(
        self,
        browser: Browser,
        origin: str,
        *,
        size: tuple[int, int] = (1920, 1080),
        language: str | None = None,
        theme: str | None = None,
    ) -> None:
        self.origin = origin
        self.faults: list[str] = []
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(SOON)
        self.context.route("**/*", self._guard)
        for key, value in (("language", language), ("theme", theme)):
            if value:
                self.context.add_init_script(f"localStorage.setItem('gridwatch.{key}', '{value}')")
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._console)

    def close(self) -> None:
        self.context.close()

    def visit(self) -> None:
        self.page.goto(self.origin)
        self.page.wait_for_selector("form")

    def sign_in(self, password: str, username: str = USER) -> None:
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", password)
        self.page.click("[type=submit]")

    def row(self, text: str) -> Locator:
        """The first row that has `text`."""
        return self.page.locator(".row", has_text=text).first

    def chip(self) -> Locator:
        """The state in the head of the detail."""
        return self.page.locator(".detail-head .chip")

    def press(self, code: str) -> None:
        """A key as an input method delivers it: the place is known, the letter is not."""
        self.page.evaluate(
            "code => (document.activeElement ?? document.body).dispatchEvent("
            "new KeyboardEvent('keydown', {code, key: 'Process', bubbles: true, cancelable: true}))",
            code,
        )

    def _guard(self, route: Route) -> None:
        if route.request.url.startswith((self.origin + "/", "data:", "blob:")):
            route.continue_()
        else:
            self.faults.append(f"asked for {route.request.url}")
            route.abort()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not REFUSAL.search(message.text):
            self.faults.append(f"console: {message.text}")


class Wall(Screen):
    """The wall on the fake cloud."""

    def __init__(self, browser: Browser, cloud: FakeCloud, **more: Any) -> None:
        super().__init__(browser, cloud.origin, **more)
        self.cloud = cloud

    def sign_in(self, password: str = PASSWORD, username: str = USER) -> None:
        super().sign_in(password, username)

    def show(self) -> None:
        """Sign in and wait until the list and the map are there."""
        self.visit()
        self.sign_in()
        self.page.wait_for_selector(".row")
        self.page.wait_for_selector(".point", state="attached")
