"""What is seen seldom: a silent node, lost photos, what a camera says itself, a rule taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.fake_cloud import FakeCloud
from tests.e2e.fake_street import ODD
from tests.e2e.test_wall_page import HAN
from tests.e2e.wall_page import Wall

pytestmark = pytest.mark.browser


def chosen(wall: Wall, what: str) -> Locator:
    """The detail of one of them, shown by now."""
    wall.cloud.appear(ODD[what])
    name = wall.cloud.street.point(ODD[what].point).name.zh
    wall.row(name).click()
    expect(wall.page.locator(".detail-where")).to_contain_text(name)
    return wall.page.locator(".detail")


def test_what_a_silent_node_leaves_unknown_steps_back_with_its_reason_until_the_node_speaks(
    wall: Wall,
) -> None:
    wall.show()
    scene = replace(ODD["inhibited"], inhibited=False, severity="high")
    one = wall.cloud.appear(scene)
    place = wall.cloud.street.point(scene.point).name.zh
    waiting = wall.page.locator(".row.waiting")
    expect(waiting).to_have_count(5)
    expect(waiting.last).not_to_contain_text(place)
    (alarm,) = one["alarms"]
    silent = {**alarm, "version": 2, "state": {**alarm["state"], "inhibited": True}}
    wall.cloud.tell("alarm", silent)
    expect(waiting.last).to_contain_text(place)
    expect(waiting.last).to_contain_text("节点失联")
    waiting.last.click()
    expect(wall.page.locator(".detail")).to_contain_text("边缘节点失联:无法确认此状况是否仍在")
    expect(wall.page.locator(".facts .condition")).to_have_text("无法确认")
    wall.cloud.tell("alarm", {**alarm, "version": 1})  # late, and older
    wall.cloud.tell("alarm", {**alarm, "version": 3})
    expect(wall.page.locator(".facts .condition")).to_have_text("仍在")
    expect(wall.page.locator(".row.inhibited")).to_have_count(0)


def test_each_has_its_words(wall: Wall) -> None:
    wall.show()
    expect(chosen(wall, "covered").locator(".facts")).to_contain_text("摄像机自身也报遮挡破坏 · 图像过暗")
    expect(chosen(wall, "stills").locator(".facts")).to_contain_text("视频片段无:该摄像机只提供静态图片")
    expect(chosen(wall, "removed").locator(".facts")).to_contain_text("规则已撤销,不再监测")
    expect(chosen(wall, "silent")).to_contain_text("此事件由云端发现,没有照片。")
    expect(wall.page.locator(".facts")).to_contain_text("节点2号边缘节点 n2")
    lost = chosen(wall, "evicted")
    expect(lost.locator(".photo.missing")).to_contain_text(["照片未能保存", "尚未看到恢复", "照片未能保存"])
    expect(lost.locator(".photos")).to_contain_text("短视频未能保存。")
    expect(chosen(wall, "due").locator(".photo.missing").first).to_contain_text("照片正在传送")
    expect(wall.page.locator(".row[aria-current=true] .thumb")).to_have_text("传送中")


@pytest.fixture
def phone(chromium: Browser, fake_cloud: FakeCloud) -> Iterator[Wall]:
    wall = Wall(chromium, fake_cloud, size=(390, 844), language="en")
    yield wall
    wall.close()
    assert wall.faults == []


def test_on_a_phone_none_of_it_is_cut_off_and_english_has_no_chinese(phone: Wall) -> None:
    for scene in ODD.values():
        phone.cloud.appear(scene)
    phone.show()
    assert not HAN.search(phone.page.locator(".list").inner_text())
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    for scene in ODD.values():
        name = phone.cloud.street.point(scene.point).name.en
        phone.page.locator(".search").fill(name)
        phone.row(name).click()
        assert phone.page.locator(".detail, .detail *:not(.unseen, svg *)").evaluate_all(cut) == []
        for part in (".detail-head", ".facts"):
            assert not HAN.search(phone.page.locator(part).inner_text())
        phone.page.get_by_role("button", name="Back to the list").click()
