"""Random cases that follow the table of transitions, for what is worked out of logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.database.schema import incident, incident_event
from cloud.deadlines.limits import Policy
from cloud.deadlines.steps import rules_of
from cloud.incidents.transitions import OPEN, REMEMBERS, TABLE, State, steps
from cloud.reports.facts import Case, Entry
from devices.ids import uuid7
from tests.cloud.sender_for_tests import START

S = State
POLICY = {
    "default": {
        "limits": {
            "acceptance": "60 s", "filing": "10 min", "dispatch": "10 min", "handling": "1 h",
            "checking": "1 h", "whole": "3 h",
        }
    }
}  # fmt: skip
RULES = rules_of(Policy.model_validate(POLICY), ZoneInfo("Asia/Shanghai"))
_PEOPLE = ("wang", "li", None)
_SOURCES = ("edge", "worker", "citizen", "hotline", "manual", "open311")


def random_case(chance: Random, most: int = 14) -> Case:
    """A case that did up to so many steps."""
    at = START + timedelta(minutes=chance.randint(0, 600))
    source = chance.choice(_SOURCES)
    first = "li" if source == "worker" else None
    log = [Entry(at, None, S.DETECTED, "open", {}, 1, "report", first)]
    before: State | None = None
    for _ in range(chance.randint(0, most)):
        at += timedelta(seconds=chance.choice([1, 30, 59, 60, 61, 600, 1800, 3599, 3600, 7200]))
        state, detail = log[-1].target, dict[str, Any]()
        rules = [one for one in TABLE if state in one.sources]
        if chance.randint(0, 9) == 0 or not rules:
            action, detail = _note(chance)
            log.append(Entry(at, state, state, action, detail, len(log) + 1, "note", None))
            continue
        rule = chance.choice(rules)
        if rule.action in ("resume", "split") and before is None:
            continue
        person = chance.choice(_PEOPLE) if rule.roles else None
        if rule.action == "dispatch":
            detail = {"organisation": chance.choice(["XF", "CG"])}
        elif rule.action == "assign":
            detail = {"handler": "wang"}
        elif rule.action == "extend":
            detail = {"hours": 1}
        for step in steps(rule, state, before):
            log.append(
                Entry(at, step.source, step.target, step.action, detail, len(log) + 1, step.cause, person)
            )
            if step.target is not step.source:
                before = step.source if step.action in REMEMBERS else None
    return Case("05-06", source, log)


def _note(chance: Random) -> tuple[str, dict[str, Any]]:
    action = chance.choice(["join", "note", "escalated", "checked_in", "check_in_late"])
    if action == "escalated":
        return action, {"level": chance.choice(["grid", "community", "street"])}
    if action.startswith("check"):
        call = chance.choice("ab")
        return action, {"call": call, "organisation": "XF", "late": chance.random() < 0.5}
    return action, {}


def cases() -> st.SearchStrategy[Case]:
    """Random ones."""
    return st.randoms(use_true_random=False).map(random_case)


async def store(engine: AsyncEngine, those: Sequence[Case], grids: Sequence[str]) -> list[UUID]:
    """Write cases into the database as if they had happened, each in its grid."""
    heads, lines, ids = [], [], []
    for n, (case, grid) in enumerate(zip(those, grids, strict=True)):
        key, last = uuid7(), case.log[-1]
        ids.append(key)
        over = last.target not in OPEN
        heads.append(
            {
                "id": key, "number": f"T{n:06}", "place": f"report:{key}", "event_class": case.event_class,
                "state": last.target, "version": last.version, "severity": 2, "grid": grid, "community": "C1",
                "opened_at": case.log[0].at, "updated_at": last.at, "source": case.source, "level": "grid",
                "closed_at": last.at if over else None, "pending": [], "area_version": 1,
            }
        )  # fmt: skip
        lines += [line_row(key, one) for one in case.log]
    async with engine.begin() as connection:
        for into, rows in ((incident, heads), (incident_event, lines)):
            for at in range(0, len(rows), 1000):
                await connection.execute(insert(into), rows[at : at + 1000])
    return ids


def line_row(key: UUID, one: Entry) -> dict[str, Any]:
    """A line as a row of the log."""
    return {
        "incident_id": key, "version": one.version, "at": one.at, "action": one.action,
        "actor_kind": "user" if one.person else "system", "actor_name": one.person or "gridwatch",
        "from_state": one.source, "to_state": one.target, "cause": one.cause or "person",
        "detail": dict(one.detail), "hash": b"0" * 32,
    }  # fmt: skip
