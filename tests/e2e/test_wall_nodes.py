"""The wall's page of nodes: whether messages are missing, and how devices are; and what comes late."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.e2e.fake_street import SCENES
from tests.e2e.test_wall_page import HAN
from tests.e2e.wall_page import Wall

pytestmark = pytest.mark.browser


def cells(wall: Wall, node: str, row: str) -> list[str]:
    line = wall.page.locator(f"section[aria-labelledby=node-{node}] .ledger tbody tr", has_text=row).first
    return line.locator("td").all_inner_texts()


def test_the_nodes_are_a_key_away_and_escape_leads_back(wall: Wall) -> None:
    wall.show()
    wall.press("KeyN")
    expect(wall.page.get_by_role("heading", name="节点与设备")).to_be_focused()
    expect(wall.page.locator(".node-card")).to_have_count(len(wall.cloud.street.site.nodes))
    wall.press("KeyA")
    wall.page.keyboard.press("Escape")
    expect(wall.page.locator(".row[aria-current=true]")).to_be_focused()
    assert wall.cloud.transitions == []


def test_what_is_missing_is_named_and_what_is_refused_or_given_up_has_its_reason(wall: Wall) -> None:
    wall.show()
    wall.page.get_by_role("link", name="设备").click()
    good = wall.page.locator("section[aria-labelledby=node-n1]")
    bad = wall.page.locator("section[aria-labelledby=node-n2]")
    expect(good.locator(".verdict")).to_have_text("全部有着落")
    expect(bad.locator(".verdict")).to_have_text("缺失 3 条")
    assert cells(wall, "n2", "告警") == ["4,210", "4,210", "4,193", "12", "3\n17–18, 40", "2", "0", "51"]
    assert cells(wall, "n2", "证据")[6] == "320"
    expect(bad.locator(".ledger .earlier")).to_contain_text("旧库")
    expect(bad.locator(".causes")).to_contain_text("invalid")
    expect(bad.locator(".causes")).to_contain_text("812–1130, 1140: 磁盘配额")
    expect(bad.locator(".node-facts")).to_contain_text("时钟快")
    expect(good.locator(".node-facts")).to_contain_text("时钟正常")
    expect(bad.locator(".node-facts")).to_contain_text("待传 12 条")
    expect(bad.locator(".fault")).to_contain_text("版本冲突：本地站点文件（版本 4）未生效")


def test_cameras_stand_on_their_ladder_the_worst_first(wall: Wall) -> None:
    wall.show()
    wall.press("KeyN")
    rungs = wall.page.locator("section[aria-labelledby=node-n2] .rungs tbody tr")
    expect(rungs.first).to_contain_text("连不上")
    statuses = wall.page.locator("section[aria-labelledby=node-n2] .rungs .rung").all_inner_texts()
    assert statuses[:4] == ["连不上", "口令被拒", "无数据", "正常"]
    assert "the camera refuses the password" in rungs.nth(1).inner_text()
    bad = wall.page.locator(".node-card").first
    expect(bad.locator("h3")).to_contain_text("n2")


def test_devices_are_found_by_name_and_by_trouble(wall: Wall) -> None:
    wall.show()
    wall.press("KeyN")
    rows = wall.page.locator(".rungs tbody tr")
    expect(rows.first).to_be_visible()
    wall.page.get_by_role("button", name="有问题").click()
    expect(rows).to_have_count(3)
    wall.page.get_by_role("button", name="全部", exact=True).click()
    wall.page.get_by_label("查找设备").fill("P20-C1")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("P20-C1")


def test_the_page_speaks_english_too(wall: Wall) -> None:
    wall.show()
    wall.press("KeyN")
    wall.page.get_by_role("button", name="English").click()
    expect(wall.page.locator("section[aria-labelledby=node-n2] .verdict")).to_have_text("3 missing")
    text = wall.page.locator("main.nodes").inner_text()
    assert not HAN.search(text)


def test_a_narrow_screen_shows_all_of_it_without_sideways_scrolling(wall: Wall) -> None:
    wall.page.set_viewport_size({"width": 390, "height": 844})
    wall.show()
    wall.press("KeyN")
    expect(wall.page.locator(".node-card").first).to_be_visible()
    widths = wall.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    rights = "all => all.map(one => one.getBoundingClientRect().right)"
    assert max(wall.page.locator(".node-card, .ledger td, .rungs td").evaluate_all(rights)) <= 390


def test_a_ledger_that_cannot_be_loaded_is_said(wall: Wall) -> None:
    wall.show()
    wall.page.route("**/ledger", lambda route: route.fulfill(status=409, json={"code": "elsewhere"}))
    wall.press("KeyN")
    expect(wall.page.get_by_role("alert")).to_have_text("读取失败,10 秒后再试。")


def test_history_is_shown_and_calls_nobody(wall: Wall) -> None:
    wall.show()
    said = wall.page.locator(".wall > .unseen[role=status]")
    scene = replace(SCENES[0], point="P20")
    one = wall.cloud.street.incident(90, scene, datetime.now(UTC))
    late = {**one, "history": True, "allowed_actions": []}
    wall.cloud.log[late["id"]] = []
    wall.cloud.tell("incident", late)
    row = wall.page.locator(".row", has_text="补报")
    expect(row).to_have_count(1)
    expect(said).to_have_text("")
    wall.cloud.tell("incident", {**late, "history": False, "version": late["version"] + 1})
    expect(said).to_have_text(re.compile("新事件|新的事件"))


def test_a_case_without_photos_says_that_they_are_on_their_way_or_lost(wall: Wall) -> None:
    wall.show()
    one = wall.cloud.find("P05", "04-99-080")
    bare = {**one, "evidence": [], "thumbnail_url": None, "camera": "P05-C1"}
    wall.cloud.tell("incident", {**bare, "evidence_due": True, "version": 2})
    wall.row("烟雾报警").click()
    expect(wall.page.locator(".photo.missing").first).to_contain_text("照片正在传送")
    wall.cloud.tell("incident", {**bare, "evidence_lost": ["present"], "version": 3})
    expect(wall.page.locator(".photo.missing").first).to_contain_text("照片未能保存")
