"""Incidents out of the database, as the API shows them."""

from __future__ import annotations

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.models import PointRef, class_ref, point_ref, show_alarm
from cloud.areas.registry import SEVERITIES, Registry, named
from cloud.database.schema import alarm, evidence, evidence_lost, incident, incident_event
from cloud.errors import Problem
from cloud.incidents.models import Actor, AreaRef, Areas, Incident, LogEntry, Pair, Photo, Standing
from cloud.incidents.transitions import CLOSED, OPEN, State, allowed
from cloud.people.roles import Role
from cloud.people.scope import Scope, require, visible
from devices.messages import ConditionState, EvidenceKind
from devices.site.model import Position

_AFTER = (EvidenceKind.CLEARED, EvidenceKind.FRESH)
ALARMS_AT_MOST = 5
"""Of one case in lists and on the stream: in a storm it gathers hundreds, and each new one tells all anew."""
EVIDENCE_WITHIN = timedelta(hours=1)
"""A photo that did not follow its alarm's last word for so long is not waited for on screen."""


async def read(
    connection: AsyncConnection,
    ids: Collection[UUID],
    scope: Scope,
    registry: Registry,
    now: datetime,
    *,
    whole: bool = True,
) -> dict[UUID, Incident]:
    """Those of these incidents that are in scope, without `allowed_actions`; `whole`: with all alarms."""
    rows = (await connection.execute(select(incident).where(incident.c.id.in_(ids), visible(scope)))).all()
    return {shown.id: shown for shown in await _show(connection, rows, registry, now, whole)}


async def page(
    connection: AsyncConnection,
    scope: Scope,
    state: str,
    limit: int,
    cursor: str | None,
    registry: Registry,
    now: datetime,
) -> tuple[list[Incident], str | None]:
    """One page: `state` is open, closed, all, or one state; open ones worst first, others newest first."""
    states = states_named(state)
    worst_first = state == "open"
    columns: list[Any] = [incident.c.opened_at, incident.c.id]
    order: list[Any] = [column.desc() for column in columns]
    # `severity` rises while the others fall: compare its negative, so that one row comparison pages through
    if worst_first:
        columns.insert(0, -incident.c.severity)
        order.insert(0, incident.c.severity)
    wanted = (incident.c.state.in_(sorted(states)), visible(scope))
    statement = select(incident).where(*wanted).order_by(*order).limit(limit + 1)
    if cursor is not None:
        statement = statement.where(tuple_(*columns) < tuple_(*_decode(cursor, worst_first)))
    rows = (await connection.execute(statement)).all()
    following = _encode(rows[limit - 1], worst_first) if len(rows) > limit else None
    return await _show(connection, rows[:limit], registry, now, whole=False), following


async def log_of(connection: AsyncConnection, incident_id: UUID, scope: Scope) -> list[LogEntry]:
    """The incident's log.

    Raises:
        Problem: `not_found`.
    """
    await require(connection, scope, incident_id)
    statement = select(incident_event).where(incident_event.c.incident_id == incident_id)
    rows = (await connection.execute(statement.order_by(incident_event.c.version))).all()
    return [log_entry(row) for row in rows]


def log_entry(row: Any) -> LogEntry:
    """A row of `incident_event` as the API shows it."""
    return LogEntry(
        id=row.version,
        at=row.at,
        actor=Actor(kind=row.actor_kind, name=row.actor_name),
        action=row.action,
        from_state=row.from_state,
        to_state=row.to_state,
        cause=row.cause,
        reason=row.reason,
        detail=row.detail,
    )


def permit(shown: Incident, roles: Collection[Role]) -> Incident:
    """The incident with what one of `roles` may do."""
    return shown.model_copy(update={"allowed_actions": list(allowed(shown.state, roles))})


async def _show(
    connection: AsyncConnection, rows: Sequence[Any], registry: Registry, now: datetime, whole: bool
) -> list[Incident]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    alarms = await _grouped(connection, select(alarm).where(alarm.c.incident_id.in_(ids)), "incident_id")
    joined = select(evidence, alarm.c.incident_id).join(alarm, alarm.c.id == evidence.c.condition_id)
    photos = await _grouped(connection, joined.where(alarm.c.incident_id.in_(ids)), "incident_id")
    given_up = select(evidence_lost, alarm.c.incident_id).join(
        alarm, alarm.c.id == evidence_lost.c.condition_id
    )
    lost = await _grouped(connection, given_up.where(alarm.c.incident_id.in_(ids)), "incident_id")
    return [_one(row, alarms[row.id], photos[row.id], lost[row.id], registry, now, whole) for row in rows]


async def _grouped(connection: AsyncConnection, statement: Any, column: str) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await connection.execute(statement):
        found[getattr(row, column)].append(row)
    return found


def _one(
    row: Any,
    alarms: Iterable[Any],
    photos: Iterable[Any],
    lost: Iterable[Any],
    registry: Registry,
    now: datetime,
    whole: bool,
) -> Incident:
    # the leading alarm: one still there before one that is gone, one that joins others before those; the
    # latest change first
    ordered = sorted(
        alarms,
        key=lambda a: (a.state == ConditionState.CLEARED, not a.parts, -a.changed_at.timestamp(), a.id),
    )
    lead = ordered[0] if ordered else None
    # A joined alarm's device is its rule: a camera among its parts can be looked through.
    devices = [one.device for one in (ordered if lead and lead.parts else ordered[:1])]
    known = [each for each in devices if (found := registry.devices.get(each)) and found.kind == "camera"]
    pictures = [
        Photo(
            id=photo.id,
            kind=photo.kind,
            condition_id=photo.condition_id,
            camera=photo.camera,
            captured_at=photo.captured_at,
            url=f"/api/v1/media/{photo.sha256}",
            width=photo.width,
            height=photo.height,
            media_type=photo.media_type,
            codec=photo.codec,
            seconds=photo.seconds,
        )
        for photo in sorted(photos, key=lambda photo: (photo.captured_at, photo.id))
    ]
    stills = [photo for photo in pictures if photo.kind is not EvidenceKind.CLIP]
    best = [photo for photo in stills if photo.kind is EvidenceKind.PRESENT] or stills
    given_up = {EvidenceKind(one.kind) for one in lost}
    pair = _pair(stills)
    return Incident(
        id=row.id,
        number=row.number,
        state=row.state,
        version=row.version,
        severity=SEVERITIES[row.severity],
        event_class=class_ref(row.event_class, registry),
        place=row.place,
        point=_where(row, registry),
        area=Areas(
            grid=area_ref(row.grid, registry),
            community=area_ref(row.community, registry),
            version=row.area_version,
        ),
        source=row.source,
        level=row.level,
        handler=row.handler,
        organisation=row.organisation,
        pending=row.pending,
        description=row.description,
        reported_class=row.reported_class,
        opened_at=row.opened_at,
        since=lead.since if lead else row.opened_at,
        at_least=lead is not None and lead.at_least,
        updated_at=row.updated_at,
        closed_at=row.closed_at,
        seen_gone_at=row.seen_gone_at,
        camera=next(iter([*known, *devices]), ""),
        label=lead.label if lead else row.event_class,
        count=lead.count if lead else None,
        count_error=lead.count_error if lead else None,
        suspected=lead is not None and lead.suspected,
        measured=lead.measured if lead else None,
        condition=Standing(state=lead.state, changed_at=lead.changed_at) if lead else None,
        alarms=[show_alarm(one, registry, now) for one in (ordered if whole else _foremost(ordered))],
        alarms_total=len(ordered),
        evidence=pictures,
        pair=pair,
        thumbnail_url=best[-1].url if best else None,
        evidence_due=lead is not None
        and not best
        and not given_up
        and now - lead.received_at < EVIDENCE_WITHIN,
        evidence_lost=sorted(given_up),
        history=bool(ordered) and all(one.history for one in ordered),
        allowed_actions=[],
    )


def _foremost(ordered: Sequence[Any]) -> Sequence[Any]:
    """The leading one, then those nobody has seen, as far as there is room; in their order."""
    rest = sorted(ordered[1:], key=lambda one: one.acknowledged_at is not None)
    chosen = {one.id for one in [*ordered[:1], *rest[: ALARMS_AT_MOST - 1]]}
    return [one for one in ordered if one.id in chosen]


def _pair(stills: Sequence[Photo]) -> Pair | None:
    """The last look at what was there, and the last of the same camera that is later; `stills` by time."""
    after = next((one for one in reversed(stills) if one.kind in _AFTER), None)
    if after is None:
        return None
    earlier = (one for one in reversed(stills) if one.captured_at < after.captured_at)
    mine = (one for one in earlier if one.kind is EvidenceKind.PRESENT and one.camera == after.camera)
    before = next(mine, None)
    return Pair(before=before, after=after) if before else None


def _where(row: Any, registry: Registry) -> PointRef:
    if row.point is not None:
        return point_ref(row.point, registry)
    known = None if row.lon is None or row.lat is None else Position(lon=row.lon, lat=row.lat)
    return PointRef(id=row.place, name=named(row.number), position=known)


def area_ref(identifier: str | None, registry: Registry) -> AreaRef | None:
    """An area with its name; None: it is not known (any more)."""
    known = registry.areas.get(identifier) if identifier else None
    return AreaRef(id=known.id, name=known.name) if known else None


def states_named(state: str) -> Collection[State]:
    """What `open`, `closed`, `all` or one state names.

    Raises:
        Problem: invalid.
    """
    groups: dict[str, Collection[State]] = {"open": OPEN, "closed": CLOSED, "all": tuple(State)}
    if state in groups:
        return groups[state]
    try:
        return (State(state),)
    except ValueError:
        known = ", ".join([*groups, *State])
        fault = {"pointer": "/query/state", "detail": f"one of {known}"}
        raise Problem("invalid", f"state: {state!r} is not known", errors=[fault]) from None


def _encode(row: Any, worst_first: bool) -> str:
    parts = [row.opened_at.isoformat(), str(row.id)]
    text = json.dumps([-row.severity, *parts] if worst_first else parts)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, worst_first: bool) -> list[Any]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        *rank, opened_at, identifier = parts
        values = [datetime.fromisoformat(opened_at), UUID(identifier)]
        if len(rank) != worst_first:
            raise ValueError("another list's cursor")
        return [*map(int, rank), *values]
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        fault = {
            "pointer": "/query/cursor",
            "detail": "take `next` of the page before, with the same `state`",
        }
        raise Problem("invalid", "cursor: cannot be read", errors=[fault]) from error
