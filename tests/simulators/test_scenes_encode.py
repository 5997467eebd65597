"""Segments that a camera switches between, the street that plays them, and composed clips."""

import itertools
import json

import av
import numpy as np
import pytest

from simulators.cameras.rtsp_coding import split_annex_b
from simulators.errors import SceneError
from simulators.scenes import (
    Layer,
    Library,
    Scenario,
    Scene,
    SceneProgramme,
    Street,
    clip_set,
    compose_clip,
    load_assets,
    write_clips,
)
from simulators.scenes.encode import GROUP, MAIN, SUB, Format, groups, write
from simulators.scenes.segments import FORMATS, duration, key
from simulators.scenes.street import BICYCLE, EVERYWHERE

CAMERA = 5
NAMES = (*EVERYWHERE, *BICYCLE)


@pytest.fixture(scope="module")
def assets():
    return load_assets()


@pytest.fixture(scope="module")
def library(assets, tmp_path_factory):
    library = Library(assets, tmp_path_factory.mktemp("scenes"))
    seen = []
    assert library.prepare(
        [(CAMERA, name) for name in NAMES], lambda done, of: seen.append((done, of))
    ) == len(NAMES)
    assert seen[-1] == (len(NAMES), len(NAMES))
    return library


@pytest.fixture(scope="module")
def pictures(library):
    """First and last decoded frame of each segment, both streams."""
    found = {}
    for stream, name in itertools.product(FORMATS, NAMES):
        with av.open(str(library.path(CAMERA, stream, name)), format="h264") as container:
            frames = list(container.decode(video=0))
        assert {av.video.frame.PictureType(frame.pict_type).name for frame in frames} == {"I", "P"}
        assert len(frames) == duration(name) * FORMATS[stream].fps
        found[stream, name] = [f.to_ndarray(format="gray").astype(int) for f in (frames[0], frames[-1])]
    return found


def kinds(unit: bytes) -> list[int]:
    return [nal[0] & 31 for nal in split_annex_b(unit)]


@pytest.mark.parametrize("stream", FORMATS)
def test_all_segments_of_a_stream_share_parameter_sets_and_begin_with_key_frames(library, stream):
    sets = set()
    for name in NAMES:
        parts = groups(library.path(CAMERA, stream, name))
        assert len(parts) == duration(name) / GROUP
        for units in parts:
            assert len(units) == FORMATS[stream].gop
            assert 5 in kinds(units[0])
            assert all(5 not in kinds(unit) for unit in units[1:])
            sets.add(tuple(nal for nal in split_annex_b(units[0]) if nal[0] & 31 in (7, 8)))
    assert len(sets) == 1
    (sps, _), *_ = sets
    assert sps[1] == 100, "High profile"


@pytest.mark.parametrize("stream", FORMATS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("empty", "empty"),
        ("empty", "passing"),
        ("passing", "empty"),
        ("empty", "arrival"),
        ("arrival", "present"),
        ("present", "present"),
        ("present", "passing_present"),
        ("passing_present", "removal"),
        ("removal", "empty"),
    ],
)
def test_no_seam_is_seen_where_one_segment_follows_another(pictures, stream, before, after):
    last, first = pictures[stream, before][1], pictures[stream, after][0]
    assert np.abs(last - first).mean() < 4
    blocks = (np.abs(last - first)[:352, :].reshape(-1, 16, last.shape[1] // 16, 16)).mean(axis=(1, 3))
    assert blocks.max() < 14


def test_arrival_and_removal_differ_where_the_truth_says(library, pictures):
    for name in ("arrival", "removal"):
        first, last = pictures["main", name]
        path = library.path(CAMERA, "main", name).with_name(f"{name}.json")
        thing = json.loads(path.read_text())["things"][0]
        x0, y0, x1, y1 = (
            round(part * size) for part, size in zip(thing["box"], (1280, 720) * 2, strict=True)
        )
        differs = np.abs(last - first) > 40
        inside = differs[y0:y1, x0:x1].sum()
        assert inside > 5000
        assert inside > 0.97 * differs.sum()
        assert (thing["arrives"] is not None) == (name == "arrival")


def test_a_decoder_follows_a_switch_at_a_key_frame_without_a_word(library):
    codec = av.CodecContext.create("h264", "r")
    parts = [
        groups(library.path(CAMERA, "sub", name))[-1] for name in ("empty", "arrival", "present", "removal")
    ]
    frames = [f for units in parts for unit in units for f in codec.decode(av.Packet(unit))] + codec.decode(
        None
    )
    assert len(frames) == 4 * SUB.gop
    assert not any(frame.is_corrupt for frame in frames)


def test_the_next_start_encodes_nothing(assets, library):
    path = library.path(CAMERA, "main", "empty")
    before = path.stat().st_mtime_ns
    again = Library(assets, path.parents[2])
    assert again.prepare([(CAMERA, name) for name in NAMES]) == 0
    assert path.stat().st_mtime_ns == before
    assert key(assets) in path.parts


def test_a_segment_that_was_cut_short_is_encoded_again(assets, tmp_path, monkeypatch):
    library = Library(assets, tmp_path)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("simulators.scenes.encode.Painter.frame", fail)
    with pytest.raises(OSError, match="no space"):
        library.prepare([(CAMERA, "empty")])
    assert not library.ready(CAMERA, "empty")
    assert not list(tmp_path.rglob("*.part"))


def test_both_streams_of_a_camera_tell_the_same_story(library):
    now = [1000.7]
    script = Scenario(1, CAMERA)
    street = Street(library, now=lambda: now[0], scenarios={CAMERA: script})
    main, sub = (SceneProgramme(street, "P06-C1", stream) for stream in FORMATS)
    assert main.segment(1000.0).duration == sub.segment(1000.0).duration == GROUP
    assert len(main.segment(1000.0).units) == MAIN.gop
    street.put("P06-C1")
    assert street.segment(CAMERA, "main", 1000.0) is main.segment(1000.0)
    arrival = main.segment(1004.0)
    assert arrival is not main.segment(1000.0)
    assert arrival.sets == main.segment(1000.0).sets
    now[0] = 1010.0
    assert street.standing("P06-C1")
    assert street.command("take P06-C1") == "P06-C1: the bicycle is being taken"
    now[0] = 1020.0
    assert not street.standing("P06-C1")


def test_while_nobody_is_encoded_the_street_is_shown_empty(assets, tmp_path):
    library = Library(assets, tmp_path)
    library.prepare([(CAMERA, "empty")])
    street = Street(library, now=lambda: 0.0, scenarios={CAMERA: Scenario(1, CAMERA, crowd=1.0)})
    shown = [street.segment(CAMERA, "sub", at) for at in (0.0, 2.0, 4.0)]
    assert len(shown) == 3
    assert not library.ready(CAMERA, "passing")


@pytest.mark.parametrize("line", ["", "put", "steal P06-C1", "put P06-C1 now"])
def test_a_line_that_is_no_order_is_refused(library, line):
    street = Street(library, scenarios={CAMERA: Scenario(1, CAMERA)})
    with pytest.raises(SceneError, match="put CAMERA"):
        street.command(line)


@pytest.mark.parametrize("camera", ["P39-C1", "P00-C1", "P01-C2", "door", "P07-C1"])
def test_a_camera_that_is_not_there_is_refused_by_name(library, camera):
    street = Street(library, scenarios={CAMERA: Scenario(1, CAMERA)})
    with pytest.raises(SceneError, match=camera):
        street.put(camera)


@pytest.mark.parametrize(
    ("suffix", "codec", "gop"), [(".mp4", "h264", 6), (".avi", "mpeg4", 12), (".avi", "h264", 12)]
)
def test_a_composed_clip_can_be_read_and_carries_its_truth(assets, tmp_path, suffix, codec, gop):
    street = np.full((72, 128, 3), 120, dtype=np.uint8)
    scene = Scene(
        street, (Layer(assets.bicycle, (0.5, 0.9), 0.1, arrives=1.0, leaves=3.0, moving=0.5),), noise=2
    )
    path = compose_clip(tmp_path / f"clip{suffix}", scene, 4, fps=6, size=(128, 72), codec=codec, gop=gop)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 24
    assert [n for n, frame in enumerate(frames) if frame.key_frame] == list(range(0, 24, gop))
    facts = json.loads(path.with_suffix(".json").read_text())
    assert facts["composed"] is True
    x0, y0, x1, y1 = (
        round(part * size) for part, size in zip(facts["things"][0]["box"], (128, 72) * 2, strict=True)
    )
    gray = [frame.to_ndarray(format="gray").astype(int) for frame in frames]
    assert (
        np.abs(gray[12] - gray[0])[y0:y1, x0:x1].mean() > 5 * np.abs(gray[22] - gray[0])[y0:y1, x0:x1].mean()
    )


def test_a_clip_that_would_be_stretched_or_has_no_container_is_refused(tmp_path):
    scene = Scene(np.zeros((90, 160, 3), dtype=np.uint8))
    with pytest.raises(SceneError, match="stretch"):
        compose_clip(tmp_path / "clip.mp4", scene, 1, size=(128, 128))
    with pytest.raises(SceneError, match="mp4"):
        compose_clip(tmp_path / "clip.mkv", scene, 1)
    assert not list(tmp_path.glob("*.mp4"))


def test_the_same_seed_composes_the_same_file(tmp_path):
    scene = Scene(np.full((36, 64, 3), 99, dtype=np.uint8), noise=3, seed=4)
    for name in ("a", "b"):
        write(tmp_path / name, scene, 2, Format(64, 36, 5, 5), "h264", "h264")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_set_of_clips_is_varied_and_repeatable(assets):
    made = list(clip_set(assets, 14, seed=2))
    assert {clip.story for clip in made} >= {
        "people_only",
        "from_the_start",
        "taken_from_the_start",
        "occluded",
    }
    assert {clip.codec for clip in made} == {"h264", "mpeg4"}
    assert (352, 288) in {clip.size for clip in made}
    assert all(30 <= clip.seconds <= 70 for clip in made)
    assert all(not clip.scene.layers for clip in made if clip.story == "people_only")
    again = list(clip_set(assets, 14, seed=2))
    assert [clip.name for clip in made] == [clip.name for clip in again]
    assert np.array_equal(made[3].scene.background, again[3].scene.background)
    assert [p.at for p in made[5].scene.passers] == [p.at for p in again[5].scene.passers]


def test_clips_are_kept_and_a_foreign_background_is_cropped_not_stretched(assets, tmp_path):
    still = np.zeros((600, 600, 3), dtype=np.uint8)
    still[:, 300:] = 200
    paths = write_clips(assets, 3, seed=5, backgrounds=[still], root=tmp_path)
    assert [path.suffix for path in paths] == [".mp4", ".avi", ".mp4"]
    before = [path.stat().st_mtime_ns for path in paths]
    assert write_clips(assets, 3, seed=5, backgrounds=[still], root=tmp_path) == paths
    assert [path.stat().st_mtime_ns for path in paths] == before
    with pytest.raises(SceneError, match="count"):
        write_clips(assets, 0, root=tmp_path)
