"""Subscriptions and deliveries in the database."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.public.secret import secret
from cloud.webhooks.tables import delivery, event, subscription

SECRETS = "webhooks"


async def key_of(connection: AsyncConnection, identifier: UUID, generation: int) -> bytes:
    """The key that a subscription's events are signed with: made from the install's, kept in no row."""
    of_install = await secret(connection, SECRETS)
    return hmac.digest(of_install, f"{identifier}.{generation}".encode(), hashlib.sha256)


async def one(connection: AsyncConnection, identifier: UUID) -> Any | None:
    """A subscription; None: there is none of this id."""
    statement = select(subscription).where(subscription.c.id == identifier)
    return (await connection.execute(statement)).one_or_none()


async def with_work(connection: AsyncConnection, now: datetime) -> Collection[UUID]:
    """Subscriptions for which something is due."""
    statement = (
        select(delivery.c.subscription_id)
        .distinct()
        .join(subscription, subscription.c.id == delivery.c.subscription_id)
        .where(delivery.c.state == "waiting", delivery.c.look_at <= now, subscription.c.disabled_at.is_(None))
    )
    return (await connection.scalars(statement)).all()


async def take(
    connection: AsyncConnection, identifier: UUID, now: datetime, lease: timedelta, limit: int
) -> Sequence[Any]:
    """Deliveries to try now, each the first of its case that waits; nobody else tries them within `lease`."""
    earlier = delivery.alias("earlier")
    held = select(earlier.c.seq).where(
        earlier.c.subscription_id == delivery.c.subscription_id,
        earlier.c.incident_id == delivery.c.incident_id,
        earlier.c.seq < delivery.c.seq,
        earlier.c.state == "waiting",
    )
    mine = (
        (delivery.c.subscription_id == identifier)
        & (delivery.c.state == "waiting")
        & (delivery.c.look_at <= now)
    )
    heads = select(delivery.c.seq).where(mine, ~held.exists()).order_by(delivery.c.seq).limit(limit)
    seqs = (await connection.scalars(heads.with_for_update(of=delivery, skip_locked=True))).all()
    if not seqs:
        return []
    those = (delivery.c.subscription_id == identifier) & delivery.c.seq.in_(seqs)
    values = {"look_at": now + lease, "tries": delivery.c.tries + 1}
    await connection.execute(update(delivery).where(those).values(values))
    statement = select(event, delivery.c.tries, delivery.c.since).join(
        delivery, delivery.c.seq == event.c.seq
    )
    return (await connection.execute(statement.where(those).order_by(event.c.seq))).all()


async def delivered(
    connection: AsyncConnection, identifier: UUID, seq: int, status: int, now: datetime
) -> None:
    """It was taken."""
    values = {"state": "delivered", "status": status, "answer": None, "settled_at": now}
    await _settle(connection, identifier, seq, values)
    failing = (subscription.c.id == identifier) & subscription.c.failing_since.is_not(None)
    await connection.execute(update(subscription).where(failing).values(failing_since=None))


async def refused(
    connection: AsyncConnection,
    identifier: UUID,
    seq: int,
    status: int | None,
    why: str,
    now: datetime,
    again: datetime | None,
) -> datetime | None:
    """It was not taken; it is tried `again`, or given up. Since when the subscription takes nothing."""
    values: dict[str, Any] = {"status": status, "answer": why}
    values |= {"look_at": again} if again else {"state": "failed", "settled_at": now}
    await _settle(connection, identifier, seq, values)
    first = (subscription.c.id == identifier) & subscription.c.failing_since.is_(None)
    await connection.execute(update(subscription).where(first).values(failing_since=now))
    since: datetime | None = await connection.scalar(
        select(subscription.c.failing_since).where(subscription.c.id == identifier)
    )
    return since


async def disable(connection: AsyncConnection, identifier: UUID, why: str, now: datetime) -> bool:
    """Send it nothing more; whether it was not disabled already."""
    mine = (subscription.c.id == identifier) & subscription.c.disabled_at.is_(None)
    values = {"disabled_at": now, "disabled_why": why}
    return bool((await connection.execute(update(subscription).where(mine).values(values))).rowcount)


async def _settle(connection: AsyncConnection, identifier: UUID, seq: int, values: dict[str, Any]) -> None:
    mine = (delivery.c.subscription_id == identifier) & (delivery.c.seq == seq)
    await connection.execute(update(delivery).where(mine, delivery.c.state == "waiting").values(values))
