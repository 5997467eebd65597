"""At which level a case is, when it goes up by itself, and at which level cases were finished. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.deadlines.running import reached
from cloud.deadlines.steps import STATES, Line, Rules, since_opened, spans
from cloud.escalation.policy import LEVELS, Escalation, Level, above
from cloud.incidents.transitions import OPEN, State
from cloud.people.roles import Role

LEVEL = "level"
"""In the detail of a line of the log: the level that the case has from there on."""

HANDS_UP: Mapping[Role, frozenset[Level]] = {
    Role.GRID_LEADER: frozenset({"grid"}),
    Role.COMMUNITY: frozenset({"grid", "community"}),
    Role.LEADER: frozenset(LEVELS),
    Role.STREET: frozenset(LEVELS),
}
"""From which levels a role may hand a case up."""


@dataclass(frozen=True, slots=True)
class Rise:
    """That a case gets another level by itself."""

    level: Level
    since: Level | None
    """The one it had; None: it begins there."""
    due: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """How many cases were finished at a level, and which part of all that were."""

    cases: int
    share: float


def next_rise(
    policy: Escalation, event_class: str, level: Level, log: Sequence[Line], rules: Rules
) -> Rise | None:
    """When a case at `level` goes up should nothing more happen; None: it does not, or no clock runs.

    Its clock runs from when it came to the level, or was opened the last time, while it is accepted and not
    suspended. A case that begins above the grid is put there at once.
    """
    if log[-1].target not in OPEN:
        return None
    start = max(policy.start(event_class), level, key=LEVELS.index)
    if start != "grid" and not any(LEVEL in line.detail for line in log):
        return Rise(start, None, log[0].at)
    up, limit = above(level), policy.stay(event_class, level)
    if up is None or limit is None or log[-1].target not in STATES["whole"]:
        return None
    log = since_opened(log)
    came = max((at for at, line in enumerate(log) if line.detail.get(LEVEL) == level), default=0)
    due = reached(rules.clock(limit), rules.policy.time(limit), spans(log[came:], STATES["whole"]))
    return None if due is None else Rise(up, level, due)


def finished_at(log: Sequence[Line]) -> Level | None:
    """The level at which a case was closed; None: it is not closed, or was no case (void, false, ...)."""
    if not log or log[-1].target not in (State.CLOSED, State.EVALUATED):
        return None
    level: Level = "grid"
    for line in log:
        if LEVEL in line.detail:
            level = line.detail[LEVEL]
        if line.target is State.CLOSED and line.source is not State.CLOSED:
            closed = level
    return closed


def shares(logs: Iterable[Sequence[Line]]) -> dict[Level, Share]:
    """小事不出网格、大事不出社区、难事不出街道: the share of closed cases that each level finished."""
    found = Counter(level for log in logs if (level := finished_at(log)) is not None)
    total = found.total()
    return {level: Share(found[level], found[level] / total if total else 0.0) for level in LEVELS}
