"""Whether logs and anchors are what was once written. Pure: rows in, faults out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cloud.incidents import chain


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong with one case, or with one anchor."""

    what: str
    """`broken`, `cut`, `missing`, `anchor`, `unexpected`."""
    said: str
    """In one sentence."""
    incident_id: UUID | None = None
    version: int | None = None
    """The line."""
    anchor: int | None = None


def case_fault(
    incident_id: UUID, lines: Sequence[Mapping[str, Any]], version: int | None, state: str | None
) -> Fault | None:
    """What is first wrong with a log; `version` and `state`: what the case says of itself, where known."""
    previous: bytes | None = None
    stood: str | None = None
    for at, line in enumerate(lines, 1):
        if line["version"] != at:
            return Fault("broken", f"line {at} is missing", incident_id, at)
        if chain.line_hash(line, previous) != line["hash"]:
            return Fault("broken", f"line {at} is not what its hash was made of", incident_id, at)
        if line["from_state"] != stood:
            return Fault("broken", f"line {at} does not begin where the one before ended", incident_id, at)
        previous, stood = line["hash"], line["to_state"]
    if version is not None and version != len(lines):
        said = f"the case is at version {version}, its log ends with line {len(lines)}"
        return Fault("cut", said, incident_id, len(lines))
    if state is not None and state != stood:
        return Fault("broken", f"the case is {state}, its log ends with {stood}", incident_id, len(lines))
    return None


@dataclass(frozen=True, slots=True)
class Anchor:
    """One anchor with its heads."""

    number: int
    at: datetime
    digest: bytes
    heads: Sequence[tuple[UUID, int, bytes]]


def anchor_fault(anchor: Anchor, number: int, previous: bytes | None) -> Fault | None:
    """Whether an anchor is the one that follows the digest `previous` as the `number`-th."""
    if anchor.number != number:
        return Fault("anchor", f"anchor {number} is missing", anchor=number)
    if chain.anchor_digest(anchor.number, anchor.at, previous, anchor.heads) != anchor.digest:
        return Fault("anchor", f"anchor {number} is not what its digest was made of", anchor=number)
    return None
