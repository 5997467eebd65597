"""Who may look at which camera: the same for requests and WebSockets; of these the Origin is asked, too."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import WebSocket

from cloud.context import Context
from cloud.errors import Problem
from cloud.people import denials
from cloud.people.identity import COOKIE, check_origin, identify
from cloud.people.matrix import DOOR
from cloud.people.person import Person
from cloud.people.scope import scope_of
from cloud.problems import answer
from cloud.stream.tail import LOST
from cloud.video.viewing import reason_for


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who may look, and why they do."""

    person: Person
    reason: str


def guest_of(person: Person, reason: str | None) -> Guest:
    """Whoever may look.

    Raises:
        Problem: `forbidden`, `reason_needed`.
    """
    if not DOOR["getCameraVideo"].intersection(person.roles):
        raise Problem("forbidden", f"live pictures are not for {', '.join(person.roles) or 'you'}")
    why = reason_for(person, reason)
    if why is None:
        raise Problem("reason_needed", "a live picture shows whoever passes; say ?reason= to see it")
    return Guest(person, why)


def node_of(context: Context, person: Person, camera: str) -> str:
    """The node of a camera that is in scope.

    Raises:
        Problem: `not_found`.
    """
    device, node = context.registry.devices.get(camera), context.registry.node_of_device(camera)
    there = device is not None and device.kind == "camera" and ("device", camera) in context.registry.active
    seen = device is not None and scope_of(person, context.registry).holds_point(
        device.point, context.registry
    )
    if node is None or not there or not seen:
        raise Problem("not_found", f"there is no camera {camera!r}")
    return node


async def guest_at(socket: WebSocket, context: Context) -> Guest:
    """Who is at a WebSocket, from our own page or with an API token.

    Raises:
        Problem: `unauthenticated`, `csrf`, `forbidden`, `reason_needed`, `too_many_requests`.
    """
    scheme, _, token = socket.headers.get("Authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else None
    person = await identify(socket, context, socket.cookies.get(COOKIE), bearer)
    if person.token is None:
        check_origin(socket)
    return guest_of(person, socket.query_params.get("reason"))


async def deny(socket: WebSocket, error: Exception) -> None:
    """Answer a WebSocket that is not opened, as a request would be."""
    if isinstance(error, Problem):
        denials.note(socket, error.code)
        refusal = answer(socket, error.code, error.detail, error.headers, error.members)
    else:
        refusal = answer(socket, "unavailable", "try again in a moment")
    await socket.send_denial_response(refusal)


REFUSALS = (Problem, *LOST)
"""What keeps somebody out."""
