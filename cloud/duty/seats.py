"""Seats of the patrol room: taken, handed over with both signatures, left; each time one line for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.duty.model import Roster, Rosters
from cloud.duty.tables import handover, seat, seat_event
from cloud.errors import Problem
from devices.ids import uuid7

Action = Literal["taken", "left", "freed", "handed_over"]


@dataclass(frozen=True, slots=True)
class Chair:
    """A seat, of a roster."""

    seat: str
    roster: str


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody at the door of a seat."""

    username: str
    on_roster: bool
    """On duty by the roster now; somebody who steps in is not, and that is written down."""


def chair_of(rosters: Rosters | None, name: str) -> tuple[Chair, Roster]:
    """The seat of this id.

    Raises:
        Problem: `not_found`.
    """
    for roster in rosters.rosters if rosters else ():
        if name in roster.seats:
            return Chair(name, roster.id), roster
    raise Problem("not_found", f"no roster has a seat {name!r}; add it to `seats` of one")


async def take(connection: AsyncConnection, chair: Chair, who: Sitter, now: datetime) -> None:
    """Sit down on a free seat; who sits there already stays.

    Raises:
        Problem: `seat_taken`: somebody else sits there, or `who` has another seat.
    """
    row = _row(chair, who, now)
    sat = upsert(seat).values(row).on_conflict_do_nothing().returning(seat.c.seat)
    if await connection.scalar(sat) is not None:
        await _note(connection, chair, "taken", who, who.username, now)
        return
    there = await _there(connection, chair)
    if there is None:
        raise _elsewhere(who)
    if there.username != who.username:
        detail = (
            f"{there.username} has had {chair.seat} since {there.since:%Y-%m-%dT%H:%MZ}; have it handed over"
        )
        raise Problem("seat_taken", detail)


async def empty(connection: AsyncConnection, chair: Chair, actor: str, reason: str, now: datetime) -> None:
    """Nobody sits there any more; what was offered for a hand-over is withdrawn.

    Raises:
        Problem: `not_found`: nobody sits there.
    """
    gone = delete(seat).where(seat.c.seat == chair.seat).returning(seat.c.username, seat.c.on_roster)
    row = (await connection.execute(gone)).one_or_none()
    if row is None:
        raise Problem("not_found", f"nobody has {chair.seat}")
    await _withdraw(connection, chair, now)
    action: Action = "left" if row.username == actor else "freed"
    await _note(connection, chair, action, Sitter(row.username, row.on_roster), actor, now, reason=reason)


async def offer(
    connection: AsyncConnection, chair: Chair, giver: str, notes: str, lists: dict[str, Any], now: datetime
) -> UUID:
    """The first signature: `giver` hands over, with notes and what is open. An earlier offer is withdrawn.

    Raises:
        Problem: `seat_taken`: `giver` does not sit there.
    """
    there = await _there(connection, chair)
    if there is None or there.username != giver:
        raise Problem("seat_taken", f"only who has {chair.seat} hands it over; take it first")
    await _withdraw(connection, chair, now)
    identifier = uuid7()
    row = {
        "id": identifier, "seat": chair.seat, "roster": chair.roster, "giver": giver, "notes": notes,
        "lists": lists, "offered_at": now,
    }  # fmt: skip
    await connection.execute(insert(handover), row)
    return identifier


async def sign(
    connection: AsyncConnection, identifier: UUID, chair: Chair, who: Sitter, now: datetime
) -> None:
    """The second signature: `who` takes over, and sits there from now on.

    Raises:
        Problem: `seat_taken`: it was signed or withdrawn already, is one's own, or `who` has another seat.
    """
    there = await _there(connection, chair)
    offered = update(handover).where(
        handover.c.id == identifier,
        handover.c.taken_at.is_(None),
        handover.c.withdrawn_at.is_(None),
        handover.c.giver != who.username,
    )
    signed = offered.values(taker=who.username, taken_at=now).returning(handover.c.giver)
    giver = await connection.scalar(signed)
    if giver is None or there is None:
        raise Problem("seat_taken", "it was taken over or withdrawn already, or is your own; look again")
    other = select(seat.c.seat).where(seat.c.username == who.username)
    if await connection.scalar(other) is not None:
        raise _elsewhere(who)
    sits = update(seat).where(seat.c.seat == chair.seat)
    await connection.execute(sits.values(_row(chair, who, now)))
    await _note(connection, chair, "handed_over", who, giver, now, identifier)


async def since_when(connection: AsyncConnection, chair: Chair) -> datetime | None:
    """When whoever sits there sat down."""
    found: datetime | None = await connection.scalar(select(seat.c.since).where(seat.c.seat == chair.seat))
    return found


async def seat_of(connection: AsyncConnection, username: str) -> str | None:
    """Where somebody sits now."""
    found: str | None = await connection.scalar(select(seat.c.seat).where(seat.c.username == username))
    return found


async def _there(connection: AsyncConnection, chair: Chair) -> Any:
    """Who sits there; nobody else changes that until this transaction ends."""
    statement = select(seat).where(seat.c.seat == chair.seat).with_for_update()
    return (await connection.execute(statement)).one_or_none()


async def _withdraw(connection: AsyncConnection, chair: Chair, now: datetime) -> None:
    open_one = (handover.c.seat == chair.seat) & handover.c.taken_at.is_(None)
    statement = update(handover).where(open_one, handover.c.withdrawn_at.is_(None))
    await connection.execute(statement.values(withdrawn_at=now))


async def _note(
    connection: AsyncConnection,
    chair: Chair,
    action: Action,
    who: Sitter,
    actor: str,
    now: datetime,
    handed: UUID | None = None,
    reason: str | None = None,
) -> None:
    row = {
        "at": now, "seat": chair.seat, "roster": chair.roster, "action": action, "username": who.username,
        "actor": actor, "on_roster": who.on_roster, "handover": handed, "reason": reason,
    }  # fmt: skip
    await connection.execute(insert(seat_event), row)


def _row(chair: Chair, who: Sitter, now: datetime) -> dict[str, Any]:
    return {
        "seat": chair.seat, "roster": chair.roster, "username": who.username, "since": now,
        "on_roster": who.on_roster,
    }  # fmt: skip


def _elsewhere(who: Sitter) -> Problem:
    return Problem("seat_taken", f"{who.username} has another seat; leave that, or hand it over")
