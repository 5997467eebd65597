"""Checking before closing: what the second look says decides where a case goes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from cloud.incidents.closing import Past, closes_itself
from cloud.incidents.policy import CASES, CasePolicy, sampled
from cloud.link import store, verify
from cloud.link.models import CommandState
from cloud.link.verify import Question, conclude
from cloud.people.roles import Role
from cloud.policies.tables import policy
from devices.ids import uuid7
from devices.link import Answer, Outcome
from tests.cloud.case_people_for_tests import hire
from tests.cloud.conftest import TOKENS
from tests.cloud.link_for_tests import NodeEnd
from tests.cloud.sender_for_tests import START
from tests.cloud.test_case_steps import did
from tests.cloud.test_link import another_process, off_loop

pytestmark = pytest.mark.anyio


AFTER = "cd" * 32
ONE, OTHER = uuid7(), uuid7()


def question(condition: UUID, verdict: str | None, state: CommandState = CommandState.ANSWERED) -> Question:
    return Question(condition, "P01-C1", state, {"verdict": verdict} if verdict else {})


@pytest.mark.parametrize(
    ("questions", "present", "outcome"),
    [
        ([question(ONE, "gone")], {ONE}, "clear"),
        ([question(ONE, "present")], {ONE}, "there"),
        ([question(ONE, "occluded")], {ONE}, "unsure"),
        ([question(ONE, "blind")], {ONE}, "unsure"),
        ([question(ONE, None, CommandState.EXPIRED)], {ONE}, "unsure"),
        ([question(ONE, None, CommandState.FAILED)], {ONE}, "unsure"),
        ([question(ONE, None, CommandState.SENT)], {ONE}, "wait"),
        ([question(ONE, "gone"), question(OTHER, None, CommandState.QUEUED)], {ONE, OTHER}, "wait"),
        ([question(ONE, "present"), question(OTHER, None, CommandState.QUEUED)], {ONE, OTHER}, "there"),
        ([question(ONE, "gone"), question(OTHER, "blind")], {ONE, OTHER}, "unsure"),
        ([question(ONE, "gone"), question(OTHER, "blind")], {ONE}, "clear"),
        ([question(ONE, "gone")], {ONE, OTHER}, "unsure"),
        ([question(ONE, None)], {ONE}, "wait"),
        ([], {ONE}, "unsure"),
    ],
)
def test_one_there_is_enough_all_must_be_gone_and_the_rest_is_for_a_person(
    questions, present, outcome
) -> None:
    assert conclude(questions, present) == outcome


def test_only_what_a_device_saw_gone_or_none_tells_of_closes_by_itself() -> None:
    terms = CasePolicy(closes_itself=("90",))
    by_hand, spot = Past("resolve", {}), Past("self_handle", {"sampled": False})
    gone, blind = Past("seen_gone", {}), Past("await_check", {"looks": []})
    assert closes_itself(terms, "90-02", [by_hand, gone])
    assert not closes_itself(terms, "90-02", [by_hand, blind])
    assert not closes_itself(terms, "05-06", [by_hand, gone])
    assert closes_itself(terms, "05-06", [spot, gone])
    assert closes_itself(terms, "05-06", [spot, Past("await_check", {})])
    assert not closes_itself(terms, "05-06", [spot, blind])
    assert not closes_itself(terms, "05-06", [Past("self_handle", {"sampled": True}), gone])
    assert not closes_itself(terms, "05-06", [spot, gone, Past("seen_again", {}), gone])


def test_the_share_that_is_sampled_is_that_of_the_policy() -> None:
    heads = [number.to_bytes(4, "big") for number in range(0, 2**32, 2**22)]
    assert sum(sampled(head, 0.25) for head in heads) == len(heads) // 4
    assert not any(sampled(head, 0.0) for head in heads)
    assert all(sampled(head, 1.0) for head in heads)


async def looked(s: Any, verdict: str, outcome: Outcome = Outcome.DONE) -> None:
    """The node answers what it was asked last."""
    now = s.clock()
    async with s.app.state.context.engine.begin() as connection:
        (asked,) = await store.latest(connection, "n1", None, 1)
        result = {"verdict": verdict, "sha256": AFTER, "captured_at": now.isoformat()}
        assert await store.settle(connection, "n1", Answer(id=asked.id, outcome=outcome, result=result), now)
        await verify.answered(connection, [asked.id], now)


async def resolved(s: Any, sender: Any, seen: Any) -> tuple[Any, Any, dict[str, Any]]:
    bike = seen(sender)
    await s.send(bike.now("opened"))
    leader = await s.log_in()
    s.clock.forward(minutes=1)
    return (
        bike,
        leader,
        await leader.done(await leader.the_incident(), "accept", "dispatch", "start", "resolve"),
    )


async def test_seen_clear_goes_to_checking_with_the_pair_and_is_rework_when_seen_there_later(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        before = await store_photo(s)
        await s.send(sender.photo(bike.id, before))
        leader = await s.log_in()
        s.clock.forward(minutes=1)
        await leader.done(await leader.the_incident(), "accept", "dispatch", "start", "resolve")
        await looked(s, "gone")
        incident = await leader.the_incident()
        assert incident["state"] == "checking"
        line = (await leader.log(incident))[-1]
        assert (line["action"], line["actor"]["name"]) == ("seen_gone", "gridwatch")
        assert line["detail"]["looks"] == [
            {"condition": str(bike.id), "camera": "P01-C1", "before": before, "after": AFTER, "said": "gone"}
        ]
        assert line["detail"]["photos"] == [AFTER]
        await s.send(bike.now("updated", count=7))
        assert (await leader.the_incident())["state"] == "checking", "that was before the look"
        bike.at = START + timedelta(minutes=2)
        await s.send(bike.now("updated", count=8))
        incident = await leader.the_incident()
        assert (incident["state"], incident["seen_gone_at"]) == ("in_progress", None)
        assert (await leader.log(incident))[-1]["action"] == "seen_again"


async def test_seen_not_clear_goes_back_to_handling_with_the_new_photo(street, sender, seen) -> None:
    async with street() as s:
        _, leader, _ = await resolved(s, sender, seen)
        await looked(s, "present")
        incident = await leader.the_incident()
        assert incident["state"] == "in_progress"
        line = (await leader.log(incident))[-1]
        assert (line["action"], line["detail"]["photos"]) == ("still_there", [AFTER])
        await leader.done(incident, "resolve")
        await looked(s, "gone")
        assert (await leader.the_incident())["state"] == "checking", "each time it is asked anew"


async def test_what_no_camera_can_see_waits_for_a_person(street, sender, seen) -> None:
    async with street() as s:
        _, leader, _ = await resolved(s, sender, seen)
        s.clock.forward(minutes=11)
        async with s.app.state.context.engine.begin() as connection:
            gone = await store.expire(connection, s.clock())
            await verify.answered(connection, gone, s.clock())
        incident = await leader.the_incident()
        line = (await leader.log(incident))[-1]
        assert (incident["state"], line["action"]) == ("checking", "await_check")
        assert line["detail"]["looks"][0]["said"] == "expired"


async def test_a_late_answer_changes_nothing_of_a_case_that_went_on(street, sender, seen) -> None:
    async with street() as s:
        bike, leader, _ = await resolved(s, sender, seen)
        await s.send(bike.now("cleared"))
        second = await hire(s, "second", Role.LEADER)
        incident = await second.done(await second.the_incident(), "close")
        await looked(s, "present")
        assert await leader.the_incident() == incident


async def test_a_class_that_closes_itself_needs_nobody_once_it_is_seen_gone(street, sender, seen) -> None:
    async with street() as s:
        row = {
            "kind": CASES.name, "version": 1, "at": s.clock(), "source": "person", "actor_kind": "user",
            "actor_name": "admin", "body": {"closes_itself": ["05"]},
        }  # fmt: skip
        async with s.app.state.context.engine.begin() as connection:
            await connection.execute(insert(policy), row)
        bike = seen(sender)
        await s.send(bike.now("opened"))
        await s.send(bike.now("cleared"))
        leader = await s.log_in()
        first = await leader.the_incident()
        line = (await leader.log(first))[-1]
        assert (first["state"], line["action"], line["cause"]) == ("closed", "close", "automatic")
        assert line["reason"] == "seen gone; this class needs nobody to look"


async def test_the_answer_over_the_link_moves_the_case(street, sender, seen, tmp_path) -> None:
    async with street() as s, another_process(s, tmp_path) as port:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), "accept", "dispatch", "start")
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await did(leader, incident, "resolve")
            command = await off_loop(node.command)
            await off_loop(lambda: node.answer(command, verdict="gone"))
            tail = s.app.state.context.tail
            listening = tail.subscribe()
            async with asyncio.timeout(30):
                while (await leader.the_incident())["state"] == "resolved":
                    await listening.queue.get()
            tail.leave(listening)
        assert (await leader.the_incident())["state"] == "checking"
