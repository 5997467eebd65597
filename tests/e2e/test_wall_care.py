"""Asking a camera for a photo or a second look from the wall, and what comes back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.fake_cloud import FakeCloud
from tests.e2e.wall_page import Wall

pytestmark = pytest.mark.browser


def shown(wall: Wall) -> Locator:
    """What can be asked of the camera of a case; the list's first is a sensor's."""
    wall.show()
    expect(wall.page.locator(".detail .care")).to_have_count(0)
    wall.page.locator(".row").nth(1).click()
    return wall.page.locator(".detail .care")


def test_a_second_look_is_asked_for_once_and_its_verdict_stands_on_the_case(wall: Wall) -> None:
    care = shown(wall)
    button = care.get_by_role("button", name="再看一次")
    button.press("Enter")
    expect(care.locator("li")).to_contain_text(["等待节点"])
    expect(button).to_be_focused()
    (asked,) = wall.cloud.care.commands.values()
    assert asked["kind"] == "look_again"
    assert asked["body"]["camera"]
    assert asked["body"]["condition_id"]
    assert len(wall.cloud.care.keys) == 1
    assert len(wall.cloud.care.keys[0]) >= 16
    wall.cloud.tell("command", wall.cloud.care.answered(verdict="present"))
    expect(care.locator("li")).to_contain_text(["仍在"])


def test_a_photo_that_could_not_be_taken_says_why(wall: Wall) -> None:
    care = shown(wall)
    care.get_by_role("button", name="立即拍照").click()
    expect(care.locator("li")).to_have_count(1)
    wall.cloud.tell(
        "command", wall.cloud.care.answered("failed", reason="no picture came from P23-C1 within 20 s")
    )
    expect(care.locator("li")).to_contain_text(["无法完成: P23-C1 在 20 秒内没有送来画面"])


def test_what_was_asked_on_one_case_is_not_shown_on_another(wall: Wall) -> None:
    care = shown(wall)
    care.get_by_role("button", name="再看一次").click()
    expect(care.locator("li")).to_have_count(1)
    wall.page.locator(".row").nth(2).click()
    expect(care.locator("li")).to_have_count(0)


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_nothing_of_it_is_cut_off_on_a_wall_or_a_phone(
    chromium: Browser, fake_cloud: FakeCloud, tmp_path: Path, size: tuple[int, int]
) -> None:
    wall = Wall(chromium, fake_cloud, size=size, language="en")
    try:
        care = shown(wall)
        care.get_by_role("button", name="Look again").click()
        expect(care.locator("li")).to_have_count(1)
        fake_cloud.tell("command", fake_cloud.care.answered(verdict="gone", sha256="0" * 64))
        expect(care.locator("li")).to_contain_text(["Gone"])
        care.scroll_into_view_if_needed()
        wide = care.evaluate("one => one.scrollWidth - one.clientWidth")
        assert wide <= 0
        wall.page.screenshot(
            path=Path(os.environ.get("GRIDWATCH_SHOTS", str(tmp_path))) / f"care-{size[0]}.png"
        )
    finally:
        wall.close()
    assert wall.faults == []
