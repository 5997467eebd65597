"""What a node numbered and will never send, said by a message that counts for it.

A gap is itself numbered, in the series it tells of, so that the ledger balances: of every series
and epoch `next - 1 = accepted + refused + evicted + waiting`, where *evicted* are the numbers that
gaps name and that never arrived. A number that did arrive stays accepted whatever a gap says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from devices.basis import EvidenceKind, Identifier, Message, Series

MAX_SEQ = 2**62
"""The largest number there is; the cloud's database counts in 64 bits."""

Seq = Annotated[int, Field(ge=1, le=MAX_SEQ)]
Range = tuple[Seq, Seq]
"""First and last, both included."""


class LostEvidence(Message):
    """A photo or clip that a condition's people must not wait for."""

    condition_id: UUID
    kind: EvidenceKind


class Gap(Message):
    """Numbers of one series and epoch that nothing will ever arrive under."""

    node: Identifier
    series: Series
    epoch: UUID
    """Of the numbers it names; another than its own where a damaged store was set aside."""
    ranges: Annotated[tuple[Range, ...], Field(min_length=1)]
    """Rising, apart from each other. `(n, MAX_SEQ)`: all from n on that did not arrive, since nobody
    knows any more how many were given."""
    cause: Literal["quota", "photo_lost", "unreadable", "unfit", "store_damaged", "cloud_restored"]
    """`quota`: to make room; `photo_lost`, `unreadable`: the node's own file is gone or cannot be read;
    `unfit`: the cloud could not read the message at all; `store_damaged`: the whole file was;
    `cloud_restored`: the cloud took it once and forgot it when it was restored from a backup."""
    first_at: AwareDatetime | None = None
    """Time of the earliest message it counts for, where known."""
    last_at: AwareDatetime | None = None
    readings: int = Field(default=0, ge=0)
    """Of telemetry: how many readings were in the messages."""
    evidence: tuple[LostEvidence, ...] = ()
    """Of evidence: whose it was."""

    @model_validator(mode="after")
    def _ranges_rise(self) -> Self:
        last = 0
        for first, end in self.ranges:
            if first <= last or end < first:
                raise ValueError("ranges must rise and be apart from each other")
            last = end
        return self

    @property
    def count(self) -> int:
        """How many numbers it names."""
        return sum(last - first + 1 for first, last in self.ranges)


class SeriesReport(Message):
    """How one series of a node's outbox stood, so that the cloud can tell waiting from missing."""

    series: Series
    epoch: UUID
    next: Seq
    """The number that would have been given next."""
    waiting: tuple[Range, ...] = ()
    """Rising, apart from each other; what is below `next` and not here was settled with the cloud before."""


def joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same numbers as the fewest rising ranges; those given may overlap and come in any order."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)
