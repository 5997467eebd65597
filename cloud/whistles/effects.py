"""A department that did not check in, or report, in time: red, counted, told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.deadlines.store import Deadline
from cloud.incidents import log
from cloud.incidents.store import GRIDWATCH
from cloud.organisations.reading import name_of
from cloud.push.service import Notice, notify
from cloud.whistles.calls import lateness
from cloud.whistles.service import call_of
from cloud.whistles.tables import whistle_call
from devices.site.model import Names

_WORDS = {
    "check_in": Names(zh="逾期未报到", en="has not checked in in time"),
    "report": Names(zh="逾期未反馈", en="has not reported in time"),
}


async def late(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
    """The effect of a call's deadline; the case's place is locked."""
    call_id, clock = UUID(one.detail["call"]), one.detail["clock"]
    row = (await connection.execute(select(whistle_call).where(whistle_call.c.id == call_id))).one()
    call = lateness(call_of(row), now)
    values = {"check_in_late": call.check_in_late, "report_late": call.report_late}
    if values == {name: getattr(row, name) for name in values}:
        return
    change = update(whistle_call).where(whistle_call.c.id == call_id)
    await connection.execute(change.values(version=row.version + 1, **values))
    detail = {"call": str(call_id), "organisation": row.organisation}
    await log.append(connection, row.incident_id, f"{clock}_late", GRIDWATCH, detail, now)
    said, who = _WORDS[clock], await name_of(connection, row.organisation)
    words = Names(zh=f"{who.zh}{said.zh}", en=f"{who.en} {said.en}")
    told = (f"organisation:{row.organisation}", "duty:shift_leader", "role:operator")
    await notify(connection, Notice("deadline", row.incident_id, told, words), now)
