"""`/incidents/{id}/escalations`: a case goes up one level."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select

from cloud.context import InContext
from cloud.database.schema import incident
from cloud.escalation.policy import Level
from cloud.escalation.service import hand_up
from cloud.etag import version_of
from cloud.incidents.store import Actor
from cloud.people.identity import Doer, InScope
from cloud.people.scope import require
from cloud.problems import problems
from cloud.sources import idempotency
from cloud.sources.idempotency import Asked

router = APIRouter(prefix="/incidents", tags=["incidents"])


class EscalationRequest(BaseModel):
    """Why it goes up."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Escalated(BaseModel):
    """Where it is now."""

    incident_id: UUID
    level: Level
    version: int
    """Of the case, after it."""


@router.post(
    "/{incident_id}/escalations",
    operation_id="escalate",
    summary="Hand a case up one level",
    description="小事不出网格,大事不出社区,难事不出街道: to the community, then to the street.",
    status_code=201,
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "version_changed", "invalid",
        "version_required", "key_reused",
    ),
)  # fmt: skip
async def escalate(
    context: InContext,
    person: Doer,
    scope: InScope,
    incident_id: UUID,
    asked: EscalationRequest,
    if_match: Annotated[str | None, Header(description='The ETag you saw, `"v3"`.')] = None,
    key: idempotency.Key = None,
) -> Escalated:
    """One level up."""
    version, now = version_of(if_match), context.now()
    content = {"escalate": str(incident_id), "version": version, "reason": asked.reason}
    actor = Actor("user", person.username)
    async with context.engine.begin() as connection:
        await require(connection, scope, incident_id)

        async def work() -> Any:
            level = await hand_up(connection, incident_id, asked.reason, actor, now, version, person.roles)
            mine = select(incident.c.version).where(incident.c.id == incident_id)
            return {
                "incident_id": str(incident_id), "level": level, "version": await connection.scalar(mine),
            }  # fmt: skip

        done, _ = await idempotency.once(connection, Asked(f"person:{person.id}", key, content), now, work)
    context.tail.changed()
    return Escalated.model_validate(done)
