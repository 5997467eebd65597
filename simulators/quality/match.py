"""One scene's truth held against what was told of it. Pure.

A told condition is *right* when an issue of its zone and rule stands in its place at that time; the first
right one finds the issue, further ones are doubles. What is told before the dwell is over is *early*, and
counts as wrong: nobody may be sent out for what has not stood long enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulators.scenes.labelled.model import Box, Issue, LabelledScene

EARLY = 3.0
"""Seconds, besides the time between two looks, that an alarm may come before its dwell is over: an arrival
between two looks is dated to one of them."""
GRACE = 5.0
"""An issue that goes within this many seconds after its dwell need not be told, and may be."""
CLEAR_WITHIN = 90.0
"""Seconds after which a clear that was seen to be due and did not come is missing."""
PLACE = 0.3
"""Share of the smaller box that must lie in the other one for two to be the same place."""


STEADY = 20.0
"""Seconds for which a true count must have stood before what is said of it is held against it: what went is
believed gone a quarter of the dwell later."""
SAMPLED = 10.0
"""Seconds between two statements about a count that are looked at."""


@dataclass(frozen=True, slots=True)
class Told:
    """One condition as the edge told it: opened, perhaps cleared."""

    zone: str
    rule: str
    label: str
    box: Box
    opened: float
    cleared: float | None = None
    suspected: bool = False


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What an open case said at `at`: so many, give or take `error`, covering `share` of the zone."""

    at: float
    count: int
    error: int
    share: float


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One such statement held against the truth."""

    off: float
    """Of the count, as a part of the true one; above 0 when too many."""
    within: bool
    """The true count lies within the error that was stated."""
    share_off: float
    """Of the covered share, in parts of the zone; above 0 when too much."""


class Fault(StrEnum):
    """What went wrong."""

    MISSED = "missed"
    FALSE = "false alarm"
    EARLY = "early"
    DOUBLE = "told twice"
    FALSE_CLEAR = "cleared while there"
    NOT_CLEARED = "not cleared"
    MISNAMED = "wrong name"


@dataclass(frozen=True, slots=True)
class Miss:
    """One fault, and where and when to look at it."""

    fault: Fault
    at: float
    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one scene adds to the figures."""

    seed: int
    condition: str
    seconds: float
    owed: int
    """Issues that had to be told."""
    found: int
    told: int
    """Conditions that count: not those that tell an issue which need not be told."""
    right: int
    named: int
    """Of the found ones, those called by a right name."""
    alarm_delays: tuple[float, ...]
    clear_delays: tuple[float, ...]
    false_clears: int
    clears_owed: int
    clears_missing: int
    misses: tuple[Miss, ...]
    assets: tuple[str, ...] = ()
    reckonings: tuple[Reckoning, ...] = ()


def reckonings(scene: LabelledScene, reckoned: Sequence[Reckoned]) -> tuple[Reckoning, ...]:
    """Each statement about a count, one in `SAMPLED`, held against the truth while that is steady."""
    found: list[Reckoning] = []
    last = -math.inf
    ends = [*(one.at for one in scene.tallies[1:]), math.inf]
    for said in reckoned:
        true = next(
            (
                one
                for one, end in zip(scene.tallies, ends, strict=True)
                if one.at + STEADY <= said.at < end and one.count > 0
            ),
            None,
        )
        if true is None or said.at - last < SAMPLED:
            continue
        last = said.at
        off = (said.count - true.count) / true.count
        within = abs(said.count - true.count) <= said.error
        found.append(Reckoning(off, within, said.share - true.share))
    return tuple(found)


def verdict(scene: LabelledScene, told: Sequence[Told], reckoned: Sequence[Reckoned] = ()) -> Verdict:
    """Hold one scene's truth against what was told of it."""
    misses: list[Miss] = []
    tellers: dict[int, list[Told]] = {index: [] for index in range(len(scene.issues))}
    right = counted = 0
    for one in sorted(told, key=lambda one: one.opened):
        index = _issue_of(scene, one)
        if index is None:
            counted += 1
            misses.append(Miss(Fault.FALSE, one.opened, one.box, f"{one.label} by rule {one.rule}"))
            continue
        issue = scene.issues[index]
        if issue.optional:
            if not one.suspected:
                counted += 1
                misses.append(Miss(Fault.FALSE, one.opened, one.box, f"{one.label} by rule {one.rule}"))
            continue
        if one.opened < issue.due - EARLY - scene.every:
            counted += 1
            text = f"{one.label}, {issue.due - one.opened:.0f} s before its dwell was over"
            misses.append(Miss(Fault.EARLY, one.opened, one.box, text))
            continue
        tellers[index].append(one)
        if _owed(issue, scene.seconds):
            counted += 1
            right += 1
    found = named = owed = false_clears = clears_owed = clears_missing = 0
    alarm_delays: list[float] = []
    clear_delays: list[float] = []
    for index, issue in enumerate(scene.issues):
        tells = tellers[index]
        for one in tells:
            if one.cleared is not None and one.cleared < (math.inf if issue.gone is None else issue.gone):
                false_clears += 1
                misses.append(Miss(Fault.FALSE_CLEAR, one.cleared, issue.box, one.label))
        if issue.optional or not _owed(issue, scene.seconds):
            continue
        owed += 1
        if not tells:
            misses.append(Miss(Fault.MISSED, issue.due + GRACE, issue.box, "/".join(sorted(issue.labels))))
            continue
        found += 1
        alarm_delays.append(tells[0].opened - issue.due)
        if tells[0].label in issue.labels:
            named += 1
        else:
            text = f"{tells[0].label} for {'/'.join(sorted(issue.labels))}"
            misses.append(Miss(Fault.MISNAMED, tells[0].opened, issue.box, text))
        misses += [Miss(Fault.DOUBLE, one.opened, one.box, one.label) for one in tells[1:]]
        if issue.gone is None:
            continue
        cleared = [one.cleared for one in tells if one.cleared is not None and one.cleared >= issue.gone]
        all_clear = len(cleared) == len([one for one in tells if one.cleared is None]) + len(cleared)
        if cleared and all_clear:
            clears_owed += 1
            clear_delays.append(max(cleared) - issue.gone)
        elif scene.seconds - issue.gone >= CLEAR_WITHIN:
            clears_owed += 1
            clears_missing += 1
            misses.append(Miss(Fault.NOT_CLEARED, issue.gone + CLEAR_WITHIN, issue.box, tells[-1].label))
    return Verdict(
        seed=scene.seed,
        condition=scene.condition,
        seconds=scene.seconds,
        owed=owed,
        found=found,
        told=counted,
        right=right,
        named=named,
        alarm_delays=tuple(alarm_delays),
        clear_delays=tuple(clear_delays),
        false_clears=false_clears,
        clears_owed=clears_owed,
        clears_missing=clears_missing,
        misses=tuple(misses),
        assets=scene.assets,
        reckonings=reckonings(scene, reckoned),
    )


def _owed(issue: Issue, end: float) -> bool:
    return issue.due + GRACE <= (end if issue.gone is None else min(issue.gone, end))


def _issue_of(scene: LabelledScene, told: Told) -> int | None:
    """The issue that stands where and when `told` was opened; the best placed one of several."""
    fits = [
        (_place(told, issue, scene), not issue.optional, index)
        for index, issue in enumerate(scene.issues)
        if issue.zone == told.zone
        and issue.rule == told.rule
        and issue.since - scene.every <= told.opened
        and (issue.gone is None or told.opened <= issue.gone + EARLY + scene.every)
    ]
    share, _, index = max(fits, default=(0.0, False, 0))
    return index if share >= PLACE else None


def _place(told: Told, issue: Issue, scene: LabelledScene) -> float:
    """How well the places agree; all rules but `left` speak of their whole zone."""
    rules = {rule.id: rule.kind for zone in scene.zones for rule in zone.rules}
    if rules[told.rule] != "left":
        return 1.0
    a, b = told.box, issue.box
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return wide * high / least if wide > 0 and high > 0 and least > 0 else 0.0
