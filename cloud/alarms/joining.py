"""Which open incident a new condition joins although it is not of that incident's place and class.

Three ways: a joined condition takes up the incident of one of its parts; a part that comes later goes to the
incident of what joined it; and alarms of several nodes near one another in place and time are one incident
where the site says so (`incident_joins`). Times are those of what happened, never of arrival: what comes out
of an outage joins what was the matter then, and nothing of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import alarm, incident
from cloud.incidents.store import Key
from cloud.incidents.transitions import OPEN
from devices.messages import Condition
from devices.site.joins import IncidentJoin

Group = tuple[str, str]
"""A rule that joins incidents, and within which points: one transaction at a time opens incidents there."""


@dataclass(frozen=True, slots=True)
class Vicinity:
    """One rule's reach around one condition."""

    group: Group
    rule: IncidentJoin
    points: frozenset[str]


@dataclass(slots=True)
class Around:
    """Open incidents that new conditions may join, before anything is decided."""

    at_key: dict[Key, UUID] = field(default_factory=dict)
    """Incidents that have taken up an alarm of that place and class."""
    near: dict[Group, list[tuple[datetime, UUID]]] = field(default_factory=dict)
    """When the alarms of each group began, and whose they are; the oldest incident first."""
    keys: dict[UUID, Key] = field(default_factory=dict)
    """Place and class of all of these incidents."""


def vicinities(condition: Condition, registry: Registry) -> list[Vicinity]:
    """The rules that may join a condition, and their reach.

    None for a node that is silent: the cloud holds its place already when it raises that.
    """
    found: list[Vicinity] = []
    if condition.device == condition.node:
        return found
    for rule in registry.incident_joins:
        if condition.event_class in rule.classes:
            reach = _reach(rule, condition.point, registry)
            if reach is not None:
                name, points = reach
                found.append(Vicinity((rule.id, name), rule, points))
    return found


def _reach(rule: IncidentJoin, point: str, registry: Registry) -> tuple[str, frozenset[str]] | None:
    if isinstance(rule.across, tuple):
        return (rule.id, frozenset(rule.across)) if point in rule.across else None

    def area(one: str) -> str | None:
        grid = registry.grid_of(one)
        return None if grid is None else grid.id if rule.across == "grid" else grid.parent

    name = area(point)
    if name is None:
        return None
    return name, frozenset(one for one in registry.points if area(one) == name)


def group_keys(groups: Iterable[Group]) -> list[Key]:
    """What is locked before any place: nobody who holds a place then waits for a group."""
    return [(f"join|{rule}", name) for rule, name in groups]


async def look_around(
    connection: AsyncConnection, fresh: Sequence[Condition], reach: Mapping[UUID, Sequence[Vicinity]]
) -> Around:
    """What stands open near the new conditions; their groups are locked."""
    around = Around()
    if not fresh:
        return around
    keys = {(one.place, one.event_class) for one in fresh}
    columns = (
        alarm.c.place, alarm.c.event_class, alarm.c.point, alarm.c.since, incident.c.id,
        incident.c.place.label("case_place"), incident.c.event_class.label("case_class"),
    )  # fmt: skip
    base = select(*columns).join(incident, incident.c.id == alarm.c.incident_id)
    base = base.where(incident.c.state.in_(sorted(OPEN))).order_by(incident.c.opened_at, incident.c.id)
    taken_up = base.where(
        tuple_(alarm.c.place, alarm.c.event_class).in_(keys),
        or_(alarm.c.place != incident.c.place, alarm.c.event_class != incident.c.event_class),
    )
    for row in await connection.execute(taken_up):
        around.at_key.setdefault((row.place, row.event_class), row.id)
        around.keys[row.id] = (row.case_place, row.case_class)
    for vicinity, since in _spans(fresh, reach):
        span = timedelta(seconds=vicinity.rule.within)
        near = base.where(
            alarm.c.event_class.in_(vicinity.rule.classes),
            alarm.c.point.in_(sorted(vicinity.points)),
            alarm.c.since.between(min(since) - span, max(since) + span),
        )
        rows = (await connection.execute(near)).all()
        around.near[vicinity.group] = [(row.since, row.id) for row in rows]
        around.keys.update((row.id, (row.case_place, row.case_class)) for row in rows)
    return around


def _spans(
    fresh: Sequence[Condition], reach: Mapping[UUID, Sequence[Vicinity]]
) -> list[tuple[Vicinity, list[datetime]]]:
    """Each group once, with the beginnings that are asked about."""
    found: dict[Group, tuple[Vicinity, list[datetime]]] = {}
    for condition in fresh:
        for vicinity in reach.get(condition.condition_id, ()):
            found.setdefault(vicinity.group, (vicinity, []))[1].append(condition.since)
    return list(found.values())


def candidates(
    condition: Condition,
    placed: Mapping[UUID, UUID],
    joined_by: Mapping[UUID, Sequence[UUID]],
    reach: Sequence[Vicinity],
    around: Around,
) -> list[UUID]:
    """Incidents that a new condition may join, the best first. Pure.

    `placed`: of each known condition, its incident; `joined_by`: of a part, the conditions that name it.
    """
    found: list[UUID] = []
    if (condition.place, condition.event_class) in around.at_key:
        found.append(around.at_key[condition.place, condition.event_class])
    related = [*joined_by.get(condition.condition_id, ()), *(part.condition_id for part in condition.parts)]
    found += [placed[one] for one in related if one in placed]
    for vicinity in reach:
        within = timedelta(seconds=vicinity.rule.within)
        near = around.near.get(vicinity.group, ())
        found += [each for since, each in near if abs(since - condition.since) <= within]
    return found
