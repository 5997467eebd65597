"""The office on the real cloud: figures and their cases, the ledger, devices, triage; the public pages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.fake_photos import draw
from tests.e2e.stage import Stage
from tests.e2e.wall_page import Screen

pytestmark = pytest.mark.browser
TALK = {"words": "楼道口堆了很多共享单车，走不过去"}


@pytest.fixture(scope="module")
def moved(stage: Stage) -> Stage:
    """Three cases taken up; one false and two void: of three that ended a third was false."""
    with closing(stage.log_in("leader")) as leader:
        cases = leader.get("/incidents", params={"limit": 100}).json()["items"]
        for one in cases[:6]:
            step(leader, one, "accept")
        for one, action in zip(cases[3:6], ("false_alarm", "void", "void"), strict=True):
            step(leader, leader.get(f"/incidents/{one['id']}").json(), action, reason="the test's")
    return stage


def step(who: httpx.Client, one: dict[str, Any], action: str, **more: str) -> None:
    answer = who.post(
        f"/incidents/{one['id']}/transitions",
        json={"action": action, **more},
        headers={"If-Match": f'"v{one["version"]}"'},
    )
    assert answer.status_code == 200, answer.text


class Office(Screen):
    """Somebody's page of the office."""

    def __init__(self, browser: Browser, stage: Stage, username: str, **more: Any) -> None:
        super().__init__(browser, stage.origin, **more)
        self.visit()
        self.sign_in(stage.passwords[username], username)
        self.page.wait_for_selector(".wall")

    def go(self, address: str) -> None:
        self.page.evaluate("address => (location.hash = address)", f"#/{address}")
        expect(self.page.locator(f"main.office[aria-labelledby^={address}] h2")).to_be_focused()

    def rows(self) -> Locator:
        return self.page.locator("main tbody tr")


@pytest.fixture
def office(chromium: Browser, moved: Stage) -> Iterator[Office]:
    office = Office(chromium, moved, "leader")
    yield office
    office.close()
    assert office.faults == []


def numbers(text: str) -> list[int]:
    return [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", text)]


def test_a_percentage_leads_to_as_many_cases_as_it_says(office: Office) -> None:
    office.go("reports")
    row = office.page.locator("tr[data-code=false_case]")
    hits, counted = numbers(row.locator("td").nth(1).inner_text())
    assert (hits, counted) == (1, 3)
    expect(row.locator("td").first).to_have_text("33.3 %")
    row.get_by_role("button").click()
    expect(office.page.locator("#drill-title")).to_be_focused()
    drilled = office.page.locator(".behind tbody tr")
    expect(drilled).to_have_count(counted)
    expect(drilled.filter(has_text="●")).to_have_count(hits)
    office.page.get_by_role("button", name=re.compile("^分子")).click()
    expect(drilled).to_have_count(hits)
    expect(drilled.filter(has_text="●")).to_have_count(hits)

    office.page.get_by_label("分组").select_option("community")
    expect(office.page.locator(".bars tr").first).to_be_visible()
    parts = [numbers(one) for one in office.page.locator(".bars tr td:last-child").all_inner_texts()]
    assert [sum(part[at] for part in parts) for at in (0, 1)] == [hits, counted]
    drilled.first.get_by_role("link").click()
    expect(office.page).to_have_url(re.compile("#/case/"))


def test_the_export_has_what_the_ledger_shows(office: Office, moved: Stage) -> None:
    office.go("ledger")
    expect(office.rows().first).to_be_visible()
    whole = office.rows().count()
    office.page.get_by_label("状态").select_option("accepted")
    expect(office.page).to_have_url(re.compile("state%3Daccepted"))
    expect(office.rows()).to_have_count(3)
    assert whole >= 10
    expect(office.page.locator(".count")).to_contain_text("共 3 件")
    shown = set(office.page.locator("main tbody th").all_inner_texts())
    with office.page.expect_download() as download:
        office.page.get_by_role("link", name="导出 CSV").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:  # noqa: PTH123  Playwright's own
        rows = list(csv.reader(io.StringIO(file.read())))
    assert {row[1] for row in rows[1 : rows.index([])]} == shown
    office.page.reload()
    expect(office.rows()).to_have_count(3)
    office.page.get_by_label("案卷号").fill("no such number")
    office.page.keyboard.press("Enter")
    expect(office.page.locator("main .nothing")).to_contain_text("没有符合条件")
    office.page.get_by_role("button", name="清除筛选").click()
    expect(office.rows()).to_have_count(whole)


def test_a_camera_is_taken_out_of_service_with_a_reason_and_put_back(office: Office, moved: Stage) -> None:
    office.go("nodes")
    row = office.page.locator("tr[data-device=P01-C1]")
    row.get_by_role("button", name="停用").click()
    form = office.page.get_by_role("form", name=re.compile("^停用"))
    form.get_by_role("button", name="停用").click()
    expect(form.get_by_role("alert")).to_have_text("请写明原因。")
    form.get_by_label("原因").fill("清洁镜头")
    form.get_by_role("button", name="停用").click()
    expect(row).to_contain_text("值班长 停用至")
    expect(row).to_contain_text("清洁镜头")
    with closing(moved.log_in("operator")) as operator:
        (out,) = operator.get("/devices/out-of-service").json()["items"]
        assert (out["device"], out["out"]["reason"]) == ("P01-C1", "清洁镜头")
        office.page.get_by_role("button", name="停用中").click()
        expect(office.page.locator(".rungs tbody tr")).to_have_count(1)
        row.get_by_role("button", name="恢复使用").click()
        office.page.locator(".rungs .primary").click()
        expect(office.page.locator(".rungs tbody tr")).to_have_count(0)
        assert operator.get("/devices/out-of-service").json()["items"] == []


def test_what_citizens_report_is_accepted_or_refused_and_who_is_second_is_told(
    office: Office, moved: Stage
) -> None:
    with closing(moved.log_in("leader")) as leader:
        lon, lat = leader.get("/points").json()["features"][0]["geometry"]["coordinates"]
        for words in (TALK["words"], "路灯不亮"):
            body = {"words": words, "lon": lon, "lat": lat}
            answer = leader.post("/reports", json=body, headers={"Origin": moved.origin})
            assert answer.status_code == 201, answer.text
        office.go("triage")
        card = office.page.locator(".report", has_text=TALK["words"])
        card.get_by_role("button", name="受理立案").click()
        expect(card.get_by_role("alert")).to_contain_text("请先选择")
        card.get_by_label("类别").select_option(index=1)
        card.get_by_role("button", name="受理立案").click()
        expect(card).to_have_count(0)
        expect(office.page.get_by_role("status").filter(has_text="已受理立案")).to_be_visible()

        other = office.page.locator(".report", has_text="路灯不亮")
        waiting = next(one for one in leader.get("/triage").json()["items"] if one["words"] == "路灯不亮")
        decided = leader.post(
            f"/triage/{waiting['id']}/decision",
            json={"decision": "refuse", "reason": "不属本街道"},
            headers={"If-Match": '"v1"'},
        )
        assert decided.status_code == 200
        other.get_by_label("类别").select_option(index=1)
        other.get_by_role("button", name="受理立案").click()
        expect(other).to_have_count(0)
        office.page.get_by_role("button", name="不予受理").click()
        expect(office.page.locator(".report")).to_contain_text("不属本街道")


@pytest.mark.parametrize("address", ["ledger", "reports", "nodes", "triage", "plans"])
def test_no_page_of_the_office_scrolls_sideways_on_a_phone(
    chromium: Browser, moved: Stage, address: str
) -> None:
    office = Office(chromium, moved, "leader", size=(390, 844), language="en")
    try:
        office.go(address)
        expect(office.page.locator("main .nothing", has_text="Loading")).to_have_count(0)
        wide = office.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        inner = office.page.locator("main.office").evaluate("one => one.scrollWidth - one.clientWidth")
        assert inner <= 0
    finally:
        office.close()
    assert office.faults == []


@pytest.fixture
def phone(chromium: Browser, stage: Stage) -> Iterator[Screen]:
    phone = Screen(chromium, stage.origin, size=(390, 844))
    yield phone
    phone.close()
    assert phone.faults == []


def test_a_report_with_a_photo_waits_in_triage_and_its_number_leads_to_it(
    phone: Screen, stage: Stage, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(draw("present", 3, 4))
    page = phone.page
    page.goto(f"{stage.origin}/report")
    page.get_by_label("看到了什么").fill("井盖松动，车过有响声")
    page.get_by_label("照片").set_input_files(photo)
    page.get_by_label("网格").select_option(index=2)
    page.get_by_role("button", name="提交").click()
    number = page.locator("dd.number").inner_text()
    assert re.fullmatch(r"\d{8}-\d{5,}-\d-[0-9A-Z]{4}-[0-9A-Z]{4}", number)
    page.get_by_role("link", name="查询进度").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("已收到")
    with closing(stage.log_in("leader")) as leader:
        items = leader.get("/triage").json()["items"]
        waiting = next(one for one in items if one["public_number"] == number)
        assert len(waiting["photos"]) == 1

    page.get_by_label("公开编号").fill(number[:-1] + ("0" if number[-1] != "0" else "1"))
    phone.faults.clear()
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("alert")).to_contain_text("编号有误")
    phone.faults = [one for one in phone.faults if "404" not in one]
    page.get_by_label("公开编号").fill(f" {number.lower()} ")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("dl")).to_contain_text(number)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_form_works_where_scripts_are_off(chromium: Browser, stage: Stage) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        page.goto(f"{stage.origin}/report")
        page.get_by_label("看到了什么").fill("路灯不亮")
        page.get_by_label("网格").select_option(index=1)
        page.get_by_role("button", name="提交").click()
        expect(page.locator("dd.number")).to_be_visible()
    finally:
        context.close()


def test_a_position_found_takes_the_place_of_a_grid(chromium: Browser, stage: Stage) -> None:
    with closing(stage.log_in("leader")) as leader:
        lon, lat = leader.get("/points").json()["features"][0]["geometry"]["coordinates"]
    context = chromium.new_context(
        geolocation={"longitude": lon, "latitude": lat, "accuracy": 12.0}, permissions=["geolocation"]
    )
    try:
        page = context.new_page()
        page.goto(f"{stage.origin}/report")
        page.get_by_role("button", name="使用我的位置").click()
        expect(page.get_by_role("status")).to_contain_text("误差约 12 米")
        page.get_by_label("看到了什么").fill("路面破损")
        page.get_by_role("button", name="提交").click()
        expect(page.locator("dd.number")).to_be_visible()
    finally:
        context.close()
