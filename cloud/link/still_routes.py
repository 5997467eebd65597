"""`/cameras/{camera}/stills`: how it looked there within the last hour."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime

from cloud.context import InContext
from cloud.errors import Problem
from cloud.link.stills import shown, still
from cloud.people.identity import InScope, Viewer
from cloud.problems import problems

router = APIRouter(tags=["commands"])

JPEG: dict[str, Any] = {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "/cameras/{camera}/stills",
    operation_id="getStill",
    summary="How it looked at a camera within the last hour (patrol room)",
    description=(
        "The picture nearest to `at`, or the newest. It is the node's, which keeps one each ten seconds for "
        "an hour and is asked now: `node_away` when it does not answer. `Gridwatch-Taken-At` says when it "
        "was taken. That it was looked at is written down, as of a photo."
    ),
    response_class=Response,
    responses={200: JPEG, **problems("unauthenticated", "forbidden", "not_found", "node_away", "invalid")},
)
async def get_still(
    context: InContext, who: Viewer, scope: InScope, camera: str, at: AwareDatetime | None = None
) -> Response:
    """Ask the node, and wait."""
    found, node = context.registry.devices.get(camera), context.registry.node_of_device(camera)
    in_scope = found is not None and scope.holds_point(found.point, context.registry)
    if found is None or found.kind != "camera" or node is None or not in_scope:
        raise Problem("not_found", f"there is no camera {camera!r}")
    return await shown(context, who, *await still(context, who, node, camera, at), None)
