"""The one way a person changes an incident's state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import alarm, incident
from cloud.errors import Problem
from cloud.incidents import seen, store
from cloud.incidents.blockers import blocked
from cloud.incidents.seen import Case
from cloud.incidents.store import Actor
from cloud.incidents.transitions import (
    ACTIONS,
    NEEDS_REASON,
    OPEN,
    Rule,
    State,
    allowed,
    may_ever,
    rule_for,
)
from cloud.people.roles import Role
from cloud.stream.outbox import emit

GRIDWATCH = Actor("system", "gridwatch")

VERDICTS = {"accept": "true", "false_alarm": "false"}
"""What an action says about the alarms of the incident."""


@dataclass(frozen=True, slots=True)
class Request:
    """A step asked for by a person who saw `version`."""

    action: str
    version: int
    reason: str | None
    username: str
    roles: Collection[Role]


async def change(connection: AsyncConnection, incident_id: UUID, request: Request, now: datetime) -> None:
    """Do the step and what follows from it, in the caller's transaction.

    Raises:
        Problem: invalid, not_found, forbidden, version_changed, not_allowed.
    """
    _check(request)
    case = await _locked(connection, incident_id)
    if case.version != request.version:
        raise _changed(case.version, request.version)
    rule = rule_for(request.action, case.state)
    if rule is None or not rule.roles.intersection(request.roles):
        raise _not_allowed(request, case.state)
    why = await blocked(connection, incident_id, request.action)
    if why is not None:
        raise Problem("not_allowed", why, allowed_actions=list(allowed(case.state, request.roles)))
    walked, lines = seen.act(case, rule)
    await _write(connection, case, walked, rule, now)
    lines = [replace(one, reason=request.reason) if one.action == request.action else one for one in lines]
    actor = Actor("user", request.username)
    await store.write_lines(connection, [(incident_id, line) for line in lines], actor, now)
    await _judge(connection, request, incident_id)
    await emit(connection, [("incident", str(incident_id))])


async def by_system(
    connection: AsyncConnection,
    incident_id: UUID,
    action: str,
    reason: str | None,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Do a step that no person asked for (a timer's, a playbook's), in the caller's transaction.

    Raises:
        Problem: not_found; not_allowed, when the table has no such step from where the case is, or somebody
            has something against it.
    """
    case = await _locked(connection, incident_id)
    rule = rule_for(action, case.state)
    why = (
        f"{action} is not possible while {case.state}"
        if rule is None
        else await blocked(connection, incident_id, action)
    )
    if rule is None or why is not None:
        raise Problem("not_allowed", why or "")
    walked, lines = seen.act(case, rule)
    await _write(connection, case, walked, rule, now)
    lines = [
        replace(one, cause="automatic", reason=reason, detail=detail) if one.action == action else one
        for one in lines
    ]
    await store.write_lines(connection, [(incident_id, line) for line in lines], GRIDWATCH, now)
    await emit(connection, [("incident", str(incident_id))])


async def _locked(connection: AsyncConnection, incident_id: UUID) -> Case:
    """The case, with the lock of its place and class."""
    key = await store.key_of(connection, incident_id)
    if key is None:
        raise not_found(incident_id)
    await store.lock(connection, [key])
    return (await store.load_cases(connection, [incident_id], []))[0][incident_id]


def _check(request: Request) -> None:
    if request.action not in ACTIONS:
        fault = {"pointer": "/body/action", "detail": f"one of {', '.join(ACTIONS)}"}
        raise Problem("invalid", f"action: {request.action!r} is not known", errors=[fault])
    if not may_ever(request.action, request.roles):
        raise Problem("forbidden", f"{request.action} is not for {', '.join(request.roles) or 'you'}")
    if request.action in NEEDS_REASON and not (request.reason or "").strip():
        fault = {"pointer": "/body/reason", "detail": "must be given"}
        raise Problem("invalid", f"reason: {request.action} needs one", errors=[fault])


async def _write(connection: AsyncConnection, before: Case, after: Case, rule: Rule, now: datetime) -> None:
    """Guard, version and state in one statement: nothing else can have come between."""
    values: dict[str, Any] = {
        "state": after.state,
        "version": after.version,
        "suspended_from": after.suspended_from,
        "updated_at": now,
    }
    if after.state not in OPEN and before.state in OPEN:
        values["closed_at"] = now
    statement = (
        update(incident)
        .where(
            incident.c.id == before.id,
            incident.c.version == before.version,
            incident.c.state.in_(rule.sources),
        )
        .values(values)
    )
    if (await connection.execute(statement)).rowcount != 1:
        now_at = await connection.scalar(select(incident.c.version).where(incident.c.id == before.id))
        raise _changed(now_at or 0, before.version)


async def _judge(connection: AsyncConnection, request: Request, incident_id: UUID) -> None:
    """An accepted incident's alarms were true, a false one's false; precision is counted from this."""
    verdict = VERDICTS.get(request.action)
    if verdict is None:
        return
    statement = (
        update(alarm)
        .where(alarm.c.incident_id == incident_id, alarm.c.verdict.is_distinct_from(verdict))
        .values(verdict=verdict, version=alarm.c.version + 1)
        .returning(alarm.c.id)
    )
    judged = (await connection.scalars(statement)).all()
    await emit(connection, [("alarm", str(key)) for key in judged])


def not_found(incident_id: UUID) -> Problem:
    """There is no such incident."""
    return Problem("not_found", f"no incident has the id {incident_id}")


def _changed(version: int, given: int) -> Problem:
    return Problem(
        "version_changed", f"you saw version {given}, it is at {version}; look again", version=version,
        headers={"ETag": f'"v{version}"'},
    )  # fmt: skip


def _not_allowed(request: Request, state: State) -> Problem:
    actions = list(allowed(state, request.roles))
    detail = f"{request.action} is not possible while {state}"
    return Problem("not_allowed", detail, allowed_actions=actions)
