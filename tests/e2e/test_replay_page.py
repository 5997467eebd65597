"""A past day on the wall: as the logs say, plainly not the present, and nothing can be done in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.fake_street import Scene
from tests.e2e.stage import Stage
from tests.e2e.wall_page import Screen

pytestmark = pytest.mark.browser
SITE = ZoneInfo("Asia/Shanghai")
WORDS = {"detected": "待受理", "verifying": "核实中", "accepted": "已受理", "dispatched": "已派遣"}
FINISHED = frozenset({"closed", "evaluated", "rejected", "void", "false_alarm"})
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
FRESH = Scene("P03", "05-06-081", "high", "detected", age=60, count=4)


class Projector(Screen):
    """Somebody at the replay of a day."""

    def __init__(self, browser: Browser, stage: Stage, day: str) -> None:
        super().__init__(browser, stage.origin)
        self.visit()
        self.sign_in(stage.passwords["leader"], "leader")
        self.page.wait_for_selector(".wall")
        self.page.goto(f"{stage.origin}/#/replay/{day}")
        expect(self.scrubber()).to_be_visible()

    def scrubber(self) -> Locator:
        return self.page.get_by_role("slider", name="时间轴")

    def seek(self, moment: datetime) -> None:
        self.scrubber().evaluate(
            "(slider, to) => { slider.value = to;"
            " slider.dispatchEvent(new Event('input', {bubbles: true})) }",
            str(int(moment.timestamp() * 1000)),
        )

    def moment(self) -> float:
        return float(self.scrubber().input_value()) / 1000

    def states(self) -> dict[str, str]:
        """State in words by number, of each open case in the list, found one by one."""
        found = {}
        search = self.page.locator(".list .search, .list input[type=search]").first
        for number in self.numbers:
            search.fill(number)
            self.page.evaluate(DRAWN)
            chips = self.page.locator(".row .chip")
            if chips.count():
                found[number] = chips.first.text_content() or ""
        search.fill("")
        return found

    numbers: tuple[str, ...] = ()


@dataclass
class Past:
    """A day with something in it, and the logs of all its cases."""

    day: str
    logs: dict[str, list[dict[str, Any]]]

    def states(self, at: datetime) -> dict[str, str]:
        """By number: how each case stood that was open at that moment."""
        found = {}
        for number, log in self.logs.items():
            before = [line for line in log if datetime.fromisoformat(line["at"]) <= at]
            if before and before[-1]["to_state"] not in FINISHED:
                found[number] = WORDS[before[-1]["to_state"]]
        return found


@pytest.fixture(scope="module")
def past(stage: Stage) -> Past:
    """Some cases taken up, one thrown out; then a second passes, so that all of it is over."""
    with closing(stage.log_in("leader")) as leader:
        for point, action in (("P12", "accept"), ("P14", "accept"), ("P18", "void")):
            case = stage.incident(leader, point)
            done = leader.post(
                f"/incidents/{case['id']}/transitions",
                json={"action": action, "reason": "because"},
                headers={"If-Match": f'"v{case["version"]}"'},
            )
            assert done.status_code == 200, done.text
        cases = leader.get("/incidents", params={"state": "all", "limit": 100}).json()["items"]
        logs = {one["number"]: leader.get(f"/incidents/{one['id']}/events").json()["items"] for one in cases}
    return Past(datetime.now(SITE).date().isoformat(), logs)


@pytest.fixture
def projector(chromium: Browser, stage: Stage, past: Past) -> Iterator[Projector]:
    shown = Projector(chromium, stage, past.day)
    shown.numbers = tuple(past.logs)
    yield shown
    shown.close()
    assert shown.faults == []


def test_the_wall_shows_what_stood_at_a_moment_exactly_as_the_logs_say(
    projector: Projector, past: Past
) -> None:
    moments = sorted(
        datetime.fromisoformat(line["at"]).replace(microsecond=0)
        for log in past.logs.values()
        for line in log
    )
    for moment in (
        moments[0] - timedelta(seconds=1),
        moments[len(moments) // 2],
        moments[-1] + timedelta(seconds=1),
    ):
        projector.seek(moment)
        expect(projector.page.locator(".replay-head time")).to_contain_text(
            moment.astimezone(SITE).strftime("%H:%M:%S")
        )
        assert projector.states() == past.states(moment), moment


def test_it_says_that_it_is_the_past_and_offers_nothing_to_do(projector: Projector) -> None:
    page = projector.page
    expect(page).to_have_title(re.compile("历史回放"))
    expect(page.locator(".replay-frame")).to_be_visible()
    expect(page.locator(".replay-head")).to_contain_text("不是实时画面")
    page.keyboard.press("ArrowRight")
    page.locator(".row").first.click()
    expect(page.locator(".detail .detail-title")).to_be_visible()
    expect(page.locator(".detail .actions")).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    for code in ("KeyA", "KeyF", "KeyD", "KeyC"):
        projector.press(code)
    page.keyboard.press("ArrowLeft")
    page.evaluate(DRAWN)
    assert set(asked) <= {"GET"}, "no key of the wall does anything to the past"


def test_it_plays_as_fast_as_asked_and_steps_from_event_to_event(projector: Projector) -> None:
    page = projector.page
    page.keyboard.press("ArrowRight")
    first = projector.moment()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert abs(projector.moment() - first) < 1
    projector.seek(datetime.fromtimestamp(first, UTC) - timedelta(hours=1))
    page.get_by_role("button", name="600 倍").click()
    began = projector.moment()
    page.get_by_role("button", name="播放").click()
    page.wait_for_function(
        "began => Number(document.querySelector('.scrub input').value) / 1000 > began + 600", arg=began
    )
    page.get_by_role("button", name="暂停").click()
    stands = projector.moment()
    page.wait_for_timeout(500)
    assert projector.moment() == stands


def test_what_waits_now_is_told_and_leads_back_to_the_present(
    projector: Projector, stage: Stage, past: Past
) -> None:
    stage.nodes.raise_alarm(FRESH, pictures=False)
    bar = projector.page.locator(".replay-now button")
    expect(bar).to_contain_text("实时有")
    with closing(stage.log_in("leader")) as leader:
        fresh = stage.incident(leader, FRESH.point)
    projector.seek(datetime.now(UTC))
    assert fresh["number"] not in projector.states(), "the present is not in the past"
    bar.click()
    expect(projector.page.locator(".wall[data-screen=incidents]")).to_be_visible()
    expect(projector.page.locator(".replay-frame")).to_have_count(0)
    expect(projector.page.locator(".detail .actions")).to_be_visible()
    projector.page.locator(".list .search, .list input[type=search]").first.fill(fresh["number"])
    expect(projector.page.locator(".row")).to_have_count(1)
