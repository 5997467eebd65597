"""Zones drawn on the real stack: by mouse and keyboard, tried at the node, published, and what they raise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.editor_street import CAMERA, COME, GONE, THING, EditorTown, Switched, editor_street
from tests.e2e.processes import until
from tests.e2e.town import PASSWORD, PATIENCE
from tests.e2e.wall_page import Screen

pytestmark = pytest.mark.browser

REFUSED = ("status of 412", "status of 422", "status of 409")
"""What the browser logs of refusals that these tests ask for."""


@pytest.fixture(scope="module")
def street() -> Iterator[tuple[EditorTown, Switched]]:
    with editor_street() as both:
        yield both


@pytest.fixture(scope="module")
def town(street) -> EditorTown:
    return street[0]


class Editor(Screen):
    """The page of one camera, as the administrator sees it."""

    def show(self) -> None:
        self.page.goto(f"{self.origin}/#/editor/{CAMERA}")
        self.sign_in(PASSWORD, "admin")
        self.page.wait_for_selector(".canvas-picture img")
        self.picture = self.page.locator(".canvas-picture")

    def click_at(self, x: float, y: float) -> None:
        box = self.picture.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.picture.scroll_into_view_if_needed()
        box = self.picture.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + x0 * box["width"], box["y"] + y0 * box["height"])
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + x1 * box["width"], box["y"] + y1 * box["height"], steps=4)
        self.page.mouse.up()

    def draw(self, *corners: tuple[float, float]) -> None:
        self.picture.scroll_into_view_if_needed()
        self.page.get_by_role("button", name="画新区域").click()
        for x, y in corners:
            self.click_at(x, y)
        self.click_at(*corners[0])

    def add_rule(self, kind: str) -> Locator:
        self.page.get_by_label("加一条规则").select_option(kind)
        return self.page.locator("fieldset.rule").last

    def say_privacy(self) -> None:
        self.page.get_by_label("这台摄像机的用途").fill("看这条路上的遗留物")
        self.page.get_by_label("现场已立告示牌").check()

    def publish(self) -> None:
        button = self.page.get_by_role("button", name="发布为第")
        expect(button).to_be_enabled()
        button.click()
        expect(self.page.locator(".publish .action-row")).to_have_count(0)


@pytest.fixture
def editor(chromium: Browser, town: EditorTown) -> Iterator[Editor]:
    editor = Editor(chromium, town.url, language="zh", theme="dark")
    editor.show()
    yield editor
    editor.close()
    assert [fault for fault in editor.faults if not any(one in fault for one in REFUSED)] == []


def zones(town: EditorTown):
    return town.admin.get(f"/site/cameras/{CAMERA}").json()["zones"]


def test_a_zone_drawn_with_the_mouse_is_tried_published_and_raises_at_its_place(
    street, editor: Editor
) -> None:
    town, shown = street
    left, top, right, bottom = THING
    page = editor.page
    editor.draw(
        (left - 0.1, top - 0.1), (right + 0.1, top - 0.1), (right + 0.1, bottom + 0.1), (left - 0.1, 0.9)
    )
    editor.drag(left - 0.1, 0.9, left - 0.1, bottom + 0.1)
    page.get_by_label("中文名").fill("路口")
    rule = editor.add_rule("left")
    rule.get_by_role("spinbutton", name="停留多久才报").fill("5")
    rule.get_by_label("单位").first.select_option("s")

    page.get_by_role("button", name="试用这些区域").click()
    expect(page.locator(".raised li")).to_have_count(1, timeout=PATIENCE * 1000)
    expect(page.locator(".raised li img")).to_be_visible()
    expect(page.locator(".raised li")).to_contain_text("路口 · left")
    expect(page.locator(".nearest")).to_contain_text("80 秒")
    stood = page.locator(".nearest li").inner_text()
    assert f"{(GONE - COME) * 10 // 60 - 1}" in stood or f"{(GONE - COME) * 10 // 60}" in stood

    expect(page.locator("#fault-purpose")).to_be_visible()
    expect(page.get_by_role("button", name="发布为第")).to_be_disabled()
    editor.say_privacy()
    expect(page.locator(".differences")).to_contain_text("新增")
    editor.publish()
    expect(page.locator(".standing .good")).to_be_visible(timeout=PATIENCE * 1000)
    (zone,) = zones(town)
    assert zone["name"]["zh"] == "路口"
    assert abs(zone["polygon"][3][1] - (bottom + 0.1)) < 0.02, "the corner stands where it was dragged"
    shown.taken = True
    (incident,) = until(lambda: town.get("/incidents")["items"], PATIENCE, "the zone raises")
    assert (incident["alarms"][0]["zone"], incident["alarms"][0]["rule"]) == (zone["id"], "left")


def test_a_zone_is_drawn_changed_and_published_by_keyboard_alone(town: EditorTown, editor: Editor) -> None:
    page = editor.page
    before = len(zones(town))
    editor.picture.focus()
    press = page.keyboard.press
    press("z")
    for way, times in (("ArrowLeft", 4), ("ArrowDown", 8), ("ArrowRight", 4)):
        press("Space")
        for _ in range(times):
            press(f"Shift+{way}")
    press("Space")
    press("Enter")
    expect(page.locator(".canvas-said")).to_contain_text("第 1 个角点，共 4 个")
    press("n")
    press("ArrowUp")
    press("i")
    expect(page.locator(".canvas-said")).to_contain_text("共 5 个")
    press("Delete")
    press("Control+z")
    expect(page.locator(".canvas-said")).to_contain_text("共 5 个")
    press("Control+Shift+z")
    expect(page.locator(".canvas-said")).to_contain_text("共 4 个")
    page.get_by_label("英文名").last.fill("By keys")
    page.get_by_label("英文名").last.press("Tab")
    editor.say_privacy()
    page.reload()
    editor.publish()
    drawn = zones(town)
    assert len(drawn) == before + 1
    assert drawn[-1]["name"]["en"] == "By keys"
    assert drawn[-1]["polygon"][:2] == [[0.5, 0.5], [0.3, 0.495]]


def test_a_bad_zone_is_refused_at_its_field_and_nothing_is_published(
    town: EditorTown, editor: Editor
) -> None:
    page = editor.page
    before = zones(town)
    editor.draw((0.1, 0.1), (0.3, 0.3), (0.3, 0.1), (0.1, 0.3))
    editor.say_privacy()
    rule = editor.add_rule("crowd")
    rule.get_by_label("数量达到").fill("1")
    fault = rule.locator("[id$=rules-0-count]")
    expect(fault).to_have_text("至少 2")
    expect(rule.get_by_label("数量达到")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[id^=fault-zones-][id$=polygon]")).to_contain_text("相交")
    expect(page.get_by_role("button", name="发布为第")).to_be_disabled()
    page.get_by_role("button", name="放弃修改").click()
    assert zones(town) == before


def test_of_two_who_edit_the_second_is_told_and_keeps_what_they_drew(
    chromium: Browser, town: EditorTown, editor: Editor
) -> None:
    other = Editor(chromium, town.url, language="en", theme="light")
    other.show()
    editor.say_privacy()
    editor.page.get_by_label("这台摄像机的用途").fill("first")
    other.page.get_by_label("What this camera is for").fill("second")
    button = other.page.get_by_role("button", name="Publish as version")
    expect(button).to_be_enabled()
    editor.publish()
    button.click()
    expect(other.page.locator(".conflict")).to_contain_text("not lost")
    other.page.get_by_role("button", name="Keep mine").click()
    expect(other.page.locator(".differences")).to_contain_text("first → second")
    button.click()
    expect(other.page.locator(".publish .action-row")).to_have_count(0)
    assert town.admin.get(f"/site/cameras/{CAMERA}").json()["purpose"] == "second"
    other.close()
    assert [fault for fault in other.faults if not any(one in fault for one in REFUSED)] == []


def test_an_earlier_version_is_gone_back_to_and_the_node_follows(town: EditorTown, editor: Editor) -> None:
    page = editor.page
    page.goto(f"{town.url}/#/editor")
    expect(page.locator(".versions li")).not_to_have_count(0)
    first = page.locator(".versions ol > li").last
    first.get_by_role("button", name="看与现行版的差别").click()
    expect(first.locator(".differences")).to_contain_text("删除")
    first.get_by_role("button", name="恢复第 1 版").click()
    expect(page.locator(".versions .good")).to_contain_text("已恢复")
    assert zones(town) == []
    newest = town.admin.get(f"/site/cameras/{CAMERA}").json()["version"]

    def follows() -> bool:
        devices = town.admin.get("/nodes/n1/devices").json()
        return [one["facts"].get("site_version") for one in devices if one["id"] == "n1"] == [newest]

    until(follows, PATIENCE, "the node runs it")
