import logging
import random
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamError, StreamRefused, StreamUnreachable
from devices.messages import DeviceStatus
from devices.stream import CameraStream, FrameRequest
from devices.stream.backoff import LONGEST, REFUSED, SHORTEST, backoff, backoff_refused
from devices.stream.fake import FakeCamera, number_of, write_clip

URI = "rtsp://10.0.0.7:554/main"
NOON = datetime(2024, 6, 1, 4, tzinfo=UTC)


class Clock(threading.Event):
    """A clock that only waiting moves, and the `stop` that is waited on; it stops after so many waits."""

    def __init__(self, waits=10**9):
        super().__init__()
        self.now, self.waits, self.waited = 1000.0, waits, []

    def wait(self, timeout=None):
        self.now += timeout
        self.waited.append(timeout)
        if len(self.waited) >= self.waits:
            self.set()
        return self.is_set()


def stream(camera, clock, told=None, **options):
    return CameraStream(
        URI,
        Credentials("admin", "hush"),
        on_status=(told if told is not None else []).append,
        connect=camera,
        monotonic=lambda: clock.now,
        utc=lambda: NOON + timedelta(seconds=clock.now - 1000),
        **{"jitter": random.Random(7).random, **options},
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", count=49, gop=12)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_waits_stay_between_the_shortest_and_the_longest(attempt, chance):
    assert SHORTEST <= backoff(attempt, chance) <= LONGEST
    assert REFUSED <= backoff_refused(chance) <= 2 * REFUSED


@given(st.integers(0, 1000), st.floats(0, 1))
def test_waits_never_shrink_from_one_failure_to_the_next(attempt, chance):
    assert backoff(attempt, chance) <= backoff(attempt + 1, chance)


def test_cameras_that_went_away_together_come_back_spread():
    waits = [backoff(0, n / 100) for n in range(101)]
    assert min(waits) == 1
    assert max(waits) == 2
    assert max(backoff(9, n / 100) for n in range(101)) == 60


def test_a_camera_that_dies_every_time_does_not_spin(clip):
    clock = Clock(waits=12)
    camera = FakeCamera(*[clip] * 12)
    assert len(list(stream(camera, clock, jitter=lambda: 1.0).frames(clock))) > 12
    assert clock.waited == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]


def test_a_camera_that_never_answers_is_asked_ever_more_seldom():
    clock, told = Clock(waits=8), []
    camera = FakeCamera()
    assert list(stream(camera, clock, told, jitter=lambda: 0.5).frames(clock)) == []
    assert clock.waited == sorted(clock.waited)
    assert clock.waited[-1] == 30.5
    assert camera.opened == 8
    assert [status.state for status in told] == [DeviceStatus.UNREACHABLE]


def test_refused_credentials_are_not_tried_again_within_a_minute():
    clock, told = Clock(waits=5), []
    camera = FakeCamera(*[StreamRefused("no")] * 5)
    assert list(stream(camera, clock, told, jitter=lambda: 0.0).frames(clock)) == []
    assert clock.waited == [60] * 5
    assert [(status.state, status.detail) for status in told] == [(DeviceStatus.REFUSED, "no")]


def test_a_loss_after_a_long_time_is_the_first_one_again(clip):
    clock = Clock(waits=7)

    class Lasting(FakeCamera):
        def __call__(self, *args, **kwargs):
            if self.opened == 5:
                clock.now += 61  # this one lasts
            return super().__call__(*args, **kwargs)

    list(stream(Lasting(*[clip] * 9), clock, jitter=lambda: 1.0).frames(clock))
    assert clock.waited == [2, 4, 8, 16, 32, 2, 4]


def test_stream_time_goes_on_over_a_gap_as_the_monotonic_clock_says(clip):
    clock, told = Clock(waits=3), []
    camera = FakeCamera(clip, StreamDropped("gone"), clip)
    frames = list(stream(camera, clock, told, jitter=lambda: 1.0).frames(clock))
    assert [number_of(frame.luma) for frame in frames] == [0, 12, 24, 36, 48] * 2
    times = [frame.stream_time for frame in frames]
    assert times[:5] == [0, 1, 2, 3, 4]
    assert times[5] - times[4] == pytest.approx(2 + 4)  # the two waits
    assert times[5:] == pytest.approx([times[5] + n for n in range(5)])
    assert all(later > sooner for sooner, later in pairwise(times))


def test_utc_is_tied_once_per_connection(clip):
    clock = Clock(waits=2)
    frames = list(stream(FakeCamera(clip, clip), clock, jitter=lambda: 1.0).frames(clock))
    assert [frame.taken_at for frame in frames[:5]] == [NOON + timedelta(seconds=n) for n in range(5)]
    again = NOON + timedelta(seconds=2)  # the wall clock when the second connection was made
    assert [frame.taken_at for frame in frames[5:]] == [again + timedelta(seconds=n) for n in range(5)]


def test_it_is_logged_once_when_it_goes_and_once_when_it_is_back(clip, caplog):
    caplog.set_level(logging.INFO, logger="devices.stream.camera")
    clock = Clock(waits=8)
    gone = [StreamUnreachable("nobody")] * 3
    list(stream(FakeCamera(*gone, clip, *gone, clip), clock).frames(clock))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"] * 2 + ["WARNING"]
    assert all(URI in record.getMessage() for record in caplog.records)


def test_the_status_tells_what_was_measured(clip, monkeypatch):
    clock, told = Clock(waits=2), []
    watched = stream(FakeCamera(clip, clip), clock, told)
    assert watched.status is None
    monkeypatch.setattr("devices.stream.camera.REPORT_EVERY", 0.0)
    list(watched.frames(clock))
    up = [status for status in told if status.state is DeviceStatus.UP][-1]
    assert up.facts == {
        "codec": "h264", "width": 352, "height": 288, "sparse": False, "key_interval_s": 1.0, "fps": 12.0,
        "packets": 98, "decoded": 10, "dropped": 0, "reconnects": 1,
    }  # fmt: skip
    assert watched.status == told[-1]
    assert told[-1].state is DeviceStatus.STALLED
    assert "ended" in told[-1].detail


def test_packets_without_pictures_are_an_outage_too(clip, tmp_path):
    clock, told = Clock(waits=1), []

    class Blind(FakeCamera):
        def __call__(self, *args, **kwargs):
            connection = super().__call__(*args, **kwargs)
            whole = connection.units

            def units():
                for unit in list(whole())[1:12]:  # no key frame among them
                    clock.now += 3
                    yield unit

            connection.units = units
            return connection

    assert list(stream(Blind(clip), clock, told).frames(clock)) == []
    assert "no picture" in told[-1].detail


def test_it_ends_when_it_is_told_to(clip):
    clock = Clock()
    frames = stream(FakeCamera(clip, clip), clock).frames(clock)
    next(frames)
    clock.set()
    assert list(frames) == []
    assert clock.waited == []


def test_a_sparse_stream_is_decoded_wholly_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("devices.stream.camera.REPORT_EVERY", 0.0)
    sparse = write_clip(tmp_path / "s.mp4", count=145, gop=120)
    clock, told = Clock(waits=1), []
    frames = list(stream(FakeCamera(sparse), clock, told, request=FrameRequest(need=4)).frames(clock))
    assert [number_of(frame.luma) for frame in frames][:12] == list(range(0, 144, 12))
    assert told[-2].facts["sparse"] is True
    assert told[-2].facts["key_interval_s"] == 10


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("rtsp://admin:hush@10.0.0.7/main", "user or password"),
        ("http://10.0.0.7/main?password=hush", "not an rtsp address"),
        ("10.0.0.7", "not an rtsp address"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_its_secrets(uri, reason):
    with pytest.raises(StreamError, match=reason) as caught:
        CameraStream(uri)
    assert "hush" not in str(caught.value)
