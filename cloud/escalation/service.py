"""A case goes up one level, for a reason: by hand, or because it stayed too long."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.escalation.levels import HANDS_UP, LEVEL
from cloud.escalation.policy import Level, above
from cloud.incidents import log, store
from cloud.incidents.store import Actor
from cloud.incidents.transitions import OPEN, State
from cloud.people.roles import Role
from cloud.push.service import Notice, notify
from devices.site.model import Names

ACTION = "escalated"
"""In the log; `level` names the new one, `from` the one before, `why` the reason."""
WORDS = {
    "grid": Names(zh="网格", en="grid"),
    "community": Names(zh="社区", en="community"),
    "street": Names(zh="街道", en="street"),
}
_TOLD: dict[str, tuple[str, ...]] = {
    "grid": ("duty:grid_leader",),
    "community": ("role:community", "duty:shift_leader"),
    "street": ("role:street", "duty:shift_leader"),
}


async def hand_up(
    connection: AsyncConnection,
    incident_id: UUID,
    why: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
    roles: Collection[Role] | None = None,
    said: Names | None = None,
) -> Level:
    """One level up, in the caller's transaction, which then holds the case's place; the new level.

    `seen`: the version that a person saw, `roles`: theirs; None: it is the system that does it. `said`: `why`
    in both languages, for those who are told; None: a person wrote it.

    Raises:
        Problem: not_found, version_changed, forbidden, not_allowed (it is closed, or at the street already).
    """
    await hold(connection, incident_id)
    row = (await connection.execute(select(incident).where(incident.c.id == incident_id))).one()
    if seen is not None and row.version != seen:
        raise Problem(
            "version_changed", f"you saw version {seen}, it is at {row.version}; look again",
            version=row.version, headers={"ETag": f'"v{row.version}"'},
        )  # fmt: skip
    level: Level = row.level
    if roles is not None and not any(level in HANDS_UP.get(role, ()) for role in roles):
        raise Problem("forbidden", f"you do not hand up what is at the {level}")
    up = above(level)
    if State(row.state) not in OPEN or up is None:
        reason = f"it is {row.state}" if up else "it is at the street, and nobody is above"
        raise Problem("not_allowed", f"it cannot go up: {reason}", allowed_actions=[])
    await set_level(connection, incident_id, up, {"from": level, "why": why}, actor, now)
    said = said or Names(zh=why, en=why)
    words = Names(zh=f"上报至{WORDS[up].zh}:{said.zh}", en=f"Handed up to the {WORDS[up].en}: {said.en}")
    await notify(connection, Notice("escalation", incident_id, _TOLD[up], words), now)
    return up


async def set_level(
    connection: AsyncConnection,
    incident_id: UUID,
    level: Level,
    detail: dict[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    """Write the level down, in the log and beside the state; the caller holds the case's place."""
    await log.append(connection, incident_id, ACTION, actor, {LEVEL: level, **detail}, now)
    await connection.execute(update(incident).where(incident.c.id == incident_id).values(level=level))


async def hold(connection: AsyncConnection, incident_id: UUID) -> None:
    """Let nobody else change the case until the transaction ends.

    Raises:
        Problem: not_found.
    """
    place = await store.key_of(connection, incident_id)
    if place is None:
        raise Problem("not_found", f"no incident has the id {incident_id}")
    await store.lock(connection, [place])
