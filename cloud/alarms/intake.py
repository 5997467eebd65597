"""Conditions into alarms and incidents, in the caller's transaction.

The order: newest revision of each condition -> lock its place and class -> load -> decide (pure) -> write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Uuid, bindparam, func, null, select, update
from sqlalchemy import case as case_when
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import joining, rows
from cloud.alarms import store as asides
from cloud.alarms.asides import Aside, Sources, Subject
from cloud.alarms.joining import Around, Vicinity
from cloud.alarms.machine import INTO, AlarmPhase, lead
from cloud.alarms.machine import Line as Step
from cloud.alarms.machine import take as take_step
from cloud.alarms.policy import AlarmPolicy
from cloud.areas.registry import RANK, Registry
from cloud.database.schema import alarm, alarm_part, incident
from cloud.errors import CloudError
from cloud.incidents import closing, numbers, store
from cloud.incidents.recurrence import begin
from cloud.incidents.seen import REOPENABLE, Case, Line, Word, hear, joined, opened
from cloud.incidents.store import Actor, Key
from cloud.incidents.transitions import OPEN, State
from cloud.stream.outbox import Kind, emit
from devices.ids import uuid7
from devices.messages import Body, Condition, ConditionState, Evidence, Gap, Severity

NO_POLICY = AlarmPolicy()
BROKE_OUT = "broke_out"
"""Of an alarm that grew worse than what put it aside covers."""
GRIDWATCH = Actor("system", "gridwatch")


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
    around: Around = field(default_factory=Around)
    reach: Mapping[UUID, Sequence[Vicinity]] = field(default_factory=dict)
    placed: dict[UUID, UUID] = field(default_factory=dict)
    """Of each known condition, its incident; what was aside from its first moment has none."""
    sources: Sources | None = None
    """What may put alarms aside; None: nothing does any more, they are brought in."""
    steps: list[tuple[UUID, int, Step]] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    joined_by: dict[UUID, list[UUID]] = field(default_factory=dict)
    """Of each part, the joined conditions that name it."""


async def stored(connection: AsyncConnection, bodies: Iterable[Body]) -> dict[UUID, Any]:
    """The alarms that these speak of, as they stand, each with its incident's `case_place` and `case_class`.

    Their own, those that a condition reopens or is made of, and joined ones that are made of it.
    """
    ids: set[UUID] = set()
    for body in bodies:
        if isinstance(body, Condition | Evidence):
            ids.add(body.condition_id)
        if isinstance(body, Condition):
            ids |= {part.condition_id for part in body.parts}
            if body.reopens:
                ids.add(body.reopens)
        if isinstance(body, Gap):
            ids |= {lost.condition_id for lost in body.evidence}
    if not ids:
        return {}
    own = select(func.unnest(bindparam("ids", list(ids), type_=ARRAY(Uuid))))
    joined = select(alarm_part.c.joined).where(alarm_part.c.part.in_(ids))
    statement = (
        select(alarm, incident.c.place.label("case_place"), incident.c.event_class.label("case_class"))
        .outerjoin(incident, incident.c.id == alarm.c.incident_id)
        .where(alarm.c.id.in_(own.union(joined)))  # an OR of the two would read the whole table
    )
    return {row.id: row for row in await connection.execute(statement)}


async def take(
    connection: AsyncConnection,
    conditions: Sequence[Condition],
    known: Mapping[UUID, Any],
    registry: Registry,
    actor: Actor,
    now: datetime,
    late: Collection[tuple[UUID, int]] = (),
    policy: AlarmPolicy = NO_POLICY,
) -> None:
    """Store the conditions of one node, open and move incidents, log it, and note what changed in the outbox.

    `known`: their alarms by `stored`. The caller's lock on the node's ledger keeps other revisions away.
    `late`: conditions and revisions that are history. What is aside (`policy`, a shelf, a device out of
    service) is stored and opens nothing.

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
    work = await _gather(connection, list(newest.values()), keys, known, registry)
    subjects = [_subject(one, keys) for one in newest.values()]
    work.sources = await asides.sources(connection, subjects, policy, registry, now)
    # What joins others goes first: its parts then find its incident.
    for condition in sorted(newest.values(), key=lambda one: not one.parts):
        mine = known.get(condition.condition_id)
        if mine is None or condition.rev > mine.rev:
            previous = known.get(condition.reopens) if condition.reopens else None
            _decide(work, condition, mine, previous, keys, first_changed, now)
            work.alarms[-1]["history"] = (condition.condition_id, condition.rev) in late
    await _write(connection, work, keys, registry, actor, now)


async def bring_in(
    connection: AsyncConnection, alarms: Sequence[Any], registry: Registry, actor: Actor, now: datetime
) -> None:
    """Open or join incidents for stored alarms that were aside and now call; rows of `alarm`, all active.

    Raises:
        PlaceTaken: run the transaction again.
    """
    conditions = [rows.condition_of(row) for row in alarms]
    keys = {row.id: (row.place, row.event_class) for row in alarms}
    work = await _gather(connection, conditions, keys, {}, registry)
    for condition in conditions:
        _decide(work, condition, None, None, keys, {condition.condition_id: now}, now)
    placed = [{"key": row["id"], "placed_in": row["incident_id"]} for row in work.alarms]
    work.alarms.clear()
    await _write(connection, work, keys, registry, actor, now)
    await connection.execute(_PLACE_ALARM, placed)


def _subject(condition: Condition, keys: Mapping[UUID, Key]) -> Subject:
    key = keys[condition.condition_id]
    return Subject(*key, condition.device, condition.point, condition.severity)


async def _gather(
    connection: AsyncConnection,
    conditions: Sequence[Condition],
    keys: Mapping[UUID, Key],
    known: Mapping[UUID, Any],
    registry: Registry,
) -> _Work:
    """Lock what these may touch, and load it: first groups of points, then places, then rows."""
    fresh = [one for one in conditions if one.condition_id not in known]
    reach = {one.condition_id: joining.vicinities(one, registry) for one in fresh}
    groups = {vicinity.group for each in reach.values() for vicinity in each}
    if groups:
        await store.lock(connection, joining.group_keys(groups))
    around = await joining.look_around(connection, fresh, reach)
    owned = [row for row in known.values() if row.incident_id is not None]
    cases = {(row.case_place, row.case_class) for row in owned} | set(around.keys.values())
    await store.lock(connection, {*keys.values(), *cases})
    ids = {row.incident_id for row in owned} | around.keys.keys()
    work = _Work(*await store.load_cases(connection, ids, set(keys.values())), around=around, reach=reach)
    work.placed |= {row.id: row.incident_id for row in owned}
    for row in known.values():
        for part in row.parts:
            work.joined_by.setdefault(UUID(part["condition_id"]), []).append(row.id)
    return work


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
    aside = _aside(work, condition, known, keys, now)
    case: Case | None = None
    lines: Sequence[Line] = ()
    if known is not None and known.incident_id is not None:
        case, lines = hear(work.cases[known.incident_id], word)
    else:
        standing = _standing(work, condition, key, previous)
        if standing is not None and not (aside and standing.state in REOPENABLE):
            case, lines = joined(standing, word)
        elif standing is None and aside is None:
            case, lines = opened(uuid7(), word)
            work.fresh[case.id] = (condition, began)
        if case is not None:
            work.open_at[key] = case.id
            for vicinity in work.reach.get(condition.condition_id, ()):
                work.around.near.setdefault(vicinity.group, []).append((condition.since, case.id))
    for part in condition.parts:
        work.joined_by.setdefault(part.condition_id, []).append(condition.condition_id)
    if case is not None:
        work.placed[condition.condition_id] = case.id
        work.cases[case.id] = case
        work.lines += [(case.id, line) for line in lines]
        work.touched[case.id] = None
    work.alarms.append(rows.alarm_row(condition, case.id if case else None, key, aside, began, now))


def _aside(
    work: _Work, condition: Condition, known: Any, keys: Mapping[UUID, Key], now: datetime
) -> Aside | None:
    """By what it is aside now, with the lines of its log. What has gone stays as it was."""
    if work.sources is None:
        return None
    gone = condition.state is ConditionState.CLEARED
    if known is not None and (gone or known.state == ConditionState.CLEARED):
        return asides.aside_of_row(known)
    calls = known is not None and known.aside is None
    found = work.sources.aside(_subject(condition, keys), now, calls=calls)
    wanted = found.state if found else None
    if known is not None:
        worse = RANK[condition.severity] < RANK[Severity(known.severity)]
        leaving = BROKE_OUT if worse and known.aside != AlarmPhase.OUT_OF_SERVICE else None
        steps = lead(asides.state_of_row(known), wanted, leaving)
        work.steps += [(known.id, known.version + 1, step) for step in steps]
    elif wanted is not None:
        work.steps.append((condition.condition_id, 1, take_step(INTO[wanted], AlarmPhase.UNACKNOWLEDGED)))
    if found is not None:
        work.asides.append(found)
    return found


def _standing(work: _Work, condition: Condition, key: Key, previous: Any) -> Case | None:
    """The incident a new condition belongs to: the open one at its place, else an open one that it joins,
    else the closed one it reopens.
    """
    if key in work.open_at:
        return work.cases[work.open_at[key]]
    reach = work.reach.get(condition.condition_id, ())
    for each in joining.candidates(condition, work.placed, work.joined_by, reach, work.around):
        if work.cases[each].state in OPEN:
            return work.cases[each]
    if previous is None or previous.incident_id is None or (previous.place, previous.event_class) != key:
        return None
    if (previous.case_place, previous.case_class) != key:
        return None  # merged, or joined: whether that case's own place is free nobody has looked
    case = work.cases[previous.incident_id]
    return case if case.state in REOPENABLE else None


_PLACE_ALARM = update(alarm).where(alarm.c.id == bindparam("key")).values(incident_id=bindparam("placed_in"))
_NAME_PARTS = insert(alarm_part).on_conflict_do_nothing()
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
        await connection.execute(rows.UPSERT, work.alarms)
    parts = [
        {"part": part["condition_id"], "joined": row["id"]} for row in work.alarms for part in row["parts"]
    ]
    if parts:
        await connection.execute(_NAME_PARTS, parts)
    await store.write_lines(connection, work.lines, actor, now)
    if work.steps or work.asides:
        await asides.write_lines(connection, work.steps, GRIDWATCH, now)
        await asides.plan_ends(connection, work.asides)
    alarms: list[tuple[Kind, str]] = [("alarm", str(row["id"])) for row in work.alarms]
    await emit(connection, [*alarms, *(("incident", str(key)) for key in work.touched)])
    checking = {key for key, line in work.lines if line.target is State.CHECKING is not line.source}
    if checking:
        await closing.settle(connection, checking, now)


async def _open_incidents(
    connection: AsyncConnection, work: _Work, keys: dict[UUID, Key], registry: Registry, now: datetime
) -> None:
    begun = await begin(connection, [keys[one.condition_id] for one, _ in work.fresh.values()])
    opening = []
    for incident_id, (condition, began) in work.fresh.items():
        running, before = begun[keys[condition.condition_id]]
        row = _incident_row(work.cases[incident_id], running, condition, began, keys, registry, now)
        opening.append(row | {"recurrence_of": before})
    opened_now = set((await connection.scalars(_INSERT_INCIDENT, opening)).all())
    for row in opening:
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
        "area_version": registry.area_version,
        "opened_at": began,
        "updated_at": now,
        "seen_gone_at": case.seen_gone_at,
        "closed_at": None,
    }
