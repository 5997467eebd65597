from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from devices.stream.cadence import MOST_HELD, Act, Cadence, Pace


def acts(times_and_keys, need=4.0):
    cadence = Cadence(need)
    return [cadence.judge(at, key=key, due=True) for at, key in times_and_keys]


def test_nothing_is_decoded_before_the_first_key_packet():
    assert acts([(0.0, False), (0.1, False), (0.2, True)]) == [Act.SKIP, Act.SKIP, Act.ALONE]


def test_only_key_packets_are_decoded_while_they_come_often_enough():
    packets = [(n * 0.1, n % 20 == 0) for n in range(200)]
    assert {act for act, (_, key) in zip(acts(packets), packets, strict=True) if not key} == {Act.HOLD}
    assert {act for act, (_, key) in zip(acts(packets), packets, strict=True) if key} == {Act.ALONE}


def test_a_key_packet_that_is_not_due_is_held_undecoded():
    assert Cadence(4.0).judge(0.0, key=True, due=False) is Act.HOLD


def test_everything_is_decoded_once_a_key_frame_is_overdue():
    packets = [(n * 0.1, n == 0) for n in range(50)]
    decided = acts(packets)
    assert decided[0] is Act.ALONE
    assert set(decided[1:41]) == {Act.HOLD}
    assert set(decided[41:]) == {Act.ALL}


def test_key_packets_alone_again_after_three_short_intervals():
    cadence = Cadence(4.0)
    for at in (0.0, 10.0, 12.0, 14.0):
        cadence.judge(at - 1, key=False, due=True)
        assert cadence.judge(at, key=True, due=True) is (Act.ALL if at else Act.ALONE)
    assert cadence.judge(16.0, key=True, due=True) is Act.ALONE


def test_a_stream_whose_clock_stands_still_cannot_fill_the_memory():
    cadence = Cadence(4.0)
    cadence.judge(0.0, key=True, due=True)
    assert [cadence.judge(0.0, key=False, due=False) for _ in range(MOST_HELD + 1)][-1] is Act.ALL


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=200), st.sampled_from([0.5, 1.0, 2.0]))
def test_pace_hands_out_no_more_than_one_a_period_and_no_gap_wider_than_needed(steps, every):
    pace, at, taken, all_times = Pace(every), 0.0, [], []
    for step in steps:
        at += step
        all_times.append(at)
        if pace.is_due(at):
            pace.took(at)
            taken.append(at)
    assert taken[0] == all_times[0]
    assert len(taken) <= (all_times[-1] - all_times[0]) / every + 1.1
    for earlier, later in pairwise(taken):
        passed_over = [t for t in all_times if earlier < t < later]
        assert all(t - earlier < every for t in passed_over)


def test_jitter_around_the_period_loses_no_frame():
    pace = Pace(1.0)
    taken = 0
    for second in range(100):
        at = second + (0.02 if second % 2 else -0.02)
        if pace.is_due(at):
            pace.took(at)
            taken += 1
    assert taken == 100
