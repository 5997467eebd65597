"""Holds what was kept against what was true. Pure; a truth is found only by point, class, place and time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from simulators.drill.books import line_faults, some
from simulators.drill.plan import Fault, inside
from simulators.drill.records import Alarm, Booked, CloudRecords, Line
from simulators.drill.truths import Truth

EARLY = 2.0
"""Seconds that clocks of different threads, and a picture's own time, may be off."""
RECOVERY = 25.0
"""Seconds after a fault that its victims may take to be back: a start, and the pauses before they connect."""
FOUND_WITHIN = 12.0
"""Seconds from a truth's beginning, past faults and the way back, to what the alarm says of it."""
CAMERA_SLOW = 8.0
"""Seconds from an order to a bicycle that stands: up to one block of two groups, then it is brought."""
TOLD_WITHIN = 120.0
"""Seconds after which nothing is said of a beginning or end any more by the clock that was in force then."""
Key = tuple[str, str, str]
"""Point, event class, place."""
Clocks = Mapping[str, Sequence[tuple[float, float]]]
"""Node -> (second, offset from then on), in order of time."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the checker knows. Times are seconds of the drill unless told."""

    truths: Sequence[Truth]
    faults: Sequence[Fault]
    clocks: Clocks
    origin: float
    """Unix time of second 0."""
    cloud: CloudRecords
    nodes: Sequence[Line]
    heard: Mapping[str, float]
    """Alarm -> when the stream first told of it."""


@dataclass
class Verdict:
    """What came of it."""

    truths: int = 0
    camera_truths: int = 0
    inside_faults: int = 0
    alarms: int = 0
    incidents: int = 0
    other_incidents: int = 0
    """Of classes that no truth has: cameras without pictures, silent nodes."""
    lost: int = 0
    doubled: int = 0
    false_clears: int = 0
    unexplained: int = 0
    """Alarms of the truths' classes that no truth explains."""
    ledger_balanced: bool = True
    numbered: int = 0
    evicted: int = 0
    refused: int = 0
    waiting: int = 0
    latencies: dict[str, list[float]] = field(default_factory=lambda: {"sensors": [], "cameras": []})
    """Seconds from due to the stream, of what met no fault."""
    findings: list[str] = field(default_factory=list)
    """One sentence for each thing that is wrong."""

    @property
    def passed(self) -> bool:
        """Nothing lost, doubled, cleared too early or made up, and the ledger balances."""
        return self.ledger_balanced and not (
            self.lost or self.doubled or self.false_clears or self.unexplained
        )

    @property
    def worst(self) -> float | None:
        """The worst live latency in seconds."""
        return max((one for some in self.latencies.values() for one in some), default=None)


def judge(given: Evidence) -> Verdict:
    """The verdict."""
    classes = {truth.event_class for truth in given.truths}
    alarms = [one for one in given.cloud.alarms if one.event_class in classes]
    incidents = [one for one in given.cloud.incidents if one.event_class in classes]
    verdict = Verdict(
        truths=len(given.truths),
        camera_truths=sum(truth.camera for truth in given.truths),
        inside_faults=sum(inside(truth, given.faults) for truth in given.truths),
        alarms=len(alarms),
        incidents=len(incidents),
        other_incidents=len(given.cloud.incidents) - len(incidents),
    )
    by_key: dict[Key, list[Truth]] = defaultdict(list)
    for truth in sorted(given.truths, key=lambda one: one.begin):
        by_key[truth.point, truth.event_class, truth.place].append(truth)
    told: dict[Key, list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        told[alarm.point, alarm.event_class, alarm.place].append(alarm)
    for key in sorted({*by_key, *told}):
        _place(key, by_key[key], told[key], given, verdict)
    _incidents(given, verdict)
    _ledger(given.nodes, given.cloud.lines, verdict)
    return verdict


def _place(key: Key, truths: list[Truth], alarms: list[Alarm], given: Evidence, verdict: Verdict) -> None:
    """One point, class and place: each alarm belongs to the truth that began last before it."""
    owned: dict[int, list[tuple[float, Alarm]]] = defaultdict(list)
    for alarm in alarms:
        times = moments(alarm.since, alarm.node, given)
        after = [(at, n) for at in times for n, one in enumerate(truths) if at >= one.begin - EARLY]
        if not after:
            verdict.unexplained += 1
            verdict.findings.append(f"{_of(key)}: alarm {alarm.id} since {times} is explained by no truth")
            continue
        at, number = min(after, key=lambda one: one[0] - truths[one[1]].begin)
        owned[number].append((at, alarm))
    for number, truth in enumerate(truths):
        found = sorted(owned[number], key=lambda one: one[0])
        _truth(key, truth, found, given, verdict)


def _truth(
    key: Key, truth: Truth, found: list[tuple[float, Alarm]], given: Evidence, verdict: Verdict
) -> None:
    name = f"{_of(key)} {truth.begin:.1f}-{truth.end:.1f} s"
    if not found:
        verdict.lost += 1
        verdict.findings.append(f"{name}: lost; {_met(truth, given.faults)}")
        return
    if len(found) > 1:
        verdict.doubled += len(found) - 1
        times = ", ".join(f"{at:.1f}" for at, _ in found)
        verdict.findings.append(f"{name}: {len(found)} alarms, since {times}; {_met(truth, given.faults)}")
    at, first = found[0]
    if at > (limit := reached(truth, given.faults)):
        verdict.lost += 1
        verdict.findings.append(f"{name}: found only at {at:.1f}, by {limit:.1f} it should; {first.id}")
    for _, alarm in found:
        if alarm.cleared is None:
            verdict.lost += 1
            verdict.findings.append(
                f"{name}: its end is lost; {alarm.id} still stands; {_met(truth, given.faults)}"
            )
        elif all(end < truth.end - EARLY for end in moments(alarm.cleared, alarm.node, given)):
            verdict.false_clears += 1
            ends = moments(alarm.cleared, alarm.node, given)
            verdict.findings.append(f"{name}: cleared at {ends}; {alarm.id}; {_met(truth, given.faults)}")
    heard = given.heard.get(first.id)
    if heard is not None and not _disturbed(truth, heard, given.faults):
        due = truth.due + (CAMERA_SLOW if truth.camera else 0.0)
        verdict.latencies["cameras" if truth.camera else "sensors"].append(max(0.0, heard - due))


def moments(told: float, node: str, given: Evidence) -> list[float]:
    """Which seconds of the drill a node's UTC may mean, by the clocks that were in force about then."""
    steps = [*given.clocks.get(node, [(0.0, 0.0)])]
    ends = [begin for begin, _ in steps[1:]] + [float("inf")]
    found = {told - given.origin}
    for (begin, offset), end in zip(steps, ends, strict=True):
        at = told - given.origin - offset
        if begin - TOLD_WITHIN <= at <= end + EARLY:
            found.add(at)
    return sorted(round(one, 2) for one in found)


def reached(truth: Truth, faults: Iterable[Fault]) -> float:
    """By when it must have been found: faults on its way, and the way back from each, put it off."""
    at = truth.begin
    for fault in sorted(faults, key=lambda one: one.begin):
        if fault.meets(truth) and fault.begin <= at <= fault.end + RECOVERY:
            at = max(at, fault.end + RECOVERY)
    return at + FOUND_WITHIN + (CAMERA_SLOW if truth.camera else 0.0)


def _disturbed(truth: Truth, heard: float, faults: Iterable[Fault]) -> bool:
    return any(
        fault.meets(truth) and fault.begin <= max(heard, truth.due) and fault.end + RECOVERY >= truth.begin
        for fault in faults
    )


def _met(truth: Truth, faults: Iterable[Fault]) -> str:
    met = [
        f"{fault.kind} of {fault.name} {fault.begin:.1f}-{fault.end:.1f}"
        for fault in faults
        if fault.meets(truth) and fault.begin < truth.end + RECOVERY and fault.end + RECOVERY > truth.begin
    ]
    return f"met {', '.join(met)}" if met else "met no fault"


def _of(key: Key) -> str:
    return f"{key[2]} {key[1]}"


def _incidents(given: Evidence, verdict: Verdict) -> None:
    """Nobody closed any, so each place has one of a class, however often it happened there."""
    open_ones = Counter((one.place, one.event_class) for one in given.cloud.incidents if one.open)
    for (place, code), count in sorted(open_ones.items()):
        if count > 1:
            verdict.doubled += count - 1
            verdict.findings.append(f"{place} {code}: {count} open incidents")
    dangling = {one.incident for one in given.cloud.alarms} - {one.id for one in given.cloud.incidents}
    if dangling:
        verdict.lost += len(dangling)
        verdict.findings.append(f"alarms without an incident: {sorted(dangling)}")


def _ledger(nodes: Sequence[Line], cloud: Sequence[Booked], verdict: Verdict) -> None:
    booked = {(one.node, one.epoch, one.series): one for one in cloud}
    faults: list[str] = []
    for line in nodes:
        there = booked.pop((line.node, line.epoch, line.series), None)
        numbers = set(range(1, line.next))
        verdict.numbered += len(numbers)
        verdict.evicted += line.evicted
        verdict.refused += line.refused
        verdict.waiting += len(line.waiting)
        faults += line_faults(line, there)
    for old in booked.values():  # of store files that were set aside, or of the cloud's own
        known = old.committed | old.refused | old.evicted
        if missing := set(range(1, max(known, default=0) + 1)) - known:
            faults.append(f"{old.node} {old.series} of earlier file {old.epoch}: missing {some(missing)}")
    verdict.ledger_balanced = not faults
    verdict.findings += faults
