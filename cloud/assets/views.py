"""The registry, read for the API."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.assets.models import Asset, AssetCase, AssetChange, AssetClassOut, AssetHistory
from cloud.assets.policy import AssetsPolicy
from cloud.assets.tables import asset, asset_case, asset_change
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.incidents.transitions import State
from cloud.people.scope import Scope, visible
from cloud.sources.place import EARTH
from devices.site.model import Names

MOST = 200
"""Lines of a history."""


@dataclass(frozen=True, slots=True)
class Near:
    """Within so many metres of a position (WGS-84, degrees)."""

    lon: float
    lat: float
    metres: float

    @property
    def distance(self) -> ColumnElement[float]:
        """Metres to an asset on the sphere: the haversine formula."""
        lat, lon = func.radians(asset.c.lat), func.radians(asset.c.lon)
        here_lat, here_lon = math.radians(self.lat), math.radians(self.lon)
        half = func.power(func.sin((lat - here_lat) / 2), 2) + (
            func.cos(lat) * math.cos(here_lat) * func.power(func.sin((lon - here_lon) / 2), 2)
        )
        found: ColumnElement[float] = 2 * EARTH * func.asin(func.least(1.0, func.sqrt(half)), type_=Float)
        return found

    @property
    def box(self) -> ColumnElement[bool]:
        """What the index can tell: no asset within so many metres lies outside of it."""
        high = math.degrees(self.metres / EARTH) * 1.001
        wide = min(180.0, high / max(math.cos(math.radians(self.lat)) - 0.001, 1e-6))
        return asset.c.lat.between(self.lat - high, self.lat + high) & asset.c.lon.between(
            self.lon - wide, self.lon + wide
        )


async def page(
    connection: AsyncConnection,
    wanted: ColumnElement[bool],
    near: Near | None,
    after: str,
    limit: int,
    policy: AssetsPolicy,
) -> tuple[list[Asset], str | None]:
    """Those wanted, and after which code the next page begins; with `near` the nearest first, in one page."""
    if near is not None:
        metres = near.distance.label("metres")
        inner = select(asset, metres).where(wanted, near.box).subquery()
        statement = select(inner).where(inner.c.metres <= near.metres)
        rows = (await connection.execute(statement.order_by(inner.c.metres, inner.c.code).limit(limit))).all()
        return [shown(row, policy, row.metres) for row in rows], None
    statement = select(asset).where(wanted, asset.c.code > after if after else true())
    found = (await connection.execute(statement.order_by(asset.c.code).limit(limit + 1))).all()
    items = [shown(row, policy) for row in found[:limit]]
    return items, items[-1].code if len(found) > limit else None


async def row_of(connection: AsyncConnection, code: str) -> Any:
    """The row of an asset.

    Raises:
        Problem: not_found.
    """
    row = (await connection.execute(select(asset).where(asset.c.code == code))).one_or_none()
    if row is None:
        raise Problem("not_found", f"no asset has the code {code!r}")
    return row


async def of_case(connection: AsyncConnection, incident_id: UUID, policy: AssetsPolicy) -> list[Asset]:
    """What a case is about; the caller knows that it is in scope."""
    statement = (
        select(asset)
        .join(asset_case, asset_case.c.asset_id == asset.c.id)
        .where(asset_case.c.incident_id == incident_id)
        .order_by(asset.c.code)
    )
    return [shown(row, policy) for row in await connection.execute(statement)]


async def history(connection: AsyncConnection, row: Any, scope: Scope) -> AssetHistory:
    """Of a row of `asset`, the latest first."""
    lines = select(asset_change).where(asset_change.c.asset_id == row.id)
    changes = [
        AssetChange(version=one.version, at=one.at, action=one.action, actor=one.actor_name, data=one.data)
        for one in await connection.execute(lines.order_by(asset_change.c.version.desc()).limit(MOST))
    ]
    statement = (
        select(incident, asset_case.c.linked_at)
        .join(asset_case, asset_case.c.incident_id == incident.c.id)
        .where(asset_case.c.asset_id == row.id, visible(scope))
        .order_by(incident.c.opened_at.desc(), incident.c.id)
        .limit(MOST)
    )
    cases = [
        AssetCase(
            id=one.id, number=one.number, event_class=one.event_class, state=State(one.state),
            opened_at=one.opened_at, closed_at=one.closed_at, linked_at=one.linked_at,
        )
        for one in await connection.execute(statement)
    ]  # fmt: skip
    return AssetHistory(changes=changes, cases=cases)


def shown(row: Any, policy: AssetsPolicy, metres: float | None = None) -> Asset:
    """A row of `asset`."""
    known = policy.classes.get(row.asset_class)
    name = known.name if known else Names(zh=row.asset_class, en=row.asset_class)
    plain = {one: getattr(row, one) for one in Asset.model_fields if one not in ("asset_class", "metres")}
    kind = known.kind if known else "asset"
    return Asset(
        **plain, asset_class=AssetClassOut(code=row.asset_class, name=name, kind=kind),
        metres=None if metres is None else round(metres, 1),
    )  # fmt: skip
