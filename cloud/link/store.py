"""The table `command`: one row for each, never deleted: it is also who asked what of which node, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import command
from cloud.link.models import LIFETIME, LIVE, CommandOut, CommandState
from cloud.stream.outbox import emit
from devices.ids import uuid7
from devices.link import Answer, CommandKind, Outcome

CHANNEL = "gridwatch_command"
RESEND = timedelta(seconds=20)
"""After which a command without an answer is sent again: the link it went by may have been dead."""
BATCH = 20

_AFTER = {
    Outcome.DONE: CommandState.ANSWERED,
    Outcome.FAILED: CommandState.FAILED,
    Outcome.EXPIRED: CommandState.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A command to be written."""

    node: str
    kind: CommandKind
    body: Mapping[str, Any]
    asked_by: str
    key: str | None = None
    """What makes a repeat of the request the same request."""
    incident_id: UUID | None = None
    expires_in: float | None = None


async def add(connection: AsyncConnection, wish: Wish, now: datetime) -> tuple[CommandOut, bool]:
    """Queue a command; or the one that the same key was given for before. True: it is new."""
    row = {
        "id": uuid7(),
        "node": wish.node,
        "kind": wish.kind,
        "body": dict(wish.body),
        "incident_id": wish.incident_id,
        "asked_by": wish.asked_by,
        "request_key": wish.key,
        "created_at": now,
        "expires_at": now + timedelta(seconds=wish.expires_in or LIFETIME[wish.kind]),
        "state": CommandState.QUEUED,
    }
    statement = insert(command).values(row).on_conflict_do_nothing().returning(command)
    made = (await connection.execute(statement)).one_or_none()
    if made is not None:
        await emit(connection, [("command", str(made.id))])
        return shown(made), True
    mine = (command.c.node == wish.node, command.c.asked_by == wish.asked_by)
    stood = select(command).where(*mine, command.c.request_key == wish.key)
    return shown((await connection.execute(stood)).one()), False


async def note(connection: AsyncConnection, wish: Wish, now: datetime) -> None:
    """Write down what goes another way than over the link, and is answered there."""
    row = {
        "id": uuid7(), "node": wish.node, "kind": wish.kind, "body": dict(wish.body),
        "asked_by": wish.asked_by, "state": CommandState.ANSWERED, "answer": {}, "expires_at": now,
        "created_at": now, "sent_at": now, "answered_at": now,
    }  # fmt: skip
    await connection.execute(insert(command).values(row))


async def claim(connection: AsyncConnection, node: str, now: datetime, *, anew: bool) -> Sequence[CommandOut]:
    """Take the node's commands that are due to be sent; `anew`: also those that went by an earlier link.

    No other process takes the same ones at the same time.
    """
    again = true() if anew else command.c.sent_at <= now - RESEND
    due = or_(command.c.sent_at.is_(None), again)
    mine = (
        select(command.c.id)
        .where(command.c.node == node, command.c.state.in_(LIVE), command.c.expires_at > now, due)
        .order_by(command.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(command)
        .where(command.c.id.in_(mine))
        .values(state=CommandState.SENT, sent_at=now)
        .returning(command)
    )
    found = [shown(row) for row in await connection.execute(statement)]
    await emit(connection, [("command", str(one.id)) for one in found])
    return sorted(found, key=lambda one: one.id)


async def settle(connection: AsyncConnection, node: str, answer: Answer, now: datetime) -> bool:
    """Keep a node's answer; False: the command is not this node's, or was answered before.

    An answer after the command expired here still says what the node did.
    """
    open_here = command.c.state.in_((*LIVE, CommandState.EXPIRED)) & command.c.answered_at.is_(None)
    statement = (
        update(command)
        .where(command.c.id == answer.id, command.c.node == node, open_here)
        .values(state=_AFTER[answer.outcome], answer=answer.result, answered_at=now)
        .returning(command.c.id, command.c.incident_id)
    )
    found = (await connection.execute(statement)).one_or_none()
    if found is not None:
        await emit(connection, [("command", str(found.id))])
    return found is not None


async def expire(connection: AsyncConnection, now: datetime) -> Sequence[UUID]:
    """Commands that waited too long wait no more; which."""
    statement = (
        update(command)
        .where(command.c.state.in_(LIVE), command.c.expires_at <= now)
        .values(state=CommandState.EXPIRED)
        .returning(command.c.id)
    )
    gone = (await connection.scalars(statement)).all()
    await emit(connection, [("command", str(one)) for one in gone])
    return gone


async def read(connection: AsyncConnection, ids: Sequence[UUID]) -> list[CommandOut]:
    """These commands."""
    return [shown(row) for row in await connection.execute(select(command).where(command.c.id.in_(ids)))]


async def latest(
    connection: AsyncConnection, node: str, incident_id: UUID | None, limit: int
) -> list[CommandOut]:
    """A node's commands, newest first; `incident_id`: only those asked for on its page."""
    statement = select(command).where(command.c.node == node)
    if incident_id is not None:
        statement = statement.where(command.c.incident_id == incident_id)
    statement = statement.order_by(command.c.id.desc()).limit(limit)
    return [shown(row) for row in await connection.execute(statement)]


async def tell(connection: AsyncConnection, node: str) -> None:
    """Wake the process that holds the node's link; outside of the transaction that wrote the command."""
    await connection.execute(text("SELECT pg_notify(:channel, :node)"), {"channel": CHANNEL, "node": node})


def shown(row: Any) -> CommandOut:
    """A row as the API shows it."""
    return CommandOut.model_validate(row, from_attributes=True)
