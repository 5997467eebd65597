"""The one door for whoever wants people told: a row in the caller's transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import RANK
from cloud.database.schema import alarm, incident
from cloud.push.tables import notice
from devices.ids import uuid7
from devices.messages import Severity
from devices.site.model import Names

_TARGET = re.compile(
    r"person:\S+|role:[a-z_]+|organisation:\S+|group:\S+|duty:(primary|backup|grid_leader|shift_leader)"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people have to be told."""

    kind: str
    """By which a ladder is chosen: `incident`, `whistle`, `deadline`, `playbook`, ..."""
    incident_id: UUID | None
    targets: tuple[str, ...]
    """`person:<username>`, `role:<role>`, `organisation:<id>`,
    `duty:<primary|backup|grid_leader|shift_leader>`, `group:<id>`; the ladder's rung `notice` tells these."""
    words: Names
    severity: Severity | None = None
    """None: the incident's; without an incident, medium."""

    def __post_init__(self) -> None:
        wrong = [one for one in self.targets if not _TARGET.fullmatch(one)]
        if wrong:
            raise ValueError(f"targets: {wrong[0]!r} names nobody; write for example `duty:primary`")


async def calls(connection: AsyncConnection, incident_id: UUID) -> bool:
    """Whether a case is to call anybody by itself: not while all that tells of it is history or put aside."""
    mine = select(alarm.c.id).where(alarm.c.incident_id == incident_id)
    calling = mine.where(~alarm.c.history, alarm.c.aside.is_(None))
    return bool(await connection.scalar(select(or_(calling.exists(), ~mine.exists()))))


async def notify(connection: AsyncConnection, what: Notice, now: datetime | None = None) -> UUID:
    """Have `what` told: its ladder begins when the caller commits, and runs outside of any transaction.

    `now`: the caller's clock; None: the wall clock. Answers the notice's id.
    """
    now = now or datetime.now(UTC)
    rank = RANK[what.severity or Severity.MEDIUM]
    if what.severity is None and what.incident_id is not None:
        found = await connection.scalar(select(incident.c.severity).where(incident.c.id == what.incident_id))
        rank = rank if found is None else found
    identifier = uuid7()
    row = {
        "id": identifier, "kind": what.kind, "incident_id": what.incident_id, "severity": rank,
        "targets": list(what.targets), "words": what.words.model_dump(), "created_at": now,
        "look_at": now,
    }  # fmt: skip
    await connection.execute(insert(notice), row)
    return identifier
