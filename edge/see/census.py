"""All slots of one camera and where they stand: opened, grown, divided, united, let go.

Nothing here looks at a picture to decide anything; it carries out what was decided, on slots, places and
backgrounds at once, so that the three never disagree.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import cv2
import numpy as np

from edge.see.background import Backgrounds, Change, Luma, Mask
from edge.see.births import covered
from edge.see.blobs import Blob, PixelBox, area_of, inside, region_of, union
from edge.see.naming import Name
from edge.see.parting import Part, parts_in
from edge.see.places import Places
from edge.see.slots import Phase, Slot, part_of
from edge.see.votes import NO_VOTES

REMEMBERED = 60.0
"""Seconds for which a place that became empty is remembered, for the crumbs in it."""
LATER = 20
"""Per cent of a part's pixels: when all the others changed later, the part came later than the rest."""
REST = 0.1
"""Share of its pixels that a place keeps at the least when it is divided."""
BEHIND = 0.7
"""Share of a thing that lies where another one stood before it."""


@dataclass(frozen=True, slots=True)
class Left:
    """A place that became empty: where, when, and when the thing was last seen in it."""

    box: PixelBox
    at: float
    last_present: float


class Census:
    """The slots of one camera with their places."""

    def __init__(self, new_id: Callable[[], UUID]) -> None:
        self.slots: tuple[Slot, ...] = ()
        self.places = Places()
        self.left: tuple[Left, ...] = ()
        self._new_id = new_id

    def open(
        self, blob: Blob, reopened: float | None, at: float, grounds: Backgrounds, change: Change
    ) -> None:
        """A thing came to rest; `reopened`: what holds still since before came while nobody looked."""
        # What was hidden behind another thing is seen from when that one went.
        seen = [one.last_present for one in self.left if inside(blob.box, one.box) >= BEHIND]
        since = max([blob.since, *seen])
        unseen = reopened is not None and since <= reopened
        slot = Slot(self._new_id(), blob.box, since, unseen, max(0.0, at - since), at)
        self.places.take(slot.id, blob.box, covered(blob, change.picture.shape), grounds, change)
        self.slots += (slot,)

    def open_unseen(self, box: PixelBox, since: float, before: bool, at: float, recent: Luma) -> Slot:
        """A thing stands that nobody saw come; `before`: `since` is a lower bound."""
        slot = Slot(self._new_id(), box, since, before, at - since, at)
        self.places.take_unseen(slot.id, box, recent)
        self.slots += (slot,)
        return slot

    def put(self, *changed: Slot) -> None:
        """These slots as they are now."""
        now = {slot.id: slot for slot in changed}
        self.slots = tuple(now.get(slot.id, slot) for slot in self.slots)

    def has_empty(self, slot: Slot) -> bool:
        """Whether its place was ever seen empty."""
        return self.places[slot.id].anchors.empty is not None

    def mask(self, slot: Slot, change: Change) -> Mask:
        """The pixels of a slot, in the whole picture."""
        return self.places.covered([slot.id], change.picture.shape)

    def extend(self, slot: Slot, blob: Blob, grounds: Backgrounds, change: Change) -> None:
        """A further part of a thing came to rest: the place grows by it."""
        box = union(slot.box, blob.box)
        mask = self.mask(slot, change) | covered(blob, change.picture.shape)
        self.places.take(slot.id, box, mask, grounds, change)
        self.put(replace(slot, box=box))

    def keep(
        self, slot: Slot, mask: Mask, grounds: Backgrounds, change: Change, *, anew: bool = False
    ) -> None:
        """`slot` is no more than `mask` (of the whole picture); `anew`: its name must be asked again."""
        x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
        rest = replace(slot, box=(x, y, x + w, y + h))
        self.places.take(slot.id, rest.box, mask, grounds, change)
        self.put(_nameless(rest) if anew else rest)

    def shrink(self, slot: Slot, stays: Mask, grounds: Backgrounds, change: Change) -> None:
        """Somebody stood beside what was left, and went: only `stays` (of the place) is still there."""
        full = np.zeros(change.picture.shape, bool)
        full[region_of(self.places[slot.id].box)] = stays
        self.keep(slot, full, grounds, change, anew=True)

    def part(
        self, slot: Slot, parts: Sequence[Part], grounds: Backgrounds, change: Change, *, anew: bool = False
    ) -> tuple[Slot, ...]:
        """Each of `parts` becomes a slot of its own, which are returned, and `slot` keeps the rest."""
        mask = self.mask(slot, change)
        rest = np.count_nonzero(mask) - sum(np.count_nonzero(part) for _, part in parts)
        if not parts or rest < REST * np.count_nonzero(mask):
            return ()  # a box beside all of it is of something else
        others: list[Slot] = []
        for box, part in parts:
            mask &= ~part
            since = max(slot.since, float(np.percentile(change.still_since[part], LATER)))
            stood = min(slot.stood, slot.last_present - since)
            other = _nameless(replace(slot, id=self._new_id(), box=box, since=since, stood=stood))
            self.places.take(other.id, box, part, grounds, change)
            others.append(other)
        self.slots += tuple(others)
        if mask.any():
            self.keep(slot, mask, grounds, change, anew=anew)
        return tuple(others)

    def part_whole(self, slot: Slot, things: Sequence[Part], grounds: Backgrounds, change: Change) -> None:
        """`slot` is these things and no more: what lies between them is dropped."""
        if len(things) > 1:
            self.keep(slot, functools.reduce(np.logical_or, (mask for _, mask in things)), grounds, change)
            self.part(slot, things[1:], grounds, change)

    def part_row(self, slot: Slot, several: Sequence[Name], grounds: Backgrounds, change: Change) -> None:
        """The detector sees several things of a kind in one place: each is a slot of its own."""
        if not self.has_empty(slot):
            return
        parts = parts_in(self.mask(slot, change), [one.box for one in several])
        if len(parts) > 1:
            self.part(slot, parts[1:], grounds, change, anew=True)

    def unite(self, grounds: Backgrounds, change: Change) -> None:
        """What the detector draws one box around is one thing, though it came to rest in parts."""
        for whole in sorted(self.slots, key=lambda slot: (-slot.named_score, -area_of(slot.box))):
            parts = [other for other in self.slots if part_of(other, whole)]
            if not parts or whole.id not in {slot.id for slot in self.slots}:
                continue
            together = (whole, *parts)
            box = functools.reduce(union, (slot.box for slot in together))
            mask = self.places.covered((slot.id for slot in together), change.picture.shape)
            for slot in parts:
                self.places.drop(slot.id)
            if self.has_empty(whole):
                self.places.take(whole.id, box, mask, grounds, change)
                whole = replace(whole, box=box)
            since, stood = min(slot.since for slot in together), max(slot.stood for slot in together)
            self.put(replace(whole, since=since, stood=stood))
            gone = {slot.id for slot in parts}
            self.slots = tuple(slot for slot in self.slots if slot.id not in gone)

    def forget(self, grounds: Backgrounds, change: Change, at: float) -> None:
        """Let go of the places that are empty again."""
        self.left = tuple(one for one in self.left if at - one.at <= REMEMBERED)
        for slot in self.slots:
            if slot.phase is Phase.GONE:
                place = self.places[slot.id]
                self.left += (Left(place.box, at, slot.last_present),)
                if slot.confirmed:
                    # What was never seen twice proves nothing: it may be found again, in its true shape.
                    emptied = self.places.emptied(slot.id, grounds, change.threshold)
                    grounds.absorb(region_of(place.box), emptied)
                self.places.drop(slot.id)
        self.slots = tuple(slot for slot in self.slots if slot.phase is not Phase.GONE)


def _nameless(slot: Slot) -> Slot:
    """It is another thing than it was taken for: what was learnt of it is forgotten."""
    return replace(slot, votes=NO_VOTES, named_box=None, named_score=0.0, likeness=None, stirring=0.0)
