"""A department that is called to a case: what it may answer when, and what that makes of the call. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class CallState(StrEnum):
    """How a call stands."""

    CALLED = "called"
    CHECKED_IN = "checked_in"
    REPORTED = "reported"
    REFUSED = "refused"
    """It says why it is not its business; who called it withdraws the call or calls it again."""
    WITHDRAWN = "withdrawn"


class Answer(StrEnum):
    """What is said of a call."""

    CHECK_IN = "check_in"
    REPORT = "report"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


C = CallState
NEXT: Mapping[Answer, Mapping[CallState, CallState]] = {
    Answer.CHECK_IN: {C.CALLED: C.CHECKED_IN},
    Answer.REPORT: {C.CHECKED_IN: C.REPORTED},
    Answer.REFUSE: {C.CALLED: C.REFUSED, C.CHECKED_IN: C.REFUSED},
    Answer.WITHDRAW: {C.CALLED: C.WITHDRAWN, C.CHECKED_IN: C.WITHDRAWN, C.REFUSED: C.WITHDRAWN},
}
"""Which answer leads from where to where; all others are refused."""
OPEN_CALLS = frozenset({C.CALLED, C.CHECKED_IN})
HOLDS = frozenset({*OPEN_CALLS, C.REFUSED})
"""While a call is one of these its case is not closed."""
NEEDS_WORDS = frozenset({Answer.REPORT, Answer.REFUSE, Answer.WITHDRAW})


@dataclass(frozen=True, slots=True)
class Call:
    """What decisions need of a call."""

    state: CallState
    check_in_due: datetime | None
    report_due: datetime | None
    checked_in_at: datetime | None = None
    check_in_late: bool = False
    report_late: bool = False


def answered(call: Call, answer: Answer, now: datetime) -> Call | None:
    """The call after `answer`; None: it cannot be said now. What was due before `now` is late for ever."""
    state = NEXT[answer].get(call.state)
    if state is None:
        return None
    call = lateness(call, now)
    if answer is Answer.CHECK_IN:
        call = replace(call, checked_in_at=now)
    return replace(call, state=state)


def lateness(call: Call, now: datetime) -> Call:
    """The call with what is late by `now`: each of its clocks runs until its answer is given."""
    waits = call.state is C.CALLED
    late = waits and call.check_in_due is not None and now >= call.check_in_due
    owes = call.state in OPEN_CALLS and call.report_due is not None and now >= call.report_due
    return replace(call, check_in_late=call.check_in_late or late, report_late=call.report_late or owes)


def possible(state: CallState) -> tuple[Answer, ...]:
    """What may be answered now, who says it aside."""
    return tuple(answer for answer, leads in NEXT.items() if state in leads)
