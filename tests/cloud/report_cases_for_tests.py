"""Random cases that follow the table of transitions, for what is worked out of logs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from cloud.deadlines.limits import Policy
from cloud.deadlines.steps import rules_of
from cloud.incidents.transitions import REMEMBERS, TABLE, State, steps
from cloud.reports.facts import Case, Entry
from tests.cloud.sender_for_tests import START

S = State
RULES = rules_of(
    Policy.model_validate(
        {
            "default": {
                "limits": {
                    "acceptance": "60 s", "filing": "10 min", "dispatch": "10 min", "handling": "1 h",
                    "checking": "1 h", "whole": "3 h",
                }
            }
        }
    ),
    ZoneInfo("Asia/Shanghai"),
)  # fmt: skip
_PEOPLE = ("wang", "li", None)
_SOURCES = ("edge", "worker", "citizen", "hotline", "manual", "open311")


@st.composite
def cases(draw: Any, most: int = 14) -> Case:
    """A case that did up to so many steps."""
    at = START + timedelta(minutes=draw(st.integers(0, 600)))
    source = draw(st.sampled_from(_SOURCES))
    first = "li" if source == "worker" else None
    log = [Entry(at, None, S.DETECTED, "open", {}, 1, "report", first)]
    before: State | None = None
    for _ in range(draw(st.integers(0, most))):
        at += timedelta(seconds=draw(st.sampled_from([1, 30, 59, 60, 61, 600, 1800, 3599, 3600, 7200])))
        state, detail = log[-1].target, dict[str, Any]()
        rules = [one for one in TABLE if state in one.sources]
        if draw(st.integers(0, 9)) == 0 or not rules:
            action = draw(st.sampled_from(["join", "note", "escalated", "checked_in", "check_in_late"]))
            if action == "escalated":
                detail = {"level": draw(st.sampled_from(["grid", "community", "street"]))}
            if action.startswith("check"):
                detail = {
                    "call": draw(st.sampled_from("ab")),
                    "organisation": "XF",
                    "late": draw(st.booleans()),
                }
            log.append(Entry(at, state, state, action, detail, len(log) + 1, "note", None))
            continue
        rule = draw(st.sampled_from(rules))
        if rule.action in ("resume", "split") and before is None:
            continue
        person = draw(st.sampled_from(_PEOPLE)) if rule.roles else None
        if rule.action == "dispatch":
            detail = {"organisation": draw(st.sampled_from(["XF", "CG"]))}
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
