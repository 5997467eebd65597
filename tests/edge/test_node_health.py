"""What befalls a camera becomes conditions of its own, with photos, over restarts; the rest of it is held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.ids import uuid7
from devices.messages import Change, ConditionState, DeviceStatus, EvidenceKind, Series, Severity
from devices.site.model import HealthKind, PictureHealth
from devices.stream import StreamFacts
from edge.errors import StoreError
from edge.node.health import HEALTH, HealthDesk
from edge.node.sight import LOOKS_PER_SECOND, SightDesk
from edge.see.health import Sight
from edge.see.lookbudget import Looks
from tests.edge.pictures_for_tests import DARK, EMPTY, TAKEN, BlueIsABicycle, Film
from tests.edge.points_for_tests import NOON, bodies, camera, disk_full, open_store, point

CAMERA = "P01-C1"
CLASSES = {kind: f"90-{number:02d}" for number, kind in enumerate(HealthKind, 1)}
TURNED = np.ascontiguousarray(EMPTY[::-1, ::-1])
UP = StreamFacts(DeviceStatus.UP, 2.0, 0.1, 0.5)
GONE = StreamFacts(DeviceStatus.UNREACHABLE, 2.0, 1000.0, 1000.0)


class Street:
    """One camera's two desks over a store that can be opened again; every clock is the film's."""

    def __init__(self, directory: Path, **settings) -> None:
        self.directory = directory
        self.cameras = (camera(health=PictureHealth(**settings)),)
        self.film = Film(NOON)
        self.waited = 0.0
        self.classes = CLASSES
        self.open()

    def open(self) -> None:
        self.store = open_store(self.directory)
        points = [point(cameras=self.cameras)]
        self.sight = SightDesk(
            "n1",
            points,
            self.store,
            BlueIsABicycle(),
            uuid7,
            lambda: None,
            looks=Looks(LOOKS_PER_SECOND, monotonic=self.film.seconds),
        )
        eyes = {name: seat.lookout.eye for name, seat in self.sight.seats.items()}
        self.desk = HealthDesk(
            "n1", points, self.store, eyes, {CAMERA: 4.0}, self.classes, uuid7, lambda: None,
            monotonic=lambda: self.now - 1e9, wall=lambda: self.now,
        )  # fmt: skip

    @property
    def now(self) -> float:
        return self.film.began.timestamp() + self.film.stream + self.waited

    def restart(self, away: float) -> None:
        self.store.close()
        self.film.reconnect(away)
        self.open()

    def show(self, *scenes) -> Sight:
        for frame in self.film(*scenes):
            view = self.sight.look(CAMERA, frame)
            self.desk.look(CAMERA, frame)
            self.desk.tend(CAMERA, UP)
        return view.sight

    def wait(self, seconds: int, facts: StreamFacts = GONE) -> None:
        """No pictures, and a glance at the stream each second."""
        for second in range(seconds):
            self.waited += 1
            if self.desk.tend(
                CAMERA, replace(facts, last_picture_age=min(facts.last_picture_age, second + 1))
            ):
                self.sight.hold(CAMERA, datetime.fromtimestamp(self.now, UTC))
        # What comes next is later than the film would have it.
        self.film.stream += self.waited
        self.waited = 0.0

    def told(self, *, rules: bool = False) -> list[tuple[str, str]]:
        """Label and change of everything said: of health, or else of the rules."""
        return [
            (one.label, one.change.value)
            for one in bodies(self.store, Series.ALARM)
            if one.rule.startswith("health.") is not rules
        ]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.store.close()


def test_a_black_picture_is_a_condition_of_its_own_at_the_camera(street):
    street.show((EMPTY, 20), (DARK, 14))
    (opened,) = bodies(street.store, Series.ALARM)
    assert (opened.change, opened.label, opened.rule) == (Change.OPENED, "black", "health.black")
    assert (opened.device, opened.place, opened.zone, opened.box) == (CAMERA, CAMERA, None, None)
    assert (opened.event_class, opened.severity) == (CLASSES[HealthKind.BLACK], Severity.LOW)
    assert (opened.since - NOON).total_seconds() == pytest.approx(21.0, abs=0.01)
    street.show((EMPTY, 14))
    assert street.told() == [("black", "opened"), ("black", "cleared")]


def test_its_photos_show_the_last_good_picture_the_bad_one_and_the_good_one_again(street):
    street.show((EMPTY, 20), (DARK, 14), (EMPTY, 14))
    told = bodies(street.store, Series.EVIDENCE)
    assert [one.kind for one in told] == [EvidenceKind.EMPTY, EvidenceKind.PRESENT, EvidenceKind.CLEARED]
    data = [np.frombuffer(street.store.photo(one.sha256), np.uint8) for one in told]
    bright = [cv2.imdecode(one, cv2.IMREAD_GRAYSCALE).mean() > 40 for one in data]
    assert bright == [True, False, True]
    assert told[0].captured_at < told[1].captured_at < told[2].captured_at


def test_while_it_lasts_the_rules_of_the_camera_are_held(street):
    street.show((EMPTY, 12), (TAKEN, 13), (DARK, 30))
    assert street.told(rules=True) == [("bicycle", "opened"), ("bicycle", "held")]
    street.show((TAKEN, 5))
    assert street.told(rules=True)[2:] == [("bicycle", "resumed")]


def test_a_restart_goes_on_with_the_same_condition(street):
    street.show((EMPTY, 20), (DARK, 14))
    street.restart(away=30.0)
    assert street.desk.wards[CAMERA].ledger.cases.keys() == {HealthKind.BLACK}
    street.show((DARK, 20))
    assert street.told() == [("black", "opened")]
    street.show((EMPTY, 14))
    opened, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.rev, cleared.change) == (opened.condition_id, 2, Change.CLEARED)
    assert cleared.since == opened.since


def test_a_damaged_memory_clears_nothing_before_it_has_looked(street, caplog):
    street.show((EMPTY, 20), (DARK, 14))
    street.store.close()
    street.store = open_store(street.directory)
    raw = street.store.states(HEALTH)[CAMERA]
    with street.store.transaction() as tx:
        tx.put_state(HEALTH, CAMERA, raw.replace(b'"edges": "', b'"edges": "AAAA'))
    street.restart(away=5.0)
    assert "it begins anew" in caplog.text
    street.show((DARK, 3))
    assert street.told() == [("black", "opened")]


def test_the_same_within_ten_minutes_names_the_one_it_reopens(street):
    street.show((EMPTY, 20), (DARK, 14), (EMPTY, 14), (DARK, 14))
    first, _, again = bodies(street.store, Series.ALARM)
    assert again.reopens == first.condition_id


def test_a_turned_camera_is_reported_and_what_stood_there_is_not_cleared(street):
    street.show((EMPTY, 12), (TAKEN, 13), (TURNED, 90))
    assert street.told() == [("turned", "opened")]
    assert street.told(rules=True) == [("bicycle", "opened"), ("bicycle", "held")]
    assert street.show((TAKEN, 20)) is Sight.CLEAR
    assert street.told() == [("turned", "opened"), ("turned", "cleared")]
    assert street.told(rules=True)[2:] == [("bicycle", "resumed")]


def test_a_view_that_stays_is_the_usual_one_from_then_on_and_clears_nothing_else(tmp_path):
    street = Street(tmp_path, new_view_after=120.0)
    street.show((EMPTY, 12), (TAKEN, 13), (TURNED, 140))
    assert street.told() == [("turned", "opened"), ("turned", "cleared")]
    assert street.show((TURNED, 40)) is Sight.CLEAR
    assert street.told(rules=True) == [("bicycle", "opened"), ("bicycle", "held")]
    street.store.close()


def test_a_stream_that_stands_still_is_reported_and_holds_everything_else_of_the_camera(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    street.wait(40)
    assert street.told() == [("stalled", "opened")]
    opened = bodies(street.store, Series.ALARM)[-1]
    assert (opened.since - NOON).total_seconds() == pytest.approx(25.0, abs=1.5)
    assert street.told(rules=True) == [("bicycle", "opened"), ("bicycle", "held")]
    street.show((TAKEN, 16))
    assert street.told() == [("stalled", "opened"), ("stalled", "cleared")]
    assert street.told(rules=True)[2:] == [("bicycle", "resumed")]


def test_a_stream_that_stands_still_holds_what_its_pictures_showed(street):
    street.show((EMPTY, 20), (DARK, 14))
    street.wait(40)
    assert sorted(street.told()[1:]) == [("black", "held"), ("stalled", "opened")]
    street.show((DARK, 3))
    assert ("black", "resumed") in street.told()


def test_a_camera_that_never_answers_after_a_restart_holds_what_it_had_open(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    street.restart(away=5.0)
    street.wait(40)
    assert street.told() == [("stalled", "opened")]
    assert street.told(rules=True) == [("bicycle", "opened"), ("bicycle", "held")]
    street.show((TAKEN, 8))
    assert street.told(rules=True)[2:] == [("bicycle", "resumed")]


def test_the_ill_health_of_a_camera_that_left_the_site_is_cleared_with_the_reason(street):
    street.show((EMPTY, 20), (DARK, 14))
    (opened,) = [one for one in bodies(street.store, Series.ALARM) if one.label == "black"]
    street.cameras = ()
    street.restart(away=5.0)
    (cleared,) = [one for one in bodies(street.store, Series.ALARM) if one.ended is not None]
    assert (cleared.condition_id, cleared.rev) == (opened.condition_id, opened.rev + 1)
    assert (cleared.state, cleared.ended) == (ConditionState.CLEARED, "rule_removed")
    kept = {"rev", "change", "state", "changed_at", "ended", "since"}
    assert cleared.model_dump(exclude=kept) == opened.model_dump(exclude=kept)
    assert street.store.states(HEALTH) == {}
    street.restart(away=5.0)
    assert len([one for one in bodies(street.store, Series.ALARM) if one.label == "black"]) == 2


def test_key_frames_too_seldom_are_reported_and_hold_nothing(street):
    street.show((EMPTY, 12))
    street.wait(70, StreamFacts(DeviceStatus.UP, 10.0, 0.1, 1.0))
    assert street.told() == [("gop_too_long", "opened")]
    street.wait(70, StreamFacts(DeviceStatus.UP, 2.0, 0.1, 1.0))
    assert street.told() == [("gop_too_long", "opened"), ("gop_too_long", "cleared")]


def test_a_kind_that_is_switched_off_is_not_reported(tmp_path):
    street = Street(tmp_path, off=("black", "stalled"))
    street.show((EMPTY, 20), (DARK, 20))
    street.wait(60)
    assert street.told() == []
    street.store.close()


def test_a_kind_without_an_event_class_holds_but_is_not_reported(tmp_path):
    street = Street(tmp_path)
    street.classes = {}
    street.restart(away=1.0)
    street.show((EMPTY, 12), (TAKEN, 13), (DARK, 30))
    assert street.told() == []
    assert street.told(rules=True) == [("bicycle", "opened"), ("bicycle", "held")]
    street.store.close()


def test_what_the_store_could_not_keep_is_said_by_the_next_look(street, monkeypatch):
    street.show((EMPTY, 20), (DARK, 10))
    with disk_full(monkeypatch), pytest.raises(StoreError):
        street.show((DARK, 4))
    assert street.told() == []
    street.show((DARK, 1))
    assert street.told() == [("black", "opened")]
