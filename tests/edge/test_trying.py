"""Other zones, tried upon pictures ten seconds apart by the code that judges live."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.ids import uuid7
from devices.link import Command
from devices.site.rules import ClosedRule, LoiteringRule
from devices.stream import Frame
from devices.stream.still import still_frame
from edge.judge.panel import Post
from edge.keep.stills import Stills
from edge.link.desk import Done
from edge.see.detector import DEFAULT
from edge.trying import desk as desk_file
from edge.trying.child import answer_of
from edge.trying.desk import TryDesk
from edge.trying.tried import Limit, limits_of, try_zones
from tests.edge.link_for_tests import command
from tests.edge.pictures_for_tests import EMPTY, NOISE, TAKEN, BlueIsABicycle
from tests.edge.points_for_tests import NOON, zone
from tests.edge.views_for_tests import parked

HOUR = 360
COME, GONE = 60, 240
"""Pictures before the thing comes, and before it goes."""


def jpeg(number: int) -> bytes:
    ground = TAKEN if COME <= number < GONE else EMPTY
    noisy = np.asarray(cv2.add(ground, NOISE[number % len(NOISE)], dtype=cv2.CV_8U), np.uint8)
    return bytes(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())


@pytest.fixture(scope="module")
def hour() -> list[bytes]:
    """What the ring of an hour holds."""
    return [jpeg(number) for number in range(HOUR)]


def when(number: int) -> datetime:
    return NOON + timedelta(seconds=10 * number)


def shown(hour: list[bytes]) -> Iterator[Frame]:
    for number, raw in enumerate(hour):
        yield still_frame(raw, at=10.0 * number, taken_at=when(number), size=(640, 360))


def test_a_thing_that_stood_for_half_an_hour_is_raised_once_at_its_time_and_seen_to_go(hour) -> None:
    tried = try_zones(shown(hour), (zone(rules=(parked(dwell=600.0),)),), BlueIsABicycle(), "Etc/UTC")
    (one,) = tried.raised
    assert one.last.label == "bicycle"
    assert abs((one.since - when(COME)).total_seconds()) <= 20
    assert 600 <= (one.opened_at - when(COME)).total_seconds() <= 660
    assert one.cleared_at is not None
    assert 0 <= (one.cleared_at - when(GONE)).total_seconds() <= 120
    assert (tried.pictures, tried.gaps, tried.limits, tried.complete) == (HOUR, 0, [], True)
    answer = json.loads(json.dumps(answer_of(tried, 1.0)))
    assert answer["result"]["raised"][0]["picture"] == 0
    assert answer["pictures"][0]["taken_at"] == one.opened_at.isoformat()
    assert len(answer["pictures"][0]["jpeg"]) < 60_000


def test_a_rule_that_is_not_met_says_how_near_it_came(hour) -> None:
    tried = try_zones(
        shown(hour), (zone(rules=(parked(count=2, dwell=600.0),)),), BlueIsABicycle(), "Etc/UTC"
    )
    (nearest,) = tried.nearest
    assert (tried.raised, nearest.most) == ([], 1)
    assert 1700 <= nearest.longest <= 1810


def test_where_pictures_are_missing_it_is_said_and_no_clock_runs(hour) -> None:
    sparse = [one for n, one in enumerate(shown(hour)) if n % 3 == 0]
    tried = try_zones(sparse, (zone(rules=(parked(dwell=600.0),)),), BlueIsABicycle(), "Etc/UTC")
    assert (tried.gaps, tried.raised) == (len(sparse) - 1, [])


def test_when_the_time_is_over_what_was_found_so_far_is_told(hour) -> None:
    left = iter([True] * 10 + [False])
    tried = try_zones(
        shown(hour), (zone(rules=(parked(),)),), BlueIsABicycle(), "Etc/UTC", lambda: next(left)
    )
    assert (tried.pictures, tried.complete) == (10, False)


@pytest.mark.parametrize(
    ("rule", "limits"),
    [
        (parked(dwell=600.0), []),
        (parked(dwell=79.0), [Limit.SHORT_DWELL]),
        (
            LoiteringRule(kind="loitering", id="r", event_class="1", dwell=300.0, gap=5.0),
            [Limit.SHORT_GAP, Limit.BETWEEN],
        ),
        (ClosedRule(kind="closed", id="r", event_class="1"), [Limit.FEW_LOOKS, Limit.BETWEEN]),
    ],
)
def test_what_a_picture_each_ten_seconds_cannot_show_of_a_rule_is_said(rule, limits) -> None:
    assert limits_of(Post(zone(), rule), in_hours=True) == limits


def test_a_rule_whose_hours_were_not_within_the_hour_says_so(hour) -> None:
    night = zone(rules=(parked(dwell=600.0, schedule=("22:00-23:00",)),))
    tried = try_zones(shown(hour[:3]), (night,), BlueIsABicycle(), "Etc/UTC")
    assert [limit for _, limit in tried.limits] == [Limit.OUT_OF_HOURS]


class Bench:
    """A desk over a ring, with what it finished."""

    def __init__(self, folder: Path, hour: list[bytes]) -> None:
        self.stills = Stills(folder, 1 << 30)
        for number, raw in enumerate(hour):
            self.stills.put("P01-C1", when(number), raw)
        self.done: dict[object, Done] = {}
        self.told = threading.Event()
        self.desk = TryDesk(self.stills, DEFAULT, {"PATH": "/usr/bin:/bin"}, self._finished)

    def _finished(self, command: object, done: Done) -> None:
        self.done[command] = done
        self.told.set()

    def begin(self, asked: Command) -> Done | None:
        return self.desk.begin(asked, ["P01-C1"], "Etc/UTC")

    def finished(self, asked: Command) -> Done:
        assert self.told.wait(120)
        self.told.clear()
        return self.done.pop(asked.id)


def asked(*zones, camera: str = "P01-C1") -> Command:
    return command("try", camera=camera, zones=[one.model_dump(mode="json") for one in zones])


@pytest.fixture
def bench(tmp_path: Path, hour: list[bytes]) -> Iterator[Bench]:
    bench = Bench(tmp_path, hour[::4])
    yield bench
    bench.desk.close()


def test_a_process_of_its_own_tries_and_a_repeat_gets_the_same_answer(bench: Bench) -> None:
    one = asked(zone(rules=(parked(dwell=600.0),)))
    assert bench.begin(one) is None
    assert bench.begin(one) is None, "it is under way"
    other = bench.begin(asked(zone(rules=(parked(),))))
    assert other is not None
    assert "something else is being tried" in str(other.reason)
    done = bench.finished(one)
    assert done.reason is None
    assert (done.result["pictures"], done.result["gaps"]) == (90, 0)
    assert bench.begin(one) is done


def test_what_is_tried_can_be_cancelled_and_the_next_can_begin(bench: Bench) -> None:
    one = asked(zone(rules=(parked(dwell=600.0),)))
    assert bench.begin(one) is None
    assert bench.desk.cancel(command("cancel", command_id=str(uuid7()))).reason == "it is not being tried"
    assert bench.desk.cancel(command("cancel", command_id=str(one.id))).reason is None
    assert bench.finished(one).reason == "it was cancelled"
    two = asked(zone(rules=(parked(),)))
    assert bench.begin(two) is None
    assert bench.finished(two).reason is None


def test_a_zone_that_is_none_is_told_in_words(bench: Bench) -> None:
    one = command("try", camera="P01-C1", zones=[{"id": "Z1"}])
    assert bench.begin(one) is None
    assert "zones" in str(bench.finished(one).reason)


def test_one_that_takes_too_long_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_file, "WALL", 0.0)
    monkeypatch.setattr(desk_file, "GRACE", 0.05)
    one = asked(zone(rules=(parked(),)))
    assert bench.begin(one) is None
    assert bench.finished(one).reason == "it took too long"


def test_no_secret_of_the_node_is_in_the_process_environment(tmp_path: Path) -> None:
    env = {"PATH": "/bin", "CAM_PASSWORD": "secret", "GRIDWATCH_NODE_TOKEN": "token"}
    desk = TryDesk(Stills(tmp_path, 1), DEFAULT, env, lambda *_: None)
    assert set(desk._env) == {"PATH", "PYTHONPATH", "OMP_NUM_THREADS"}


def test_without_pictures_and_of_a_strange_camera_nothing_is_tried(bench: Bench) -> None:
    strange = bench.begin(asked(zone(), camera="P09-C9"))
    assert strange is not None
    assert strange.reason == "P09-C9 is no camera of this node"
    empty = bench.desk.begin(asked(zone(), camera="P02-C1"), ["P02-C1"], "Etc/UTC")
    assert empty is not None
    assert "no picture" in str(empty.reason)
