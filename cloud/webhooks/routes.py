"""`/subscriptions`: webhooks, looked after by administrators."""

from __future__ import annotations

import base64
import ipaddress
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.outgoing import NotSent, public, split
from cloud.people.identity import Administrator, AdministratorViewer
from cloud.problems import problems
from cloud.webhooks import feed, store
from cloud.webhooks.models import (
    Delivery,
    DeliveryPage,
    Replay,
    Subscription,
    SubscriptionList,
    SubscriptionMade,
    SubscriptionRequest,
)
from cloud.webhooks.tables import delivery, event, relay, subscription
from devices.ids import uuid7

router = APIRouter(prefix="/subscriptions", tags=["webhooks"])
_DOOR = problems("unauthenticated", "forbidden", "csrf", "not_found", "invalid")
_FROM = Query(alias="from", ge=0, le=2**63 - 1, description="`sequence` of the last event that you have.")


@router.post(
    "",
    operation_id="addSubscription",
    summary="Subscribe an address to events",
    description="The answer holds the secret, once. Events begin with what happens from now on.",
    status_code=201,
    responses=_DOOR,
)
async def add_subscription(
    context: InContext, who: Administrator, asked: SubscriptionRequest
) -> SubscriptionMade:
    """A new subscription."""
    _check_address(asked.address, to_private=context.settings.webhooks_to_private)
    _check_areas(asked.areas, context.registry)
    identifier = uuid7()
    row = asked.model_dump() | {
        "id": identifier, "generation": 1, "created_at": context.now(), "created_by": who.username,
    }  # fmt: skip
    async with context.engine.begin() as connection:
        await connection.execute(insert(subscription), row)
        return await _made(connection, identifier)


@router.get("", operation_id="listSubscriptions", summary="List subscriptions", responses=_DOOR)
async def list_subscriptions(context: InContext, _: AdministratorViewer) -> SubscriptionList:
    """All of them."""
    async with context.engine.connect() as connection:
        rows = (await connection.execute(select(subscription).order_by(subscription.c.id))).all()
        last = await connection.scalar(select(relay.c.seq))
    return SubscriptionList(items=[_shown(row) for row in rows], last=last or 0)


@router.delete(
    "/{subscription_id}",
    operation_id="removeSubscription",
    summary="End a subscription",
    status_code=204,
    responses=_DOOR,
)
async def remove_subscription(context: InContext, _: Administrator, subscription_id: UUID) -> None:
    """Nothing more is sent there; what was is forgotten."""
    async with context.engine.begin() as connection:
        await _there(connection, subscription_id)
        await connection.execute(delete(subscription).where(subscription.c.id == subscription_id))


@router.post(
    "/{subscription_id}/enable",
    operation_id="enableSubscription",
    summary="Enable a subscription again",
    description="What waits is sent. What happened while it was disabled comes with a replay only.",
    responses=_DOOR,
)
async def enable_subscription(context: InContext, _: Administrator, subscription_id: UUID) -> Subscription:
    """After its receiver was mended."""
    values = {"disabled_at": None, "disabled_why": None, "failing_since": None}
    return await _change(context, subscription_id, values)


@router.post(
    "/{subscription_id}/secret",
    operation_id="renewSubscriptionSecret",
    summary="Make a new secret",
    description="The one before is void at once. The answer holds the new one, once.",
    responses=_DOOR,
)
async def renew_secret(context: InContext, _: Administrator, subscription_id: UUID) -> SubscriptionMade:
    """For a secret that leaked."""
    async with context.engine.begin() as connection:
        await _there(connection, subscription_id)
        mine = update(subscription).where(subscription.c.id == subscription_id)
        await connection.execute(mine.values(generation=subscription.c.generation + 1))
        return await _made(connection, subscription_id)


@router.post(
    "/{subscription_id}/replay",
    operation_id="replaySubscription",
    summary="Have events sent again",
    description="All after `from`, in order, with the ids that they had. Kept for 30 days.",
    responses=_DOOR,
)
async def replay(
    context: InContext, _: Administrator, subscription_id: UUID, after: Annotated[int, _FROM]
) -> Replay:
    """From a cursor."""
    async with context.engine.begin() as connection:
        row = await _there(connection, subscription_id)
        count, first = await feed.replay(connection, row, after, context.now())
    return Replay(events=count, first=first)


@router.get(
    "/{subscription_id}/deliveries",
    operation_id="listDeliveries",
    summary="List what was sent to a subscription",
    description="With the latest answer of each. What events say is not shown.",
    responses=_DOOR,
)
async def list_deliveries(
    context: InContext,
    _: AdministratorViewer,
    subscription_id: UUID,
    state: Annotated[Literal["waiting", "delivered", "failed"] | None, Query()] = None,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveryPage:
    """One page."""
    statement = (
        select(delivery, event.c.event_id, event.c.kind)
        .join(event, event.c.seq == delivery.c.seq)
        .where(delivery.c.subscription_id == subscription_id)
        .order_by(delivery.c.seq.desc())
        .limit(limit + 1)
    )
    if state is not None:
        statement = statement.where(delivery.c.state == state)
    if before is not None:
        statement = statement.where(delivery.c.seq < before)
    async with context.engine.connect() as connection:
        await _there(connection, subscription_id)
        rows = (await connection.execute(statement)).all()
    items = [Delivery(**{name: getattr(row, name) for name in Delivery.model_fields}) for row in rows[:limit]]
    return DeliveryPage(items=items, next=items[-1].seq if len(rows) > limit else None)


async def _change(context: Context, identifier: UUID, values: dict[str, Any]) -> Subscription:
    async with context.engine.begin() as connection:
        await _there(connection, identifier)
        mine = update(subscription).where(subscription.c.id == identifier)
        await connection.execute(mine.values(values))
        return _shown(await _there(connection, identifier))


async def _there(connection: AsyncConnection, identifier: UUID) -> Any:
    row = await store.one(connection, identifier)
    if row is None:
        raise Problem("not_found", f"no subscription has the id {identifier}")
    return row


async def _made(connection: AsyncConnection, identifier: UUID) -> SubscriptionMade:
    row = await _there(connection, identifier)
    key = await store.key_of(connection, identifier, row.generation)
    text = f"whsec_{base64.b64encode(key).decode()}"
    return SubscriptionMade(**_shown(row).model_dump(), secret=text)


def _shown(row: Any) -> Subscription:
    return Subscription(**{name: getattr(row, name) for name in Subscription.model_fields})


def _check_address(address: str, *, to_private: bool) -> None:
    """Refuse what could never be sent to; names are looked up, and checked, each time something is sent."""
    try:
        parts = split(address)
    except NotSent as error:
        raise _invalid("address", str(error)) from None
    if to_private:
        return
    if parts.scheme != "https":
        raise _invalid("address", "must begin with https://")
    try:
        literal = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return
    if not public(literal):
        raise _invalid("address", "is not public; set GRIDWATCH_WEBHOOKS_TO_PRIVATE=1 to allow that")


def _check_areas(areas: list[str], registry: Registry) -> None:
    unknown = next((one for one in areas if one not in registry.areas), None)
    if unknown is not None:
        raise _invalid("areas", f"there is no area {unknown!r}")


def _invalid(field: str, what: str) -> Problem:
    return Problem("invalid", f"{field}: {what}", errors=[{"pointer": f"/body/{field}", "detail": what}])
