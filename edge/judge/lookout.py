"""One camera's lookout: its eye, and whatever else its rules need to know of a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from devices.site.hours import open_at
from devices.site.model import Zone
from devices.site.rules import DogRule, ParkedRule
from edge.judge.panel import Notes, Post, Sighting, about_things, posts_of
from edge.judge.people import Presence
from edge.judge.watch import watch_for
from edge.see.background import Mask
from edge.see.cover import covers_of, zone_mask
from edge.see.detector import Detector
from edge.see.eye import LOOK_WIDTH, Eye
from edge.see.health import Sight
from edge.see.lookbudget import Looks
from edge.see.memory import Memory
from edge.see.people import DOG, PERSON, LooksDue, PersonLook, Somebody, areas_of, look_for, with_headroom
from edge.see.view import Picture, View
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
        looks: Looks | None = None,
    ) -> None:
        """Open it; with `memory` its eye goes on where an earlier one stopped; `looks` as of `Eye`.

        Schedules are read by the clock of `timezone` (IANA).
        """
        self.posts = posts_of(zones)
        stays = (post.zone for post in self.posts if about_things(post.rule))
        watch = watch_for([post.rule for post in self.posts], stays)
        self.eye = Eye(watch, detector, new_id, memory, looks)
        self.longest = max((post.rule.dwell for post in self.posts if about_things(post.rule)), default=0.0)
        """Seconds: of its rules' dwells."""
        self._detector = detector
        self._timezone = ZoneInfo(timezone)
        self._due = LooksDue()
        self._found: tuple[Somebody, ...] = ()
        self._masks: dict[str, Mask] = {}
        self._headroom: dict[str, Mask] = {}

    def look(self, picture: Picture, ledgers: Sequence[Notes]) -> Sighting:
        """Take in one picture; `ledgers` are the rules' (what is open must go on being looked at)."""
        view = self.eye.look(picture)
        local = picture.taken_at.astimezone(self._timezone)
        wanted = [
            (post, notes)
            for post, notes in zip(self.posts, ledgers, strict=True)
            if isinstance(notes, Presence) and (notes.busy or open_at(post.rule.schedule, local))
        ]
        covers = {
            post.zone.id: covers_of(self.eye.places, view.slots, self._mask(post.zone, view.shape))
            for post in self.posts
            if isinstance(post.rule, ParkedRule) and post.rule.counts_ground and view.slots
        }
        return Sighting(view, local, covers, self._people(picture, view, wanted) if wanted else None)

    def _people(
        self, picture: Picture, view: View, wanted: Sequence[tuple[Post, Presence]]
    ) -> PersonLook | None:
        if view.sight is not Sight.CLEAR or view.different is None:
            return PersonLook(view.at, could_see=False)
        if self._due.early(view.at):
            return None
        zones = np.zeros(view.shape, bool)
        watched = zones.copy()
        for post, _ in wanted:
            mask = self._mask(post.zone, view.shape)
            zones |= mask
            watched |= self._raised(post.zone, mask)
        strange = view.different & watched & ~self._known(view)
        differs = float(np.count_nonzero(strange & zones)) / max(1, int(np.count_nonzero(zones)))
        if not self._due.due(view.at, differs, busy=any(notes.busy for _, notes in wanted)):
            self._found = ()
            return PersonLook(view.at)
        self._due = self._due.looked(view.at)
        labels = {DOG if isinstance(post.rule, DogRule) else PERSON for post, _ in wanted}
        colour = picture.colour(min(LOOK_WIDTH, picture.width))
        known = [
            notes.case.box for _, notes in wanted if notes.case is not None and notes.case.box is not None
        ]
        areas = areas_of(strange, watched, [one.box for one in self._found] or known)
        self._found = look_for(self._detector, colour, areas, view.shape, frozenset(labels))
        return PersonLook(view.at, self._found)

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

    def _raised(self, zone: Zone, mask: Mask) -> Mask:
        if zone.id not in self._headroom or self._headroom[zone.id].shape != mask.shape:
            self._headroom[zone.id] = with_headroom(mask)
        return self._headroom[zone.id]
