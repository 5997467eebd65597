"""The wall of the real cloud as a person sees it, in a fresh browser profile."""

from __future__ import annotations

from playwright.sync_api import Browser, Locator

from tests.e2e.stage import Stage
from tests.e2e.wall_page import Screen


class Watch(Screen):
    """Somebody at the wall of a stage."""

    def __init__(self, browser: Browser, stage: Stage, username: str) -> None:
        super().__init__(browser, stage.origin)
        self.stage, self.username = stage, username

    def show(self) -> None:
        """Sign in; wait for the list, the map, and the seats."""
        self.visit()
        self.sign_in(self.stage.passwords[self.username], self.username)
        self.page.wait_for_selector(".point", state="attached")
        self.page.wait_for_selector(".seat-bar")

    def place(self, point: str) -> str:
        """What a point is called."""
        return next(one.name.zh for one in self.stage.site.points if one.id == point)

    def sound(self) -> Locator:
        """What says whether the wall sounds, in `data-sounding`."""
        return self.page.locator("[data-sounding]")
