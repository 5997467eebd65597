"""Which traces there are, with their numbers and last values; in PostgreSQL whatever keeps the values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.schema import trace as table
from cloud.telemetry.values import Trace, Value, latest

_NAMES = ("node", "point", "device", "zone", "quantity", "unit")
_GIVEN = ", ".join(f"CAST(:{name} AS text[])" for name in _NAMES)
_NEW = text(f"""
    INSERT INTO trace ({", ".join(_NAMES)})
    SELECT * FROM unnest({_GIVEN}) ON CONFLICT DO NOTHING
""")  # noqa: S608 (constants above)
_FIND = text(f"""
    SELECT id, {", ".join(_NAMES)} FROM trace
    WHERE ({", ".join(_NAMES)}) IN (SELECT * FROM unnest({_GIVEN}))
""")  # noqa: S608 (constants above)
_NOTE = text("""
    WITH said AS (
        SELECT * FROM unnest(CAST(:ids AS integer[]), CAST(:ats AS timestamptz[]),
                             CAST(:numbers AS double precision[])) AS said (id, at, number)
    ), stood AS (
        SELECT id FROM trace WHERE id = ANY(CAST(:ids AS integer[])) ORDER BY id FOR UPDATE
    )
    UPDATE trace SET last_at = said.at, last_value = said.number
    FROM said JOIN stood USING (id)
    WHERE trace.id = said.id AND (trace.last_at IS NULL OR trace.last_at < said.at)
""")


@dataclass(frozen=True, slots=True)
class Listed:
    """A trace with its last sound value; `last_at` is None while there is none."""

    trace: Trace
    last_at: datetime | None
    last_value: float | None


class Catalogue:
    """See the module."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._ids: dict[Trace, int] = {}

    async def ids(self, traces: Collection[Trace]) -> Mapping[Trace, int]:
        """The number of each, given where it has none yet."""
        unknown = sorted(set(traces) - self._ids.keys())
        if unknown:
            given = {name: [getattr(one, name) for one in unknown] for name in _NAMES}
            async with self._engine.begin() as connection:
                await connection.execute(_NEW, given)
                rows = (await connection.execute(_FIND, given)).mappings().all()
            self._ids |= {_trace(row): row["id"] for row in rows}
        return {one: self._ids[one] for one in traces}

    async def note(self, values: Sequence[Value]) -> None:
        """Keep the last value of each trace."""
        last = latest(values)
        ids = await self.ids(last)
        if not last:
            return
        given = {
            "ids": [ids[trace] for trace in last],
            "ats": [one.at for one in last.values()],
            "numbers": [one.value for one in last.values()],
        }
        async with self._engine.begin() as connection:
            await connection.execute(_NOTE, given)


async def listed(
    connection: AsyncConnection, *, points: Iterable[str] = (), nodes: Iterable[str] = (), **exactly: str
) -> list[Listed]:
    """The traces of these points and what is these nodes' own; `exactly`: with these columns."""
    found = select(table).order_by(*(table.c[name] for name in ("device", "zone", "quantity", "unit")))
    own = (table.c.point == "") & table.c.node.in_(list(nodes))
    found = found.where(table.c.point.in_(list(points)) | own)
    for name, value in exactly.items():
        found = found.where(table.c[name] == value)
    rows = (await connection.execute(found)).mappings().all()
    return [Listed(_trace(row), row["last_at"], row["last_value"]) for row in rows]


def _trace(row: Mapping[str, Any] | Any) -> Trace:
    return Trace(**{name: row[name] for name in _NAMES})
