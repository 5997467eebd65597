"""`/areas`: the tree as it is and as it was, its versions, and a new one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from cloud.areas import versions
from cloud.areas.imports import AreasRefused, propose, take
from cloud.areas.models import (
    AreaCollection,
    AreaFeature,
    AreaProperties,
    AreasTaken,
    AreaVersions,
    GridThen,
)
from cloud.context import InContext
from cloud.errors import Problem
from cloud.etag import etag, version_of
from cloud.incidents.store import Actor
from cloud.people.identity import Administrator, Viewer
from cloud.problems import problems
from cloud.times import Moment
from devices.site.geojson import geometry_of
from devices.site.model import Area

router = APIRouter(prefix="/areas", tags=["registry"], responses=problems("unauthenticated"))

GEOJSON = "application/geo+json"
At = Annotated[Moment | None, Query(description="As it was then; without it: as it is now.")]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='The version of the areas you saw, e.g. `"v3"`')
]
_TEXT = {"schema": {"type": "object"}}


@router.get(
    "",
    operation_id="listAreas",
    summary="Street, communities and grids, as GeoJSON",
    description="The `ETag` is the version of the tree.",
    responses=problems("invalid", "not_found"),
)
async def list_areas(context: InContext, _: Viewer, response: Response, at: At = None) -> AreaCollection:
    """Every area of the tree that is in force, or was."""
    if at is None:
        registry = context.registry
        version = registry.area_version
        areas: Iterable[Area] = (
            area for area in registry.areas.values() if ("area", area.id) in registry.active
        )
    else:
        tree = await _tree(context, at)
        version, areas = tree.version.version, tree.areas
    response.headers["ETag"] = etag(version or 0)
    features = [
        AreaFeature.model_validate(
            {
                "id": area.id,
                "geometry": geometry_of(area),
                "properties": AreaProperties.model_validate(area, from_attributes=True),
            }
        )
        for area in areas
    ]
    return AreaCollection(version=version, features=features)


@router.get(
    "/versions",
    operation_id="listAreaVersions",
    summary="Which tree of areas was in force when, and what replaced what",
    responses=problems("invalid"),
)
async def list_versions(
    context: InContext, _: Viewer, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> AreaVersions:
    """Newest first."""
    async with context.engine.connect() as connection:
        return AreaVersions(items=await versions.history(connection, limit))


@router.get(
    "/grid",
    operation_id="findGrid",
    summary="The grid that holds, or held, a position",
    responses=problems("invalid", "not_found"),
)
async def find_grid(
    context: InContext,
    _: Viewer,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
    at: At = None,
) -> GridThen:
    """WGS-84, degrees."""
    tree = await _tree(context, at)
    grid = tree.grid_at(lon, lat)
    if grid is None:
        raise Problem("not_found", "no grid of the tree holds this position")
    return GridThen(
        version=tree.version.version, grid=AreaProperties.model_validate(grid, from_attributes=True)
    )


@router.put(
    "",
    operation_id="putAreas",
    summary="Put a new version of the areas in force (administrator)",
    description=(
        "A GeoJSON FeatureCollection with the whole tree: Polygon or MultiPolygon, with holes. Gaps, "
        "overlaps and slivers above the tolerance (`area_tolerance` beside the features, m²) are refused "
        "with the pair named. Each point is laid into the grid that holds it. The site goes up one version "
        "with it, and every node is sent that. `If-Match` names the version of the areas in force. "
        "With `dry_run` nothing changes."
    ),
    openapi_extra={"requestBody": {"required": True, "content": {GEOJSON: _TEXT}}},
    responses=problems("csrf", "forbidden", "too_large", "invalid", "version_required", "version_changed"),
)
async def put_areas(
    context: InContext,
    who: Administrator,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
    dry_run: Annotated[bool, Query(description="Only say what it would change.")] = False,
) -> AreasTaken:
    """Check, then take over."""
    seen = version_of(if_match)
    body = await request.body()
    async with context.engine.connect() as connection:
        try:
            proposal = await propose(connection, body)
        except AreasRefused as error:
            faults = [{"pointer": "/body", "detail": fault} for fault in error.faults]
            raise Problem(
                "invalid", f"the areas have {len(faults)} fault(s); see errors", errors=faults
            ) from error
    version: int | None = proposal.version if proposal.version == seen else None
    if version is not None and not dry_run:
        async with context.engine.begin() as connection:
            version = await take(connection, proposal, Actor("user", who.username), context.now())
    if version is None:
        detail = f"not version {seen} is in force, or the site changed meanwhile; look again"
        raise Problem("version_changed", detail, headers={"ETag": etag(proposal.version)})
    taken = proposal.is_new and not dry_run
    if taken:
        await context.current.load()
        await context.hub.site_taken()
    response.headers["ETag"] = etag(version)
    site = proposal.site
    levels = [area.level for area in site.areas]
    return AreasTaken(
        taken=taken,
        version=version,
        site_version=site.version if taken else site.version - 1,
        communities=levels.count("community"),
        grids=levels.count("grid"),
        changes=proposal.changes,
        moved=proposal.moved,
        stale_markets=proposal.stale_markets,
        stale_people=proposal.stale_people,
    )


async def _tree(context: InContext, at: Moment | None) -> versions.Tree:
    async with context.engine.connect() as connection:
        tree = await versions.tree_at(connection, at)
    if tree is None:
        raise Problem("not_found", "no tree of areas was in force then")
    return tree
