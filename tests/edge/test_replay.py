"""`gridwatch replay` on composed clips, against their truth, and on real clips where nothing is left."""

import json
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from gridwatch import main
from simulators.scenes import Layer, Scene, compose_clip, load_assets, write_clips

ROOT = Path(__file__).parents[2]
FOOTAGE = Path(os.environ.get("GRIDWATCH_FOOTAGE", ROOT.parent / "shared" / "data")) / "clips"
NOTHING_LEFT = (
    "bgs-motorway-cyclist.avi",
    "bgs-street.avi",
    "car-detection.mp4",
    "degirum-traffic.mp4",
    "furg-house6-fire.mp4",
    "one-by-one-person-detection.mp4",
    "opendatacam-crossing.mp4",
    "person-bicycle-car-detection.mp4",
)
CLIPS, SHORT = 24, 12
DWELL = 10.0


class Done(NamedTuple):
    """What a replay ended with; processes of their own are test_see_opening.py's."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def replay(capsys):
    def run(*arguments):
        code = main(["replay", *map(str, arguments)])
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def events(replay):
    def told(*arguments):
        done = replay(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return told


def iou(a, b):
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return wide * high / (sum(areas) - wide * high)


@pytest.fixture(scope="module")
def clips():
    return write_clips(load_assets(), SHORT)


@pytest.fixture(scope="module")
def more_clips():
    """The first of these are the same again."""
    return write_clips(load_assets(), CLIPS)[SHORT:]


@pytest.mark.parametrize("number", range(SHORT))
def test_a_composed_clip_gives_the_life_that_its_truth_tells(clips, number, events):
    as_its_truth_tells(clips[number], events)


@pytest.mark.long
@pytest.mark.parametrize("number", range(CLIPS - SHORT))
def test_further_clips_give_the_lives_that_their_truths_tell(more_clips, number, events):
    as_its_truth_tells(more_clips[number], events)


def as_its_truth_tells(clip, events):
    truth = json.loads(clip.with_suffix(".json").read_text())
    told = events(clip, "--dwell", DWELL)
    # Some of the composed streets have real parked vehicles in their background, which no truth lists.
    told = [one for one in told if not (one["class"] in {"car", "bus"} and one["at_least"])]
    opened = [one for one in told if one["event"] == "opened"]
    stays = [thing for thing in truth["things"] if _stayed(thing, truth["seconds"]) >= DWELL + 3]
    assert len(opened) == len(stays), told
    for thing, one in zip(stays, opened, strict=True):
        assert one["class"] == thing["label"]
        assert iou(one["box"], thing["box"]) > 0.6
        assert one["at_least"] is (thing["arrives"] is None)
        arrived = thing["arrives"] or 0.0
        assert one["since"] == pytest.approx(arrived, abs=2.0)
        assert arrived + DWELL - 2.0 <= one["t"] <= arrived + DWELL + 4.0
        cleared = [last for last in told if last["event"] == "cleared" and last["id"] == one["id"]]
        leaves = thing["leaves"]
        if leaves is None:
            assert not cleared
        elif truth["seconds"] - leaves > 14:
            assert leaves < cleared[0]["t"] < leaves + 14


def test_the_composed_clips_cover_a_low_end_camera_and_several_backgrounds(clips):
    truths = [json.loads(clip.with_suffix(".json").read_text()) for clip in clips]
    assert any((one["width"], one["height"], one["fps"]) == (352, 288, 12) for one in truths)
    assert {clip.suffix for clip in clips} >= {".mp4", ".avi"}


@pytest.mark.footage
@pytest.mark.parametrize("name", NOTHING_LEFT)
def test_a_real_clip_in_which_nothing_is_left_prints_nothing(name, replay):
    clip = FOOTAGE / name
    if not clip.exists():
        pytest.skip(
            f"the real clip {name} is not here; set GRIDWATCH_FOOTAGE to the folder that holds clips/"
        )
    done = replay(clip, "--json")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_what_comes_before_the_usual_look_is_known_is_found_all_the_same(tmp_path, events):
    made = load_assets()
    bicycle = Layer(made.bicycle, (0.5, 0.8), 0.6, arrives=2.0, moving=1.0)
    scene = Scene(made.pavement, (bicycle,), noise=2.0, seed=3).resized(640, 360)
    clip = compose_clip(tmp_path / "early.mp4", scene, 20, gop=10)
    (opened,) = events(clip, "--dwell", DWELL)
    assert (opened["event"], opened["class"], opened["at_least"]) == ("opened", "bicycle", False)
    assert opened["since"] == pytest.approx(2.0, abs=1.0)
    assert opened["t"] == pytest.approx(2.0 + DWELL, abs=3.0)


def test_each_event_has_the_promised_fields(clips, events):
    told = events(clips[1], "--dwell", DWELL)
    for one in told:
        assert one["event"] in {"opened", "updated", "held", "resumed", "cleared"}
        assert set(one) >= {"t", "since", "at_least", "id", "class", "event_class", "score", "box"}
        assert one["event_class"] is None
        assert all(0.0 <= part <= 1.0 for part in one["box"])
        assert 0.0 <= one["score"] <= 1.0
        assert one["since"] <= one["t"]


def test_zones_from_a_file_bring_their_own_rules_and_classes(clips, tmp_path, events):
    zones = tmp_path / "zones.yaml"
    zones.write_text(
        "zones:\n"
        "  - id: kerb\n"
        "    name: {zh: 路缘, en: kerb}\n"
        "    polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]\n"
        "    rules:\n"
        "      - {kind: parked, id: bikes, labels: [bicycle], dwell: 10 s, event_class: '05-06-081'}\n"
        "  - id: sky\n"
        "    name: {zh: 天空, en: sky}\n"
        "    polygon: [[0, 0], [1, 0], [1, 0.05]]\n"
        "    rules:\n"
        "      - {kind: left, id: any, dwell: 10 s, event_class: '05-07'}\n"
    )
    told = events(clips[1], "--zones", zones)
    assert {one["event_class"] for one in told} == {"05-06-081"}
    assert {one["zone"] for one in told} == {"kerb"}
    assert told[0]["event"] == "opened"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("zones: [", "YAML"),
        ("- {id: a}", "name"),
        ("[]", "none of them has a rule"),
        ("- {id: a, name: {zh: 甲, en: a}, polygon: [[0, 0], [2, 0], [1, 1]], rules: []}", "polygon"),
    ],
)
def test_a_bad_zones_file_is_one_clear_line(clips, tmp_path, replay, text, hint):
    zones = tmp_path / "zones.yaml"
    zones.write_text(text)
    done = replay(clips[0], "--zones", zones)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert hint in done.stderr
    assert done.stdout == ""


def test_a_clip_that_is_not_there_or_no_clip_is_one_clear_line(tmp_path, replay):
    text = tmp_path / "clip.mp4"
    text.write_text("not a clip")
    for clip, hint in ((tmp_path / "none.mp4", "no such file"), (text, "not a clip")):
        done = replay(clip)
        assert done.returncode == 1
        assert hint in done.stderr
        assert "Traceback" not in done.stderr


def _stayed(thing, seconds):
    leaves = seconds if thing["leaves"] is None else thing["leaves"]
    return leaves - (thing["arrives"] or 0.0)
