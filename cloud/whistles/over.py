"""Calls to a case that turned out to be none: taken back by themselves, and who may be on the way is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.incidents.store import GRIDWATCH
from cloud.incidents.transitions import State
from cloud.push.service import Notice, notify
from cloud.whistles.calls import OPEN_CALLS, Answer
from cloud.whistles.service import answer
from cloud.whistles.tables import whistle_call
from devices.site.model import Names

WORDS = {
    State.FALSE_ALARM: Names(zh="已判为误报", en="is a false alarm"),
    State.VOID: Names(zh="已作废", en="is void"),
    State.REJECTED: Names(zh="不予受理", en="is rejected"),
}
"""Ends of a case for which nobody has to come; every other end waits for the reports."""


async def call_off(connection: AsyncConnection, incident_id: UUID, state: State, now: datetime) -> None:
    """Withdraw the open calls of a case that ended in `state`; its place is held."""
    words = WORDS.get(state)
    mine = (whistle_call.c.incident_id == incident_id, whistle_call.c.state.in_(sorted(OPEN_CALLS)))
    calls = select(whistle_call.c.id, whistle_call.c.version, whistle_call.c.organisation).where(*mine)
    rows = (await connection.execute(calls.order_by(whistle_call.c.called_at, whistle_call.c.id))).all()
    if words is None or not rows:
        return
    for row in rows:
        why = f"the case {words.en}"
        await answer(connection, row.id, Answer.WITHDRAW, why, GRIDWATCH, now, row.version)
    number = await connection.scalar(select(incident.c.number).where(incident.c.id == incident_id))
    told = tuple(f"organisation:{row.organisation}" for row in rows)
    said = Names(
        zh=f"案卷 {number} {words.zh}，无需再到场", en=f"Case {number} {words.en}: you need not come"
    )
    # Of no case: what is about one that is closed is told to nobody any more.
    await notify(connection, Notice("whistle", None, told, said), now)
