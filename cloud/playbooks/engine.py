"""What a playbook does next, told from a case's log. Pure.

The log alone says how far a case is: each step that was done is a line that names it. So nothing is counted
up, a step is done once, and after a crash or another playbook the rest follows by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.deadlines.limits import Limit
from cloud.deadlines.running import reached
from cloud.deadlines.steps import Line, Rules, since_opened, spans
from cloud.incidents.transitions import OPEN, State
from cloud.playbooks.policy import Playbook, Recurrence

WINDOW, DISSOLVE, FILE, OVERDUE, PROJECT = "window", "dissolve", "file", "overdue", "project"
"""Steps beside the stages, which are `stage/ID`."""
MARK = "playbook"
"""In the detail of a line of the log: the step that it is the doing of."""

RUNS = frozenset({State.FILED, State.DISPATCHED, State.IN_PROGRESS})
"""Where a stage's clock runs: it is there, and somebody is to do something about it."""
CALLED = "whistled"
"""The action after which a case waits for reports: it is not closed by itself."""
UNTOUCHED = frozenset({State.DETECTED, State.VERIFYING})
"""Nobody has accepted it."""


@dataclass(frozen=True, slots=True)
class History:
    """What a playbook needs to know of a case."""

    lines: Sequence[Line]
    """Its log, in order."""
    camera: bool = True
    """A device tells when it is gone; else there is no window to wait in."""
    filed: Collection[datetime] = ()
    """When cases of its class at its point were filed, its own filings included."""


@dataclass(frozen=True, slots=True)
class Next:
    """One step, and when it is to be done should nothing more happen."""

    step: str
    due: datetime


def stage_step(identifier: str) -> str:
    """The step that begins the stage of this id."""
    return f"stage/{identifier}"


def next_steps(playbook: Playbook, history: History, rules: Rules) -> tuple[Next, ...]:
    """All steps to come that have a time now; those whose clock stands still come when it runs again."""
    lines = since_opened(history.lines)
    if not lines or lines[-1].target not in OPEN:
        return ()
    done = {str(line.detail[MARK]) for line in lines if MARK in line.detail}
    found = (
        *_waiting(playbook, history, lines, rules),
        *_stages(playbook, lines, done, rules),
        *_project(playbook.recurrence, history, lines, done),
    )
    return tuple(one for one in found if one.step not in done)


def _waiting(playbook: Playbook, history: History, lines: Sequence[Line], rules: Rules) -> Iterator[Next]:
    """The window for setting it right oneself; a case that is opened again has had it, and is filed."""
    if playbook.window is None or not history.camera:
        return
    state, begun = lines[-1].target, lines[0].at
    if lines[0].source is not None:
        if lines[0].target is state is State.ACCEPTED and not any(map(filing, lines)):
            yield Next(FILE, begun)
        return
    if state is State.DETECTED:
        yield Next(WINDOW, begun)
        return
    if not _never_taken_up(lines):
        return
    end = _end(rules, playbook.window, lines)
    if state is State.VERIFYING and end is not None:
        yield Next(FILE, end)
    if state is State.CHECKING and not any(line.action == CALLED for line in lines):
        last = next(line for line in reversed(lines) if line.source is not line.target)
        if end is None or last.at < end:
            yield Next(DISSOLVE, last.at)


def _never_taken_up(lines: Sequence[Line]) -> bool:
    return all(line.target in UNTOUCHED | {State.CHECKING} for line in lines)


def _end(rules: Rules, limit: Limit, lines: Sequence[Line]) -> datetime | None:
    return reached(rules.clock(limit), rules.policy.time(limit), spans(lines, UNTOUCHED))


def _stages(playbook: Playbook, lines: Sequence[Line], done: Collection[str], rules: Rules) -> Iterator[Next]:
    """The next stage, or what follows the last one: while it is there and somebody is to do something."""
    if lines[-1].target not in RUNS:
        return
    steps = [stage_step(stage.id) for stage in playbook.stages]
    begun = [at for at, step in enumerate(steps) if step in done]
    if not begun:
        if steps:
            yield Next(steps[0], next(line.at for line in lines if line.target in RUNS))
        return
    stage = playbook.stages[begun[-1]]
    if stage.within is None:
        return
    at = next(at for at, line in enumerate(lines) if line.detail.get(MARK) == stage_step(stage.id))
    due = reached(rules.clock(stage.within), rules.policy.time(stage.within), spans(lines[at:], RUNS))
    if due is not None:
        yield Next((*steps, OVERDUE)[begun[-1] + 1], due)


def _project(
    recurrence: Recurrence | None, history: History, lines: Sequence[Line], done: Collection[str]
) -> Iterator[Next]:
    filed = [line.at for line in lines if filing(line)]
    if recurrence is None or not filed or PROJECT in done:
        return
    since = filed[-1] - timedelta(seconds=recurrence.within)
    if sum(since < at <= filed[-1] for at in history.filed) >= recurrence.times:
        yield Next(PROJECT, filed[-1])


def filing(line: Line) -> bool:
    """Whether a case was filed with this line; what is returned there was filed before."""
    return line.source is State.ACCEPTED and line.target is State.FILED
