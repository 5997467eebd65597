"""How many stand in each zone just now, whatever its rules make of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devices.site.model import Zone
from edge.judge.panel import Sighting
from edge.judge.zones import relative, stands_in
from edge.see.health import Sight
from edge.see.people import PERSON
from edge.see.slots import Phase

THINGS, PEOPLE = "things", "people"
Counts = Mapping[str, Mapping[str, int]]
"""Zone -> what is counted -> how many."""


def counts_of(zones: Iterable[Zone], sighting: Sighting, before: Counts) -> Counts:
    """Things that came to rest, and people where a look for them was due; else those of the look before.

    Nothing is said while the picture cannot be judged: a gap in a chart, not a zero.
    """
    view = sighting.view
    if view.sight is not Sight.CLEAR:
        return {}
    boxes = [relative(slot, view) for slot in view.slots if slot.confirmed and slot.phase is not Phase.GONE]
    looked = sighting.people if sighting.people is not None and sighting.people.could_see else None
    found: dict[str, dict[str, int]] = {}
    for zone in zones:
        found[zone.id] = {THINGS: sum(stands_in(zone.polygon, box) for box in boxes)}
        if looked is not None:
            there = [one for one in looked.found if one.label == PERSON]
            found[zone.id][PEOPLE] = sum(stands_in(zone.polygon, one.box) for one in there)
        elif (known := before.get(zone.id, {}).get(PEOPLE)) is not None:
            found[zone.id][PEOPLE] = known
    return found
