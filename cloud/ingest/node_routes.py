"""`/nodes/{id}/ledger` and `/nodes/{id}/devices`: whether anything of a node is missing, and how it is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import named
from cloud.areas.routes import device_statuses
from cloud.context import Context, InContext
from cloud.database.schema import device_health, gap, refusal
from cloud.database.schema import node as node_table
from cloud.errors import Problem
from cloud.ingest import ledger
from cloud.ingest.balance import Balance, Entry, balances
from cloud.ingest.models import DeviceOut, GapOut, NodeLedger, RefusedMessage, SeriesLedger
from cloud.people.identity import Person, Viewer
from cloud.people.roles import ANYONE, Role
from cloud.problems import problems

router = APIRouter(
    prefix="/nodes",
    tags=["registry"],
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)

LATEST = 50
"""Refusals and gaps that are shown."""


@router.get("/{node}/ledger", operation_id="getNodeLedger", summary="What became of a node's messages")
async def get_ledger(context: InContext, who: Viewer, node: str) -> NodeLedger:
    """Every number that the node gave: accepted, refused, evicted, waiting, or missing, which is named."""
    _guard(context, who, node)
    async with context.engine.connect() as connection:
        entries = await ledger.read(connection, node)
        offset = await connection.scalar(select(node_table.c.clock_offset_s).where(node_table.c.id == node))
        refusals = await _latest(connection, refusal, node)
        gaps = await _latest(connection, gap, node)
    return NodeLedger(
        node=node,
        clock_offset_s=offset,
        lines=_lines(entries),
        refusals=[RefusedMessage.model_validate(row, from_attributes=True) for row in refusals],
        gaps=[_gap(row) for row in gaps],
    )


@router.get(
    "/{node}/devices", operation_id="listNodeDevices", summary="A node's devices and their last words"
)
async def list_devices(context: InContext, who: Viewer, node: str) -> list[DeviceOut]:
    """The node itself first, then its broker, cameras and sensors; those never heard of, too."""
    _guard(context, who, node)
    registry = context.registry
    async with context.engine.connect() as connection:
        statuses = await device_statuses(connection, context)
        statement = select(device_health).where(device_health.c.node == node)
        words = {row.device: row for row in await connection.execute(statement)}
    mine = {
        device.id: device
        for device in registry.devices.values()
        if ("device", device.id) in registry.active and registry.node_of_device(device.id) == node
    }
    found = []
    for name in dict.fromkeys([node, *words, *mine]):
        known, word = mine.get(name), words.get(name)
        if known is None and word is not None and word.kind in ("camera", "sensor"):
            continue  # the site dropped it
        names = registry.nodes[node] if name == node else known.name if known else named(name)
        found.append(
            DeviceOut(
                id=name,
                name=names,
                kind=known.kind if known else word.kind if word else "node",
                point=known.point if known else None,
                status=statuses[name],
                detail=word.detail if word else "",
                since=word.since if word else None,
                checked_at=word.checked_at if word else None,
                facts=word.facts if word else {},
            )
        )
    order = ("node", "broker", "camera", "sensor")
    return sorted(found, key=lambda one: (order.index(one.kind), one.id))


def _guard(context: Context, who: Person, node: str) -> None:
    if not (ANYONE | {Role.ADMINISTRATOR}).intersection(who.roles):
        raise Problem("forbidden", "this is for the patrol room and administrators")
    if ("node", node) not in context.registry.active:
        raise Problem("not_found", f"no node has the id {node!r}")


def _lines(entries: list[Entry]) -> list[SeriesLedger]:
    found = balances(entries)
    current = {entry.series: entry.epoch for entry, _ in found}
    return [_line(entry, sums, current[entry.series] == entry.epoch) for entry, sums in found]


def _line(entry: Entry, sums: Balance, current: bool) -> SeriesLedger:
    return SeriesLedger(
        series=entry.series,
        epoch=entry.epoch,
        current=current,
        reported_at=entry.reported_at,
        numbered=sums.numbered,
        sent=sums.sent,
        accepted=sums.accepted,
        duplicate=sums.duplicate,
        refused=sums.refused,
        evicted=sums.evicted,
        waiting=sums.waiting,
        missing=sums.missing,
        missing_ranges=list(sums.missing_ranges),
    )


async def _latest(connection: AsyncConnection, table: Any, node: str) -> list[Any]:
    statement = select(table).where(table.c.node == node).order_by(table.c.at.desc()).limit(LATEST)
    return list(await connection.execute(statement))


def _gap(row: Any) -> GapOut:
    return GapOut(
        series=row.series,
        epoch=row.epoch,
        ranges=list(ledger.as_ranges(row.numbers)),
        cause=row.cause,
        first_at=row.first_at,
        last_at=row.last_at,
        readings=row.readings,
        at=row.at,
    )
