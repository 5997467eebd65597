"""`/push`: what was told to whom, and the doors by which pages and phones say that it came and was read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from cloud.context import Context, InContext
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.incidents.service import not_found
from cloud.people.identity import Doer, InScope, Viewer
from cloud.people.scope import visible
from cloud.problems import problems
from cloud.push import receipts, views
from cloud.push.composing import PATH
from cloud.push.models import LinkRequest, LinkTarget, NoticeList
from cloud.push.receipts import How

router = APIRouter(tags=["push"])
short = APIRouter()
"""Not below /api: what stands in messages has to be short."""


@router.get(
    "/incidents/{incident_id}/notices",
    operation_id="listNotices",
    summary="List who was told of a case",
    description="Every attempt with its answer, and who had it and read it. Addresses are never shown.",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def list_notices(context: InContext, _: Viewer, scope: InScope, incident_id: UUID) -> NoticeList:
    """The notices of one case."""
    async with context.engine.connect() as connection:
        mine = select(incident.c.id).where(incident.c.id == incident_id, visible(scope))
        if await connection.scalar(mine) is None:
            raise not_found(incident_id)
        return NoticeList(items=await views.of_incident(connection, incident_id))


@router.post(
    "/push/notices/{notice_id}/delivered",
    operation_id="noticeDelivered",
    summary="Say that a page of yours has a notice",
    status_code=204,
    responses=problems("unauthenticated", "csrf", "not_found", "invalid"),
)
async def notice_delivered(context: InContext, who: Doer, notice_id: UUID) -> None:
    """Of those who are called; the first time counts."""
    await _mark(context, notice_id, who.username, None)


@router.post(
    "/push/notices/{notice_id}/read",
    operation_id="noticeRead",
    summary="Say that you read a notice",
    status_code=204,
    responses=problems("unauthenticated", "csrf", "not_found", "invalid"),
)
async def notice_read(context: InContext, who: Doer, notice_id: UUID) -> None:
    """Of those who are called; the first time counts."""
    await _mark(context, notice_id, who.username, "page")


@router.post(
    "/push/links",
    operation_id="followLink",
    summary="Follow a short link out of a message",
    description="Says what the link is about, and writes down that you read it. It lets nobody in by itself.",
    responses=problems("unauthenticated", "csrf", "not_found", "invalid"),
)
async def follow_link(context: InContext, who: Doer, scope: InScope, asked: LinkRequest) -> LinkTarget:
    """What a link's token is about."""
    async with context.engine.begin() as connection:
        found = await receipts.of_link(connection, asked.token, scope, context.now())
        if found is None:
            raise Problem("not_found", "this link is unknown, too old, or not for you")
        await receipts.mark(connection, found.id, who.username, context.now(), read="link")
    return LinkTarget(notice_id=found.id, incident_id=found.incident_id)


@short.get(PATH + "{token}", include_in_schema=False)
async def open_link(token: str, agent: Annotated[str, Header(alias="User-Agent")] = "") -> RedirectResponse:
    """To the page, which asks who is there. Chats fetch links by themselves: this reads nothing as read.

    On a telephone to the phone's page: every browser of one has `Mobi` in its name.
    """
    page = "/phone" if "Mobi" in agent else "/"
    safe = "".join(sign for sign in token if sign.isalnum() or sign in "-_")[:100]
    return RedirectResponse(f"{page}#/notice/{safe}", 303, headers={"Cache-Control": "no-store"})


async def _mark(context: Context, notice_id: UUID, username: str, read: How | None) -> None:
    async with context.engine.begin() as connection:
        if not await receipts.called(connection, notice_id, username):
            raise Problem("not_found", f"no notice {notice_id} calls you")
        await receipts.mark(connection, notice_id, username, context.now(), read=read)
