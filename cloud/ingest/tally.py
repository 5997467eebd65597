"""What became of the events of one batch, and the answer that says it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from cloud.ingest import ledger
from devices.messages import Committed, Event, IngestAnswer, Refusal, Series


@dataclass(slots=True)
class Tally:
    """What became of the events of one batch."""

    committed: dict[tuple[UUID, Series], list[int]] = field(default_factory=lambda: defaultdict(list))
    repeated: dict[tuple[UUID, Series], list[int]] = field(default_factory=lambda: defaultdict(list))
    """Committed by an earlier delivery."""
    refused: list[Refusal] = field(default_factory=list)
    unbooked: list[Refusal] = field(default_factory=list)
    """Refused without a trace in the ledger: not this node's numbers, or worth sending again."""
    waiting: int = 0
    """Left open: the store that they are for is away."""

    def refuse(self, event: Event, code: str, reason: str, *, book: bool = True) -> None:
        """Refuse one event by its number."""
        found = Refusal(series=event.series, epoch=event.epoch, seq=event.seq, code=code, reason=reason[:500])
        (self.refused if book else self.unbooked).append(found)

    def add(self, other: Tally) -> None:
        """Take over what became of a group."""
        for mine, others in ((self.committed, other.committed), (self.repeated, other.repeated)):
            for line, seqs in others.items():
                mine[line] += seqs
        self.refused += other.refused
        self.unbooked += other.unbooked
        self.waiting += other.waiting

    def answer(self, name: UUID) -> IngestAnswer:
        """The answer to the node, by the ledger of that name."""
        return IngestAnswer(
            committed=tuple(
                Committed(series=line[1], epoch=line[0], ranges=ledger.ranges(self._safe(line)))
                for line in sorted({*self.committed, *self.repeated})
            ),
            refused=(*self.refused, *self.unbooked),
            duplicates=sum(map(len, self.repeated.values())),
            ledger=name,
        )

    def _safe(self, line: tuple[UUID, Series]) -> list[int]:
        return self.committed.get(line, []) + self.repeated.get(line, [])
