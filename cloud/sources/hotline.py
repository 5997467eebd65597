"""A hotline's sheet into cases: one transaction a row, so that a fault in one row costs no other.

The same number of the same hotline is one case, however often and from wherever it is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.registry import Registry
from cloud.incidents.store import Actor
from cloud.people.scope import STREET
from cloud.sources import nearby, reports
from cloud.sources.duplicates import Candidate
from cloud.sources.policy import SourcesPolicy
from cloud.sources.sheet import Row, RowFault, read_sheet
from cloud.sources.show import spot_of

TOLD = 200
"""Faults, and cases with candidates, that are told one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Near:
    """A row that may tell of a case that was open already."""

    line: int
    external: str
    candidates: Sequence[Candidate]


@dataclass(slots=True)
class Outcome:
    """What became of a sheet."""

    taken: int = 0
    """Rows that are cases now."""
    repeated: int = 0
    """Rows whose number was imported before."""
    refused: int = 0
    faults: list[RowFault] = field(default_factory=list)
    """Of the refused, the first 200."""
    doubtful: int = 0
    """Taken rows that may be duplicates."""
    near: list[Near] = field(default_factory=list)
    """Of the doubtful, the first 200."""


async def bring(
    engine: AsyncEngine,
    file: IO[bytes],
    policy: SourcesPolicy,
    registry: Registry,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Import the sheet in `file` (seekable).

    Raises:
        SheetRefused: it has no header that can be read; nothing was taken.
    """
    outcome = Outcome()
    for row in read_sheet(file, policy.hotline, registry):
        if isinstance(row, RowFault):
            outcome.refused += 1
            outcome.faults += [row] if outcome.refused <= TOLD else []
            continue
        async with engine.begin() as connection:
            near = await _take(connection, row, policy, registry, actor, now)
        if near is None:
            outcome.repeated += 1
            continue
        outcome.taken += 1
        if near:
            outcome.doubtful += 1
            outcome.near += [Near(row.line, row.number, near)] if outcome.doubtful <= TOLD else []
    return outcome


async def _take(
    connection: AsyncConnection,
    row: Row,
    policy: SourcesPolicy,
    registry: Registry,
    actor: Actor,
    now: datetime,
) -> list[Candidate] | None:
    """Open a case; the cases that it may be a duplicate of. None: it was imported before."""
    told = reports.Told(
        source="hotline",
        sender=f"hotline:{policy.hotline.id}",
        external=row.number,
        event_class=row.event_class,
        words=row.words,
        where=row.where,
        happened_at=row.at or now,
        address=row.address,
    )
    kept = await reports.keep(connection, told, registry, now)
    if kept is None:
        return None
    near = await nearby.near(connection, spot_of(kept, row.event_class), STREET, policy, registry)
    await reports.open_case(connection, kept, row.event_class, actor, registry, now)
    return near
