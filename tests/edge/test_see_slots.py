"""The life of a slot over any series of looks."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.see.anchors import Seen
from edge.see.slots import BRIDGE, CLEAR_LOOKS, CONFIRM, DOUBTS, NEVER, Phase, Slot, blinded, step
from tests.edge.views_for_tests import votes

CLEAR_AFTER = 5.0
P, G, H = Seen.PRESENT, Seen.GONE, Seen.HIDDEN
gaps = st.sampled_from((0.5, 1.0, 2.0, 20.0))
spells = st.lists(st.tuples(gaps, st.sampled_from([P, P, G, H, None]), st.integers(1, 15)), max_size=8)
looks = spells.map(lambda told: [(gap, look) for gap, look, times in told for _ in range(times)])
"""None: the camera was blind."""


def fresh() -> Slot:
    return Slot(UUID(int=1), (10, 10, 50, 50), since=0.0, at_least=False, stood=0.0, last_present=0.0)


def lived(seen, slot=None):
    """The slot before and after each look, with the look."""
    at, slot = 0.0, fresh() if slot is None else slot
    at = slot.last_present
    for gap, look in seen:
        at += gap
        before = slot
        slot = blinded(slot, at) if look is None else step(slot, look, at, CLEAR_AFTER)
        yield at, before, look, slot


def last(seen, slot=None) -> Slot:
    return [after for *_, after in lived(seen, slot)][-1]


def standing(looks_had: int = 10) -> Slot:
    return last([(1.0, P)] * looks_had)


@given(looks)
def test_the_clock_counts_only_what_was_seen(seen):
    for at, before, look, after in lived(seen):
        assert 0.0 <= after.stood <= at
        assert after.stood >= before.stood
        if look is not P:
            assert after.stood == before.stood
        assert after.presents <= after.looks
        assert after.since == 0.0


@given(looks)
def test_gone_is_for_ever(seen):
    for at, before, _, after in lived(seen):
        if before.phase is Phase.GONE:
            assert after == before
            assert step(after, P, at + 1, CLEAR_AFTER) == after


@given(looks)
def test_a_blind_camera_neither_confirms_nor_clears(seen):
    for _, before, look, after in lived(seen):
        if look is None:
            assert (after.stood, after.presents, after.looks) == (before.stood, before.presents, before.looks)
            assert after.phase in (before.phase, Phase.HIDDEN)


@given(looks)
def test_what_stood_is_gone_only_after_enough_empty_looks_in_a_row(seen):
    empty, since, stood = 0, 0.0, False
    for at, _, look, after in lived([*[(1.0, P)] * CONFIRM, *seen]):
        stood = stood or after.phase is Phase.STANDING
        since = at if look is G and not empty else since
        empty = empty + 1 if look is G else 0
        enough = empty >= CLEAR_LOOKS and at - since >= CLEAR_AFTER
        if stood:
            assert (after.phase is Phase.GONE) == enough
        if after.phase is Phase.GONE:
            return


def test_a_bus_in_front_for_longer_than_the_bicycle_was_seen_only_holds_the_clock():
    waited = last([(1.0, H)] * 600, standing(60))
    assert waited.phase is Phase.HIDDEN
    assert last([(1.0, P)], waited).phase is Phase.STANDING


def test_a_candidate_is_believed_after_three_looks_that_show_it():
    assert last([(1.0, P)] * (CONFIRM - 1)).phase is Phase.CANDIDATE
    assert last([(1.0, P)] * CONFIRM).phase is Phase.STANDING


def test_a_candidate_that_is_mostly_hidden_is_forgotten():
    assert last([(1.0, P), *[(2.0, H)] * DOUBTS]).phase is Phase.GONE
    assert last([(1.0, P), *[(0.1, H)] * DOUBTS]).phase is Phase.CANDIDATE


def test_a_candidate_that_is_never_seen_again_was_taken_while_somebody_passed():
    assert last([(1.0, H)] * (NEVER - 1)).phase is Phase.CANDIDATE
    assert last([(1.0, H)] * NEVER).phase is Phase.GONE
    assert last([(1.0, P), *[(1.0, H)] * NEVER]).phase is Phase.CANDIDATE


def test_a_short_passer_by_does_not_stop_the_clock_and_a_long_one_does():
    short = last([(1.0, H)] * 5 + [(1.0, P)], standing())
    assert short.stood == standing().stood + 6.0
    long = last([(1.0, H)] * int(BRIDGE) + [(1.0, P)], standing(30))
    assert long.stood == standing(30).stood
    assert long.phase is Phase.STANDING


def test_something_in_front_for_longer_than_the_bridge_hides_it():
    hidden = [after.phase for *_, after in lived([(4.0, H)] * 4, standing())]
    assert hidden == [Phase.STANDING, Phase.STANDING, Phase.STANDING, Phase.HIDDEN]
    assert [one.phase for *_, one in lived([(4.0, None)] * 4, standing())][-1] is Phase.HIDDEN


def test_a_place_is_empty_after_enough_looks_and_enough_time():
    quick = [after.phase for *_, after in lived([(0.5, G)] * 12, standing())]
    assert quick.index(Phase.GONE) == 10
    assert set(quick[:10]) == {Phase.LEAVING}
    slow = [after.phase for *_, after in lived([(20.0, G)] * 4, standing())]
    assert slow == [Phase.LEAVING, Phase.LEAVING, Phase.GONE, Phase.GONE]


@pytest.mark.parametrize("between", [P, H])
def test_whatever_comes_between_starts_the_count_of_empty_looks_anew(between):
    seen = [(2.0, G), (2.0, G), (2.0, between), (2.0, G), (2.0, G), (2.0, G)]
    assert last(seen, standing()).phase is Phase.LEAVING
    assert last([*seen, (2.0, G)], standing()).phase is Phase.GONE


def test_names_add_up_and_the_best_look_draws_the_box():
    slot = fresh()
    for label, score, box in (("car", 0.5, (1, 1, 2, 2)), ("bicycle", 0.9, (3, 3, 4, 4)), (None, 0.0, None)):
        slot = slot.with_name(label, score, box)
    slot = slot.with_name("bicycle", 0.4, (5, 5, 6, 6))
    assert slot.votes.looks == 4
    assert (slot.named_box, slot.named_score) == ((3, 3, 4, 4), 0.9)
    assert slot.votes.verdict()[0] == "bicycle"


@pytest.mark.parametrize("seen", [1, 2, 4])
def test_somebody_is_forgotten_when_as_many_looks_in_a_row_missed_him_as_saw_him(seen):
    slot = fresh()
    for _ in range(seen):
        slot = slot.with_name("person", 0.6, None)
    for missed in range(1, seen):
        assert slot.with_name(None, 0.0, None).with_name("person", 0.6, None).votes.looks == seen + missed + 1
        slot = slot.with_name(None, 0.0, None)
        assert slot.votes.animate
    slot = slot.with_name("bicycle", 0.6, None)
    assert slot.votes == votes("bicycle", 0.6, looks=1), "what is left is asked for anew"


def test_what_shifts_its_weight_is_alive_and_what_somebody_passes_before_is_not():
    def lived_through(shares):
        slot = fresh()
        for at, share in enumerate(shares):
            slot = step(slot, P, float(at), CLEAR_AFTER, likeness=share)
        return slot

    assert lived_through([0.95, 0.85] * 10).lively
    assert not lived_through([0.97, 0.95] * 10).lively, "noise, and a pole that sways"
    assert not lived_through([*[0.97] * 4, 0.62] * 5).lively, "people pass before it"
    assert not lived_through([None, 0.5, None] * 5).lively, "nobody knows"
    left = [*[0.95, 0.85] * 10, *[0.96] * 20]
    assert not lived_through(left).lively, "somebody stood beside it, and went"


def test_a_slot_is_steady_when_nearly_every_look_showed_it():
    assert last([(1.0, P)] * 8 + [(1.0, H)] * 2).steady
    assert not last([(1.0, P)] * 7 + [(1.0, H)] * 3).steady
    assert votes().enough
