"""What is kept of every camera for evidence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.stream.coded import Stamped
from devices.stream.fake import FakeUnit
from devices.stream.ring import Ring

events = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 400), st.booleans(), st.integers(0, 9)), max_size=120
)


def one(at: float, *, key: bool, size: int = 10, broken: bool = False) -> Stamped:
    return Stamped(at, FakeUnit("h264", key, b"", round(at * 90_000), bytes(size), broken))


def fill(ring: Ring, camera: str, count: int, gop: int, size: int = 10, *, first: int = 0) -> None:
    for number in range(first, first + count):
        ring.put(camera, one(float(number), key=number % gop == 0, size=size))


def times(ring: Ring, camera: str, begin: float, end: float) -> list[float]:
    return [each.at for each in ring.cut(camera, begin, end)]


def test_a_cut_begins_with_the_key_unit_at_or_before_its_begin_and_ends_at_its_end():
    ring = Ring(100, 10_000)
    fill(ring, "a", 40, 4)
    assert times(ring, "a", 10, 17) == [8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    assert times(ring, "a", 12, 12.5) == [12]
    assert times(ring, "a", -5, 1) == [0, 1]
    assert times(ring, "a", 40, 50) == []
    assert times(ring, "nobody", 0, 9) == []


def test_pictures_from_before_a_long_pause_are_of_another_time():
    ring = Ring(8, 10_000)
    fill(ring, "a", 6, 4)
    fill(ring, "a", 6, 4, first=50_000)
    assert times(ring, "a", 49_998, 50_002) == [50_000, 50_001, 50_002]
    assert times(ring, "a", 4, 99_999)[:3] == [4, 5, 50_000]
    fill(ring, "b", 6, 4)
    fill(ring, "b", 6, 4, first=12)
    assert times(ring, "b", 11, 13) == [4, 5, 12, 13]


def test_the_seconds_asked_for_can_always_be_cut_and_not_much_more_is_kept():
    ring = Ring(10, 10_000)
    fill(ring, "a", 103, 4)
    assert times(ring, "a", 0, 200) == [float(at) for at in range(92, 103)]
    assert ring.size == 11 * 10


def test_what_a_broken_unit_leans_on_is_kept_and_what_leans_on_it_is_not():
    ring = Ring(100, 10_000)
    fill(ring, "a", 6, 4)
    ring.put("a", one(6.0, key=False, broken=True))
    ring.put("a", one(7.0, key=False))
    fill(ring, "a", 2, 4, first=8)
    assert times(ring, "a", 0, 99) == [0, 1, 2, 3, 4, 5, 8, 9]


def test_where_room_is_short_the_camera_that_takes_most_loses_its_oldest():
    ring = Ring(1000, 1000)
    fill(ring, "small", 8, 4, size=10)
    fill(ring, "large", 40, 4, size=100)
    assert times(ring, "small", 0, 99) == list(range(8))
    assert times(ring, "large", 0, 99)[0] == 32
    assert ring.size <= 1000


def test_a_group_larger_than_all_room_is_given_up_until_the_next_key_unit():
    ring = Ring(1000, 100)
    fill(ring, "a", 13, 100)
    assert times(ring, "a", 0, 99) == []
    fill(ring, "a", 3, 100, first=100)
    assert times(ring, "a", 0, 999) == [100, 101, 102]


@given(events, st.integers(0, 30), st.integers(0, 3000))
def test_whatever_comes_it_keeps_to_its_bound_and_every_cut_can_be_decoded(story, seconds, most):
    ring, at, kept = Ring(seconds, most), dict.fromkeys("abc", 0), 0
    for camera, size, key, step in story:
        at[camera] += step
        ring.put(camera, one(float(at[camera]), key=key, size=size))
        assert ring.size <= most
    for camera in "abc":
        cut = ring.cut(camera, -1, 10**6)
        kept += sum(each.unit.size for each in cut)
        assert not cut or cut[0].unit.key
        assert [each.at for each in cut] == sorted(each.at for each in cut)
        later = ring.cut(camera, at[camera], 10**6)
        assert not later or later[0].unit.key
    assert kept == ring.size
