"""Enrolment, rotation and revocation of nodes over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from cloud.context import InContext
from cloud.database.schema import node_credential, node_event
from cloud.errors import Problem, SettingsError
from cloud.incidents.store import Actor
from cloud.nodes import credentials, enrolment
from cloud.people import accounts
from cloud.people.identity import Administrator, AdministratorViewer, Sender
from cloud.problems import problems

router = APIRouter(tags=["nodes"])

NodeId = Annotated[str, Path(max_length=64)]
Hashed = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a token in hex: the token itself stays with the node until it is used."""
_TRIES = "(enrolment)"
"""Stands for the user name among failed log-ins; no user can have it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class EnrolmentCode(BaseModel):
    """What to type at the node."""

    node: str
    code: str
    expires_at: datetime


class Enrolment(_Strict):
    """A code, and the hash of the token that the node made for itself."""

    code: str = Field(min_length=1, max_length=64)
    token_sha256: Hashed


class Enrolled(BaseModel):
    """The code was right: who the node is from now on."""

    node: str


class NextToken(_Strict):
    """The hash of a token that the node made for itself."""

    token_sha256: Hashed


class Rotation(BaseModel):
    """Where a rotation stands."""

    confirmed: bool
    """False: ask again with the new token. True: the new token came, the one before ends in five minutes."""


class Revocation(_Strict):
    """Why a node is shut out."""

    reason: str = Field(min_length=1, max_length=500)


class CredentialOut(BaseModel):
    """One credential of a node; what it is nobody can read here."""

    origin: str
    made_at: datetime
    confirmed: bool
    ends_at: datetime | None
    revoked: bool


class NodeEventOut(BaseModel):
    """One line of a node's log."""

    at: datetime
    action: str
    actor_kind: str
    actor_name: str
    detail: str


class Credentials(BaseModel):
    """A node's credentials and what was done with them, newest first."""

    credentials: list[CredentialOut]
    events: list[NodeEventOut]


@router.post(
    "/nodes/{node}/enrolment-code",
    operation_id="makeEnrolmentCode",
    summary="Make a one-time code for a node (administrator)",
    description="80 bits, valid for an hour, once. The node's code before is void.",
    status_code=201,
    responses=problems("unauthenticated", "csrf", "forbidden", "not_found", "invalid"),
)
async def make_code(
    context: InContext, who: Administrator, node: NodeId, response: Response
) -> EnrolmentCode:
    """A code, shown this once."""
    response.headers["Cache-Control"] = "no-store"
    async with context.engine.begin() as connection:
        try:
            code, ends = await enrolment.make_code(
                connection, node, Actor("user", who.username), context.now()
            )
        except SettingsError as error:
            raise Problem("not_found", str(error)) from error
    return EnrolmentCode(node=node, code=code, expires_at=ends)


@router.post(
    "/enrolment",
    operation_id="enrol",
    summary="Exchange a one-time code for a node's own credential",
    description="The node makes its token and sends the hash of it. Repeat it if the answer is lost.",
    responses=problems("bad_code", "invalid", "too_many_attempts"),
)
async def enrol(context: InContext, request: Request, wanted: Enrolment) -> Enrolled:
    """Give the node its credential."""
    address, now = request.client.host if request.client else "", context.now()
    async with context.engine.connect() as connection:
        await accounts.throttle(connection, _TRIES, address, now)
    try:
        async with context.engine.begin() as connection:
            node = await enrolment.redeem(connection, wanted.code, bytes.fromhex(wanted.token_sha256), now)
    except Problem:
        async with context.engine.begin() as connection:
            await accounts.failed(connection, _TRIES, address, now)
        raise
    return Enrolled(node=node)


@router.put(
    "/node-credential",
    operation_id="rotateCredential",
    summary="Change the node's token (nodes)",
    description="First with the present token: offers the new one. Then with the new one: confirms it.",
    responses=problems("bad_token", "forbidden", "invalid"),
)
async def rotate(context: InContext, who: Sender, wanted: NextToken) -> Rotation:
    """Offer or confirm the node's next token."""
    async with context.engine.begin() as connection:
        hashed = bytes.fromhex(wanted.token_sha256)
        return Rotation(confirmed=await credentials.offer(connection, who, hashed, context.now()))


@router.post(
    "/nodes/{node}/revocation",
    operation_id="revokeNode",
    summary="Shut a node out (administrator)",
    description="Every credential of it is void from its next request on. It comes back by enrolment only.",
    status_code=204,
    responses=problems("unauthenticated", "csrf", "forbidden", "not_found", "invalid"),
)
async def revoke(context: InContext, who: Administrator, node: NodeId, wanted: Revocation) -> None:
    """Void its credentials."""
    async with context.engine.begin() as connection:
        try:
            await credentials.revoke(
                connection, node, Actor("user", who.username), wanted.reason, context.now()
            )
        except SettingsError as error:
            raise Problem("not_found", str(error)) from error


@router.get(
    "/nodes/{node}/credentials",
    operation_id="listCredentials",
    summary="A node's credentials and their log (administrator)",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_credentials(context: InContext, _: AdministratorViewer, node: NodeId) -> Credentials:
    """When each was made and ended, and who did what; never a token."""
    mine, done = node_credential.c, node_event.c
    async with context.engine.connect() as connection:
        held = await connection.execute(
            select(node_credential).where(mine.node == node).order_by(mine.made_at.desc()).limit(100)
        )
        events = await connection.execute(
            select(node_event).where(done.node == node).order_by(done.id.desc()).limit(200)
        )
        return Credentials(
            credentials=[CredentialOut.model_validate(row, from_attributes=True) for row in held],
            events=[NodeEventOut.model_validate(row, from_attributes=True) for row in events],
        )
