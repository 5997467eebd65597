"""Something holds still that is not usual: a new thing, a part of a known one, or nothing at all?"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import cv2
import numpy as np

from edge.see.anchors import correlation
from edge.see.background import DIFFERENT, Backgrounds, Change, Luma, Mask
from edge.see.blobs import Blob, PixelBox, adjacent, area_of, grown, inside, moment, region_of
from edge.see.ghosts import left_behind, outline_edges
from edge.see.hues import Hues
from edge.see.places import MARGIN
from edge.see.slots import Phase, Slot

SAME_GROUND = 0.85
"""Correlation from which a region is the same ground in another light."""
RESTLESS = 0.3
"""Of a thing's pixels: as many beside it that still change."""
OUTGROWN = 6.0
"""Times the size of a thing at which what came beside it is no part of it: a car beside a basket."""
PATIENCE = 8.0
"""Seconds for which a thing is waited for to come to rest as a whole, longer than anybody walks past."""
SURE_LEFT, SURE_TAKEN = 0.6, -1.8
"""Evidence of `left_behind` beyond which it is believed by itself. A plain thing before a wall of bricks
has fewer edges than the wall, so much of it is asked for before a thing is taken for a ghost unseen."""
COLOUR = 2.0
"""Weight of colour beside edges, grey values and texture together."""
SOFT = 28.0
"""Strength of an outline below which it is a light's: lamps blur the ground's texture away, but have no rim.
Of 513 things of the tuning kind without a colour of their own none was below 30, of 88 lights 67 were."""
OWN_COLOUR = 0.3
"""Evidence of colour from which something stands there, whatever its outline."""
RIMMED = 45.0
"""Strength of an outline from which even the brightest of the picture is a thing (a white fridge): of 62
lights as bright as that 5 had such an outline, and all other evidence spoke against each of them."""
BLOWN = 8.0
"""Grey levels below the brightest of the picture at which a camera's curve is flat, noise included."""
CRUMB = 0.03
"""Share of a gone thing's box; a bag that somebody left standing was a tenth of them or more."""
SPECK = 0.0015
"""Share of the picture that a crumb's box covers at the most."""


def belongs(blob: Blob, slot: Slot, change: Change) -> bool:
    """A further part of what already stands there, not a second thing beside it."""
    if slot.phase not in (Phase.CANDIDATE, Phase.STANDING) or slot.at_least:
        return False
    shape = change.picture.shape
    if inside(blob.box, grown(slot.box, 0.15, 0, shape)) >= 0.8:
        return True
    if slot.votes.looks > 0 or area_of(blob.box) > OUTGROWN * area_of(slot.box):
        return False
    # A bicycle comes to rest as wheels, frame and bag: parts of one moment that lie close together.
    together = abs(slot.since - blob.since) <= moment(change)
    return together and adjacent(slot.box, blob.box, shape)


def residue(blob: Blob, left: Iterable[PixelBox], shape: tuple[int, ...]) -> bool:
    """A crumb where a thing stood that has just gone: what the encoder or a wrong guess left over.

    What a car leaves behind may be a bicycle that stood there all the time: by itself it must be small, too.
    """
    area = area_of(blob.box)
    if area > SPECK * shape[0] * shape[1]:
        return False
    return any(inside(blob.box, box) >= 0.9 and area <= CRUMB * area_of(box) for box in left)


def arriving(blob: Blob, change: Change, at: float, settle: float) -> bool:
    """More of it, or what brought it, still moves beside it: a plain side holds still while it rolls in."""
    if at - blob.since > settle + PATIENCE:
        return False
    region = region_of(grown(blob.box, 0.5, 8, change.picture.shape))
    restless = change.different[region] & (at - change.still_since[region] < settle)
    return bool(np.count_nonzero(restless) > RESTLESS * np.count_nonzero(blob.mask))


class News(Enum):
    """What it is that holds still and is not usual."""

    THING = "thing"
    NOTHING = "nothing"
    """Only the light changed here, or something was taken away: the background is what is wrong."""
    RATHER_THING = "rather a thing"
    RATHER_NOTHING = "rather nothing"
    """Left or taken away: in doubt, somebody must look who knows things."""


def news_of(blob: Blob, luma: Luma, backgrounds: Backgrounds, change: Change, hues: Hues) -> News:
    """What pixels alone can say of a blob; `luma` is the picture as the camera gave it."""
    region = region_of(grown(blob.box, *MARGIN, change.picture.shape))
    # What held still is averaged over its looks: less noise than in any one picture.
    now, usual = cv2.convertScaleAbs(backgrounds.recent[region]), backgrounds.usual[region]
    full = covered(blob, change.picture.shape)
    mask = full[region]
    if only_light(now, cv2.convertScaleAbs(usual), mask):
        return News.NOTHING
    colour, outline = hues.left_behind(full), outline_edges(now, mask)
    if colour < OWN_COLOUR and outline < SOFT * min(1.0, change.threshold / DIFFERENT):
        return News.NOTHING
    lamp = outline < RIMMED and blown_out(luma, blob)
    sure = left_behind(now, usual, mask) + COLOUR * colour
    if sure > SURE_LEFT and not lamp:
        return News.THING
    if sure < SURE_TAKEN:
        return News.NOTHING
    return News.RATHER_THING if sure > 0 and not lamp else News.RATHER_NOTHING


def only_light(now: Luma, before: Luma, mask: Mask) -> bool:
    """The same ground, darker or brighter (a shadow, a lamp): its texture shows through."""
    core = cv2.erode(mask.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if np.count_nonzero(core) < 60:
        return False
    soft_now, soft_before = cv2.GaussianBlur(now, (3, 3), 0), cv2.GaussianBlur(before, (3, 3), 0)
    return correlation(soft_now, soft_before, core) > SAME_GROUND


def blown_out(luma: Luma, blob: Blob) -> bool:
    """As bright as the brightest of the whole picture (as the camera gave it): what texture the ground has
    under a lamp cannot be seen there.
    """
    brightest = float(np.percentile(luma[::4, ::4], 99.5))
    return float(np.mean(luma[region_of(blob.box)][blob.mask] >= brightest - BLOWN)) >= 0.6


def covered(blob: Blob, shape: tuple[int, ...]) -> Mask:
    """The blob's pixels in the whole picture."""
    full = np.zeros(shape, bool)
    full[region_of(blob.box)] = blob.mask
    return full
