"""The phone on the real cloud: offline, killed while it sends, late, called, off duty, with its camera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect, sync_playwright

from tests.e2e.fake_photos import draw
from tests.e2e.fake_street import FIRE_LANE, Scene
from tests.e2e.phone_page import INSECURE, Phone, dispatched, fresh, launch, link_to, log, step, told
from tests.e2e.processes import until
from tests.e2e.stage import Stage
from tests.e2e.watch_page import Watch

pytestmark = pytest.mark.browser
TRANSITIONS = "**/api/v1/incidents/*/transitions"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """With a made-up camera."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def leader(stage: Stage) -> Iterator[httpx.Client]:
    with closing(stage.log_in("leader")) as person:
        yield person


@pytest.fixture
def phone(chromium: Browser, stage: Stage) -> Iterator[Phone]:
    phone = Phone(chromium, stage)
    yield phone
    phone.close()
    assert phone.faults == []


@pytest.fixture(scope="module")
def worker(stage: Stage) -> Iterator[httpx.Client]:
    with closing(stage.log_in("worker")) as person:
        yield person


def test_what_is_done_in_a_lift_is_sent_once_with_the_time_at_which_it_was_done(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "goods piled up before the lift")
    phone.show()
    phone.take(incident)
    phone.go("我的")
    expect(phone.page.locator("[data-offline=ready]")).to_be_visible()
    phone.take(incident)

    phone.context.set_offline(True)
    phone.press("到场")
    phone.wait_for_queue(1)
    phone.press("完成")
    phone.shoot()
    expect(phone.page.locator(".strip.away")).to_be_visible()

    # Closed and opened again in the lift: task, steps, queue and the form with its photo are all here.
    phone.kill()
    phone.open()
    phone.visit(f"/phone#/task/{incident['id']}")
    expect(phone.page.locator(".task-head")).to_contain_text("乱堆物堆料")
    expect(phone.page.locator(".sop")).to_be_visible()
    phone.wait_for_queue(1)
    expect(phone.page.locator(".act-form .tray img")).to_be_visible()
    phone.submit("完成")
    phone.wait_for_queue(2)
    assert fresh(leader, incident)["state"] == "dispatched"

    # Half of the photo had arrived before the doors closed.
    (sha256,) = (one for item in phone.queue() for one in item["photos"])
    whole = phone.photo(sha256)
    half = len(whole) // 2
    begun = worker.patch(
        f"/photos/{sha256}",
        content=whole[:half],
        headers={"Upload-Offset": "0", "Upload-Length": str(len(whole))},
    )
    assert begun.json()["offset"] == half
    with phone.page.expect_request(lambda request: request.method == "PATCH") as rest:
        phone.context.set_offline(False)
    assert rest.value.headers["upload-offset"] == str(half), "what is there is not sent again"
    phone.wait_for_queue(0)
    done = fresh(leader, incident)
    assert done["state"] in ("resolved", "checking", "closed")
    (start,), (resolve,) = log(leader, incident, "start"), log(leader, incident, "resolve")
    assert start["detail"]["written_at"] < resolve["detail"]["written_at"] < start["at"]
    assert start["detail"]["happened_at"] < resolve["detail"]["happened_at"] <= start["at"]
    (photo,) = resolve["detail"]["photos"]
    assert len(leader.get(f"/media/{photo}", params={"reason": "looking"}).content) <= 500_000

    # Who checks it sees what it looks like now.
    phone.go("我的")
    phone.press("退出登录")
    phone.log_in("gridleader")
    phone.take(incident)
    expect(phone.page.get_by_role("img", name="处置后")).to_be_visible()


def test_a_page_that_dies_while_it_sends_neither_loses_nor_doubles(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "boxes on the pavement")
    phone.show()
    phone.take(incident)

    arrived: list[str] = []

    def swallow(route: Route) -> None:
        """The cloud has it, its answer never comes."""
        answer = route.fetch()
        arrived.append(f"{answer.status} {route.request.headers['idempotency-key']}")
        if len(arrived) == 1:
            phone.kill()
        else:
            route.fulfill(response=answer)

    phone.context.route("**/api/v1/incidents/*/notes", swallow)
    phone.press("更多")
    phone.press("备注")
    phone.page.locator("textarea").fill("the owner comes at noon")
    phone.submit("备注")
    phone.page.wait_for_event("close")
    assert [one.split()[0] for one in arrived] == ["201"]

    phone.open()
    with phone.page.expect_response("**/notes"):
        phone.visit()
    phone.wait_for_queue(0)
    assert len(arrived) == 2
    assert len(set(arrived)) == 1, "the second try has the key of the first"
    assert len(log(leader, incident, "note")) == 1


def test_a_step_whose_answer_was_lost_goes_on_with_the_version_that_it_made(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "sacks on the pavement")
    phone.show()
    phone.take(incident)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.fallback()

    phone.context.route(TRANSITIONS, lose)
    phone.press("到场")
    phone.press("完成")
    phone.shoot()
    phone.submit("完成")
    phone.wait_for_queue(0)
    assert lost == [200]
    assert [len(log(leader, incident, one)) for one in ("start", "resolve")] == [1, 1]


def test_who_came_too_late_is_told_who_was_there_before_and_may_drop_it(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "a sofa on the pavement")
    phone.show()
    phone.take(incident)
    phone.context.set_offline(True)
    phone.press("到场")
    phone.wait_for_queue(1)
    with closing(phone.stage.log_in("gridleader")) as other:
        step(other, fresh(leader, incident), "start")
    phone.context.set_offline(False)
    phone.go("待发")
    said = phone.page.locator(".told")
    expect(said).to_contain_text("gridleader")
    expect(said).to_contain_text("没有生效")
    assert len(log(leader, incident, "start")) == 1
    phone.press("放弃这项")
    phone.wait_for_queue(0)
    assert phone.queue() == []


def test_what_conflicts_can_be_done_again_and_what_follows_it_waits(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "bricks on the pavement")
    phone.show()
    phone.take(incident)
    phone.context.set_offline(True)
    phone.press("到场")
    phone.press("完成")
    phone.shoot()
    phone.submit("完成")
    phone.wait_for_queue(2)
    leader.post(f"/incidents/{incident['id']}/notes", json={"words": "the owner was told"})
    phone.context.set_offline(False)
    phone.go("待发")
    expect(phone.page.locator("[data-state=stopped]")).to_have_count(1)
    expect(phone.page.locator("[data-state=held]")).to_have_count(1)
    assert fresh(leader, incident)["state"] == "dispatched"
    phone.press("再做一次")
    expect(phone.page.locator("[data-state=stopped]")).to_have_count(1)
    phone.press("再做一次")
    phone.wait_for_queue(0)
    assert [len(log(leader, incident, one)) for one in ("start", "resolve")] == [1, 1]


def test_another_persons_log_in_does_not_send_what_is_not_theirs(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "a ladder on the pavement")
    phone.show()
    phone.take(incident)
    phone.context.route("**/api/v1/incidents/*/notes", lambda route: route.abort())
    phone.press("更多")
    phone.press("备注")
    phone.page.locator("textarea").fill("mine alone")
    phone.submit("备注")
    phone.wait_for_queue(1)
    phone.go("我的")
    phone.press("退出登录")
    expect(phone.page.get_by_text("本机还有 1 项操作没有发出")).to_be_visible()
    phone.context.unroute("**/api/v1/incidents/*/notes")
    phone.log_in("gridleader")
    phone.go("待发")
    expect(phone.page.get_by_text("另有 1 项是其他人在本机留下的")).to_be_visible()
    assert log(leader, incident, "note") == []
    phone.go("我的")
    phone.press("退出登录")
    phone.log_in("worker")
    phone.wait_for_queue(0)
    assert [one["actor"]["name"] for one in log(leader, incident, "note")] == ["worker"]


def test_a_message_opens_its_task_and_a_new_one_rings_until_it_is_taken(
    chromium: Browser, stage: Stage, leader: httpx.Client
) -> None:
    incident = told(leader, "rubbish before the school")
    incident = step(leader, incident, "accept")
    until(lambda: leader.get(f"/incidents/{incident['id']}/notices").json()["items"], 30, "it has a notice")
    phone = Phone(chromium, stage)
    phone.show(address=link_to(stage, incident))
    expect(phone.page.locator(".task-head")).to_contain_text(incident["number"])
    expect(phone.page.locator(".call")).to_have_count(0)

    step(leader, fresh(leader, incident), "dispatch", handler="worker")
    call = phone.page.get_by_role("alertdialog")
    expect(call).to_contain_text("乱堆物堆料")
    expect(call.get_by_role("button", name="收到")).to_be_focused()
    assert int(phone.page.evaluate("document.documentElement.dataset.rang")) >= 1
    phone.page.keyboard.press("Enter")
    expect(call).to_have_count(0)
    phone.wait_for_queue(0)
    (line,) = log(leader, incident, "received")
    assert line["actor"]["name"] == "worker"
    phone.close()
    assert phone.faults == []


def test_who_needs_support_is_heard_by_the_grid_leader_and_across_the_wall_until_somebody_has_it(
    phone: Phone, chromium: Browser, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "a lorry's load on the pavement")
    phone.show("gridleader")
    room = Watch(chromium, phone.stage, "operator")
    room.show()
    said = {"kind": "support", "words": "two more people and a crane"}
    assert worker.post(f"/incidents/{incident['id']}/notes", json=said).status_code == 201
    fresh(worker, incident)
    call = phone.page.get_by_role("alertdialog")
    expect(call).to_contain_text("two more people and a crane")
    expect(call).to_contain_text("现场需要支援")
    expect(room.page.locator(".support-bar")).to_contain_text("two more people and a crane")

    def readers() -> list[str]:
        items = leader.get(f"/incidents/{incident['id']}/notices").json()["items"]
        (told,) = (one for one in items if one["kind"] == "support")
        return [one["username"] for one in told["receipts"] if one["read_at"]]

    assert readers() == [], "neither who asks nor a page that rings has read it"
    room.page.locator(".support-bar button").click()
    expect(room.page.locator(".support-bar")).to_have_count(0)
    until(lambda: readers() == ["operator"], 30, "that they have it is known")
    room.close()
    assert room.faults == []


def test_the_photo_from_before_lies_over_the_camera_and_the_looks_at_it_are_written_down(
    phone: Phone, leader: httpx.Client
) -> None:
    phone.stage.nodes.raise_alarm(Scene("P02", FIRE_LANE, "high", "detected", 300, "car", 1))
    incident = phone.stage.incident(leader, "P02")
    for action, fields in (("accept", {}), ("dispatch", {"handler": "worker"}), ("start", {})):
        incident = step(leader, incident, action, **fields)
    phone.show()
    phone.take(incident)
    phone.press("完成")
    phone.press("拍照")
    ghost = phone.page.locator("img.ghost")
    expect(ghost).to_be_visible()
    phone.page.locator(".camera-ghost input").fill("0.7")
    expect(ghost).to_have_css("opacity", "0.7")
    phone.page.locator(".shutter").click()
    taken = phone.page.locator(".tray img")
    expect(taken).to_be_visible()
    assert int(taken.get_attribute("data-bytes") or 0) <= 500_000
    with closing(phone.stage.log_in("auditor")) as auditor:
        views = auditor.get("/privacy/original-views", params={"username": "worker"}).json()["items"]
    assert "拍处置后照片时对准角度" in {one["reason"] for one in views}


def test_off_duty_no_position_is_ever_asked_for(phone: Phone, leader: httpx.Client) -> None:
    phone.show()
    phone.go("上报")
    phone.press("道路破损")
    expect(phone.page.get_by_role("button", name="用我的位置")).to_be_disabled()
    phone.page.locator("summary", has_text="在地图上选").click()
    expect(phone.page.locator(".small-map path.area-grid")).to_have_count(39)
    phone.page.locator(".small-map").click(position={"x": 170, "y": 40})
    expect(phone.page.get_by_text("已选 ")).to_be_visible()
    phone.shoot()
    phone.go("我的")
    assert phone.page.evaluate("window.positionsAsked") == 0
    duty = phone.page.get_by_role("switch")
    duty.click()
    expect(phone.page.get_by_text("位置精度 8 米")).to_be_visible()
    assert phone.page.evaluate("window.positionsAsked") == 1
    duty.click()
    expect(duty).to_have_attribute("aria-checked", "false")
    phone.go("上报")
    expect(phone.page.get_by_role("button", name="用我的位置")).to_be_disabled()
    assert phone.page.evaluate("window.positionsAsked") == 1


def test_what_is_near_is_offered_before_it_is_reported_again(phone: Phone, leader: httpx.Client) -> None:
    first = {"event_class": "01-10", "point": "P01", "words": "a hole in the road"}
    known = leader.post("/incidents", json=first).json()
    phone.show()
    phone.go("我的")
    phone.page.get_by_role("switch").click()
    expect(phone.page.get_by_text("位置精度 8 米")).to_be_visible()
    phone.go("上报")
    phone.press("道路破损")
    phone.press("用我的位置")
    expect(phone.page.locator(".near")).to_contain_text(known["number"])
    expect(phone.page.get_by_role("button", name="上报", exact=True)).to_be_disabled()
    phone.page.locator("textarea").fill("it has grown")
    phone.press("是这件，补充进去")
    expect(phone.page.get_by_text("已补充到案件")).to_be_visible()
    phone.wait_for_queue(0)
    (visit,) = log(leader, {"id": known["incident_id"]}, "visit")
    assert visit["detail"]["words"] == "it has grown"
    phone.press("道路破损")
    phone.press("用我的位置")
    phone.page.locator("textarea").fill("another hole")
    phone.press("都不是，新报一件")
    phone.page.locator(".do").get_by_role("button", name="上报").click()
    expect(phone.page.get_by_text("已存好")).to_be_visible()
    phone.wait_for_queue(0)
    found = leader.get("/incidents", params={"limit": 100}).json()["items"]
    assert [one["source"] for one in found if one["description"] == "another hole"] == ["worker"]


def test_without_https_the_page_says_what_works_and_works(
    chromium: Browser, stage: Stage, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "crates on the pavement")
    phone = Phone(chromium, stage, host=INSECURE)
    phone.show()
    phone.go("我的")
    expect(phone.page.locator("[data-offline=insecure]")).to_contain_text("没有 HTTPS")
    phone.page.get_by_role("switch").click()
    expect(phone.page.get_by_text("浏览器不给位置")).to_be_visible()
    phone.take(incident)
    phone.press("到场")
    phone.wait_for_queue(0)
    phone.press("完成")
    phone.press("拍照")
    expect(phone.page.get_by_text("用系统相机拍")).to_be_visible()
    picture = draw("empty", 1, 0)
    phone.page.locator(".camera input[type=file]").set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture}
    )
    expect(phone.page.locator(".tray img")).to_be_visible()
    phone.submit("完成")
    phone.wait_for_queue(0)
    (resolve,) = log(leader, incident, "resolve")
    assert len(resolve["detail"]["photos"]) == 1
    phone.close()
    assert phone.faults == []
