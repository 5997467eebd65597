"""The life of a case on its page: leader, worker, department and community, each with what is theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.case_page import CasePage
from tests.e2e.fake_street import Scene
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser
BIKES = Scene("P02", "05-06-081", "medium", "detected", age=900, count=12)
Opening = Callable[..., CasePage]


@pytest.fixture
def opening(chromium: Browser, stage: Stage) -> Iterator[Opening]:
    """`opening(username, case)`: their page; whatever went wrong on one fails the test."""
    pages: list[CasePage] = []

    def open_(username: str, case: str, **more: Any) -> CasePage:
        pages.append(CasePage(chromium, stage, username, case, **more))
        return pages[-1]

    yield open_
    for one in pages:
        one.close()
    assert [fault for one in pages for fault in one.faults] == []


@pytest.fixture(scope="module")
def bikes(stage: Stage) -> Iterator[dict[str, Any]]:
    raised = stage.nodes.raise_alarm(BIKES)
    with closing(stage.log_in("leader")) as leader:
        yield stage.incident(leader, BIKES.point) | {"raised": raised}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """As a camera gives it; no JPEG, which the page makes of it."""
    path = tmp_path / "after.png"
    cv2.imwrite(str(path), np.full((480, 640, 3), 140, np.uint8))
    return path


def test_a_case_is_worked_on_from_its_alarm_to_its_rating(
    stage: Stage, bikes: dict[str, Any], opening: Opening, photo: Path
) -> None:
    case = bikes["id"]
    leader = opening("leader", case)
    assert leader.why_not("close") == "现在是“核实中”，此项用于：待核查"
    leader.press("accept")
    expect(leader.state()).to_have_text("已受理")
    leader.ask("派遣").locator("[name=handler]").fill("worker")
    leader.send()
    expect(leader.state()).to_have_text("已派遣")
    form = leader.ask("吹哨")
    form.get_by_label("区城市管理局").check()
    form.locator("[name=reason]").fill("占道，需要拖车")
    leader.send()
    expect(leader.page.locator(".case-calls")).to_contain_text("待报到")

    worker = opening("worker", case, size=(390, 844))
    worker.press("start")
    form = worker.ask("处置完成")
    form.locator("input[type=file]").set_input_files(photo)
    expect(form).to_contain_text("1 张照片")
    worker.send()
    expect(worker.state()).to_have_text("已反馈")
    assert worker.why_not("check") == "四眼原则：处置人不能核查自己办的案件，须由他人核查"
    expect(worker.button("check").and_(worker.page.locator("button"))).to_have_count(0)
    expect(worker.page.locator(".case-photos")).to_contain_text("处置照片")

    stage.nodes.clear(bikes["raised"])
    expect(leader.state()).to_have_text("待核查")
    assert leader.why_not("close") == "吹哨未办结：区城市管理局；须各自报告结果，或撤销吹哨"
    slider = leader.page.get_by_role("slider", name="前后对比")
    slider.focus()
    before = slider.input_value()
    leader.page.keyboard.press("ArrowRight")
    assert int(slider.input_value()) > int(before), "the edge moves by the keyboard"

    department = opening("department", case)
    department.ask("报到")
    expect(department.page.locator(".case-calls")).to_contain_text("已报到")
    department.ask("报告结果").locator("[name=words]").fill("已拖走 12 辆")
    department.send()
    expect(department.page.locator(".case-calls")).to_contain_text("已办结")
    expect(department.page.locator(".case-refused")).to_contain_text("由")

    community = opening("community", case)
    form = community.ask("评价")
    form.get_by_label("5 星").check()
    form.locator("[name=words]").fill("来得很快")
    community.send()
    expect(community.page.locator(".case-calls")).to_contain_text("来得很快")

    expect(leader.button("close").and_(leader.page.locator("button"))).to_be_visible()
    leader.press("close")
    expect(leader.state()).to_have_text("已结案")
    for line in ("占道，需要拖车", "已拖走 12 辆", "来得很快", "网格员 小林", "拍到：看到清除", "通知"):
        expect(leader.timeline()).to_contain_text(line)


def test_the_log_on_the_page_is_the_whole_log_and_is_exported_with_its_proof(
    stage: Stage, bikes: dict[str, Any], opening: Opening
) -> None:
    case = bikes["id"]
    with closing(stage.log_in("leader")) as leader:
        log = leader.get(f"/incidents/{case}/events").json()["items"]
    page = opening("auditor", case)
    page.page.get_by_role("button", name="案卷日志").click()
    expect(page.timeline().locator(":scope > li")).to_have_count(len(log))
    expect(page.page.locator(".proof")).to_contain_text(f"日志完整：{len(log)} 条")
    expect(page.page.locator(".case-evidence")).to_contain_text("你的角色不能看照片")
    expect(page.page.locator(".case-do")).to_contain_text("以你的角色，现在没有可做的事")
    with page.page.expect_download() as saving:
        page.page.get_by_role("button", name="导出案卷").click()
    file = json.loads(Path(saving.value.path()).read_text())
    assert [line["version"] for line in file["log"]] == [line["id"] for line in log]


def test_what_is_refused_keeps_what_was_written_and_says_why_in_words(
    stage: Stage, bikes: dict[str, Any], opening: Opening
) -> None:
    page = opening("leader", stage_case(stage, "P12"), language="en")
    page.press("accept")
    form = page.ask("Dispatch")
    form.locator("[name=handler]").fill("nobody-at-all")
    form.locator("button[type=submit]").click()
    expect(page.outcome()).to_have_text("Not sent: Nobody who handles cases has this user name")
    assert form.locator("[name=handler]").input_value() == "nobody-at-all"
    page.page.context.set_offline(True)
    form.locator("[name=handler]").fill("worker")
    form.locator("button[type=submit]").click()
    expect(page.outcome()).to_contain_text("no network")
    page.page.context.set_offline(False)
    page.send()
    expect(page.state()).to_have_text("Dispatched")
    assert all(re.search("422|ERR_INTERNET_DISCONNECTED", fault) for fault in page.faults)
    page.faults.clear()


def test_originals_are_shown_to_who_says_why_and_each_look_is_written_down(
    stage: Stage, opening: Opening
) -> None:
    case = stage_case(stage, "P14")
    with closing(stage.log_in("street")) as street:
        before = len(street.get("/privacy/original-views").json()["items"])
    page = opening("street", case)
    shown = page.page.locator(".case-photos img").first
    expect(shown).to_be_visible()
    assert "reason=" not in (shown.get_attribute("src") or "")
    page.page.get_by_role("button", name="查看原图").click()
    form = page.page.locator(".case-evidence form")
    form.locator("input").fill("市民投诉核实车牌")
    with page.page.expect_response(lambda answer: "reason=" in answer.url) as seen:
        form.locator("button[type=submit]").click()
    assert seen.value.ok
    expect(page.page.locator(".case-evidence")).to_contain_text("市民投诉核实车牌")
    with closing(stage.log_in("street")) as street:
        views = street.get("/privacy/original-views").json()["items"]
    assert len(views) > before
    assert {one["reason"] for one in views[: len(views) - before]} == {"市民投诉核实车牌"}


def test_a_case_out_of_sight_says_so_and_nothing_else(
    chromium: Browser, stage: Stage, bikes: dict[str, Any]
) -> None:
    page = CasePage.__new__(CasePage)
    super(CasePage, page).__init__(chromium, stage.origin)
    with closing(page):
        page.visit()
        page.sign_in(stage.passwords["community"], "community")
        page.page.wait_for_selector(".wall")
        page.page.goto(f"{stage.origin}/#/case/{stage_case(stage, 'P30')}")
        expect(page.page.get_by_role("alert")).to_contain_text("没有这个案件，或不在你的管辖范围")


def stage_case(stage: Stage, point: str) -> str:
    with closing(stage.log_in("leader")) as leader:
        return str(stage.incident(leader, point)["id"])
