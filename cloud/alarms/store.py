"""Reading and writing what puts alarms aside, and the alarms' log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.asides import Aside, Service, Shelf, Sources, Subject
from cloud.alarms.machine import AlarmPhase, Line, state_of
from cloud.alarms.policy import AlarmPolicy
from cloud.alarms.tables import alarm_event, alarm_shelf, out_of_service
from cloud.areas.registry import Registry
from cloud.database.schema import alarm
from cloud.deadlines import store as deadlines
from cloud.deadlines.store import Deadline
from cloud.incidents.store import Actor, Key, lock
from devices.messages import ConditionState, Severity

SHELF, SERVICE, SUPPRESSION = "shelf", "service", "suppression"
"""Kinds of deadlines; their keys are `kind:id`."""


async def sources(
    connection: AsyncConnection,
    subjects: Collection[Subject],
    policy: AlarmPolicy,
    registry: Registry,
    now: datetime,
) -> Sources:
    """What may put these aside at `now`."""
    keys = sorted({(one.place, one.event_class) for one in subjects})
    devices = sorted({one.device for one in subjects})
    return Sources(
        policy, registry, await shelves(connection, keys, now), await services(connection, devices, now)
    )


async def shelves(connection: AsyncConnection, keys: Collection[Key], now: datetime) -> dict[Key, Shelf]:
    """The shelves that stand at these places and classes."""
    table = alarm_shelf.c
    there = select(alarm_shelf).where(
        table.ended_at.is_(None), table.until > now, tuple_(table.place, table.event_class).in_(keys)
    )
    return {
        (row.place, row.event_class): Shelf(
            row.id, row.severity, row.since, row.until, row.shelved_by, row.reason
        )
        for row in await connection.execute(there)
    }


async def services(
    connection: AsyncConnection, devices: Collection[str], now: datetime
) -> dict[str, Service]:
    """Those of the devices that are out of service."""
    table = out_of_service.c
    there = select(out_of_service).where(
        table.ended_at.is_(None), table.until > now, table.device.in_(devices)
    )
    return {
        row.device: Service(row.id, row.since, row.until, row.taken_by, row.reason)
        for row in await connection.execute(there)
    }


async def shelve(connection: AsyncConnection, key: Key, shelf: Shelf, now: datetime) -> None:
    """Put up a shelf, in the place of one that stands there; the place is locked."""
    there = (alarm_shelf.c.place == key[0]) & (alarm_shelf.c.event_class == key[1])
    standing = select(alarm_shelf.c.id).where(there, alarm_shelf.c.ended_at.is_(None))
    for old in (await connection.scalars(standing)).all():
        await end_shelf(connection, old, shelf.by, now)
    row = {
        "id": shelf.id, "place": key[0], "event_class": key[1], "severity": shelf.severity,
        "since": shelf.since, "until": shelf.until, "shelved_by": shelf.by, "reason": shelf.reason,
    }  # fmt: skip
    await connection.execute(insert(alarm_shelf), row)
    await deadlines.put(connection, [Deadline(f"{SHELF}:{shelf.id}", SHELF, shelf.until)])


async def end_shelf(connection: AsyncConnection, shelf: UUID, who: str, now: datetime) -> Key | None:
    """Take a shelf down; of which place and class it was, None: it had ended."""
    statement = (
        update(alarm_shelf)
        .where(alarm_shelf.c.id == shelf, alarm_shelf.c.ended_at.is_(None))
        .values(ended_at=now, ended_by=who)
        .returning(alarm_shelf.c.place, alarm_shelf.c.event_class)
    )
    row = (await connection.execute(statement)).one_or_none()
    await deadlines.cancel(connection, [f"{SHELF}:{shelf}"])
    return None if row is None else (row.place, row.event_class)


async def lock_device(connection: AsyncConnection, device: str) -> None:
    """Let nobody else take the device out or put it back until this transaction ends; after all places."""
    await lock(connection, [("device", device)])


async def take_out(connection: AsyncConnection, device: str, service: Service) -> None:
    """Let a device be out of service, from `service.since`; the device is locked."""
    await back_in_service(connection, device, service.by, service.since)
    row = {
        "id": service.id, "device": device, "since": service.since, "until": service.until,
        "taken_by": service.by, "reason": service.reason,
    }  # fmt: skip
    await connection.execute(insert(out_of_service), row)
    await deadlines.put(connection, [Deadline(f"{SERVICE}:{service.id}", SERVICE, service.until)])


async def back_in_service(connection: AsyncConnection, device: str, who: str, now: datetime) -> None:
    """Let whatever keeps the device out of service be over."""
    there = (out_of_service.c.device == device) & out_of_service.c.ended_at.is_(None)
    for old in (await connection.scalars(select(out_of_service.c.id).where(there))).all():
        await put_back(connection, old, who, now)


async def put_back(connection: AsyncConnection, service: UUID, who: str, now: datetime) -> str | None:
    """Let a device be in service again; which it is, None: it was already."""
    statement = (
        update(out_of_service)
        .where(out_of_service.c.id == service, out_of_service.c.ended_at.is_(None))
        .values(ended_at=now, ended_by=who)
        .returning(out_of_service.c.device)
    )
    device: str | None = await connection.scalar(statement)
    await deadlines.cancel(connection, [f"{SERVICE}:{service}"])
    return device


async def plan_ends(connection: AsyncConnection, asides: Iterable[Aside]) -> None:
    """Let windows of what is allowed end by deadlines; shelves and services have theirs already."""
    wanted = {one.by: one for one in asides if one.state is AlarmPhase.SUPPRESSED}
    await deadlines.put(
        connection,
        [Deadline(f"{SUPPRESSION}:{name}", SUPPRESSION, one.until) for name, one in sorted(wanted.items())],
    )


async def write_lines(
    connection: AsyncConnection,
    lines: Sequence[tuple[UUID, int, Line]],
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    until: datetime | None = None,
) -> None:
    """Append to the log: (alarm, the version that the step made, the line)."""
    rows = [
        {
            "alarm_id": alarm_id, "version": version, "at": now, "actor_kind": actor.kind,
            "actor_name": actor.name, "action": line.action, "from_state": line.source,
            "to_state": line.target, "reason": reason, "until": until,
        }
        for alarm_id, version, line in lines
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(alarm_event), rows)


def subject_of(row: Any) -> Subject:
    """Of a row of `alarm`, or of a condition."""
    return Subject(row.place, row.event_class, row.device, row.point, Severity(row.severity))


def state_of_row(row: Any) -> AlarmPhase:
    """The state of a row of `alarm`."""
    return state_of(
        active=row.state != ConditionState.CLEARED,
        acknowledged=row.acknowledged_at is not None,
        aside=AlarmPhase(row.aside) if row.aside else None,
    )


def aside_of_row(row: Any) -> Aside | None:
    """By what the alarm of a row is, or at its end was, aside."""
    if row.aside is None:
        return None
    return Aside(AlarmPhase(row.aside), row.aside_until, row.aside_by, row.aside_reason)


def aside_values(aside: Aside | None) -> dict[str, Any]:
    """The columns of `alarm` that say by what it is aside."""
    if aside is None:
        return {"aside": None, "aside_until": None, "aside_by": None, "aside_reason": None}
    return {
        "aside": aside.state, "aside_until": aside.until, "aside_by": aside.by, "aside_reason": aside.reason,
    }  # fmt: skip


async def active(connection: AsyncConnection, which: Any) -> Sequence[Any]:
    """The active alarms for which `which` holds, in one order."""
    there = select(alarm).where(alarm.c.state != ConditionState.CLEARED, which).order_by(alarm.c.id)
    return (await connection.execute(there)).all()
