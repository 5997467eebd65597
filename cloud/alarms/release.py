"""Active alarms go to where shelves, devices and the policy put them now; what calls again gets a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import null, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import intake, joining, rows, store
from cloud.alarms.machine import ASIDE, CALLING, INTO, Line, lead, rule_for, take
from cloud.alarms.policy import AlarmPolicy
from cloud.areas.registry import Registry
from cloud.database.schema import alarm
from cloud.deadlines.store import free_places
from cloud.errors import CloudError
from cloud.incidents.store import Actor, Key, lock
from cloud.stream.outbox import Kind, emit


class Busy(CloudError):
    """Somebody works on one of the places at this moment; try again soon."""


async def hold(connection: AsyncConnection, alarms: Sequence[Any], registry: Registry, *, wait: bool) -> None:
    """Lock what bringing these in may touch: groups of points, then places, as the intake does.

    Raises:
        Busy: without `wait`, one of them is not free.
    """
    groups = {
        vicinity.group for row in alarms for vicinity in joining.vicinities(rows.condition_of(row), registry)
    }
    places: set[Key] = {(row.place, row.event_class) for row in alarms}
    wanted = [*joining.group_keys(groups), *places]
    if wait:
        await lock(connection, joining.group_keys(groups))
        await lock(connection, places)
    elif await free_places(connection, wanted) != set(wanted):
        raise Busy("a place is being worked on")


async def settle(
    connection: AsyncConnection,
    alarms: Sequence[Any],
    policy: AlarmPolicy,
    registry: Registry,
    actor: Actor,
    now: datetime,
    *,
    leaving: str | None = None,
    reason: str | None = None,
) -> int:
    """Let active alarms (rows of `alarm`, held by `hold`) be aside or call, as it is now; how many moved.

    `leaving`: the action by which they come back, when it is not that their time is over.

    Raises:
        PlaceTaken: run the transaction again.
    """
    sources = await store.sources(
        connection, [store.subject_of(row) for row in alarms], policy, registry, now
    )
    changes: list[tuple[Any, list[Line], dict[str, Any]]] = []
    calling: list[Any] = []
    for row in alarms:
        state = store.state_of_row(row)
        aside = sources.aside(store.subject_of(row), now, calls=state in CALLING)
        if aside == store.aside_of_row(row):
            continue
        steps = list(lead(state, aside.state if aside else None, leaving))
        if aside and not steps and rule_for(INTO[aside.state], state):
            steps = [take(INTO[aside.state], state)]  # the same again, with another end
        values = store.aside_values(aside) | {"version": row.version + 1}
        if state in ASIDE and aside is None:
            values |= {"acknowledged_at": null(), "acknowledged_by": null()}
            calling += [row] if row.incident_id is None else []
        changes.append((row, steps, values))
    if calling:
        await intake.bring_in(connection, calling, registry, actor, now)
    for row, steps, values in changes:
        await connection.execute(update(alarm).where(alarm.c.id == row.id).values(values))
        lines = [(row.id, row.version + 1, step) for step in steps]
        await store.write_lines(connection, lines, actor, now, reason, values["aside_until"])
    await _tell(connection, [(row.id, row.incident_id) for row, *_ in changes])
    return len(changes)


async def _tell(connection: AsyncConnection, changed: Sequence[tuple[UUID, UUID | None]]) -> None:
    told: list[tuple[Kind, str]] = [("alarm", str(one)) for one, _ in changed]
    told += [("incident", str(incident)) for _, incident in changed if incident is not None]
    await emit(connection, told)
