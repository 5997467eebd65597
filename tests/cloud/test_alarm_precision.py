"""Precision with honest bounds, and advice only where the evidence bears it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alarms.precision import BUCKETS, Cell, Count, advise, cells_of, wilson


def scores(**buckets: int) -> tuple[int, ...]:
    """`b3=5`: five of bucket 3."""
    return tuple(buckets.get(f"b{at}", 0) for at in range(BUCKETS))


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (700, 1000, 0.6709, 0.7276)],
)
def test_the_interval_is_wilsons(right: int, of: int, low: float, high: float) -> None:
    # Values of R's binom.confint(method = "wilson").
    found = wilson(right, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_the_share_lies_in_its_interval_and_more_evidence_narrows_it(right: int, wrong: int) -> None:
    found = wilson(right, right + wrong)
    if found.share is None:
        assert (found.low, found.high) == (0.0, 1.0)
        return
    assert 0.0 <= found.low <= found.share <= found.high <= 1.0
    more = wilson(right * 10, (right + wrong) * 10)
    assert more.high - more.low < found.high - found.low


def test_unsure_is_counted_and_decides_nothing() -> None:
    count = Count(true=3, false=1, other_class=0, unsure=6)
    assert (count.decided, count.precision.share) == (4, 0.75)
    assert Count(unsure=5).precision.share is None


def test_few_judged_alarms_give_no_advice_however_bad_they_are() -> None:
    cell = Cell("C1", "05-06", {9: Count(false=19)}, {"zone": 19}, scores(), scores(b3=19))
    assert advise([cell]) == []


def test_precision_that_may_well_be_good_enough_gives_no_advice() -> None:
    cell = Cell("C1", "05-06", {9: Count(true=15, false=8)}, {"zone": 8}, scores(b15=15), scores(b3=8))
    assert advise([cell]) == []


def test_low_scores_that_are_wrong_advise_a_threshold_that_keeps_the_true_ones() -> None:
    cell = Cell(
        "C1",
        "05-06",
        {9: Count(true=40, false=60)},
        {"light": 60},
        scores(b14=39, b9=1),
        scores(b8=50, b15=10),
    )
    (advice,) = advise([cell])
    assert (advice.kind, advice.threshold) == ("raise_threshold", 0.45)
    assert (advice.judged, advice.wrong_avoided, advice.true_lost) == (100, 50, 0)


def test_no_threshold_is_advised_that_would_lose_true_ones() -> None:
    cell = Cell(
        "C1", "05-06", {9: Count(true=40, false=60)}, {"light": 60}, scores(b8=40), scores(b8=30, b15=30)
    )
    assert advise([cell]) == []


def test_falses_that_people_blame_on_the_zone_advise_to_mend_it() -> None:
    cell = Cell(
        "C1", "05-06", {9: Count(true=40, false=60)}, {"zone": 20, "fixed_thing": 15, "light": 25},
        scores(b10=40), scores(b10=60),
    )  # fmt: skip
    (advice,) = advise([cell])
    assert (advice.kind, advice.wrong_avoided) == ("mend_zone", 35)
    assert advice.reasons == {"zone": 20, "fixed_thing": 15}


def test_bad_hours_among_good_ones_advise_to_shelve_those_hours_only() -> None:
    hours = {9: Count(true=40, false=2), 18: Count(true=1, false=19), 19: Count(false=12), 3: Count(false=3)}
    cell = Cell("C1", "05-06", hours, {}, scores(b10=41), scores(b10=36))
    (advice,) = [one for one in advise([cell]) if one.kind == "shelve_hours"]
    assert advice.hours == (18, 19)
    assert (advice.judged, advice.wrong_avoided, advice.true_lost) == (32, 31, 1)


def test_a_camera_that_is_bad_at_all_hours_is_not_to_be_shelved() -> None:
    hours = {hour: Count(true=1, false=19) for hour in range(24)}
    cell = Cell("C1", "05-06", hours, {}, scores(b10=24), scores(b10=456))
    assert advise([cell]) == []


def test_what_avoids_most_comes_first() -> None:
    cells = [
        Cell(name, "05-06", {9: Count(true=1, false=n)}, {"zone": n}, scores(b10=1), scores(b10=n))
        for name, n in (("C1", 30), ("C2", 90))
    ]
    assert [one.device for one in advise(cells)] == ["C2", "C1"]


def test_counts_become_cells() -> None:
    (cell,) = cells_of(
        [("C1", "05-06", 9, "true", 2), ("C1", "05-06", 9, "unsure", 1), ("C1", "05-06", 10, "false", 3)],
        [
            ("C1", "05-06", "true", None, 20, 2),
            ("C1", "05-06", "false", "light", 4, 3),
            ("C1", "05-06", "unsure", None, 1, 1),
        ],
    )
    assert cell.hours == {9: Count(true=2, unsure=1), 10: Count(false=3)}
    assert cell.reasons == {"light": 3}
    assert (cell.true_scores[19], cell.wrong_scores[4], sum(cell.wrong_scores)) == (2, 3, 3)
