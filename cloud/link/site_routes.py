"""`/site`: the site in force; and a new version of it, for the cloud and all its nodes."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from cloud.areas.imports import MOST, said
from cloud.context import InContext
from cloud.errors import Problem
from cloud.etag import etag, version_of
from cloud.link import sites
from cloud.link.models import SiteChanges, SiteTaken
from cloud.link.taking import put_in_force
from cloud.people.identity import Administrator, AdministratorViewer
from cloud.problems import problems
from devices.site.edit import dump_site, site_digest
from devices.site.load import Report, inspect_site
from devices.site.model import Site

router = APIRouter(prefix="/site", tags=["registry"])

YAML = "application/yaml"
IfMatch = Annotated[str | None, Header(alias="If-Match", description='The version you saw, e.g. `"v3"`')]
_TEXT = {"schema": {"type": "object", "description": "A site file: `devices/site/site.schema.json`."}}


@router.get(
    "",
    operation_id="getSite",
    summary="The site in force, as one file (administrator)",
    description="Without comments, with everything in one text. The `ETag` is its version.",
    response_class=Response,
    responses={
        200: {"content": {YAML: _TEXT}},
        **problems("unauthenticated", "forbidden", "not_found"),
    },
)
async def get_site(context: InContext, _: AdministratorViewer) -> Response:
    """The text."""
    async with context.engine.connect() as connection:
        there = await sites.present(connection)
    if there is None:
        raise Problem("not_found", "the cloud was never given a site")
    return Response(there.text, media_type=YAML, headers={"ETag": etag(there.version)})


@router.get(
    "/changes",
    operation_id="listSiteChanges",
    summary="Who brought which version of the site (administrator)",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_changes(
    context: InContext, _: AdministratorViewer, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> SiteChanges:
    """Newest first."""
    async with context.engine.connect() as connection:
        return SiteChanges(items=await sites.history(connection, limit))


@router.put(
    "",
    operation_id="putSite",
    summary="Put a new version of the site in force (administrator)",
    description=(
        "The site file, with areas and classes in it. Its `version` must be higher than the one that "
        "`If-Match` names, which must be the one in force. All API processes go by it at once, and every "
        "node that holds its link is sent it. What is wrong is told line by line, and changes nothing."
    ),
    openapi_extra={"requestBody": {"required": True, "content": {YAML: _TEXT}}},
    responses=problems(
        "unauthenticated", "csrf", "forbidden", "too_large", "invalid", "version_required", "version_changed"
    ),
)
async def put_site(
    context: InContext, who: Administrator, request: Request, response: Response, if_match: IfMatch = None
) -> SiteTaken:
    """Take it over, then tell everybody."""
    seen = version_of(if_match)
    site, warnings = await _read(await request.body())
    await put_in_force(context, who.username, site, seen)
    response.headers["ETag"] = etag(site.version)
    return SiteTaken(version=site.version, digest=site_digest(site), warnings=warnings)


async def _read(body: bytes) -> tuple[Site, list[str]]:
    """The site in a request's body, and what is doubtful in it.

    Raises:
        Problem: `invalid`, with each fault.
    """
    report = await asyncio.to_thread(_inspect, body)
    if report.site is None:
        faults = [{"pointer": "/body", "detail": said(fault)} for fault in report.errors]
        raise Problem("invalid", f"the site has {len(faults)} fault(s); see errors", errors=faults)
    size = len(dump_site(report.site).encode())
    if size > MOST:
        raise Problem("too_large", f"as it travels to nodes the site has {size} bytes, at most {MOST}")
    return report.site, [said(fault) for fault in report.warnings]


def _inspect(body: bytes) -> Report:
    """A folder of its own: whatever the text names beside it is not there."""
    with tempfile.TemporaryDirectory(prefix="gridwatch-site-") as folder:
        path = Path(folder) / "site.yaml"
        path.write_bytes(body)
        return inspect_site(path)
