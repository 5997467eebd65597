"""A node asked for a picture of its last hour, and waited for; shown as photos are."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from datetime import datetime, timedelta

from fastapi import Response
from sqlalchemy import select

from cloud.context import Context
from cloud.database.schema import node as node_table
from cloud.errors import Problem
from cloud.link import pictures, store
from cloud.link.models import LIFETIME, LIVE, CommandOut
from cloud.link.store import Wish
from cloud.people.person import Person
from cloud.privacy import viewing
from cloud.privacy.copies import NoCopy, blank, copy_of
from cloud.privacy.policy import policy_in
from devices.link import CommandKind, StillBody

PATIENCE = LIFETIME[CommandKind.STILL]
"""Seconds that somebody waits for a node's answer."""
AWAY = timedelta(seconds=90)
"""A node that said nothing for so long is not waited for."""
STEP = 10
"""Seconds between two pictures at the node: to ask more finely gives the same."""
LOOK_AGAIN = 1.0
"""Seconds after which the answer is looked for, should the notification be lost."""
TAKEN_AT, COPY = "Gridwatch-Taken-At", "Gridwatch-Copy"


async def still(
    context: Context, who: Person, node: str, camera: str, at: datetime | None
) -> tuple[datetime, bytes]:
    """When the picture nearest to `at` was taken, and its JPEG; the newest without a time.

    Who asks for the same again within moments gets the same answer.

    Raises:
        Problem: `node_away`; `not_found`: there is none.
    """
    now = context.now()
    async with context.engine.connect() as connection:
        heard = select(node_table.c.last_seen_at).where(node_table.c.id == node)
        last = (await connection.execute(heard)).scalar_one_or_none()
    if last is None or now - last > AWAY:
        raise _away(node, last)
    nearest = None if at is None else at.timestamp() // STEP
    key = f"still {camera} {nearest} {now.timestamp() // STEP}"
    body = StillBody(camera=camera, at=at).model_dump(mode="json")
    async with context.engine.begin() as connection:
        made, fresh = await store.add(connection, Wish(node, CommandKind.STILL, body, who.username, key), now)
    if fresh:
        await context.hub.queued(node)
    made = await _answered(context, made)
    if made.answered_at is None:
        raise _away(node, last)
    if made.answer is not None and "reason" in made.answer:
        raise Problem("not_found", str(made.answer["reason"]))
    async with context.engine.connect() as connection:
        found = await pictures.read(connection, made.id, 0, context.now())
    if found is None:
        raise Problem("not_found", f"there is no picture of {camera} in the last hour")
    return found


async def _answered(context: Context, made: CommandOut) -> CommandOut:
    """The command once it is answered, or as it is when patience ends."""
    with context.hub.holding(str(made.id)) as told, suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while made.state in LIVE:
                told.clear()
                async with context.engine.connect() as connection:
                    made = (await store.read(connection, [made.id]))[0]
                if made.state in LIVE:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(told.wait(), LOOK_AGAIN)
    return made


def _away(node: str, last: datetime | None) -> Problem:
    heard = "was never heard of" if last is None else f"was last heard of at {last.isoformat()}"
    detail = f"node {node} does not answer, and the pictures of the last hour are there; it {heard}"
    return Problem("node_away", detail, heard_at=None if last is None else last.isoformat())


async def shown(
    context: Context, who: Person, taken_at: datetime, jpeg: bytes, reason: str | None
) -> Response:
    """The original for whoever has a reason, which is written down; else a copy that shows nobody."""
    headers = {"Cache-Control": "private, no-store", TAKEN_AT: taken_at.isoformat()}
    now, policy = context.now(), policy_in(context.policies)
    why = viewing.reason_for(who, [], reason, policy, now)
    if why is None:
        copy = await asyncio.to_thread(_copy, jpeg)
        return Response(copy, media_type="image/jpeg", headers=headers | {COPY: "mosaic"})
    async with context.engine.begin() as connection:
        await viewing.write_down(connection, who, hashlib.sha256(jpeg).hexdigest(), why, now)
    return Response(jpeg, media_type="image/jpeg", headers=headers)


def _copy(jpeg: bytes) -> bytes:
    try:
        return copy_of(jpeg)
    except NoCopy:
        return blank()
