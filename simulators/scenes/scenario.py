"""What happens before each camera of the simulated street, by the seconds of the street's clock. Pure.

Time is cut into blocks of two groups of pictures. In each block a camera plays one segment; a bicycle is
brought in one block and taken in another, so that both streams of a camera always agree.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from simulators.scenes.encode import GROUP

Name = Literal["empty", "passing", "arrival", "present", "passing_present", "removal"]
STILL: dict[Name, int] = {"empty": 3, "present": 3}
"""Groups in the segments that loop."""
MOVING: frozenset[Name] = frozenset({"passing", "passing_present", "arrival", "removal"})
"""Segments in which something moves."""
BLOCK = 2
"""Groups in a block, and in every other segment."""


@dataclass(frozen=True, slots=True)
class Visits:
    """A bicycle comes again and again; all in seconds."""

    first: float
    stay: float
    pause: float


DEMO: dict[int, Visits] = {
    0: Visits(first=8, stay=84, pause=240),
    4: Visits(first=100, stay=180, pause=900),
    11: Visits(first=220, stay=240, pause=1200),
    17: Visits(first=400, stay=300, pause=1500),
    23: Visits(first=640, stay=200, pause=1500),
    30: Visits(first=900, stay=360, pause=1800),
}
"""Cameras before which something happens in the demonstration; the others only see people pass."""


@dataclass(frozen=True, slots=True)
class Play:
    """One group of pictures of one segment."""

    name: Name
    group: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One camera's script, and what was ordered by hand; an order ends the script."""

    seed: int
    camera: int
    visits: Visits | None = None
    crowd: float = 0.15
    """Share of blocks in which somebody passes."""
    orders: tuple[tuple[int, bool], ...] = ()
    """(block, whether a bicycle stands there from then on), in order of time."""

    def put(self, at: float) -> Scenario:
        """A bicycle is brought in the block after `at`, unless one stands there then."""
        return self._ordered(at, True)

    def take(self, at: float) -> Scenario:
        """The bicycle is taken in the block after `at`, if one stands there then."""
        return self._ordered(at, False)

    def standing(self, at: float) -> bool:
        """Whether a bicycle stands there at `at`, or is just being brought."""
        return self._standing(_block(at))

    def play(self, at: float) -> Play:
        """The group of pictures that is shown at `at`."""
        tick = _tick(at)
        block, within = divmod(tick, BLOCK)
        here, before = self._standing(block), self._standing(block - 1)
        if here != before:
            return Play("arrival" if here else "removal", within)
        if self._somebody(block):
            return Play("passing_present" if here else "passing", within)
        name: Name = "present" if here else "empty"
        return Play(name, tick % STILL[name])

    def _ordered(self, at: float, standing: bool) -> Scenario:
        block = _block(at) + 1
        kept = tuple(order for order in self.orders if order[0] < block - 1)
        now = (block - 1, self._standing(block - 1))
        return replace(self, orders=(*kept, now, (block, standing)))

    def _standing(self, block: int) -> bool:
        ordered = [standing for since, standing in self.orders if since <= block]
        if ordered:
            return ordered[-1]
        if self.visits is None:
            return False
        length = GROUP * BLOCK
        first, stay = round(self.visits.first / length), max(round(self.visits.stay / length), 1)
        cycle = stay + max(round(self.visits.pause / length), 1)
        return block >= first and (block - first) % cycle < stay

    def _somebody(self, block: int) -> bool:
        text = f"{self.seed}/{self.camera}/{block}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "big") < self.crowd * 2**32


def _tick(at: float) -> int:
    """The group that `at` lies in; a key frame's own time belongs to its group in spite of rounding."""
    return int((at + 1e-3) // GROUP)


def _block(at: float) -> int:
    return _tick(at) // BLOCK


def demo(seed: int, camera: int) -> Scenario:
    """The shipped demonstration's script for one camera (0 is P01-C1)."""
    return Scenario(seed, camera, DEMO.get(camera))
