"""One camera's eye: picture in, the places where something stays out.

    luma ─► sight ─► two backgrounds ─► still blobs ─► slots (two anchors each) ─► names (detector)

An `Eye` owns its pictures; the decisions it strings together are the pure functions beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from uuid import UUID

import cv2
import numpy as np

from edge.see.anchors import Seen, decide, decide_by_taken, likeness, own_edges
from edge.see.background import Backgrounds, Change, Luma, Mask
from edge.see.births import News, arriving, belongs, news_of, residue
from edge.see.blobs import Blob, PixelBox, grown, jolted, region_of, still_blobs
from edge.see.census import Census
from edge.see.detector import Colour, Detector
from edge.see.health import Sight, sight_against
from edge.see.health.watch import HealthWatch
from edge.see.hues import Hues
from edge.see.lookbudget import Looks, Purpose
from edge.see.memory import Memory, moved, not_after
from edge.see.naming import Name, name_due, name_place
from edge.see.opening import Opening, same_place
from edge.see.parting import EMPTIED, KNOWN, parts_beyond, parts_of, remaining, things_in
from edge.see.places import Place, Places
from edge.see.scanning import HINT, SCAN_FLOOR, scan
from edge.see.slots import CLEAR_LOOKS, Phase, Slot, blinded, in_front, stands_before, step
from edge.see.steady import NONE, Shift, Steady, steadied
from edge.see.view import Picture, View, Watch
from edge.see.votes import ANIMATE, UNKNOWN

SETTLE = 3.0
"""Seconds something must hold still before it is looked at as a place."""
RELEARN = 20.0
"""Seconds of a wholly changed picture after which it is taken as the new view."""
LOOK_WIDTH = 1280
"""Pixels; the detector's crops are cut out of a colour picture at most this wide."""
CLEARER = 0.3
"""By which the detector must know the one picture of a place better than the other."""
STILL_THERE = 0.5
"""Score from which one look of the detector keeps a place that looks different."""


class Eye:
    """Sees for one camera. Not safe for use by several threads at once."""

    def __init__(
        self,
        watch: Watch,
        detector: Detector,
        new_id: Callable[[], UUID],
        memory: Memory | None = None,
        looks: Looks | None = None,
    ) -> None:
        """With `memory` it goes on where an earlier one stopped; its scan waits for the node's `looks`."""
        self.watch = watch
        self._new_id = new_id
        self.census = Census(new_id)
        self.backgrounds: Backgrounds | None = None
        self._detector = detector
        self.health = HealthWatch()
        self._changed_since: float | None = None
        self.shift = NONE
        self._hues = Hues()
        self._guard: Mask | None = None
        self._opening = Opening(watch.areas)
        self._looks = looks or Looks()
        self._memory = memory
        self._resumed_at: float | None = None
        self._shrinking: dict[UUID, int] = {}
        """Looks in a row in which only a part of a place was still taken."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places under watch."""
        return self.census.slots

    @property
    def places(self) -> Places:
        """Where they are."""
        return self.census.places

    def look(self, picture: Picture) -> View:
        """Take in one picture."""
        luma, at = picture.luma, picture.stream_time
        checkup = self.health.see(luma, at, picture.taken_at.timestamp() - at)
        if checkup.renewed and self.backgrounds is not None:
            self._renew(picture)
        if checkup.sight is not Sight.CLEAR:
            return self._blind(picture, checkup.sight)
        if self.backgrounds is None:
            self.backgrounds = self._begin(picture)
            self._steady = Steady(luma.shape)
        self.shift = self._steady.follow(luma, self.backgrounds.usual, self._guard)
        luma = steadied(luma, self.shift)
        change = self.backgrounds.see(luma, at, self._guard)
        sight = sight_against(change)
        if sight is not Sight.CLEAR:
            began = self._changed_since = at if self._changed_since is None else self._changed_since
            if at - began >= RELEARN:
                self._relearn(picture)
            return self._blind(picture, sight)
        self._changed_since = None
        busy = change.different if self._guard is None else change.different | self._guard
        self._hues.see(picture.chroma, self.shift, busy)
        self._check(picture, change)
        self._scan(picture, change)
        self._notice(picture, change)
        if self._name(picture, change):
            self.census.unite(self.backgrounds, change)
        shape = (luma.shape[0], luma.shape[1])
        view = View(at, picture.taken_at, sight, self.slots, shape, self.shift, change.different)
        self.census.forget(self.backgrounds, change, at)
        self._shrinking = {slot.id: self._shrinking.get(slot.id, 0) for slot in self.slots}
        self._guard = self.places.guard(luma.shape)
        return view

    def memory(self, picture: Picture) -> Memory | None:
        """What must be kept to go on after a restart; `picture` is the last one looked at."""
        return self.memory_at(picture.taken_at.timestamp() - picture.stream_time)

    def memory_at(self, offset: float) -> Memory | None:
        """The same; `offset` turns the time of the stream into UTC seconds."""
        if self.backgrounds is None:
            return self._memory
        usual: Luma = cv2.convertScaleAbs(self.backgrounds.usual)
        slots = tuple(moved(slot, offset) for slot in self.slots)
        return Memory(usual, slots, self.places.of(slot.id for slot in slots))

    def _begin(self, picture: Picture) -> Backgrounds:
        luma, at, memory = picture.luma, picture.stream_time, self._memory
        if memory is None or memory.usual.shape != luma.shape:
            return Backgrounds(luma, at)
        offset = picture.taken_at.timestamp() - at
        self.census.slots = tuple(not_after(moved(slot, -offset), at) for slot in memory.slots)
        self.census.places = Places(memory.places)
        self._resumed_at = at
        self._opening.over()
        self._guard = self.places.guard(luma.shape)
        return Backgrounds(luma, at, memory.usual)

    def _relearn(self, picture: Picture) -> None:
        """The whole picture has changed for good (infrared at dusk, another view): begin anew.

        What is still seen to stand, by its edges or its name, is kept under its new looks; the rest stays
        hidden until its old look is back.
        """
        luma = picture.luma
        self.backgrounds = Backgrounds(luma, picture.stream_time)
        self._steady.shift = self.shift = NONE
        self._changed_since, self._hues = None, Hues()
        colour = picture.colour(min(LOOK_WIDTH, picture.width)) if self.slots else None
        for slot in self.slots:
            name = None if colour is None else name_place(self._detector, colour, slot.box, luma.shape)
            same = name is not None and name.label == slot.votes.verdict()[0]
            if same or self.places.same_edges(slot.id, luma):
                self.places.take_unseen(
                    slot.id, self.places[slot.id].box, luma[region_of(self.places[slot.id].box)]
                )

    def _renew(self, picture: Picture) -> None:
        """The camera was turned for good: what stood in the old view is lost, which does not mean gone."""
        self.census = Census(self._new_id)
        self._guard, self._opening, self._hues = None, Opening(self.watch.areas), Hues()
        self.backgrounds, self._changed_since = Backgrounds(picture.luma, picture.stream_time), None
        self._steady.shift = self.shift = NONE

    def _blind(self, picture: Picture, sight: Sight) -> View:
        self.census.put(*(blinded(slot, picture.stream_time) for slot in self.slots))
        shape = picture.luma.shape
        return View(
            picture.stream_time, picture.taken_at, sight, self.slots, (shape[0], shape[1]), self.shift
        )

    def _check(self, picture: Picture, change: Change) -> None:
        """Hold every known place against its anchors."""
        assert self.backgrounds is not None
        grounds, at = self.backgrounds, picture.stream_time
        stepped = []
        shrunk: dict[UUID, Mask] = {}
        for slot in self.slots:
            place = self.places[slot.id]
            look = self.places.look_at(slot.id, change)
            like = likeness(look, place.anchors, change.threshold)
            unseen = place.anchors.empty is None
            seen = decide_by_taken(like) if unseen else decide(like)
            if seen is Seen.PRESENT and not own_edges(look, place.anchors, like, change.threshold):
                seen = Seen.HIDDEN
            if unseen and seen is Seen.HIDDEN and _new_ground(change, place.box, at):
                seen = Seen.GONE
            if seen is Seen.HIDDEN and slot.votes.animate and _settled_anew(change, place, slot, at):
                seen = Seen.GONE  # somebody stood before something: what is seen now was behind
            if seen is Seen.GONE and any(stands_before(other, slot) for other in self.slots):
                seen = Seen.HIDDEN
            behind = any(in_front(one, slot) for one in self.slots)
            parted = like.empty_share >= EMPTIED and not behind
            stays = remaining(look, place.anchors, change.threshold) if parted else None
            self._shrinking[slot.id] = 0 if stays is None else self._shrinking.get(slot.id, 0) + 1
            if stays is not None:
                seen = Seen.PRESENT
            # Nothing hangs on somebody who stood there, and what stands behind must be seen soon.
            wait = 0.0 if slot.votes.animate else self.watch.clear_after
            # In a picture that sways everything stirs.
            stands = like.taken_share if self.shift == NONE else None
            after = step(slot, seen, at, wait, behind=behind, likeness=stands)
            if stays is not None and self._shrinking[slot.id] >= CLEAR_LOOKS:
                shrunk[slot.id] = stays
            elif seen is Seen.PRESENT:
                self.places.agree(slot.id, look, change.threshold)
            elif unseen and after.phase is Phase.GONE and self._still_named(picture, change, slot):
                # Only the detector could say whether a thing never seen to come has left.
                self.places.renew(slot.id, look)
                after = step(slot, Seen.PRESENT, at, self.watch.clear_after)
            stepped.append(after)
        self.census.put(*stepped)
        for slot in self.slots:
            if slot.id in shrunk:
                self.census.shrink(slot, shrunk[slot.id], grounds, change)

    def _still_named(self, picture: Picture, change: Change, slot: Slot) -> bool:
        """One more look of the detector finds the same thing in this place."""
        name = self._ask(picture.colour(min(LOOK_WIDTH, picture.width)), change, slot)
        return name is not None and name.label == slot.votes.verdict()[0] and name.score >= STILL_THERE

    def _notice(self, picture: Picture, change: Change) -> None:
        """Find new places where something stays."""
        assert self.backgrounds is not None
        at = picture.stream_time
        shape = change.picture.shape
        blobs = still_blobs(change, at, SETTLE, self._guard)
        knocked = jolted(blobs, shape)
        leaving = [self.places[slot.id].box for slot in self.slots if slot.phase is Phase.LEAVING]
        left = [*(one.box for one in self.census.left), *leaving]
        reopened = None if self._resumed_at is None else self._resumed_at + SETTLE
        for blob in blobs:
            if not knocked and arriving(blob, change, at, SETTLE):
                continue
            near = next((slot for slot in self.slots if belongs(blob, slot, change)), None)
            if near is not None and near.last_present < at and not knocked:
                continue  # what stands in front of it is no part of it
            if near is not None and not knocked:
                self.census.extend(near, blob, self.backgrounds, change)
            elif knocked or residue(blob, left, shape) or not self._is_news(picture, blob, change):
                self.backgrounds.absorb(region_of(blob.box), blob.mask)
            else:
                self.census.open(blob, reopened, at, self.backgrounds, change)

    def _is_news(self, picture: Picture, blob: Blob, change: Change) -> bool:
        """Something was left here; in doubt the detector looks at it and at what was before."""
        assert self.backgrounds is not None
        news = news_of(blob, picture.luma, self.backgrounds, change, self._hues)
        if news in (News.THING, News.NOTHING):
            return news is News.THING
        self._looks.take(Purpose.OPEN, 2)  # never refused; scans wait the longer
        shape = change.picture.shape
        colour = picture.colour(min(LOOK_WIDTH, picture.width))
        now = name_place(self._detector, colour, _moved(blob.box, self.shift, shape), shape)
        usual = cv2.cvtColor(cv2.convertScaleAbs(self.backgrounds.usual), cv2.COLOR_GRAY2BGR)
        before = name_place(self._detector, np.asarray(usual, np.uint8), blob.box, shape)
        score_now, score_before = (0.0 if name is None else name.score for name in (now, before))
        if abs(score_now - score_before) >= CLEARER:
            return score_now > score_before
        return news is News.RATHER_THING

    def _scan(self, picture: Picture, change: Change) -> None:
        """Things that were there when the eye opened: only the detector can know them."""
        assert self.backgrounds is not None
        shape, at, labels = change.picture.shape, picture.stream_time, self.watch.start_up
        tiles = self._opening.due(change, at, self._looks) if labels else ()
        if not tiles:
            return
        colour = picture.colour(min(LOOK_WIDTH, picture.width))
        for found, seen in scan(self._detector, colour, shape, labels, tiles, HINT):
            if found.score < SCAN_FLOOR:
                self._opening.hint(seen)
                continue
            box = _moved(seen, self.shift, shape, back=True)
            if any(same_place(box, slot.box) for slot in self.slots):
                continue
            recent = cv2.convertScaleAbs(self.backgrounds.recent[region_of(box)])
            stands = self._opening.stands(box, change, recent, at)
            if stands is None:
                continue
            since, before = stands
            slot = self.census.open_unseen(box, since, before, at, recent)
            self.census.put(slot.with_name(found.label, found.score, box))
        self._opening.looked(tiles, shape, at)

    def _name(self, picture: Picture, change: Change) -> bool:
        """Let the detector look at the places whose names are due; whether any was."""
        assert self.backgrounds is not None
        due = [slot for slot in self.slots if name_due(slot, self.watch.dwell, picture.stream_time)]
        if not due:
            return False
        grounds = self.backgrounds
        for slot in due:
            trimmed = self.places.trimmed(slot.id, change)
            if trimmed is not None:
                self.census.keep(slot, trimmed, grounds, change)
        asked = {slot.id for slot in due}
        colour = picture.colour(min(LOOK_WIDTH, picture.width))
        named: dict[UUID, Slot] = {}
        rows: dict[UUID, tuple[Name, ...]] = {}
        for slot in [one for one in self.slots if one.id in asked]:
            name = self._ask(colour, change, slot)
            if name is not None and name.several:
                rows[slot.id] = name.several
            named[slot.id] = (
                slot.with_name(None, 0.0, None)
                if name is None
                else slot.with_name(name.label, name.score, name.box)
            )
        self.census.put(*named.values())
        for slot in [one for one in self.slots if one.id in rows]:
            self.census.part_row(slot, rows[slot.id], grounds, change)
        self._divide(colour, change, named.keys() - rows.keys())
        return True

    def _ask(self, colour: Colour, change: Change, slot: Slot) -> Name | None:
        """One look of the detector at a slot; the name's box is where the slots' boxes are."""
        self._looks.take(Purpose.OPEN, 1)  # never refused: it may be a condition; scans wait the longer
        shape = change.picture.shape
        box, look = _moved(slot.box, self.shift, shape), slot.votes.looks
        name = name_place(self._detector, colour, box, shape, look)
        return None if name is None else _named_back(name, self.shift, shape)

    def _call(self, slot: Slot, name: Name | None) -> None:
        if name is not None:
            self.census.put(slot.with_name(name.label, name.score, name.box))

    def _divide(self, colour: Colour, change: Change, named: Collection[UUID]) -> None:
        """What the detector drew a box around is one thing; what came with it and lies beyond is another.

        Where it knows nothing, each part is shown to it by itself, once; then the shape decides.
        """
        assert self.backgrounds is not None
        for slot in [one for one in self.slots if one.id in named and self.census.has_empty(one)]:
            mask = self.census.mask(slot, change)
            label, _ = slot.votes.verdict()
            if label != UNKNOWN and slot.named_box is not None and slot.named_score >= KNOWN:
                beyond = parts_beyond(mask, slot.named_box, somebody=label in ANIMATE)
                for other in self.census.part(slot, beyond, self.backgrounds, change):
                    # What has a name of its own is no part of the first, however close they stand.
                    self._call(other, self._ask(colour, change, other))
            elif label == UNKNOWN and slot.votes.looks == 1:
                things = parts_of(mask)
                alone = [replace(slot, box=box) for box, _ in things] if len(things) > 1 else []
                names = [self._ask(colour, change, one) for one in alone]
                if any(name is not None for name in names):
                    others = self.census.part(slot, things[1:], self.backgrounds, change)
                    kept = next(one for one in self.slots if one.id == slot.id)
                    # Else what has no name yet would be borne by it again.
                    for one, name in zip((kept, *others) if others else (), names, strict=False):
                        self._call(one, name)
            elif label == UNKNOWN and slot.votes.looks == 2:
                self.census.part_whole(slot, things_in(mask), self.backgrounds, change)


def _new_ground(change: Change, box: PixelBox, at: float) -> bool:
    """Of a place never seen empty: it looks different from before, and has held still."""
    region = region_of(box)
    still = at - change.still_since[region] >= SETTLE
    return float(np.mean(still)) >= 0.8 and float(np.mean(change.different[region])) >= 0.05


def _settled_anew(change: Change, place: Place, slot: Slot, at: float) -> bool:
    """What was never seen here before holds still where a slot was: not what hides it for a moment."""
    since = change.still_since[region_of(place.box)][place.anchors.mask]
    return float(np.mean(at - since >= SETTLE)) >= 0.9 and float(np.mean(since >= slot.last_present)) >= 0.4


def _moved(box: PixelBox, by: Shift, shape: tuple[int, ...], *, back: bool = False) -> PixelBox:
    """From where slots' boxes are to where they are in this picture, or back."""
    dx, dy = (round(-part if back else part) for part in by)
    return grown((box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy), 0.0, 0, shape)


def _named_back(name: Name, by: Shift, shape: tuple[int, ...]) -> Name:
    several = tuple(replace(one, box=_moved(one.box, by, shape, back=True)) for one in name.several)
    return replace(name, box=_moved(name.box, by, shape, back=True), several=several)
