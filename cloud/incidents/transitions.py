"""The one table of an incident's life: which action leads from where to where, who may do it, on what terms.

Pure. The HTTP door, the intake of conditions, the page's buttons, the docs and the tests all read this table.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from cloud.people.roles import Role


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


class Whither(StrEnum):
    """A target that depends on the case."""

    SAME = "same"
    """It stays where it is: a fact beside the state."""
    BEFORE = "before"
    """The state that it was suspended, merged or marked from."""


S = State
LADDER = (S.DETECTED, S.VERIFYING, S.ACCEPTED, S.FILED, S.DISPATCHED, S.IN_PROGRESS, S.RESOLVED)
"""From finding to the report that it is done."""
OPEN: frozenset[State] = frozenset({*LADDER, S.CHECKING, S.SUSPENDED})
"""At most one incident per place and class is in one of these (a partial unique index)."""
CLOSED: frozenset[State] = frozenset(State) - OPEN
SUSPENDABLE = (S.ACCEPTED, S.FILED, S.DISPATCHED, S.IN_PROGRESS)
HANDLING = (S.DISPATCHED, S.IN_PROGRESS)
_OPEN = tuple(s for s in State if s in OPEN)
_CLOSED = tuple(s for s in State if s in CLOSED)
_WORKED_ON = (*LADDER, S.CHECKING)

R = Role
NOBODY: frozenset[Role] = frozenset()
"""Roles of what only the system does."""
ROOM = frozenset({R.OPERATOR, R.LEADER})
DECIDE = frozenset({R.LEADER, R.STREET})
"""Who approves what others ask for."""
LOCAL = frozenset({R.GRID_LEADER, R.COMMUNITY})
DIRECT = DECIDE | LOCAL
JUDGE = DIRECT | {R.OPERATOR}
HANDLE = LOCAL | {R.GRID_WORKER, R.DEPARTMENT, R.LEADER}
FIELD = LOCAL | {R.GRID_WORKER}
CHECK = JUDGE | {R.GRID_WORKER}
ASK = FIELD | {R.OPERATOR, R.DEPARTMENT}


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
    target: State | Whither
    roles: frozenset[Role]
    reason: bool = False
    """A reason must be given."""
    passes: tuple[tuple[str, State], ...] = ()
    """Actions done automatically on the way, each with the state it enters."""
    cause: str = "person"
    guards: tuple[str, ...] = ()
    """Names of `cloud.incidents.guards`; all of them must hold."""
    needs: frozenset[str] = frozenset()
    """Fields of the request that must be given, beside the reason."""
    takes: frozenset[str] = frozenset()
    """Fields that may be given."""
    also: tuple[State, ...] = ()
    """Other targets that the field `to` may name."""


def _fields(*names: str) -> frozenset[str]:
    return frozenset(names)


_WHOM = _fields("handler", "organisation")
_CLOSING = ("four_eyes", "level", "feedback", "answered")

TABLE: tuple[Rule, ...] = (
    # up the ladder
    Rule("accept", (S.DETECTED,), S.ACCEPTED, JUDGE, passes=(("verify", S.VERIFYING),)),
    Rule("accept", (S.VERIFYING,), S.ACCEPTED, JUDGE),
    Rule("file", (S.ACCEPTED,), S.FILED, DIRECT),
    Rule("dispatch", (S.ACCEPTED,), S.DISPATCHED, DIRECT, passes=(("file", S.FILED),), takes=_WHOM),
    Rule("dispatch", (S.FILED,), S.DISPATCHED, DIRECT, takes=_WHOM),
    Rule(
        "assign",
        HANDLING,
        Whither.SAME,
        DIRECT | {R.DEPARTMENT},
        guards=("theirs",),
        needs=_fields("handler"),
    ),
    Rule("claim", HANDLING, Whither.SAME, FIELD | {R.DEPARTMENT}, guards=("unclaimed", "theirs")),
    Rule("start", (S.DISPATCHED,), S.IN_PROGRESS, HANDLE, guards=("theirs",)),
    Rule(
        "resolve",
        (S.IN_PROGRESS,),
        S.RESOLVED,
        HANDLE,
        guards=("theirs", "after_photo"),
        takes=_fields("photos"),
    ),
    Rule("self_handle", LADDER[:-1], S.RESOLVED, FIELD, guards=("theirs", "photo"), takes=_fields("photos")),
    Rule("check", (S.RESOLVED,), S.CHECKING, CHECK, guards=("four_eyes",)),
    Rule("confirm", (S.CHECKING,), Whither.SAME, CHECK, guards=("four_eyes",)),
    Rule("check_failed", (S.CHECKING,), S.IN_PROGRESS, CHECK, guards=("four_eyes",)),
    Rule("close", (S.CHECKING,), S.CLOSED, DIRECT, guards=_CLOSING, takes=_fields("without_feedback")),
    Rule("rate", (S.CLOSED,), S.EVALUATED, DECIDE | {R.COMMUNITY}, takes=_fields("stars")),
    # back, aside and out
    Rule("ask_return", HANDLING, Whither.SAME, ASK, reason=True, guards=("theirs",)),
    Rule(
        "return", HANDLING, S.FILED, DECIDE, reason=True, takes=_fields("to"), also=(S.ACCEPTED, S.VERIFYING)
    ),
    Rule("return", (S.FILED,), S.ACCEPTED, DECIDE, reason=True, takes=_fields("to"), also=(S.VERIFYING,)),
    Rule("ask_extend", HANDLING, Whither.SAME, ASK, reason=True, guards=("theirs",), needs=_fields("hours")),
    Rule("extend", HANDLING, Whither.SAME, DECIDE, reason=True, needs=_fields("hours")),
    Rule("ask_suspend", SUSPENDABLE, Whither.SAME, ASK, reason=True, guards=("theirs",)),
    Rule("suspend", SUSPENDABLE, S.SUSPENDED, DECIDE, reason=True),
    Rule("resume", (S.SUSPENDED,), Whither.BEFORE, DECIDE),
    Rule("ask_void", _WORKED_ON, Whither.SAME, ASK, reason=True, guards=("theirs",)),
    Rule("void", _OPEN, S.VOID, DECIDE, reason=True),
    Rule("refuse", _OPEN, Whither.SAME, DECIDE, reason=True, guards=("asked",), needs=_fields("wish")),
    Rule("reject", (S.DETECTED, S.VERIFYING, S.ACCEPTED), S.REJECTED, DECIDE, reason=True),
    Rule("false_alarm", _OPEN, S.FALSE_ALARM, JUDGE, reason=True),
    Rule("reopen", _CLOSED, S.ACCEPTED, DIRECT, reason=True, guards=("window", "unlinked", "free")),
    # facts beside the state
    Rule("supervise", _OPEN, Whither.SAME, DECIDE, reason=True),
    Rule("answer", _OPEN, Whither.SAME, HANDLE | DIRECT, reason=True, guards=("supervised",)),
    Rule(
        "feedback",
        (S.RESOLVED, S.CHECKING, S.CLOSED),
        Whither.SAME,
        JUDGE,
        reason=True,
        takes=_fields("form"),
    ),
    # two cases that are one
    Rule("merge", _WORKED_ON, S.VOID, DIRECT, reason=True, guards=("answered",), needs=_fields("into")),
    Rule("duplicate", _WORKED_ON, S.VOID, DIRECT, reason=True, guards=("answered",), needs=_fields("into")),
    Rule("split", (S.VOID,), Whither.BEFORE, DIRECT, reason=True, guards=("linked", "free")),
    # what the system does
    Rule("seen_gone", LADDER, S.CHECKING, NOBODY, cause="seen_gone"),
    Rule("seen_again", (S.CHECKING,), S.IN_PROGRESS, NOBODY, cause="seen_again"),
    Rule("still_there", (S.RESOLVED,), S.IN_PROGRESS, NOBODY, cause="seen_again"),
    Rule("await_check", (S.RESOLVED,), S.CHECKING, NOBODY, cause="automatic"),
    Rule("verify", (S.DETECTED,), S.VERIFYING, NOBODY, cause="automatic"),
    Rule("self_corrected", (S.CHECKING,), S.CLOSED, NOBODY, cause="automatic"),
)
"""`open` (nothing -> detected), `join` (a further condition) and notes (state kept) are logged beside these.

A condition that names one of a closed case does `reopen` too, with the cause `seen_again`.
"""

ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(rule.action for rule in TABLE if rule.roles))
"""What people may ask for, in the order of the table."""
NEEDS_REASON = frozenset(rule.action for rule in TABLE if rule.reason)
REMEMBERS = frozenset({"suspend", "merge", "duplicate"})
"""After these the case remembers from where: `resume` and `split` lead back."""
WISHES = tuple(action.removeprefix("ask_") for action in ACTIONS if action.startswith("ask_"))
"""What one may ask for; done, or refused, by those who decide."""


def rule_for(action: str, state: State) -> Rule | None:
    """The row for `action` in `state`; None: the table has none."""
    return next((rule for rule in TABLE if rule.action == action and state in rule.sources), None)


def may_ever(action: str, roles: Collection[Role]) -> bool:
    """Whether one of `roles` may do `action` in some state."""
    return any(rule.action == action and rule.roles.intersection(roles) for rule in TABLE)


def allowed(state: State, roles: Collection[Role]) -> tuple[str, ...]:
    """What one of `roles` may do in this state, guards aside, in the table's order."""
    found = (r.action for r in TABLE if state in r.sources and r.roles.intersection(roles))
    return tuple(dict.fromkeys(found))


def steps(
    rule: Rule,
    state: State,
    before: State | None = None,
    to: State | None = None,
    cause: str | None = None,
) -> tuple[Step, ...]:
    """The states that `rule` walks through from `state`, each one line of the log.

    `before`: the state that the case remembers; `to`: one of the rule's other targets; `cause`: another than
    the rule's own.

    Raises:
        ValueError: the rule leads back to where the case was, and that is not known.
    """
    walk = []
    for action, passed in rule.passes:
        walk.append(Step(action, state, passed, "automatic"))
        state = passed
    walk.append(Step(rule.action, state, _target(rule, state, before, to), cause or rule.cause))
    return tuple(walk)


def _target(rule: Rule, state: State, before: State | None, to: State | None) -> State:
    if rule.target is Whither.SAME:
        return state
    if rule.target is Whither.BEFORE:
        if before is None:
            raise ValueError(f"{rule.action}: the state it was in before is not known")
        return before
    assert isinstance(rule.target, State)
    return to or rule.target
