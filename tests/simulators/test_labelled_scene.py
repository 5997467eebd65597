"""Labelled scenes: the same again from the seed, split cleanly, placed in their zones, kept as files."""

import json
from dataclasses import replace
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest

from devices.site.model import Zone
from simulators.errors import SceneError
from simulators.scenes.labelled import (
    TURNS,
    contact_sheet,
    empty_hours,
    labelled_scene,
    labelled_set,
    split_of,
    write_labelled,
)
from simulators.scenes.labelled.drawn import drawn_stock
from simulators.scenes.stock.model import Stock

SEEDS = range(2 * len(TURNS))


@pytest.fixture(scope="module")
def scenes():
    return list(labelled_set(SEEDS))


def test_the_condition_follows_from_the_seed(scenes):
    assert [scene.condition for scene in scenes] == list(TURNS) * 2


def test_a_seed_makes_the_same_scene_and_the_same_pixels_again(scenes):
    for scene in scenes[:: len(TURNS) // 3]:
        again = labelled_scene(scene.seed)
        assert (again.issues, again.zones, again.assets) == (scene.issues, scene.zones, scene.assets)
        for one, other in list(zip(scene.pictures(), again.pictures(), strict=True))[::40]:
            assert one.stream_time == other.stream_time
            assert np.array_equal(one.luma, other.luma)
            assert np.array_equal(one.colour(), other.colour())


def test_a_picture_does_not_depend_on_which_were_drawn_before_it(scenes):
    scene = scenes[4]
    in_order = [picture.luma for picture in scene.pictures()][-1]
    assert np.array_equal(list(scene.pictures())[-1].luma, in_order)


def test_the_grey_picture_is_the_colour_one_made_small(scenes):
    for scene in scenes[:4]:
        picture = list(scene.pictures())[30]
        colour = picture.colour()
        assert (picture.luma.shape, colour.shape, picture.width) == ((360, 640), (720, 1280, 3), 1280)
        small = cv2.resize(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), (64, 36), interpolation=cv2.INTER_AREA)
        luma = cv2.resize(picture.luma, (64, 36), interpolation=cv2.INTER_AREA)
        assert np.abs(small.astype(int) - luma).mean() < 4
        assert picture.colour(320).shape == (180, 320, 3)


def test_the_planes_of_colour_are_those_of_the_colour_picture(scenes):
    for scene in scenes[:4]:
        picture = list(scene.pictures())[30]
        small = cv2.resize(picture.colour(), (160, 90), interpolation=cv2.INTER_AREA)
        planes = cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb)[..., 1:].astype(int)
        if picture.chroma is None:
            assert np.abs(planes - 128).mean() < 1
        else:
            assert picture.chroma.shape == (90, 160, 2)
            assert np.abs(planes - picture.chroma).mean() < 3


def test_by_infrared_light_there_is_no_colour(scenes):
    (night,) = (scene for scene in scenes[: len(TURNS)] if scene.condition == "infrared")
    coloured = [picture.chroma is not None for picture in night.pictures()]
    assert any(coloured)
    assert not all(coloured)


def test_seeds_that_tune_and_seeds_that_judge_share_no_asset(scenes):
    tune = {name for scene in scenes for name in scene.assets}
    judge = {name for scene in labelled_set(range(50_000, 50_014)) for name in scene.assets}
    assert tune
    assert judge
    assert not tune & judge
    assert (split_of(49_999), split_of(50_000)) == ("tune", "judge")


def test_zones_are_zones_of_a_site_and_issues_stand_in_them(scenes):
    for scene in scenes:
        (zone,) = scene.zones
        assert Zone.model_validate(zone.model_dump()) == zone
        outline = np.array(zone.polygon, np.float32)
        for issue in scene.issues if zone.rules[0].kind == "left" else ():
            x0, y0, x1, y1 = issue.box
            foot = ((x0 + x1) / 2, y1 - 0.1 * (y1 - y0))
            assert cv2.pointPolygonTest(outline, foot, False) >= 0


def test_times_of_an_issue_are_in_order_and_its_dwell_lies_between_them(scenes):
    for scene in scenes:
        for issue in scene.issues:
            dwell = scene.zones[0].rules[0].dwell
            assert issue.since + dwell <= issue.due + 1e-6
            assert issue.due + 5 < (scene.seconds if issue.gone is None else issue.gone)
            assert 0 <= issue.box[0] < issue.box[2] <= 1
            assert 0 <= issue.box[1] < issue.box[3] <= 1


def owed(scene):
    return [issue for issue in scene.issues if not issue.optional]


def test_places_of_issues_are_apart(scenes):
    for scene in scenes:
        boxes = [issue.box for issue in scene.issues if not issue.optional]
        for index, (a0, b0, a1, b1) in enumerate(boxes):
            for x0, y0, x1, y1 in boxes[index + 1 :]:
                assert x0 >= a1 or x1 <= a0 or y0 >= b1 or y1 <= b0


def test_every_condition_but_empty_has_something_to_report(scenes):
    parked_few = [scene for scene in scenes if not owed(scene) and scene.condition != "empty"]
    assert len(parked_few) <= 2
    assert all(scene.zones[0].rules[0].kind == "parked" for scene in parked_few)
    assert not any(owed(scene) for scene in scenes if scene.condition == "empty")


def test_a_stock_without_backgrounds_is_refused_with_what_to_add():
    with pytest.raises(SceneError, match="no background for the judge scenes; add one"):
        labelled_scene(50_000, Stock((), drawn_stock().cutouts))


def test_a_stock_without_things_is_refused():
    stock = drawn_stock()
    people = tuple(cut for cut in stock.cutouts if cut.kind == "person")
    with pytest.raises(SceneError, match="seed 0: no clean scene can be composed"):
        labelled_scene(0, Stock(stock.backgrounds, people, stock.tuning))


def test_a_scene_written_as_a_file_keeps_its_clock_and_its_truth(tmp_path):
    scene = labelled_scene(9)
    whole = scene.pictures
    scene = replace(scene, pictures=lambda: (p for p in whole() if 30 <= p.stream_time <= 110))
    truth = json.loads(write_labelled(scene, tmp_path / "scene.mp4", 320).read_text())
    with av.open(str(tmp_path / "scene.mp4")) as clip:
        frames = [(frame.time, frame.key_frame) for frame in clip.decode(video=0)]
    expected = [picture.stream_time for picture in scene.pictures()]
    assert [time for time, _ in frames] == pytest.approx(expected, abs=0.002)
    assert all(key for _, key in frames)
    assert max(b - a for a, b in pairwise(expected)) > 4  # the restart's gap
    assert truth["restart_at"] == scene.restart_at
    assert [issue["due"] for issue in truth["issues"]] == [issue.due for issue in scene.issues]
    assert Zone.model_validate(truth["zones"][0]) == scene.zones[0]


@pytest.mark.parametrize(
    ("name", "width", "fault"), [("a.avi", 640, "end in .mp4"), ("a.mp4", 333, "multiple")]
)
def test_a_file_that_cannot_be_written_is_refused(tmp_path, name, width, fault):
    with pytest.raises(SceneError, match=fault):
        write_labelled(labelled_scene(0), tmp_path / name, width)


def test_a_contact_sheet_shows_twelve_pictures_with_the_truth_drawn_in(scenes):
    scene = next(one for one in scenes if one.issues)
    sheet = contact_sheet(scene)
    assert sheet.shape == (4 * 270, 3 * 480, 3)
    assert np.any(np.all(sheet == (0, 0, 255), axis=2))


def test_empty_hours_have_days_and_nights_and_nothing_to_report():
    scene = empty_hours(3, 24)
    assert (scene.seconds, scene.every, scene.issues) == (86_400, 2.0, ())
    pictures = [picture for picture in scene.pictures() if picture.stream_time % 1800 == 0]
    light = [float(picture.luma.mean()) for picture in pictures]
    assert len(light) == 49
    assert max(light) > 1.3 * min(light)
    again = list(empty_hours(3, 24).pictures())
    assert np.array_equal(pictures[20].luma, next(p for p in again if p.stream_time == 36_000).luma)


def test_no_hours_are_refused():
    with pytest.raises(SceneError, match="hours: must be above 0"):
        empty_hours(1, 0)
