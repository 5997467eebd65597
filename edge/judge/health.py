"""What is wrong with a camera, turned into conditions with a life: one for each kind, the camera its place.

What its pictures show is believed or not by `edge.see.health`, what its stream does by `stream_after`. Both
come here on one clock, the node's monotonic seconds: a stream that stands still has none, the wall's may
be set.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from devices.messages import Change, ConditionState, HintKind
from devices.site.model import HealthKind, PictureHealth
from edge.judge.case import REOPEN, Case, Turn, turn
from edge.judge.shelf import case_from_json, case_to_json
from edge.see.health.lasting import Lasting

UNSURE = 30.0
"""Seconds without a look that can tell, after which a condition is held."""
STREAM_KINDS = (HealthKind.STALLED, HealthKind.GOP_TOO_LONG)
GOP_LASTS = 60.0
"""Seconds for which key frames must come too seldom, or often enough again: cameras stretch the interval
for a moment when somebody else asks for the stream."""


Hints = Callable[[HealthKind], tuple[HintKind, ...]]
"""What a camera itself says, or said lately, for a kind of ill health."""


def _nothing(_: HealthKind) -> tuple[HintKind, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class HealthLedger:
    """What is remembered of one camera between two looks."""

    cases: Mapping[HealthKind, Case] = field(default_factory=dict)
    """The open ones."""
    cleared: Mapping[HealthKind, tuple[UUID, float]] = field(default_factory=dict)
    """The one cleared last, and when."""


def judge(
    ledger: HealthLedger,
    standing: Mapping[HealthKind, Lasting],
    at: float,
    new_id: Callable[[], UUID],
    hints: Hints = _nothing,
) -> tuple[HealthLedger, tuple[Turn, ...]]:
    """Turn what is believed at `at` into conditions: what is remembered now, and the turns they took.

    A kind that is no longer judged is cleared; one that was not looked at yet is left as it is. What the
    camera itself says is written into a condition, and is no reason for anything else.
    """
    turns: list[Turn] = []
    for kind in HealthKind:
        case, one = ledger.cases.get(kind), standing.get(kind)
        if case is None:
            taken = _begin(kind, one, ledger, at, new_id, hints)
        else:
            more = tuple(hint for hint in hints(kind) if hint not in case.hints)
            case = replace(case, hints=case.hints + more)
            taken = _follow(case, one, at) or (turn(case, Change.UPDATED, at) if more else None)
        if taken is not None:
            turns.append(taken)
    return _after(ledger, turns, at), tuple(turns)


def stream_after(
    standing: Mapping[HealthKind, Lasting],
    at: float,
    picture_age: float,
    key_interval: float | None,
    need: float,
    settings: PictureHealth,
) -> dict[HealthKind, Lasting]:
    """What is believed of a stream, one glance further.

    Args:
        standing: what was believed so far.
        at: seconds on the clock of these glances.
        picture_age: seconds since its last picture.
        key_interval: seconds between two key frames; None when not measured.
        need: the longest interval that the camera's rules can bear, seconds.
        settings: the camera's.
    """
    stalled = picture_age >= settings.stalled_after
    long = None if stalled or key_interval is None else key_interval > need
    after: dict[HealthKind, Lasting] = {}
    for kind in STREAM_KINDS:
        if kind in settings.off:
            continue
        before = standing.get(kind, Lasting())
        if kind is HealthKind.GOP_TOO_LONG:
            after[kind] = before.after(long, at, GOP_LASTS, GOP_LASTS)
            continue
        one = before.after(stalled, at, 0.0, settings.leave)
        began = one.on and not before.on
        after[kind] = replace(one, since=at - picture_age) if began else one
    return after


def health_to_json(ledger: HealthLedger, offset: float) -> dict[str, Any]:
    """For the shelf, where times are UTC seconds; `offset` is what must be added to get there."""
    return {
        "cases": {kind: case_to_json(case, offset) for kind, case in ledger.cases.items()},
        "cleared": {kind: [str(past), at + offset] for kind, (past, at) in ledger.cleared.items()},
    }


def health_from_json(raw: Mapping[str, Any], offset: float, latest: float = math.inf) -> HealthLedger:
    """And back; no time in it is after `latest`."""
    return HealthLedger(
        {HealthKind(kind): case_from_json(case, offset, latest) for kind, case in raw["cases"].items()},
        {
            HealthKind(kind): (UUID(past), min(float(at) - offset, latest))
            for kind, (past, at) in raw["cleared"].items()
        },
    )


def _begin(
    kind: HealthKind,
    one: Lasting | None,
    ledger: HealthLedger,
    at: float,
    new_id: Callable[[], UUID],
    hints: Hints,
) -> Turn | None:
    if one is None or not one.on:
        return None
    since = at if one.since is None else one.since
    past = ledger.cleared.get(kind)
    again = past[0] if past is not None and since - past[1] <= REOPEN else None
    said = hints(kind)
    case = Case(new_id(), 0, ConditionState.OPEN, since, False, kind.value, 1.0, reopens=again, hints=said)
    return turn(case, Change.OPENED, at)


def _follow(case: Case, one: Lasting | None, at: float) -> Turn | None:
    if one is None:
        return turn(case, Change.CLEARED, at)
    if one.told_at is None:
        return None
    if not one.on:
        return turn(case, Change.CLEARED, at)
    unsure = at - one.told_at >= UNSURE
    if unsure and case.state is ConditionState.OPEN:
        return turn(case, Change.HELD, at)
    if not unsure and case.state is ConditionState.HELD:
        return turn(case, Change.RESUMED, at)
    return None


def _after(ledger: HealthLedger, turns: list[Turn], at: float) -> HealthLedger:
    cases, cleared = dict(ledger.cases), dict(ledger.cleared)
    for one in turns:
        kind = HealthKind(one.case.label)
        if one.change is Change.CLEARED:
            cases.pop(kind, None)
            cleared[kind] = (one.case.id, at)
        else:
            cases[kind] = one.case
    return HealthLedger(cases, cleared)
