"""What waits for one address, as one message; each notice gets a link of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.people.passwords import hash_token, random_token
from cloud.push import store
from cloud.push.channels import MOST, Message, folded
from cloud.push.words import text
from devices.site.model import Names

LINK_LASTS = timedelta(days=7)
PATH = "/p/"
"""Of short links, below the page's address."""


async def compose(
    connection: AsyncConnection,
    identifier: UUID,
    rows: Sequence[Any],
    kind: str,
    page: str | None,
    registry: Registry,
    now: datetime,
) -> Message:
    """The message of `rows` (see `store.waiting`); several are folded into one, which links to the page."""
    recipients = tuple(dict.fromkeys(one for row in rows for one in row.recipients))
    if len(rows) > 1:
        texts = [_text(row, registry, None) for row in rows]
        return Message(identifier, folded(texts, page, MOST[kind]), recipients)
    (row,) = rows
    link = None
    if page is not None:
        token = random_token()
        await store.keep_link(connection, hash_token(token), row.notice_id, now + LINK_LASTS)
        link = f"{page}{PATH}{token}"
    return Message(identifier, _text(row, registry, link), recipients)


def _text(row: Any, registry: Registry, link: str | None) -> str:
    return text(Names(**row.words), row.number, row.created_at, registry.timezone, link)
