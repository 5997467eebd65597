"""One camera's eye: picture in, the places where something stays out.

    luma ─► sight ─► two backgrounds ─► still blobs ─► slots (two anchors each) ─► names (detector)

An `Eye` owns its pictures; the decisions it strings together are the pure functions beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import cv2
import numpy as np

from edge.see.anchors import Anchors, Seen, correlation, decide, decide_by_taken, followed, likeness
from edge.see.background import Backgrounds, Change, Luma, Mask
from edge.see.blobs import (
    MOMENT,
    Blob,
    PixelBox,
    adjacent,
    grown,
    inside,
    iou,
    jolted,
    region_of,
    still_blobs,
    union,
)
from edge.see.detector import Colour, Detector
from edge.see.ghosts import taken_away
from edge.see.health import Sight, sight_against, sight_of
from edge.see.memory import Memory, Place, moved
from edge.see.naming import name_place, scan
from edge.see.slots import Phase, Slot, blinded, part_of, step
from edge.see.steady import NONE, Shift, Steady, steadied
from edge.see.votes import ANIMATE, VEHICLES

SETTLE = 3.0
"""Seconds something must hold still before it is looked at as a place."""
RELEARN = 20.0
"""Seconds of a wholly changed picture after which it is taken as the new view."""
LOOK_WIDTH = 1280
"""Pixels; the detector's crops are cut out of a colour picture at most this wide."""
MARGIN = (0.08, 3)
"""Ground that anchors hold around a thing: a share of its size, and pixels at the least."""
SCAN_AFTER = 3.0
"""Seconds after the eye opened at which it looks for what was there before: by then, what stands is
told from what drives."""
SCAN_LOOKS = 4
"""And so many pictures, where they come seldom."""
SCANS = 3
"""Scans for what was there before, one a look: in one of them somebody may just pass in front."""
STILL_THERE = 0.5
"""Score from which one look of the detector keeps a place that looks different."""
MAX_LOOKS = 8
"""Looks of the detector at one slot, unless it changes."""


class Picture(Protocol):
    """The part of a frame that an eye uses."""

    @property
    def luma(self) -> Luma:
        """The analysed picture, [360, 640]."""
        ...

    @property
    def stream_time(self) -> float:
        """Seconds on the stream's clock."""
        ...

    @property
    def taken_at(self) -> datetime:
        """UTC."""
        ...

    @property
    def width(self) -> int:
        """Of the source, pixels."""
        ...

    def colour(self, width: int | None = None) -> Colour:
        """The picture in colour, `width` pixels wide."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """What the rules of a camera ask of its eye."""

    dwell: float
    """The shortest dwell of its rules, seconds: names must be known by then."""
    clear_after: float
    """Seconds a place must be seen empty before it counts as cleared."""
    start_up: frozenset[str] = VEHICLES
    """Labels to look for when the eye opens: things already there."""


@dataclass(frozen=True, slots=True)
class View:
    """What the eye makes of one picture. `slots` still holds those that went with this very look."""

    at: float
    taken_at: datetime
    sight: Sight
    slots: tuple[Slot, ...]
    shape: tuple[int, int]
    """Height and width that the slots' boxes refer to."""
    shift: Shift = NONE
    """How far this picture lies off the one that the slots' boxes refer to, pixels."""


class Eye:
    """Sees for one camera. Not safe for use by several threads at once."""

    def __init__(
        self, watch: Watch, detector: Detector, new_id: Callable[[], UUID], memory: Memory | None = None
    ) -> None:
        """Open an eye; with `memory` it goes on where an earlier one stopped."""
        self.watch = watch
        self.slots: tuple[Slot, ...] = ()
        self.places: dict[UUID, Place] = {}
        self.backgrounds: Backgrounds | None = None
        self._detector = detector
        self._new_id = new_id
        self._changed_since: float | None = None
        self.shift = NONE
        self._guard: Mask | None = None
        self._opened_at: float | None = None
        self._looks = 0
        self._scans = 0
        self._memory = memory
        self._resumed_at: float | None = None

    def look(self, picture: Picture) -> View:
        """Take in one picture."""
        luma, at = picture.luma, picture.stream_time
        sight = sight_of(luma)
        if sight is not Sight.CLEAR:
            return self._blind(picture, sight)
        if self.backgrounds is None:
            self.backgrounds = self._begin(picture)
            self._steady = Steady(luma.shape)
        self.shift = self._steady.follow(luma, self.backgrounds.usual)
        luma = steadied(luma, self.shift)
        self._looks += 1
        self._opened_at = at if self._opened_at is None else self._opened_at
        change = self.backgrounds.see(luma, at, self._guard)
        sight = sight_against(change)
        if sight is not Sight.CLEAR:
            began = self._changed_since = at if self._changed_since is None else self._changed_since
            if at - began >= RELEARN:
                self.backgrounds = Backgrounds(picture.luma, at)
                self._steady.shift = self.shift = NONE
                self._changed_since = None
            return self._blind(picture, sight)
        self._changed_since = None
        self._check(picture, change)
        settled = at - self._opened_at >= SCAN_AFTER and self._looks >= SCAN_LOOKS
        if settled and self._scans < SCANS:
            self._scan(picture, change)
        self._notice(change, at)
        if self._name(picture, change):
            self._unite(change)
        view = View(at, picture.taken_at, sight, self.slots, (luma.shape[0], luma.shape[1]), self.shift)
        self._forget()
        return view

    def memory(self, picture: Picture) -> Memory | None:
        """What must be kept to go on after a restart; `picture` is the last one looked at."""
        if self.backgrounds is None:
            return self._memory
        offset = picture.taken_at.timestamp() - picture.stream_time
        usual: Luma = cv2.convertScaleAbs(self.backgrounds.usual)
        slots = tuple(moved(slot, offset) for slot in self.slots)
        return Memory(usual, slots, {slot.id: self.places[slot.id] for slot in slots})

    def _begin(self, picture: Picture) -> Backgrounds:
        luma, at, memory = picture.luma, picture.stream_time, self._memory
        if memory is None or memory.usual.shape != luma.shape:
            return Backgrounds(luma, at)
        offset = picture.taken_at.timestamp() - at
        self.slots = tuple(moved(slot, -offset) for slot in memory.slots)
        self.places = dict(memory.places)
        self._resumed_at = at
        self._scans = SCANS
        self._guard_places(luma.shape)
        return Backgrounds(luma, at, memory.usual)

    def _blind(self, picture: Picture, sight: Sight) -> View:
        self.slots = tuple(blinded(slot, picture.stream_time) for slot in self.slots)
        shape = picture.luma.shape
        return View(
            picture.stream_time, picture.taken_at, sight, self.slots, (shape[0], shape[1]), self.shift
        )

    def _check(self, picture: Picture, change: Change) -> None:
        """Hold every known place against its anchors."""
        at = picture.stream_time
        stepped = []
        for slot in self.slots:
            place = self.places[slot.id]
            look = change.picture[region_of(place.box)]
            like = likeness(look, place.anchors, change.threshold)
            seen = decide(like) if place.anchors.empty is not None else decide_by_taken(like)
            if place.anchors.empty is None and seen is Seen.HIDDEN and _new_ground(change, place, at):
                seen = Seen.GONE
            after = step(slot, seen, at, self.watch.clear_after)
            if after.phase is Phase.GONE and place.anchors.empty is None and slot.confirmed:
                after = self._second_opinion(picture, change, slot, after)
            if seen is Seen.PRESENT:
                self.places[slot.id] = replace(place, anchors=followed(place.anchors, look, change.threshold))
            stepped.append(after)
        self.slots = tuple(stepped)

    def _second_opinion(self, picture: Picture, change: Change, before: Slot, after: Slot) -> Slot:
        """A place never seen empty looks different: only the detector can say whether the thing left."""
        colour = picture.colour(min(LOOK_WIDTH, picture.width))
        box = _moved(before.box, self.shift, change.picture.shape)
        name = name_place(self._detector, colour, box, change.picture.shape)
        if name is None or name.label != before.votes.verdict()[0] or name.score < STILL_THERE:
            return after
        place = self.places[before.id]
        taken = change.picture[region_of(place.box)].copy()
        self.places[before.id] = replace(place, anchors=replace(place.anchors, taken=taken))
        return step(before, Seen.PRESENT, picture.stream_time, self.watch.clear_after)

    def _notice(self, change: Change, at: float) -> None:
        """Find new places where something stays."""
        assert self.backgrounds is not None
        blobs = still_blobs(change, at, SETTLE, self._guard)
        if jolted(blobs, change.picture.shape):
            for blob in blobs:
                self.backgrounds.absorb(region_of(blob.box), blob.mask)
            return
        for blob in blobs:
            region = region_of(blob.box)
            near = next((slot for slot in self.slots if _belongs(blob, slot, change.picture.shape)), None)
            now, usual = (
                change.picture[_wide(blob.box, change)],
                self.backgrounds.usual[_wide(blob.box, change)],
            )
            mask = _widen(blob, change)
            if near is not None:
                self._extend(near, blob, change)
            elif _only_light(now, cv2.convertScaleAbs(usual), mask) or taken_away(now, usual, mask):
                self.backgrounds.absorb(region, blob.mask)
            else:
                self._open(blob, change, at)

    def _open(self, blob: Blob, change: Change, at: float) -> None:
        # What came while nobody looked has stood there at least since the eye reopened.
        unseen = self._resumed_at is not None and blob.since <= self._resumed_at + SETTLE
        slot = Slot(self._new_id(), blob.box, blob.since, unseen, max(0.0, at - blob.since), at)
        self._anchor(slot.id, blob.box, _widen(blob, change), change)
        self.slots += (slot,)
        self._guard_places(change.picture.shape)

    def _extend(self, slot: Slot, blob: Blob, change: Change) -> None:
        """A further part of a thing came to rest: the place grows by it."""
        old = self.places[slot.id]
        box = union(slot.box, blob.box)
        full = np.zeros(change.picture.shape, bool)
        full[region_of(old.box)] |= old.anchors.mask
        full[region_of(blob.box)] |= blob.mask
        empty = old.anchors.empty
        wide = region_of(grown(box, *MARGIN, change.picture.shape))
        self._anchor(slot.id, box, full[wide], change)
        if empty is None:
            place = self.places[slot.id]
            self.places[slot.id] = replace(place, anchors=replace(place.anchors, empty=None))
        self.slots = tuple(replace(one, box=box) if one.id == slot.id else one for one in self.slots)
        self._guard_places(change.picture.shape)

    def _anchor(self, slot: UUID, box: PixelBox, mask: Mask, change: Change) -> None:
        assert self.backgrounds is not None
        wide = grown(box, *MARGIN, change.picture.shape)
        region = region_of(wide)
        taken = cv2.convertScaleAbs(self.backgrounds.recent[region])
        empty = cv2.convertScaleAbs(self.backgrounds.usual[region])
        telling = mask & (cv2.absdiff(taken, empty) > 0.6 * change.threshold)
        self.places[slot] = Place(wide, Anchors(taken, empty, telling if telling.any() else mask))

    def _scan(self, picture: Picture, change: Change) -> None:
        """Things that were there when the eye opened: only the detector can know them."""
        assert self.backgrounds is not None
        self._scans += 1
        if not self.watch.start_up:
            return
        luma, at = change.picture, picture.stream_time
        began = at if self._opened_at is None else self._opened_at
        known = [slot.box for slot in self.slots]
        colour = picture.colour(min(LOOK_WIDTH, picture.width))
        back = (-self.shift[0], -self.shift[1])
        for found, seen in scan(self._detector, colour, luma.shape, self.watch.start_up):
            box = _moved(seen, back, luma.shape)
            if any(iou(box, other) > 0.3 or inside(box, other) > 0.7 for other in known):
                continue
            region = region_of(box)
            if float(np.mean(change.still_since[region] <= began + 0.2 * SCAN_AFTER)) < 0.8:
                continue
            recent = cv2.convertScaleAbs(self.backgrounds.recent[region])
            if float(np.mean(cv2.absdiff(luma[region], recent) <= change.threshold)) < 0.85:
                continue  # it drives past, or somebody passes before it: the next scan will tell
            slot = Slot(self._new_id(), box, began, True, at - began, at)
            slot = slot.with_name(found.label, found.score, box)
            self.places[slot.id] = Place(box, Anchors(recent, None, np.ones(recent.shape, bool)))
            self.slots += (slot,)
        self._guard_places(luma.shape)

    def _name(self, picture: Picture, change: Change) -> bool:
        """Let the detector look at the places whose names are due; whether any was."""
        colour: Colour | None = None
        named = []
        for slot in self.slots:
            if _name_due(slot, self.watch.dwell, picture.stream_time):
                if colour is None:
                    colour = picture.colour(min(LOOK_WIDTH, picture.width))
                box = _moved(slot.box, self.shift, change.picture.shape)
                name = name_place(self._detector, colour, box, change.picture.shape)
                back = (-self.shift[0], -self.shift[1])
                slot = (
                    slot.with_name(None, 0.0, None)
                    if name is None
                    else slot.with_name(name.label, name.score, _moved(name.box, back, change.picture.shape))
                )
            named.append(slot)
        self.slots = tuple(named)
        return colour is not None

    def _unite(self, change: Change) -> None:
        """What the detector draws one box around is one thing, though it came to rest in parts."""
        for whole in sorted(self.slots, key=lambda slot: -slot.named_score):
            parts = [other for other in self.slots if part_of(other, whole)]
            if not parts or whole.id not in {slot.id for slot in self.slots}:
                continue
            shape = change.picture.shape
            box, full = whole.box, np.zeros(shape, bool)
            for slot in (whole, *parts):
                place = self.places[slot.id]
                full[region_of(place.box)] |= place.anchors.mask
                box = union(box, slot.box)
            for slot in parts:
                del self.places[slot.id]
            self._anchor(whole.id, box, full[region_of(grown(box, *MARGIN, shape))], change)
            united = replace(
                whole,
                box=box,
                since=min(slot.since for slot in (whole, *parts)),
                stood=max(slot.stood for slot in (whole, *parts)),
            )
            gone = {slot.id for slot in parts}
            self.slots = tuple(
                united if slot.id == whole.id else slot for slot in self.slots if slot.id not in gone
            )
            self._guard_places(shape)

    def _forget(self) -> None:
        gone = [slot for slot in self.slots if slot.phase is Phase.GONE]
        if not gone:
            return
        for slot in gone:
            place = self.places.pop(slot.id)
            if place.anchors.empty is None and self.backgrounds is not None:
                self.backgrounds.absorb(region_of(place.box), place.anchors.mask)
        self.slots = tuple(slot for slot in self.slots if slot.phase is not Phase.GONE)
        if self._guard is not None:
            self._guard_places(self._guard.shape)

    def _guard_places(self, shape: tuple[int, ...]) -> None:
        """The pixels of all known places: `usual` is not learnt there, and no new thing found."""
        guard = np.zeros(shape, np.uint8)
        for place in self.places.values():
            guard[region_of(place.box)] |= place.anchors.mask.view(np.uint8)
        self._guard = cv2.dilate(guard, np.ones((7, 7), np.uint8)) > 0


def name_schedule(looks: int, dwell: float) -> float:
    """Seconds of standing at which the next look is due: three before the dwell, then ever rarer."""
    if looks < 3:
        return dwell * (0.4 + 0.2 * looks)
    return dwell * (1.0 + 0.5 * float(2 ** (looks - 3) - 1))


def _name_due(slot: Slot, dwell: float, at: float) -> bool:
    if slot.last_present != at or slot.votes.looks >= MAX_LOOKS:
        return False
    settled = slot.votes.enough and slot.votes.verdict()[0] not in ANIMATE | {"unknown"}
    return not settled and slot.stood >= name_schedule(slot.votes.looks, dwell)


def _belongs(blob: Blob, slot: Slot, shape: tuple[int, ...]) -> bool:
    """A further part of what already stands there, not a second thing beside it."""
    if slot.phase not in (Phase.CANDIDATE, Phase.STANDING) or slot.at_least:
        return False
    if inside(blob.box, grown(slot.box, 0.15, 0, shape)) >= 0.8:
        return True
    if slot.votes.looks > 0:
        return False
    # A bicycle comes to rest as wheels, frame and bag: parts of one moment that lie close together.
    together = abs(slot.since - blob.since) <= MOMENT
    return together and adjacent(slot.box, blob.box, shape)


def _only_light(now: Luma, before: Luma, mask: Mask) -> bool:
    """The same ground, darker or brighter (a shadow, a lamp): its texture shows through."""
    core = cv2.erode(mask.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if np.count_nonzero(core) < 60:
        return False
    return correlation(cv2.GaussianBlur(now, (3, 3), 0), cv2.GaussianBlur(before, (3, 3), 0), core) > 0.85


def _wide(box: PixelBox, change: Change) -> tuple[slice, slice]:
    return region_of(grown(box, *MARGIN, change.picture.shape))


def _widen(blob: Blob, change: Change) -> Mask:
    """The blob's mask, in the enlarged box that its anchors use."""
    x0, y0, x1, y1 = grown(blob.box, *MARGIN, change.picture.shape)
    mask = np.zeros((y1 - y0, x1 - x0), bool)
    top, left = blob.box[1] - y0, blob.box[0] - x0
    mask[top : top + blob.mask.shape[0], left : left + blob.mask.shape[1]] = blob.mask
    return mask


def _new_ground(change: Change, place: Place, at: float) -> bool:
    """Of a place never seen empty: it looks different from before, and has held still."""
    region = region_of(place.box)
    still = at - change.still_since[region] >= SETTLE
    return float(np.mean(still)) >= 0.8 and float(np.mean(change.different[region])) >= 0.05


def _moved(box: PixelBox, by: Shift, shape: tuple[int, ...]) -> PixelBox:
    dx, dy = round(by[0]), round(by[1])
    return grown((box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy), 0.0, 0, shape)
