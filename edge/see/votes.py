"""What is it? A vote over several looks of the detector, since one look is often wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

ANIMATE = frozenset({"person", "dog", "cat", "bird", "horse", "cow", "sheep"})
"""What walks away by itself: it may stand still, but nobody left it there."""
VEHICLES = frozenset({"bicycle", "motorcycle", "car", "bus", "truck"})
THINGS = VEHICLES | frozenset(
    {"backpack", "handbag", "suitcase", "umbrella", "skateboard", "chair", "couch", "bench", "bed"}
    | {"refrigerator", "potted plant", "dining table"}
)
"""What a street sees left behind, in the detector's words. Any other word of the detector (a car
seen from above is a `cell phone` to it) counts as not recognised."""
UNKNOWN = "unknown"
ENOUGH = 3
"""Looks before the vote is believed."""


@dataclass(frozen=True, slots=True)
class Votes:
    """What the looks at one slot said; `tally` holds (label, summed score, looks that said so)."""

    looks: int = 0
    tally: tuple[tuple[str, float, int], ...] = ()

    def with_look(self, label: str | None, score: float) -> Votes:
        """One more look; `label` is None when it recognised nothing."""
        if label is None:
            return replace(self, looks=self.looks + 1)
        before = {name: (total, times) for name, total, times in self.tally}
        total, times = before.get(label, (0.0, 0))
        before[label] = (total + score, times + 1)
        tally = tuple((name, *before[name]) for name in sorted(before))
        return Votes(self.looks + 1, tally)

    @property
    def enough(self) -> bool:
        """The vote can be believed."""
        return self.looks >= ENOUGH

    def verdict(self) -> tuple[str, float]:
        """(label, mean score of the looks that said so); `unknown` with 0 where no label won.

        A label wins with the highest summed score, and in at least a third of the looks.
        """
        fit = [(total, name, times) for name, total, times in self.tally if 3 * times >= self.looks]
        if not fit:
            return UNKNOWN, 0.0
        total, name, times = max(fit)
        return name, total / times

    @property
    def animate(self) -> bool:
        """Mostly somebody, not something. One good sighting of a person in three looks is enough,
        unless a thing was recognised better: a false alarm costs more than a late one.
        """
        alive = sum(total for name, total, _ in self.tally if name in ANIMATE)
        thing = sum(total for name, total, _ in self.tally if name not in ANIMATE)
        return alive > thing


NO_VOTES = Votes()
