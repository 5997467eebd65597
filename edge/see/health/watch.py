"""One camera's health: picture in, out comes what is wrong with it and has been for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.site.model import HealthKind, PictureHealth
from edge.errors import MemoryUnreadable
from edge.see.background import Luma
from edge.see.health.facts import Blocks, Parts, PictureFacts, parts_of, unlike
from edge.see.health.lasting import Lasting
from edge.see.health.sight import Sight, sight_of_levels
from edge.see.health.signs import PICTURE_KINDS, Signs, flat, signs_of
from edge.see.health.usual import Usual

VERSION = 1
SLOW = {HealthKind.SPRAYED: 120.0, HealthKind.DEFOCUSED: 30.0, HealthKind.TURNED: 75.0}
"""Seconds that these kinds must last at least before they are believed: a van stops in front, rain runs down
the glass, a bus fills the whole picture."""
AT_ONCE = (HealthKind.BLACK, HealthKind.WASHED_OUT, HealthKind.COVERED, HealthKind.TURNED)
"""Plain in a single picture: nothing is judged by one that looks so, and again by the first that does not."""
SHARPLY = 3
"""Of so many looks one measures how sharp the picture is, which costs as much as all the rest."""
MOSTLY = 0.3
"""Share of telling blocks that may have lost their usual edges while the usual look still follows."""
SIGHTS = {
    HealthKind.BLACK: Sight.DARK,
    HealthKind.WASHED_OUT: Sight.WASHED_OUT,
    HealthKind.FROZEN: Sight.FROZEN,
    HealthKind.COVERED: Sight.COVERED,
    HealthKind.SPRAYED: Sight.SPRAYED,
    HealthKind.DEFOCUSED: Sight.DEFOCUSED,
    HealthKind.TURNED: Sight.TURNED,
}
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)

Standing = Mapping[HealthKind, Lasting]
"""Of each kind that is judged, what is believed."""
NOTHING: Standing = {}


@dataclass(frozen=True, slots=True)
class Checkup:
    """What one look found."""

    facts: PictureFacts
    signs: Signs
    standing: Standing
    sight: Sight
    """Why this picture cannot be judged, or that it can."""
    renewed: bool = False
    """The camera was turned so long ago that what it shows now is the usual view from here on."""


class HealthWatch:
    """Watches the pictures of one camera. Not safe for use by several threads at once."""

    def __init__(self, settings: PictureHealth | None = None) -> None:
        """Begin with a camera never seen before."""
        self.settings = PictureHealth() if settings is None else settings
        self.standing: dict[HealthKind, Lasting] = {
            kind: Lasting() for kind in PICTURE_KINDS if kind not in self.settings.off
        }
        self.usual: Usual | None = None
        self.last: Checkup | None = None
        self.closely = False
        """Measure everything in the next picture; whoever sets it may be another thread."""
        self._before: Luma | None = None
        self._last: float | None = None
        self._odd_since: float | None = None
        self._looks = 0
        self._shelf: dict[HealthKind, Lasting] = {}

    def see(self, luma: Luma, at: float, offset: float = 0.0) -> Checkup:
        """Take in one picture of stream time `at`; `offset` is what turns that into UTC seconds."""
        if self._shelf:
            self.standing |= {kind: one.moved(-offset) for kind, one in self._shelf.items()}
            self._shelf = {}
        doubtful = self.standing.get(HealthKind.DEFOCUSED, Lasting())
        in_doubt = self.closely or doubtful.on or doubtful.other_since is not None
        sharply, self.closely = self._looks % SHARPLY == 0 or in_doubt, False
        self._looks += 1
        parts = parts_of(luma, sharply=sharply)
        apart = None if self._before is None else unlike(luma, self._before)
        self._before = luma.copy()
        usual = self.usual = Usual.of(parts) if self.usual is None else self.usual
        alike = usual.alike(parts)
        facts = usual.facts(parts, alike, apart)
        signs = signs_of(facts)
        for kind, one in self.standing.items():
            enter = max(self._enter(kind), self.settings.enter)
            self.standing[kind] = one.after(signs[kind], at, enter, self.settings.leave)
        step = 0.0 if self._last is None else max(0.0, at - self._last)
        self._last = at
        renewed = self._renewed(at)
        if renewed:
            self.usual = Usual.of(parts)
            self.standing[HealthKind.TURNED] = Lasting(on=False, since=at, told_at=at)
        elif not any(signs.values()) and not any(one.on for one in self.standing.values()):
            self._learn(parts, alike, facts, at, step)
        self.last = Checkup(facts, signs, dict(self.standing), self._sight(facts, signs), renewed)
        return self.last

    def believe(self, standing: Standing) -> None:
        """Go on with what was believed before a restart; times are UTC seconds until the next picture."""
        self._shelf = {kind: one for kind, one in standing.items() if kind in self.standing}

    def kept(self) -> dict[str, Any]:
        """What it knows of its camera, as JSON for the store."""
        return {"version": VERSION, "usual": None if self.usual is None else self.usual.kept()}

    def resume(self, kept: Mapping[str, Any]) -> None:
        """Go on with what `kept` made.

        Raises:
            MemoryUnreadable: not made by `kept`, or by another version.
        """
        try:
            if kept["version"] != VERSION:
                raise MemoryUnreadable(f"a camera's health has version {kept['version']}, this is {VERSION}")
            self.usual = None if kept["usual"] is None else Usual.back(kept["usual"])
        except _UNREADABLE as error:
            raise MemoryUnreadable(f"a camera's health cannot be read: {error}") from error

    def _learn(self, parts: Parts, alike: Blocks, facts: PictureFacts, at: float, step: float) -> None:
        """Follow what looks mostly as usual; what does not, and is nothing else, becomes so after a while."""
        assert self.usual is not None
        if facts.vanished + facts.strange <= MOSTLY:
            self._odd_since = None
            self.usual.learn(parts, alike, step)
        elif self._odd_since is None:
            self._odd_since = at
        elif at - self._odd_since >= self.settings.new_view_after:
            self._odd_since = None
            self.usual = Usual.of(parts)

    def _enter(self, kind: HealthKind) -> float:
        return self.settings.frozen_after if kind is HealthKind.FROZEN else SLOW.get(kind, 0.0)

    def _renewed(self, at: float) -> bool:
        turned = self.standing.get(HealthKind.TURNED)
        if turned is None or not turned.on or turned.since is None or turned.other_since is not None:
            return False
        return turned.told_at == at and at - turned.since >= self.settings.new_view_after

    def _sight(self, facts: PictureFacts, signs: Signs) -> Sight:
        """What stands, else what this very picture shows."""
        for kind, one in self.standing.items():
            said = signs[kind] if kind in AT_ONCE else None
            if said or (said is None and one.on):
                return SIGHTS[kind]
        sight = sight_of_levels(facts.low, facts.high)
        return Sight.CLEAR if sight is Sight.COVERED and not flat(facts) else sight
