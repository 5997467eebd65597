"""What others have against a step: a case that is whistled for, say, may not be closed.

A blocker answers why `action` may not be done now, in one sentence, or None. Whoever keeps facts beside the
state adds one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.escalation.finishing import too_low
from cloud.whistles.open import unreported

Blocker = Callable[[AsyncConnection, UUID, str], Awaitable[str | None]]

BLOCKERS: tuple[Blocker, ...] = (too_low, unreported)
"""Asked in this order; the answer to the person is 409 `not_allowed` with the first reason."""


async def blocked(connection: AsyncConnection, incident_id: UUID, action: str) -> str | None:
    """Why `action` may not be done now; None: nobody has anything against it."""
    for blocker in BLOCKERS:
        reason = await blocker(connection, incident_id, action)
        if reason is not None:
            return reason
    return None
