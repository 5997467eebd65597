"""The deciding thread for pictures: look, judge, keep. One transaction a look that changed anything."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from devices.messages import Change, Condition, Evidence, EvidenceKind
from devices.site.model import Camera, Point, Zone
from devices.stream import Frame
from edge.errors import MemoryUnreadable, StoreError
from edge.judge.case import Turn
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
ARRIVING = timedelta(seconds=3)
"""Before something came to rest it was already in the picture."""


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
    calm: tuple[Photo, ...] = ()
    """The latest two photos with nothing to be seen: on the last one, something may have just arrived."""
    sight: Sight = Sight.CLEAR
    offset: float = 0.0
    """What turns its ledgers' times into UTC seconds: nothing while they are on the shelf."""
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
    ) -> None:
        """Open an eye for each camera, going on where an earlier desk on this store stopped.

        Alarms get a clip each out of `clips`, if any. All eyes take the detector's looks from `looks`.

        Rules' schedules are read by the clock of `timezone` (IANA). Conditions of rules that the site no
        longer has are cleared at once, `now`.
        """
        self._node = node
        self._store = store
        self._new_id = new_id
        self._wake = wake
        self._clips = clips
        known = {
            key_of(camera, post): post
            for point in points
            for camera in point.cameras
            for post in posts_of(camera.zones)
        }
        looks = looks or Looks(LOOKS_PER_SECOND)
        eyes, ledgers = store.states(EYE), close_removed(store, LEDGER, node, known, now())
        self.seats: dict[str, Seat] = {}
        for point in points:
            for camera in point.cameras:
                memory = None
                if camera.id in eyes:
                    try:
                        memory = thaw(eyes[camera.id])
                    except MemoryUnreadable as error:
                        log.warning("%s: %s; it begins anew", camera.id, error)
                lookout = Lookout(camera.zones, detector, new_id, memory, timezone, looks)
                shelf = [ledgers.get(key_of(camera, post)) for post in lookout.posts]
                self.seats[camera.id] = Seat(point, camera, lookout, shelf)

    def look(self, camera: str, frame: Frame) -> View:
        """Take in one frame; whatever it changes is on the disk when this returns.

        Raises:
            StoreError: the store failed; nothing of this look was kept, the next look says it again.
        """
        seat = self.seats[camera]
        if seat.ledgers is None:
            seat.offset = offset = utc_offset(frame)
            seat.ledgers = tuple(
                new if kept is None else ledger_from_json(kept, offset)
                for new, kept in zip(blank(seat.lookout.posts), seat.shelf, strict=True)
            )
        sighting = seat.lookout.look(frame, seat.ledgers)
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
        at = now.timestamp() - seat.offset
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
        before = _since(one, view) - ARRIVING
        calm = [photo for photo in seat.calm if photo.at <= before]
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
        if seat.calm and (frame.taken_at - seat.calm[-1].at).total_seconds() < CALM_EVERY:
            return
        picture = frame.colour(min(LOOK_WIDTH, frame.width))
        seat.calm = (*seat.calm[-1:], photo_of(frame, picture))


def utc_offset(frame: Frame) -> float:
    """What turns this stream's time into seconds since 1970 UTC."""
    return frame.taken_at.timestamp() - frame.stream_time


def _since(one: Turn, view: View) -> datetime:
    """When the thing arrived, UTC."""
    return view.taken_at - timedelta(seconds=view.at - one.case.since)
