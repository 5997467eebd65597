"""What the rules of a camera ask of its stream and of its eye."""

from __future__ import annotations

from collections.abc import Sequence

from devices.site.model import LeftRule, ParkedRule
from devices.stream import FrameRequest
from edge.see.eye import Watch
from edge.see.votes import ANIMATE, VEHICLES

EVERY = 1.0
"""Seconds between two looks; an object left on a pavement was found as soon at 1 a second as at 30."""


def watch_for(rules: Sequence[ParkedRule | LeftRule]) -> Watch:
    """What the eye must know: the shortest dwell, and which things to look for at start-up."""
    dwell = min((rule.dwell for rule in rules), default=60.0)
    labels: set[str] = set()
    for rule in rules:
        labels |= set(rule.labels) if rule.labels else VEHICLES
    return Watch(dwell, clear_after(dwell), frozenset(labels - ANIMATE))


def clear_after(dwell: float) -> float:
    """Seconds a place must be seen empty: a quarter of the dwell, within 4 s and a minute."""
    return min(60.0, max(4.0, dwell / 4))


def request_for(rules: Sequence[ParkedRule | LeftRule]) -> FrameRequest:
    """How often the stream must be looked at: eight looks within the shortest dwell, at least every 4 s."""
    dwell = min((rule.dwell for rule in rules), default=60.0)
    every = min(EVERY, max(0.2, dwell / 10))
    return FrameRequest(every=every, need=max(every, min(4.0, dwell / 8)))
