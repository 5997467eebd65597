"""The vote over several looks."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.see.votes import ANIMATE, ENOUGH, EVIDENCE, KIN, THINGS, UNKNOWN, VEHICLES, Votes

labels = st.sampled_from(["bicycle", "car", "person", "dog", "suitcase"])
looks = st.tuples(st.none() | labels, st.floats(0.25, 1.0))


def voted(said) -> Votes:
    return reduce(lambda so_far, look: so_far.with_look(*look), said, Votes())


@given(st.lists(looks, max_size=12))
def test_every_look_is_counted_and_the_order_does_not_matter(said):
    votes = voted(said)
    assert votes.looks == len(said)
    assert sum(times for *_, times in votes.tally) == sum(label is not None for label, _ in said)
    back = voted(said[::-1])
    assert [(name, times) for name, _, times in votes.tally] == [(n, t) for n, _, t in back.tally]
    assert [total for _, total, _ in votes.tally] == pytest.approx([total for _, total, _ in back.tally])


@given(st.lists(looks, min_size=1, max_size=12))
def test_the_winner_was_named_by_a_third_of_the_looks_and_no_rival_scored_more(said):
    votes = voted(said)
    label, score = votes.verdict()
    sums = {name: sum(s for one, s in said if one == name) for name, _ in said if name is not None}
    named = {name: sum(one == name for one, _ in said) for name in sums}
    # None of these labels are kin, so each stands for itself.
    eligible = {
        name for name in sums if 3 * named[name] >= len(said) and sums[name] >= EVIDENCE * len(said) + 1e-9
    }
    if label != UNKNOWN and label not in eligible:
        assert sums[label] == pytest.approx(EVIDENCE * len(said))
        return
    if not eligible:
        assert (label, score) == (UNKNOWN, 0.0)
        return
    assert label in eligible
    assert sums[label] >= max(sums[name] for name in eligible) - 1e-9
    assert score == pytest.approx(sums[label] / named[label])
    assert 0.0 < score <= 1.0 + 1e-9


def test_labels_that_are_mixed_up_support_each_other_and_the_best_is_the_name():
    looks_of_a_van = [
        ("car", 0.6),
        ("truck", 0.7),
        ("truck", 0.5),
        ("suitcase", 0.8),
        (None, 0.0),
        (None, 0.0),
    ]
    assert voted(looks_of_a_van).verdict() == ("truck", pytest.approx(0.6))
    assert voted([("bicycle", 0.5), ("motorcycle", 0.6), ("bicycle", 0.5)]).verdict()[0] == "bicycle"
    assert all(kin <= VEHICLES for kin in KIN)


def test_one_faint_sighting_is_not_enough_for_a_name():
    assert voted([("suitcase", 0.35), (None, 0.0), (None, 0.0)]).verdict() == (UNKNOWN, 0.0)
    assert voted([("suitcase", 0.5), (None, 0.0), (None, 0.0)]).verdict() == ("suitcase", 0.5)


def test_nothing_is_believed_before_three_looks():
    votes = Votes()
    for look in range(ENOUGH):
        assert not votes.enough
        assert votes.looks == look
        votes = votes.with_look("bicycle", 0.9)
    assert votes.enough
    assert Votes().verdict() == (UNKNOWN, 0.0)


def test_one_name_in_four_looks_is_a_slip_of_the_detector():
    assert voted([("car", 0.9), (None, 0.0), (None, 0.0), (None, 0.0)]).verdict() == (UNKNOWN, 0.0)
    assert voted([("car", 0.9), (None, 0.0), (None, 0.0)]).verdict() == ("car", 0.9)


def test_one_sighting_of_somebody_outweighs_looks_that_recognised_nothing_but_not_a_thing():
    assert voted([("person", 0.3), (None, 0.0), (None, 0.0)]).animate
    assert not voted([("person", 0.3), ("bicycle", 0.5), ("bicycle", 0.5)]).animate
    assert not voted([(None, 0.0)] * 3).animate
    assert voted([("person", 0.3), ("dog", 0.3), ("bicycle", 0.5)]).animate


def test_nothing_alive_is_a_thing():
    assert not ANIMATE & THINGS
    assert VEHICLES <= THINGS
