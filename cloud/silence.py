"""Nodes that are silent: one incident each, raised by the cloud, closed by it when the node is heard again.

What its cameras suffer from is *inhibited* meanwhile: nobody can know, and the node is what must be seen to.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.alarms import intake
from cloud.areas.registry import Registry
from cloud.database.schema import alarm, event_class, incident, node, point
from cloud.incidents import seen, store
from cloud.incidents.store import Actor
from cloud.incidents.transitions import State, rule_for, steps
from cloud.stream.outbox import emit
from cloud.stream.tail import LOST
from devices.ids import uuid7
from devices.messages import Change, Condition, ConditionState, Severity

log = logging.getLogger(__name__)

CLASS = "90-02-089"
"""The event class; its first row comes with the migrations, a site file may name it and rank it anew."""
RULE = "node.silent"
LABEL = "node_silent"
EVERY = 10.0
AGAIN = timedelta(minutes=10)
"""Silent again within this after it was heard, it is the same incident, reopened."""
GRIDWATCH = Actor("system", "gridwatch")


@dataclass(slots=True)
class Hearing:
    """For how long this process has seen no new word of each node, by its own monotonic clock. Pure.

    Neither a wall clock that is set nor a start of the cloud, after hours in which nobody could speak to it,
    makes a node silent: it must have stayed silent while somebody listened.
    """

    after: float
    """Seconds of silence."""
    _words: dict[str, tuple[datetime, float]] = field(default_factory=dict)

    def silent(self, words: Mapping[str, datetime], at: float) -> set[str]:
        """The nodes from which nothing came; `words`: when each was heard last, as the database has it."""
        self._words = {
            name: self._words[name] if self._words.get(name, (None, 0.0))[0] == word else (word, at)
            for name, word in words.items()
        }
        return {name for name, (_, since) in self._words.items() if at - since >= self.after}

    def deaf(self) -> None:
        """Nobody could have been heard by this process: begin anew."""
        self._words.clear()


async def look(engine: AsyncEngine, hearing: Hearing, registry: Registry, now: datetime, at: float) -> bool:
    """Raise and close what is due; whether anything was. Several processes may do it at the same time."""
    async with engine.connect() as connection:
        rows = (await connection.execute(select(node.c.id, node.c.last_seen_at, node.c.active))).all()
        standing = {one.device: one for one in await _standing(connection)}
    words = {row.id: row.last_seen_at for row in rows if row.active and row.last_seen_at is not None}
    silent = hearing.silent(words, at) - standing.keys()
    back = [name for name, one in standing.items() if name not in words or words[name] > one.since]
    for name in sorted(silent):
        async with engine.begin() as connection:
            await _raise(connection, name, words[name], registry, now)
    for name in sorted(back):
        async with engine.begin() as connection:
            await _close(connection, name, registry, now)
    return bool(silent or back)


async def listen(
    engine: AsyncEngine,
    registry: Callable[[], Registry],
    after: timedelta,
    now: Callable[[], datetime],
    changed: Callable[[], None],
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Look every `EVERY` seconds until cancelled; `changed` wakes the walls."""
    hearing = Hearing(after.total_seconds())
    while True:
        try:
            if await look(engine, hearing, registry(), now(), monotonic()):
                changed()
        except (*LOST, intake.PlaceTaken) as error:
            hearing.deaf()
            log.warning("could not look for silent nodes: %s; next time", type(error).__name__)
        await asyncio.sleep(EVERY)


async def _standing(connection: AsyncConnection, name: str | None = None) -> Sequence[Any]:
    mine = (alarm.c.rule == RULE) & (alarm.c.state != ConditionState.CLEARED)
    statement = select(alarm).where(mine if name is None else mine & (alarm.c.device == name))
    return (await connection.execute(statement)).all()


async def _raise(
    connection: AsyncConnection, name: str, heard: datetime, registry: Registry, now: datetime
) -> None:
    await store.lock(connection, [(name, CLASS)])
    if await _standing(connection, name):
        return  # another process was quicker
    past = select(alarm.c.id).where(
        alarm.c.rule == RULE, alarm.c.device == name, alarm.c.cleared_at >= now - AGAIN
    )
    before = (await connection.scalars(past.order_by(alarm.c.cleared_at.desc()).limit(1))).first()
    owned = select(point.c.id).where(point.c.node == name, point.c.active).order_by(point.c.position)
    rank = await connection.scalar(select(event_class.c.severity).where(event_class.c.code == CLASS))
    condition = Condition(
        condition_id=uuid7(),
        rev=1,
        change=Change.OPENED,
        state=ConditionState.OPEN,
        node=name,
        point=(await connection.scalars(owned.limit(1))).first() or name,
        device=name,
        rule=RULE,
        place=name,
        event_class=CLASS,
        label=LABEL,
        score=1.0,
        severity=Severity(rank or Severity.HIGH),
        since=heard,
        changed_at=now,
        reopens=before,
    )
    await _take(connection, condition, registry, now)
    ill = (alarm.c.node == name) & alarm.c.rule.startswith("health.")
    await _inhibit(connection, ill & (alarm.c.state != ConditionState.CLEARED), now)
    log.warning("node %s is silent since %s", name, heard.isoformat(timespec="seconds"))


async def _close(connection: AsyncConnection, name: str, registry: Registry, now: datetime) -> None:
    await store.lock(connection, [(name, CLASS)])
    for row in await _standing(connection, name):
        values = {key: getattr(row, key) for key in Condition.model_fields if hasattr(row, key)}
        gone = {"condition_id": row.id, "rev": row.rev + 1, "change": Change.CLEARED, "changed_at": now}
        condition = Condition.model_validate(values | gone | {"state": ConditionState.CLEARED, "hints": ()})
        await _take(connection, condition, registry, now)
        if row.incident_id is not None:
            await _end(connection, row.incident_id, now)
        log.info("node %s is heard again", name)
    await _inhibit(connection, (alarm.c.node == name) & alarm.c.inhibited_since.is_not(None), None)


async def _take(connection: AsyncConnection, condition: Condition, registry: Registry, now: datetime) -> None:
    known = await intake.stored(connection, [condition])
    await intake.take(connection, [condition], known, registry, GRIDWATCH, now)


async def _end(connection: AsyncConnection, incident_id: UUID, now: datetime) -> None:
    """A node that speaks needs nobody to go and look: what waits to be checked is closed."""
    case = (await store.load_cases(connection, [incident_id], []))[0][incident_id]
    rule = rule_for("close", case.state)
    if case.state is not State.CHECKING or rule is None:
        return
    taken = tuple(replace(step, cause="automatic") for step in steps(rule, case.state))
    case, lines = seen.walk(case, taken)
    await connection.execute(
        update(incident)
        .where(incident.c.id == incident_id)
        .values(state=case.state, version=case.version, updated_at=now, closed_at=now)
    )
    await store.write_lines(connection, [(incident_id, line) for line in lines], GRIDWATCH, now)


async def _inhibit(connection: AsyncConnection, which: Any, since: datetime | None) -> None:
    statement = update(alarm).where(which).values(inhibited_since=since, version=alarm.c.version + 1)
    changed = (await connection.scalars(statement.returning(alarm.c.id))).all()
    await emit(connection, [("alarm", str(key)) for key in changed])
