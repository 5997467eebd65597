"""A case: what the judge keeps of one condition, and the turns that its life takes.

Times are seconds on the judge's own clock (stream time for cameras, monotonic time for sensors);
who sends a turn ties them to UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from devices.messages import Change, ConditionState, HintKind, Severity

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in parts of the picture."""
REOPEN = 600.0
"""Seconds from a clearing to the beginning of the next case in the same place, within which that one
names the one it reopens."""
Past = tuple[UUID, float, Box]
"""(id, when, where) of a case cleared lately."""
EVERYWHERE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Case:
    """One condition as it stands. `rev` rises by one with every turn."""

    id: UUID
    rev: int
    state: ConditionState
    since: float
    at_least: bool
    label: str
    score: float
    box: Box | None = None
    count: int | None = None
    count_error: int | None = None
    """The count is an estimate, good to so many; None: they were counted."""
    suspected: bool = False
    """What is known by name would not have opened it."""
    value: float | None = None
    """Of a sensor: the value that decided the last turn."""
    limit: float | None = None
    """Of a sensor: the limit that this value was held against."""
    severity: Severity | None = None
    """Of a sensor's rule with several levels: of the one that is reached; None: the rule's own."""
    quiet: bool = False
    """It opened in quiet hours: with low severity until they end."""
    members: frozenset[UUID] = frozenset()
    """Slots that make it up."""
    reopens: UUID | None = None
    hints: tuple[HintKind, ...] = ()
    """Of a camera's health: what the camera itself said of it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One revision of a case, decided at `at`."""

    change: Change
    case: Case
    at: float


_STATE_AFTER = {
    Change.OPENED: ConditionState.OPEN,
    Change.HELD: ConditionState.HELD,
    Change.RESUMED: ConditionState.OPEN,
    Change.CLEARED: ConditionState.CLEARED,
}


def turn(case: Case, change: Change, at: float) -> Turn:
    """The case one revision further."""
    state = _STATE_AFTER.get(change, case.state)
    return Turn(change, replace(case, rev=case.rev + 1, state=state), at)
