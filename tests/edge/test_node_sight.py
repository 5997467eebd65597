"""The deciding thread for pictures: the real eye on synthetic pictures, the real store."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.ids import uuid7
from devices.messages import Change, ConditionState, EvidenceKind, Series
from edge.errors import StoreError, StoreFull
from edge.keep.photos import FOLDER
from edge.keep.transaction import Transaction
from edge.node.sight import EYE, KEEP_EVERY, LEDGER, LOOKS_PER_SECOND, SightDesk
from edge.see.health import Sight
from edge.see.lookbudget import Looks
from tests.edge.pictures_for_tests import BOX, BUS, DARK, EMPTY, SIZE, TAKEN, BlueIsABicycle, Film, thing
from tests.edge.points_for_tests import NOON, bodies, camera, disk_full, open_store, point, zone
from tests.edge.views_for_tests import left, parked

CAMERA = "P01-C1"
ARRIVES, OPENS = 12, 13
"""Seconds of empty street; seconds after the arrival by which the condition is open."""


class Street:
    """One camera's desk over a store that can be opened again."""

    def __init__(self, directory: Path, *cameras) -> None:
        self.directory = directory
        self.cameras = cameras or (camera(),)
        self.film = Film(NOON)
        self.woken = 0
        self.open()

    def open(self) -> None:
        self.store = open_store(self.directory)
        self.detector = BlueIsABicycle()
        self.desk = SightDesk(
            "n1",
            [point(cameras=self.cameras)],
            self.store,
            self.detector,
            uuid7,
            self._wake,
            looks=Looks(LOOKS_PER_SECOND, monotonic=self.film.seconds),
        )

    def restart(self, away: float) -> None:
        self.store.close()
        self.film.reconnect(away)
        self.open()

    def _wake(self) -> None:
        self.woken += 1

    def show(self, *scenes):
        """So many seconds of each picture; the last view."""
        views = [self.desk.look(CAMERA, frame) for frame in self.film(*scenes)]
        return views[-1]

    def told(self) -> list[str]:
        return [one.change.value for one in bodies(self.store, Series.ALARM)]

    def photos(self) -> list[Path]:
        return [path for path in (self.directory / FOLDER).rglob("*") if path.is_file()]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.store.close()


def picture_of(street: Street, evidence) -> np.ndarray:
    data = street.store.photo(evidence.sha256)
    assert hashlib.sha256(data).hexdigest() == evidence.sha256
    assert len(data) == evidence.size
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[:2] == (evidence.height, evidence.width)
    return picture


def blue(picture: np.ndarray) -> bool:
    x0, y0, x1, y1 = BOX
    inner = picture[y0 + 10 : y1 - 10, x0 + 10 : x1 - 10].astype(int)
    return bool((inner[..., 0] - inner[..., 2]).mean() > 100)


def test_a_bicycle_is_left_seen_and_taken_away_again(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    (opened,) = bodies(street.store, Series.ALARM)
    assert (opened.change, opened.rev, opened.state) == (Change.OPENED, 1, ConditionState.OPEN)
    assert (opened.node, opened.point, opened.device, opened.zone) == ("n1", "P01", CAMERA, "P01-C1-Z1")
    assert (opened.place, opened.rule, opened.label, opened.count) == ("P01-C1-Z1", "bikes", "bicycle", 1)
    assert not opened.at_least
    assert abs((opened.since - NOON).total_seconds() - ARRIVES) <= 2.0
    assert opened.box == pytest.approx(
        [edge / size for edge, size in zip(BOX, SIZE * 2, strict=True)], abs=0.02
    )
    assert street.woken == 1
    view = street.show((EMPTY, 10))
    assert view.slots == ()
    _, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.rev, cleared.change) == (opened.condition_id, 2, Change.CLEARED)
    assert cleared.since == opened.since
    assert cleared.changed_at > opened.changed_at


def test_the_photos_show_the_place_before_with_the_thing_boxed_and_after(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS), (EMPTY, 10))
    empty, present, cleared = bodies(street.store, Series.EVIDENCE)
    opened, _ = bodies(street.store, Series.ALARM)
    assert [one.kind for one in (empty, present, cleared)] == [
        EvidenceKind.EMPTY, EvidenceKind.PRESENT, EvidenceKind.CLEARED,
    ]  # fmt: skip
    assert {one.condition_id for one in (empty, present, cleared)} == {opened.condition_id}
    assert empty.captured_at < opened.since < present.captured_at < cleared.captured_at
    assert [blue(picture_of(street, one)) for one in (empty, present, cleared)] == [False, True, False]
    edge = picture_of(street, present)[BOX[1], BOX[0] + 20 : BOX[2] - 20].mean(axis=0)
    assert edge[2] > edge[0]
    assert len(street.photos()) == 3


@pytest.mark.parametrize("before", [28, 30, 32, 34])
def test_the_photo_of_the_empty_place_never_shows_the_thing(street, before):
    """The photo is renewed now and then; also while something has arrived that nobody has noticed yet."""
    street.show((EMPTY, before), (TAKEN, OPENS))
    empty, _ = bodies(street.store, Series.EVIDENCE)
    assert empty.kind is EvidenceKind.EMPTY
    assert not blue(picture_of(street, empty))


def test_what_stood_there_at_the_start_is_at_least_so_old_and_has_no_photo_of_an_empty_place(street):
    street.show((TAKEN, 25))
    (opened,) = bodies(street.store, Series.ALARM)
    assert opened.at_least
    assert [one.kind for one in bodies(street.store, Series.EVIDENCE)] == [EvidenceKind.PRESENT]
    assert street.told() == ["opened"]


def test_a_restart_goes_on_with_the_same_condition_and_clears_it_once_the_thing_is_gone(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    (opened,) = bodies(street.store, Series.ALARM)
    street.restart(away=40.0)
    view = street.show((TAKEN, 20))
    assert street.told() == ["opened"]
    assert [slot.at_least for slot in view.slots] == [False]
    street.show((EMPTY, 12))
    _, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.rev, cleared.change) == (opened.condition_id, 2, Change.CLEARED)
    assert abs((cleared.since - opened.since).total_seconds()) < 0.01


def test_a_thing_taken_away_while_the_node_was_down_is_cleared_after_the_restart(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    street.restart(away=3600.0)
    street.show((EMPTY, 12))
    opened, cleared = bodies(street.store, Series.ALARM)
    assert cleared.condition_id == opened.condition_id
    assert cleared.change is Change.CLEARED


def test_a_restart_before_the_dwell_is_over_opens_one_condition_dated_from_the_arrival(street):
    street.show((EMPTY, ARRIVES), (TAKEN, 6))
    assert street.told() == []
    street.restart(away=5.0)
    street.show((TAKEN, 15))
    (opened,) = bodies(street.store, Series.ALARM)
    assert abs((opened.since - NOON).total_seconds() - ARRIVES) <= 2.0


def test_a_blind_camera_holds_the_condition_and_sight_resumes_it(street, caplog):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    with caplog.at_level(logging.INFO, "edge.node.sight"):
        assert street.show((DARK, 16)).sight is Sight.DARK
        assert street.show((TAKEN, 3)).sight is Sight.CLEAR
    assert street.told() == ["opened", "held", "resumed"]
    said = [record.getMessage() for record in caplog.records if "sight" in record.getMessage()]
    assert said == [f"{CAMERA}: sight is dark", f"{CAMERA}: sight is clear"]


def test_a_thing_taken_away_behind_a_bus_that_stood_in_front_for_long_is_cleared_never_resumed(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS), (BUS, 60))
    assert street.told() == ["opened", "held"]
    street.show((EMPTY, 12))
    assert street.told() == ["opened", "held", "cleared"]


def test_a_thing_behind_a_bus_for_longer_than_it_was_seen_is_still_the_same_thing(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS), (BUS, 60), (TAKEN, 10))
    assert street.told() == ["opened", "held", "resumed"]


def test_the_first_pictures_after_a_restart_may_be_black(street):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    street.restart(away=5.0)
    street.show((DARK, 3), (TAKEN, 5))
    (opened, *rest) = bodies(street.store, Series.ALARM)
    assert {one.condition_id for one in rest} <= {opened.condition_id}
    assert Change.CLEARED not in {one.change for one in rest}
    assert Change.OPENED not in {one.change for one in rest}
    assert street.show((EMPTY, 12)).slots == ()
    assert street.told()[-1] == "cleared"


def test_condition_photos_memory_and_ledger_are_one_transaction(street, monkeypatch):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS - 3))
    kept = street.store.states(EYE), street.store.states(LEDGER)
    real, steps = Transaction.queue, []

    def fails_at_the_last(transaction, body, at, **more):
        steps.append(type(body).__name__)
        if len(steps) == 3:
            raise StoreFull("no space left")
        return real(transaction, body, at, **more)

    with monkeypatch.context() as patch, pytest.raises(StoreFull):
        patch.setattr(Transaction, "queue", fails_at_the_last)
        street.show((TAKEN, 5))
    assert steps == ["Condition", "Evidence", "Evidence"]
    assert street.told() == []
    assert bodies(street.store, Series.EVIDENCE) == []
    assert (street.store.states(EYE), street.store.states(LEDGER)) == kept
    street.show((TAKEN, 1))
    assert street.told() == ["opened"]


def fail(street: Street, monkeypatch, *scenes) -> int:
    """Show scenes while the disk is full; how many looks failed."""
    failed = 0
    with disk_full(monkeypatch):
        for frame in street.film(*scenes):
            try:
                street.desk.look(CAMERA, frame)
            except StoreError:
                failed += 1
    return failed


def test_a_full_disk_leaves_nothing_behind_and_the_next_look_says_it_again(street, monkeypatch):
    street.show((EMPTY, ARRIVES), (TAKEN, 9))
    assert fail(street, monkeypatch, (TAKEN, 8)) >= 4
    assert street.photos() == []
    assert street.told() == []
    street.show((TAKEN, 1))
    assert street.told() == ["opened"]
    assert len(street.photos()) == 2


def test_a_thing_that_goes_while_the_disk_is_full_is_cleared_once_there_is_room(street, monkeypatch):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    assert fail(street, monkeypatch, (EMPTY, 15)) >= 4
    assert street.told() == ["opened"]
    street.show((EMPTY, 1))
    assert street.told() == ["opened", "cleared"]
    street.show((EMPTY, 3))
    assert street.told() == ["opened", "cleared"]


def test_a_power_cut_while_the_disk_is_full_still_clears_what_went(street, monkeypatch):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    fail(street, monkeypatch, (EMPTY, 15))
    street.restart(away=2.0)
    street.show((EMPTY, 12))
    assert street.told() == ["opened", "cleared"]


def test_the_eye_is_kept_now_and_then_also_when_nothing_happens(street, monkeypatch):
    commits = []
    real = Transaction.put_state

    def counted(transaction, kind, key, state):
        commits.append(kind)
        real(transaction, kind, key, state)

    monkeypatch.setattr(Transaction, "put_state", counted)
    street.show((EMPTY, 5))
    assert commits == []
    street.show((EMPTY, 20))
    assert commits.count(EYE) == 1, "soon after the start: the node may be killed"
    street.film.stream += KEEP_EVERY
    street.show((EMPTY, 3))
    assert commits.count(EYE) == 2


def test_a_memory_that_cannot_be_read_is_said_and_the_case_is_not_raised_twice(street, caplog):
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    with street.store.transaction() as tx:
        tx.put_state(EYE, CAMERA, b"moths")
    with caplog.at_level(logging.WARNING, "edge.node.sight"):
        street.restart(away=5.0)
    assert "begins anew" in caplog.text
    street.show((TAKEN, 25))
    conditions = bodies(street.store, Series.ALARM)
    assert {one.condition_id for one in conditions} == {conditions[0].condition_id}
    assert [one.change.value for one in conditions] == ["opened", "held", "resumed"]


def test_each_rule_of_each_zone_has_a_condition_of_its_own_and_zones_may_share_a_place(tmp_path):
    rules = (parked(), left(dwell=12.0))
    elsewhere = ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1))
    zones = (zone("Z1", rules=rules, place="gate"), zone("Z2", polygon=elsewhere), zone("Z3", rules=()))
    street = Street(tmp_path, camera(zones=zones))
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS + 4))
    conditions = bodies(street.store, Series.ALARM)
    assert [(one.rule, one.zone, one.place) for one in conditions] == [
        ("bikes", "Z1", "gate"), ("things", "Z1", "gate"),
    ]  # fmt: skip
    assert len({one.condition_id for one in conditions}) == 2
    street.store.close()


def test_a_camera_without_rules_is_only_looked_at(tmp_path):
    street = Street(tmp_path, camera(zones=()))
    street.show((EMPTY, ARRIVES), (TAKEN, OPENS))
    assert street.told() == []
    street.store.close()


def test_the_cameras_of_a_node_do_not_mix_their_slots(tmp_path):
    street = Street(tmp_path, camera(), camera("P01-C2"))
    frames = street.film((EMPTY, ARRIVES), (TAKEN, OPENS))
    calm = thing(EMPTY, (20, 20, 24, 24))
    for frame, other in zip(frames, Film(NOON)((calm, ARRIVES + OPENS)), strict=True):
        street.desk.look(CAMERA, frame)
        street.desk.look("P01-C2", other)
    assert [one.device for one in bodies(street.store, Series.ALARM)] == [CAMERA]
    street.store.close()
