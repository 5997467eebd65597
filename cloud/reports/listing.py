"""Which cases stand in the ledger on the screen and in its files: its filters, and one page by keyset.

Each filter has an index of its own that ends in `opened_at DESC, id DESC`, so a page costs the same among a
thousand cases and among a million.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, collate, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.incidents.transitions import State
from cloud.people.scope import Scope, visible
from cloud.reports.querying import Wanted

LAST = "\U0010ffff"
"""No character sorts after it."""
COUNTED = 10_000
"""Cases are counted up to here: nobody reads further, and counting a million takes a second."""
Which = Literal["counted", "opened"]
"""Cases that count for an index in the span or were opened in it, or those that were opened in it alone."""
COLUMNS = (
    "id", "number", "event_class", "source", "severity", "level", "grid", "community", "point", "state",
    "organisation", "handler", "opened_at", "updated_at", "closed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the ledger can be narrowed by, beside what figures can."""

    cases: Which = "counted"
    states: tuple[State, ...] | None = None
    severity: int | None = None
    """Rank, 0 the worst."""
    number: str | None = None
    """How the acceptance number begins."""
    given_to: str | None = None
    """The organisation that has the case."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Over `incident`."""
        found: list[ColumnElement[bool]] = []
        if self.states is not None:
            found.append(incident.c.state.in_(sorted(self.states)))
        if self.severity is not None:
            found.append(incident.c.severity == self.severity)
        if self.number is not None:
            found += _begins(self.number)
        if self.given_to is not None:
            found.append(incident.c.organisation == self.given_to)
        return found


def conditions(
    wanted: Wanted, narrowed: Narrowed, scope: Scope, registry: Registry
) -> list[ColumnElement[bool]]:
    """The cases opened in the span that fit all filters."""
    opened = incident.c.opened_at
    found = [visible(scope), opened >= wanted.begins, opened < wanted.ends, *narrowed.conditions()]
    if wanted.area is not None:
        known = registry.areas.get(wanted.area)
        if known is None:
            found.append(or_(incident.c.grid == wanted.area, incident.c.community == wanted.area))
        elif known.level != "street":
            found.append(incident.c[known.level] == wanted.area)
    if wanted.event_class is not None:
        code, group = incident.c.event_class, f"{wanted.event_class}-"
        exact = wanted.event_class in registry.classes
        found.append(code == wanted.event_class if exact else code.startswith(group, autoescape=True))
    if wanted.source is not None:
        found.append(incident.c.source == wanted.source)
    return found


async def page(
    connection: AsyncConnection,
    wanted_by: Sequence[ColumnElement[bool]],
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> tuple[Sequence[Any], str | None]:
    """Rows newest first, and the cursor of the next page."""
    order = (incident.c.opened_at, incident.c.id)
    statement = select(*(incident.c[name] for name in COLUMNS)).where(*wanted_by)
    if after is not None:
        statement = statement.where(tuple_(*order) < tuple_(*after))
    statement = statement.order_by(*(column.desc() for column in order)).limit(limit + 1)
    rows = (await connection.execute(statement)).all()
    return rows[:limit], _encode(rows[limit - 1]) if len(rows) > limit else None


async def count(connection: AsyncConnection, wanted_by: Sequence[ColumnElement[bool]]) -> int:
    """How many there are; `COUNTED + 1` for more than are counted."""
    some = select(incident.c.id).where(*wanted_by).limit(COUNTED + 1).subquery()
    return await connection.scalar(select(func.count()).select_from(some)) or 0


def decode(cursor: str) -> tuple[datetime, UUID]:
    """What `page` gave as `next`.

    Raises:
        Problem: invalid.
    """
    try:
        at, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when = datetime.fromisoformat(at)
        if when.tzinfo is None:
            raise ValueError("no time of ours")
        return when, UUID(key)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        fault = {
            "pointer": "/query/cursor",
            "detail": "take `next` of the page before, with the same filters",
        }
        raise Problem("invalid", "cursor: cannot be read", errors=[fault]) from error


def _begins(number: str) -> list[ColumnElement[bool]]:
    """By comparing bytes: behind row-level security LIKE, which may leak what it sees, uses no index."""
    column = collate(incident.c.number, "C")
    return [column >= number, column < number + LAST]


def _encode(row: Any) -> str:
    text = json.dumps([row.opened_at.isoformat(), str(row.id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
