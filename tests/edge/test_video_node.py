"""What a node sends of its cameras while somebody looks: decisions without sockets."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from devices.errors import CameraFault
from devices.messages import DeviceStatus
from devices.onvif.ptz import Preset, Velocity
from devices.stream.coded import Stamped
from devices.stream.ring import Ring
from devices.stream.status import StreamFacts
from devices.video import LiveState, MoveWish, PresetWish
from edge.video.live import LiveFeed, catch_up, state_of
from edge.video.moving import Mover
from edge.video.stills import EVERY, LATE, Stills

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE = 20.0


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def unit(at: float, *, key: bool = False, broken: bool = False) -> Stamped:
    return Stamped(at, SimpleNamespace(key=key, broken=broken, size=10, codec="h264"))


def test_the_ring_gives_what_came_since_and_after_a_loss_what_can_be_played():
    ring = Ring(60.0, 1 << 20)
    units = [unit(n / 10, key=n % 5 == 0) for n in range(12)]
    for one in units:
        ring.put("C1", one)
    assert ring.since("C1", None) == tuple(units[10:])
    assert ring.since("C1", units[3]) == tuple(units[4:])
    assert ring.since("C1", units[-1]) == ()
    assert ring.since("C1", unit(0.3)) == tuple(units[10:]), "one that is not kept any more"
    assert ring.since("C2", None) == ()
    ring.put("C1", unit(1.2, broken=True))
    ring.put("C1", unit(1.3))
    assert ring.since("C1", units[-1]) == ()
    ring.put("C1", again := unit(1.5, key=True))
    assert ring.since("C1", units[-1]) == (again,)


def test_a_slow_line_goes_on_at_the_newest_key_picture():
    units = [unit(n / 10, key=n % 15 == 0) for n in range(40)]
    assert catch_up(units[:15]) == units[:15]
    assert catch_up(units) == units[30:]
    assert catch_up(units[1:15] + units[31:]) == units[1:15] + units[31:], (
        "without one there is nothing to skip to"
    )
    assert catch_up([]) == []


@pytest.mark.parametrize(
    ("ringed", "state", "age", "said"),
    [
        (False, DeviceStatus.UP, 0.0, LiveState.STILLS_ONLY),
        (True, DeviceStatus.UP, 0.1, None),
        (True, DeviceStatus.UP, 9.0, LiveState.STALLED),
        (True, DeviceStatus.STALLED, 9.0, LiveState.STALLED),
        (True, DeviceStatus.UNREACHABLE, 9.0, LiveState.AWAY),
        (True, DeviceStatus.REFUSED, 9.0, LiveState.AWAY),
        (True, DeviceStatus.UNREACHABLE, 0.1, None),
    ],
)
def test_why_there_is_no_live_picture_is_told(ringed, state, age, said):
    eyes = SimpleNamespace(ringed=lambda _: ringed, stream=lambda _: StreamFacts(state, None, age, age))
    assert state_of(eyes, "C1") is said


def test_while_alarms_wait_for_the_line_pictures_are_held_told_of_and_begun_anew():
    told, asked = [], []
    there = Stamped(1.0, SimpleNamespace(key=True, broken=False, size=10, codec="h265"))
    eyes = SimpleNamespace(
        ringed=lambda _: True,
        stream=lambda _: StreamFacts(DeviceStatus.UP, None, 0.1, 0.1),
        size=lambda _: (640, 360),
        since=lambda _, last: asked.append(last) or (there,),
    )
    line = SimpleNamespace(send=lambda frame: told.append(json.loads(frame)["state"]), recv=silent)
    beats = iter([True, True, True, True, False])
    pressed = iter([False, False, True, False])
    LiveFeed("C1", eyes, beats.__next__, pressed.__next__).serve(line)
    assert told == ["codec", "held", "codec"]
    assert asked == [None, there, None], "after it was held it goes on as if it had just been asked for"


def silent(_: float) -> bytes:
    raise TimeoutError


def test_stills_are_of_decoded_frames_at_most_one_a_second_and_else_of_the_ring():
    clock = Clock()
    stills = Stills(clock)
    stills.offer("C1", "before")
    assert not stills.wanted
    assert stills.want(["C1", "C2"]) == ["C1", "C2"]
    assert list(stills.take(0)) == [("C1", None), ("C2", None)], "at first out of the ring, at once"
    assert list(stills.take(0)) == []
    clock.now += EVERY / 2
    stills.offer("C1", "one")
    stills.offer("C1", "two")
    stills.offer("C3", "nobody looks")
    assert list(stills.take(0)) == []
    clock.now += EVERY / 2
    assert list(stills.take(0)) == [("C1", "two")]
    clock.now += LATE - EVERY
    assert list(stills.take(0)) == [("C2", None)]
    assert stills.want(["C2"]) == []
    assert not stills.want([])
    assert not stills.wanted


def test_the_same_picture_is_not_sent_twice():
    stills = Stills(Clock())
    stills.want(["C1"])
    assert stills.is_news("C1", NOON)
    stills.sent("C1", NOON)
    assert not stills.is_news("C1", NOON)
    assert stills.is_news("C1", NOON + timedelta(seconds=1))
    stills.again()
    assert stills.is_news("C1", NOON), "a new connection has seen nothing"
    assert not stills.is_news("C2", NOON)


class Dome:
    """A camera that can be moved, and what it was told."""

    def __init__(self, *, fails: bool = False) -> None:
        self.told: list[object] = []
        self.changed = threading.Condition()
        self.fails = fails

    def movable(self) -> bool:
        return True

    def presets(self) -> tuple[Preset, ...]:
        return (Preset("1", "Gate"),)

    def _hear(self, what: object) -> None:
        with self.changed:
            self.told.append(what)
            self.changed.notify_all()
        if self.fails:
            raise CameraFault("its motor is stuck")

    def move(self, velocity: Velocity, seconds: float) -> None:
        self._hear(velocity)

    def stop(self) -> None:
        self._hear("stop")

    def go_to(self, preset: str) -> None:
        self._hear(preset)

    def wait(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.told) >= count, PATIENCE), self.told


def test_a_camera_that_nobody_moves_any_more_is_stopped():
    dome = Dome()
    mover = Mover("C1", lambda: dome, time.monotonic)
    mover.start()
    mover.wish(MoveWish(pan=0.5))
    dome.wait(2)
    assert dome.told == [Velocity(0.5, 0.0, 0.0), "stop"]
    mover.wish(PresetWish(token="1"))
    dome.wait(3)
    mover.end()
    assert dome.told[2] == "1"
    assert mover.presets == (Preset("1", "Gate"),)


def test_a_camera_that_moves_is_stopped_when_the_last_one_leaves():
    dome = Dome()
    mover = Mover("C1", lambda: dome, lambda: 0.0)
    mover.start()
    mover.wish(MoveWish(tilt=1.0))
    dome.wait(1)
    mover.end()
    dome.wait(2)
    assert dome.told[-1] == "stop"


def test_a_camera_that_does_not_move_is_told_of():
    dome = Dome(fails=True)
    mover = Mover("C1", lambda: dome, time.monotonic)
    mover.start()
    mover.wish(PresetWish(token="1"))
    until = time.monotonic() + PATIENCE
    said = []
    while not said and time.monotonic() < until:
        said = mover.said()
        threading.Event().wait(0.01)
    mover.end()
    assert [(one.ok, one.why) for one in said] == [(False, "failed")]
