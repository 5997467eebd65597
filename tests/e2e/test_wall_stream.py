"""The wall page and its stream: what is new appears by itself, and a stream that dies is said aloud."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.e2e.fake_street import BIKES, Scene
from tests.e2e.wall_page import Wall

pytestmark = pytest.mark.browser


def test_a_new_incident_appears_on_top_and_is_announced(wall: Wall) -> None:
    wall.show()
    wall.cloud.appear(
        Scene("P36", "04-99-083", "critical", "detected", 2, "pressed", None, ("pressed", 1, "", 0.5))
    )
    expect(wall.page.locator(".row").first).to_contain_text("一键求助")
    expect(wall.page.locator("[aria-live=polite]")).to_have_text("新事件:一键求助,长桥老街口,紧急")
    expect(wall.page.locator(".detail-title")).to_have_text("烟雾报警")
    expect(wall.page.get_by_role("button", name="长桥老街口,1 个进行中事件")).to_be_visible()


def test_what_others_do_is_seen_at_once(wall: Wall) -> None:
    wall.show()
    wall.cloud.change(wall.cloud.find("P05", "04-99-080"), "accept", "accepted", "王芳")
    expect(wall.chip()).to_have_text("已受理")
    expect(wall.page.locator(".timeline li")).to_have_count(2)
    expect(wall.page.locator("[aria-live=polite]")).to_have_text("烟雾报警:已受理")


def test_an_older_version_never_overwrites_a_newer(wall: Wall) -> None:
    wall.show()
    old = dict(wall.cloud.find("P05", "04-99-080"))
    wall.cloud.change(old, "accept", "accepted", "王芳")
    expect(wall.chip()).to_have_text("已受理")
    wall.cloud.tell("incident", old)
    wall.cloud.appear(Scene("P36", BIKES, "low", "detected", 2))
    expect(wall.row("长桥老街口")).to_be_visible()
    expect(wall.chip()).to_have_text("已受理")


def test_after_a_cut_the_stream_resumes_where_it_was(wall: Wall) -> None:
    wall.show()
    wall.cloud.appear(Scene("P36", BIKES, "low", "detected", 2))
    expect(wall.row("长桥老街口")).to_be_visible()
    wall.cloud.cut()
    wall.cloud.appear(Scene("P35", BIKES, "low", "detected", 2))
    expect(wall.row("长桥工地围挡")).to_be_visible()
    assert wall.cloud.resumed_with == ["", "7-1"]


def test_a_reset_loads_everything_anew(wall: Wall) -> None:
    wall.show()
    gone = wall.cloud.find("P05", "04-99-080")
    del wall.cloud.incidents[gone["id"]]
    wall.cloud.tell("reset", {})
    expect(wall.page.locator(".row")).to_have_count(11)


def test_a_camera_that_goes_down_is_counted_and_marked_and_so_is_a_node_that_says_nothing(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall.page.clock.install()
    wall.show()
    foot = wall.page.get_by_role("contentinfo")
    expect(foot).to_contain_text("36 / 38")
    told = {
        "node": "n1",
        "device": "P01-C1",
        "kind": "camera",
        "status": "stalled",
        "detail": "",
        "checked_at": "",
    }
    wall.cloud.tell("health", told)
    expect(foot).to_contain_text("35 / 38")
    expect(foot).to_contain_text("梧桐路小学校门摄像机")
    expect(wall.page.get_by_role("button", name="梧桐路小学校门,无事件 (有设备离线)")).to_be_visible()
    expect(foot).to_contain_text("4 / 4")
    nodes = wall.cloud.street.nodes(datetime.now(UTC))
    silent = [one | {"status": "unreachable" if one["id"] == "n1" else "up"} for one in nodes]
    monkeypatch.setattr(wall.cloud.street, "nodes", lambda _: silent)
    wall.page.clock.fast_forward(20_000)
    expect(foot).to_contain_text("3 / 4")


def test_ten_silent_seconds_raise_the_bar_and_a_keep_alive_takes_it_down(wall: Wall) -> None:
    wall.page.clock.install()
    wall.show()
    bar = wall.page.locator(".lost")
    wall.page.clock.fast_forward(9_000)
    time.sleep(1.5)  # a keep-alive comes every second
    expect(bar).to_have_count(0)
    wall.cloud.silent = True
    time.sleep(1.2)
    wall.page.clock.fast_forward(10_000)
    expect(bar).to_contain_text("数据中断 / Stream lost")
    box = bar.bounding_box()
    assert box
    assert box["width"] == 1920
    expect(wall.page.get_by_role("contentinfo").locator(".bad").last).to_contain_text("数据")
    wall.cloud.silent = False
    wall.page.clock.fast_forward(3_000)
    expect(bar).to_have_count(0)


def test_a_session_that_ended_leads_back_to_the_form(wall: Wall) -> None:
    wall.show()
    wall.context.clear_cookies()
    wall.cloud.cut()
    expect(wall.page.get_by_role("alert")).to_have_text("登录已失效,请重新登录。")
    wall.sign_in()
    expect(wall.page.locator(".row").first).to_be_visible()


def test_while_the_cloud_is_away_the_list_stays_and_the_bar_says_so(wall: Wall) -> None:
    wall.page.clock.install()
    wall.show()
    wall.context.set_offline(True)
    wall.cloud.cut()
    time.sleep(0.5)
    wall.page.clock.fast_forward(11_000)
    expect(wall.page.locator(".lost")).to_be_visible()
    expect(wall.page.locator(".row")).to_have_count(12)
    wall.context.set_offline(False)
    wall.page.clock.fast_forward(10_000)
    expect(wall.page.locator(".lost")).to_have_count(0)
    wall.faults = [fault for fault in wall.faults if "ERR_INTERNET_DISCONNECTED" not in fault]
