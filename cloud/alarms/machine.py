"""The one table of an alarm's states after ISA-18.2: which action leads from where to where, and who may.

Pure. The doors, the intake, the timers, the docs and the tests all read this table. An alarm is one life of a
condition, so what has gone never comes back by itself: a new condition is a new alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cloud.people.roles import Role


class AlarmPhase(StrEnum):
    """Where an alarm stands; the letters are those of ISA-18.2, figure 2."""

    UNACKNOWLEDGED = "unacknowledged"
    """B: active, and nobody has said that they saw it."""
    ACKNOWLEDGED = "acknowledged"
    """C: active and seen."""
    GONE_UNACKNOWLEDGED = "gone_unacknowledged"
    """D: gone before anybody saw it; it waits to be acknowledged."""
    NORMAL = "normal"
    """A: over, and nobody has to look."""
    SHELVED = "shelved"
    """G: active; a person put it aside, with a reason, until a time."""
    SUPPRESSED = "suppressed"
    """H: active; what is seen is allowed at this place and hour (suppressed by design)."""
    OUT_OF_SERVICE = "out_of_service"
    """I: active; its device is being worked on."""


S = AlarmPhase
CALLING: frozenset[AlarmPhase] = frozenset({S.UNACKNOWLEDGED, S.ACKNOWLEDGED})
"""Active, and people are to deal with it."""
ASIDE: frozenset[AlarmPhase] = frozenset({S.SHELVED, S.SUPPRESSED, S.OUT_OF_SERVICE})
"""Active, stored and counted; calls nobody."""
ACTIVE: frozenset[AlarmPhase] = CALLING | ASIDE
NOBODY: frozenset[Role] = frozenset()
WATCHERS = frozenset({Role.OPERATOR, Role.LEADER, Role.STREET})
"""Who looks at alarms and says what is to become of them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    action: str
    sources: tuple[AlarmPhase, ...]
    target: AlarmPhase
    roles: frozenset[Role] = NOBODY
    """None: only the system does it, or a person at the device's own door."""
    reason: bool = False
    """A reason must be given."""


TABLE: tuple[Rule, ...] = (
    Rule("acknowledge", (S.UNACKNOWLEDGED,), S.ACKNOWLEDGED, WATCHERS),
    Rule("acknowledge", (S.GONE_UNACKNOWLEDGED,), S.NORMAL, WATCHERS),
    Rule("unacknowledge", (S.ACKNOWLEDGED,), S.UNACKNOWLEDGED, WATCHERS),
    Rule("shelve", (S.UNACKNOWLEDGED, S.ACKNOWLEDGED, S.SHELVED), S.SHELVED, WATCHERS, reason=True),
    Rule("shelve", (S.GONE_UNACKNOWLEDGED, S.NORMAL), S.NORMAL, WATCHERS, reason=True),
    Rule("unshelve", (S.SHELVED,), S.UNACKNOWLEDGED, WATCHERS),
    Rule("shelf_ended", (S.SHELVED,), S.UNACKNOWLEDGED),
    Rule("broke_out", (S.SHELVED, S.SUPPRESSED), S.UNACKNOWLEDGED),
    Rule("suppress", (S.UNACKNOWLEDGED,), S.SUPPRESSED),
    Rule("suppression_ended", (S.SUPPRESSED,), S.UNACKNOWLEDGED),
    Rule(
        "take_out",
        (S.UNACKNOWLEDGED, S.ACKNOWLEDGED, S.SHELVED, S.SUPPRESSED, S.OUT_OF_SERVICE),
        S.OUT_OF_SERVICE,
    ),
    Rule("put_back", (S.OUT_OF_SERVICE,), S.UNACKNOWLEDGED),
    Rule("clear", (S.UNACKNOWLEDGED,), S.GONE_UNACKNOWLEDGED),
    Rule("clear", (S.ACKNOWLEDGED, S.SHELVED, S.SUPPRESSED, S.OUT_OF_SERVICE), S.NORMAL),
)
"""`raise` (nothing -> unacknowledged) stands beside these; a new alarm may be put aside at once."""

ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(rule.action for rule in TABLE if rule.roles))
"""What people may do to an alarm."""
INTO = {S.SHELVED: "shelve", S.SUPPRESSED: "suppress", S.OUT_OF_SERVICE: "take_out"}
"""Aside -> the action by which an alarm comes there."""
OUT_OF = {S.SHELVED: "shelf_ended", S.SUPPRESSED: "suppression_ended", S.OUT_OF_SERVICE: "put_back"}
"""Aside -> the action by which it comes back when its time is over."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an alarm's log."""

    action: str
    source: AlarmPhase
    target: AlarmPhase


def state_of(*, active: bool, acknowledged: bool, aside: AlarmPhase | None) -> AlarmPhase:
    """The state that an alarm's facts make. What goes while it is aside is over: it called nobody."""
    if not active:
        return S.NORMAL if acknowledged or aside else S.GONE_UNACKNOWLEDGED
    return aside or (S.ACKNOWLEDGED if acknowledged else S.UNACKNOWLEDGED)


def rule_for(action: str, state: AlarmPhase) -> Rule | None:
    """The row for `action` in `state`; None: the table has none."""
    return next((rule for rule in TABLE if rule.action == action and state in rule.sources), None)


def allowed(state: AlarmPhase, roles: Collection[Role]) -> tuple[str, ...]:
    """What one of `roles` may do now, in the table's order."""
    found = (rule.action for rule in TABLE if state in rule.sources and rule.roles.intersection(roles))
    return tuple(dict.fromkeys(found))


def take(action: str, state: AlarmPhase) -> Line:
    """The line of the log that `action` writes.

    Raises:
        ValueError: the table has no such row.
    """
    rule = rule_for(action, state)
    if rule is None:
        raise ValueError(f"{action} from {state}")
    return Line(action, state, rule.target)


def lead(state: AlarmPhase, wanted: AlarmPhase | None, leaving: str | None = None) -> Sequence[Line]:
    """How an active alarm comes to be aside as `wanted` says (None: no longer aside), one line a step.

    `leaving`: why it leaves where it is, instead of that its time is over.
    """
    lines: list[Line] = []
    if state in ASIDE and state is not wanted and not (wanted and rule_for(INTO[wanted], state)):
        lines.append(take(leaving or OUT_OF[state], state))
        state = lines[-1].target
    if wanted is not None and state is not wanted:
        lines.append(take(INTO[wanted], state))
    return lines
