"""What people do to alarms and devices, each in the caller's transaction, by the one table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import release, store
from cloud.alarms.asides import Service, Shelf
from cloud.alarms.machine import AlarmPhase, Line, allowed, rule_for
from cloud.alarms.policy import AlarmPolicy
from cloud.alarms.scope import visible_alarm
from cloud.alarms.tables import out_of_service
from cloud.areas.registry import RANK, SEVERITIES, Registry
from cloud.database.schema import alarm
from cloud.errors import Problem
from cloud.etag import etag
from cloud.incidents.store import Actor
from cloud.people.roles import Role
from cloud.people.scope import Scope
from cloud.stream.outbox import emit
from devices.ids import uuid7
from devices.messages import ConditionState, Severity

SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Something asked for by a person who saw `version`."""

    version: int
    username: str
    roles: Collection[Role]
    scope: Scope
    reason: str | None = None

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return Actor("user", self.username)


@dataclass(frozen=True, slots=True)
class House:
    """By what is decided: the policy, the registry, and the time."""

    policy: AlarmPolicy
    registry: Registry
    now: datetime


async def acknowledge(
    connection: AsyncConnection, alarm_id: UUID, asked: Asked, house: House, action: str = "acknowledge"
) -> None:
    """Somebody saw it, or (`unacknowledge`) takes that back. An acknowledged one stays as it is.

    Raises:
        Problem: not_found, forbidden, version_changed, not_allowed.
    """
    row = await _locked(connection, alarm_id, asked, house)
    state = store.state_of_row(row)
    if action == "acknowledge" and state in (AlarmPhase.ACKNOWLEDGED, AlarmPhase.NORMAL):
        return
    line = _line(action, state, asked)
    by = {"acknowledged_at": house.now, "acknowledged_by": asked.username}
    values = by if action == "acknowledge" else dict.fromkeys(by, null())
    await _write(connection, row, line, values, asked, house)


async def shelve(
    connection: AsyncConnection, alarm_id: UUID, asked: Asked, house: House, until: datetime
) -> None:
    """Put the alarm's place and class aside until a time, with all alarms of it that are and come.

    Raises:
        Problem: not_found, forbidden, version_changed, not_allowed, invalid (`until` is past, or further away
            than the policy lets something as bad be shelved).
        PlaceTaken: run the transaction again.
    """
    row = await _held(connection, alarm_id, asked, house)
    line = _line("shelve", store.state_of_row(row), asked)
    key = (row.place, row.event_class)
    standing = (await store.shelves(connection, [key], house.now)).get(key)
    rank = min(RANK[Severity(row.severity)], standing.severity if standing else len(RANK))
    since = standing.since if standing else house.now
    _bounded(until, house.now, since + house.policy.longest_shelf.of(SEVERITIES[rank]), "shelved")
    shelf = Shelf(uuid7(), rank, since, until, asked.username, asked.reason or "")
    await store.shelve(connection, key, shelf, house.now)
    if row.state == ConditionState.CLEARED:
        values = {"acknowledged_at": func.coalesce(alarm.c.acknowledged_at, house.now)}
        values |= {"acknowledged_by": func.coalesce(alarm.c.acknowledged_by, asked.username)}
        await _write(connection, row, line, values, asked, house, until)
    await _settle_place(connection, row, asked, house)


async def unshelve(connection: AsyncConnection, alarm_id: UUID, asked: Asked, house: House) -> None:
    """Take the shelf of the alarm's place and class down: all that is active there calls again.

    Raises:
        Problem: not_found, forbidden, version_changed, not_allowed.
        PlaceTaken: run the transaction again.
    """
    row = await _held(connection, alarm_id, asked, house)
    _line("unshelve", store.state_of_row(row), asked)
    key = (row.place, row.event_class)
    standing = (await store.shelves(connection, [key], house.now)).get(key)
    if standing is not None:
        await store.end_shelf(connection, standing.id, asked.username, house.now)
    await _settle_place(connection, row, asked, house, leaving="unshelve")


async def device_version(connection: AsyncConnection, device: str) -> int:
    """How often a device was taken out of service or put back, and one."""
    table = out_of_service.c
    counts = select(func.count() + func.count(table.ended_at)).where(table.device == device)
    return 1 + int(await connection.scalar(counts) or 0)


async def take_out(
    connection: AsyncConnection, device: str, asked: Asked, house: House, until: datetime
) -> None:
    """Let a device be out of service until a time: its alarms call nobody.

    Raises:
        Problem: not_found, version_changed, invalid.
        PlaceTaken: run the transaction again.
    """
    await _device(connection, device, asked, house)
    _bounded(until, house.now, house.now + timedelta(seconds=house.policy.service_at_most), "out of service")
    service = Service(uuid7(), house.now, until, asked.username, asked.reason or "")
    await store.take_out(connection, device, service)
    await _settle(connection, alarm.c.device == device, asked, house)


async def put_back(connection: AsyncConnection, device: str, asked: Asked, house: House) -> None:
    """Let a device be in service again: what is active of it calls.

    Raises:
        Problem: not_found, version_changed.
        PlaceTaken: run the transaction again.
    """
    await _device(connection, device, asked, house)
    await store.back_in_service(connection, device, asked.username, house.now)
    await _settle(connection, alarm.c.device == device, asked, house)


async def _device(connection: AsyncConnection, device: str, asked: Asked, house: House) -> None:
    known = house.registry.devices.get(device)
    if known is None or not asked.scope.holds_point(known.point, house.registry):
        raise Problem("not_found", f"no camera or sensor has the id {device!r}")
    active = await store.active(connection, alarm.c.device == device)
    await release.hold(connection, active, house.registry, wait=True)
    await store.lock_device(connection, device)
    version = await device_version(connection, device)
    if version != asked.version:
        raise changed(version, asked.version)


async def _settle_place(
    connection: AsyncConnection, row: Any, asked: Asked, house: House, leaving: str | None = None
) -> None:
    which = (alarm.c.place == row.place) & (alarm.c.event_class == row.event_class)
    await _settle(connection, which, asked, house, leaving)


async def _settle(
    connection: AsyncConnection, which: Any, asked: Asked, house: House, leaving: str | None = None
) -> None:
    alarms = await store.active(connection, which)
    await release.settle(
        connection, alarms, house.policy, house.registry, asked.actor, house.now,
        leaving=leaving, reason=asked.reason,
    )  # fmt: skip


async def _held(connection: AsyncConnection, alarm_id: UUID, asked: Asked, house: House) -> Any:
    """The alarm, its place and all that bringing in its like may touch locked before any row."""
    row = await _one(connection, alarm_id, asked, house)
    alike = (alarm.c.place == row.place) & (alarm.c.event_class == row.event_class)
    active = await store.active(connection, or_(alike, alarm.c.id == alarm_id))
    await release.hold(connection, [row, *active], house.registry, wait=True)
    return await _locked(connection, alarm_id, asked, house)


async def _locked(connection: AsyncConnection, alarm_id: UUID, asked: Asked, house: House) -> Any:
    row = await _one(connection, alarm_id, asked, house, lock=True)
    if row.version != asked.version:
        raise changed(row.version, asked.version)
    return row


async def _one(
    connection: AsyncConnection, alarm_id: UUID, asked: Asked, house: House, *, lock: bool = False
) -> Any:
    statement = select(alarm).where(alarm.c.id == alarm_id, visible_alarm(asked.scope, house.registry))
    row = (await connection.execute(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None:
        raise not_found(alarm_id)
    return row


async def _write(
    connection: AsyncConnection,
    row: Any,
    line: Line,
    values: dict[str, Any],
    asked: Asked,
    house: House,
    until: datetime | None = None,
) -> None:
    version = row.version + 1
    await connection.execute(update(alarm).where(alarm.c.id == row.id).values(version=version, **values))
    await store.write_lines(
        connection, [(row.id, version, line)], asked.actor, house.now, asked.reason, until
    )
    await emit(connection, [("alarm", str(row.id))])
    if row.incident_id is not None:
        await emit(connection, [("incident", str(row.incident_id))])


def _line(action: str, state: AlarmPhase, asked: Asked) -> Line:
    """The step, if the table and the person's roles allow it."""
    rule = rule_for(action, state)
    if rule is None or not rule.roles.intersection(asked.roles):
        raise Problem(
            "not_allowed", f"{action} is not possible while the alarm is {state}",
            allowed_actions=list(allowed(state, asked.roles)),
        )  # fmt: skip
    return Line(action, state, rule.target)


def _bounded(until: datetime, now: datetime, latest: datetime, what: str) -> None:
    if now + SHORTEST <= until <= latest:
        return
    raise Problem(
        "invalid", f"until: it may be {what} until {latest.isoformat()} at the latest",
        errors=[{"pointer": "/body/until", "detail": f"{SHORTEST} from now to {latest.isoformat()}"}],
    )  # fmt: skip


def changed(version: int, given: int) -> Problem:
    """Somebody was quicker."""
    return Problem(
        "version_changed", f"you saw version {given}, it is at {version}; look again", version=version,
        headers={"ETag": etag(version)},
    )  # fmt: skip


def not_found(alarm_id: UUID) -> Problem:
    """There is no such alarm, or not for whoever asks."""
    return Problem("not_found", f"no alarm has the id {alarm_id}")
