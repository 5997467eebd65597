"""One camera's lookout: its eye, and whatever else its rules need to know of a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from devices.site.hours import open_at
from devices.site.model import Zone
from devices.site.rules import DogRule, ParkedRule
from edge.judge.panel import Notes, Post, Sighting, posts_of
from edge.judge.people import Presence
from edge.judge.watch import watch_for
from edge.see.background import Mask
from edge.see.blobs import PixelBox
from edge.see.cover import covers_of, zone_mask
from edge.see.detector import Detector
from edge.see.eye import LOOK_WIDTH, Eye, Picture, View
from edge.see.health import Sight
from edge.see.memory import Memory
from edge.see.people import DOG, PERSON, LooksDue, PersonLook, look_for
from edge.see.votes import UNKNOWN

UTC_CLOCK = "Etc/UTC"


class Lookout:
    """Looks for the rules of one camera. Not safe for use by several threads at once."""

    def __init__(
        self,
        zones: Iterable[Zone],
        detector: Detector,
        new_id: Callable[[], UUID],
        memory: Memory | None = None,
        timezone: str = UTC_CLOCK,
    ) -> None:
        """Open it; with `memory` its eye goes on where an earlier one stopped.

        Schedules are read by the clock of `timezone` (IANA).
        """
        self.posts = posts_of(zones)
        self.eye = Eye(watch_for([post.rule for post in self.posts]), detector, new_id, memory)
        self._detector = detector
        self._timezone = ZoneInfo(timezone)
        self._due = LooksDue()
        self._masks: dict[str, Mask] = {}

    def look(self, picture: Picture, ledgers: Sequence[Notes]) -> Sighting:
        """Take in one picture; `ledgers` are the rules' (what is open must go on being looked at)."""
        view = self.eye.look(picture)
        local = picture.taken_at.astimezone(self._timezone)
        wanted = [
            (post, notes.busy)
            for post, notes in zip(self.posts, ledgers, strict=True)
            if isinstance(notes, Presence) and (notes.busy or open_at(post.rule.schedule, local))
        ]
        covers = {
            post.zone.id: covers_of(self.eye.places, view.slots, self._mask(post.zone, view.shape))
            for post in self.posts
            if isinstance(post.rule, ParkedRule) and post.rule.counts_ground and view.slots
        }
        return Sighting(view, local, covers, self._people(picture, view, wanted) if wanted else None)

    def _people(self, picture: Picture, view: View, wanted: Sequence[tuple[Post, bool]]) -> PersonLook | None:
        if view.sight is not Sight.CLEAR or view.different is None:
            return PersonLook(view.at, could_see=False)
        if self._due.early(view.at):
            return None
        zones = np.zeros(view.shape, bool)
        for post, _ in wanted:
            zones |= self._mask(post.zone, view.shape)
        strange = view.different & zones & ~self._known(view)
        differs = float(np.count_nonzero(strange)) / max(1, int(np.count_nonzero(zones)))
        if not self._due.due(view.at, differs, busy=any(busy for _, busy in wanted)):
            return PersonLook(view.at)
        self._due = self._due.looked(view.at)
        labels = {DOG if isinstance(post.rule, DogRule) else PERSON for post, _ in wanted}
        colour = picture.colour(min(LOOK_WIDTH, picture.width))
        found = look_for(self._detector, colour, _box_of(zones), view.shape, frozenset(labels))
        return PersonLook(view.at, found)

    def _known(self, view: View) -> Mask:
        """The pixels of things that stand there and have a name: they differ, but are nobody."""
        known = [
            slot.id
            for slot in self.eye.slots
            if slot.votes.enough and not slot.votes.animate and slot.votes.verdict()[0] != UNKNOWN
        ]
        return self.eye.places.covered(known, view.shape)

    def _mask(self, zone: Zone, shape: tuple[int, int]) -> Mask:
        if zone.id not in self._masks or self._masks[zone.id].shape != shape:
            self._masks[zone.id] = zone_mask(zone.polygon, shape)
        return self._masks[zone.id]


def _box_of(mask: Mask) -> PixelBox:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return 0, 0, mask.shape[1], mask.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
