"""Calls: every way through them against a table of what may follow what."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cloud.whistles.calls import HOLDS, Answer, Call, CallState, answered, lateness, possible
from tests.cloud.sender_for_tests import START

MINUTE = timedelta(minutes=1)
steps = st.lists(st.tuples(st.sampled_from(list(Answer)), st.integers(0, 20)), max_size=6)


@given(steps)
def test_whatever_is_answered_when_a_call_ends_once_and_what_was_late_stays_late(said) -> None:
    call, now = Call(CallState.CALLED, START + 10 * MINUTE, START + 30 * MINUTE), START
    checked_in = ended = None
    for answer, wait in said:
        now += wait * MINUTE
        before, after = call, answered(call, answer, now)
        assert (after is not None) == (answer in possible(call.state))
        if after is None:
            continue
        call = after
        if answer is Answer.CHECK_IN:
            assert checked_in is None, "only once"
            checked_in = now
        if answer is not Answer.CHECK_IN and ended is None:
            ended = now
        assert (before.check_in_late, before.report_late) <= (call.check_in_late, call.report_late)
    shown = lateness(call, now)
    first = checked_in or ended or now
    assert shown.check_in_late == (first >= START + 10 * MINUTE)
    assert shown.report_late == ((ended or now) >= START + 30 * MINUTE)
    assert (call.state in HOLDS) == (call.state not in (CallState.REPORTED, CallState.WITHDRAWN))


def test_without_a_limit_nothing_is_ever_late() -> None:
    call = lateness(Call(CallState.CALLED, None, None), START + timedelta(days=99))
    assert (call.check_in_late, call.report_late) == (False, False)
