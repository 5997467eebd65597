"""The street's script: what is played when, for both streams alike."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.scenes import CAMERAS, Scenario, Visits, demo
from simulators.scenes.scenario import BLOCK, STILL

times = st.floats(0, 20_000)
visits = st.none() | st.builds(
    Visits, first=st.floats(0, 500), stay=st.floats(8, 500), pause=st.floats(8, 2000)
)
scenarios = st.builds(
    Scenario, seed=st.integers(0, 99), camera=st.integers(0, 37), visits=visits, crowd=st.floats(0, 1)
)


@given(scenarios, times)
def test_the_same_moment_always_shows_the_same(scenario, at):
    assert scenario.play(at) == scenario.play(at)
    assert 0 <= scenario.play(at).group < max(BLOCK, *STILL.values())


@given(scenarios, st.integers(0, 3000))
def test_a_bicycle_stands_only_between_an_arrival_and_a_removal(scenario, block):
    """Walking from block to block, no segment follows another that does not end as it begins."""
    with_it_after = {"empty": False, "passing": False, "removal": False, "arrival": True, "present": True}
    with_it_after["passing_present"] = True
    with_it_before = with_it_after | {"arrival": False, "removal": True}
    here, following = scenario.play(block * 4.0), scenario.play(block * 4.0 + 4)
    assert with_it_after[here.name] == with_it_before[following.name]


@given(scenarios, st.integers(0, 3000))
def test_a_segment_is_played_whole_and_in_order(scenario, block):
    first, second = scenario.play(block * 4.0), scenario.play(block * 4.0 + 2)
    assert first.name == second.name
    if first.name not in STILL:
        assert (first.group, second.group) == (0, 1)
    else:
        assert second.group == (first.group + 1) % STILL[first.name]


@given(scenarios, times, st.booleans())
def test_an_order_changes_nothing_of_what_was_shown_before(scenario, at, put):
    ordered = scenario.put(at) if put else scenario.take(at)
    for earlier in (0.0, at / 3, at / 2, at):
        assert ordered.play(earlier) == scenario.play(earlier)


@given(scenarios, times)
def test_put_brings_a_bicycle_within_a_block_and_it_stays_until_taken(scenario, at):
    put = scenario.put(at)
    assert put.standing(at + 4.1)
    assert put.standing(at + 50_000)
    taken = put.take(at + 30)
    assert not taken.standing(at + 34.1)
    assert not taken.standing(at + 50_000)


def test_put_and_take_in_one_breath_leave_nothing():
    calm = Scenario(1, 9)
    assert calm.put(10).take(10.5).play(12).name in ("empty", "passing")


def test_the_first_camera_gets_a_bicycle_after_about_ten_seconds_and_loses_it_after_a_minute_or_so():
    names = [demo(1, 0).play(float(at)).name for at in range(0, 400, 2)]
    arrived, gone = names.index("arrival") * 2, names.index("removal") * 2
    assert 6 <= arrived <= 12
    assert 60 <= gone - arrived <= 95
    assert names[names.index("removal") + 2 :].index("arrival") * 2 > 120


def test_most_cameras_only_see_people_pass():
    quiet = [n for n in range(CAMERAS) if demo(1, n).visits is None]
    assert len(quiet) > CAMERAS / 2
    names = {demo(1, n).play(at * 4.0).name for n in quiet for at in range(200)}
    assert names == {"empty", "passing"}


def test_a_key_frame_that_is_told_a_hair_early_still_belongs_to_its_group():
    scenario = demo(1, 0)
    assert scenario.play(8.0 - 1e-6) == scenario.play(8.0)
