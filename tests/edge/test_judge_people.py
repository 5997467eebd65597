"""The rules for people, over looks that any detector might give."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import Change, ConditionState
from devices.site.rules import ClosedRule, CrowdRule, DogRule, LoiteringRule
from edge.judge.case import REOPEN
from edge.judge.people import BRIDGE, GAP, Presence, hold, judge, terms_of
from edge.see.people import PersonLook, Somebody
from tests.edge.views_for_tests import LEFT_HALF, WHOLE, ids

DWELL, CLEAR = 20.0, 15.0
GIVEN = {"id": "rule", "event_class": "05-02", "clear_after": CLEAR}


def crowd(**more) -> CrowdRule:
    return CrowdRule(**GIVEN | {"kind": "crowd", "count": 3, "dwell": DWELL} | more)


def closed(**more) -> ClosedRule:
    return ClosedRule(**GIVEN | {"kind": "closed"} | more)


def loitering(**more) -> LoiteringRule:
    return LoiteringRule(**GIVEN | {"kind": "loitering", "dwell": DWELL, "gap": 8.0} | more)


def dog(**more) -> DogRule:
    return DogRule(**GIVEN | {"kind": "dog", "dwell": DWELL} | more)


RULES = (crowd(), closed(), loitering(), dog())


def somebody(number: int = 0, label: str = "person", score: float = 0.9) -> Somebody:
    left = 0.05 + 0.08 * number
    return Somebody(label, score, (left, 0.4, left + 0.06, 0.7))


class Watchman:
    """One rule in one zone over many looks; keeps every turn."""

    def __init__(self, rule, zone=WHOLE) -> None:
        self.rule, self.zone = rule, zone
        self.label = terms_of(rule).label
        self.presence = Presence()
        self.turns = []
        self._new_id = ids()

    def look(self, at: float, many: int | None, *, holds: bool = True, sees: bool = True):
        """One look at so many; None: no look was due. The change it made, if any."""
        found = tuple(somebody(number, self.label) for number in range(many or 0))
        look = None if many is None else PersonLook(at, found, sees)
        self.presence, taken = judge(self.rule, self.zone, self.presence, look, at, self._new_id, holds=holds)
        self.turns += [] if taken is None else [taken]
        return None if taken is None else taken.change.value

    def looks(self, begin: float, end: float, many: int, step: float = 2.0, **more):
        """The changes of a row of looks."""
        told, at = [], begin
        while at < end:
            told.append(self.look(at, many, **more))
            at += step
        return [one for one in told if one]


stories = st.lists(
    st.tuples(
        st.sampled_from((0.5, 2.0, 4.0, 11.0, 30.0)),
        st.sampled_from((0, 0, 1, 2, 3, 4, None, "blind")),
        st.integers(0, 9).map(lambda n: n > 0),
    ),
    min_size=10,
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(rule=st.sampled_from(RULES), story=stories)
def test_whatever_is_seen_a_case_lives_one_life(rule, story):
    """Never before the dwell, never two at once, held only when blind, cleared only when seen empty."""
    watchman, terms = Watchman(rule), terms_of(rule)
    at, since_seen_enough, empty_since = 0.0, None, None
    for gap, what, holds in story:
        at += gap
        many = 3 if what == "blind" else what
        before = watchman.presence.case
        change = watchman.look(at, many, holds=holds, sees=what != "blind")
        seen = what not in (None, "blind")
        if seen and what >= terms.least:
            empty_since = None
        elif seen and empty_since is None:
            empty_since = at
        if seen and what >= terms.enough and since_seen_enough is None:
            since_seen_enough = at
        if change == "opened":
            opened = watchman.turns[-1].case
            assert before is None
            assert holds
            assert what >= terms.enough
            assert at - opened.since >= terms.dwell
            assert opened.since >= since_seen_enough
        if change == "held":
            assert what == "blind"
        if change == "resumed":
            assert seen
            assert what >= terms.least
        if change == "cleared":
            assert seen
            assert what < terms.least
            assert at - empty_since >= terms.clear_after
    for turns in _lives(watchman).values():
        assert [turn.case.rev for turn in turns] == list(range(1, len(turns) + 1))
        assert turns[0].change is Change.OPENED
        assert [turn.change for turn in turns].count(Change.CLEARED) <= 1
        for first, second in pairwise(turns):
            assert second.at > first.at
            assert first.change is not Change.CLEARED
            assert (second.change is Change.RESUMED) <= (first.case.state is ConditionState.HELD)


def _lives(watchman):
    lives = {}
    for turn in watchman.turns:
        lives.setdefault(turn.case.id, []).append(turn)
    return lives


@settings(max_examples=100, deadline=None)
@given(counts=st.lists(st.integers(2, 9), min_size=5, max_size=60))
def test_a_crowd_between_its_two_counts_neither_opens_nor_clears(counts):
    standing, thin = Watchman(crowd(count=3)), Watchman(crowd(count=10, clear_count=2))
    standing.looks(0.0, 30.0, 3)
    assert standing.presence.case is not None
    for at, count in enumerate(counts):
        assert standing.look(30.0 + 2.0 * at, count) in (None, "updated")
        assert thin.look(2.0 * at, count) is None


def test_a_crowd_opens_after_its_dwell_and_clears_when_seen_thinned_out():
    watchman = Watchman(crowd())
    assert watchman.looks(0.0, 20.0, 3) == []
    assert watchman.look(20.0, 3) == "opened"
    case = watchman.presence.case
    assert (case.label, case.count, case.since, case.score) == ("person", 3, 0.0, 0.9)
    assert watchman.look(22.0, 4) is None
    assert watchman.look(24.0, 5) == "updated"
    assert watchman.looks(26.0, 40.0, 1) == []
    assert watchman.look(41.0, 1) == "cleared"


def test_a_detector_that_errs_now_and_then_does_not_break_the_clock_of_a_crowd():
    watchman = Watchman(crowd())
    told = [watchman.look(2.0 * at, 0 if at % 4 == 3 else 3) for at in range(13)]
    assert told.count("opened") == 1


def test_people_who_pass_through_are_no_loitering():
    watchman = Watchman(loitering())
    for at in range(0, 200, 14):
        assert watchman.looks(at, at + 4, 1) == []
        assert watchman.looks(at + 4, at + 14, 0) == []


def test_a_zone_that_is_never_empty_for_long_is_loitered_in_by_whomever():
    watchman = Watchman(loitering())
    told = [watchman.look(2.0 * at, at % 3 == 0) for at in range(20)]
    assert told.count("opened") == 1
    assert watchman.turns[0].case.since == 0.0


def test_a_closed_zone_wants_somebody_seen_more_than_once():
    watchman = Watchman(closed())
    assert watchman.look(0.0, 1) is None
    assert watchman.looks(2.0, 12.0, 0) == []
    assert watchman.looks(12.0, 15.0, 1) == []
    assert watchman.look(16.0, 1) == "opened"


def test_a_closed_zone_is_nobodys_business_outside_its_hours():
    watchman = Watchman(closed())
    assert watchman.looks(0.0, 60.0, 1, holds=False) == []
    assert watchman.presence == Presence()
    assert watchman.looks(60.0, 66.0, 1) == ["opened"]
    assert watchman.turns[0].case.at_least, "whoever is there as it closes may have been there before"


def test_what_is_open_at_the_end_of_the_hours_stays_so_until_the_zone_is_seen_empty():
    watchman = Watchman(closed())
    watchman.looks(0.0, 6.0, 1)
    assert watchman.looks(6.0, 60.0, 1, holds=False) == []
    assert watchman.presence.busy
    assert watchman.looks(60.0, 80.0, 0, holds=False) == ["cleared"]
    assert watchman.looks(80.0, 200.0, 1, holds=False) == []


def test_a_dog_is_no_person_and_a_person_no_dog():
    people = PersonLook(0.0, (somebody(0), somebody(1)))
    mixed = (somebody(0), somebody(1, "dog"))
    for rule, looks in ((dog(), people), (closed(), replace(people, found=(somebody(0, "dog"),)))):
        presence = Presence()
        for at in range(40):
            presence, turn = judge(rule, WHOLE, presence, replace(looks, at=float(at)), float(at), ids())
            assert turn is None
    presence, told = Presence(), []
    for at in range(40):
        presence, turn = judge(dog(), WHOLE, presence, PersonLook(float(at), mixed), float(at), ids())
        told += [] if turn is None else [turn]
    assert [turn.case.label for turn in told] == ["dog"]


def test_who_stands_outside_the_polygon_is_not_there():
    watchman = Watchman(closed(), LEFT_HALF)
    for at in range(10):
        found = (somebody(8),)
        watchman.presence, turn = judge(
            watchman.rule, LEFT_HALF, watchman.presence, PersonLook(float(at), found), float(at), ids()
        )
        assert turn is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_a_blind_camera_holds_the_case_and_its_clocks(rule):
    watchman = Watchman(rule)
    watchman.looks(0.0, 40.0, 4)
    assert watchman.turns[0].change is Change.OPENED
    watchman.looks(40.0, 46.0, 0)
    assert watchman.looks(46.0, 46.0 + BRIDGE, 0, sees=False) == []
    assert watchman.looks(60.0, 200.0, 0, sees=False) == ["held"]
    # Six seconds of it were seen empty before; what was not seen does not count.
    assert watchman.look(200.0, 0) is None
    assert watchman.look(202.0, 0) is None
    assert watchman.looks(204.0, 220.0, 0) == ["cleared"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_a_stream_that_stands_still_holds_the_case_once_and_its_clocks(rule):
    watchman = Watchman(rule)
    watchman.looks(0.0, 40.0, 4)
    watchman.looks(40.0, 46.0, 0)
    watchman.presence, held = hold(watchman.presence, 50.0)
    assert (held.change, held.at) == (Change.HELD, 50.0)
    assert hold(watchman.presence, 51.0) == (watchman.presence, None)
    # Pictures come again before a clock would have noticed the pause: it counts for nothing all the same.
    assert watchman.look(52.0, 0) is None
    assert watchman.look(54.0, 0) is None
    assert watchman.looks(56.0, 90.0, 0) == ["cleared"]


def test_nobody_is_held_while_nothing_is_open():
    presence, held = hold(Presence(), 50.0)
    assert held is None
    assert presence.blind


@pytest.mark.parametrize("rule", [crowd(), loitering(), dog()], ids=lambda rule: rule.kind)
def test_what_was_not_seen_does_not_count_towards_the_dwell(rule):
    watchman = Watchman(rule)
    assert watchman.looks(0.0, 10.0, 4) == []
    assert watchman.looks(10.0, 14.0, 4, sees=False) == []
    told = watchman.looks(14.0, 24.0, 4)
    assert told == []
    assert watchman.looks(24.0, 32.0, 4) == ["opened"]


def test_sight_that_comes_back_onto_the_same_crowd_resumes_it():
    watchman = Watchman(crowd())
    watchman.looks(0.0, 24.0, 3)
    watchman.looks(24.0, 60.0, 3, sees=False)
    assert watchman.presence.case.state is ConditionState.HELD
    assert watchman.look(60.0, 3) == "resumed"


def test_the_next_one_within_the_window_names_the_one_it_reopens():
    watchman = Watchman(closed())
    watchman.looks(0.0, 6.0, 1)
    first = watchman.presence.case.id
    watchman.looks(6.0, 30.0, 0)
    watchman.looks(30.0, 36.0, 1)
    assert watchman.presence.case.reopens == first
    watchman.looks(36.0, 60.0, 0)
    at = 60.0 + REOPEN + 1
    watchman.looks(60.0, at, 0, step=10.0)
    watchman.looks(at, at + 6.0, 1)
    assert watchman.presence.case.reopens is None
    assert watchman.presence.cleared == ()


def test_no_look_changes_nothing():
    watchman = Watchman(loitering())
    watchman.looks(0.0, 10.0, 1)
    before = watchman.presence
    assert watchman.look(11.0, None) is None
    assert watchman.presence == before


def test_a_gap_longer_than_the_rules_begins_anew():
    watchman = Watchman(dog())
    watchman.looks(0.0, 18.0, 1)
    watchman.looks(18.0, 18.0 + GAP + 4, 0)
    assert not watchman.presence.busy
    watchman.looks(40.0, 62.0, 1)
    assert watchman.presence.case.since == 40.0
