from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.keep.window import WIDTH, Window

near = st.lists(st.integers(0, WIDTH - 1), min_size=1, max_size=300)


@given(near)
def test_near_by_every_number_is_new_once(numbers: list[int]) -> None:
    window = Window(numbers[0])
    seen = {numbers[0]}
    for number in numbers[1:]:
        assert window.heard(number) == (number in seen)
        window = window.with_(number)
        seen.add(number)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=100))
def test_a_number_just_heard_is_known_and_the_memory_is_bounded(numbers: list[int]) -> None:
    window = Window(numbers[0])
    for number in numbers:
        window = window.with_(number)
        assert window.heard(number)
        assert window.seen < 1 << WIDTH


def test_a_counter_that_began_anew_is_heard_again() -> None:
    window = Window(5000)
    assert not window.heard(1)
    window = window.with_(1)
    assert not window.heard(2)
    assert window.heard(1)


def test_what_came_late_but_not_too_late_is_new_once() -> None:
    window = Window(10).with_(13)
    assert not window.heard(11)
    assert window.with_(11).heard(11)
    assert window.with_(11).heard(10)
    assert not window.with_(11).heard(12)
