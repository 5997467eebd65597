"""Where a worker on shift is: taken only on shift, seen only by themself, gone after a day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.duty.model import Rosters
from cloud.duty.on_duty import now_on
from cloud.privacy.policy import PrivacyPolicy
from cloud.privacy.tables import worker_position

AHEAD = timedelta(minutes=2)
"""A phone's clock may be so far ahead."""


@dataclass(frozen=True, slots=True)
class Position:
    """One position, WGS-84 degrees, by the phone's clock."""

    at: datetime
    lon: float
    lat: float
    accuracy_m: float | None = None


def on_shift(username: str, rosters: Rosters, at: datetime) -> bool:
    """Whether somebody works in the field at `at`, by the rosters. Pure."""
    zone = ZoneInfo(rosters.timezone)
    return any(
        username in turn.people
        for roster in rosters.rosters
        if roster.job == "worker"
        for turn in now_on(roster, at, zone)
    )


def sift(
    positions: Collection[Position],
    username: str,
    rosters: Rosters | None,
    policy: PrivacyPolicy,
    now: datetime,
) -> tuple[list[Position], list[Position]]:
    """Those that may be kept, and those that may not: off shift, over already, or yet to come. Pure."""
    oldest = now - timedelta(seconds=policy.track_life)
    kept: list[Position] = []
    refused: list[Position] = []
    for one in positions:
        fits = oldest <= one.at <= now + AHEAD and rosters is not None and on_shift(username, rosters, one.at)
        (kept if fits else refused).append(one)
    return kept, refused


async def keep(
    connection: AsyncConnection, username: str, positions: Sequence[Position], now: datetime
) -> None:
    """Keep positions; one for the same moment is not kept twice."""
    rows = [
        {
            "username": username, "at": one.at, "lon": one.lon, "lat": one.lat,
            "accuracy_m": one.accuracy_m, "received_at": now,
        }
        for one in positions
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(worker_position).on_conflict_do_nothing(), rows)


async def own(
    connection: AsyncConnection, username: str, policy: PrivacyPolicy, now: datetime
) -> list[Position]:
    """What is kept of oneself, oldest first; never what is over, even before it is deleted."""
    mine = select(worker_position).where(
        worker_position.c.username == username,
        worker_position.c.at >= now - timedelta(seconds=policy.track_life),
    )
    rows = await connection.execute(mine.order_by(worker_position.c.at))
    return [Position(row.at, row.lon, row.lat, row.accuracy_m) for row in rows]


async def forget_own(connection: AsyncConnection, username: str) -> int:
    """Delete what is kept of oneself; how many positions."""
    mine = delete(worker_position).where(worker_position.c.username == username)
    return (await connection.execute(mine)).rowcount
