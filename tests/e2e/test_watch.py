"""The operator's loop on the real cloud: an alarm is heard, judged and dispatched by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.fake_street import BIKES, FIRE_LANE, Scene, reading
from tests.e2e.stage import Stage
from tests.e2e.watch_page import Watch

pytestmark = pytest.mark.browser
HELP = reading("P36", "04-99-083", "critical", "detected", 2, ("pressed", 1, "", 0.5))


@pytest.fixture(scope="module")
def quiet(stage: Stage) -> Stage:
    """The stage with all its seeded alarms acknowledged: what sounds from now on is of the test."""
    with closing(stage.log_in("leader")) as leader:
        for one in leader.get("/alarms", params={"active": "true"}).json()["items"]:
            if not one["state"]["acknowledged"]:
                path, version = f"/alarms/{one['id']}/acknowledge", f'"v{one["version"]}"'
                assert leader.post(path, headers={"If-Match": version}).status_code == 200
    return stage


@pytest.fixture
def leader(chromium: Browser, quiet: Stage) -> Iterator[Watch]:
    watch = Watch(chromium, quiet, "leader")
    yield watch
    watch.close()
    with closing(quiet.log_in("leader")) as person:
        for seat in person.get("/duty/seats").json()["items"]:
            if seat["username"]:
                person.post(f"/duty/seats/{seat['seat']}/leave", json={"reason": "the test is over"})
        for mute in person.get("/duty/mutes").json()["items"]:
            person.post(f"/duty/mutes/{mute['id']}/end")
    assert watch.faults == []


def test_an_alarm_is_heard_judged_and_dispatched_by_keyboard_alone(leader: Watch, quiet: Stage) -> None:
    leader.show()
    expect(leader.sound()).to_have_attribute("data-sounding", "none")
    expect(leader.page.locator(".seat-bar button").first).to_be_focused()
    leader.page.keyboard.press("Enter")
    expect(leader.page.locator(".seat-bar")).to_contain_text("已上岗：席位 1")
    expect(leader.sound()).to_have_attribute("data-sounding", "none")

    raised = quiet.nodes.raise_alarm(HELP)
    expect(leader.sound()).to_have_attribute("data-sounding", "critical")
    leader.press("KeyU")
    expect(leader.page.locator(".detail-title")).to_have_text("一键求助")
    leader.press("Digit1")
    confirm = leader.page.get_by_role("button", name="确认受理并派遣")
    expect(confirm).to_be_focused()
    expect(leader.sound()).to_have_attribute("data-sounding", "none")
    leader.page.keyboard.press("Enter")
    expect(leader.chip()).to_have_text("已派遣")
    expect(leader.page.locator(".outcome")).to_have_text("已提交:派遣")

    with closing(quiet.log_in("leader")) as person:
        case = quiet.incident(person, "P36")
        (alarm,) = case["alarms"]
        assert (case["state"], alarm["verdict"], alarm["acknowledged_by"]) == ("dispatched", "true", "leader")
        lead = person.get(
            "/responsibilities", params={"event_class": "04-99-083", "grid": case["area"]["grid"]["id"]}
        ).json()["items"]
        assert case["organisation"] == lead[0]["lead"]
        duty = person.get("/duty", params={"grid": case["area"]["grid"]["id"]}).json()
        assert case["handler"] == (duty["primary"] or duty["backup"] or duty["grid_leader"])
    quiet.nodes.clear(raised)


def test_a_false_alarm_takes_two_keys_and_its_reason_is_kept(leader: Watch, quiet: Stage) -> None:
    leader.show()
    quiet.nodes.raise_alarm(Scene("P20", FIRE_LANE, "high", "detected", 5, "car", 1))
    row = leader.row(leader.place("P20"))
    row.click()
    leader.press("Digit2")
    expect(leader.page.locator(".reasons button").first).to_be_focused()
    leader.page.keyboard.press("1")
    expect(leader.chip()).to_have_text("误报")
    with closing(quiet.log_in("leader")) as person:
        case = quiet.incident(person, "P20")
        (alarm,) = case["alarms"]
        assert (case["state"], alarm["verdict"], alarm["verdict_reason"]) == ("false_alarm", "false", "light")
        (last,) = person.get(f"/incidents/{case['id']}/events").json()["items"][-1:]
        assert last["reason"] == "光线、阴影、反光"


def test_equal_alarms_are_one_row_and_are_judged_at_once(leader: Watch, quiet: Stage) -> None:
    leader.show()
    near = near_points(quiet)
    quiet.nodes.raise_alarm(Scene(near[0], "05-08", "low", "detected", 3, "bicycle", 1), pictures=False)
    quiet.nodes.raise_alarm(Scene(near[1], "05-08", "low", "detected", 3, "bicycle", 1), pictures=False)
    row = leader.page.locator(".row.fold", has_text="商业噪音")
    expect(row).to_contain_text("2 起同类")
    row.click()
    leader.press("KeyX")
    expect(leader.page.locator(".row.under")).to_have_count(1)
    leader.press("KeyX")
    expect(leader.page.locator(".row.under")).to_have_count(0)
    expect(leader.page.locator(".many")).to_have_text("对同类 2 起一并操作")
    leader.press("Digit2")
    expect(leader.page.locator(".reasons button").first).to_be_focused()
    leader.page.keyboard.press("9")
    expect(row).to_have_count(0)
    with closing(quiet.log_in("leader")) as person:
        for point in near:
            case = quiet.incident(person, point)
            assert (case["state"], case["alarms"][0]["verdict_reason"]) == ("false_alarm", "test")


def test_folded_ones_go_each_to_who_is_on_duty_in_its_own_grid(leader: Watch, quiet: Stage) -> None:
    leader.show()
    near = near_points(quiet, apart=True)
    for point in near:
        quiet.nodes.raise_alarm(Scene(point, "05-07", "low", "detected", 3, "bicycle", 1), pictures=False)
    row = leader.page.locator(".row.fold", has_text="乱堆物堆料")
    row.click()
    leader.press("KeyD")
    expect(leader.page.get_by_text("涉及 2 个网格")).to_be_visible()
    leader.page.keyboard.press("Enter")
    expect(row.locator(".chip")).to_have_text("已派遣")
    with closing(quiet.log_in("leader")) as person:
        cases = [quiet.incident(person, point) for point in near]
        on_duty = [on_duty_in(person, case["area"]["grid"]["id"]) for case in cases]
    assert [case["handler"] for case in cases] == on_duty
    assert len(set(on_duty)) == 2


def test_who_was_quicker_is_said_with_what_they_did(leader: Watch, chromium: Browser, quiet: Stage) -> None:
    leader.show()
    quiet.nodes.raise_alarm(Scene("P26", BIKES, "medium", "detected", 5, "bicycle", 4))
    leader.row(leader.place("P26")).click()
    leader.press("KeyD")
    expect(leader.page.get_by_role("button", name="确认受理并派遣")).to_be_focused()
    other = Watch(chromium, quiet, "operator")
    other.show()
    other.row(other.place("P26")).click()
    other.press("KeyA")
    expect(other.chip()).to_have_text("已受理")
    other.close()
    assert other.faults == []
    expect(leader.chip()).to_have_text("已受理")
    leader.page.keyboard.press("Enter")
    expect(leader.page.locator(".outcome")).to_have_text(
        re.compile(r"没有提交:值班员 已于 \d\d:\d\d:\d\d 改为“已受理”。已载入最新内容,请再确认。")
    )
    with closing(quiet.log_in("leader")) as person:
        assert quiet.incident(person, "P26")["state"] == "accepted"


def test_silence_has_a_reason_spares_what_is_critical_and_ends(leader: Watch, quiet: Stage) -> None:
    leader.show()
    leader.page.keyboard.press("Enter")
    expect(leader.page.locator(".seat-bar")).to_contain_text("已上岗")
    quiet.nodes.raise_alarm(Scene("P27", FIRE_LANE, "high", "detected", 5, "car", 1))
    expect(leader.sound()).to_have_attribute("data-sounding", "high")
    leader.press("KeyM")
    leader.page.get_by_role("dialog").get_by_role("button", name="静音", exact=True).click()
    expect(leader.page.get_by_text("请选择或填写理由。")).to_be_visible()
    leader.page.keyboard.press("1")
    leader.page.get_by_role("button", name="1 分钟", exact=True).click()
    # The cloud's record says a minute; the page is told that it ends in a few seconds.
    leader.context.route("**/api/v1/duty/mutes", _shorter)
    leader.page.get_by_role("dialog").get_by_role("button", name="静音", exact=True).click()
    expect(leader.sound()).to_have_attribute("data-sounding", "none")
    expect(leader.sound()).to_contain_text("静音至")
    help_wanted = quiet.nodes.raise_alarm(replace(HELP, point="P35"))
    expect(leader.sound()).to_have_attribute("data-sounding", "critical")
    quiet.nodes.clear(help_wanted)
    expect(leader.sound()).to_have_attribute("data-sounding", "high")
    with closing(quiet.log_in("leader")) as person:
        (mute,) = person.get("/duty/mutes").json()["items"]
        assert (mute["username"], mute["reason"]) == ("leader", "正在通话")


def _shorter(route: Route) -> None:
    """Let the wall believe that its silence ends in six seconds."""
    answer = route.fetch()
    told = answer.json()
    if route.request.method == "POST" and answer.status == 201:
        until = datetime.fromisoformat(told["since"]) + timedelta(seconds=6)
        told["until"] = until.isoformat()
    route.fulfill(response=answer, json=told)


def test_a_cut_stream_is_said_and_what_came_meanwhile_is_there_when_it_is_back(
    leader: Watch, quiet: Stage
) -> None:
    leader.page.clock.install()
    leader.show()
    leader.context.set_offline(True)
    leader.page.clock.fast_forward(15_000)
    bar = leader.page.locator(".lost")
    expect(bar).to_contain_text("数据中断")
    quiet.nodes.raise_alarm(Scene("P28", FIRE_LANE, "high", "detected", 5, "car", 1))
    expect(leader.row(leader.place("P28"))).to_have_count(0)
    leader.context.set_offline(False)
    leader.page.clock.fast_forward(10_000)
    expect(bar).to_have_count(0)
    expect(leader.row(leader.place("P28"))).to_be_visible()
    expect(leader.page.locator(".row", has_text=leader.place("P28"))).to_have_count(1)
    leader.faults = [one for one in leader.faults if "ERR_INTERNET_DISCONNECTED" not in one]


def test_what_is_shelved_is_listed_with_who_and_why_and_taken_down_again(leader: Watch, quiet: Stage) -> None:
    leader.show()
    raised = quiet.nodes.raise_alarm(Scene("P29", FIRE_LANE, "high", "detected", 5, "car", 1))
    leader.row(leader.place("P29")).click()
    leader.press("KeyS")
    expect(leader.page.locator("form.reason textarea")).to_be_focused()
    leader.page.get_by_role("button", name="搁置", exact=True).click()
    expect(leader.page.get_by_text("请写明搁置理由。")).to_be_visible()
    leader.page.keyboard.type("施工围挡内")
    leader.page.get_by_role("button", name="8 小时").click()
    leader.page.get_by_role("button", name="搁置", exact=True).click()
    expect(leader.page.locator(".outcome")).to_contain_text("没有提交")
    leader.page.get_by_role("button", name="15 分钟").click()
    leader.page.get_by_role("button", name="搁置", exact=True).click()
    expect(leader.page.locator(".outcome")).to_have_text("已搁置。")
    leader.press("Escape")
    leader.press("KeyG")
    leader.press("KeyF")
    shelf = leader.page.locator(".flood-list li", has_text="施工围挡内")
    expect(shelf).to_contain_text("值班长")
    shelf.get_by_role("button", name="取消搁置").click()
    expect(leader.page.get_by_text("已取消搁置。")).to_be_visible()
    expect(shelf).to_have_count(0)
    another = leader.page.locator(".flood tr", has_not_text="P29").get_by_role("button", name="搁置")
    another.first.click()
    expect(leader.page.locator(".flood form.reason textarea")).to_be_focused()
    leader.page.keyboard.type("来源太吵")
    leader.page.keyboard.press("Tab")
    leader.page.keyboard.press("Enter")
    noisy = leader.page.locator(".flood-list li", has_text="来源太吵")
    noisy.get_by_role("button", name="取消搁置").click()
    expect(noisy).to_have_count(0)
    with closing(quiet.log_in("leader")) as person:
        assert quiet.incident(person, "P29")["alarms"][0]["state"]["name"] == "unacknowledged"
    quiet.nodes.clear(raised)


def test_a_seat_is_taken_over_by_whoever_read_its_notes(leader: Watch, quiet: Stage) -> None:
    with closing(quiet.log_in("operator")) as giver:
        assert giver.post("/duty/seats/seat-2/take").status_code == 204
        offer = {"notes": "P05 烟感夜里误报，已报修"}
        assert giver.post("/duty/seats/seat-2/handover", json=offer).status_code == 201
        leader.show()
        leader.page.get_by_role("link", name="接班：席位 2（值班员 待交班）").click()
        expect(leader.page.locator(".offered-notes")).to_have_text(offer["notes"])
        leader.page.get_by_role("button", name="已阅读，签收接班").click()
        expect(leader.page.locator(".seat-card.own")).to_contain_text("您在这里值守")
        seats = {one["seat"]: one["username"] for one in giver.get("/duty/seats").json()["items"]}
        assert seats["seat-2"] == "leader"


def on_duty_in(person: httpx.Client, grid: str) -> str:
    """Whom the roster names first there."""
    duty = person.get("/duty", params={"grid": grid}).json()
    return str(duty["primary"] or duty["backup"] or duty["grid_leader"])


def near_points(stage: Stage, *, apart: bool = False) -> tuple[str, str]:
    """Two points within 300 m that have nothing open; `apart`: in grids with different people on duty."""
    with closing(stage.log_in("leader")) as person:
        features = person.get("/points").json()["features"]
        quiet: list[tuple[str, str, Any]] = [
            (one["properties"]["id"], one["properties"]["grid"], one["geometry"]["coordinates"])
            for one in features
            if not one["properties"]["open_incidents"]
        ]
        for n, (first, here, a) in enumerate(quiet):
            for second, there, b in quiet[n + 1 :]:
                near = ((a[0] - b[0]) * 96_000) ** 2 + ((a[1] - b[1]) * 111_320) ** 2 < 280**2
                if near and (not apart or on_duty_in(person, here) != on_duty_in(person, there)):
                    return first, second
    raise AssertionError("no two quiet neighbours")
