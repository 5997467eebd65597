"""What goes wrong in a drill, and when: drawn from a seed before it begins. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulators.drill.truths import Truth

TIMES = 3
"""How often each kind of fault meets each kind of target in ten minutes."""
TEN_MINUTES = 600.0
KINDS: dict[str, tuple[str, ...]] = {
    "node": ("kill", "stop", "disk_full", "clock_step"),
    "cloud": ("kill", "stop"),
    "database": ("kill", "stop"),
    "broker": ("kill", "stop"),
    "cameras": ("kill", "stop"),
    "link_cloud": ("cut", "delay", "half_open"),
    "link_broker": ("cut", "delay", "half_open"),
    "link_cameras": ("cut", "delay", "half_open"),
}
"""Kind of target -> kinds of fault. Links are one a node: to the cloud, to the broker, to its cameras."""
OF_A_NODE = frozenset({"node", "link_cloud", "link_broker", "link_cameras"})
LENGTHS = {"kill": (0.5, 3.0), "stop": (3.0, 7.0), "disk_full": (4.0, 8.0), "clock_step": (8.0, 14.0)}
"""Seconds; of a kill: until it is started again."""
LINK_LENGTH = (3.0, 7.0)
QUIET = 6.0
"""Seconds of peace between two faults of one node, and between two of what all share."""
EDGE = 10.0
"""Seconds without faults at the begin, and before the end; less in a drill of less than 100 s."""
SENSORS_NEED = frozenset({"node", "cloud", "database", "broker", "link_cloud", "link_broker"})
CAMERAS_NEED = frozenset({"node", "cloud", "database", "cameras", "link_cloud", "link_cameras"})
CLOCK_STEPS = (3600.0, -3600.0)


@dataclass(frozen=True, slots=True)
class Fault:
    """One deed of the nemesis; seconds since the drill's second 0."""

    kind: str
    target: str
    node: str | None
    """The node that has it; None for what all share."""
    begin: float
    end: float
    amount: float = 0.0
    """Of a clock step: seconds."""

    @property
    def name(self) -> str:
        """For people: `node n2`, `cloud`."""
        return self.target if self.node is None else f"{self.target} {self.node}"

    def meets(self, truth: Truth) -> bool:
        """Whether it lies on the way of that truth to the wall."""
        return self.breaks(truth.node, cameras=truth.camera)

    def breaks(self, node: str, *, cameras: bool) -> bool:
        """Whether it lies on the way from that node's cameras, or its sensors, to the wall."""
        need = CAMERAS_NEED if cameras else SENSORS_NEED
        return self.target in need and self.node in (None, node)


def plan(
    nodes: Sequence[str], seed: int, seconds: float, *, cameras: bool = True, full_disks: bool = True
) -> list[Fault]:
    """All faults of a drill, in order of time: each kind on each kind of target `TIMES` in ten minutes.

    A drill too short for that has each kind of fault once. `cameras`: there are some; `full_disks`: they
    can be made.
    """
    chance = random.Random(f"nemesis/{seed}")
    wanted = _wanted(chance, seconds, cameras, full_disks)
    lanes: dict[str | None, list[tuple[str, str]]] = {None: [], **{node: [] for node in nodes}}
    turns: dict[tuple[str, str], int] = {}
    for target, kind in wanted:
        lane = None
        if target in OF_A_NODE:
            fewest = min(len(lanes[node]) for node in nodes)
            lane = chance.choice([node for node in nodes if len(lanes[node]) == fewest])
        lanes[lane].append((target, kind))
    faults = []
    for node, deeds in lanes.items():
        chance.shuffle(deeds)
        for (target, kind), (begin, end) in zip(deeds, _placed(chance, deeds, seconds), strict=True):
            turn = turns[target, kind] = turns.get((target, kind), -1) + 1
            amount = CLOCK_STEPS[turn % 2] if kind == "clock_step" else 0.0
            faults.append(Fault(kind, target, node, begin, end, amount))
    return sorted(faults, key=lambda fault: fault.begin)


def _wanted(chance: random.Random, seconds: float, cameras: bool, full_disks: bool) -> list[tuple[str, str]]:
    every = [
        (target, kind)
        for target, kinds in KINDS.items()
        for kind in kinds
        if (cameras or "cameras" not in target) and (full_disks or kind != "disk_full")
    ]
    times = round(TIMES * seconds / TEN_MINUTES)
    chance.shuffle(every)
    if times:
        return every * times
    kinds = dict.fromkeys(kind for _, kind in every)
    return [next(one for one in every if one[1] == kind) for kind in kinds]


def _placed(
    chance: random.Random, deeds: Sequence[tuple[str, str]], seconds: float
) -> list[tuple[float, float]]:
    """Times for deeds one after the other, with what is left of the drill as pauses between them."""
    lengths = [chance.uniform(*LENGTHS.get(kind, LINK_LENGTH)) for _, kind in deeds]
    edge = min(EDGE, seconds / 10)
    free = seconds - 2 * edge - sum(lengths)
    quiet = min(QUIET, max(0.0, free / max(1, len(deeds))))
    spare = max(0.0, free - quiet * len(deeds))
    cuts = sorted(chance.uniform(0, spare) for _ in deeds)
    times, used = [], edge
    for length, cut in zip(lengths, cuts, strict=True):
        begin = used + cut
        times.append((round(begin, 2), round(begin + length, 2)))
        used += length + quiet
    return times


def windows(
    faults: Sequence[Fault], nodes: Sequence[str]
) -> dict[tuple[str, bool], list[tuple[float, float]]]:
    """Of each node and whether for its cameras: when something is broken."""
    return {
        (node, cameras): [(one.begin, one.end) for one in faults if one.breaks(node, cameras=cameras)]
        for node in nodes
        for cameras in (False, True)
    }


def inside(truth: Truth, faults: Iterable[Fault]) -> bool:
    """Whether the truth begins or ends while something on its way is broken."""
    return any(
        fault.begin <= at < fault.end
        for fault in faults
        if fault.meets(truth)
        for at in (truth.begin, truth.end)
    )
