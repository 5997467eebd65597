"""What a failing camera does to its neighbours, over real sockets: nothing. And what is said of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import DeviceStatus, Series
from devices.reasons import Reason
from devices.stream import Frame, FrameRequest
from devices.stream.backoff import Turnstile
from devices.stream.fake import number_of, write_clip
from devices.stream.rtsp_client import Timeouts
from devices.stream.status import RUNG
from edge.node import reception as module
from edge.node.reception import PACE, REOPEN_EVERY, Reception
from edge.node.report import Reporter
from edge.send.pace import Pace
from simulators.broker import free_port
from simulators.cameras.rtsp import Fault, Looping, Segment, Server, rtsp_in_thread
from tests.devices.onvif_peers import RIGHT
from tests.edge.pigeonholes import Pigeonholes
from tests.edge.points_for_tests import NOON, bodies, camera, open_store

UP = DeviceStatus.UP
QUICK = Pace(first=0.05, longest=0.1, denied=0.1)
TIMEOUTS = Timeouts(connect=1.0, answer=0.5, silence=0.5, farewell=0.2)
REQUEST = FrameRequest(every=0.1, need=1.0)
ENV = {"CAM_USER": RIGHT.user, "CAM_PASSWORD": RIGHT.password}
PATIENCE = 30.0
GOOD, BAD = ("C0", "C1", "C2"), "C9"
GOP, COUNT = 10, 40
"""Pictures between key frames, and of a clip; 20 a second."""


class Told(Reporter):
    """The reporter, and what it was told of each camera: rungs with reasons, one after the other."""

    def __init__(self, store) -> None:
        super().__init__("n1", store, lambda: NOON, lambda: None)
        self.said: dict[str, list[tuple[DeviceStatus, str]]] = defaultdict(list)
        self.details: dict[str, str] = {}
        self.changed = threading.Condition()

    def tell(self, device, kind, status, detail, *, logged=False) -> None:
        super().tell(device, kind, status, detail, logged=logged)
        with self.changed:
            now = (status, str(self._facts[device]["reason"]))
            if self.said[device][-1:] != [now]:
                self.said[device].append(now)
            self.details[device] = detail
            self.changed.notify_all()

    def wait(self, said: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(said, PATIENCE), (dict(self.said), self.details)


class Cabinet:
    """A reception on its threads."""

    def __init__(self, store, cameras, **more) -> None:
        self.store = store
        self.told = Told(store)
        self.frames: dict[str, queue.Queue[Frame]] = defaultdict(queue.Queue)
        self.reception = Reception(
            [(one, REQUEST) for one in cameras],
            ENV,
            Pigeonholes(self.frames),
            self.told,
            **{"chance": lambda: 0.5, "pace": QUICK, "timeouts": TIMEOUTS} | more,
        )
        self.threads = [
            threading.Thread(target=work, name=name, daemon=True) for name, work in self.reception.jobs
        ]
        for thread in self.threads:
            thread.start()

    def up(self, *names: str) -> None:
        self.told.wait(lambda: all(self.told.said[name][-1:] == [(UP, "")] for name in names))

    def fresh(self, name: str) -> Frame:
        """The next one from now on."""
        while not self.frames[name].empty():
            self.frames[name].get_nowait()
        return self.frames[name].get(timeout=PATIENCE)

    def end(self) -> None:
        self.reception.stop()
        self.reception.join(PATIENCE)
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), thread.name


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Callable[..., Cabinet]]:
    with ExitStack() as stack:
        store = open_store(tmp_path / "state")
        stack.callback(store.close)

        def make(*cameras, **more) -> Cabinet:
            made = Cabinet(store, cameras, **more)
            stack.callback(made.end)
            return made

        yield make


@pytest.fixture(scope="module")
def segments(tmp_path_factory) -> dict[str, Segment]:
    """Two seconds each; pictures are numbered from 100 times the camera's number on."""
    folder = tmp_path_factory.mktemp("clips")

    def segment(name: str, number: int, **more) -> Segment:
        given = {"count": COUNT, "gop": GOP, "rate": 20, "size": (96, 72), "first": 100 * number}
        return Segment.load(write_clip(folder / f"{name}.mp4", **given | more))

    return {name: segment(name, int(name[1:])) for name in (*GOOD, BAD)} | {
        "larger": segment("larger", 9, size=(160, 120)),
        "h265": segment("h265", 9, codec="libx265"),
    }


class Street:
    """Three good cameras and a bad one, which has a server of its own, so that it can go altogether."""

    def __init__(self, segments, cabinet, stack: ExitStack) -> None:
        self.segments = segments
        self.port = free_port()
        self.shown = segments[BAD]
        good = stack.enter_context(rtsp_in_thread({name: Looping(segments[name]) for name in GOOD}, RIGHT))
        self.bad: Server
        self._on: ExitStack | None = None
        stack.callback(self.power_off)
        self.power_on()
        cameras = [camera(name, credentials="CAM", stream_uri=good.uri(name)) for name in GOOD]
        self.house = cabinet(*cameras, camera(BAD, credentials="CAM", stream_uri=self.bad.uri(BAD)))
        self.house.up(*GOOD, BAD)

    def segment(self, at: float) -> Segment:
        """The bad camera's programme."""
        return self.shown

    def power_on(self) -> None:
        if self._on is None:
            self._on = ExitStack()
            self.bad = self._on.enter_context(rtsp_in_thread({BAD: self}, RIGHT, port=self.port))

    def power_off(self) -> None:
        if self._on is not None:
            self._on.close()
            self._on = None

    def begins(self, fault: Fault) -> None:
        """From now on, and for whoever is connected already."""
        self.bad.fault(BAD, fault)
        self.bad.fault(BAD, Fault.DROP)
        self.house.told.wait(lambda: self.house.told.said[BAD][-1][0] is not UP)
        self.bad.fault(BAD, Fault.DROP, on=False)

    def falls(self, reason: Reason) -> None:
        told = self.house.told
        told.wait(lambda: told.said[BAD][-1] == (RUNG[reason], str(reason)))

    @contextmanager
    def costs_the_others_nothing(self) -> Iterator[None]:
        """Every key frame that the good cameras send meanwhile is looked at; none of them is disturbed."""
        house, told = self.house, self.house.told
        for name in GOOD:
            house.fresh(name)
        seen: dict[str, list[int]] = {name: [] for name in GOOD}
        before = house.reception.decoders.replaced
        yield
        for name in GOOD:
            for _ in range(2):
                seen[name].append(number_of(house.frames[name].get(timeout=PATIENCE).luma))
            while not house.frames[name].empty():
                seen[name].append(number_of(house.frames[name].get_nowait().luma))
            facts = house.reception.facts(name)
            assert (facts["dropped"], facts["lost"], facts["reconnects"], facts["jumps"]) == (0, 0, 0, 0)
            assert told.said[name] == [(UP, "")]
        # A machine that is too busy to decode in time says so; nothing else may make a hole.
        holes = [
            (after - first) % COUNT != GOP for numbers in seen.values() for first, after in pairwise(numbers)
        ]
        assert len(holes) >= 3
        assert sum(holes) <= house.reception.decoders.replaced - before


@pytest.fixture
def street(segments, cabinet, monkeypatch) -> Iterator[Street]:
    monkeypatch.setattr(module, "BLIND", 0.7)
    with ExitStack() as stack:
        yield Street(segments, cabinet, stack)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.REFUSE_AUTH, Reason.LOGIN_REFUSED),
        (Fault.MUTE, Reason.HUNG),
        (Fault.AUDIO_ONLY, Reason.NO_VIDEO),
        (Fault.STALL, Reason.SILENT),
        (Fault.CORRUPT_KEY, Reason.NO_PICTURE),
        (Fault.HALF_FRAME, Reason.BROKEN),
    ],
)
def test_a_camera_that_fails_says_why_costs_the_others_nothing_and_comes_back(street, caplog, fault, reason):
    with caplog.at_level(logging.INFO, "edge.node.report"), street.costs_the_others_nothing():
        street.begins(fault)
        street.falls(reason)
        time.sleep(0.5)
        street.bad.fault(BAD, fault, on=False)
        street.house.up(BAD)
        street.house.fresh(BAD)
    lines = [one.getMessage() for one in caplog.records if one.getMessage().startswith(BAD)]
    assert [line.split(":")[0] for line in lines[1:]] == [f"{BAD} up"], lines
    assert lines[0].startswith((f"{BAD} stalled", f"{BAD} refused")), lines
    told = [one for one in bodies(street.house.store, Series.HEALTH) if one.device == BAD]
    assert any(one.facts.get("reason") == reason and one.status is RUNG[reason] for one in told)
    assert told[-1].facts["reason"] == ""


def test_a_camera_that_refuses_connections_is_unreachable_and_comes_back(street, caplog):
    with caplog.at_level(logging.INFO, "edge.node.report"), street.costs_the_others_nothing():
        street.power_off()
        street.falls(Reason.CONNECTION_REFUSED)
        assert street.house.told.details[BAD] == "nobody answers (Connection refused)"
        street.power_on()
        street.house.up(BAD)
        street.house.fresh(BAD)
    lines = [one.getMessage() for one in caplog.records if one.getMessage().startswith(BAD)]
    assert len(lines) == 2, "one line when it goes, whatever rungs it falls to, and one when it is back"


def test_a_camera_that_changes_its_resolution_goes_on_at_once(street):
    with street.costs_the_others_nothing():
        street.shown = street.segments["larger"]
        while street.house.fresh(BAD).width != 160:
            pass
    assert street.house.told.said[BAD] == [(UP, "")]
    assert street.house.reception.facts(BAD)["reconnects"] == 0


def test_a_camera_that_changes_from_h264_to_h265_is_opened_anew_and_goes_on(street):
    with street.costs_the_others_nothing():
        street.shown = street.segments["h265"]
        street.falls(Reason.NO_PICTURE)
        street.house.up(BAD)
        assert number_of(street.house.fresh(BAD).luma) // 100 == 9
    assert street.house.reception.facts(BAD)["codec"] == "hevc"


def _rounds(short: int, long: int):
    return [pytest.param(short, id="short"), pytest.param(long, id="long", marks=pytest.mark.long)]


@pytest.mark.parametrize("rounds", _rounds(4, 60))
def test_a_camera_that_reboots_over_and_over_comes_back_each_time(street, rounds):
    """Short: each 2 s. A night of it, as far as the log goes, is in the tests of the reporter."""
    house = street.house
    with street.costs_the_others_nothing():
        for _ in range(rounds):
            street.power_off()
            house.told.wait(lambda: house.told.said[BAD][-1][0] is not UP)
            time.sleep(0.5)
            street.power_on()
            house.up(BAD)
            begun = house.fresh(BAD).stream_time
            assert house.fresh(BAD).stream_time > begun
    assert house.reception.facts(BAD)["reconnects"] == rounds


def test_38_cameras_open_at_once_at_the_start_and_one_by_one_after_a_common_outage(cabinet):
    """A recorder that is away for a moment: it takes every connection and ends it."""
    arrived: deque[float] = deque()

    async def gone(reader, writer) -> None:
        arrived.append(time.monotonic())
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(gone, "127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        names = [f"C{number}" for number in range(38)]
        cabinet(*(camera(name, stream_uri=f"rtsp://127.0.0.1:{port}/{name}") for name in names))
        until = time.monotonic() + PATIENCE
        while len(arrived) < 38 + 30 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
    times = list(arrived)
    print(
        f"38 first connections in {times[37] - times[0]:.2f} s, the next 30 in {times[67] - times[38]:.2f} s"
    )
    assert len(times) >= 68
    assert times[67] - times[38] >= 29 * REOPEN_EVERY - 0.5, "what comes back does so ten a second at most"


@given(
    st.integers(2, 64),
    st.floats(0.0, 600.0),
    st.randoms(use_true_random=False),
)
def test_no_outage_makes_cameras_try_more_than_ten_times_a_second(cameras, away, random):
    """Pace and turnstile together, as `Reception` uses them, by a clock of their own."""
    turnstile = Turnstile(REOPEN_EVERY)
    waiting = [(PACE.delay(1, random.random()), 1) for _ in range(cameras)]
    tries: list[float] = []
    while waiting:
        waiting.sort(reverse=True)
        at, failures = waiting.pop()
        at += turnstile.wait(at)
        tries.append(at)
        if at < away:
            waiting.append((at + PACE.delay(failures + 1, random.random()), failures + 1))
    tries.sort()
    assert all(after - before >= REOPEN_EVERY - 1e-6 for before, after in pairwise(tries))
    assert tries[-1] <= max(away, PACE.first) + PACE.longest + cameras * REOPEN_EVERY
