from hypothesis import given
from hypothesis import strategies as st

from devices.sensors.track import WINDOW, Arrival, Track, follow


def run(*messages):
    track, arrivals = Track(), []
    for boot, seq in messages:
        track, arrival = follow(track, boot, seq)
        arrivals.append(arrival)
    return track, arrivals


def test_a_gap_counts_as_lost_until_the_missing_ones_come_late():
    track, arrivals = run(("a", 5), ("a", 6), ("a", 9), ("a", 7))
    assert arrivals == [Arrival.FIRST, Arrival.NEXT, Arrival.GAP, Arrival.LATE]
    assert (track.received, track.lost, track.duplicates) == (4, 1, 0)


def test_a_repeat_is_a_duplicate_and_nothing_else():
    track, arrivals = run(("a", 0), ("a", 1), ("a", 1), ("a", 0))
    assert arrivals[2:] == [Arrival.DUPLICATE, Arrival.DUPLICATE]
    assert (track.received, track.lost, track.duplicates, track.highest) == (2, 0, 2, 1)


def test_a_reboot_starts_anew_without_counting_a_loss():
    track, arrivals = run(("a", 900), ("b", 0), ("b", 1))
    assert arrivals == [Arrival.FIRST, Arrival.REBOOT, Arrival.NEXT]
    assert (track.reboots, track.lost, track.boot) == (1, 0, "b")


def test_a_straggler_of_the_boot_before_changes_nothing():
    track, arrivals = run(("a", 900), ("b", 0), ("a", 901), ("b", 1))
    assert arrivals[2:] == [Arrival.OLD, Arrival.NEXT]
    assert (track.boot, track.reboots, track.lost) == ("b", 1, 0)


def test_what_was_sent_before_the_first_one_heard_was_never_lost():
    track, arrivals = run(("a", 10), ("a", 9), ("a", 12))
    assert arrivals[1] is Arrival.OLD
    assert track.lost == 1


def test_a_jump_wider_than_the_window_is_counted_whole():
    track, arrivals = run(("a", 0), ("a", 10 * WINDOW), ("a", 1))
    assert track.lost == 10 * WINDOW - 1
    assert arrivals[2] is Arrival.OLD


@given(order=st.permutations(range(40)), repeats=st.lists(st.integers(0, 39), max_size=20))
def test_whatever_the_order_all_that_came_is_received_and_nothing_is_lost(order, repeats):
    track, _ = run(
        ("a", 0), *(("a", number + 1) for number in order), *(("a", number + 1) for number in repeats)
    )
    assert (track.received, track.lost, track.duplicates) == (41, 0, len(repeats))


@given(sent=st.sets(st.integers(1, 200)))
def test_lost_is_what_is_missing_below_the_highest(sent):
    track, _ = run(("a", 0), *(("a", number) for number in sorted(sent)))
    assert track.lost == max(sent, default=0) - len(sent)
