"""What an eye remembers comes back the same, and nothing else is taken for it."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import MemoryUnreadable
from edge.see.anchors import Anchors
from edge.see.memory import VERSION, Memory, Place, freeze, moved, thaw
from edge.see.slots import Phase, Slot
from edge.see.votes import Votes

WIDTH, HEIGHT = 64, 36
times = st.floats(0.0, 2e9)
boxes = st.tuples(st.integers(0, 40), st.integers(0, 20), st.integers(1, 20), st.integers(1, 15)).map(
    lambda made: (made[0], made[1], made[0] + made[2], made[1] + made[3])
)
tallies = st.dictionaries(
    st.sampled_from(["bicycle", "person", "car"]), st.tuples(st.floats(0, 9), st.integers(1, 9)), max_size=3
).map(lambda made: tuple((name, *made[name]) for name in sorted(made)))
slots = st.builds(
    Slot,
    id=st.uuids(),
    box=boxes,
    since=times,
    at_least=st.booleans(),
    stood=times,
    last_present=times,
    phase=st.sampled_from([phase for phase in Phase if phase is not Phase.GONE]),
    presents=st.integers(0, 999),
    looks=st.integers(0, 999),
    leaving_since=st.none() | times,
    gone_looks=st.integers(0, 9),
    votes=st.builds(Votes, st.integers(0, 9), tallies),
    named_box=st.none() | boxes,
    named_score=st.floats(0.0, 1.0),
)


@st.composite
def memories(draw) -> Memory:
    noise = np.random.default_rng(draw(st.integers(0, 99)))
    known = tuple(draw(st.lists(slots, max_size=3, unique_by=lambda slot: slot.id)))
    places = {}
    for slot in known:
        box = draw(boxes)
        shape = (box[3] - box[1], box[2] - box[0])
        taken, empty = noise.integers(0, 256, (2, *shape), np.uint8)
        anchors = Anchors(taken, empty if draw(st.booleans()) else None, noise.random(shape) > 0.5)
        places[slot.id] = Place(box, anchors)
    return Memory(noise.integers(0, 256, (HEIGHT, WIDTH), np.uint8), known, places)


@settings(max_examples=50, deadline=None)
@given(memories())
def test_a_memory_comes_back_to_the_pixel(memory):
    back = thaw(freeze(memory))
    assert np.array_equal(back.usual, memory.usual)
    assert back.slots == memory.slots
    for slot in memory.slots:
        was, now = memory.places[slot.id], back.places[slot.id]
        assert now.box == was.box
        assert np.array_equal(now.anchors.taken, was.anchors.taken)
        assert np.array_equal(now.anchors.mask, was.anchors.mask)
        assert now.anchors.mask.dtype == bool
        assert (now.anchors.empty is None) == (was.anchors.empty is None)
        if was.anchors.empty is not None:
            assert np.array_equal(now.anchors.empty, was.anchors.empty)


@given(slots, st.floats(-1e6, 1e6))
def test_moving_a_slot_to_another_clock_moves_every_time_and_nothing_else(slot, by):
    there = moved(slot, by)
    assert there.since == slot.since + by
    assert there.last_present == slot.last_present + by
    assert (there.leaving_since is None) == (slot.leaving_since is None)
    unmoved = {"since": 0.0, "last_present": 0.0, "leaving_since": None}
    assert replace(there, **unmoved) == replace(slot, **unmoved)
    assert moved(there, -by).since == pytest.approx(slot.since, abs=1e-5)


def kept() -> dict:
    noise = np.random.default_rng(1)
    slot = Slot(UUID(int=1), (4, 4, 12, 10), 1.0, False, 2.0, 3.0, leaving_since=2.5, named_box=(4, 4, 9, 9))
    anchors = Anchors(*noise.integers(0, 256, (2, 8, 10), np.uint8), noise.random((8, 10)) > 0.5)
    memory = Memory(
        noise.integers(0, 256, (HEIGHT, WIDTH), np.uint8), (slot,), {slot.id: Place((3, 3, 13, 11), anchors)}
    )
    return json.loads(freeze(memory))


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff", b"null", b"[]", b"{}", b'{"version": 2}', b"[" * 100_000, b'{"version": 1, "usual": ""}'],
    ids=["empty", "bytes", "null", "list", "object", "newer", "deep", "no picture"],
)
def test_what_is_no_memory_is_refused(raw):
    with pytest.raises(MemoryUnreadable):
        thaw(raw)


def test_another_version_is_named():
    with pytest.raises(MemoryUnreadable, match=f"version 99, this is {VERSION}"):
        thaw(json.dumps(kept() | {"version": 99}).encode())


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_memory_is_refused_or_fits_its_pictures(data):
    """One field replaced by anything: whatever comes back can be used."""
    raw = kept()
    part = data.draw(st.sampled_from([raw, raw["slots"][0], raw["slots"][0]["votes"]]))
    part[data.draw(st.sampled_from(sorted(part)))] = data.draw(anything)
    try:
        memory = thaw(json.dumps(raw).encode())
    except MemoryUnreadable:
        return
    for slot in memory.slots:
        box = memory.places[slot.id].box
        look = memory.usual[box[1] : box[3], box[0] : box[2]]
        assert look.shape == memory.places[slot.id].anchors.taken.shape


@pytest.mark.parametrize("field", ["taken", "empty", "mask"])
def test_an_anchor_of_another_size_is_refused(field):
    raw = kept()
    raw["slots"][0][field] = raw["usual"]
    with pytest.raises(MemoryUnreadable, match="does not fit"):
        thaw(json.dumps(raw).encode())


def test_bytes_that_rotted_never_crash_the_reader():
    sound, chance = json.dumps(kept()).encode(), random.Random(3)
    for _ in range(300):
        rotten = bytearray(sound)
        for _ in range(chance.randint(1, 4)):
            rotten[chance.randrange(len(rotten))] = chance.randrange(256)
        with suppress(MemoryUnreadable):
            thaw(bytes(rotten))
