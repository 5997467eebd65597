"""Whether a node's count of its messages and the cloud's add up to each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from simulators.drill.records import Booked, Line


def line_faults(line: Line, there: Booked | None) -> list[str]:
    """What does not add up between a node's line and the cloud's."""
    name = f"ledger of {line.node} {line.series}"
    faults = []
    numbers = set(range(1, line.next))
    told = line.accepted + line.refused + line.evicted + len(line.waiting)
    if told != len(numbers):
        faults.append(f"{name}: {len(numbers)} numbered, {told} accounted for at the node")
    if there is None:
        return faults + ([f"{name}: the cloud knows nothing of it"] if numbers - line.waiting else [])
    here = there.committed | there.refused | there.evicted
    if missing := numbers - here - line.waiting:
        faults.append(f"{name}: missing at the cloud {some(missing)}")
    if invented := (there.committed | there.refused) - numbers:
        faults.append(f"{name}: at the cloud and never numbered {some(invented)}")
    if len(there.committed) < line.accepted:
        faults.append(
            f"{name}: accepted {line.accepted} by the node's count, {len(there.committed)} at the cloud"
        )
    if (there.received, there.numbers) != (len(there.committed), len(there.committed)):
        faults.append(
            f"{name}: {len(there.committed)} committed, {there.received} kept, {there.numbers} numbers"
        )
    return faults


def some(numbers: Iterable[int]) -> str:
    """How many, and the first of them."""
    found = sorted(numbers)
    return f"{len(found)} numbers, {', '.join(map(str, found[:8]))}{' …' if len(found) > 8 else ''}"
