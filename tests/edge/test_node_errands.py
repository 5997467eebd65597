"""A photo now, and a second look at a place: asked for on one thread, seen to on another."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace

import pytest

from devices.ids import uuid7
from devices.link import Outcome, Verdict
from devices.messages import EvidenceKind, Series
from edge.judge.again import again
from edge.judge.stays import Ledger
from edge.link.desk import CommandDesk
from edge.node import errands as module
from edge.node.errands import Errands, Look
from edge.node.sight import LOOKS_PER_SECOND, SightDesk
from edge.see.lookbudget import Looks
from tests.edge.link_for_tests import command
from tests.edge.pictures_for_tests import BUS, DARK, EMPTY, TAKEN, BlueIsABicycle, Film
from tests.edge.points_for_tests import NOON, bodies, camera, open_store, point

CAMERA = "P01-C1"


class Street:
    """One camera's desk, and errands at it."""

    def __init__(self, directory) -> None:
        self.film = Film(NOON)
        self.store = open_store(directory)
        looks = Looks(LOOKS_PER_SECOND, monotonic=self.film.seconds)
        self.desk = SightDesk(
            "n1", [point(cameras=(camera(),))], self.store, BlueIsABicycle(), uuid7, lambda: None, looks=looks
        )
        self.woken: queue.Queue[str] = queue.Queue()
        self.ill = set()
        self.errands = Errands(
            self.store,
            uuid7,
            self.woken.put,
            lambda camera, condition: condition in self.ill,
            self.film.seconds,
        )
        self.errands.know([CAMERA])
        handlers = {"photo": self.errands.photo, "look_again": self.errands.look_again}
        self.commands = CommandDesk(handlers, self.store, lambda: NOON, lambda: None)
        self.answers: queue.Queue = queue.Queue()

    def show(self, *scenes) -> None:
        for frame in self.film(*scenes):
            view = self.desk.look(CAMERA, frame)
            seat = self.desk.seats[CAMERA]
            self.errands.seen(CAMERA, Look(frame, view, seat.lookout.posts, seat.ledgers))

    def ask(self, asked) -> None:
        """On a thread, as the link does; returns once it waits for the camera."""

        def work() -> None:
            import time

            self.answers.put(self.commands.handle(asked, time.monotonic()))

        threading.Thread(target=work, daemon=True).start()

    def answer(self):
        return self.answers.get(timeout=30)

    @property
    def condition(self):
        return bodies(self.store, Series.ALARM)[0].condition_id

    def look_again(self, *scenes):
        self.ask(command("look_again", camera=CAMERA, condition_id=str(self.condition)))
        assert self.woken.get(timeout=30) == CAMERA
        self.show(*scenes)
        return self.answer()


@pytest.fixture
def street(tmp_path):
    street = Street(tmp_path)
    yield street
    street.store.close()


def test_a_photo_is_of_a_picture_taken_after_it_was_asked_for_and_travels_as_evidence(street):
    street.show((EMPTY, 3))
    asked = command("photo", camera=CAMERA)
    street.ask(asked)
    assert street.woken.get(timeout=30) == CAMERA
    street.show((TAKEN, 1))
    answer = street.answer()
    assert answer.outcome is Outcome.DONE
    (photo,) = bodies(street.store, Series.EVIDENCE)
    assert (photo.kind, photo.condition_id, photo.sha256) == (
        EvidenceKind.FRESH, asked.id, answer.result["sha256"],
    )  # fmt: skip
    assert photo.captured_at.isoformat() == answer.result["captured_at"]
    assert (photo.captured_at - NOON).total_seconds() >= 3


def test_a_photo_for_a_case_is_the_evidence_of_its_condition(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    street.ask(command("photo", camera=CAMERA, condition_id=str(street.condition)))
    street.woken.get(timeout=30)
    street.show((TAKEN, 1))
    street.answer()
    photo = bodies(street.store, Series.EVIDENCE)[-1]
    assert (photo.kind, photo.condition_id) == (EvidenceKind.FRESH, street.condition)


def test_a_second_look_says_present_gone_occluded_or_blind(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    said = street.look_again((TAKEN, 2))
    assert said.result["verdict"] == Verdict.PRESENT
    assert street.look_again((BUS, 20)).result["verdict"] == Verdict.OCCLUDED
    assert street.look_again((TAKEN, 3)).result["verdict"] == Verdict.PRESENT
    assert street.look_again((DARK, 20)).result["verdict"] == Verdict.BLIND
    gone = street.look_again((EMPTY, 8))
    assert gone.result["verdict"] == Verdict.GONE
    photos = [one for one in bodies(street.store, Series.EVIDENCE) if one.kind is EvidenceKind.FRESH]
    assert len(photos) == 5
    assert {one.condition_id for one in photos} == {street.condition}
    assert photos[-1].sha256 == gone.result["sha256"]


def test_what_was_cleared_meanwhile_is_gone(street):
    street.show((EMPTY, 12), (TAKEN, 13), (EMPTY, 12))
    assert street.look_again((TAKEN, 1)).result["verdict"] == Verdict.GONE


def test_one_who_walks_past_does_not_make_a_thing_gone(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    assert street.look_again((BUS, 2), (TAKEN, 2)).result["verdict"] == Verdict.PRESENT


def test_an_ill_camera_is_still_ill_while_its_condition_is_open(street):
    street.show((EMPTY, 3))
    condition = uuid7()
    street.ill.add(condition)
    street.ask(command("look_again", camera=CAMERA, condition_id=str(condition)))
    street.woken.get(timeout=30)
    street.show((EMPTY, 1))
    assert street.answer().result["verdict"] == Verdict.PRESENT


def test_a_camera_that_sends_nothing_is_said_so(street, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    monkeypatch.setattr(module, "GRACE", 0.05)
    street.ask(command("photo", camera=CAMERA))
    silent = street.answer()
    assert silent.outcome is Outcome.FAILED
    assert CAMERA in silent.result["reason"]
    street.ask(command("look_again", camera=CAMERA, condition_id=str(uuid7())))
    assert street.answer().result == {"verdict": "blind"}


def test_a_camera_of_another_node_is_not_waited_for(street):
    for kind in ("photo", "look_again"):
        street.ask(command(kind, camera="P09-C1", condition_id=str(uuid7())))
        assert "P09-C1" in street.answer().result["reason"]


def test_a_node_that_ends_lets_nobody_wait(street):
    street.ask(command("photo", camera=CAMERA))
    street.woken.get(timeout=30)
    street.errands.close()
    assert street.answer().outcome is Outcome.FAILED


def test_a_case_whose_slots_are_lost_is_neither_present_nor_gone(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    seat = street.desk.seats[CAMERA]
    (frame,) = list(street.film((TAKEN, 1)))
    view = street.desk.look(CAMERA, frame)
    (ledger,) = seat.ledgers
    assert isinstance(ledger, Ledger)
    assert again(street.condition, (ledger,), view) is Verdict.PRESENT
    assert again(street.condition, (ledger,), replace(view, slots=())) is None
