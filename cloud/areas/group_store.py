"""Markets in the database: each kept whole, under its id, as its file said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.group_file import MarketRefused
from cloud.areas.groups import Directory, Market
from cloud.database.schema import market as market_table
from cloud.incidents.store import Actor


async def keep(connection: AsyncConnection, market: Market, who: Actor, now: datetime) -> None:
    """`market` replaces the one of the same id.

    Raises:
        MarketRefused: another market has a shop of the same id.
    """
    mine = {shop.id for group in market.groups for shop in group.shops}
    for other in (await load(connection)).markets:
        theirs = {shop.id for group in other.groups for shop in group.shops}
        if other.id != market.id and mine & theirs:
            raise MarketRefused(f"market {other.id} has a shop {min(mine & theirs)!r} already; rename it")
    row = {
        "id": market.id, "body": market.model_dump(mode="json"), "taken_at": now,
        "actor_kind": who.kind, "actor_name": who.name,
    }  # fmt: skip
    statement = insert(market_table).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


async def load(connection: AsyncConnection) -> Directory:
    """All markets, ready to be asked."""
    bodies = await connection.scalars(select(market_table.c.body).order_by(market_table.c.id))
    return Directory(Market.model_validate(body) for body in bodies)


async def changed_at(connection: AsyncConnection) -> datetime | None:
    """When a market was last taken over."""
    last: datetime | None = await connection.scalar(select(func.max(market_table.c.taken_at)))
    return last
