"""The client against servers that mean it: our simulator with its faults, strangers; and FFmpeg's view."""

import asyncio
import base64
import logging
import subprocess
import threading
import time
import traceback
from itertools import pairwise
from urllib.parse import quote

import av
import numpy as np
import pytest

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamRefused, StreamUnreachable
from devices.stream.fake import number_of, write_clip
from devices.stream.rtsp_client import AccessUnit, Counts, Timeouts, receive
from simulators.broker import free_port
from simulators.cameras.rtsp import Fault, Looping, Segment, rtsp_in_thread
from simulators.cameras.rtsp_coding import split_annex_b, split_lengths
from tests.devices.rtsp_peers import Script, receiving
from tests.devices.test_stream_rtsp import foreign  # noqa: F401 - a fixture

RATE, GOP, COUNT = 20, 10, 30
PASSWORD = "p@ss:w/rd#%3D"
KINDS = {
    "h264": {"codec": "libx264"},
    "h264 with B-frames": {"codec": "libx264", "b_frames": 2},
    "hevc": {"codec": "libx265"},
}
PATIENT = Timeouts(connect=5, answer=10, silence=5)


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    clips = {
        name: write_clip(folder / f"{n}.mp4", count=COUNT, gop=GOP, rate=RATE, size=(320, 240), **how)
        for n, (name, how) in enumerate(KINDS.items())
    }
    clips["other size"] = write_clip(
        folder / "x.mp4", count=COUNT, gop=GOP, rate=RATE, size=(160, 96), first=1000
    )
    return {name: Segment.load(clip) for name, clip in clips.items()}


class Switching:
    def __init__(self, segment):
        self.shown = segment

    def segment(self, at):
        return self.shown


@pytest.fixture
def camera(segments):
    """A server with one path, and what it shows."""
    programme = Switching(segments["h264"])
    with rtsp_in_thread({"c/main": programme}) as server:
        server.programme = programme
        yield server


def watch(uri, *steps, credentials=None, timeouts=PATIENT):
    """Receive; after each condition that comes true call what stands beside it. Returns the notes."""

    async def run():
        async with receiving(uri, credentials, timeouts) as (notes, task):
            for condition, act in steps:
                await notes.until(lambda notes, condition=condition: condition(notes) or task.done(), 30)
                if task.done():
                    task.result()
                act()
        return notes

    return asyncio.run(run())


def units(count):
    return lambda notes: len(notes.units) >= count


def keys(count):
    return lambda notes: sum(unit.key for unit in notes.units) >= count


def nothing():
    """Only watch on."""


def picture(unit):
    """A key unit decoded by itself."""
    decoder = av.CodecContext.create(unit.codec, "r")
    frames = decoder.decode(av.Packet(unit.parameters + unit.annexb())) + decoder.decode(None)
    assert len(frames) == 1
    return frames[0]


def number(unit):
    return number_of(picture(unit).reformat(format="gray").to_ndarray())


@pytest.mark.parametrize("name", KINDS)
def test_every_picture_comes_and_key_frames_decode_by_themselves(segments, name):
    with rtsp_in_thread({"c": Looping(segments[name])}) as server:
        notes = watch(server.uri("c"), (keys(3), nothing))
    assert notes.infos[0].codec == name.split()[0]
    assert [unit.key for unit in notes.units[: 2 * GOP]] == ([True] + [False] * (GOP - 1)) * 2
    assert [number(unit) % GOP for unit in notes.units if unit.key] == [0, 0, 0]
    assert not any(unit.broken for unit in notes.units)
    times = [unit.at for unit in notes.units]
    assert times == sorted(times)
    found = [unit.at for unit in notes.units if unit.key]
    assert [later - sooner for sooner, later in pairwise(found)] == pytest.approx([GOP / RATE] * 2, abs=0.01)
    assert notes.counts.lost == notes.counts.unreadable == notes.counts.jumps == 0


def write_noise(path, codec, options):
    """A clip of pictures that need many packets each."""
    chance = np.random.default_rng(7)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=RATE, options=options)
        video.width, video.height, video.pix_fmt, video.gop_size = 192, 128, "yuv420p", GOP
        video.codec_context.thread_count = 1
        for _ in range(COUNT):
            noise = chance.integers(0, 256, (128, 192, 3), np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(noise, format="bgr24")))
        container.mux(video.encode(None))
    return path


NOISE = {
    "h264": ("libx264", {"preset": "ultrafast"}),
    "h264 with slices and B-frames": (
        "libx264",
        {"preset": "veryfast", "bf": "2", "x264-params": "slices=3"},
    ),
    "hevc": ("libx265", {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1"}),
}


@pytest.mark.parametrize("name", NOISE)
def test_ffmpeg_sees_the_same_bytes_in_the_same_pictures(tmp_path, name):
    segment = Segment.load(write_noise(tmp_path / "noise.mp4", *NOISE[name]))
    assert min(len(unit.offsets) for unit in segment.units if unit.key) > 10
    with rtsp_in_thread({"c": Looping(segment)}) as server:
        notes = watch(server.uri("c"), (units(COUNT + 2), nothing))
        with av.open(server.uri("c"), options={"rtsp_transport": "tcp"}, timeout=(5, 10)) as container:
            theirs = []
            for packet in container.demux(video=0):
                theirs.append((bytes(packet), packet.is_keyframe))
                if len(theirs) == COUNT + 4:
                    break
    cycle = [(unit.annexb(), unit.key) for unit in notes.units[:COUNT]]
    assert [(unit.annexb(), unit.key) for unit in notes.units[COUNT:]] == cycle[: len(notes.units) - COUNT]
    begin = cycle.index(theirs[0])
    assert theirs == [cycle[(begin + n) % COUNT] for n in range(len(theirs))]
    assert len(set(cycle)) == COUNT


def test_sender_reports_tie_stream_time_to_utc(camera):
    notes = watch(camera.uri("c/main"), (lambda notes: notes.clocks, nothing))
    at, utc = notes.clocks[0]
    assert 0 <= at < 2
    assert abs(utc - time.time()) < 10


def test_packets_written_one_by_one_are_the_same(camera):
    camera.fault("c/main", Fault.PER_PACKET_WRITES)
    notes = watch(camera.uri("c/main"), (keys(2), nothing))
    assert not any(unit.broken for unit in notes.units)


def test_a_leap_of_the_cameras_clock_is_no_leap_of_stream_time(camera):
    notes = watch(
        camera.uri("c/main"),
        (units(5), lambda: camera.fault("c/main", Fault.TIMESTAMP_JUMP)),
        (units(15), lambda: camera.fault("c/main", Fault.TIMESTAMP_JUMP, on=False)),
        (units(25), nothing),
    )
    assert notes.counts.jumps == 2
    assert all(0 <= later.at - sooner.at < 1 for sooner, later in pairwise(notes.units))


def test_another_resolution_within_the_stream_brings_its_parameter_sets(camera, segments):
    def switch():
        camera.programme.shown = segments["other size"]

    notes = watch(
        camera.uri("c/main"),
        (keys(1), switch),
        (lambda notes: notes.units[-1].parameters != notes.units[0].parameters, nothing),
    )
    first, last = notes.units[0], notes.units[-1]
    assert (picture(first).width, picture(first).height) == (320, 240)
    assert last.key
    assert (picture(last).width, picture(last).height) == (160, 96)
    assert number(last) >= 1000


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault.DROP, r"connection broke \(Connection reset by peer\)|closed the connection"),
        (Fault.HALF_FRAME, "closed the connection"),
        (Fault.STALL, "nothing came for 0.8 s"),
    ],
)
def test_an_outage_is_said(camera, fault, why):
    with pytest.raises(StreamDropped, match=why):
        watch(
            camera.uri("c/main"),
            (units(3), lambda: camera.fault("c/main", fault)),
            (lambda _: False, nothing),
            timeouts=Timeouts(silence=0.8),
        )


def test_a_slow_camera_is_given_up_or_waited_for(camera):
    camera.fault("c/main", Fault.SLOW)
    with pytest.raises(StreamUnreachable, match="no answer within 1 s"):
        watch(camera.uri("c/main"), (units(1), nothing), timeouts=Timeouts(answer=1.0))
    camera.fault("c/main", Fault.SLOW, on=False)
    assert watch(camera.uri("c/main"), (units(1), nothing)).units


def test_the_camera_is_left_when_nobody_wants_it_any_more(camera):
    watch(camera.uri("c/main"), (units(2), nothing))
    deadline = time.monotonic() + 5
    while camera.viewers("c/main") and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert camera.viewers("c/main") == 0


def test_thirty_eight_cameras_open_in_a_second_on_one_loop(segments):
    paths = {f"c{n}": Looping(segments["h264"]) for n in range(38)}

    async def run(server):
        async with asyncio.timeout(20):
            many = [Gather() for _ in paths]
            begun = time.monotonic()
            tasks = [
                asyncio.create_task(receive(server.uri(path), None, one))
                for path, one in zip(paths, many, strict=True)
            ]
            await asyncio.gather(*(one.open.wait() for one in many))
            took = time.monotonic() - begun
            await asyncio.gather(*(one.key.wait() for one in many))
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in done)
        return took

    with rtsp_in_thread(paths) as server:
        assert asyncio.run(run(server)) < 20  # far from the fifth of a second it takes, for busy machines


class Gather:
    def __init__(self):
        self.open, self.key = asyncio.Event(), asyncio.Event()

    def opened(self, info):
        self.open.set()

    def unit(self, unit):
        if unit.key:
            self.key.set()

    def clock(self, at, utc):
        """Not looked at."""


class TestSecrets:
    WHO = Credentials("admin", PASSWORD)

    @pytest.fixture
    def guarded(self, segments):
        with rtsp_in_thread({"c": Looping(segments["h264"])}, self.WHO) as running:
            yield running

    def test_the_right_ones_open_the_stream(self, guarded, caplog):
        caplog.set_level(logging.DEBUG)
        notes = watch(guarded.uri("c"), (keys(1), nothing), credentials=self.WHO)
        assert isinstance(notes.units[0], AccessUnit)
        assert_hidden(caplog.text + repr(notes.units) + repr(notes.infos) + repr(notes.counts), PASSWORD)

    @pytest.mark.parametrize("kind", ["refused", "broken", "redirected", "gone", "silent", "no stream"])
    @pytest.mark.parametrize("scheme", ["Basic", "Digest"])
    def test_no_traceback_carries_the_password(self, guarded, kind, scheme):
        challenge = {"WWW-Authenticate": f'{scheme} realm="r", nonce="n"'}

        def answer(script, request):
            if "Authorization" not in request.headers or kind == "refused":
                return script.reply(request, "401 Unauthorized", challenge)
            if kind == "redirected":
                return script.reply(request, "302 Moved", {"Location": "http://elsewhere/"})
            if kind == "broken":
                script.writer.transport.abort()
            if kind == "no stream":
                return script.reply(request, "404 Not Found")
            return b"" if kind == "silent" else b"\xff"

        async def run():
            async with Script(answers={"DESCRIBE": answer}) as script:
                timeouts = Timeouts(answer=0.3)
                await receive(script.uri, self.WHO, Gather(), timeouts=timeouts, counts=Counts())

        with pytest.raises((StreamRefused, StreamDropped, StreamUnreachable)) as caught:
            asyncio.run(run())
        rendered = traceback.TracebackException(
            type(caught.value), caught.value, caught.tb.tb_next, capture_locals=True
        )
        text = "".join(rendered.format())
        assert "in receive" in text
        assert_hidden(text, PASSWORD)


def assert_hidden(text, password):
    basic = base64.b64encode(f"admin:{password}".encode()).decode()
    for secret in (password, quote(password, safe=""), basic, basic[8:-4]):
        assert secret not in text


def test_a_server_that_nobody_here_wrote_is_understood(foreign):  # noqa: F811
    port, _ = foreign
    notes = watch(f"rtsp://127.0.0.1:{port}/street.mp4", (keys(3), nothing))
    assert [number(unit) % GOP for unit in notes.units if unit.key] == [0, 0, 0]
    found = [unit.at for unit in notes.units if unit.key]
    assert [later - sooner for sooner, later in pairwise(found)] == pytest.approx([GOP / RATE] * 2, abs=0.1)
    assert not any(unit.broken for unit in notes.units)


GSTREAMER = """
import sys, gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1"); server.set_service(sys.argv[1])
if len(sys.argv) > 3:
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(getattr(GstRtspServer, "rtsp_auth_digest", None) or 2)
    token = GstRtspServer.RTSPToken(); token.set_string("media.factory.role", "viewer")
    auth.add_digest("admin", sys.argv[3], token)
    server.set_auth(auth)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(sys.argv[2])
if len(sys.argv) > 3:
    factory.add_role_from_structure(Gst.Structure.new_from_string(
        "viewer, media.factory.access=true, media.factory.construct=true"))
server.get_mount_points().add_factory("/live", factory)
assert server.attach(None)
print("listening", flush=True)
GLib.MainLoop().run()
"""


def slices(kind, nals):
    """The coded pictures among NAL units: GStreamer adds delimiters and moves parameter sets."""
    return [nal for nal in nals if ((nal[0] & 31) in (1, 5) if kind == "h264" else nal[0] >> 1 < 32)]


@pytest.mark.long
@pytest.mark.parametrize("name", NOISE)
def test_gstreamers_server_is_understood(tmp_path, name):
    """Debian: gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base, -good and -bad, python3-gi."""
    kind = "h265" if name == "hevc" else "h264"
    clip = write_noise(tmp_path / "noise.mp4", *NOISE[name])
    with av.open(str(clip)) as container:
        packets = [(bytes(each), each.is_keyframe) for each in container.demux(video=0) if each.size]
    truth = [(slices(kind, split_lengths(data, 4)), key) for data, key in packets]
    port = free_port()
    launch = f"( filesrc location={clip} ! qtdemux ! {kind}parse ! rtp{kind}pay name=pay0 pt=96 )"
    script = tmp_path / "serve.py"
    script.write_text(GSTREAMER, encoding="utf-8")
    process = subprocess.Popen(
        ["/usr/bin/python3", script, str(port), launch, PASSWORD],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "listening\n", process.stderr.read()
        uri, who = f"rtsp://127.0.0.1:{port}/live", Credentials("admin", PASSWORD)
        with pytest.raises(StreamRefused):
            watch(uri, (units(1), nothing), credentials=Credentials("admin", "wrong"))
        notes = watch(uri, (units(COUNT - 1), nothing), credentials=who)
    finally:
        process.kill()
        process.communicate()
    ours = [(slices(kind, split_annex_b(unit.annexb())), unit.key) for unit in notes.units]
    assert ours == truth[: len(ours)]
    assert notes.counts.lost == notes.counts.broken == 0
