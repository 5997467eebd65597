"""The wall page for everybody: contrast, names, landmarks, small screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.fake_cloud import FakeCloud
from tests.e2e.fake_street import ODD
from tests.e2e.wall_page import Wall

pytestmark = pytest.mark.browser


@pytest.fixture(params=["dark", "light"])
def lit(request: pytest.FixtureRequest, chromium: Browser, fake_cloud: FakeCloud) -> Iterator[Wall]:
    wall = Wall(chromium, fake_cloud, theme=request.param)
    yield wall
    wall.close()
    assert wall.faults == []


CONTRASTS = """() => {
  const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!own || node.closest('svg, .leaflet-pane, noscript, .unseen') || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(rgb(style.color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${node.className || node.tagName} ${node.textContent} ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


def test_text_keeps_its_contrast_in_both_lights(lit: Wall) -> None:
    lit.visit()
    assert lit.page.evaluate(CONTRASTS) == []
    lit.sign_in()
    lit.page.wait_for_selector(".row")
    for name in ("老年食堂", "区第二医院急诊入口", "桂苑小区充电棚"):
        lit.row(name).click()
        assert lit.page.evaluate(CONTRASTS) == []
    lit.press("KeyF")
    lit.page.wait_for_selector("form.reason")
    assert lit.page.evaluate(CONTRASTS) == []
    lit.cloud.appear(ODD["inhibited"])
    lit.page.locator(".row.inhibited").click()
    lit.page.wait_for_selector(".inhibited-note")
    assert lit.page.evaluate(CONTRASTS) == []
    lit.press("KeyN")
    lit.page.wait_for_selector(".node-card")
    assert lit.page.evaluate(CONTRASTS) == []


def test_everything_has_a_name_and_the_page_its_landmarks(wall: Wall) -> None:
    wall.show()
    wall.row("客运站出站口").click()
    nameless = wall.page.locator("button, input, [role=button], img, section").evaluate_all(
        "all => all.filter(one => !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby')"
        " || one.textContent.trim() || one.getAttribute('alt') !== null)).map(one => one.outerHTML)"
    )
    assert nameless == []
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        expect(wall.page.get_by_role(landmark)).to_have_count(1)
    wall.page.keyboard.press("Tab")
    outline = wall.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_on_a_phone_the_list_the_map_and_the_detail_take_turns(
    chromium: Browser, fake_cloud: FakeCloud
) -> None:
    wall = Wall(chromium, fake_cloud, size=(390, 844))
    wall.show()
    expect(wall.page.locator(".detail-title")).to_be_hidden()
    wall.row("客运站出站口").click()
    expect(wall.page.locator(".detail-title")).to_be_visible()
    assert wall.page.evaluate("document.documentElement.scrollWidth") == 390
    smallest = wall.page.locator(".actions button").evaluate_all(
        "all => Math.min(...all.map(b => b.offsetHeight))"
    )
    assert smallest >= 48
    wall.page.get_by_role("button", name="返回列表").click()
    expect(wall.row("客运站出站口")).to_be_visible()
    wall.page.get_by_role("button", name="地图", exact=True).click()
    expect(wall.row("客运站出站口")).to_be_hidden()
    expect(wall.page.locator(".point").first).to_be_visible()
    wall.close()
    assert wall.faults == []
