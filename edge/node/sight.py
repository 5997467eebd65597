"""The deciding thread for pictures: look, judge, keep. One transaction a look that changed anything."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from devices.messages import Change, Condition, Evidence, EvidenceKind
from devices.site.model import Camera, Point, Zone
from devices.stream import Frame
from edge.errors import MemoryUnreadable, StoreError
from edge.judge.case import Turn
from edge.judge.counts import Counts, counts_of
from edge.judge.lookout import UTC_CLOCK, Lookout
from edge.judge.panel import Notes, Post, blank, hold_all, judge_all, posts_of
from edge.judge.shelf import ledger_from_json, ledger_to_json
from edge.keep import NodeStore
from edge.keep.drawing import annotated
from edge.node.clips import Clips
from edge.node.photo import Photo, photo_of, saved
from edge.node.removed import close_removed, described, key_of
from edge.see.detector import Detector
from edge.see.eye import LOOK_WIDTH
from edge.see.health import Sight
from edge.see.lookbudget import Looks
from edge.see.memory import freeze, thaw
from edge.see.slots import Phase, Slot
from edge.see.view import View

log = logging.getLogger(__name__)

EYE, LEDGER = "eye", "ledger"
LOOKS_PER_SECOND = 10.0
"""Of the detector, for all eyes of a node: 0.15 of a core. Only scans wait for theirs."""
KEEP_EVERY = 300.0
"""Seconds of stream time after which an eye's memory is kept even when nothing changed."""
KEEP_FIRST = 10.0
"""The same after its first look: what comes while a young node is dead is then known to be new."""
CALM_EVERY = 30.0
"""Seconds between two photos of a place with nothing on it, kept as the *empty* photo of what comes."""
PATIENT = 2.0
"""Times the longest dwell of a camera's rules for which the arrival of a candidate is kept."""
ARRIVING = 3.0
"""Seconds; before something came to rest it was already in the picture."""


@dataclass(slots=True)
class Seat:
    """One camera as the deciding thread knows it."""

    point: Point
    camera: Camera
    lookout: Lookout
    shelf: list[Mapping[str, Any] | None]
    """The rules' ledgers as they were kept, until the first frame ties their times to the stream."""
    ledgers: tuple[Notes, ...] | None = None
    keep_at: float | None = None
    """Stream time at which the eye's memory is due to be kept."""
    slots: frozenset[tuple[UUID, str]] = frozenset()
    calm: tuple[tuple[float, Photo], ...] = ()
    """The latest two photos with nothing to be seen, by stream time: on the last one, something may have just
    arrived."""
    sight: Sight = Sight.CLEAR
    offset: float = 0.0
    """What turns its ledgers' times into UTC seconds: nothing while they are on the shelf."""
    looked: tuple[float, float] | None = None
    """Stream time and monotonic seconds of the last look."""
    counts: Counts = field(default_factory=dict)
    """How many stand in each zone."""
    unsaid: tuple[Slot, ...] = ()
    """Slots that went while the store failed: the eye has forgotten them, the rules have not heard of it."""


class SightDesk:
    """Judges the frames of all cameras of a node; used by one thread."""

    def __init__(
        self,
        node: str,
        points: list[Point],
        store: NodeStore,
        detector: Detector,
        new_id: Callable[[], UUID],
        wake: Callable[[], None],
        timezone: str = UTC_CLOCK,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clips: Clips | None = None,
        looks: Looks | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open an eye for each camera, going on where an earlier desk on this store stopped.

        Alarms get a clip each out of `clips`, if any. All eyes take the detector's looks from `looks`.

        Rules' schedules are read by the clock of `timezone` (IANA).
        """
        self._detector = detector
        self._looks = looks or Looks(LOOKS_PER_SECOND)
        self._now = now
        self._node = node
        self._store = store
        self._new_id = new_id
        self._wake = wake
        self._clips = clips
        self._monotonic = monotonic
        self._timezone = timezone
        self.seats: dict[str, Seat] = {}
        self.restock(points, timezone)

    def restock(self, points: list[Point], timezone: str, anew: Collection[str] = ()) -> None:
        """Look for what the site asks for now; cameras of which nothing changed do not notice.

        Conditions of rules that the site no longer has are cleared at once. `anew`: cameras whose stream's
        time begins anew.
        """
        known = {
            key_of(camera, post): post
            for point in points
            for camera in point.cameras
            for post in posts_of(camera.zones)
        }
        ledgers = close_removed(self._store, LEDGER, self._node, known, self._now())
        eyes = self._store.states(EYE)
        before, self.seats = self.seats, {}
        same_clock, self._timezone = timezone == self._timezone, timezone
        for point in points:
            for camera in point.cameras:
                seat = before.pop(camera.id, None)
                zones = None if seat is None else (seat.point.id, seat.camera.zones)
                if seat is None or zones != (point.id, camera.zones) or camera.id in anew or not same_clock:
                    seat = self._seat(point, camera, seat, ledgers, eyes.get(camera.id))
                seat.point, seat.camera = point, camera
                self.seats[camera.id] = seat
        if self._clips is not None:
            for camera_id in {*before, *anew}:
                self._clips.forget(camera_id)
        self._forget(eyes.keys() - self.seats.keys())

    def _seat(
        self,
        point: Point,
        camera: Camera,
        before: Seat | None,
        ledgers: Mapping[str, Mapping[str, Any]],
        frozen: bytes | None,
    ) -> Seat:
        """A camera's seat that goes on where `before`, else the store, stands."""
        kept, memory = dict(ledgers), None
        if before is not None and before.ledgers is not None:
            memory = before.lookout.eye.memory_at(before.offset)
            for post, notes in zip(before.lookout.posts, before.ledgers, strict=True):
                key = key_of(camera, post)
                if key in kept:  # what is not there was never kept, or is cleared
                    kept[key] = ledger_to_json(notes, before.offset)
        elif frozen is not None:
            try:
                memory = thaw(frozen)
            except MemoryUnreadable as error:
                log.warning("%s: %s; it begins anew", camera.id, error)
        lookout = Lookout(camera.zones, self._detector, self._new_id, memory, self._timezone, self._looks)
        return Seat(point, camera, lookout, [kept.get(key_of(camera, post)) for post in lookout.posts])

    def _forget(self, cameras: Collection[str]) -> None:
        """What eyes of cameras kept that are no longer there."""
        if not cameras:
            return
        try:
            with self._store.transaction() as tx:
                for camera in cameras:
                    tx.delete_state(EYE, camera)
        except StoreError as error:
            log.warning("what removed cameras kept is forgotten at the next start: %s", error)

    def look(self, camera: str, frame: Frame) -> View:
        """Take in one frame; whatever it changes is on the disk when this returns.

        Raises:
            StoreError: the store failed; nothing of this look was kept, the next look says it again.
        """
        seat = self.seats[camera]
        seat.offset, seat.looked = utc_offset(frame), (frame.stream_time, self._monotonic())
        if seat.ledgers is None:
            seat.ledgers = tuple(
                new if kept is None else ledger_from_json(kept, seat.offset, frame.stream_time)
                for new, kept in zip(blank(seat.lookout.posts), seat.shelf, strict=True)
            )
        sighting = seat.lookout.look(frame, seat.ledgers)
        seat.counts = counts_of(seat.camera.zones, sighting, seat.counts)
        view = replace(sighting.view, slots=sighting.view.slots + seat.unsaid)
        seat.unsaid = tuple(slot for slot in view.slots if slot.phase is Phase.GONE)
        if self._clips is not None:
            self._clips.follow(camera, view, PATIENT * seat.lookout.longest)
        ledgers, turns = judge_all(
            seat.lookout.posts, seat.ledgers, replace(sighting, view=view), self._new_id
        )
        self._keep(seat, frame, view, ledgers, turns)
        seat.ledgers, seat.unsaid = ledgers, ()
        self._rest(seat, frame, view)
        return view

    def hold(self, camera: str, now: datetime) -> None:
        """No pictures come from a camera: what it has open is held until it sees again.

        Raises:
            StoreError: the store failed; nothing was kept, the next call says it again.
        """
        seat = self.seats[camera]
        at, seen = now.timestamp(), seat.looked
        if seen is not None:
            at = seen[0] + self._monotonic() - seen[1]
            seat.offset = now.timestamp() - at
        known = seat.ledgers or tuple(
            new if kept is None else ledger_from_json(kept, 0.0)
            for new, kept in zip(blank(seat.lookout.posts), seat.shelf, strict=True)
        )
        both = hold_all(known, at)
        if not any(turns for _, turns in both):
            return
        view = View(at, now, seat.sight, (), (1, 1))
        shelf = []
        with self._store.transaction() as tx:
            for post, (notes, turns) in zip(seat.lookout.posts, both, strict=True):
                raw = ledger_to_json(notes, seat.offset) | {"post": described(seat.point, post)}
                shelf.append(raw)
                state = json.dumps(raw, separators=(",", ":"))
                tx.put_state(LEDGER, key_of(seat.camera, post), state.encode())
                for one in turns:
                    tx.queue(self._condition(seat, post, one, view), now)
        if seat.ledgers is None:
            seat.shelf = list(shelf)
        else:
            seat.ledgers = tuple(notes for notes, _ in both)
        log.info("%s: no pictures come, what is open is held", camera)
        self._wake()

    def wall_stepped(self) -> None:
        """The wall clock was set: what is kept by it must soon be kept anew."""
        for seat in self.seats.values():
            seat.keep_at = -math.inf

    def _keep(
        self,
        seat: Seat,
        frame: Frame,
        view: View,
        ledgers: tuple[Notes, ...],
        turns: tuple[tuple[Post, Turn], ...],
    ) -> None:
        slots = frozenset((slot.id, str(slot.phase)) for slot in view.slots)
        if seat.keep_at is None:
            seat.keep_at = view.at + KEEP_FIRST
        if not turns and slots == seat.slots and view.at < seat.keep_at:
            return
        memory = seat.lookout.eye.memory(frame)
        photos = [photo for post, one in turns for photo in self._photos(seat, frame, view, post.zone, one)]
        photos += [clip for _, one in turns for clip in self._clip(seat, frame, one)]
        offset = utc_offset(frame)
        try:
            with self._store.transaction() as tx:
                if memory is not None:
                    tx.put_state(EYE, seat.camera.id, freeze(memory))
                for post, ledger in zip(seat.lookout.posts, ledgers, strict=True):
                    raw = ledger_to_json(ledger, offset) | {"post": described(seat.point, post)}
                    state = json.dumps(raw, separators=(",", ":"))
                    tx.put_state(LEDGER, key_of(seat.camera, post), state.encode())
                for post, one in turns:
                    tx.queue(self._condition(seat, post, one, view), view.taken_at)
                for photo in photos:
                    tx.queue(photo, photo.captured_at)
        except StoreError:
            # The next look takes its own; a full disk must not be filled further.
            for photo in photos:
                self._store.discard_photo(photo.sha256)
            raise
        seat.keep_at, seat.slots = view.at + KEEP_EVERY, slots
        for post, one in turns:
            log.info("%s %s %s: %s", seat.camera.id, post.rule.id, one.change, one.case.label)
        if turns:
            self._wake()

    def _condition(self, seat: Seat, post: Post, one: Turn, view: View) -> Condition:
        case, zone, rule = one.case, post.zone, post.rule
        return Condition(
            condition_id=case.id,
            rev=case.rev,
            change=one.change,
            state=case.state,
            node=self._node,
            point=seat.point.id,
            device=seat.camera.id,
            zone=zone.id,
            rule=rule.id,
            place=zone.place or zone.id,
            event_class=rule.event_class,
            label=case.label,
            score=case.score,
            severity=rule.severity,
            since=_since(one, view),
            at_least=case.at_least,
            changed_at=view.taken_at - timedelta(seconds=view.at - one.at),
            box=case.box,
            outline=zone.polygon,
            count=case.count,
            count_error=case.count_error,
            suspected=case.suspected,
            reopens=case.reopens,
            no_clip="stills_only" if seat.camera.transport == "snapshot" else None,
        )

    def _photos(self, seat: Seat, frame: Frame, view: View, zone: Zone, one: Turn) -> list[Evidence]:
        """Save the photos that go with a turn; their messages, to be queued."""
        photos: list[Evidence] = []
        if one.change not in (Change.OPENED, Change.CLEARED):
            return photos
        opened = one.change is Change.OPENED
        calm = [photo for at, photo in seat.calm if at <= one.case.since - ARRIVING]
        if opened and calm and not one.case.at_least:
            photos.append(self._evidence(seat, one, EvidenceKind.EMPTY, calm[-1]))
        picture = frame.colour(min(LOOK_WIDTH, frame.width))
        drawn = annotated(picture, zone.polygon, one.case.box if opened else None)
        kind = EvidenceKind.PRESENT if opened else EvidenceKind.CLEARED
        photos.append(self._evidence(seat, one, kind, photo_of(frame, drawn)))
        return photos

    def _evidence(self, seat: Seat, one: Turn, kind: EvidenceKind, photo: Photo) -> Evidence:
        return saved(self._store, photo, self._new_id(), one.case.id, kind, seat.camera.id)

    def _clip(self, seat: Seat, frame: Frame, one: Turn) -> list[Evidence]:
        """Save the clip that goes with an alarm; its message."""
        if self._clips is None or one.change is not Change.OPENED:
            return []
        clip = self._clips.of(seat.camera.id, one.case, one.at)
        if clip is None:
            return []
        try:
            sha256, _ = self._store.save_photo(clip.mp4)
        except StoreError as error:  # it is large; the alarm with its photos may still find room
            log.warning("%s: no clip: %s", seat.camera.id, error)
            return []
        shown = Evidence(
            evidence_id=self._new_id(),
            condition_id=one.case.id,
            kind=EvidenceKind.CLIP,
            camera=seat.camera.id,
            captured_at=frame.taken_at - timedelta(seconds=frame.stream_time - clip.begin),
            media_type="video/mp4",
            codec=clip.codec,
            seconds=clip.seconds,
            sha256=sha256,
            size=len(clip.mp4),
            width=clip.width,
            height=clip.height,
        )
        return [shown]

    def _rest(self, seat: Seat, frame: Frame, view: View) -> None:
        """Between events: keep a photo of the place with nothing on it, and say when sight is lost."""
        if view.sight is not seat.sight:
            log.info("%s: sight is %s", seat.camera.id, view.sight)
            seat.sight = view.sight
        if view.sight is not Sight.CLEAR or view.slots:
            return
        if seat.calm and frame.stream_time - seat.calm[-1][0] < CALM_EVERY:
            return
        picture = frame.colour(min(LOOK_WIDTH, frame.width))
        seat.calm = (*seat.calm[-1:], (frame.stream_time, photo_of(frame, picture)))


def utc_offset(frame: Frame) -> float:
    """What turns this stream's time into seconds since 1970 UTC."""
    return frame.taken_at.timestamp() - frame.stream_time


def _since(one: Turn, view: View) -> datetime:
    """When the thing arrived, UTC."""
    return view.taken_at - timedelta(seconds=view.at - one.case.since)
