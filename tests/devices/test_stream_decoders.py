"""Decoders that many cameras share: each gets its own pictures, newest first in need, and no backlog."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest
from av.error import FFmpegError
from av.packet import Packet

from devices.stream.coded import Stamped
from devices.stream.decoders import MOST_WAITING, Decoders, Order, new_decoder, still
from devices.stream.fake import BEGIN, FakeUnit, coded_clip, number_of, write_clip

SIZE = (192, 108)
KINDS = [
    ("libx264", (640, 360), 0),
    ("libx264", (352, 288), 2),
    ("libx264", (320, 180), 0),
    ("libx265", (640, 360), 0),
    ("libx265", (352, 288), 2),
]
"""Encoder, size, B-frames of each camera's stream."""


@pytest.fixture(scope="module")
def streams(tmp_path_factory) -> list[list[Stamped]]:
    """Of each kind a stream; its pictures are numbered from 500 times the camera's number on."""
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for number, (codec, size, b_frames) in enumerate(KINDS):
        path = folder / f"{number}.ts"
        write_clip(path, count=60, gop=6, size=size, codec=codec, b_frames=b_frames, first=500 * number)
        made.append(coded_clip(path))
    return made


def keys(stream: list[Stamped]) -> list[Stamped]:
    return [one for one in stream if one.unit.key]


def order(one: Stamped, *, wanted: bool = True) -> Order:
    return Order(one.unit, one.at, BEGIN, SIZE, wanted)


def mark(picture) -> int:
    """The number that a decoded picture carries."""
    return number_of(picture.to_ndarray(format="gray"))


def test_a_decoder_that_serves_all_cameras_in_turn_never_hands_out_the_picture_of_another(streams):
    decoders = {codec: new_decoder(codec) for codec in ("h264", "hevc")}
    plan = [(camera, at) for camera, stream in enumerate(streams) for at in range(len(keys(stream)))]
    random.Random(3).shuffle(plan)
    for camera, at in plan:
        unit = keys(streams[camera])[at].unit
        picture = still(decoders[unit.codec], unit)
        assert picture is not None
        assert mark(picture) == 500 * camera + 6 * at
        assert (picture.width, picture.height) == KINDS[camera][1]


def test_a_decoder_that_is_shared_without_care_hands_out_wrong_ones(streams):
    """The trap is there with these streams: what the test before would see of a plain shared decoder."""
    decoder, wrong = new_decoder("h264"), 0
    for at in range(8):
        for camera in range(3):
            unit = keys(streams[camera])[at].unit
            try:
                pictures = decoder.decode(Packet(unit.parameters * (at == 0) + unit.annexb()))
            except FFmpegError:
                pictures = []
            wrong += [mark(one) for one in pictures] != [500 * camera + 6 * at]
    assert wrong > 8


@pytest.mark.parametrize("keep", [0.5, 0.1])
def test_a_damaged_key_picture_is_not_handed_out_and_spoils_none_after_it(streams, keep):
    decoder = new_decoder("h264")
    first, second = (keys(streams[0])[at].unit for at in (0, 1))
    for _ in range(3):
        assert still(decoder, replace(first, data=first.data[: int(len(first.data) * keep)])) is None
        assert mark(still(decoder, keys(streams[2])[1].unit)) == 1006
        assert mark(still(decoder, second)) == 6


@pytest.mark.parametrize("data", [b"", b"\0\0\0\1", b"nonsense" * 100, b"\0\0\0\1\x65" + bytes(4000)])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_nonsense_is_no_picture_and_no_error(streams, codec, data):
    decoder = new_decoder(codec)
    good = next(keys(stream)[0].unit for stream in streams if stream[0].unit.codec == codec)
    assert still(decoder, FakeUnit(codec, True, good.parameters, 0, data)) is None
    assert still(decoder, FakeUnit(codec, True, b"", 0, data)) is None
    assert still(decoder, good) is not None


class Shown(NamedTuple):
    """One thing that was handed out."""

    camera: str
    order: Order
    frame: object


class Bench:
    """Decoders with threads and what they handed out."""

    def __init__(self) -> None:
        self.shown: queue.Queue[Shown] = queue.Queue()
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Semaphore(0)
        self.decoders = Decoders(self._done)
        self.threads = [threading.Thread(target=self.decoders.work, daemon=True) for _ in range(2)]

    def _done(self, camera: str, order: Order, frame) -> None:
        self.reached.release()
        assert self.gate.wait(20)
        self.shown.put(Shown(camera, order, frame))

    def take(self, count: int) -> list[Shown]:
        return [self.shown.get(timeout=20) for _ in range(count)]


@contextmanager
def running() -> Iterator[Bench]:
    bench = Bench()
    for thread in bench.threads:
        thread.start()
    yield bench
    bench.gate.set()
    bench.decoders.close()
    for thread in bench.threads:
        thread.join(10)
        assert not thread.is_alive()


def test_frames_of_key_units_carry_their_camera_time_and_size(streams):
    with running() as bench:
        for at in range(10):
            for camera, stream in enumerate(streams):
                bench.decoders.still(str(camera), order(keys(stream)[at]))
            for name, asked, frame in bench.take(len(streams)):
                assert number_of(frame.luma) == 500 * int(name) + 6 * at
                assert frame.luma.shape == (SIZE[1], SIZE[0])
                assert frame.stream_time == asked.at
                assert frame.taken_at == BEGIN + timedelta(seconds=asked.at)
                assert frame.is_key


def test_a_newer_key_unit_takes_the_place_of_one_that_still_waits_and_it_is_counted(streams):
    with running() as bench:
        bench.gate.clear()
        for name in ("a", "b"):  # both threads are held up
            bench.decoders.still(name, order(keys(streams[0])[0]))
            assert bench.reached.acquire(timeout=20)
        for at in range(1, 10):
            bench.decoders.still("c", order(keys(streams[0])[at]))
        assert bench.decoders.waiting == 1
        assert bench.decoders.replaced == 8
        bench.gate.set()
        shown = {one.camera: number_of(one.frame.luma) for one in bench.take(3)}
        assert shown == {"a": 0, "b": 0, "c": 54}


@pytest.mark.parametrize("camera", range(len(KINDS)))
def test_a_film_shows_every_wanted_picture_in_the_order_it_was_taken(streams, camera):
    stream = streams[camera]
    with running() as bench:
        bench.decoders.film("x", [order(one, wanted=number % 3 == 0) for number, one in enumerate(stream)])
        wanted = [number for number in range(len(stream)) if number % 3 == 0]
        shown = bench.take(len(wanted) - 4)
        # Sent order is not shown order where there are B-frames, so that times say which picture it was.
        pictures = {one.at: _shown_number(stream, one) for one in stream}
        for one in shown:
            assert number_of(one.frame.luma) == 500 * camera + pictures[one.order.at]


def _shown_number(stream: list[Stamped], one: Stamped) -> int:
    return sorted(other.unit.rtp_time for other in stream).index(one.unit.rtp_time)


def test_films_and_key_units_of_cameras_side_by_side_do_not_mix(streams):
    with running() as bench:
        for begin in range(0, 60, 6):
            bench.decoders.film("0", [order(one) for one in streams[0][begin : begin + 6]])
            bench.decoders.film("3", [order(one) for one in streams[3][begin : begin + 6]])
            bench.decoders.still("2", order(streams[2][begin]))
            for name, asked, frame in bench.take(13):
                stream = streams[int(name)]
                first = number_of(frame.luma)
                assert first == 500 * int(name) + _shown_number(stream, Stamped(asked.at, asked.unit))


def test_a_key_unit_by_itself_ends_the_film_and_a_new_film_begins_with_its_own_decoder(streams):
    with running() as bench:
        bench.decoders.film("x", [order(one) for one in streams[0][:6]])
        assert len(bench.take(6)) == 6
        bench.decoders.still("x", order(streams[0][12]))
        assert number_of(bench.take(1)[0].frame.luma) == 12
        bench.decoders.film("x", [order(one) for one in streams[0][24:30]])
        assert [number_of(one.frame.luma) for one in bench.take(6)] == list(range(24, 30))


def test_a_film_that_falls_behind_goes_on_at_its_next_key_unit(streams):
    with running() as bench:
        bench.gate.clear()
        for name in ("a", "b"):
            bench.decoders.still(name, order(keys(streams[0])[0]))
            assert bench.reached.acquire(timeout=20)
        endless = [streams[0][number % 60] for number in range(MOST_WAITING + 8)]
        for one in endless:
            bench.decoders.film("x", [order(one)])
        assert bench.decoders.replaced == MOST_WAITING + (6 - MOST_WAITING % 6) % 6
        bench.gate.set()
        first = next(one for one in bench.take(4) if one.camera == "x")
        assert first.order.unit.key


def test_what_cannot_be_decoded_is_told_so(streams):
    unit = keys(streams[0])[0].unit
    with running() as bench:
        bench.decoders.still("x", order(Stamped(0.0, replace(unit, data=b"nonsense"))))
        assert bench.take(1)[0].frame is None


def test_a_camera_that_is_forgotten_leaves_nothing_that_waits(streams):
    with running() as bench:
        bench.gate.clear()
        for name in ("a", "b"):
            bench.decoders.still(name, order(keys(streams[0])[0]))
            assert bench.reached.acquire(timeout=20)
        bench.decoders.still("c", order(keys(streams[0])[1]))
        bench.decoders.forget("c")
        bench.decoders.forget("a")
        assert bench.decoders.waiting == 0
        bench.gate.set()
        assert {one.camera for one in bench.take(2)} == {"a", "b"}
        assert bench.shown.empty()
