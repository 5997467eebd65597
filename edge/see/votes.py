"""What is it? A vote over several looks of the detector, since one look is often wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

ANIMATE = frozenset({"person", "dog", "cat", "bird", "horse", "cow", "sheep"})
"""What walks away by itself: it may stand still, but nobody left it there."""
VEHICLES = frozenset({"bicycle", "motorcycle", "car", "bus", "truck"})
THINGS = VEHICLES | frozenset(
    {"backpack", "handbag", "suitcase", "umbrella", "skateboard", "chair", "couch", "bench", "bed"}
    | {"refrigerator", "potted plant", "dining table", "tv"}
)
"""What a street sees left behind, in the detector's words. Any other word of the detector (a car
seen from above is a `cell phone` to it) counts as not recognised."""
UNKNOWN = "unknown"
ENOUGH = 3
"""Looks before the vote is believed."""
KIN = (frozenset({"bicycle", "motorcycle"}), frozenset({"car", "bus", "truck"}))
"""Labels that a detector mixes up: they support each other, and the best of them is the name."""
EVIDENCE = 0.15
"""Summed score over all looks, divided by their number, from which a name is believed: one faint sighting in
three looks is none, and a wrong name is worse than `unknown`."""


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

        Labels that are mixed up count together: theirs must be the highest summed score, in at least a third
        of the looks and with enough evidence. Of them, the one with the highest sum of its own is the name.
        """
        groups = {_kin(name): [one for one in self.tally if one[0] in _kin(name)] for name, *_ in self.tally}
        fit = []
        for group in groups.values():
            total, times = sum(one[1] for one in group), sum(one[2] for one in group)
            if 3 * times >= self.looks and total >= EVIDENCE * self.looks:
                fit.append((total, max((score, name) for name, score, _ in group)[1], times))
        if not fit:
            return UNKNOWN, 0.0
        total, name, times = max(fit)
        return name, total / times

    @property
    def sightings(self) -> int:
        """Looks that found somebody."""
        return sum(times for name, _, times in self.tally if name in ANIMATE)

    @property
    def animate(self) -> bool:
        """Mostly somebody, not something. One good sighting of a person in three looks is enough,
        unless a thing was recognised better: a false alarm costs more than a late one.
        """
        alive = sum(total for name, total, _ in self.tally if name in ANIMATE)
        thing = sum(total for name, total, _ in self.tally if name not in ANIMATE)
        return alive > thing


def _kin(label: str) -> frozenset[str]:
    """The labels that support this one, itself among them."""
    return next((kin for kin in KIN if label in kin), frozenset({label}))


NO_VOTES = Votes()
