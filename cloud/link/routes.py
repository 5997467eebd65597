"""`/nodes/{id}/commands`: ask a node, see what became of it; `/link`: where nodes hold their link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response, WebSocket
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.link import sites, store
from cloud.link.door import node_at
from cloud.link.models import (
    ROLES,
    AnyRequest,
    AskLookAgain,
    AskPhoto,
    AskSite,
    CommandOut,
    CommandPage,
    CommandRequest,
)
from cloud.link.session import Session
from cloud.link.store import Wish
from cloud.people.identity import Doer, InScope
from cloud.people.scope import Scope, require
from cloud.problems import problems
from devices.link import PATH

router = APIRouter(prefix="/nodes/{node}/commands", tags=["commands"])
link = APIRouter()

Key = Annotated[
    str | None,
    Header(max_length=100, description="Any text of your own; the same one again is the same command."),
]


@router.post(
    "",
    operation_id="askNode",
    summary="Ask a node for something",
    description=(
        "`photo`: of a camera, now. `look_again`: is what a condition is about still there? `reset`: what "
        "a sensor's condition has latched. `site`: take over the cloud's site (leaders). `log_level`: log "
        "more or less for a time (leaders). `rotate`: change the node's token (administrators). It is sent "
        "as soon as the node's link is up, answered once, and expires. The answer also comes as `command` on "
        "the stream."
    ),
    status_code=201,
    responses={
        200: {"description": "This key was given before: that command", "model": CommandOut},
        **problems("unauthenticated", "forbidden", "csrf", "not_found", "invalid"),
    },
)
async def ask_node(
    context: InContext,
    person: Doer,
    scope: InScope,
    node: str,
    asked: CommandRequest,
    response: Response,
    idempotency_key: Key = None,
) -> CommandOut:
    """Queue a command."""
    _known(context, node)
    if not idempotency_key:
        raise _invalid("/header/Idempotency-Key", "give each new request a text of its own")
    if not ROLES[asked.kind].intersection(person.roles):
        raise Problem("forbidden", f"{asked.kind} is not for {', '.join(person.roles) or 'you'}")
    async with context.engine.begin() as connection:
        body = await _body(connection, context, node, asked)
        if not _seen(context, scope, body):
            raise _invalid("/body/body/camera", f"is no camera of node {node}")
        if asked.incident_id is not None:
            await require(connection, scope, asked.incident_id)
        wish = Wish(
            node, asked.kind, body, person.username, idempotency_key, asked.incident_id, asked.expires_in
        )
        found, fresh = await store.add(connection, wish, context.now())
    if (found.kind, found.body, found.incident_id) != (wish.kind, body, wish.incident_id):
        raise _invalid("/header/Idempotency-Key", "was given for another request; take a new one")
    if fresh:
        await context.hub.queued(node)
    else:
        response.status_code = 200
    return found


@router.get(
    "",
    operation_id="listCommands",
    summary="List a node's commands",
    description="Newest first; with `incident` only those asked for on its page.",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def list_commands(
    context: InContext,
    scope: InScope,
    node: str,
    incident: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CommandPage:
    """What was asked of a node."""
    _known(context, node)
    async with context.engine.connect() as connection:
        found = await store.latest(connection, node, incident, limit)
    return CommandPage(items=[one for one in found if _seen(context, scope, one.body)])


@router.get(
    "/{command}",
    operation_id="getCommand",
    summary="Get one command",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def get_command(context: InContext, scope: InScope, node: str, command: UUID) -> CommandOut:
    """One command and its answer."""
    async with context.engine.connect() as connection:
        found = await store.read(connection, [command])
    if not found or found[0].node != node or not _seen(context, scope, found[0].body):
        raise Problem("not_found", f"node {node} was never asked {command}")
    return found[0]


@link.websocket(PATH)
async def hold_link(socket: WebSocket) -> None:
    """A node's link, until one side ends it."""
    context = socket.app.state.context
    assert isinstance(context, Context)
    who = await node_at(socket, context)
    if who is not None:
        await socket.accept()
        await Session(socket, context, who.node, who.allowed).serve()


async def _body(
    connection: AsyncConnection,
    context: Context,
    node: str,
    asked: AnyRequest,
) -> dict[str, object]:
    """The command's body, once it is sure that it makes sense for this node."""
    if isinstance(asked, AskSite):
        cloud = await sites.present(connection)
        if cloud is None:
            raise Problem("not_found", "the cloud has no site to send; start it with one")
        return cloud.body.model_dump(exclude_none=True)
    if isinstance(asked, AskPhoto | AskLookAgain):
        device = context.registry.devices.get(asked.body.camera)
        mine = context.registry.node_of_device(asked.body.camera) == node
        if device is None or device.kind != "camera" or not mine:
            raise _invalid("/body/body/camera", f"is no camera of node {node}")
    return asked.body.model_dump(mode="json")


def _seen(context: Context, scope: Scope, body: Mapping[str, object]) -> bool:
    """Whether the camera that a command is about is in scope; one about none is about the node."""
    camera = context.registry.devices.get(str(body.get("camera")))
    return camera is None or scope.holds_point(camera.point, context.registry)


def _known(context: Context, node: str) -> None:
    if node not in context.registry.nodes:
        raise Problem("not_found", f"there is no node {node!r}")


def _invalid(pointer: str, detail: str) -> Problem:
    return Problem("invalid", f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])
