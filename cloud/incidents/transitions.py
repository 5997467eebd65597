"""The one table of an incident's states: which action leads from where to where, and who may do it.

Pure. The HTTP door, the intake of conditions, the page's buttons, the docs and the tests all read this table.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from cloud.people.roles import ANYONE, LEADERS, Role


class State(StrEnum):
    """Where an incident stands; names follow the seven-step national process."""

    DETECTED = "detected"
    VERIFYING = "verifying"
    ACCEPTED = "accepted"
    FILED = "filed"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CHECKING = "checking"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    EVALUATED = "evaluated"
    REJECTED = "rejected"
    VOID = "void"
    FALSE_ALARM = "false_alarm"


S = State
LADDER = (S.DETECTED, S.VERIFYING, S.ACCEPTED, S.FILED, S.DISPATCHED, S.IN_PROGRESS, S.RESOLVED)
"""From finding to the report that it is done."""
OPEN: frozenset[State] = frozenset({*LADDER, S.CHECKING, S.SUSPENDED})
"""At most one incident per place and class is in one of these (a partial unique index)."""
CLOSED: frozenset[State] = frozenset(State) - OPEN
SUSPENDABLE = (S.ACCEPTED, S.FILED, S.DISPATCHED, S.IN_PROGRESS)

NOBODY: frozenset[Role] = frozenset()
"""Roles of what only the system does."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the log: one state left, one entered."""

    action: str
    source: State
    target: State
    cause: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    action: str
    sources: tuple[State, ...]
    target: State | None
    """None: the state it was suspended from."""
    roles: frozenset[Role]
    reason: bool = False
    """A reason must be given."""
    passes: tuple[tuple[str, State], ...] = ()
    """Actions done automatically on the way, each with the state it enters."""
    cause: str = "person"


TABLE: tuple[Rule, ...] = (
    Rule("accept", (S.DETECTED,), S.ACCEPTED, ANYONE, passes=(("verify", S.VERIFYING),)),
    Rule("accept", (S.VERIFYING,), S.ACCEPTED, ANYONE),
    Rule("file", (S.ACCEPTED,), S.FILED, LEADERS),
    Rule("dispatch", (S.ACCEPTED,), S.DISPATCHED, LEADERS, passes=(("file", S.FILED),)),
    Rule("dispatch", (S.FILED,), S.DISPATCHED, LEADERS),
    Rule("start", (S.DISPATCHED,), S.IN_PROGRESS, LEADERS),
    Rule("resolve", (S.IN_PROGRESS,), S.RESOLVED, LEADERS),
    Rule("check_failed", (S.CHECKING,), S.IN_PROGRESS, LEADERS),
    Rule("close", (S.CHECKING,), S.CLOSED, LEADERS),
    Rule("rate", (S.CLOSED,), S.EVALUATED, LEADERS),
    Rule("suspend", SUSPENDABLE, S.SUSPENDED, LEADERS, reason=True),
    Rule("resume", (S.SUSPENDED,), None, LEADERS),
    Rule("reject", (S.DETECTED, S.VERIFYING, S.ACCEPTED), S.REJECTED, LEADERS, reason=True),
    Rule("void", tuple(s for s in State if s in OPEN), S.VOID, LEADERS, reason=True),
    Rule("false_alarm", tuple(s for s in State if s in OPEN), S.FALSE_ALARM, ANYONE, reason=True),
    Rule("seen_gone", LADDER, S.CHECKING, NOBODY, cause="seen_gone"),
    Rule("seen_again", (S.CHECKING,), S.IN_PROGRESS, NOBODY, cause="seen_again"),
    Rule("reopen", (S.CLOSED, S.EVALUATED), S.ACCEPTED, NOBODY, cause="seen_again"),
)
"""`open` (nothing -> detected) and `join` (a further condition, state kept) are logged beside these."""

ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(rule.action for rule in TABLE if rule.roles))
"""What people may ask for, in the order of an incident's life."""
NEEDS_REASON = frozenset(rule.action for rule in TABLE if rule.reason)


def rule_for(action: str, state: State) -> Rule | None:
    """The row for `action` in `state`; None: the table has none."""
    return next((rule for rule in TABLE if rule.action == action and state in rule.sources), None)


def may_ever(action: str, roles: Collection[Role]) -> bool:
    """Whether one of `roles` may do `action` in some state."""
    return any(rule.action == action and rule.roles.intersection(roles) for rule in TABLE)


def allowed(state: State, roles: Collection[Role]) -> tuple[str, ...]:
    """What one of `roles` may do now, in the table's order."""
    found = (r.action for r in TABLE if state in r.sources and r.roles.intersection(roles))
    return tuple(dict.fromkeys(found))


def steps(rule: Rule, state: State, suspended_from: State | None = None) -> tuple[Step, ...]:
    """The states that `rule` walks through from `state`, each one line of the log.

    Raises:
        ValueError: the rule leads back to where it was suspended, and that is not known.
    """
    target = rule.target or suspended_from
    if target is None:
        raise ValueError(f"{rule.action}: the state it was suspended from is not known")
    walk = []
    for action, passed in rule.passes:
        walk.append(Step(action, state, passed, "automatic"))
        state = passed
    walk.append(Step(rule.action, state, target, rule.cause))
    return tuple(walk)
