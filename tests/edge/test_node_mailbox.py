"""The newest frame of each camera, for one taker."""

from __future__ import annotations

import threading
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from devices.stream.fake import frame_of
from edge.node.mailbox import ROOM, Mailbox

PICTURE = np.zeros((8, 8, 3), np.uint8)
FRAMES = [frame_of(PICTURE, float(at), size=(8, 8)) for at in range(60)]
steps = st.lists(st.sampled_from(["C1", "C2", "C3", "take"]), max_size=len(FRAMES))


@given(steps)
def test_the_taker_gets_the_newest_of_each_camera_in_the_order_they_began_to_wait(story):
    box, waiting, skipped, put = Mailbox(), {}, 0, 0
    for step, frame in zip(story, FRAMES, strict=False):
        if step == "take":
            first = next(iter(waiting), None)
            expected = None if first is None else (first, waiting.pop(first))
            assert box.take(0.0) == expected
            continue
        skipped += step in waiting
        waiting[step] = frame  # a dict keeps the turn of a key that is set again
        box.put(step, frame)
        put += 1
    assert (box.skipped, box.waiting) == (skipped, len(waiting))
    while waiting:
        assert box.take(0.0) is not None
        waiting.popitem()
    assert box.take(0.0) is None


def test_a_taker_that_waits_is_woken_by_the_first_frame():
    box, got = Mailbox(), []
    taker = threading.Thread(target=lambda: got.append(box.take(10.0)))
    taker.start()
    box.put("C1", FRAMES[0])
    taker.join(5)
    assert got == [("C1", FRAMES[0])]


def test_closing_wakes_the_taker_and_what_waits_can_still_be_taken():
    box, got = Mailbox(), []
    taker = threading.Thread(target=lambda: got.append(box.take(10.0)))
    taker.start()
    began = time.monotonic()
    box.close()
    taker.join(5)
    assert got == [None]
    assert time.monotonic() - began < 5
    box.put("C1", FRAMES[0])
    assert box.take(10.0) == ("C1", FRAMES[0])
    assert box.take(10.0) is None


def test_who_puts_in_turn_waits_for_room_unless_it_replaces_its_own():
    box, done = Mailbox(), threading.Event()
    for number in range(ROOM):
        box.put_in_turn(f"C{number}", FRAMES[0])
    box.put_in_turn("C0", FRAMES[1])

    def one_more() -> None:
        box.put_in_turn("late", FRAMES[2])
        done.set()

    putter = threading.Thread(target=one_more)
    putter.start()
    assert not done.wait(0.1)
    assert box.take(0.0) == ("C0", FRAMES[1])
    assert done.wait(5)
    assert [box.take(0.0) for _ in range(ROOM)][-1] == ("late", FRAMES[2])
    putter.join(5)


def test_closing_lets_those_go_who_wait_for_room():
    box = Mailbox()
    for number in range(ROOM):
        box.put(f"C{number}", FRAMES[0])
    putter = threading.Thread(target=box.put_in_turn, args=("late", FRAMES[0]))
    putter.start()
    box.close()
    putter.join(5)
    assert not putter.is_alive()


def test_many_cameras_put_from_their_own_threads_and_nothing_is_lost_uncounted():
    box, rounds = Mailbox(), 200
    names = [f"C{number}" for number in range(6)]
    putters = [
        threading.Thread(target=lambda name=name: [box.put(name, FRAMES[0]) for _ in range(rounds)])
        for name in names
    ]
    for one in putters:
        one.start()
    taken = 0
    while any(one.is_alive() for one in putters) or taken + box.skipped < rounds * len(names):
        taken += box.take(0.05) is not None
    assert taken + box.skipped == rounds * len(names)
