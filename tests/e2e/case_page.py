"""The page of one case as a person works on it, on the real cloud."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Locator, expect

from tests.e2e.stage import Stage
from tests.e2e.wall_page import Screen

AT_MOST = 5
"""How often somebody looks again and presses once more, when the playbook was quicker."""


class CasePage(Screen):
    """Somebody at one case."""

    def __init__(self, browser: Browser, stage: Stage, username: str, case: str, **more: Any) -> None:
        super().__init__(browser, stage.origin, **more)
        self.visit()
        self.sign_in(stage.passwords[username], username)
        self.page.wait_for_selector(".wall")
        self.page.goto(f"{stage.origin}/#/case/{case}")
        expect(self.page.locator("main.case .case-do")).to_be_visible()

    def press(self, action: str) -> None:
        """What is done at once."""
        self._until_taken(lambda: self.button(action).click())

    def button(self, action: str) -> Locator:
        return self.page.locator(f".case-do [data-action={action}]")

    def ask(self, name: str) -> Locator:
        """Open a form by its button's name; the form."""
        self.page.locator(".case-do, .case-calls").get_by_role("button", name=name, exact=True).click()
        return self.page.locator(".case-form")

    def send(self) -> None:
        """Send the form that is open."""
        self._until_taken(lambda: self.page.locator(".case-form button[type=submit]").click())

    def state(self) -> Locator:
        return self.page.locator(".case-stand .chip")

    def outcome(self) -> Locator:
        return self.page.locator(".case-do .outcome")

    def why_not(self, action: str) -> str:
        """What the page says of a step that is refused now."""
        found = self.page.locator(f".refusals [data-action={action}] dd")
        expect(found).to_have_count(1)
        return found.text_content() or ""

    def timeline(self) -> Locator:
        return self.page.locator(".case-timeline ol")

    def _until_taken(self, press: Any) -> None:
        for _ in range(AT_MOST):
            press()
            expect(self.outcome()).not_to_be_empty()
            if "已读入最新情况" not in (self.outcome().text_content() or ""):
                break
        expect(self.outcome()).to_have_class(re.compile("good"))
