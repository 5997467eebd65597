from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.send.pace import LONGEST_RETRY_AFTER_S, Pace, retry_after_s
from tests.edge.messages_for_tests import NOON

chances = st.floats(0, 1)


@given(st.integers(1, 10**9), chances)
def test_a_pause_is_never_negative_nor_longer_than_the_longest(failures: int, chance: float) -> None:
    assert 0 <= Pace().delay(failures, chance) <= 60


@given(st.integers(1, 100))
def test_the_bound_of_the_pause_doubles_from_one_second_to_sixty(failures: int) -> None:
    assert Pace().delay(failures, 1.0) == min(60, 2 ** (failures - 1))
    assert Pace().delay(failures, 0.5) == min(60, 2 ** (failures - 1)) / 2


@given(chances)
def test_a_refused_token_is_always_retried_slowly(chance: float) -> None:
    assert 30 <= Pace().delay_denied(chance) <= 60


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("7", 7),
        (" 120 ", 120),
        ("99999999999999999999", LONGEST_RETRY_AFTER_S),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        (format_datetime(NOON + timedelta(seconds=30), usegmt=True), 30),
        (format_datetime(NOON - timedelta(seconds=30), usegmt=True), 0),
        ("Sun, 01 Mar 2026 12:00:09", 0),
    ],
)
def test_retry_after_is_understood_in_both_forms_and_never_trusted_too_far(
    header: str | None, seconds: float
) -> None:
    assert retry_after_s(header, NOON) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_header_can_do_harm(header: str) -> None:
    assert 0 <= retry_after_s(header, NOON) <= LONGEST_RETRY_AFTER_S
