"""Conditions into alarms and incidents, in the caller's transaction.

The order: newest revision of each condition -> lock its place and class -> load -> decide (pure) -> write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, bindparam, cast, null, select, text, update
from sqlalchemy import case as case_when
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import RANK, Registry
from cloud.database.schema import alarm, incident
from cloud.errors import CloudError
from cloud.incidents import numbers, store
from cloud.incidents.seen import REOPENABLE, Case, Line, Word, hear, joined, opened
from cloud.incidents.store import Actor, Key
from cloud.incidents.transitions import OPEN
from cloud.stream.outbox import Kind, emit
from devices.ids import uuid7
from devices.messages import Body, Condition, ConditionState, Evidence, Gap


class PlaceTaken(CloudError):
    """Another writer opened an incident at that place meanwhile; the caller runs the batch again."""


@dataclass(slots=True)
class _Work:
    """What one batch changes, gathered before anything is written."""

    cases: dict[UUID, Case]
    open_at: dict[Key, UUID]
    alarms: list[dict[str, Any]] = field(default_factory=list)
    lines: list[tuple[UUID, Line]] = field(default_factory=list)
    fresh: dict[UUID, tuple[Condition, datetime]] = field(default_factory=dict)
    touched: dict[UUID, None] = field(default_factory=dict)


async def stored(connection: AsyncConnection, bodies: Iterable[Body]) -> dict[UUID, Any]:
    """The alarms that these speak of, as they stand: their own, and those that a condition reopens."""
    ids: set[UUID] = set()
    for body in bodies:
        if isinstance(body, Condition | Evidence):
            ids.add(body.condition_id)
        if isinstance(body, Condition) and body.reopens:
            ids.add(body.reopens)
        if isinstance(body, Gap):
            ids |= {lost.condition_id for lost in body.evidence}
    if not ids:
        return {}
    return {row.id: row for row in await connection.execute(select(alarm).where(alarm.c.id.in_(ids)))}


async def take(
    connection: AsyncConnection,
    conditions: Sequence[Condition],
    known: Mapping[UUID, Any],
    registry: Registry,
    actor: Actor,
    now: datetime,
    late: Collection[tuple[UUID, int]] = (),
) -> None:
    """Store the conditions of one node, open and move incidents, log it, and note what changed in the outbox.

    `known`: their alarms by `stored`. The caller's lock on the node's ledger keeps other revisions away.
    `late`: conditions and revisions that are history.

    Raises:
        PlaceTaken: run the transaction again.
    """
    newest, first_changed = _newest(conditions)
    if not newest:
        return
    keys = {
        c.condition_id: (row.place, row.event_class) if row else (c.place, c.event_class)
        for c in newest.values()
        for row in [known.get(c.condition_id)]
    }
    await store.lock(connection, keys.values())
    ids = {row.incident_id for row in known.values()}
    work = _Work(*await store.load_cases(connection, ids, set(keys.values())))
    for condition in newest.values():
        mine = known.get(condition.condition_id)
        if mine is None or condition.rev > mine.rev:
            previous = known.get(condition.reopens) if condition.reopens else None
            _decide(work, condition, mine, previous, keys, first_changed, now)
            work.alarms[-1]["history"] = (condition.condition_id, condition.rev) in late
    await _write(connection, work, keys, registry, actor, now)


def _newest(conditions: Iterable[Condition]) -> tuple[dict[UUID, Condition], dict[UUID, datetime]]:
    """The highest revision of each condition, and the earliest change seen of it."""
    newest: dict[UUID, Condition] = {}
    first: dict[UUID, datetime] = {}
    for condition in conditions:
        key = condition.condition_id
        first[key] = min(first.get(key, condition.changed_at), condition.changed_at)
        if key not in newest or condition.rev > newest[key].rev:
            newest[key] = condition
    return newest, first


def _decide(
    work: _Work,
    condition: Condition,
    known: Any,
    previous: Any,
    keys: dict[UUID, Key],
    first_changed: dict[UUID, datetime],
    now: datetime,
) -> None:
    key = keys[condition.condition_id]
    began = min(first_changed[condition.condition_id], now)
    word = Word(condition.condition_id, condition.state, RANK[condition.severity], condition.changed_at)
    if known is not None:
        case, lines = hear(work.cases[known.incident_id], word)
    else:
        standing = _standing(work, key, previous)
        if standing is None:
            case, lines = opened(uuid7(), word)
            work.fresh[case.id] = (condition, began)
        else:
            case, lines = joined(standing, word)
        work.open_at[key] = case.id
    work.cases[case.id] = case
    work.lines += [(case.id, line) for line in lines]
    work.touched[case.id] = None
    work.alarms.append(_alarm_row(condition, known, case.id, key, began, now))


def _standing(work: _Work, key: Key, previous: Any) -> Case | None:
    """The incident a new condition belongs to: the open one at its place, else the closed one it reopens."""
    if key in work.open_at:
        return work.cases[work.open_at[key]]
    if previous is None or (previous.place, previous.event_class) != key:
        return None
    case = work.cases[previous.incident_id]
    return case if case.state in REOPENABLE else None


def _alarm_row(
    condition: Condition, known: Any, incident_id: UUID, key: Key, began: datetime, now: datetime
) -> dict[str, Any]:
    cleared = condition.state is ConditionState.CLEARED
    return {
        "id": condition.condition_id,
        "incident_id": incident_id,
        "version": 1,
        "rev": condition.rev,
        "state": condition.state,
        "node": condition.node,
        "point": condition.point,
        "device": condition.device,
        "zone": condition.zone,
        "rule": condition.rule,
        "place": key[0],
        "event_class": key[1],
        "label": condition.label,
        "score": condition.score,
        "severity": condition.severity,
        "since": condition.since,
        "at_least": condition.at_least,
        "box": condition.box,
        "outline": condition.outline,
        "count": condition.count,
        "count_error": condition.count_error,
        "suspected": condition.suspected,
        "measured": condition.measured.model_dump() if condition.measured else None,
        "reopens": condition.reopens,
        "ended": condition.ended,
        "hints": [str(hint) for hint in condition.hints],
        "no_clip": condition.no_clip,
        "opened_at": began,
        "changed_at": condition.changed_at,
        "cleared_at": condition.changed_at if cleared else None,
        "received_at": now,
    }


_KEPT = {"id", "incident_id", "version", "place", "event_class", "node", "point", "opened_at", "reopens"}
_INSERT_ALARM = insert(alarm)
_TURNED = (_INSERT_ALARM.excluded.state == ConditionState.CLEARED) != (
    alarm.c.state == ConditionState.CLEARED
)
_UPSERT_ALARM = _INSERT_ALARM.on_conflict_do_update(
    index_elements=["id"],
    set_={
        column.name: _INSERT_ALARM.excluded[column.name]
        for column in alarm.c
        if column.name not in _KEPT
        and not column.name.startswith(("acknowledged", "shelved", "verdict", "inhibited"))
    }
    | {"version": alarm.c.version + cast(_TURNED, Integer)},
    where=_INSERT_ALARM.excluded.rev > alarm.c.rev,
)
_RUNNING = text("SELECT nextval('incident_number') FROM generate_series(1, :count)")
_INSERT_INCIDENT = insert(incident).on_conflict_do_nothing().returning(incident.c.id)
_UPDATE_INCIDENT = (
    update(incident)
    .where(incident.c.id == bindparam("key"))
    .values(
        state=bindparam("to_state"),
        version=bindparam("to_version"),
        severity=bindparam("to_severity"),
        suspended_from=bindparam("to_suspended_from"),
        seen_gone_at=bindparam("to_seen_gone_at"),
        closed_at=case_when((bindparam("is_open", type_=Boolean), null()), else_=incident.c.closed_at),
        updated_at=bindparam("now"),
    )
)


async def _write(
    connection: AsyncConnection,
    work: _Work,
    keys: dict[UUID, Key],
    registry: Registry,
    actor: Actor,
    now: datetime,
) -> None:
    if work.fresh:
        await _open_incidents(connection, work, keys, registry, now)
    moved = [_moved(work.cases[key], now) for key in work.touched if key not in work.fresh]
    if moved:
        await connection.execute(_UPDATE_INCIDENT, moved)
    if work.alarms:
        await connection.execute(_UPSERT_ALARM, work.alarms)
    await store.write_lines(connection, work.lines, actor, now)
    alarms: list[tuple[Kind, str]] = [("alarm", str(row["id"])) for row in work.alarms]
    await emit(connection, [*alarms, *(("incident", str(key)) for key in work.touched)])


async def _open_incidents(
    connection: AsyncConnection, work: _Work, keys: dict[UUID, Key], registry: Registry, now: datetime
) -> None:
    running = (await connection.scalars(_RUNNING, {"count": len(work.fresh)})).all()
    rows = [
        _incident_row(work.cases[incident_id], number, condition, began, keys, registry, now)
        for number, (incident_id, (condition, began)) in zip(running, work.fresh.items(), strict=True)
    ]
    opened_now = set((await connection.scalars(_INSERT_INCIDENT, rows)).all())
    for row in rows:
        if row["id"] not in opened_now:
            raise PlaceTaken(f"{row['place']}|{row['event_class']}")


def _moved(case: Case, now: datetime) -> dict[str, Any]:
    return {
        "key": case.id,
        "to_state": case.state,
        "to_version": case.version,
        "to_severity": case.severity,
        "to_suspended_from": case.suspended_from,
        "to_seen_gone_at": case.seen_gone_at,
        "is_open": case.state in OPEN,
        "now": now,
    }


def _incident_row(
    case: Case,
    running: int,
    condition: Condition,
    began: datetime,
    keys: dict[UUID, Key],
    registry: Registry,
    now: datetime,
) -> dict[str, Any]:
    place, event_class = keys[condition.condition_id]
    grid = registry.grid_of(condition.point)
    community = registry.community_of(grid)
    return {
        "id": case.id,
        "number": numbers.incident_number(now.astimezone(registry.timezone).date(), running),
        "place": place,
        "event_class": event_class,
        "state": case.state,
        "suspended_from": case.suspended_from,
        "version": case.version,
        "severity": case.severity,
        "point": condition.point,
        "grid": grid.id if grid else None,
        "community": community.id if community else None,
        "opened_at": began,
        "updated_at": now,
        "seen_gone_at": case.seen_gone_at,
        "closed_at": None,
    }
