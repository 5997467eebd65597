"""What replaced what when grids were cut anew."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.areas.succession import succession
from devices.site.model import Area
from tests.devices.tilings import on_earth, part


def strips(*borders: float, prefix: str = "G", height: float = 100) -> list[Area]:
    """Grids side by side, cut at these metres; their numbers rise from west to east."""
    found = []
    for number, (west, east) in enumerate(pairwise(borders), 1):
        ring = [on_earth(x, y) for x, y in ((west, 0), (east, 0), (east, height), (west, height), (west, 0))]
        found.append(part(f"{prefix}{number}", "grid", "C", f"990101001001{number:03d}", ring))
    return found


def told(before: list[Area], after: list[Area]) -> list[str]:
    return [f"{one.kind} {'+'.join(one.before)}>{'+'.join(one.after)}" for one in succession(before, after)]


def test_a_grid_cut_in_two_and_two_made_one() -> None:
    whole, halves = strips(0, 100, 200), strips(0, 100)
    halves += strips(100, 150, 200, prefix="N")
    assert told(whole, halves) == ["split G2>N1+N2"]
    assert told(halves, whole) == ["merged N1+N2>G2"]


def test_a_border_that_moves_concerns_both_sides_and_no_third() -> None:
    assert told(strips(0, 100, 200, 300), strips(0, 130, 200, 300)) == ["recut G1+G2>G1+G2"]


def test_a_border_that_is_straightened_is_the_same_grid_redrawn() -> None:
    assert told(strips(0, 100, 200), strips(0, 101, 200)) == ["redrawn G1>G1", "redrawn G2>G2"]


def test_other_names_other_ids_and_none() -> None:
    before = strips(0, 100, 200)
    assert told(before, before) == []
    assert told(before, [before[0], before[1].model_copy(update={"id": "N"})]) == ["renamed G2>N"]
    assert told(before, [before[0], before[1].model_copy(update={"households": 7})]) == ["described G2>G2"]
    assert told(before, before[:1]) == ["removed G2>"]
    assert told(before[:1], before) == ["added >G2"]
    assert told([], []) == []


cuts = st.sets(st.integers(1, 19), max_size=8).map(lambda those: [0, *sorted(20 * one for one in those), 400])


@settings(max_examples=50, deadline=None)
@given(cuts, cuts)
def test_every_grid_that_changed_is_in_exactly_one_change(one: list[int], other: list[int]) -> None:
    before, after = strips(*one), strips(*other, prefix="N")
    changes = succession(before, after)
    assert sorted(name for change in changes for name in change.before) == sorted(a.id for a in before)
    assert sorted(name for change in changes for name in change.after) == sorted(a.id for a in after)
    # Cuts that both have part the street: between them lies one change.
    assert len(changes) == len(set(one) & set(other)) - 1
