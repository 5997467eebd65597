"""What a camera's own word changes on a node. Pure.

A hint adds: a look, or a line of evidence. It never takes a look away, and never opens, holds or clears
anything. Cameras' own detectors fire at headlights and leaves, miss what comes to rest, cannot be tuned from
here and differ with every firmware; as triggers they would bring false alarms, as proof of silence they would
hide true ones. As a word of when to look they cost next to nothing when they are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devices.messages import HintKind
from devices.onvif.notices import Notice
from devices.site.model import HealthKind

WAKE_EVERY = 10.0
"""Seconds between two looks that motion may ask for. A street that moves all day must not undo the thinning:
it then costs at most what every fifth key frame costs."""
SAID_LATELY = 300.0
"""Seconds that a hint stays evidence once the camera took it back: many tell of a blow while it lasts."""

_OF: Mapping[HealthKind, frozenset[HintKind]] = {
    HealthKind.BLACK: frozenset({HintKind.TAMPER, HintKind.DARK, HintKind.SCENE_CHANGE}),
    HealthKind.WASHED_OUT: frozenset({HintKind.TAMPER, HintKind.BRIGHT, HintKind.SCENE_CHANGE}),
    HealthKind.COVERED: frozenset({HintKind.TAMPER, HintKind.DARK, HintKind.BLURRY, HintKind.SCENE_CHANGE}),
    HealthKind.SPRAYED: frozenset({HintKind.TAMPER, HintKind.BLURRY, HintKind.SCENE_CHANGE}),
    HealthKind.DEFOCUSED: frozenset({HintKind.TAMPER, HintKind.BLURRY}),
    HealthKind.TURNED: frozenset({HintKind.TAMPER, HintKind.SCENE_CHANGE}),
}
"""Which hints speak for which ill health; none speaks for a picture that stands still or a stream."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a camera has said of its picture. Times are seconds on our monotonic clock."""

    on: frozenset[HintKind] = frozenset()
    """What holds."""
    ended: Mapping[HintKind, float] = field(default_factory=dict)
    """When it said of something that it holds no more."""
    woken: float = float("-inf")
    """When motion last asked for a look."""
    count: int = 0
    """How often it said that something holds."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a hint asks for."""

    look: bool = False
    """At the camera's next key frame, however far it is thinned."""
    health: bool = False
    """That picture health measures everything in that look."""


def heard(said: Said, notice: Notice, now: float) -> tuple[Said, Wish]:
    """One notice further, heard at `now`."""
    kind = notice.kind
    if not notice.on:
        return gone(said, now, frozenset({kind})), Wish()
    after = replace(said, on=said.on | {kind}, count=said.count + 1)
    if kind is not HintKind.MOTION:
        new = kind not in said.on
        return after, Wish(look=new, health=new)
    if now - said.woken < WAKE_EVERY:
        return after, Wish()
    return replace(after, woken=now), Wish(look=True)


def gone(said: Said, now: float, kinds: frozenset[HintKind] = frozenset(HintKind)) -> Said:
    """What held of these kinds holds no more, or nobody listens any more."""
    return replace(said, on=said.on - kinds, ended={**said.ended, **dict.fromkeys(said.on & kinds, now)})


def evidence(said: Said, kind: HealthKind, now: float) -> tuple[HintKind, ...]:
    """What the camera says at `now`, or said lately, for a kind of ill health; in the order of the kinds."""
    wanted = _OF.get(kind, frozenset())
    lately = {one for one, until in said.ended.items() if now - until <= SAID_LATELY}
    return tuple(one for one in HintKind if one in wanted and (one in said.on or one in lately))
