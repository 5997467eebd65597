"""The client against real sockets: our own simulator with its faults, and a server nobody here wrote."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamRefused, StreamUnreachable
from devices.messages import DeviceStatus
from devices.stream import CameraStream, FrameRequest
from devices.stream.fake import number_of, write_clip
from devices.stream.rtsp import connect_rtsp, shown
from simulators.broker import free_port
from simulators.cameras.rtsp import Fault, Looping, Segment, rtsp_in_thread

RATE, GOP = 20, 10
EVERY_KEY = FrameRequest(size=(320, 180), every=0.4, need=4)
PASSWORD = "p@ss:w/rd#%3D"
TIMEOUT = (3.0, 0.6)


class Stop(threading.Event):
    """Told to wait before trying again, it notes for how long and waits a moment only, but not for ever."""

    def __init__(self):
        super().__init__()
        self.waited = []

    def wait(self, timeout=None):
        self.waited.append(timeout)
        if len(self.waited) > 100:
            self.set()
        return super().wait(0.05)


class Watched:
    """A stream with what it told."""

    def __init__(self, uri, credentials=None, request=EVERY_KEY, timeout=TIMEOUT):
        self.told, self.stop = [], Stop()
        self.stream = CameraStream(uri, credentials, request, on_status=self._tell, timeout=timeout)
        self.frames = self.stream.frames(self.stop)
        self.until = None

    def _tell(self, status):
        self.told.append(status)
        if status.state is self.until:
            self.stop.set()

    def take(self, count):
        return [next(self.frames) for _ in range(count)]

    def run_until(self, state):
        """Read until that state is told; returns the frames up to there."""
        self.until = state
        frames = list(self.frames)
        assert self.told[-1].state is state
        return frames

    def close(self):
        self.frames.close()


@contextmanager
def watching(*args, **kwargs):
    watched = Watched(*args, **kwargs)
    try:
        yield watched
    finally:
        watched.close()


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    small = write_clip(folder / "a.mp4", count=60, gop=GOP, rate=RATE, size=(96, 64))
    large = write_clip(folder / "b.mp4", count=60, gop=GOP, rate=RATE, size=(320, 240), first=1000)
    sparse = write_clip(folder / "c.mp4", count=120, gop=60, rate=RATE, size=(96, 64))
    return [Segment.load(path) for path in (small, large, sparse)]


@pytest.fixture
def server(segments):
    with rtsp_in_thread({"c/main": Looping(segments[0]), "c/sparse": Looping(segments[2])}) as running:
        yield running


def test_key_frames_come_as_they_are_sent_and_nothing_else_is_decoded(server):
    with watching(server.uri("c/main")) as watched:
        frames = watched.take(5)
        assert watched.told[0].state is DeviceStatus.UP
        watched.stop.set()
        assert list(watched.frames) == []
    assert all(frame.is_key and number_of(frame.luma) % GOP == 0 for frame in frames)
    assert frames[0].luma.shape == (180, 320)
    for sooner, later in pairwise(frames):
        assert later.stream_time - sooner.stream_time == pytest.approx(GOP / RATE, abs=0.1)
        assert (later.taken_at - sooner.taken_at).total_seconds() == pytest.approx(
            later.stream_time - sooner.stream_time, abs=1e-5
        )
    assert abs(frames[0].taken_at.timestamp() - time.time()) < 60


def test_only_key_packets_are_given_to_the_decoder(server, monkeypatch):
    monkeypatch.setattr("devices.stream.camera.REPORT_EVERY", 0.0)
    with watching(server.uri("c/main")) as watched:
        watched.take(6)
    facts = watched.told[-1].facts
    assert facts["packets"] >= 5 * GOP
    assert facts["decoded"] == 6
    assert facts["key_interval_s"] == pytest.approx(GOP / RATE, abs=0.1)
    assert facts["fps"] == pytest.approx(RATE, rel=0.2)


def test_a_sparse_stream_is_decoded_wholly_from_its_last_key_frame_on(server):
    with watching(
        server.uri("c/sparse"), request=FrameRequest(size=(320, 180), every=0.5, need=1)
    ) as watched:
        frames = watched.take(6)
    times = [frame.stream_time for frame in frames]
    assert all(later - sooner == pytest.approx(0.5, abs=0.11) for sooner, later in pairwise(times))
    numbers = [number_of(frame.luma) for frame in frames]
    for (sooner, t0), (later, t1) in pairwise(zip(numbers, times, strict=True)):
        assert (later - sooner) % 120 == pytest.approx((t1 - t0) * RATE, abs=2)


def test_packets_written_one_by_one_are_the_same_to_the_client(server):
    server.fault("c/main", Fault.PER_PACKET_WRITES)
    with watching(server.uri("c/main")) as watched:
        assert [number_of(frame.luma) % GOP for frame in watched.take(3)] == [0, 0, 0]


def test_a_dropped_connection_is_made_again_and_stream_time_goes_on(server):
    with watching(server.uri("c/main")) as watched:
        before = watched.take(2)
        server.fault("c/main", Fault.DROP)
        watched.until = DeviceStatus.STALLED
        watched.stream._on_status = lambda status: (
            watched.told.append(status),
            server.fault("c/main", Fault.DROP, on=status.state is DeviceStatus.UP and len(watched.told) < 3),
        )
        after = watched.take(2)
    assert [status.state for status in watched.told] == [
        DeviceStatus.UP,
        DeviceStatus.STALLED,
        DeviceStatus.UP,
    ]
    times = [frame.stream_time for frame in before + after]
    assert all(0 < later - sooner < 20 for sooner, later in pairwise(times))
    assert watched.told[-1].facts["reconnects"] == 1


def test_a_killed_server_is_an_outage_and_its_return_the_end_of_it(segments):
    with rtsp_in_thread({"c": Looping(segments[0])}) as first:
        port, watched = first.port, Watched(first.uri("c"))
        before = watched.take(2)
    with watching(first.uri("c")) as watched_again:
        assert watched_again.run_until(DeviceStatus.UNREACHABLE) == []
    with rtsp_in_thread({"c": Looping(segments[0])}, port=port):
        after = watched.take(2)
    watched.close()
    assert after[0].stream_time > before[-1].stream_time
    assert DeviceStatus.STALLED in [status.state for status in watched.told]
    assert watched.told[-1].state is DeviceStatus.UP


def test_a_stall_is_noticed_within_the_time_out(server):
    with watching(server.uri("c/main")) as watched:
        watched.take(1)
        server.fault("c/main", Fault.STALL)
        begun = time.monotonic()
        watched.run_until(DeviceStatus.STALLED)
        assert time.monotonic() - begun < 10
    assert "nothing came for 0.6 s" in watched.told[-1].detail


def test_a_server_that_answers_too_late_is_given_up(server):
    server.fault("c/main", Fault.SLOW)
    with watching(server.uri("c/main"), timeout=(0.5, 0.5)) as watched:
        watched.run_until(DeviceStatus.UNREACHABLE)
    assert "no answer within 0.5 s" in watched.told[-1].detail


def test_half_a_frame_is_neither_handed_out_nor_the_end(server):
    with watching(server.uri("c/main")) as watched:
        watched.take(1)
        server.fault("c/main", Fault.HALF_FRAME)
        for frame in watched.run_until(DeviceStatus.STALLED):
            assert number_of(frame.luma) % GOP == 0


def test_damaged_key_frames_are_dropped_and_counted(server, monkeypatch):
    monkeypatch.setattr("devices.stream.camera.BLIND", 2.0)
    server.fault("c/main", Fault.CORRUPT_KEY)
    with watching(server.uri("c/main")) as watched:
        assert watched.run_until(DeviceStatus.STALLED) == []
    assert watched.told[-1].facts["dropped"] >= 2
    assert "no picture" in watched.told[-1].detail


def test_a_leap_of_the_cameras_clock_is_no_leap_of_stream_time(server):
    with watching(server.uri("c/main")) as watched:
        frames = watched.take(2)
        server.fault("c/main", Fault.TIMESTAMP_JUMP)
        frames += watched.take(4)
        server.fault("c/main", Fault.TIMESTAMP_JUMP, on=False)
        frames += watched.take(4)
        assert watched.stop.waited == []  # all of it in one connection
    assert all(0.3 < later.stream_time - sooner.stream_time < 3 for sooner, later in pairwise(frames))


class Switching:
    def __init__(self, segments):
        self.segments, self.shown = segments, 0

    def segment(self, at):
        return self.segments[self.shown]


def test_another_resolution_in_the_middle_of_a_stream_is_followed(segments):
    programme = Switching(segments)
    with rtsp_in_thread({"c": programme}) as server, watching(server.uri("c")) as watched:
        assert {(frame.width, frame.height) for frame in watched.take(2)} == {(96, 64)}
        programme.shown = 1
        frames = watched.take(5)
        assert watched.stop.waited == []
    assert (frames[-1].width, frames[-1].height) == (320, 240)
    assert number_of(frames[-1].luma) >= 1000
    assert frames[-1].luma.shape == (180, 320)
    assert frames[-1].colour(160).shape == (120, 160, 3)


class TestCredentials:
    @pytest.fixture
    def guarded(self, segments):
        with rtsp_in_thread({"c": Looping(segments[0])}, Credentials("admin", PASSWORD)) as running:
            yield running

    def test_the_right_ones_open_the_stream(self, guarded):
        with watching(guarded.uri("c"), Credentials("admin", PASSWORD)) as watched:
            assert number_of(watched.take(1)[0].luma) % GOP == 0

    def test_wrong_ones_are_said_and_not_tried_again_soon(self, guarded):
        with watching(guarded.uri("c"), Credentials("admin", "wrong")) as watched:
            watched.run_until(DeviceStatus.REFUSED)
        assert watched.stop.waited[0] >= 60
        assert watched.told[-1].detail == "the camera refuses the user or the password"

    @pytest.mark.parametrize(
        ("path", "port", "error"),
        [("c", 0, StreamRefused), ("nothing", 0, StreamDropped), ("c", 1, StreamUnreachable)],
    )
    def test_no_traceback_or_text_carries_the_password(self, guarded, path, port, error):
        wrong = "hush-" + PASSWORD
        if path == "nothing":
            wrong = PASSWORD
        uri = guarded.uri(path) if not port else f"rtsp://127.0.0.1:{free_port()}/c"
        with pytest.raises(error) as caught:
            connect_rtsp(uri, Credentials("admin", wrong), timeout=TIMEOUT)
        assert caught.value.__context__ is None
        below_this_test = caught.tb.tb_next
        rendered = traceback.TracebackException(error, caught.value, below_this_test, capture_locals=True)
        text = "".join(rendered.format())
        assert "in connect_rtsp" in text
        assert_hidden(text, wrong)

    def test_no_log_line_status_or_repr_carries_the_password(self, guarded, caplog):
        caplog.set_level(logging.DEBUG)
        guarded.fault("c", Fault.REFUSE_AUTH)
        with watching(guarded.uri("c"), Credentials("admin", PASSWORD)) as watched:
            watched.run_until(DeviceStatus.REFUSED)
            assert_hidden(repr(watched.stream) + repr(watched.told) + caplog.text, PASSWORD)
        assert caplog.records

    def test_ffmpeg_prints_nothing_even_if_somebody_turned_its_log_on(self, guarded):
        code = (
            "import sys, av, av.logging; av.logging.set_level(av.logging.TRACE)\n"
            "av.logging.restore_default_callback()\n"
            "from devices.credentials import Credentials\n"
            "from devices.stream.rtsp import connect_rtsp\n"
            "c = connect_rtsp(sys.argv[1], Credentials('admin', sys.argv[2]), timeout=(5, 5))\n"
            "next(iter(c.units())); c.close()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, guarded.uri("c"), PASSWORD],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout + done.stderr == ""


def assert_hidden(text, password):
    assert password not in text
    assert quote(password, safe="") not in text


def test_an_address_is_shown_without_user_password_and_query():
    assert shown("rtsp://u:p@10.0.0.7:554/a/b?pass=x#y") == "rtsp://10.0.0.7:554/a/b"


@pytest.fixture
def foreign(tmp_path):
    """The server of aio-rtsp-toolkit, as a process of its own."""
    write_clip(tmp_path / "street.mp4", count=80, gop=GOP, rate=RATE, size=(160, 96))
    port, control = free_port(), free_port()
    program = Path(sys.executable).with_name("rtsp-server")
    with (tmp_path / "log").open("wb") as output:
        process = subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", str(port), "-cp", str(control), "-d", str(tmp_path)],
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(port, process, tmp_path / "log")
        yield port, process
    finally:
        process.kill()
        process.wait(10)


def wait_for(port, process, output):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens: {output.read_text()}")


def test_a_server_that_nobody_here_wrote_is_understood(foreign):
    port, process = foreign
    with watching(f"rtsp://127.0.0.1:{port}/street.mp4", timeout=(10, 5)) as watched:
        frames = watched.take(4)
        assert all(frame.is_key for frame in frames)
        assert [number_of(frame.luma) % GOP for frame in frames] == [0] * 4
        for sooner, later in pairwise(frames):
            assert later.stream_time - sooner.stream_time == pytest.approx(GOP / RATE, abs=0.1)
        os.kill(process.pid, signal.SIGKILL)
        watched.run_until(DeviceStatus.STALLED)
