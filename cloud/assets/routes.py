"""`/assets`, `/cameras`: places and public assets, whose cameras are, and which case is about which asset."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from sqlalchemy import and_, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas import versions
from cloud.assets import changes, sheet, views
from cloud.assets.given import CODE, Refused, Sight, given_of
from cloud.assets.laying import Layer, layer_of
from cloud.assets.models import (
    Asset,
    AssetClassOut,
    AssetFault,
    AssetHistory,
    AssetPage,
    AssetsTaken,
    CameraOwner,
    CameraOwners,
    NewAsset,
)
from cloud.assets.policy import ASSETS, AssetsPolicy, Column, State
from cloud.assets.service import Written, link, unlink, write
from cloud.assets.tables import asset
from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.etag import etag, version_changed, version_of
from cloud.incidents.store import Actor
from cloud.organisations.kinds import ORGANISATIONS
from cloud.people.identity import Doer, InScope, Viewer
from cloud.people.scope import require
from cloud.problems import problems

router = APIRouter(tags=["registry"], responses=problems("unauthenticated", "forbidden"))
IN_MEMORY = 1024 * 1024
TOLD = 200
"""Faults that are named one by one; the rest is counted."""
GEOJSON = "application/geo+json"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": _BINARY, GEOJSON: {"schema": {"type": "object"}}},
    }
}
Code = Annotated[str, Path(pattern=f"^{CODE.pattern}$", examples=["3301000101000123"])]


@router.get(
    "/asset-classes", operation_id="listAssetClasses", summary="Classes of public assets (部件) and places"
)
async def list_classes(context: InContext, _: Viewer) -> list[AssetClassOut]:
    """By code."""
    known = _policy(context).classes.items()
    return [AssetClassOut(code=code, name=one.name, kind=one.kind) for code, one in sorted(known)]


@router.get(
    "/assets",
    operation_id="listAssets",
    summary="Public assets and places: all, near a position, or of a place",
    responses=problems("invalid"),
)
async def list_assets(
    context: InContext,
    _: Viewer,
    near: Annotated[
        str | None,
        Query(pattern=r"^-?\d{1,3}(\.\d{1,12})?,-?\d{1,2}(\.\d{1,12})?$", description="lon,lat in degrees."),
    ] = None,
    metres: Annotated[float, Query(gt=0, le=5000, description="How far, with `near`.")] = 50,
    asset_class: Annotated[str | None, Query(alias="class", max_length=20, pattern=r"^[^\x00]*$")] = None,
    grid: Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]*$")] = None,
    point: Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]*$")] = None,
    keeper: Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]*$")] = None,
    state: State | None = None,
    after: Annotated[str, Query(max_length=40, pattern=r"^[^\x00]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AssetPage:
    """By code, or the nearest first."""
    columns = {"asset_class": asset_class, "grid": grid, "point": point, "keeper": keeper, "state": state}
    wanted = and_(true(), *(asset.c[name] == one for name, one in columns.items() if one is not None))
    async with context.engine.connect() as connection:
        here = _near(near, metres)
        items, following = await views.page(connection, wanted, here, after, limit, _policy(context))
    return AssetPage(items=items, next=following)


@router.get(
    "/assets/{asset_code}",
    operation_id="getAsset",
    summary="Get an asset",
    responses=problems("not_found", "invalid"),
)
async def get_asset(context: InContext, _: Viewer, asset_code: Code, response: Response) -> Asset:
    """Its `ETag` is its version."""
    async with context.engine.connect() as connection:
        found = views.shown(await views.row_of(connection, asset_code), _policy(context))
    response.headers["ETag"] = etag(found.version)
    return found


@router.get(
    "/assets/{asset_code}/history",
    operation_id="getAssetHistory",
    summary="Get an asset's changes and its cases",
    responses=problems("not_found", "invalid"),
)
async def get_history(context: InContext, scope: InScope, asset_code: Code) -> AssetHistory:
    """The latest first."""
    async with context.engine.connect() as connection:
        return await views.history(connection, await views.row_of(connection, asset_code), scope)


@router.put(
    "/assets/{asset_code}",
    operation_id="putAsset",
    summary="Write an asset",
    description='`If-Match` is the version that you saw, `"v0"` for a new one. Its grid is the one that '
    "holds it by the areas in force. Every subscriber is told once.",
    responses=problems("csrf", "invalid", "version_required", "version_changed"),
)
async def put_asset(
    context: InContext,
    who: Doer,
    asset_code: Code,
    new: NewAsset,
    response: Response,
    if_match: Annotated[str | None, Header(description='The version you saw, `"v1"`.')] = None,
) -> Asset:
    """The asset as it is now."""
    seen, policy = version_of(if_match), _policy(context)
    values = new.model_dump(by_alias=True, mode="json") | {"code": asset_code}
    cells: dict[Column, str] = {name: str(one) for name, one in values.items() if one is not None}  # type: ignore[misc]
    async with context.engine.begin() as connection:
        await changes.lock(connection)
        try:
            given = given_of(cells, await _sight(connection, context))
        except Refused as error:
            fault = {"pointer": f"/body/{error.column}", "detail": error.what}
            raise Problem("invalid", f"{error.column}: {error.what}", errors=[fault]) from None
        there = (await views.page(connection, asset.c.code == asset_code, None, "", 1, policy))[0]
        version = there[0].version if there else 0
        if version != seen:
            raise version_changed(version, seen)
        await write(connection, [given], Actor("user", who.username), context.now())
        found = views.shown(await views.row_of(connection, asset_code), policy)
    response.headers["ETag"] = etag(found.version)
    return found


@router.post(
    "/assets",
    operation_id="importAssets",
    summary="Import assets: CSV or GeoJSON",
    description="CSV (UTF-8 or GBK) with a header, or a FeatureCollection of points with the same names as "
    "properties; at most 16 MiB. A row with a fault is named, the others are taken. What is the same as "
    "before is not written again, so a file may be imported twice. What is not in it stays.",
    responses=problems("csrf", "invalid", "too_large"),
    openapi_extra=_FILE,
)
async def import_assets(
    context: InContext,
    who: Doer,
    request: Request,
    dry_run: Annotated[bool, Query(description="Only say what it would change.")] = False,
) -> AssetsTaken:
    """All of it in one transaction."""
    geojson = request.headers.get("content-type", "").split(";")[0].strip() != "text/csv"
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        async for piece in request.stream():
            file.write(piece)
        file.seek(0)
        async with context.engine.begin() as connection:
            await changes.lock(connection)
            sight = await _sight(connection, context)
            try:
                rows = await asyncio.to_thread(lambda: list(sheet.rows_of(file, geojson, sight)))
            except sheet.FileRefused as error:
                fault = [{"pointer": "/body", "detail": str(error)}]
                raise Problem("invalid", f"the file {error}", errors=fault) from None
            actor, good = (
                Actor("user", who.username),
                [row.given for row in rows if isinstance(row, sheet.Row)],
            )
            written = await write(connection, good, actor, context.now())
            if dry_run:
                await connection.rollback()
    return _taken(written, [row for row in rows if isinstance(row, sheet.RowFault)], taken=not dry_run)


@router.get(
    "/incidents/{incident_id}/assets",
    operation_id="listCaseAssets",
    summary="Get the assets that a case is about",
    responses=problems("not_found", "invalid"),
)
async def list_case_assets(context: InContext, scope: InScope, incident_id: UUID) -> list[Asset]:
    """By code."""
    async with context.engine.connect() as connection:
        await require(connection, scope, incident_id)
        return await views.of_case(connection, incident_id, _policy(context))


@router.put(
    "/incidents/{incident_id}/assets/{asset_code}",
    operation_id="linkAsset",
    summary="Say which asset a case is about",
    description="Which cover it is. A line of the case's log; said twice it is one.",
    responses=problems("csrf", "not_found", "invalid"),
)
async def link_asset(
    context: InContext, who: Doer, scope: InScope, incident_id: UUID, asset_code: Code
) -> list[Asset]:
    """The assets that the case is about."""
    return await _linking(context, who, scope, incident_id, asset_code, linked=True)


@router.delete(
    "/incidents/{incident_id}/assets/{asset_code}",
    operation_id="unlinkAsset",
    summary="Say that a case is not about an asset",
    responses=problems("csrf", "not_found", "invalid"),
)
async def unlink_asset(
    context: InContext, who: Doer, scope: InScope, incident_id: UUID, asset_code: Code
) -> list[Asset]:
    """The assets that the case is about."""
    return await _linking(context, who, scope, incident_id, asset_code, linked=False)


@router.get("/cameras", operation_id="listCameras", summary="Whose the cameras are, and why they watch")
async def list_cameras(context: InContext, _: Viewer) -> CameraOwners:
    """A third party's camera watches only with a purpose and a sign: the site is refused else."""
    known = context.policies.of(ORGANISATIONS)
    items = []
    for one in context.registry.devices.values():
        if one.kind == "camera" and ("device", one.id) in context.registry.active:
            owner = known.of(one.owner) if known and one.owner else None
            items.append(
                CameraOwner(
                    id=one.id, name=one.name, point=one.point, owner=one.owner, purpose=one.purpose,
                    organisation=owner.name if owner else None, signage=bool(one.signage),
                    watches=bool(one.watches),
                )
            )  # fmt: skip
    return CameraOwners(items=items)


async def _linking(
    context: Context, who: Doer, scope: InScope, incident_id: UUID, asset_code: str, *, linked: bool
) -> list[Asset]:
    async with context.engine.begin() as connection:
        await require(connection, scope, incident_id)
        row, actor = await views.row_of(connection, asset_code), Actor("user", who.username)
        await (link if linked else unlink)(connection, incident_id, row, actor, context.now())
        found = await views.of_case(connection, incident_id, _policy(context))
    context.tail.changed()
    return found


async def _sight(connection: AsyncConnection, context: Context) -> Sight:
    """What rows are held against now."""
    known, registry = context.policies.of(ORGANISATIONS), context.registry
    tree = await versions.tree_at(connection)
    return Sight(
        policy=_policy(context),
        layer=layer_of(tree.version.version, tree.areas) if tree else Layer(),
        points={key: one for key, one in registry.points.items() if ("point", key) in registry.active},
        organisations=None if known is None else {one.id for one in known.organisations},
    )


def _policy(context: Context) -> AssetsPolicy:
    return context.policies.of(ASSETS) or AssetsPolicy()


def _near(text: str | None, metres: float) -> views.Near | None:
    if text is None:
        return None
    lon, lat = map(float, text.split(","))
    if abs(lon) > 180 or abs(lat) > 90:
        fault = {"pointer": "/query/near", "detail": "lon,lat in degrees, such as 120.155,30.005"}
        raise Problem("invalid", "near: no position on earth", errors=[fault])
    return views.Near(lon, lat, metres)


def _taken(written: Written, faults: list[sheet.RowFault], *, taken: bool) -> AssetsTaken:
    return AssetsTaken(
        taken=taken, added=written.added, changed=written.changed, same=written.same, refused=len(faults),
        faults=[AssetFault(line=one.line, column=one.column, what=one.what) for one in faults[:TOLD]],
    )  # fmt: skip
