"""What is drawn for a drill before it begins: truths and faults."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.site.load import load_site
from devices.site.model import Site
from simulators.drill.plan import KINDS, OF_A_NODE, inside, plan, windows
from simulators.drill.truths import happenings, street, truths
from simulators.errors import SimulatorsError

SHIPPED = load_site(Path(__file__).parents[2] / "examples" / "street" / "site.yaml")
FOUR = street(SHIPPED, 4, 4)
NODES = [node.id for node in FOUR.nodes]
DRAWN = settings(deadline=None, max_examples=25)
SEEDS = st.integers(0, 10_000)


@DRAWN
@given(SEEDS)
def test_ten_minutes_have_each_fault_three_times_on_each_target_and_never_two_of_one_lane(seed: int) -> None:
    faults = plan(NODES, seed, 600)
    counts = Counter((one.target, one.kind) for one in faults)
    assert set(counts) == {(target, kind) for target, kinds in KINDS.items() for kind in kinds}
    assert min(counts.values()) >= 3
    assert all((one.node is not None) == (one.target in OF_A_NODE) for one in faults)
    for lane in (None, *NODES):
        mine = [one for one in faults if one.node == lane]
        assert all(one.end < other.begin for one, other in pairwise(mine))
        assert mine[-1].end <= 600


@DRAWN
@given(SEEDS)
def test_ten_minutes_have_two_hundred_truths_a_third_of_them_touching_a_fault(seed: int) -> None:
    faults = plan(NODES, seed, 600)
    found = truths(FOUR, seed, 600, windows(faults, NODES))
    assert len(found) >= 200
    assert {one.node for one in found if one.camera} == {one.node for one in found if not one.camera}
    assert sum(inside(one, faults) for one in found) * 3 >= len(found)
    for place in {one.place for one in found}:
        mine = [one for one in found if one.place == place]
        assert all(one.end + 15 < other.begin for one, other in pairwise(mine))


@DRAWN
@given(SEEDS, st.floats(20, 60))
def test_a_short_drill_has_each_kind_of_fault_once(seed: int, seconds: float) -> None:
    faults = plan(["n1", "n2"], seed, seconds, cameras=False)
    kinds = {kind for kinds in KINDS.values() for kind in kinds}
    assert Counter(one.kind for one in faults) == Counter(kinds)
    assert not any("cameras" in one.target for one in faults)


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    assert plan(NODES, 7, 600) == plan(NODES, 7, 600)
    assert truths(FOUR, 7, 600) == truths(FOUR, 7, 600)
    assert plan(NODES, 7, 600) != plan(NODES, 8, 600)
    assert truths(FOUR, 7, 600) != truths(FOUR, 8, 600)


def test_the_sensors_play_every_truth_past_its_limit_for_as_long_as_it_lasts() -> None:
    found = [one for one in truths(FOUR, 1, 600) if not one.camera]
    played = happenings(FOUR, found)
    rules = {sensor.id: sensor.rules[0] for point in FOUR.points for sensor in point.sensors}
    assert [(one.sensor, one.start) for one in played] == [(one.device, one.begin) for one in found]
    assert all(one.end == pytest.approx(truth.end) for one, truth in zip(played, found, strict=True))
    assert all(one.level > (rules[one.sensor].above or 0) for one in played)
    assert all(one.quantity == rules[one.sensor].quantity for one in played)


def test_a_site_without_the_points_and_sensors_it_takes_is_refused_with_their_names() -> None:
    bare = Site.model_validate(SHIPPED.model_dump() | {"points": [SHIPPED.points[0].model_dump()]})
    with pytest.raises(SimulatorsError, match=r"water_level.*P05"):
        street(bare, 1, 0)
