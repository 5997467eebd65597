"""Every kind of rule on a node's desk: synthetic pictures, a detector that names colours, the real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.ids import uuid7
from devices.messages import Change, ConditionState, EvidenceKind, Series
from devices.site.rules import ClosedRule, CrowdRule, DogRule, LoiteringRule
from edge.errors import StoreFull
from edge.keep.transaction import Transaction
from edge.node.sight import LEDGER, LOOKS_PER_SECOND, SightDesk
from edge.see.detector import Detection
from edge.see.lookbudget import Looks
from tests.edge.pictures_for_tests import DARK, EMPTY, Film, thing
from tests.edge.points_for_tests import NOON, bodies, camera, open_store, point, zone
from tests.edge.views_for_tests import left, parked

CAMERA = "P01-C1"
COLOURS = {"bicycle": 0, "dog": 1, "person": 2}
"""Label -> the channel that is bright where it stands."""


class ColoursAreNames:
    """Blue is a bicycle, green a dog, red a person; what is grey has no name."""

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, picture, floor):
        self.looks += 1
        found = []
        for label, channel in COLOURS.items():
            others = np.delete(picture, channel, axis=2).max(axis=2)
            bright = ((picture[..., channel] > 200) & (others < 100)).astype(np.uint8)
            count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(bright, np.ones((9, 9))))
            for x, y, wide, high, _ in stats[1:count].tolist():
                if wide * high >= 300:
                    found.append(Detection(label, 0.9, (x + 4.0, y + 4.0, x + wide - 4.0, y + high - 4.0)))
        return found


def painted(label, *boxes, ground=EMPTY):
    """Things of one label in these boxes (pixels), textured; `grey` is something without a name."""
    for x0, y0, x1, y1 in boxes:
        patch = thing(ground, (x0, y0, x1, y1))[y0:y1, x0:x1]
        if label in COLOURS:
            patch = np.roll(patch, COLOURS[label], axis=2) if label != "bicycle" else patch
            patch = np.ascontiguousarray(patch)
            patch[..., [c for c in range(3) if c != COLOURS[label]]] //= 3
        else:
            patch = cv2.cvtColor(cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        ground = ground.copy()
        ground[y0:y1, x0:x1] = patch
    return ground


class Street:
    """One camera's desk over a store that can be opened again, perhaps with other rules."""

    def __init__(self, directory: Path, *rules, began: datetime = NOON) -> None:
        self.directory, self.film, self.detector = directory, Film(began), ColoursAreNames()
        self.open(*rules)

    def open(self, *rules) -> None:
        self.store = open_store(self.directory)
        self.desk = SightDesk(
            "n1",
            [point(cameras=(camera(zones=(zone("P01-C1-Z1", rules=rules),)),))],
            self.store,
            self.detector,
            uuid7,
            lambda: None,
            "Asia/Shanghai",
            lambda: self.film.began + timedelta(seconds=self.film.stream),
            looks=Looks(LOOKS_PER_SECOND, monotonic=self.film.seconds),
        )

    def restart(self, *rules, away: float = 5.0) -> None:
        self.store.close()
        self.film.reconnect(away)
        self.open(*rules)

    def show(self, *scenes) -> list[str]:
        """The changes told in so many seconds of each picture."""
        before = len(self.conditions)
        for frame in self.film(*scenes):
            self.desk.look(CAMERA, frame)
        return [one.change.value for one in self.conditions[before:]]

    @property
    def conditions(self):
        return bodies(self.store, Series.ALARM)


@pytest.fixture
def street(tmp_path):
    streets = []

    def opened(*rules, **more) -> Street:
        streets.append(Street(tmp_path, *rules, **more))
        return streets[0]

    yield opened
    streets[0].store.close()


GIVEN = {"event_class": "05-02", "clear_after": 6.0}
CROWD = CrowdRule(**GIVEN | {"kind": "crowd", "id": "crowd", "count": 3, "dwell": 8.0})
CLOSED = ClosedRule(**GIVEN | {"kind": "closed", "id": "closed"})
LOITERING = LoiteringRule(**GIVEN | {"kind": "loitering", "id": "loitering", "dwell": 8.0, "gap": 4.0})
DOG = DogRule(**GIVEN | {"kind": "dog", "id": "dog", "dwell": 8.0})
SPOTS = [(100 + 120 * n, 160, 140 + 120 * n, 270) for n in range(4)]


@pytest.mark.parametrize(
    ("rule", "label", "many"),
    [(CROWD, "person", 3), (CLOSED, "person", 1), (LOITERING, "person", 1), (DOG, "dog", 1)],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_rule_about_people_opens_holds_resumes_and_clears_with_its_photos(street, rule, label, many):
    here = street(rule)
    taken = painted(label, *SPOTS[:many])
    assert here.show((EMPTY, 12), (taken, 15)) == ["opened"]
    (opened,) = here.conditions
    assert (opened.rule, opened.label, opened.count, opened.suspected) == (rule.id, label, many, False)
    assert abs((opened.since - NOON).total_seconds() - 13) <= 2.0
    x0, _, x1, _ = opened.box
    assert (x0 * 640, x1 * 640) == pytest.approx((SPOTS[0][0], SPOTS[many - 1][2]), abs=8)
    assert here.show((DARK, 16), (taken, 3)) == ["held", "resumed"]
    assert here.show((EMPTY, 12)) == ["cleared"]
    kinds = [one.kind for one in bodies(here.store, Series.EVIDENCE)]
    assert kinds == [EvidenceKind.EMPTY, EvidenceKind.PRESENT, EvidenceKind.CLEARED]


@pytest.mark.parametrize(
    ("rule", "label", "many"),
    [(CROWD, "person", 3), (CLOSED, "person", 1), (LOITERING, "person", 1), (DOG, "dog", 1)],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_rule_about_people_is_held_while_the_stream_stands_still(street, rule, label, many):
    here = street(rule)
    taken = painted(label, *SPOTS[:many])
    assert here.show((EMPTY, 12), (taken, 15)) == ["opened"]
    for second in range(3):
        here.desk.hold(CAMERA, here.film.began + timedelta(seconds=here.film.stream + 40 + second))
    held = here.conditions[-1]
    assert (held.change, held.state) == (Change.HELD, ConditionState.HELD)
    assert len(here.conditions) == 2
    here.film.stream += 60
    assert here.show((taken, 3)) == ["resumed"]
    # And over a restart in which the camera does not come back.
    here.restart(rule)
    here.desk.hold(CAMERA, here.film.began + timedelta(seconds=here.film.stream + 40))
    assert here.conditions[-1].change is Change.HELD
    here.film.stream += 60
    assert here.show((EMPTY, 20)) == ["cleared"]
    assert len({one.condition_id for one in here.conditions}) == 1


def test_too_few_for_a_crowd_and_a_person_for_a_dog_are_nothing(street):
    here = street(CROWD, DOG)
    assert here.show((EMPTY, 12), (painted("person", *SPOTS[:2]), 30)) == []


def test_an_empty_zone_is_hardly_looked_at_and_one_with_a_parked_bicycle_no_oftener(street):
    here = street(CROWD, parked())
    # Until then the scan of the start-up is over, of which most is done at leisure.
    here.show((EMPTY, 30), (painted("bicycle", (280, 180, 380, 260)), 90))
    before = here.detector.looks
    here.show((painted("bicycle", (280, 180, 380, 260)), 60))
    assert here.detector.looks - before <= 6


def test_a_crowd_that_stands_still_is_not_absorbed_into_the_usual_picture(street):
    here = street(CROWD)
    here.show((EMPTY, 12))
    assert here.show((painted("person", *SPOTS[:3]), 120)) == ["opened"]
    assert here.show((EMPTY, 12)) == ["cleared"]


def test_who_stands_there_in_the_very_first_picture_is_seen_all_the_same(street):
    here = street(CROWD)
    assert here.show((painted("person", *SPOTS[:3]), 40)) == ["opened"]
    assert here.conditions[0].at_least


def test_a_restart_in_the_middle_opens_nothing_twice_and_clears_what_went(street):
    here = street(CROWD, LOITERING)
    crowd = painted("person", *SPOTS[:3])
    here.show((EMPTY, 12), (crowd, 15))
    opened = here.conditions
    assert [one.change for one in opened] == [Change.OPENED] * 2
    here.restart(CROWD, LOITERING)
    assert here.show((crowd, 20)) == []
    assert here.show((EMPTY, 12)) == ["cleared", "cleared"]
    assert {one.condition_id for one in here.conditions} == {one.condition_id for one in opened}


NIGHT = datetime(2026, 3, 1, 13, 59, 30, tzinfo=UTC)
"""21:59:30 in Shanghai."""


def test_hours_are_read_by_the_sites_clock(street):
    somebody = painted("person", SPOTS[0])
    here = street(CLOSED.model_copy(update={"schedule": ("22:00-06:00",)}), began=NIGHT)
    assert here.show((EMPTY, 10), (somebody, 18)) == []
    assert here.show((somebody, 10)) == ["opened"]


def test_a_parked_rule_counts_its_dwell_only_within_its_hours(street):
    taken = painted("bicycle", (280, 180, 380, 260))
    here = street(parked(schedule=("mon 00:00-24:00", "sun 22:00-24:00")), began=NIGHT)
    assert here.show((EMPTY, 8), (taken, 26)) == []
    assert here.show((taken, 14)) == ["opened"]
    assert abs((here.conditions[0].since - NIGHT).total_seconds() - 8) <= 2.0


def test_what_nobody_can_name_is_suspected_by_one_rule_of_the_zone_only(street):
    here = street(left(id="cars", labels=("vehicles",)), left(id="waste", labels=("bulky",)), parked(count=3))
    assert here.show((EMPTY, 12), (painted("grey", (280, 180, 380, 260)), 25)) == ["opened"]
    (opened,) = here.conditions
    assert (opened.rule, opened.label, opened.suspected) == ("cars", "unknown", True)
    assert here.show((EMPTY, 12)) == ["cleared"]


ROW = [(100 + 110 * n, 180, 170 + 110 * n, 240) for n in range(4)]


def test_a_covered_share_opens_a_zone_and_clears_it_when_enough_of_it_went(street):
    ground = 0.8 * 640 * 0.85 * 360
    share = 4 * 70 * 60 / ground
    here = street(parked(share=0.8 * share, clear_share=0.4 * share))
    scenes = [EMPTY]
    for box in ROW:
        scenes.append(painted("bicycle", box, ground=scenes[-1]))
    told = here.show((EMPTY, 12), *[(scene, 12) for scene in scenes[1:]], (scenes[-1], 8))
    assert told == ["opened"]
    assert here.conditions[0].count == 4
    assert here.show((scenes[2], 12)) == ["updated"]
    assert here.show((scenes[1], 12)) == ["cleared"]


def test_a_rule_that_left_the_site_is_cleared_with_the_reason_when_the_node_starts(street):
    here = street(parked(), CROWD)
    here.show((EMPTY, 12), (painted("bicycle", (280, 180, 380, 260)), 13))
    (opened,) = here.conditions
    here.restart(CROWD)
    opened, cleared = here.conditions
    assert (cleared.condition_id, cleared.rev) == (opened.condition_id, opened.rev + 1)
    assert (cleared.state, cleared.ended) == (ConditionState.CLEARED, "rule_removed")
    kept = {"rev", "change", "state", "changed_at", "ended", "since"}
    assert cleared.model_dump(exclude=kept) == opened.model_dump(exclude=kept)
    assert abs((cleared.since - opened.since).total_seconds()) < 0.01
    assert list(here.store.states(LEDGER)) == ["P01-C1|P01-C1-Z1|crowd"]
    here.restart(CROWD)
    assert len(here.conditions) == 2


def test_a_rule_that_is_now_about_people_is_another_rule(street):
    here = street(parked(id="rule"))
    here.show((EMPTY, 12), (painted("bicycle", (280, 180, 380, 260)), 13))
    here.restart(CROWD.model_copy(update={"id": "rule"}))
    assert [one.ended for one in here.conditions] == [None, "rule_removed"]
    here.show((EMPTY, 12))


def test_a_full_disk_keeps_a_removed_rules_case_for_the_next_start(street, monkeypatch):
    here = street(parked())
    here.show((EMPTY, 12), (painted("bicycle", (280, 180, 380, 260)), 13))

    def full(*_, **__):
        raise StoreFull("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "queue", full)
        here.restart(CROWD)
    assert len(here.conditions) == 1
    here.restart(CROWD)
    assert [one.ended for one in here.conditions] == [None, "rule_removed"]
