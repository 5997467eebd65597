"""What passed limits do: the wall is told again, then the shift leader; what stayed too long goes up.

What a day, week or month left uncleared is told once, all of it together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import deadline_event, incident
from cloud.deadlines import store
from cloud.deadlines.firing import Effect
from cloud.deadlines.plans import LEVEL
from cloud.deadlines.steps import STATES
from cloud.deadlines.store import Deadline
from cloud.escalation.policy import Escalation
from cloud.escalation.service import WORDS, hand_up, set_level
from cloud.incidents.store import GRIDWATCH
from cloud.push.service import Notice, calls, notify
from devices.messages import Severity
from devices.site.model import Names

UNACCEPTED, UNCLEARED = "unaccepted", "uncleared"
"""Kinds of the deadlines by which the shift leader is told."""
GATHER = timedelta(seconds=60)
"""From the end of a day, week or month until what it left uncleared is counted."""
_ENDED = {
    "day": Names(zh="日清", en="day"),
    "week": Names(zh="周清", en="week"),
    "month": Names(zh="月清", en="month"),
}


def effects(policy: Callable[[], Escalation]) -> Mapping[str, Effect]:
    """By kind of deadline; `policy`: the one in force."""

    async def red(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        if one.detail["step"] != "acceptance" or one.incident_id is None:
            return
        if not await calls(connection, one.incident_id):
            return
        words = Names(zh=f"{one.detail['limit']}内未受理", en=f"Not accepted within {one.detail['limit']}")
        await notify(connection, Notice("deadline", one.incident_id, ("role:operator",), words), now)
        after = one.due + timedelta(seconds=policy().acceptance.leader_after)
        key = f"incident/{one.incident_id}/unaccepted"
        await store.put(connection, [Deadline(key, UNACCEPTED, after, one.incident_id)])

    async def unaccepted(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        assert one.incident_id is not None
        state = await connection.scalar(select(incident.c.state).where(incident.c.id == one.incident_id))
        if state not in STATES["acceptance"] or not await calls(connection, one.incident_id):
            return
        words = Names(zh="仍未受理,请值班长处理", en="Still not accepted: the shift leader is asked")
        await notify(connection, Notice("deadline", one.incident_id, ("duty:shift_leader",), words), now)

    async def clearing(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        key = f"{UNCLEARED}/{one.detail['clearing']}/{one.due.isoformat()}"
        detail = {"clearing": one.detail["clearing"], "ended_at": one.due.isoformat()}
        await store.put(connection, [Deadline(key, UNCLEARED, one.due + GATHER, None, detail)])

    async def uncleared(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        fired, name = deadline_event.c, _ENDED[one.detail["clearing"]]
        left = select(func.count()).where(
            fired.kind == "clearing",
            fired.due_at == datetime.fromisoformat(one.detail["ended_at"]),
            fired.detail["clearing"].astext == one.detail["clearing"],
        )
        count = await connection.scalar(left)
        words = Names(
            zh=f"{name.zh}未清 {count} 件，请查看未清清单",
            en=f"Not cleared when the {name.en} ended: {count}; see the list",
        )
        told = ("duty:shift_leader", "role:leader")
        await notify(connection, Notice("deadline", None, told, words, Severity.MEDIUM), now)

    async def level(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        assert one.incident_id is not None
        if "from" in one.detail:
            since = one.detail["from"]
            why = f"at the {WORDS[since].en} for longer than it may stay there"
            said = Names(zh=f"在{WORDS[since].zh}停留超时", en=why)
            await hand_up(connection, one.incident_id, why, GRIDWATCH, now, said=said)
        else:
            begins = {"why": "where this class begins"}
            await set_level(connection, one.incident_id, one.detail["level"], begins, GRIDWATCH, now)

    return {
        "red": red, UNACCEPTED: unaccepted, "clearing": clearing, UNCLEARED: uncleared, LEVEL: level,
    }  # fmt: skip
