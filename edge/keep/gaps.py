"""What will never be sent becomes a gap: a numbered message that counts for the numbers it names.

Gaps that wait are joined, so that a month of evictions is one message and not one for each batch: the
old gap's own number is then one more that never arrives.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ValidationError

from devices.errors import MessageError
from devices.losses import Gap, LostEvidence, Range, joined
from devices.messages import Event, EvidenceKind, Series, envelope
from edge.keep import outbox
from edge.keep.outbox import Row

Cause = Literal["quota", "photo_lost", "unreadable", "unfit", "store_damaged", "cloud_restored"]
MOST = 500
"""Ranges and photos that one gap names at most: about 60 KiB."""
_KINDS = frozenset(EvidenceKind)


def gap_for(node: str, epoch: UUID, rows: Sequence[Row], cause: Cause) -> Gap:
    """The gap that counts for `rows`, at least one, all of one series. Pure."""
    return Gap(
        node=node,
        series=rows[0].series,
        epoch=epoch,
        ranges=joined((row.seq, row.seq) for row in rows),
        cause=cause,
        first_at=min(row.at for row in rows),
        last_at=max(row.at for row in rows),
        readings=sum(row.readings for row in rows),
        evidence=tuple(
            LostEvidence(condition_id=UUID(row.condition), kind=EvidenceKind(row.kind))
            for row in rows
            if row.condition is not None and row.kind in _KINDS
        ),
    )


def merged(earlier: Gap, number: int, later: Gap) -> Gap | None:
    """One gap for both and for the earlier one's own `number`; None where they do not go together. Pure."""
    if (earlier.series, earlier.epoch, earlier.cause) != (later.series, later.epoch, later.cause):
        return None
    ranges = joined([*earlier.ranges, (number, number), *later.ranges])
    evidence = earlier.evidence + later.evidence
    if len(ranges) + len(evidence) > MOST:
        return None
    return later.model_copy(
        update={
            "ranges": ranges,
            "evidence": evidence,
            "first_at": min((at for at in (earlier.first_at, later.first_at) if at), default=None),
            "last_at": max((at for at in (earlier.last_at, later.last_at) if at), default=None),
            "readings": earlier.readings + later.readings,
        }
    )


class Gaps:
    """Writes gaps into one database, inside its caller's transaction."""

    def __init__(
        self, node: str, epoch: UUID, new_id: Callable[[], UUID], now: Callable[[], datetime]
    ) -> None:
        self._node = node
        self._epoch = epoch
        self._new_id = new_id
        self._now = now

    def give_up(
        self, sql: sqlite3.Connection, series: Series, seqs: Sequence[int], cause: Cause
    ) -> tuple[int, list[str]]:
        """Take rows out of the outbox and number the gap that counts for them.

        Returns how many rows there were, and the photos they named.
        """
        rows = outbox.take_out(sql, series, seqs)
        if not rows:
            return 0, []
        gap = gap_for(self._node, self._epoch, rows, cause)
        waiting = outbox.last_gap(sql, series)
        earlier = _readable(waiting[1]) if waiting else None
        if waiting is not None and earlier is not None:
            both = merged(earlier, waiting[0], gap)
            if both is not None:
                outbox.take_out(sql, series, [waiting[0]])
                gap = both
        self.tell(sql, gap)
        return len(rows), [row.photo for row in rows if row.photo]

    def tell_forgotten(self, sql: sqlite3.Connection, series: Series, ranges: Sequence[Range]) -> None:
        """A restored cloud may lack these, and no message of them is left; what it has stays accepted."""
        for begin in range(0, len(ranges), MOST):
            part = tuple(ranges[begin : begin + MOST])
            self.tell(
                sql,
                Gap(node=self._node, series=series, epoch=self._epoch, ranges=part, cause="cloud_restored"),
            )

    def tell(self, sql: sqlite3.Connection, gap: Gap) -> None:
        """Number a gap and queue it."""
        event = envelope(
            gap,
            event_id=self._new_id(),
            node=self._node,
            epoch=self._epoch,
            seq=outbox.next_seq(sql, gap.series),
            time=self._now(),
        )
        outbox.append(sql, event, gap, event.model_dump_json())


def _readable(text: str) -> Gap | None:
    try:
        body = Event.model_validate_json(text).body()
    except (ValidationError, MessageError):
        return None
    return body if isinstance(body, Gap) else None
