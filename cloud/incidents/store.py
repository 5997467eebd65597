"""Reading and writing cases: the SQL around `cloud.incidents.seen`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import alarm, incident, incident_event
from cloud.incidents import chain
from cloud.incidents.seen import Case, Line
from cloud.incidents.transitions import OPEN, State

Key = tuple[str, str]
"""(place, event class): what at most one open incident stands for."""

OWN = frozenset({"person", "condition", "report", "note"})
"""Causes of lines that somebody wrote: theirs, not the system's."""

_LOCK = text("SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:keys AS bigint[])) AS k")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it."""

    kind: Literal["system", "user", "node"]
    name: str


GRIDWATCH = Actor("system", "gridwatch")


def lock_number(key: Key) -> int:
    """The advisory lock of a place and class: 64 bits of a hash."""
    digest = hashlib.blake2b("|".join(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


async def lock(connection: AsyncConnection, keys: Iterable[Key]) -> None:
    """Let nobody else decide about these places and classes until this transaction ends.

    Always taken before any row of incident or alarm, and in one order, so two batches never
    wait for each other in a circle. The partial unique index would stop a double even without it.
    """
    numbers = sorted({lock_number(key) for key in keys})
    await connection.execute(_LOCK, {"keys": numbers})


async def key_of(connection: AsyncConnection, incident_id: UUID) -> Key | None:
    """Place and class of an incident; None: there is no such incident."""
    columns = (incident.c.place, incident.c.event_class)
    found = (await connection.execute(select(*columns).where(incident.c.id == incident_id))).one_or_none()
    return None if found is None else (found.place, found.event_class)


async def load_cases(
    connection: AsyncConnection, ids: Collection[UUID], keys: Collection[Key]
) -> tuple[dict[UUID, Case], dict[Key, UUID]]:
    """The cases of these ids and the open ones at these keys; and which open one stands at each key."""
    wanted = or_(
        incident.c.id.in_(ids),
        incident.c.state.in_(sorted(OPEN)) & tuple_(incident.c.place, incident.c.event_class).in_(keys),
    )
    rows = (await connection.execute(select(incident).where(wanted))).all()
    found = [row.id for row in rows]
    there = select(alarm.c.id, alarm.c.incident_id, alarm.c.state).where(alarm.c.incident_id.in_(found))
    present: dict[UUID, set[UUID]] = {}
    if found:
        for each in (await connection.execute(there)).all():
            held = present.setdefault(each.incident_id, set())
            if each.state != "cleared":
                held.add(each.id)
    cases = {row.id: _case(row, present.get(row.id)) for row in rows}
    open_at = {(row.place, row.event_class): row.id for row in rows if row.state in OPEN}
    return cases, open_at


def _case(row: Any, present: Collection[UUID] | None) -> Case:
    """`present`: its conditions that are not cleared; None: it never had any."""
    return Case(
        id=row.id,
        state=State(row.state),
        version=row.version,
        severity=row.severity,
        present=frozenset(present or ()),
        told=present is not None,
        suspended_from=State(row.suspended_from) if row.suspended_from else None,
        seen_gone_at=row.seen_gone_at,
    )


async def write_lines(
    connection: AsyncConnection, lines: Sequence[tuple[UUID, Line]], actor: Actor, now: datetime
) -> None:
    """Append to the logs, each line chained to the one before it in its log.

    What the table does by itself is the system's, the rest is `actor`'s. The caller holds the locks of the
    places, and gives the lines of each case in order.
    """
    if not lines:
        return
    first: dict[UUID, int] = {}
    for incident_id, line in lines:
        first.setdefault(incident_id, line.version)
    heads = await hashes(connection, [(key, version - 1) for key, version in first.items() if version > 1])
    rows = []
    for incident_id, line in lines:
        own = line.cause in OWN
        row = {
            "incident_id": incident_id, "version": line.version, "at": now,
            "actor_kind": actor.kind if own else "system",
            "actor_name": actor.name if own else "gridwatch",
            "action": line.action, "from_state": line.source, "to_state": line.target,
            "cause": line.cause, "reason": line.reason, "detail": dict(line.detail),
        }  # fmt: skip
        heads[incident_id] = chain.line_hash(row, heads[incident_id] if line.version > 1 else None)
        rows.append(row | {"hash": heads[incident_id]})
    await connection.execute(insert(incident_event), rows)


async def hashes(connection: AsyncConnection, lines: Collection[tuple[UUID, int]]) -> dict[UUID, bytes]:
    """Of lines by incident and version, one an incident: the hash of each."""
    if not lines:
        return {}
    key = tuple_(incident_event.c.incident_id, incident_event.c.version)
    statement = select(incident_event.c.incident_id, incident_event.c.hash).where(key.in_(lines))
    return {row.incident_id: row.hash for row in await connection.execute(statement)}
