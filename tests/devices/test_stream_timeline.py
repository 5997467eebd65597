import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.stream.timeline import Timeline

stamps = st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False))


def test_the_first_packet_is_at_zero_whatever_its_stamp():
    timeline = Timeline(step=0.04)
    assert timeline.at(1234.5, 1234.4) == 0
    assert abs(timeline.at(1234.54, 1234.44) - 0.04) < 1e-9


def test_packets_without_any_stamp_are_counted_up_by_the_rate():
    timeline = Timeline(step=0.1)
    assert [round(timeline.at(None, None), 6) for _ in range(4)] == [0, 0.1, 0.2, 0.3]


def test_a_stamp_that_comes_late_joins_on_where_the_count_stands():
    timeline = Timeline(step=0.1)
    timeline.at(None, None)
    timeline.at(None, None)
    assert abs(timeline.at(500.0, None) - 0.2) < 1e-9
    assert abs(timeline.at(500.1, None) - 0.3) < 1e-9


def test_b_frames_travel_out_of_order_without_being_a_jump():
    timeline = Timeline(step=0.04)
    times = [timeline.at(pts, None) for pts in (0.0, 0.16, 0.08, 0.04, 0.12)]
    assert times == [0.0, 0.16, 0.08, 0.04, 0.12]


def test_a_clip_that_starts_again_goes_on_one_frame_later():
    timeline = Timeline(step=0.5)
    for second in range(100):
        timeline.at(float(second), None)
    assert timeline.at(0.0, None) == 99.5
    assert timeline.at(1.0, None) == 100.5


def test_a_long_pause_in_a_clip_is_kept():
    timeline = Timeline(step=0.5)
    timeline.at(0.0, None)
    assert timeline.at(3600.0, None) == 3600.0


def test_a_live_clock_that_leaps_counts_only_the_time_that_passed():
    for leap in (+5000.0, -5000.0, +10.5, -10.5):
        timeline = Timeline(step=0.04, longest=10)
        timeline.at(20.0, None, 0.0)
        timeline.at(20.04, None, 0.04)
        assert abs(timeline.at(20.08 + leap, None, 0.05) - 0.09) < 1e-9
        assert abs(timeline.at(20.12 + leap, None, 0.04) - 0.13) < 1e-9


def test_a_new_connection_counts_the_gap_by_the_monotonic_clock():
    timeline = Timeline(step=0.04, longest=10)
    timeline.at(7.0, None, 0.0)
    timeline.rejoin()
    assert timeline.at(7.04, None, 33.0) == 33.0


@given(st.lists(st.tuples(stamps, stamps, st.floats(0, 5)), min_size=1, max_size=60))
def test_stream_time_never_runs_away_from_stamps_and_clock(packets):
    timeline = Timeline(step=0.04, longest=10)
    before = None
    for pts, dts, elapsed in packets:
        now = timeline.at(pts, dts, elapsed)
        latest = timeline.latest
        assert latest is not None
        assert latest >= now
        if before is not None:
            assert latest >= before
        before = latest


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 12)), min_size=1, max_size=60))
def test_one_packet_advances_a_live_clock_by_no_more_than_a_jump_or_the_time_that_passed(packets):
    timeline = Timeline(step=0.04, longest=10)
    before = 0.0
    for stamp, elapsed in packets:
        timeline.at(stamp, None, elapsed)
        assert timeline.latest is not None
        assert timeline.latest - before <= max(10.0, elapsed) + 1e-6
        before = timeline.latest


@given(
    st.lists(st.tuples(st.floats(0.02, 4), st.floats(0, 3)), min_size=1, max_size=60),
    st.integers(0, 60),
    st.floats(-1e5, 1e5),
)
def test_a_jump_of_any_size_changes_no_duration_by_more_than_two_seconds(pictures, at, leap):
    """Pictures come late by up to 3 s, but in order; once the camera's clock is set anew."""
    timeline = Timeline(step=0.04, longest=10)
    sent = heard = timeline.at(0.0, None, 0.0)
    for number, (step, late) in enumerate(pictures):
        sent += step
        before, heard = heard, max(heard, sent + late)
        timeline.at(sent + (leap if number >= at else 0.0), None, heard - before)
    # What waited in the network when the jump came is counted as time that passed.
    assert timeline.latest == pytest.approx(sent, abs=2.0 + 3.0 * (timeline.jumps > 0))
    assert timeline.jumps <= 1


@pytest.mark.parametrize("leap", [3600.0, -3600.0, 9.0, 5.0, 2.5, -2.5, -9.0])
def test_a_jump_of_a_steady_stream_is_counted_and_moves_nothing(leap):
    timeline = Timeline(step=0.04, longest=10)
    for number in range(1000):
        timeline.at(number * 0.04 + (leap if number >= 500 else 0.0), None, 0.04)
    assert timeline.latest == pytest.approx(999 * 0.04, abs=0.1)
    assert timeline.jumps == 1


def test_a_stalled_network_is_caught_up_with_and_is_no_jump():
    """Eight seconds of pictures come at once; then the sender, who let four seconds go, is live again."""
    timeline = Timeline(step=0.04, longest=10)
    for number in range(100):
        timeline.at(number * 0.04, None, 0.04)
    timeline.at(4.0, None, 8.0)
    for number in range(101, 201):
        timeline.at(number * 0.04, None, 0.0)
    timeline.at(12.0, None, 0.04)
    assert (timeline.latest, timeline.jumps) == (12.0, 0)


def test_a_pause_of_the_camera_is_no_jump():
    timeline = Timeline(step=0.04, longest=10)
    timeline.at(0.0, None, 0.0)
    assert timeline.at(8.0, None, 8.0) == 8.0
    assert timeline.jumps == 0
