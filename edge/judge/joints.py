"""Which conditions a node's joins are about, and a joined condition as a message. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from devices.messages import Condition, ConditionState, JoinedPart, Severity
from devices.site.joins import Join, PartOf
from devices.site.model import Point
from edge.judge.case import Turn
from edge.judge.joined import Heard, Life

HEALTH = "health."
"""How the rules of a camera's health begin."""


@dataclass(frozen=True, slots=True)
class Joint:
    """One join at its point."""

    join: Join
    point: str
    where: tuple[frozenset[str], ...]
    """Of each part, the points."""

    def part(self, condition: Condition) -> int | None:
        """The first part that a condition can be; None: it is none of them."""
        for at, (part, points) in enumerate(zip(self.join.parts, self.where, strict=True)):
            if condition.point in points and _fits(part, condition):
                return at
        return None


def joints_of(points: Iterable[Point]) -> tuple[Joint, ...]:
    """All joins of a node's points."""
    mine = list(points)
    grids = {one.grid: frozenset(each.id for each in mine if each.grid == one.grid) for one in mine}

    def where(point: Point, part: PartOf) -> frozenset[str]:
        if isinstance(part.at, tuple):
            return frozenset(part.at)
        return grids[point.grid] if part.at == "grid" else frozenset({point.id})

    return tuple(
        Joint(join, point.id, tuple(where(point, part) for part in join.parts))
        for point in mine
        for join in point.joins
    )


def _fits(part: PartOf, condition: Condition) -> bool:
    asked = (part.device, part.zone, part.rule, part.event_class)
    given = (condition.device, condition.zone, condition.rule, condition.event_class)
    return not condition.parts and all(
        one is None or one == other for one, other in zip(asked, given, strict=True)
    )


def quiet(joint: Joint, part: int, condition: Condition) -> bool:
    """Whether nothing is told of it until it is joined; what a camera sees has photos and is always told."""
    seen = condition.zone is not None or condition.rule.startswith(HEALTH)
    return joint.join.parts[part].alone == "silent" and not seen


def doubtful(joint: Joint, part: int, condition: Condition) -> bool:
    """Whether it is told as suspected until it is joined."""
    alone = joint.join.parts[part].alone
    return alone == "suspected" or (alone == "silent" and not quiet(joint, part, condition))


def in_doubt(condition: Condition) -> Condition:
    """The condition as it is told while nothing confirms it."""
    return condition.model_copy(update={"suspected": True, "severity": Severity.LOW})


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
        told=not quiet(joint, part, condition),
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
