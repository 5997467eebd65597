"""What happens before the bench's cameras, and holding alarms against that truth. Pure.

Busy is fixed: somebody passes before every camera in three blocks of ten (a block is 4 s), something new
stands before each camera every 5 min on average, four of these things stay past the dwell.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devices.messages import Condition, ConditionState
from simulators.scenes.scenario import BLOCK, Play, Scenario
from tests.bench.streams import BROUGHT, GROUP, TAKEN

DWELL = 20.0
"""Seconds; short, so that a run shows alarms. A street says 5 to 15 min."""
ALARMS = 4
EVERY = 300.0
"""Seconds from one new thing before a camera to the next."""
CROWD = 0.3
"""Share of blocks in which somebody passes."""
SHORT = 2
"""Blocks that a thing stays which is no issue: less than the dwell."""
SEEN_GONE = 5
"""Blocks in which a place that was left can be seen empty, and cleared."""
SPARE = 5.0
"""Seconds after the dwell by which an alarm must be there to be right."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A bicycle is brought to a camera in one block, and taken in another."""

    camera: int
    brought: int
    taken: int

    @property
    def stays(self) -> float:
        """Seconds it stands."""
        return (self.taken - self.brought) * BLOCK * GROUP - BROUGHT + TAKEN


def visits(cameras: int, seconds: float) -> tuple[Visit, ...]:
    """What is brought within `seconds` of busy: the alarms first, early enough to be over in time."""
    blocks = int(seconds // (BLOCK * GROUP))
    stay = math.ceil((DWELL + SPARE) / (BLOCK * GROUP)) + 1
    alarms = min(ALARMS, cameras)
    first = max(1, blocks - stay - SEEN_GONE)
    blocks_in = [1 + n * first // alarms for n in range(alarms)]
    found = [Visit(n * cameras // alarms, block, block + stay) for n, block in enumerate(blocks_in)]
    taken = {visit.camera for visit in found}
    free = [camera for camera in range(cameras) if camera not in taken]
    more = min(len(free), max(0, round(cameras * seconds / EVERY) - alarms))
    for n in range(more):
        block = 1 + n * max(1, blocks - SHORT - 2) // max(1, more)
        found.append(Visit(free[n * len(free) // more], block, block + SHORT))
    return tuple(found)


def scenario(camera: int, visited: Iterable[Visit]) -> Scenario:
    """One camera's script from the begin of busy on."""
    mine = sorted((one for one in visited if one.camera == camera), key=lambda one: one.brought)
    orders = itertools.chain(*(((one.brought, True), (one.taken, False)) for one in mine))
    return Scenario(seed=7, camera=camera, crowd=CROWD, orders=tuple(orders))


@dataclass(frozen=True, slots=True)
class Script:
    """One camera's programme: an empty street, until busy begins."""

    scenario: Scenario
    begins: float | None = None
    """When busy begins on the camera's own clock: at the begin of a group."""

    def play(self, at: float) -> Play:
        """What is shown at `at` on the camera's own clock; groups begin at whole multiples of `GROUP`."""
        if self.begins is None or at < self.begins - 1e-3:
            return Play("empty", int((at + 1e-3) // GROUP))
        return self.scenario.play(at - self.begins)


def begin_after(at: float) -> float:
    """The next begin of a group on a camera's own clock."""
    return math.ceil(at / GROUP) * GROUP


@dataclass(frozen=True, slots=True)
class Expected:
    """A thing that must be reported, once."""

    camera: str
    due: float
    """Unix time at which its dwell is over."""
    gone: float
    """Unix time at which it is taken."""


def expected(visited: Sequence[Visit], begins: Sequence[float], names: Sequence[str]) -> list[Expected]:
    """The truth: `begins` says when busy began before each camera, as Unix time."""
    found = []
    for visit in visited:
        if visit.stays >= DWELL:
            begin = begins[visit.camera]
            brought = begin + visit.brought * BLOCK * GROUP + BROUGHT
            taken = begin + visit.taken * BLOCK * GROUP + TAKEN
            found.append(Expected(names[visit.camera], brought + DWELL, taken))
    return found


@dataclass(frozen=True, slots=True)
class Judged:
    """Alarms against the truth."""

    expected: int
    right: int
    missed: int
    false: int
    doubled: int
    cleared: int
    late_s: tuple[float, ...]
    """From the end of each dwell to the alarm's arrival in the cloud."""


def judge(truth: Sequence[Expected], told: Sequence[tuple[float, Condition]]) -> Judged:
    """Conditions of `parked` rules as they reached the cloud (Unix time, condition), against the truth.

    An alarm is right for the thing of its camera if it came between its dwell's end (2 s early at most,
    the length of a group) and its removal. What came after that, or names another camera, is false.
    """
    first: dict[object, tuple[float, Condition]] = {}
    over: set[object] = set()
    for at, one in told:
        first.setdefault(one.condition_id, (at, one))
        if one.state is ConditionState.CLEARED:
            over.add(one.condition_id)
    matches: dict[int, list[tuple[float, object]]] = {}
    false = 0
    for condition, (at, one) in first.items():
        found = next(
            (
                n
                for n, thing in enumerate(truth)
                if thing.camera == one.device and thing.due - GROUP <= at <= thing.gone
            ),
            None,
        )
        if found is None:
            false += 1
        else:
            matches.setdefault(found, []).append((at, condition))
    return Judged(
        expected=len(truth),
        right=len(matches),
        missed=len(truth) - len(matches),
        false=false,
        doubled=sum(len(one) - 1 for one in matches.values()),
        cleared=sum(any(condition in over for _, condition in one) for one in matches.values()),
        late_s=tuple(round(min(one)[0] - truth[n].due, 2) for n, one in sorted(matches.items())),
    )
