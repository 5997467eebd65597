"""What the cloud's answer means for what was sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devices.messages import Event, IngestAnswer, Refusal

LATER = frozenset({"media_missing"})
"""Refusals that are no verdict: the message stays and is sent again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every sent event stands in exactly one of the three."""

    committed: tuple[Event, ...]
    refused: tuple[tuple[Event, Refusal], ...]
    waiting: tuple[Event, ...]


def judge(sent: Iterable[Event], answer: IngestAnswer) -> Verdict:
    """Sort what was `sent` by the cloud's `answer`.

    Only what was sent can be settled: an answer that names other numbers, another epoch or another
    series moves nothing. Where the answer contradicts itself the reading is taken that loses nothing:
    "later" before "refused" before "committed".
    """
    refusals = {(r.series, r.epoch, r.seq): r for r in answer.refused}
    later = {(r.series, r.epoch, r.seq) for r in answer.refused if r.code in LATER}
    committed: list[Event] = []
    refused: list[tuple[Event, Refusal]] = []
    waiting: list[Event] = []
    for event in sent:
        number = (event.series, event.epoch, event.seq)
        if number in later:
            waiting.append(event)
        elif number in refusals:
            refused.append((event, refusals[number]))
        elif _covered(event, answer):
            committed.append(event)
        else:
            waiting.append(event)
    return Verdict(tuple(committed), tuple(refused), tuple(waiting))


def _covered(event: Event, answer: IngestAnswer) -> bool:
    return any(
        first <= event.seq <= last
        for part in answer.committed
        if part.series is event.series and part.epoch == event.epoch
        for first, last in part.ranges
    )


def halves(batch: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Event]]:
    """A batch of at least two as two parts that are not empty, in order."""
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]
