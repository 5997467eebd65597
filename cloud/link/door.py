"""Who is at a WebSocket that a node opens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import WebSocket
from fastapi.responses import JSONResponse

from cloud.context import Context
from cloud.errors import Problem
from cloud.nodes.credentials import holder
from cloud.stream.tail import LOST


@dataclass(frozen=True, slots=True)
class AtDoor:
    """A node, not let in yet."""

    node: str
    allowed: Callable[[], Awaitable[bool]]
    """Whether the credential by which it came still stands; raises what a lost database looks like."""


async def node_at(socket: WebSocket, context: Context) -> AtDoor | None:
    """Whose token it came with; None: it was refused, and is gone."""
    scheme, _, token = socket.headers.get("Authorization", "").partition(" ")
    token = token if scheme.lower() == "bearer" else ""
    try:
        async with context.engine.connect() as connection:
            node = (await holder(connection, token, context.now())).id
    except Problem as problem:
        await socket.send_denial_response(JSONResponse({"code": problem.code}, 401))
        return None
    except LOST:
        await socket.send_denial_response(JSONResponse({"code": "unavailable"}, 503))
        return None

    async def allowed() -> bool:
        try:
            async with context.engine.connect() as connection:
                return (await holder(connection, token, context.now())).id == node
        except Problem:
            return False

    return AtDoor(node, allowed)
