"""The phone without network, killed while it sends, and late: nothing lost, nothing doubled, all told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect, sync_playwright

from tests.e2e.phone_page import Phone, fresh, launch, log, step
from tests.e2e.stage import Stage

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


def dispatched(leader: httpx.Client, worker: httpx.Client, words: str) -> dict[str, Any]:
    """A case that somebody told of, given to the worker, who has said so: it does not ring any more."""
    told = {"event_class": "05-07", "point": "P01", "words": words}
    answer = leader.post("/incidents", json=told)
    assert answer.status_code == 201, answer.text
    incident = leader.get(f"/incidents/{answer.json()['incident_id']}").json()
    for action, fields in (("accept", {}), ("dispatch", {"handler": "worker"})):
        incident = step(leader, incident, action, **fields)
    had = worker.post(f"/incidents/{incident['id']}/notes", json={"kind": "received", "words": "got it"})
    assert had.status_code == 201, had.text
    return fresh(leader, incident)


def take(phone: Phone, incident: dict[str, Any]) -> None:
    """Open the task, with all that its page shows."""
    phone.task(incident)
    expect(phone.page.locator(".log")).to_be_visible()


def test_what_is_done_in_a_lift_is_sent_once_with_the_time_at_which_it_was_done(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "goods piled up before the lift")
    phone.show()
    take(phone, incident)
    expect(phone.page.get_by_text("网格员 小林")).to_have_count(0)
    phone.page.goto(phone.stage.origin + "/phone#/me")
    expect(phone.page.locator("[data-offline=ready]")).to_be_visible()
    take(phone, incident)

    phone.context.set_offline(True)
    phone.press("到场")
    phone.wait_for_queue(1)
    phone.press("完成")
    phone.shoot()
    phone.press("提交：完成")
    phone.wait_for_queue(2)
    expect(phone.page.locator(".strip.away")).to_be_visible()

    # Closed and opened again in the lift: the page, the task, its steps and the queue are all still here.
    phone.kill()
    phone.open()
    phone.visit(f"/phone#/task/{incident['id']}")
    expect(phone.page.locator(".task-head")).to_contain_text("乱堆物堆料")
    expect(phone.page.locator(".sop")).to_be_visible()
    phone.wait_for_queue(2)
    assert fresh(leader, incident)["state"] == "dispatched"

    phone.context.set_offline(False)
    phone.wait_for_queue(0)
    done = fresh(leader, incident)
    assert done["state"] in ("resolved", "checking", "closed")
    (start,), (resolve,) = log(leader, incident, "start"), log(leader, incident, "resolve")
    assert start["detail"]["written_at"] < resolve["detail"]["written_at"] < start["at"]
    assert start["detail"]["happened_at"] < resolve["detail"]["happened_at"] <= start["at"]
    (photo,) = resolve["detail"]["photos"]
    assert len(leader.get(f"/media/{photo}", params={"reason": "looking"}).content) <= 500_000


def test_a_page_that_dies_while_it_sends_neither_loses_nor_doubles(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "boxes on the pavement")
    phone.show()
    take(phone, incident)

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
    phone.press("提交：备注")
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
    take(phone, incident)
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
    phone.press("提交：完成")
    phone.wait_for_queue(0)
    assert lost == [200]
    assert [len(log(leader, incident, one)) for one in ("start", "resolve")] == [1, 1]


def test_who_came_too_late_is_told_who_was_there_before_and_may_drop_it(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "a sofa on the pavement")
    phone.show()
    take(phone, incident)
    phone.context.set_offline(True)
    phone.press("到场")
    phone.wait_for_queue(1)
    with closing(phone.stage.log_in("gridleader")) as other:
        step(other, fresh(leader, incident), "start")
    phone.context.set_offline(False)
    phone.page.locator(".tabs a", has_text="待发").click()
    told = phone.page.locator(".told")
    expect(told).to_contain_text("gridleader")
    expect(told).to_contain_text("没有生效")
    assert len(log(leader, incident, "start")) == 1
    phone.press("放弃这项")
    phone.wait_for_queue(0)
    assert phone.queue() == []


def test_what_conflicts_can_be_done_again_and_what_follows_it_waits(
    phone: Phone, leader: httpx.Client, worker: httpx.Client
) -> None:
    incident = dispatched(leader, worker, "bricks on the pavement")
    phone.show()
    take(phone, incident)
    phone.context.set_offline(True)
    phone.press("到场")
    phone.press("完成")
    phone.shoot()
    phone.press("提交：完成")
    phone.wait_for_queue(2)
    leader.post(f"/incidents/{incident['id']}/notes", json={"words": "the owner was told"})
    phone.context.set_offline(False)
    phone.page.locator(".tabs a", has_text="待发").click()
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
    take(phone, incident)
    phone.context.route("**/api/v1/incidents/*/notes", lambda route: route.abort())
    phone.press("更多")
    phone.press("备注")
    phone.page.locator("textarea").fill("mine alone")
    phone.press("提交：备注")
    phone.wait_for_queue(1)
    phone.page.goto(phone.stage.origin + "/phone#/me")
    phone.press("退出登录")
    expect(phone.page.get_by_text("本机还有 1 项操作没有发出")).to_be_visible()
    phone.context.unroute("**/api/v1/incidents/*/notes")
    phone.log_in("gridleader")
    phone.page.locator(".tabs a", has_text="待发").click()
    expect(phone.page.get_by_text("另有 1 项是其他人在本机留下的")).to_be_visible()
    assert log(leader, incident, "note") == []
    phone.page.goto(phone.stage.origin + "/phone#/me")
    phone.press("退出登录")
    phone.log_in("worker")
    phone.wait_for_queue(0)
    assert [one["actor"]["name"] for one in log(leader, incident, "note")] == ["worker"]
