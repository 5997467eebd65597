"""Where slots stand in the picture: how each place looks empty and taken, and which pixels are spoken for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import cv2
import numpy as np

from edge.see.anchors import Anchors, edge_likeness, followed
from edge.see.background import Backgrounds, Change, Luma, Mask
from edge.see.blobs import PixelBox, grown, region_of

MARGIN = (0.08, 3)
"""Ground that anchors hold around a thing: a share of its size, and pixels at the least."""
TELLING = 0.6
"""Share of the threshold by which a pixel must differ between empty and taken to tell them apart."""
LIGHTER = 1.6
"""Thresholds by which the light may have changed the ground of a place while something stood on it."""
SAME_EDGES = 0.6
"""Correlation of edge strength from which it is the same thing in another light (infrared, lamps)."""
TRIM = 0.06
"""Share of a place's pixels that must look empty before it is made smaller."""
SPARE = np.ones((7, 7), np.uint8)
"""How far around a thing no other one is looked for: its shadow's rim and the encoder's halo."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot's anchors were cut out, and the anchors."""

    box: PixelBox
    anchors: Anchors


class Places:
    """The places of one camera's slots, by slot."""

    def __init__(self, known: Mapping[UUID, Place] | None = None) -> None:
        self._places: dict[UUID, Place] = dict(known or {})

    def __getitem__(self, slot: UUID) -> Place:
        return self._places[slot]

    def of(self, slots: Iterable[UUID]) -> dict[UUID, Place]:
        """The places of these slots."""
        return {slot: self._places[slot] for slot in slots}

    def look_at(self, slot: UUID, change: Change) -> Luma:
        """The part of the picture where this slot is."""
        return change.picture[region_of(self._places[slot].box)]

    def take(self, slot: UUID, box: PixelBox, mask: Mask, backgrounds: Backgrounds, change: Change) -> None:
        """A thing whose place was seen empty stands under `mask` (of the whole picture), inside `box`."""
        wide = grown(box, *MARGIN, change.picture.shape)
        region = region_of(wide)
        taken: Luma = cv2.convertScaleAbs(backgrounds.recent[region])
        empty: Luma = cv2.convertScaleAbs(backgrounds.usual[region])
        telling = mask[region] & (cv2.absdiff(taken, empty) > TELLING * change.threshold)
        self._places[slot] = Place(wide, Anchors(taken, empty, telling if telling.any() else mask[region]))

    def take_unseen(self, slot: UUID, box: PixelBox, taken: Luma) -> None:
        """A thing stands in `box` that was there before anybody looked."""
        self._places[slot] = Place(box, Anchors(taken, None, np.ones(taken.shape, bool)))

    def same_edges(self, slot: UUID, luma: Luma) -> bool:
        """Whether the edges where a thing stands are still its own, in whatever light."""
        place = self._places[slot]
        look = luma[region_of(place.box)]
        return edge_likeness(look, place.anchors.taken, place.anchors.mask) >= SAME_EDGES

    def agree(self, slot: UUID, look: Luma, threshold: float) -> None:
        """A look agreed with the taken anchor, which follows the light a little."""
        place = self._places[slot]
        self._places[slot] = replace(place, anchors=followed(place.anchors, look, threshold))

    def renew(self, slot: UUID, look: Luma) -> None:
        """The thing is there and looks like this now."""
        place = self._places[slot]
        self._places[slot] = replace(place, anchors=replace(place.anchors, taken=look.copy()))

    def trimmed(self, slot: UUID, change: Change) -> Mask | None:
        """The pixels of a place (of the whole picture) without those that look empty by now: whoever brought
        the thing stood still beside it for a moment. None while nearly all of it is still there.
        """
        place = self._places[slot]
        if place.anchors.empty is None:
            return None
        look = cv2.GaussianBlur(change.picture[region_of(place.box)], (3, 3), 0)
        to_empty = cv2.absdiff(look, cv2.GaussianBlur(place.anchors.empty, (3, 3), 0))
        to_taken = cv2.absdiff(look, cv2.GaussianBlur(place.anchors.taken, (3, 3), 0))
        empty = (to_empty <= change.threshold) & (to_empty < to_taken) & place.anchors.mask
        # Single pixels look like either; who stood there leaves a whole patch.
        empty = cv2.morphologyEx(empty.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
        if np.count_nonzero(empty) < TRIM * np.count_nonzero(place.anchors.mask):
            return None
        full = np.zeros(change.picture.shape, bool)
        full[region_of(place.box)] = place.anchors.mask & ~empty
        return full if full.any() else None

    def emptied(self, slot: UUID, backgrounds: Backgrounds, threshold: float) -> Mask:
        """The pixels of a place that look empty now, in whatever light: what is usual there from here on."""
        place = self._places[slot]
        if place.anchors.empty is None:
            return place.anchors.mask
        recent = cv2.convertScaleAbs(backgrounds.recent[region_of(place.box)])
        to_empty = cv2.absdiff(recent, place.anchors.empty)
        nearer = to_empty < cv2.absdiff(recent, place.anchors.taken)
        return np.asarray(nearer & (to_empty <= LIGHTER * threshold) & place.anchors.mask)

    def drop(self, slot: UUID) -> Place:
        """Forget a slot's place."""
        return self._places.pop(slot)

    def covered(self, slots: Iterable[UUID], shape: tuple[int, ...]) -> Mask:
        """The pixels of these slots, in the whole picture."""
        full = np.zeros(shape, bool)
        for slot in slots:
            place = self._places[slot]
            full[region_of(place.box)] |= place.anchors.mask
        return full

    def guard(self, shape: tuple[int, ...]) -> Mask | None:
        """The pixels that are spoken for: `usual` is not learnt there, and no new thing found."""
        if not self._places:
            return None
        covered = self.covered(self._places, shape).view(np.uint8)
        return np.asarray(cv2.dilate(covered, SPARE) > 0)
