"""What a node finds in its zones and tells of them: the real desks on synthetic pictures, the real store."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from devices.messages import Series
from devices.site.model import Names, Zone
from edge.errors import StoreFull
from edge.judge.counts import counts_of
from edge.judge.panel import Sighting
from edge.keep import NodeStore
from edge.node.measuring import STALE, Measurer
from edge.see.health import Sight
from edge.see.people import PersonLook, Somebody
from edge.see.slots import Phase
from edge.see.view import View
from tests.edge.points_for_tests import NOON, bodies
from tests.edge.test_node_health import CAMERA, UP, Street
from tests.edge.views_for_tests import BEGIN, LEFT_HALF, SHAPE, WHOLE, slot

NAME = Names(zh="区", en="Zone")
ZONES = (Zone(id="all", name=NAME, polygon=WHOLE), Zone(id="left", name=NAME, polygon=LEFT_HALF))


def seen(*slots: Any, sight: Sight = Sight.CLEAR, people: PersonLook | None = None) -> Sighting:
    return Sighting(View(0.0, BEGIN, sight, slots, SHAPE), BEGIN, people=people)


def test_things_and_people_are_counted_where_they_stand() -> None:
    slots = (
        slot(1, confirmed=True),
        slot(8, confirmed=True),
        slot(2, confirmed=False),
        slot(3, confirmed=True, phase=Phase.GONE),
    )
    people = PersonLook(
        0.0,
        (
            Somebody("person", 0.9, (0.1, 0.2, 0.2, 0.6)),
            Somebody("person", 0.9, (0.8, 0.2, 0.9, 0.6)),
            Somebody("dog", 0.9, (0.1, 0.2, 0.2, 0.6)),
        ),
    )
    assert counts_of(ZONES, seen(*slots, people=people), {}) == {
        "all": {"things": 2, "people": 2},
        "left": {"things": 1, "people": 1},
    }


def test_who_was_not_looked_for_is_as_many_as_before_or_nobody_knows() -> None:
    before = {"all": {"things": 9, "people": 4}}
    found = counts_of(ZONES, seen(), before)
    assert found == {"all": {"things": 0, "people": 4}, "left": {"things": 0}}
    blind = PersonLook(0.0, could_see=False)
    assert counts_of(ZONES, seen(people=blind), before)["all"]["people"] == 4


def test_nothing_is_counted_in_a_picture_that_cannot_be_judged() -> None:
    assert counts_of(ZONES, seen(slot(1, confirmed=True), sight=Sight.DARK), {"all": {"things": 1}}) == {}


def measurer(street: Street, clock: list[float]) -> Measurer:
    reception = SimpleNamespace(
        stream=lambda camera: UP, facts=lambda camera: {"fps": 25.0, "looks": int(clock[0]), "codec": "h264"}
    )
    return Measurer(
        street.store, street.directory, cast("Any", reception), street.sight, street.desk,
        cast("Any", SimpleNamespace(cores=0.25)), lambda: NOON + timedelta(seconds=clock[0]),
        lambda: clock[0],
    )  # fmt: skip


def told(store: NodeStore) -> dict[tuple[str, str | None, str], float]:
    """Of the one message that waits."""
    (body,) = bodies(store, Series.TELEMETRY)
    return {(one.device, one.zone, one.quantity): one.value for one in body.samples}


def test_a_minutes_samples_of_all_cameras_and_the_node_go_out_in_one_message(tmp_path) -> None:
    street, clock = Street(tmp_path), [0.0]
    one = measurer(street, clock)
    street.sight.seats[CAMERA].looked = (0.0, 0.0)
    street.sight.seats[CAMERA].counts = {"P01-C1-Z1": {"things": 2}}
    one.measure()
    clock[0] += 60.0
    one.measure()
    street.store._readings._now = lambda: NOON + timedelta(seconds=600)
    found = told(street.store)
    assert found[CAMERA, None, "up"] == 1.0
    assert found[CAMERA, None, "looks"] == 60.0
    assert found[CAMERA, "P01-C1-Z1", "things"] == 2.0
    assert found["n1", None, "cpu"] == 0.25
    assert 0 < found["n1", None, "disk_free"] <= 100
    assert found["n1", None, "memory"] > 1
    street.store.close()


def test_counts_of_a_camera_that_is_no_longer_looked_at_are_left_out(tmp_path) -> None:
    street, clock = Street(tmp_path), [STALE + 1.0]
    street.sight.seats[CAMERA].looked = (0.0, 0.0)
    street.sight.seats[CAMERA].counts = {"P01-C1-Z1": {"things": 2}}
    measurer(street, clock).measure()
    street.store._readings._now = lambda: NOON + timedelta(seconds=600)
    assert not [key for key in told(street.store) if key[1] is not None]
    street.store.close()


def test_a_store_that_is_full_is_told_once_and_the_next_turn_goes_on(tmp_path, monkeypatch, caplog) -> None:
    street, clock = Street(tmp_path), [0.0]
    one = measurer(street, clock)

    def full(_: Any) -> int:
        raise StoreFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(street.store, "keep_samples", full)
        one.measure()
        one.measure()
    assert [record.message for record in caplog.records] == ["what the node measures cannot be kept: no room"]
    one.measure()
    street.store._readings._now = lambda: NOON + timedelta(seconds=600)
    assert told(street.store)
    street.store.close()
