"""`/privacy`: who looked at originals, what was deleted, what pictures take, and one's own track."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert, select

from cloud.context import InContext
from cloud.duty.kinds import ROSTERS
from cloud.incidents.models import Actor
from cloud.media.order import Rank
from cloud.people.identity import Doer, Viewer
from cloud.privacy import figures, track
from cloud.privacy.policy import policy_in
from cloud.privacy.tables import deletion, original_view
from cloud.problems import problems
from cloud.times import Moment
from devices.ids import uuid7
from devices.site.model import Lat, Lon

router = APIRouter(prefix="/privacy", tags=["privacy"])
_LIMIT = Query(ge=1, le=1000)


class OriginalView(BaseModel):
    """Somebody looked at an original; the same again within that hour is not told again."""

    username: str
    sha256: str
    reason: str
    """What they gave, or `duty`: the patrol room at a case that was open or closed lately."""
    first_at: datetime


class OriginalViews(BaseModel):
    """Newest first."""

    items: list[OriginalView]


class Deletion(BaseModel):
    """Something was deleted; what it was of (case, log, what evidence there was) stays."""

    id: int
    at: datetime
    batch: UUID
    what: str
    """photo, clip, unlinked, track"""
    subject: str
    """A SHA-256, or of a track the user name."""
    count: int
    size: int
    actor: Actor
    why: str
    """`time`: its longest time was over; `room`: the disk's; `own_wish`: of a track."""


class Deletions(BaseModel):
    """Newest first."""

    items: list[Deletion]


class MediaFigure(BaseModel):
    """One kind of file."""

    files: int
    size: int
    may_go: int
    """Bytes that may make room when it is needed."""
    must_go: int
    """Bytes whose longest time is over."""


class MediaFigures(BaseModel):
    """What photos and clips take, in the order in which they would go."""

    quota: int
    reserve: int
    used: int
    free: int
    """Of the disk."""
    kinds: dict[str, MediaFigure]
    deleted: int
    """Photos and clips, ever."""
    deleted_size: int


class PositionWish(BaseModel):
    """Where one was."""

    model_config = ConfigDict(extra="forbid")
    at: Moment
    lon: Annotated[Lon, Field(strict=True)]
    lat: Annotated[Lat, Field(strict=True)]
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000, allow_inf_nan=False, strict=True)


class TrackWish(BaseModel):
    """Positions, in any order."""

    model_config = ConfigDict(extra="forbid")
    positions: list[PositionWish] = Field(min_length=1, max_length=500)


class TrackTaken(BaseModel):
    """What became of them."""

    kept: int
    refused: list[datetime]
    """Of those off shift, too old or yet to come; nothing of them is kept."""


class Track(BaseModel):
    """What is kept of oneself, oldest first."""

    items: list[PositionWish]
    life_s: float
    """After so long a position is deleted."""


@router.get(
    "/original-views",
    operation_id="listOriginalViews",
    summary="List who looked at originals",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_original_views(
    context: InContext,
    _: Viewer,
    sha256: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
    username: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, _LIMIT] = 100,
) -> OriginalViews:
    """Newest first."""
    statement = select(original_view).order_by(original_view.c.first_at.desc()).limit(limit)
    if sha256 is not None:
        statement = statement.where(original_view.c.sha256 == sha256)
    if username is not None:
        statement = statement.where(original_view.c.username == username)
    async with context.engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
    items = [
        OriginalView(username=row.username, sha256=row.sha256, reason=row.reason, first_at=row.first_at)
        for row in rows
    ]
    return OriginalViews(items=items)


@router.get(
    "/deletions",
    operation_id="listDeletions",
    summary="List what was deleted",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_deletions(context: InContext, _: Viewer, limit: Annotated[int, _LIMIT] = 100) -> Deletions:
    """Newest first."""
    async with context.engine.connect() as connection:
        newest = select(deletion).order_by(deletion.c.id.desc()).limit(limit)
        rows: Sequence[Any] = (await connection.execute(newest)).all()
        items = [
            Deletion(
                id=row.id, at=row.at, batch=row.batch, what=row.what, subject=row.subject, count=row.count,
                size=row.size, actor=Actor(kind=row.actor_kind, name=row.actor_name), why=row.why,
            )
            for row in rows
        ]  # fmt: skip
    return Deletions(items=items)


@router.get(
    "/media",
    operation_id="getMediaFigures",
    summary="What photos and clips take",
    responses=problems("unauthenticated", "forbidden"),
)
async def get_media_figures(context: InContext, _: Viewer) -> MediaFigures:
    """Counted on the disk now."""
    policy, room = policy_in(context.policies), context.media.room
    async with context.engine.connect() as connection:
        kept = await figures.everything(connection, context.media, policy, context.now())
        gone, size = await figures.deleted(connection)
    kinds = {
        rank.name.lower(): MediaFigure(
            files=len(mine),
            size=sum(one.size for one in mine),
            may_go=sum(one.size for one in mine if one.may_go),
            must_go=sum(one.size for one in mine if one.must_go),
        )
        for rank in Rank
        for mine in [[one for one in kept if one.rank is rank]]
    }
    return MediaFigures(
        quota=room.quota or 0,
        reserve=room.reserve,
        used=sum(one.size for one in kept),
        free=await asyncio.to_thread(room.free),
        kinds=kinds,
        deleted=gone,
        deleted_size=size,
    )


@router.post(
    "/track",
    operation_id="sendTrack",
    summary="Send one's positions",
    description="Only those of one's own shift, by the rosters, are kept; for a day unless the policy says "
    "otherwise. Nobody else can see them.",
    responses=problems("unauthenticated", "forbidden", "csrf", "invalid"),
)
async def send_track(context: InContext, person: Doer, wish: TrackWish) -> TrackTaken:
    """Keep what may be kept."""
    positions = [track.Position(one.at, one.lon, one.lat, one.accuracy_m) for one in wish.positions]
    rosters, policy = context.policies.of(ROSTERS), policy_in(context.policies)
    kept, refused = track.sift(positions, person.username, rosters, policy, context.now())
    async with context.engine.begin() as connection:
        await track.keep(connection, person.username, kept, context.now())
    return TrackTaken(kept=len(kept), refused=[one.at for one in refused])


@router.get(
    "/track",
    operation_id="getTrack",
    summary="What is kept of one's own positions",
    responses=problems("unauthenticated", "forbidden"),
)
async def get_track(context: InContext, person: Viewer) -> Track:
    """One's own, nobody else's."""
    policy = policy_in(context.policies)
    async with context.engine.connect() as connection:
        mine = await track.own(connection, person.username, policy, context.now())
    items = [PositionWish(at=one.at, lon=one.lon, lat=one.lat, accuracy_m=one.accuracy_m) for one in mine]
    return Track(items=items, life_s=policy.track_life)


@router.delete(
    "/track",
    operation_id="deleteTrack",
    summary="Delete one's own positions",
    responses=problems("unauthenticated", "forbidden", "csrf"),
)
async def delete_track(context: InContext, person: Doer) -> TrackTaken:
    """One's own; that it was done is written down, not what it was."""
    async with context.engine.begin() as connection:
        gone = await track.forget_own(connection, person.username)
        row = {
            "at": context.now(), "batch": uuid7(), "what": "track", "subject": person.username, "count": gone,
            "size": 0, "actor_kind": "user", "actor_name": person.username, "why": "own_wish",
        }  # fmt: skip
        if gone:
            await connection.execute(insert(deletion), row)
    return TrackTaken(kept=0, refused=[])
