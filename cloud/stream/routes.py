"""`GET /stream`: what changes, as server-sent events, resumable."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from cloud.context import Context, InContext
from cloud.people.identity import InScope, Person, Viewer, still_logged_in
from cloud.people.scope import Scope
from cloud.problems import problems
from cloud.stream import reader
from cloud.stream.cursor import Cursor, parse_cursor
from cloud.stream.render import Item, render
from cloud.stream.tail import Subscription

router = APIRouter(tags=["stream"])

CATCH_UP = 2000
"""A client further behind than this many changes reloads everything instead."""
RECHECK = 60.0
"""Seconds after which a stream asks whether its session is still good."""
RECONNECT_MS = 1000
ALIVE = b": alive\n\n"

_DESCRIPTION = """
`text/event-stream`. The first event is `hello` `{at, server_time}`: load the lists, then apply the rest.

* `incident`: an Incident, with what you may do; `alarm`: an Alarm.
* `health`: `{node, device, kind, status, detail, checked_at}`, when status or detail changed.
* `command`: a command for a node, as it goes out and is answered.
* `notice`: you are called: ring, and say so with `POST /push/notices/{id}/delivered` and `/read`.
* `reset`: the cursor is too old or unknown; reload everything.

Reconnect with `Last-Event-ID` (browsers do by themselves) or `?after=`; without either it begins now. Each
event carries the thing as it stands when sent: one with an older `updated_at` than yours can be dropped. A
comment comes every 5 s; ten seconds of silence mean the stream is dead.
"""


@router.get(
    "/stream",
    operation_id="openStream",
    summary="Follow what changes",
    description=_DESCRIPTION,
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **problems("unauthenticated", "invalid"),
    },
)
async def open_stream(
    context: InContext,
    person: Viewer,
    scope: InScope,
    last_event_id: Annotated[str | None, Header(description="Cursor of the last event you had.")] = None,
    after: Annotated[str | None, Query(description="The same, where a header cannot be set.")] = None,
) -> StreamingResponse:
    """Follow the outbox from a cursor."""
    given = last_event_id or after
    cursor = parse_cursor(given) if given else None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(context, person, scope, cursor)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(
    context: Context, person: Person, scope: Scope, cursor: Cursor | None
) -> AsyncIterator[bytes]:
    subscription = context.tail.subscribe()
    try:
        start = subscription.position
        missed, lost = await _catch_up(context, cursor, start) if cursor is not None else ([], False)
        sent = max(cursor, start) if cursor is not None and not lost else start
        hello = {
            "at": str(start if lost or cursor is None else cursor),
            "server_time": context.now().isoformat(),
        }
        yield _event("hello", hello, retry=RECONNECT_MS)
        if lost:
            yield _event("reset", {"at": str(start)}, cursor=start)
        for item in missed:
            if item.is_for(scope, person.roles, person.username):
                yield item.encoded(person.roles)
        async for piece in _live(context, person, scope, subscription, sent):
            yield piece
    finally:
        context.tail.leave(subscription)


async def _catch_up(context: Context, cursor: Cursor, start: Cursor) -> tuple[list[Item], bool]:
    """What came after `cursor` and up to where the subscription starts; or that it is lost."""
    async with context.engine.connect() as connection:
        below = await reader.horizon(connection)
        if await reader.is_lost(connection, cursor, below):
            return [], True
        rows = await reader.read(connection, cursor, below, CATCH_UP + 1)
        if len(rows) > CATCH_UP:
            return [], True
        rows = [row for row in rows if row.cursor <= start]
        return await render(connection, rows, context.registry, context.now()), False


async def _live(
    context: Context, person: Person, scope: Scope, subscription: Subscription, sent: Cursor
) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    checked = clock()
    while True:
        try:
            async with asyncio.timeout(context.settings.keep_alive):
                item = await subscription.queue.get()
        except TimeoutError:
            yield ALIVE
        else:
            if item is None:
                return
            if item.cursor > sent and item.is_for(scope, person.roles, person.username):
                yield item.encoded(person.roles)
        if clock() - checked > RECHECK:
            checked = clock()
            if not await still_logged_in(context, person):
                return


def _event(
    kind: str, data: dict[str, Any], *, cursor: Cursor | None = None, retry: int | None = None
) -> bytes:
    return format_sse_event(
        event=kind, data_str=json.dumps(data), id=str(cursor) if cursor else None, retry=retry
    )
