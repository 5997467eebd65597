"""A report of somebody without an account, kept for triage, and the receipt that alone leads back to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context
from cloud.public.codes import public_number
from cloud.public.secret import secret
from cloud.sources import idempotency, photos, reports
from cloud.sources.models import Receipt
from cloud.sources.place import Where
from cloud.sources.words import without_numbers

CITIZEN = photos.PUBLIC


async def tell(
    context: Context,
    where: Where,
    words: str,
    address: str | None,
    event_class: str | None,
    pictures: Sequence[str],
    asked: tuple[str | None, Any],
) -> Receipt:
    """Keep it; `asked` is its idempotency key, and what must be the same when it comes again.

    Raises:
        Problem: invalid, a photo is not there; key_reused.
    """
    now, registry = context.now(), context.registry
    again = idempotency.Asked(CITIZEN, asked[0], asked[1])

    async def work(connection: AsyncConnection) -> str:
        await photos.claim(connection, CITIZEN, pictures, "/body/photos")
        told = reports.Told(
            source="citizen",
            sender=CITIZEN,
            event_class=event_class,
            words=without_numbers(words),
            where=where,
            happened_at=now,
            address=address and without_numbers(address),
            photos=tuple(pictures),
        )
        row = await reports.keep(connection, told, registry, now)
        assert row is not None, "a report without a number of its sender's own is always a new one"
        number = public_number(await secret(connection), row.number)
        return Receipt(public_number=number, received_at=now).model_dump_json()

    async with context.engine.begin() as connection:
        answer, _ = await idempotency.once(connection, again, now, lambda: work(connection))
    return Receipt.model_validate_json(answer)
