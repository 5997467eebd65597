"""Evidence clips of alarms: the arrival where it was set aside, else the last seconds; bounded."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from devices.ids import uuid7
from devices.messages import Evidence, EvidenceKind, Series
from devices.stream.fake import coded_clip
from devices.stream.ring import Ring
from edge.node import clips as module
from edge.node.clips import Clips
from edge.node.sight import LOOKS_PER_SECOND, SightDesk
from edge.see.lookbudget import Looks
from tests.edge.pictures_for_tests import BOX, EMPTY, NOISE, SIZE, TAKEN, BlueIsABicycle, Film
from tests.edge.points_for_tests import NOON, bodies, camera, open_store, point

CAMERA = "P01-C1"
ARRIVES, SECONDS, RATE = 12, 45, 4


@pytest.fixture(scope="module", params=["libx264", "libx265"])
def coded(request, tmp_path_factory):
    """The codec's name, and what a camera sends: an empty place for 12 s, then something stands there."""
    path = tmp_path_factory.mktemp("film") / "film.ts"
    options = {"preset": "ultrafast", "bf": "0", "g": str(RATE)}
    if request.param == "libx265":
        options["x265-params"] = f"log-level=none:keyint={RATE}:min-keyint={RATE}:bframes=0"
    with av.open(str(path), "w") as container:
        video = container.add_stream(request.param, rate=RATE, options=options)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        for number in range(SECONDS * RATE):
            shown = (EMPTY if number < ARRIVES * RATE else TAKEN) + NOISE[number % len(NOISE)]
            picture = av.VideoFrame.from_ndarray(np.clip(shown, 0, 255).astype(np.uint8), format="bgr24")
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
    # A film's first picture is of second 1.
    units = [replace(one, at=one.at + 1.0) for one in coded_clip(path)]
    return {"libx264": "h264", "libx265": "hevc"}[request.param], units


@pytest.fixture
def post(tmp_path):
    """A `Post` over these units."""
    opened = []

    def make(units, most=module.MOST_HELD):
        opened.append(Post(tmp_path, units, most))
        return opened[-1]

    yield make
    for one in opened:
        one.store.close()


class Post:
    """One camera's ring, clips and desk over a store that can be opened again."""

    def __init__(self, directory, units, most=module.MOST_HELD) -> None:
        self.directory, self.units, self.most = directory, units, most
        self.film = Film(NOON)
        self.gone = 0.0
        self.open()

    def open(self) -> None:
        self.ring = Ring(8.0, 64 << 20)
        self.clips = Clips(self.ring, lambda _: SIZE, self.most)
        self.store = open_store(self.directory)
        points = [point(cameras=(camera(),))]
        self.desk = SightDesk(
            "n1",
            points,
            self.store,
            BlueIsABicycle(),
            uuid7,
            lambda: None,
            clips=self.clips,
            looks=Looks(LOOKS_PER_SECOND, monotonic=self.film.seconds),
        )

    def restart(self) -> None:
        self.store.close()
        self.gone += self.film.stream
        self.film.reconnect(1.0)
        self.open()

    def show(self, *scenes) -> None:
        for frame in self.film(*scenes):
            for one in self.units:
                at = one.at - self.gone
                if frame.stream_time - 1.0 < at <= frame.stream_time:
                    self.ring.put(CAMERA, replace(one, at=at))
            self.desk.look(CAMERA, frame)

    def told(self) -> list[Evidence]:
        return bodies(self.store, Series.EVIDENCE)

    def clip(self):
        """The message of the only clip, and the pictures in it: (seconds since the first, thing there)."""
        (told,) = [one for one in self.told() if one.kind is EvidenceKind.CLIP]
        content = self.store.photo(told.sha256)
        assert len(content) == told.size
        with av.open(io.BytesIO(content)) as container:
            video = container.streams.video[0]
            assert (video.width, video.height) == (told.width, told.height) == SIZE
            pictures = [
                (one.time, bool(_blue(one.to_ndarray(format="bgr24")))) for one in container.decode(video)
            ]
            return told, video.codec_context.name, pictures


def _blue(picture) -> bool:
    x0, y0, x1, y1 = BOX
    inner = picture[y0:y1, x0:x1].astype(int)
    return float(np.mean(inner[..., 0] - inner[..., 2])) > 60


def test_an_alarm_comes_with_the_seconds_around_the_arrival(post, coded):
    codec, units = coded
    street = post(units)
    street.show((EMPTY, ARRIVES), (TAKEN, 20))
    told, found, pictures = street.clip()
    assert found == codec
    assert told.codec == {"h264": "h264", "hevc": "h265"}[codec]
    assert told.seconds == pytest.approx(len(pictures) / RATE, abs=0.01)
    assert 7.0 <= told.seconds <= 11.5
    there = [blue for _, blue in pictures]
    came = there.index(True)
    assert came >= RATE
    assert all(there[came:])
    assert len(there) - came >= 4 * RATE
    arrived = told.captured_at.timestamp() + pictures[came][0] - pictures[0][0]
    assert arrived - NOON.timestamp() == pytest.approx(ARRIVES + 1, abs=1.0)
    assert [one.kind for one in street.told()][-1] is EvidenceKind.CLIP


@pytest.mark.parametrize("base", [1 << 31, (1 << 31) - 90_000, 0xFFFFFFFF])
def test_a_camera_that_reconnects_while_a_thing_stands_there_changes_nothing(post, coded, base):
    """RTP time begins anywhere with each connection (RFC 3550, 5.1)."""
    _, units = coded
    again = (ARRIVES + 4) * RATE
    street = post([*units[:again], *(_with_rtp(one, base) for one in units[again:])])
    street.show((EMPTY, ARRIVES), (TAKEN, 20))
    told, _, pictures = street.clip()
    shown = [at - pictures[0][0] for at, _ in pictures]
    assert shown == pytest.approx([number / RATE for number in range(len(pictures))], abs=0.01)
    assert told.seconds == pytest.approx(len(pictures) / RATE, abs=0.01)
    assert [blue for _, blue in pictures].index(True) >= RATE


def _with_rtp(one, base):
    return replace(one, unit=replace(one.unit, rtp_time=(one.unit.rtp_time + base) & 0xFFFFFFFF))


def test_after_a_restart_before_the_alarm_the_last_seconds_are_shown(post, coded):
    codec, units = coded
    street = post(units)
    street.show((EMPTY, ARRIVES), (TAKEN, 5))
    assert street.told() == []
    assert street.clips.held > 0
    street.restart()
    street.show((TAKEN, 25))
    told, found, pictures = street.clip()
    assert found == codec
    assert told.seconds >= 4.0
    assert all(blue for _, blue in pictures)
    end = told.captured_at.timestamp() + told.seconds
    opened = next(one for one in street.told() if one.kind is EvidenceKind.PRESENT).captured_at.timestamp()
    assert opened - 1.5 <= end <= opened + 1.5


def test_where_there_is_no_room_the_last_seconds_are_shown(post, coded):
    _, units = coded
    street = post(units, most=1)
    street.show((EMPTY, ARRIVES), (TAKEN, 20))
    assert street.clips.held == 0
    assert all(blue for _, blue in street.clip()[2])


def test_what_is_held_is_let_go_when_the_thing_leaves(post, coded):
    _, units = coded
    street = post(units)
    street.show((EMPTY, ARRIVES), (TAKEN, 7))
    assert street.clips.held > 0
    street.show((EMPTY, 15))
    assert street.clips.held == 0
    assert street.told() == []


def test_a_clip_is_cut_off_at_its_largest_and_still_opens(post, coded, monkeypatch):
    _, units = coded
    monkeypatch.setattr(module, "LARGEST", sum(one.unit.size for one in units) // 10)
    street = post(units)
    street.show((EMPTY, ARRIVES), (TAKEN, 20))
    told, _, pictures = street.clip()
    assert told.size < 1.2 * module.LARGEST
    assert told.seconds == pytest.approx(len(pictures) / RATE, abs=0.01)


def test_a_camera_that_is_not_in_the_ring_gets_none(post):
    street = post([])
    street.show((EMPTY, ARRIVES), (TAKEN, 20))
    assert EvidenceKind.CLIP not in [one.kind for one in street.told()]
    assert EvidenceKind.PRESENT in [one.kind for one in street.told()]


def test_making_and_keeping_a_clip_costs_little_cpu(post, coded):
    _, units = coded
    store, costs = post(units).store, []
    for number in range(5):
        begun = time.thread_time()
        made = Clips(Ring(8.0, 1), lambda _: SIZE)._made(CAMERA, tuple(units[number * 4 : number * 4 + 40]))
        assert made is not None
        store.save_photo(made.mp4)
        costs.append(time.thread_time() - begun)
    assert min(costs) < 0.01
