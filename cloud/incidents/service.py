"""The one way an incident's state is changed, by a person or by the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import verdicts
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.incidents import asking, guards, linking, naming, policy, seen, store
from cloud.incidents.asking import Request
from cloud.incidents.blockers import blocked
from cloud.incidents.effects import effects
from cloud.incidents.guards import Terms
from cloud.incidents.seen import Case, Line
from cloud.incidents.store import GRIDWATCH, Actor
from cloud.incidents.transitions import CLOSED, OPEN, Rule, State, allowed, rule_for
from cloud.stream.outbox import emit
from cloud.whistles.over import call_off

__all__ = ["Request", "by_system", "change", "locked", "not_found"]


async def change(connection: AsyncConnection, incident_id: UUID, request: Request, now: datetime) -> None:
    """Do the step and what follows from it, in the caller's transaction.

    Raises:
        Problem: invalid, not_found, forbidden, version_changed, not_allowed.
    """
    asking.check(request)
    case = await locked(connection, incident_id, request.fields.get("into"))
    rule = rule_for(request.action, case.state)
    terms = Terms(request, await policy.in_force(connection), now)
    if case.version != request.version:
        await _tell_loser(connection, case, rule, terms)
        raise _changed(case.version, request.version)
    if rule is None or not rule.roles.intersection(request.roles):
        raise _refused(f"{request.action} is not possible while {case.state}", case.state, request)
    to = asking.target(request, case.state)
    why = await _against(connection, incident_id, rule, terms)
    if why is not None:
        raise _refused(why, case.state, request)
    await naming.check(connection, request)
    actor = Actor("user", request.username)
    values, detail = await _facts(connection, case, request, terms)
    if request.action in linking.ACTIONS:
        case, values, detail = await linking.link(connection, case, request, actor, now)
    walked, lines = seen.act(case, rule, to)
    await _write(connection, case, walked, rule, now, values, guards.conditions(rule, terms))
    lines = _told(lines, request.action, request.reason, {**request.fields, **detail, **request.stamp})
    await store.write_lines(connection, [(incident_id, line) for line in lines], actor, now)
    await verdicts.follow(connection, incident_id, request.action, request.username, now)
    if case.state in OPEN:
        await call_off(connection, incident_id, walked.state, now)
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
    case = await locked(connection, incident_id)
    rule = rule_for(action, case.state)
    if rule is None or action in linking.ACTIONS:
        raise Problem("not_allowed", f"{action} is not possible while {case.state}")
    request = Request(action, case.version, reason, GRIDWATCH.name, (), fields=detail)
    terms = Terms(request, await policy.in_force(connection), now)
    why = await _against(connection, incident_id, rule, terms, system=True)
    if why is not None:
        raise Problem("not_allowed", why)
    values, _ = await _facts(connection, case, request, terms)
    walked, lines = seen.act(case, rule)
    await _write(connection, case, walked, rule, now, values, guards.conditions(rule, terms, system=True))
    lines = _told(lines, action, reason, detail)
    lines = [replace(one, cause="automatic") if one.action == action else one for one in lines]
    await store.write_lines(connection, [(incident_id, line) for line in lines], GRIDWATCH, now)
    await emit(connection, [("incident", str(incident_id))])


async def _against(
    connection: AsyncConnection, incident_id: UUID, rule: Rule, terms: Terms, system: bool = False
) -> str | None:
    """What stands in the way of a step that the table has."""
    unmet = await guards.unmet(connection, incident_id, rule, terms, system)
    return unmet[0].why if unmet else await blocked(connection, incident_id, rule.action)


async def locked(connection: AsyncConnection, incident_id: UUID, into: str | None = None) -> Case:
    """The case, with the lock of its place and class; with that of the case it is, or shall be, part of.

    Raises:
        Problem: not_found.
    """
    keys = [await store.key_of(connection, one) for one in await linking.both(connection, incident_id, into)]
    known = [key for key in keys if key is not None]
    if len(known) < len(keys):
        raise not_found(UUID(into) if into and keys[0] else incident_id)
    await store.lock(connection, known)
    return (await store.load_cases(connection, [incident_id], []))[0][incident_id]


async def _facts(
    connection: AsyncConnection, case: Case, request: Request, terms: Terms
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What else the step changes, and what else its line says."""
    columns = (guards.HOLDER.label("handler"), incident.c.pending)
    row = (await connection.execute(select(*columns).where(incident.c.id == case.id))).one()
    detail: dict[str, Any] = {}
    if request.action == "self_handle":
        head = (await store.hashes(connection, [(case.id, case.version)]))[case.id]
        detail["sampled"] = policy.sampled(head, terms.policy.sample_share)
    return effects(request, row.handler, row.pending), detail


def _told(lines: Sequence[Line], action: str, reason: str | None, detail: Mapping[str, Any]) -> list[Line]:
    """The lines, that of the step itself with its reason and detail."""
    return [replace(one, reason=reason, detail=detail) if one.action == action else one for one in lines]


async def _write(
    connection: AsyncConnection,
    before: Case,
    after: Case,
    rule: Rule,
    now: datetime,
    values: Mapping[str, Any],
    conditions: Sequence[Any],
) -> None:
    """Guards, version and state in one statement: nothing else can have come between."""
    columns = {
        **values,
        "state": after.state,
        "version": after.version,
        "suspended_from": after.suspended_from,
        "updated_at": now,
    }
    if after.state in CLOSED and before.state in OPEN:
        columns["closed_at"] = now
    if after.state in OPEN and before.state in CLOSED:
        columns["closed_at"] = columns["seen_gone_at"] = None
    statement = (
        update(incident)
        .where(
            incident.c.id == before.id,
            incident.c.version == before.version,
            incident.c.state.in_(rule.sources),
            *conditions,
        )
        .values(columns)
    )
    if (await connection.execute(statement)).rowcount != 1:
        now_at = await connection.scalar(select(incident.c.version).where(incident.c.id == before.id))
        raise _changed(now_at or 0, before.version)


async def _tell_loser(connection: AsyncConnection, case: Case, rule: Rule | None, terms: Terms) -> None:
    """Of many who claim one case all but one come late: they are told that somebody has it.

    Raises:
        Problem: not_allowed.
    """
    if rule is not None and "unclaimed" in rule.guards:
        unmet = await guards.unmet(connection, case.id, rule, terms)
        if unmet:
            raise _refused(unmet[0].why, case.state, terms.request)


def not_found(incident_id: UUID) -> Problem:
    """There is no such incident."""
    return Problem("not_found", f"no incident has the id {incident_id}")


def _changed(version: int, given: int) -> Problem:
    return Problem(
        "version_changed", f"you saw version {given}, it is at {version}; look again", version=version,
        headers={"ETag": f'"v{version}"'},
    )  # fmt: skip


def _refused(why: str, state: State, request: Request) -> Problem:
    return Problem("not_allowed", why, allowed_actions=list(allowed(state, request.roles)))
