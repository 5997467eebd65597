"""What the rules of a camera ask of its stream and of its eye."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from devices.site.model import Zone
from devices.site.rules import CameraRule, ClosedRule, LeftRule, ParkedRule, labels_of
from devices.stream import FrameRequest
from edge.judge.case import Box
from edge.see.view import Watch
from edge.see.votes import ANIMATE, VEHICLES

EVERY = 1.0
"""Seconds between two looks; an object left on a pavement was found as soon at 1 a second as at 30."""


HEAD = 0.1
"""Of the picture's height: how far things rise above the ground of a zone in which they stand."""
FURNITURE = frozenset({"bench", "potted plant"})
"""What a street has of its own: found when an eye opens, it is as likely to belong there (a detector called a
cellar window with its grating a bench). What comes later is told by its coming."""


def watch_for(rules: Sequence[CameraRule], zones: Iterable[Zone] = ()) -> Watch:
    """What the eye must know: the shortest dwell, and which things to look for at start-up, and where.

    `zones` are those in which things stand that matter.
    """
    stays = [rule for rule in rules if isinstance(rule, ParkedRule | LeftRule)]
    dwell = min((rule.dwell for rule in stays), default=60.0)
    labels: set[str] = set()
    for rule in stays:
        labels |= labels_of(rule) or VEHICLES
    areas = tuple(dict.fromkeys(_area(zone) for zone in zones))
    return Watch(dwell, clear_after(dwell), frozenset(labels - ANIMATE - FURNITURE), areas)


def _area(zone: Zone) -> Box:
    across, down = zip(*zone.polygon, strict=True)
    return min(across), max(0.0, min(down) - HEAD), max(across), max(down)


def clear_after(dwell: float) -> float:
    """Seconds a place must be seen empty: a quarter of the dwell, within 4 s and a minute."""
    return min(60.0, max(4.0, dwell / 4))


def request_for(rules: Sequence[CameraRule]) -> FrameRequest:
    """How often the stream must be looked at: eight looks within the shortest dwell, at least every 4 s.

    A closed zone asks for no dwell but for some looks, however far apart: key frames will do.
    """
    dwell = min((rule.dwell for rule in rules if not isinstance(rule, ClosedRule)), default=60.0)
    every = min(EVERY, max(0.2, dwell / 10))
    return FrameRequest(every=every, need=max(every, min(4.0, dwell / 8)))
