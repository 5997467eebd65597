"""Rows of the outbox as events of the stream: what each names, as it stands now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from fastapi.sse import format_sse_event
from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.models import Alarm, show_alarm
from cloud.areas.registry import Registry
from cloud.database.schema import alarm, device_health
from cloud.incidents import views
from cloud.incidents.models import Incident
from cloud.link import store as commands
from cloud.link.models import CommandOut
from cloud.people.permissions import DEVICES
from cloud.people.roles import Role
from cloud.people.scope import STREET, Scope, Where, places
from cloud.push import views as notices
from cloud.push.models import NoticeEvent
from cloud.stream.cursor import Cursor
from cloud.stream.reader import Row, latest


class HealthEvent(BaseModel):
    """A device's or node's status changed."""

    node: str
    device: str
    kind: str
    status: str
    detail: str
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One event; its bytes are made once for each set of roles, then shared by all walls."""

    cursor: Cursor
    kind: str
    body: BaseModel
    where: Where | None
    """Where it lies; None: everybody may know."""
    _bytes: dict[frozenset[Role], bytes] = field(default_factory=dict)

    def is_for(self, scope: Scope, roles: Collection[Role], username: str) -> bool:
        """Whether somebody with this scope and these roles may know of it; of a call who is called."""
        if isinstance(self.body, NoticeEvent):
            return username in self.body.to
        if self.kind == "command" and DEVICES.roles.isdisjoint(roles):
            return False
        return self.where is None or scope.sees(self.where)

    def encoded(self, roles: Collection[Role]) -> bytes:
        """The event as it goes out to somebody with these roles."""
        key = frozenset(roles)
        if key not in self._bytes:
            body = views.permit(self.body, key) if isinstance(self.body, Incident) else self.body
            self._bytes[key] = format_sse_event(
                event=self.kind, id=str(self.cursor), data_str=body.model_dump_json()
            )
        return self._bytes[key]


async def render(
    connection: AsyncConnection, rows: Sequence[Row], registry: Registry, now: datetime
) -> list[Item]:
    """The things that `rows` name, each once, at the place of its last row."""
    wanted = latest(rows)
    ids: dict[str, list[str]] = {"incident": [], "alarm": [], "health": [], "command": [], "notice": []}
    for row in wanted:
        if row.kind in ids:
            ids[row.kind].append(row.subject)
    found: dict[tuple[str, str], BaseModel] = {}
    cases: set[UUID] = set()
    if ids["incident"]:
        keys = [UUID(key) for key in ids["incident"]]
        shown = await views.read(connection, keys, STREET, registry, now, whole=False)
        found |= {("incident", str(key)): body for key, body in shown.items()}
        cases |= shown.keys()
    if ids["alarm"]:
        statement = select(alarm).where(alarm.c.id.in_([UUID(key) for key in ids["alarm"]]))
        for one in await connection.execute(statement):
            found["alarm", str(one.id)] = show_alarm(one, registry, now)
            if one.incident_id is not None:
                cases.add(one.incident_id)
    if ids["health"]:
        for report in await _health(connection, ids["health"]):
            found["health", f"{report.node}/{report.device}"] = report
    if ids["command"]:
        asked = await commands.read(connection, [UUID(key) for key in ids["command"]])
        found |= {("command", str(command.id)): command for command in asked}
    if ids["notice"]:
        calls = await notices.events(connection, [UUID(key) for key in ids["notice"]])
        found |= {("notice", str(key)): call for key, call in calls.items()}
    lie = await places(connection, cases) if cases else {}
    named = ((row, found.get((row.kind, row.subject))) for row in wanted)
    return [
        Item(row.cursor, row.kind, body, _where(body, lie, registry))
        for row, body in named
        if body is not None
    ]


def _where(body: BaseModel, cases: Mapping[UUID, Where], registry: Registry) -> Where | None:
    """What hangs on a case lies where that does; what does not, at its point."""
    match body:
        case Incident():
            return cases.get(body.id, Where())
        case Alarm() if body.incident_id is not None:
            return cases.get(body.incident_id, Where())
        case Alarm():
            return _at(body.point.id, registry)
        case CommandOut():
            camera = registry.devices.get(str(body.body.get("camera")))
            return _at(camera.point, registry) if camera else None
        case _:
            return None


def _at(point: str, registry: Registry) -> Where:
    grid = registry.grid_of(point)
    return Where(grid.id, grid.parent) if grid else Where()


async def _health(connection: AsyncConnection, subjects: Sequence[str]) -> list[HealthEvent]:
    keys = [subject.split("/", 1) for subject in subjects]
    table = device_health.c
    statement = select(device_health).where(or_(*((table.node == n) & (table.device == d) for n, d in keys)))
    return [
        HealthEvent(
            node=row.node,
            device=row.device,
            kind=row.kind,
            status=row.status,
            detail=row.detail,
            checked_at=row.checked_at,
        )
        for row in await connection.execute(statement)
    ]
