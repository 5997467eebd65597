"""What happens when a shelf, a device's time out of service, or a window of what is allowed is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import release, store
from cloud.alarms.machine import AlarmPhase
from cloud.alarms.policy import policy_in
from cloud.areas.current import Current
from cloud.database.schema import alarm
from cloud.deadlines.firing import Effect
from cloud.deadlines.store import Deadline
from cloud.incidents.store import Actor

GRIDWATCH = Actor("system", "gridwatch")
Over = Callable[[AsyncConnection, str, datetime], Awaitable[Any]]
"""Writes down that the thing with this id is over; the condition over `alarm` of what it kept aside."""


def effects(current: Current) -> Mapping[str, Effect]:
    """By kind of deadline, for `cloud.deadlines.worker.Worker`."""
    return {kind: _effect(current, over) for kind, over in _OVER.items()}


def _effect(current: Current, over: Over) -> Effect:
    async def fire(connection: AsyncConnection, due: Deadline, now: datetime) -> None:
        which = await over(connection, due.key.partition(":")[2], now)
        alarms = await store.active(connection, which)
        await release.hold(connection, alarms, current.registry, wait=False)
        # Read again: until the places were held, somebody may have changed them.
        alarms = await store.active(connection, which)
        policy = policy_in(current.policies)
        await release.settle(connection, alarms, policy, current.registry, GRIDWATCH, now)

    return fire


async def _shelf(connection: AsyncConnection, name: str, now: datetime) -> Any:
    key = await store.end_shelf(connection, UUID(name), GRIDWATCH.name, now)
    place, event_class = key or ("", "")
    return (alarm.c.place == place) & (alarm.c.event_class == event_class)


async def _service(connection: AsyncConnection, name: str, now: datetime) -> Any:
    return alarm.c.device == await store.put_back(connection, UUID(name), GRIDWATCH.name, now)


async def _suppression(connection: AsyncConnection, name: str, now: datetime) -> Any:
    return (alarm.c.aside == AlarmPhase.SUPPRESSED) & (alarm.c.aside_by == name)


_OVER: Mapping[str, Over] = {
    store.SHELF: _shelf,
    store.SERVICE: _service,
    store.SUPPRESSION: _suppression,
}
