"""Which cases a person may know of: one condition that every query over incidents takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.people.person import Person
from cloud.people.roles import OF_AREAS, OF_STREET, Role
from cloud.people.tables import incident_party


@dataclass(frozen=True, slots=True)
class Where:
    """Where a thing lies, and who is party to it wherever they look. Default: nowhere."""

    grid: str | None = None
    community: str | None = None
    parties: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where somebody may look. Default: nowhere."""

    areas: frozenset[str] | None = frozenset()
    """Ids of grids and communities, with all grids of the communities in it; None: the whole street."""
    parties: frozenset[str] = frozenset()
    """As whom they are party to a case wherever it lies: `person:<username>`, `organisation:<id>`."""

    def holds(self, grid: str | None, community: str | None) -> bool:
        """Whether what lies there is in scope; what lies nowhere is in the whole street's only."""
        return self.areas is None or grid in self.areas or community in self.areas

    def sees(self, where: Where) -> bool:
        """What `visible` says, of a thing in memory."""
        return self.holds(where.grid, where.community) or not self.parties.isdisjoint(where.parties)

    def holds_point(self, point: str, registry: Registry) -> bool:
        """Whether a monitored point is in scope."""
        grid = registry.grid_of(point)
        return self.holds(grid.id if grid else None, grid.parent if grid else None)


STREET = Scope(areas=None)
"""Everything: the system's own."""


def scope_of(person: Person, registry: Registry) -> Scope:
    """The scope of somebody: the union of what their roles see."""
    roles = set(person.roles)
    parties = set()
    if Role.DEPARTMENT in roles and person.organisation:
        parties.add(f"organisation:{person.organisation}")
    if roles & (OF_STREET | OF_AREAS):
        parties.add(f"person:{person.username}")
    areas: frozenset[str] | None = frozenset()
    if roles & OF_STREET or (roles & OF_AREAS and person.areas):
        areas = _expanded(person.areas, registry)
    if person.narrowed:
        within = _expanded(person.narrowed, registry)
        areas = within if areas is None else areas if within is None else areas & within
    return Scope(areas, frozenset(parties))


def _expanded(areas: Iterable[str], registry: Registry) -> frozenset[str] | None:
    """The areas with the grids of the communities among them; None: the whole street."""
    mine = set(areas)
    if not mine or any(area.id in mine and area.level == "street" for area in registry.areas.values()):
        return None
    return frozenset(mine | {area.id for area in registry.areas.values() if area.parent in mine})


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition over `cloud.database.schema.incident` that holds for what is in scope."""
    if scope.areas is None:
        return true()
    parties = incident_party.c.party.in_(sorted(scope.parties))
    party = incident.c.id.in_(select(incident_party.c.incident_id).where(parties))
    mine = sorted(scope.areas)
    if not mine:  # alone it can be answered by an index, within an OR it cannot
        return party
    return or_(incident.c.grid.in_(mine), incident.c.community.in_(mine), party)


async def places(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Where]:
    """Where these cases lie."""
    found = select(incident_party).where(incident_party.c.incident_id.in_(ids))
    parties: dict[UUID, set[str]] = defaultdict(set)
    for row in await connection.execute(found):
        parties[row.incident_id].add(row.party)
    lie = select(incident.c.id, incident.c.grid, incident.c.community).where(incident.c.id.in_(ids))
    rows = await connection.execute(lie)
    return {row.id: Where(row.grid, row.community, frozenset(parties[row.id])) for row in rows}


async def require(connection: AsyncConnection, scope: Scope, incident_id: UUID) -> None:
    """Go on only when the case is there and in scope; which of the two it is not, nobody learns.

    Raises:
        Problem: `not_found`.
    """
    statement = select(incident.c.id).where(incident.c.id == incident_id, visible(scope))
    if await connection.scalar(statement) is None:
        raise Problem("not_found", f"no incident has the id {incident_id}")


async def admit(connection: AsyncConnection, incident_id: UUID, party: str) -> None:
    """Let `person:<username>` or `organisation:<id>` see a case from now on, wherever it lies.

    The database does it by itself for a case's handler and organisation; call it for those who are called in.
    """
    row = {"incident_id": incident_id, "party": party}
    await connection.execute(insert(incident_party).values(row).on_conflict_do_nothing())
