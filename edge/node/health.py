"""The health of a node's cameras as messages: judged after each look, and each second for want of one."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from devices.messages import Change, Condition, Evidence, EvidenceKind, HintKind
from devices.site.model import Camera, HealthKind, Point
from devices.stream import Frame, StreamFacts
from edge.errors import MemoryUnreadable, StoreError
from edge.judge.case import Turn
from edge.judge.health import (
    STREAM_KINDS,
    HealthLedger,
    health_from_json,
    health_to_json,
    judge,
    stream_after,
)
from edge.keep import NodeStore
from edge.node.photo import Photo, photo_of, saved
from edge.node.removed import close_removed_cameras, described_camera
from edge.node.sight import KEEP_EVERY, KEEP_FIRST
from edge.see.eye import LOOK_WIDTH, Eye
from edge.see.health import Sight
from edge.see.health.lasting import Lasting
from edge.see.health.watch import HealthWatch

log = logging.getLogger(__name__)

HEALTH = "health"
GOOD_EVERY = 120.0
"""Seconds between two photos of a healthy picture, kept as the *empty* photo of what befalls it."""


@dataclass(slots=True)
class Ward:
    """One camera as its health is judged."""

    point: Point
    camera: Camera
    watch: HealthWatch
    need: float
    """The longest key interval its rules can bear, seconds."""
    classes: Mapping[HealthKind, str]
    """Event class of each kind that is reported."""
    since: float
    """Monotonic seconds from which pictures are missed."""
    ledger: HealthLedger = field(default_factory=HealthLedger)
    pictures: dict[HealthKind, Lasting] = field(default_factory=dict)
    """What is believed of its pictures, monotonic seconds."""
    stream: dict[HealthKind, Lasting] = field(default_factory=dict)
    """What is believed of its stream, monotonic seconds."""
    good: Photo | None = None
    """The latest photo of a healthy picture."""
    good_at: float = -math.inf
    """Monotonic seconds of it."""
    keep_at: float | None = None
    """Monotonic seconds at which the watch's memory is due to be kept."""


class HealthDesk:
    """Judges the health of all cameras of a node; used by one thread, the one that looks at frames."""

    def __init__(
        self,
        node: str,
        points: list[Point],
        store: NodeStore,
        eyes: Mapping[str, Eye],
        needs: Mapping[str, float],
        classes: Mapping[HealthKind, str],
        new_id: Callable[[], UUID],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        hints: Callable[[str, HealthKind], tuple[HintKind, ...]] = lambda *_: (),
    ) -> None:
        """Give each eye its watch, going on where an earlier desk on this store stopped.

        `classes` are the site's, `needs` the longest key interval that each camera's rules can bear. Kinds
        without an event class hold the rules, but are not reported. `hints`: what a camera itself says for
        a kind of ill health.
        """
        self._node = node
        self._store = store
        self._new_id = new_id
        self._wake = wake
        self._monotonic = monotonic
        self._wall = wall
        self._hints = hints
        self.wards: dict[str, Ward] = {}
        self.restock(points, eyes, needs, classes)

    def restock(
        self,
        points: list[Point],
        eyes: Mapping[str, Eye],
        needs: Mapping[str, float],
        classes: Mapping[HealthKind, str],
        anew: Collection[str] = (),
    ) -> None:
        """Judge the cameras that the site has now; those whose terms are the same do not notice.

        What is open of cameras that the site no longer has is cleared at once. `anew`: cameras whose stream's
        time begins anew.
        """
        known = {camera.id for point in points for camera in point.cameras}
        kept = close_removed_cameras(self._store, HEALTH, self._node, known, _utc(self._wall()))
        before, self.wards = self.wards, {}
        for point in points:
            for camera in point.cameras:
                own = {**classes, **camera.health.event_classes}
                ward = before.get(camera.id)
                if ward is None or ward.camera.health != camera.health or camera.id in anew:
                    raw = kept.get(camera.id)
                    if ward is not None:
                        raw = json.loads(self._kept(ward, ward.ledger, self._wall() - self._monotonic()))
                    ward = self._ward(point, camera, needs[camera.id], own, raw)
                ward.point, ward.camera, ward.need, ward.classes = point, camera, needs[camera.id], own
                eyes[camera.id].health = ward.watch
                self.wards[camera.id] = ward

    def _ward(
        self,
        point: Point,
        camera: Camera,
        need: float,
        classes: Mapping[HealthKind, str],
        kept: Mapping[str, Any] | None,
    ) -> Ward:
        watch = HealthWatch(camera.health)
        ward = Ward(point, camera, watch, need, classes, self._monotonic())
        if kept is not None:
            self._resume(ward, kept)
        off = camera.health.off
        ward.pictures = {kind: Lasting() for kind in watch.standing}
        ward.stream = {kind: ward.stream.get(kind, Lasting()) for kind in STREAM_KINDS if kind not in off}
        return ward

    def is_open(self, camera: str, condition: UUID) -> bool:
        """Whether this is an open condition of a camera's health; any thread."""
        ward = self.wards.get(camera)
        return ward is not None and any(case.id == condition for case in ward.ledger.cases.values())

    def look(self, camera: str, frame: Frame) -> None:
        """Take in what the camera's eye has just found of a frame; what it changes is kept on return.

        Raises:
            StoreError: the store failed; nothing was kept, the next look says it again.
        """
        ward = self.wards[camera]
        checkup = ward.watch.last
        if checkup is None:
            return
        at = ward.since = self._monotonic()
        moved = at - frame.stream_time
        ward.pictures = {kind: one.moved(moved) for kind, one in checkup.standing.items()}
        if ward.keep_at is None:
            ward.keep_at = at + KEEP_FIRST
        self._judge(ward, at, frame.taken_at.timestamp() - at, frame)
        healthy = checkup.sight is Sight.CLEAR and not any(checkup.signs.values())
        if healthy and at - ward.good_at >= GOOD_EVERY:
            ward.good, ward.good_at = _photo(frame), at

    def tend(self, camera: str, facts: StreamFacts) -> bool:
        """Glance at a camera's stream, about every second; True when its pictures have stopped.

        Raises:
            StoreError: the store failed; nothing was kept, the next glance says it again.
        """
        ward = self.wards[camera]
        now = self._monotonic()
        age = min(facts.last_picture_age, now - ward.since)
        ward.stream = stream_after(ward.stream, now, age, facts.key_interval, ward.need, ward.camera.health)
        self._judge(ward, now, self._wall() - now, None)
        return age >= ward.camera.health.stalled_after

    def wall_stepped(self) -> None:
        """The wall clock was set: what is kept by it must soon be kept anew."""
        for ward in self.wards.values():
            ward.keep_at = -math.inf

    def closely(self, camera: str) -> None:
        """Measure everything in the camera's next picture; any thread."""
        ward = self.wards.get(camera)
        if ward is not None:
            ward.watch.closely = True

    def _judge(self, ward: Ward, at: float, utc: float, frame: Frame | None) -> None:
        """Judge at monotonic seconds `at`; `utc` is what turns those into UTC."""
        believed = {**ward.pictures, **ward.stream}
        told = {kind: one for kind, one in believed.items() if kind in ward.classes}
        ledger, turns = judge(ward.ledger, told, at, self._new_id, partial(self._hints, ward.camera.id))
        if not turns and (ward.keep_at is None or at < ward.keep_at):
            return
        photos = [photo for one in turns for photo in self._photos(ward, frame, one)]
        try:
            with self._store.transaction() as tx:
                tx.put_state(HEALTH, ward.camera.id, self._kept(ward, ledger, utc))
                for one in turns:
                    tx.queue(self._condition(ward, one, utc), _utc(one.at + utc))
                for photo in photos:
                    tx.queue(photo, photo.captured_at)
        except StoreError:
            for photo in photos:
                self._store.discard_photo(photo.sha256)
            raise
        ward.ledger, ward.keep_at = ledger, at + KEEP_EVERY
        for one in turns:
            log.info("%s health %s: %s", ward.camera.id, one.change, one.case.label)
        if turns:
            self._wake()

    def _condition(self, ward: Ward, one: Turn, utc: float) -> Condition:
        case = one.case
        kind = HealthKind(case.label)
        return Condition(
            condition_id=case.id,
            rev=case.rev,
            change=one.change,
            state=case.state,
            node=self._node,
            point=ward.point.id,
            device=ward.camera.id,
            rule=f"health.{kind}",
            place=ward.camera.id,
            # One that is cleared since nobody wants to know of it has lost its class; the cloud knows it.
            event_class=ward.classes.get(kind, kind.value),
            label=case.label,
            score=case.score,
            severity=ward.camera.health.severity,
            since=_utc(case.since + utc),
            changed_at=_utc(one.at + utc),
            reopens=case.reopens,
            hints=case.hints,
        )

    def _photos(self, ward: Ward, frame: Frame | None, one: Turn) -> list[Evidence]:
        """Save what the camera shows now and, when it fell ill, the last good picture."""
        if one.change not in (Change.OPENED, Change.CLEARED):
            return []
        opened = one.change is Change.OPENED
        shown: list[tuple[EvidenceKind, Photo]] = []
        if opened and ward.good is not None:
            shown.append((EvidenceKind.EMPTY, ward.good))
        if frame is not None:
            shown.append((EvidenceKind.PRESENT if opened else EvidenceKind.CLEARED, _photo(frame)))
        return [self._evidence(ward, one, kind, photo) for kind, photo in shown]

    def _evidence(self, ward: Ward, one: Turn, kind: EvidenceKind, photo: Photo) -> Evidence:
        return saved(self._store, photo, self._new_id(), one.case.id, kind, ward.camera.id)

    @staticmethod
    def _kept(ward: Ward, ledger: HealthLedger, utc: float) -> bytes:
        kept = {"ledger": health_to_json(ledger, utc), "watch": ward.watch.kept()}
        kept["post"] = described_camera(ward.point, ward.camera, ward.classes)
        return json.dumps(kept).encode()

    def _resume(self, ward: Ward, raw: Mapping[str, Any]) -> None:
        now, wall = self._monotonic(), self._wall()
        ward.ledger = health_from_json(raw["ledger"], wall - now, now)
        on = {kind: Lasting(on=True, since=case.since) for kind, case in ward.ledger.cases.items()}
        ward.stream = {kind: one for kind, one in on.items() if kind in STREAM_KINDS}
        ward.watch.believe({kind: one.moved(wall - now) for kind, one in on.items()})
        try:
            ward.watch.resume(raw["watch"])
        except MemoryUnreadable as error:
            log.warning("%s: %s; it begins anew", ward.camera.id, error)


def _photo(frame: Frame) -> Photo:
    picture = frame.colour(min(LOOK_WIDTH, frame.width))
    return photo_of(frame, picture)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
