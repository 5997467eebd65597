"""What is reported done is looked at again by the camera that saw it, or reset at the sensor that told it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import alarm
from cloud.incidents.service import Request
from cloud.link import store
from cloud.link.sites import BY_ITSELF
from cloud.link.store import Wish
from devices.link import CommandKind, LookAgainBody, ResetBody
from devices.messages import ConditionState

ASKED_AFTER = "resolve"
"""The step by which people say that it is done."""


async def after(
    connection: AsyncConnection, incident_id: UUID, step: Request, registry: Registry, now: datetime
) -> Collection[str]:
    """After *done*, have all that still counts as there looked at again; the nodes asked."""
    if step.action != ASKED_AFTER:
        return ()
    statement = select(alarm.c.id, alarm.c.node, alarm.c.device).where(
        alarm.c.incident_id == incident_id, alarm.c.state != ConditionState.CLEARED
    )
    nodes = set()
    for row in (await connection.execute(statement)).all():
        device = registry.devices.get(row.device)
        if device is None:
            continue
        key = f"{row.id}/{step.version}"
        kind, asked = _question(device.kind, row.device, row.id)
        wish = Wish(row.node, kind, asked.model_dump(mode="json"), BY_ITSELF, key, incident_id)
        await store.add(connection, wish, now)
        nodes.add(row.node)
    return nodes


def _question(of: str, device: str, condition: UUID) -> tuple[CommandKind, LookAgainBody | ResetBody]:
    """A sensor says by itself when it is over, unless it waits to be reset."""
    if of == "camera":
        return CommandKind.LOOK_AGAIN, LookAgainBody(camera=device, condition_id=condition)
    return CommandKind.RESET, ResetBody(condition_id=condition)
