"""`/site/cameras/{camera}`: one camera's zones, tried and published; `/site/changes/{version}`: and back."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.imports import said
from cloud.context import InContext
from cloud.editing import camera as one
from cloud.editing.differences import differences
from cloud.editing.models import Back, CameraBrief, CameraEdit, CameraSite, Proposal, RuleForms
from cloud.errors import Problem
from cloud.etag import etag, version_of
from cloud.link import sites
from cloud.link.sites import SiteText
from cloud.link.taking import changed, put_in_force
from cloud.people.identity import Administrator, AdministratorViewer
from cloud.problems import problems
from devices.site.load import Report
from devices.site.model import Site

router = APIRouter(prefix="/site", tags=["registry"])

IfMatch = Annotated[str | None, Header(alias="If-Match", description='The version you saw, e.g. `"v3"`')]
DryRun = Annotated[bool, Query(description="Say what it would change, and change nothing.")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
_READ = problems("unauthenticated", "forbidden", "not_found", "invalid")
_WRITE = problems(
    "unauthenticated", "csrf", "forbidden", "not_found", "invalid", "version_required", "version_changed"
)


@router.get(
    "/rule-forms",
    operation_id="getRuleForms",
    summary="What the rules of a zone are made of (administrator)",
    responses=problems("unauthenticated", "forbidden"),
)
async def get_rule_forms(_: AdministratorViewer) -> RuleForms:
    """By kind, as the site's JSON Schema has it."""
    return await asyncio.to_thread(one.rule_forms)


@router.get(
    "/cameras",
    operation_id="listSiteCameras",
    summary="The cameras of the site in force (administrator)",
    responses=problems("unauthenticated", "forbidden", "not_found"),
)
async def list_cameras(context: InContext, _: AdministratorViewer) -> list[CameraBrief]:
    """Where each stands, and how much is asked of it."""
    async with context.engine.connect() as connection:
        there = await _present(connection)
    return one.cameras_of(await asyncio.to_thread(one.tree_of, there))


@router.get(
    "/cameras/{camera}",
    operation_id="getCameraSite",
    summary="What the site in force says of a camera (administrator)",
    responses=_READ,
)
async def get_camera(
    context: InContext, _: AdministratorViewer, camera: str, response: Response
) -> CameraSite:
    """Its zones, what it is for, and whether a sign says so."""
    async with context.engine.connect() as connection:
        there = await _present(connection)
    found = one.camera_of(await asyncio.to_thread(one.tree_of, there), camera)
    if found is None:
        raise _no_camera(camera)
    response.headers["ETag"] = etag(there.version)
    return found


@router.put(
    "/cameras/{camera}",
    operation_id="putCameraSite",
    summary="Put other zones of a camera in force (administrator)",
    description=(
        "The next version of the site, in which this camera's zones, purpose and sign are as given and all "
        "else is as it was. What is wrong is told at its field. With `dry_run` nothing is changed."
    ),
    responses=_WRITE,
)
async def put_camera(
    context: InContext,
    who: Administrator,
    camera: str,
    edit: CameraEdit,
    response: Response,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Proposal:
    """Check it, then take it over."""
    seen = version_of(if_match)
    async with context.engine.connect() as connection:
        there = await _present(connection)
    if there.version != seen:
        raise changed(there.version)
    before = await asyncio.to_thread(one.tree_of, there)
    place = one.find(before, camera)
    if place is None:
        raise _no_camera(camera)
    was, now = await asyncio.to_thread(_both, before, one.edited(before, place, edit))
    faults = one.unsaid(edit) + [one.at_field(fault, place) for fault in now.errors]
    if faults or now.site is None or was.site is None:
        raise Problem("invalid", f"there are {len(faults)} fault(s); see errors", errors=faults)
    answer = _proposal(was.site, now)
    if not dry_run:
        await put_in_force(context, who.username, now.site, seen)
    response.headers["ETag"] = etag(seen if dry_run else now.site.version)
    return answer


@router.get(
    "/changes/{version}",
    operation_id="getSiteChange",
    summary="What going back to a version would change (administrator)",
    responses=_READ,
)
async def get_change(context: InContext, _: AdministratorViewer, version: Version) -> Proposal:
    """What differs between the site in force and that one."""
    async with context.engine.connect() as connection:
        there, then = await _present(connection), await _earlier(connection, version)
    was, now = await asyncio.to_thread(_both, one.tree_of(there), one.tree_of(then))
    if was.site is None or now.site is None:
        raise _unfit(version, now)
    return _proposal(was.site, now)


@router.post(
    "/back",
    operation_id="goBackToSite",
    summary="Put an earlier version of the site in force again (administrator)",
    description="As a new version, with the next number: versions only rise.",
    responses=_WRITE,
)
async def go_back(
    context: InContext, who: Administrator, back: Back, response: Response, if_match: IfMatch = None
) -> Proposal:
    """All that was changed since is as it was."""
    seen = version_of(if_match)
    async with context.engine.connect() as connection:
        there, then = await _present(connection), await _earlier(connection, back.version)
    if there.version != seen:
        raise changed(there.version)
    again = one.tree_of(then) | {"version": there.version + 1}
    was, now = await asyncio.to_thread(_both, one.tree_of(there), again)
    if was.site is None or now.site is None:
        raise _unfit(back.version, now)
    answer = _proposal(was.site, now)
    await put_in_force(context, who.username, now.site, seen)
    response.headers["ETag"] = etag(now.site.version)
    return answer


async def _present(connection: AsyncConnection) -> SiteText:
    there = await sites.present(connection)
    if there is None:
        raise Problem("not_found", "the cloud was never given a site")
    return there


async def _earlier(connection: AsyncConnection, version: int) -> SiteText:
    then = await sites.earlier(connection, version)
    if then is None:
        raise Problem("not_found", f"of version {version} no text was kept")
    return then


def _both(before: one.Tree, after: one.Tree) -> tuple[Report, Report]:
    return one.inspected(before), one.inspected(after)


def _proposal(was: Site, now: Report) -> Proposal:
    assert now.site is not None
    changes = differences(was, now.site)
    return Proposal(
        version=now.site.version, changes=changes, warnings=[said(warning) for warning in now.warnings]
    )


def _no_camera(camera: str) -> Problem:
    return Problem("not_found", f"the site has no camera {camera!r}")


def _unfit(version: int, report: Report) -> Problem:
    faults = [{"pointer": "/body/version", "detail": said(fault)} for fault in report.errors]
    return Problem("invalid", f"version {version} cannot be in force any more", errors=faults)
