"""The wall's curves: reached by key and button, read by eye, by keyboard and as a table, on any screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.test_wall_page import HAN
from tests.e2e.wall_page import Wall

pytestmark = pytest.mark.browser


def with_sensor(wall: Wall) -> str:
    """The id of a point that has a sensor and a case."""
    points = {one.id for one in wall.cloud.street.site.points if one.sensors}
    return next(one["point"]["id"] for one in wall.cloud.incidents.values() if one["point"]["id"] in points)


def opened(wall: Wall, point: str) -> Locator:
    """The curves of a point, by the button on a case's page."""
    wall.show()
    wall.page.evaluate("document.querySelector('.row').click()")
    wall.page.locator(f".row:has-text('{name_of(wall, point)}')").first.click()
    wall.page.locator(".detail .curves").click()
    expect(wall.page.locator("#charts-title")).to_be_focused()
    return wall.page.locator(".chart-card").first


def name_of(wall: Wall, point: str) -> str:
    return next(one.name.zh for one in wall.cloud.street.site.points if one.id == point)


def test_what_a_sensor_measured_is_drawn_with_its_limits_and_read_bucket_by_bucket(wall: Wall) -> None:
    card = opened(wall, with_sensor(wall))
    expect(card.locator("h3")).to_contain_text("水位")
    expect(card.locator(".latest")).to_contain_text("9 cm")
    assert card.locator(".limits li").all_inner_texts() == ["限值 15 cm(中)", "限值 27 cm(高)"]
    expect(card.locator("canvas")).to_be_visible()
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)"
    assert card.locator("canvas").evaluate(drawn)
    frame = card.locator(".plot-frame")
    assert re.search("水位.*最低 .* cm,最高 .* cm", frame.get_attribute("aria-label") or "")
    frame.focus()
    wall.page.keyboard.press("ArrowLeft")
    last = card.locator(".chart-reading").inner_text()
    assert re.match(r"\d\d:\d\d:\d\d 平均 .* cm", last)
    wall.page.keyboard.press("ArrowLeft")
    expect(card.locator(".chart-reading")).not_to_have_text(last)
    card.locator("summary").click()
    expect(card.locator("thead th")).to_have_text(["时间", "最低", "平均", "最高", "末值"])
    assert card.locator("tbody tr").count() > 50
    assert "/api/v1/telemetry/csv?device=" in (card.locator("a[download]").get_attribute("href") or "")
    wall.page.keyboard.press("Escape")
    expect(wall.page.locator(".row[aria-current=true]")).to_be_focused()
    assert wall.faults == []


def test_the_time_shown_is_an_hour_a_day_or_a_week_and_the_page_speaks_english_too(wall: Wall) -> None:
    opened(wall, with_sensor(wall))
    for name in ("最近一天", "最近一周"):
        with wall.page.expect_response(re.compile(r"/api/v1/telemetry\?")):
            wall.page.get_by_role("button", name=name).click()
        expect(wall.page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    wall.page.get_by_role("button", name="English").click()
    expect(wall.page.get_by_role("button", name="Last week")).to_be_visible()
    expect(wall.page.locator(".chart-card").first).to_contain_text("Water level")
    assert not HAN.search(wall.page.locator("main.charts").inner_text())
    assert wall.faults == []


def test_the_curves_of_a_node_are_on_its_card_and_fit_a_phone(wall: Wall) -> None:
    wall.page.set_viewport_size({"width": 390, "height": 844})
    wall.show()
    wall.press("KeyN")
    wall.page.locator(".node-card .curves").first.click()
    expect(wall.page.locator(".chart-card h3")).to_contain_text("处理器占用")
    expect(wall.page.locator(".chart-card canvas")).to_be_visible()
    widths = wall.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    rights = "all => all.map(one => one.getBoundingClientRect().right)"
    assert max(wall.page.locator(".chart-card, .plot canvas, .spans .button").evaluate_all(rights)) <= 390
    assert wall.faults == []
