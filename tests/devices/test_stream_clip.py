import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from devices.errors import StreamError
from devices.stream import FrameRequest, read_file
from devices.stream import clip as clip_module
from devices.stream.decoding import Decoding
from devices.stream.fake import frame_of, number_of, numbered_picture, write_clip

CONTAINERS = [
    ("a.mp4", "libx264", 0),
    ("b.mp4", "libx264", 2),
    ("a.mkv", "libx264", 2),
    ("a.ts", "libx264", 2),
    ("a.avi", "mpeg4", 0),
    ("b.avi", "mpeg4", 2),
]


@pytest.fixture
def decodings(monkeypatch):
    made = []

    class Watched(Decoding):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(clip_module, "Decoding", Watched)
    return made


@pytest.mark.parametrize(("name", "codec", "b_frames"), CONTAINERS)
def test_every_frame_has_the_clips_own_time_when_everything_is_decoded(tmp_path, name, codec, b_frames):
    path = write_clip(tmp_path / name, count=60, gop=250, codec=codec, b_frames=b_frames)
    frames = list(read_file(path, FrameRequest(every=1 / 12, need=1)))
    assert [number_of(frame.luma) for frame in frames] == list(range(60))
    for number, frame in enumerate(frames):
        assert abs(frame.stream_time - number / 12) < 0.5 / 12


@pytest.mark.parametrize(("name", "codec", "b_frames"), CONTAINERS)
def test_key_frames_alone_are_decoded_and_have_their_own_times(tmp_path, decodings, name, codec, b_frames):
    path = write_clip(tmp_path / name, count=120, gop=24, codec=codec, b_frames=b_frames)
    frames = list(read_file(path))
    assert [frame.is_key for frame in frames] == [True] * len(frames)
    for frame in frames:
        assert abs(frame.stream_time - number_of(frame.luma) / 12) < 0.5 / 12
    assert all(1.9 < later.stream_time - sooner.stream_time < 2.4 for sooner, later in pairwise(frames))
    assert decodings[0].counts.decoded == len(frames) >= 4


def test_key_frames_closer_than_wanted_are_not_decoded(tmp_path, decodings):
    path = write_clip(tmp_path / "dense.mp4", count=96, gop=3)
    assert [round(frame.stream_time, 3) for frame in read_file(path)] == [float(n) for n in range(8)]
    assert decodings[0].counts.decoded == 8


def test_a_sparse_clip_of_a_low_end_camera_gives_one_frame_a_second_from_the_start(tmp_path, decodings):
    path = write_clip(tmp_path / "sparse.mp4", count=240, gop=120)
    frames = list(read_file(path))
    assert [number_of(frame.luma) for frame in frames] == list(range(0, 240, 12))
    assert [round(frame.stream_time, 3) for frame in frames] == [float(n) for n in range(20)]
    assert decodings[0].counts.decoded == 241  # the first key packet twice: once alone, once before the rest


def test_a_short_clip_with_a_single_key_frame_is_seen_whole(tmp_path):
    path = write_clip(tmp_path / "short.mp4", count=37, gop=250)
    assert [number_of(frame.luma) for frame in read_file(path)] == [0, 12, 24, 36]


def test_raw_video_without_timestamps_is_counted_by_its_rate(tmp_path):
    path = write_clip(tmp_path / "raw.h264", count=75, gop=25, rate=25)
    frames = list(read_file(path))
    assert [round(frame.stream_time, 3) for frame in frames] == [0.0, 1.0, 2.0]
    assert [number_of(frame.luma) for frame in frames] == [0, 25, 50]


def test_a_clip_whose_stamps_start_anew_goes_on_without_a_step_back(tmp_path):
    parts = [write_clip(tmp_path / f"{n}.ts", count=60, gop=12, first=n * 60).read_bytes() for n in range(2)]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    frames = list(read_file(path))
    times = [frame.stream_time for frame in frames]
    assert all(0.5 < later - sooner < 1.6 for sooner, later in pairwise(times))
    for frame in frames:
        assert abs(frame.stream_time - number_of(frame.luma) / 12) < 3 / 12


def test_the_whole_picture_is_scaled_and_the_source_told(tmp_path):
    path = write_clip(tmp_path / "a.mp4", count=2, gop=12, size=(352, 288))
    frame = next(read_file(path))
    assert frame.luma.shape == (360, 640)
    assert frame.luma.dtype == np.uint8
    assert (frame.width, frame.height, round(frame.aspect, 3)) == (352, 288, 1.222)
    assert next(read_file(path, FrameRequest(size=(96, 72)))).luma.shape == (72, 96)


def test_colour_comes_in_the_width_asked_for_and_the_shape_of_the_source():
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :100] = (250, 10, 10)
    frame = frame_of(image)
    assert frame.colour().shape == (100, 200, 3)
    small = frame.colour(50)
    assert small.shape == (25, 50, 3)
    blue, green, red = (int(value) for value in small[12, 5])
    assert blue > 200
    assert green < 60
    assert red < 60


def test_luma_uses_the_full_range_though_video_does_not(tmp_path):
    path = write_clip(tmp_path / "a.mp4", count=2, gop=12, first=0b101010101010)
    luma = next(read_file(path)).luma
    assert luma.min() < 8
    assert 225 < luma.max() < 245  # numbered pictures are 0 and 235 in full range


def test_utc_is_tied_once_and_follows_the_clip(tmp_path):
    path = write_clip(tmp_path / "a.mp4", count=48, gop=12)
    begin = datetime(2024, 3, 1, 8, tzinfo=UTC)
    frames = list(read_file(path, starts_at=begin))
    assert [frame.taken_at for frame in frames] == [begin + timedelta(seconds=n) for n in range(4)]


@pytest.mark.parametrize("need", [4, 1])
def test_a_clip_cut_between_key_frames_begins_at_its_own_zero(tmp_path, need):
    whole = write_clip(tmp_path / "whole.mp4", count=150, gop=60)
    path = tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        video = source.streams.video[0]
        copy = target.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is not None:
                packet.pts -= round(8 / 12 / packet.time_base)  # eight pictures before the cut
                packet.dts -= round(8 / 12 / packet.time_base)
                packet.stream = copy
                target.mux(packet)
    with av.open(str(path)) as made:
        assert next(made.demux(video=0)).is_discard
    frames = list(read_file(path, FrameRequest(need=need)))
    assert [round(frame.stream_time * 12) for frame in frames] == [
        number_of(frame.luma) - 8 for frame in frames
    ]
    assert frames[0].stream_time == 0


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StreamError, match=r"nothing\.mp4: no such file"):
        next(read_file(tmp_path / "nothing.mp4"))


def test_a_file_that_is_no_clip_is_said_to_be_none(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("hello " * 100)
    with pytest.raises(StreamError, match="not a clip"):
        next(read_file(path))


def test_a_clip_without_video_is_said_to_have_none(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    with pytest.raises(StreamError, match="no video"):
        next(read_file(path))


def test_a_clip_cut_short_gives_what_is_there(tmp_path):
    whole = write_clip(tmp_path / "a.ts", count=120, gop=12).read_bytes()
    path = tmp_path / "cut.ts"
    path.write_bytes(whole[: len(whole) // 2])
    assert 3 <= len(list(read_file(path))) <= 8


def test_the_file_is_let_go_when_the_reader_stops_early(tmp_path):
    path = write_clip(tmp_path / "a.mp4", count=48, gop=12)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        frames = read_file(path)
        next(frames)
        frames.close()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_damaged_pictures_are_not_handed_out(tmp_path, decodings):
    path = write_clip(tmp_path / "a.ts", count=120, gop=12)
    bytes_ = bytearray(path.read_bytes())
    for at in range(len(bytes_) // 3, len(bytes_) // 2, 188 * 3):
        bytes_[at - at % 188 + 20 : at - at % 188 + 188] = bytes(168)
    path.write_bytes(bytes_)
    for frame in read_file(path):
        assert number_of(frame.luma) % 12 == 0
    assert decodings[0].counts.decoded >= 5


@pytest.mark.parametrize(
    ("name", "value"), [("every", 0), ("every", float("nan")), ("need", -1), ("size", (0, 9))]
)
def test_a_request_that_makes_no_sense_names_its_field(name, value):
    with pytest.raises(ValueError, match=name):
        FrameRequest(**{name: value})


def test_numbered_pictures_carry_their_number():
    for number in (0, 1, 2047, 4095):
        assert number_of(frame_of(numbered_picture(number)).luma) == number


def test_reading_a_clip_starts_no_further_threads(tmp_path):
    path = write_clip(tmp_path / "a.mp4", count=48, gop=12)
    code = (
        "import os, sys; from devices.stream import read_file\n"
        "before = len(os.listdir('/proc/self/task')); most = 0\n"
        "for frame in read_file(sys.argv[1]):\n"
        "    frame.colour(100); most = max(most, len(os.listdir('/proc/self/task')))\n"
        "print(most - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


@pytest.mark.footage
def test_real_clips_of_many_cameras_are_seen_from_begin_to_end_without_a_hole():
    folder = (
        Path(os.environ.get("GRIDWATCH_FOOTAGE", Path(__file__).parents[3] / "shared" / "data")) / "clips"
    )
    clips = sorted([*folder.glob("*.mp4"), *folder.glob("*.avi")])
    if not clips:
        pytest.skip(f"no footage in {folder}")
    for clip in clips:
        with av.open(str(clip)) as container:
            video = container.streams.video[0]
            length = float(video.duration * video.time_base)
        times = [frame.stream_time for frame in read_file(clip, FrameRequest(need=4))]
        assert times[0] < 0.1, clip.name
        assert length - times[-1] < 4.1, clip.name
        assert all(0.7 < later - sooner < 4.1 for sooner, later in pairwise(times)), clip.name
