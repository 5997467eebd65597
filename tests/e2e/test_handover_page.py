"""A shift handed over on the page: what stands, notes, two signatures, and the same on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.stage import Stage
from tests.e2e.wall_page import Screen

pytestmark = pytest.mark.browser
SEAT = "seat-1"
NOTES = "3 号路口摄像机时好时坏\n夜间多看一眼学校门口"


class Desk(Screen):
    """Somebody at the hand-over page."""

    def __init__(self, browser: Browser, stage: Stage, username: str, *rest: str) -> None:
        super().__init__(browser, stage.origin)
        self.visit()
        self.sign_in(stage.passwords[username], username)
        self.page.wait_for_selector(".wall")
        self.page.goto("/".join([f"{stage.origin}/#/handover", *rest]))
        expect(self.sheet()).to_be_visible()

    def sheet(self) -> Locator:
        return self.page.locator(".sheet")


@pytest.fixture(scope="module")
def shift(stage: Stage) -> Iterator[dict[str, Any]]:
    """The leader sits, a case is open to which a department was called."""
    with closing(stage.log_in("leader")) as leader:
        assert leader.post(f"/duty/seats/{SEAT}/take").status_code == 204
        case = stage.incident(leader, "P05")
        called = leader.post(
            f"/incidents/{case['id']}/whistles",
            json={"organisations": ["XF"], "reason": "烟雾"},
            headers={"If-Match": f'"v{case["version"]}"'},
        )
        assert called.status_code == 201, called.text
        yield case


def test_what_stands_is_handed_over_and_signed_by_two(
    chromium: Browser, stage: Stage, shift: dict[str, Any]
) -> None:
    with closing(stage.log_in("leader")) as leader:
        count = leader.get(f"/duty/seats/{SEAT}/sheet").json()["open_count"]
    giver = Desk(chromium, stage, "leader")
    expect(giver.sheet()).to_contain_text(f"在办案件 {count} 件")
    expect(giver.sheet()).to_contain_text(shift["number"])
    expect(giver.sheet()).to_contain_text("区消防救援大队")
    giver.page.locator(".sign textarea").fill(NOTES)
    giver.page.locator(".sign button").click()
    giver.page.wait_for_url("**/#/handover/*")
    expect(giver.page.locator("main.handover")).to_contain_text("交班人不能自己接班")
    offered = giver.page.url.rsplit("/", 1)[-1]

    taker = Desk(chromium, stage, "operator", offered)
    expect(taker.sheet()).to_contain_text("夜间多看一眼学校门口")
    taker.page.get_by_role("button", name="接班签名").click()
    expect(taker.page.locator(".outcome.good")).to_have_text("已接班，现在由你坐席。")
    expect(taker.page.locator(".signatures")).to_contain_text("operator")
    expect(taker.page.locator(".handover-past")).to_contain_text("值班长 → 值班员")
    with closing(stage.log_in("operator")) as operator:
        signed = operator.get(f"/duty/handovers/{offered}").json()
        seats = {one["seat"]: one["username"] for one in operator.get("/duty/seats").json()["items"]}
    assert (signed["giver"], signed["taker"], signed["notes"]) == ("leader", "operator", NOTES)
    assert seats[SEAT] == "operator"
    for desk in (giver, taker):
        assert desk.faults == []
        desk.close()


def test_on_paper_it_is_the_sheet_alone_black_on_white_with_lines_to_sign_on(
    chromium: Browser, stage: Stage, shift: dict[str, Any]
) -> None:
    desk = Desk(chromium, stage, "leader")
    desk.page.emulate_media(media="print")
    for hidden in (".top", ".rail", ".foot", ".handover-past", ".handover-head", ".sign"):
        for each in desk.page.locator(hidden).all():
            expect(each).to_be_hidden()
    colours = desk.sheet().evaluate(
        "sheet => [...sheet.querySelectorAll('th, td, h4, a, dt')]"
        ".map((one) => getComputedStyle(one).color).filter((one, at, all) => all.indexOf(one) === at)"
    )
    assert colours == ["rgb(0, 0, 0)"]
    assert desk.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    expect(desk.page.locator(".signatures .line")).to_have_count(2)
    expect(desk.page.locator(".signatures .line").first).to_be_visible()
    assert desk.faults == []
    desk.close()
