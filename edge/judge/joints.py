"""Which conditions a node's joins are about, and what becomes of a condition's message. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from devices.messages import Condition, ConditionState, JoinedPart, Severity
from devices.site.joins import Join, PartOf
from devices.site.model import Point
from edge.judge.case import Turn
from edge.judge.joined import Heard, Life, Notes, hear


@dataclass(frozen=True, slots=True)
class Joint:
    """One join at its point."""

    join: Join
    point: str
    where: tuple[frozenset[str], ...]
    """Of each part, the points."""
    cameras: frozenset[str]
    """Of the node."""

    def part(self, condition: Condition) -> int | None:
        """The first part that a condition can be; None: it is none of them."""
        for at, (part, points) in enumerate(zip(self.join.parts, self.where, strict=True)):
            if condition.point in points and _fits(part, condition):
                return at
        return None


def joints_of(points: Iterable[Point]) -> tuple[Joint, ...]:
    """All joins of a node's points."""
    mine = list(points)
    cameras = frozenset(camera.id for one in mine for camera in one.cameras)
    grids = {one.grid: frozenset(each.id for each in mine if each.grid == one.grid) for one in mine}

    def where(point: Point, part: PartOf) -> frozenset[str]:
        if isinstance(part.at, tuple):
            return frozenset(part.at)
        return grids[point.grid] if part.at == "grid" else frozenset({point.id})

    return tuple(
        Joint(join, point.id, tuple(where(point, part) for part in join.parts), cameras)
        for point in mine
        for join in point.joins
    )


def _fits(part: PartOf, condition: Condition) -> bool:
    asked = (part.device, part.zone, part.rule, part.event_class)
    given = (condition.device, condition.zone, condition.rule, condition.event_class)
    return not condition.parts and all(
        one is None or one == other for one, other in zip(asked, given, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one join between two words."""

    notes: Notes = field(default_factory=Notes)
    withheld: Mapping[UUID, Condition] = field(default_factory=dict)
    """The latest messages of silent parts that nothing has joined yet."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What one join makes of one condition's message."""

    kept: Kept
    told: bool
    """It is told, not withheld."""
    sure: bool
    """It is told as it is, not as suspected."""
    more: tuple[Condition, ...]
    """Told after it: the joined condition, and parts that were withheld until now."""


def relayed(
    joint: Joint,
    part: int,
    kept: Kept,
    condition: Condition,
    now: float,
    to_utc: float,
    new_id: Callable[[], UUID],
) -> Relayed:
    """Have a join hear of a condition that is its part, at the judge's `now`; plus `to_utc` that is UTC."""
    life = life_of(joint, part, condition, -to_utc)
    at = min(now, condition.changed_at.timestamp() - to_utc)
    heard = hear(joint.join, kept.notes, life, at, new_id)
    told = {one.id: one.told for one in heard.notes.lives}
    withheld = {**kept.withheld, condition.condition_id: condition}
    released = [one for key, one in withheld.items() if told.get(key) and key != condition.condition_id]
    joined = [] if heard.turn is None else [message(joint, condition.node, heard.turn, heard, to_utc)]
    return Relayed(
        Kept(heard.notes, {key: one for key, one in withheld.items() if told.get(key) is False}),
        told.get(life.id, life.told),
        joint.join.parts[part].alone == "report" or life.source in heard.notes.members,
        (*joined, *released),
    )


def passed_on(condition: Condition, all_joins: Iterable[Relayed]) -> tuple[Condition, ...]:
    """What is told in a condition's place, after all joins whose part it is have heard of it."""
    heard = list(all_joins)
    more = tuple(one for each in heard for one in each.more)
    if not all(one.told for one in heard):
        return more
    if not all(one.sure for one in heard):
        condition = condition.model_copy(update={"suspected": True, "severity": Severity.LOW})
    return (condition, *more)


def _silent(joint: Joint, part: int, condition: Condition) -> bool:
    """Nothing is told of it until it is joined; what a camera sees has photos and is told as suspected."""
    return joint.join.parts[part].alone == "silent" and condition.device not in joint.cameras


def life_of(joint: Joint, part: int, condition: Condition, to_clock: float) -> Life:
    """The life that a condition's message tells of; `to_clock` turns UTC seconds into the judge's own."""
    over = condition.state is ConditionState.CLEARED
    begin = condition.since.timestamp() + to_clock
    return Life(
        id=condition.condition_id,
        source=(part, f"{condition.device}|{condition.zone or ''}|{condition.rule}"),
        begin=begin,
        shown=JoinedPart(
            condition_id=condition.condition_id,
            point=condition.point,
            device=condition.device,
            zone=condition.zone,
            rule=condition.rule,
            label=condition.label,
            since=condition.since,
            measured=condition.measured,
        ),
        score=condition.score,
        suspected=condition.suspected,
        held=condition.state is ConditionState.HELD,
        end=max(begin, condition.changed_at.timestamp() + to_clock) if over else None,
        told=not _silent(joint, part, condition),
    )


def message(joint: Joint, node: str, one: Turn, heard: Heard, to_utc: float) -> Condition:
    """A turn of a join as the cloud is told; `to_utc` turns the judge's seconds into UTC's."""
    join, case = joint.join, one.case
    return Condition(
        condition_id=case.id,
        rev=case.rev,
        change=one.change,
        state=case.state,
        node=node,
        point=joint.point,
        device=join.id,
        rule=join.id,
        place=join.place or join.id,
        event_class=join.event_class,
        label=case.label,
        score=case.score,
        severity=join.severity,
        since=datetime.fromtimestamp(case.since + to_utc, UTC),
        changed_at=datetime.fromtimestamp(one.at + to_utc, UTC),
        suspected=case.suspected,
        reopens=case.reopens,
        parts=heard.parts,
    )
