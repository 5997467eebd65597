"""`/duty/mutes`: silencing one's own wall, with a reason, for ten minutes at most."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.context import InContext
from cloud.duty import mutes
from cloud.duty.models import Mute
from cloud.people.identity import Doer, Viewer
from cloud.problems import problems
from cloud.times import Moment

router = APIRouter(prefix="/duty/mutes", tags=["duty"], responses=problems("unauthenticated"))
USUAL = timedelta(days=1)


class MuteWish(BaseModel):
    """Why and for how long."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")
    minutes: int = Field(ge=1, le=mutes.LONGEST_MINUTES)


class Mutes(BaseModel):
    """The newest first."""

    items: list[Mute]


@router.post(
    "",
    operation_id="silenceWall",
    summary="Silence your own wall for a while",
    description="What is critical sounds all the same. It is listed at the next hand-over.",
    status_code=201,
    responses=problems("csrf", "forbidden", "already_muted", "invalid"),
)
async def silence_wall(context: InContext, who: Doer, wish: MuteWish) -> Mute:
    """The page makes the sound, so it is the page that keeps silent; this says since when and why."""
    async with context.engine.begin() as connection:
        made = await mutes.silence(connection, who.username, wish.reason, wish.minutes, context.now())
    return Mute.model_validate(made)


@router.get("", operation_id="listMutes", summary="Who silenced a wall", responses=problems("forbidden"))
async def list_mutes(
    context: InContext,
    _: Viewer,
    since: Annotated[Moment | None, Query(description="Without it: the last day.")] = None,
) -> Mutes:
    """Those that were not over before `since`."""
    async with context.engine.connect() as connection:
        found = await mutes.since(connection, since or context.now() - USUAL)
    return Mutes(items=[Mute.model_validate(one) for one in found])


@router.post(
    "/{mute_id}/end",
    operation_id="endMute",
    summary="Let your wall sound again before the time is over",
    status_code=204,
    responses=problems("csrf", "forbidden", "not_found", "invalid"),
)
async def end_mute(context: InContext, who: Doer, mute_id: UUID) -> None:
    """Once more changes nothing."""
    async with context.engine.begin() as connection:
        await mutes.sound_again(connection, mute_id, who.username, context.now())
