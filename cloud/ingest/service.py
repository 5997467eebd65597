"""A batch from one node: in small groups, each one short transaction, run again when writers collided."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.alarms import intake
from cloud.alarms.policy import AlarmPolicy
from cloud.areas.registry import Registry
from cloud.database.schema import received
from cloud.incidents.store import Actor
from cloud.ingest import ledger, losses, records
from cloud.ingest.lateness import Ages
from cloud.ingest.tally import Tally
from cloud.media.store import MediaStore
from cloud.nodes import owns
from cloud.stream.tail import Tail
from cloud.telemetry.keeper import Keeper
from cloud.telemetry.store import StoreAway
from devices.errors import MessageError
from devices.messages import (
    Body,
    Condition,
    Event,
    Evidence,
    Gap,
    Health,
    Refusal,
    SeriesReport,
    Telemetry,
)

log = logging.getLogger(__name__)

GROUP = 50
"""Events a transaction. A prototype stored 3,800/s by 10, 10,400/s by 50, 9,200/s by 200."""
HISTORY_GROUP = 10
"""The same of history: a live alarm waits behind at most one such group. With backlogs of 500 from four nodes
on a busy machine live alarms were on the stream after 0.36 and 0.64 s by 50 (the worst 1.4 and 2.1), after
0.15 and 0.47 s by 10 (the worst 0.25 and 1.0), two runs of each in turns."""
ATTEMPTS = 5
HISTORY_WAITS_S = 2.0
"""Longest wait of a group for the walls; a stream that stands still is not mended by waiting longer."""
MAX_NUMBER = 2**62
"""The database's numbers are 64 bits wide."""
_COLLISIONS = {"40001", "40P01", "55P03"}
"""serialization_failure, deadlock_detected, lock_not_available: the same statements may pass next time."""

_KNOWN = select(received.c.event_id)
_RECEIVE = insert(received).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class Intake:
    """Where batches go."""

    engine: AsyncEngine
    registry: Registry
    media: MediaStore
    history: asyncio.Semaphore
    tail: Tail
    telemetry: Keeper
    policy: AlarmPolicy
    """What the site decided about alarms."""

    async def take(self, node: str, events: Sequence[Event], now: datetime, ages: Ages) -> Tally:
        """Store what can be stored of `events`; each is committed, refused, or must be sent again."""
        tally = Tally()
        sound: list[tuple[Event, Body]] = []
        for event in events:
            try:
                sound.append((event, _body(event, node)))
            except _Refused as refusal:
                tally.refuse(event, refusal.code, str(refusal), book=refusal.book)
        sound = await self._with_media(sound, tally)
        sound = await self._with_telemetry(node, sound, tally, ages)
        if tally.refused:
            await self._book_refusals(node, tally.refused, now)
        history = all(ages.is_history(event.time) for event, _ in sound)
        size = HISTORY_GROUP if history else GROUP
        for start in range(0, len(sound), size):
            group = sound[start : start + size]
            if history:
                tally.add(await self._give_way(node, group, now, ages))
            else:
                tally.add(await self._group(node, group, now, ages))
        return tally

    async def _give_way(
        self, node: str, group: Sequence[tuple[Event, Body]], now: datetime, ages: Ages
    ) -> Tally:
        """A group of history: one at a time, and not before the walls have what came before it.

        The stream keeps the order of commits, so a live alarm would wait there behind all that was
        committed before it and not yet shown.
        """
        async with self.history:
            await self.tail.caught_up(HISTORY_WAITS_S)
            tally = await self._group(node, group, now, ages)
            self.tail.changed()
        return tally

    async def _with_media(self, sound: list[tuple[Event, Body]], tally: Tally) -> list[tuple[Event, Body]]:
        wanted = {body.sha256 for _, body in sound if isinstance(body, Evidence)}
        missing = await asyncio.to_thread(self.media.missing, wanted) if wanted else set()
        kept = []
        for event, body in sound:
            if isinstance(body, Evidence) and body.sha256 in missing:
                reason = "PUT the photo to /api/v1/media first, then send this again"
                tally.refuse(event, "media_missing", reason, book=False)
            else:
                kept.append((event, body))
        return kept

    async def _with_telemetry(
        self, node: str, sound: list[tuple[Event, Body]], tally: Tally, ages: Ages
    ) -> list[tuple[Event, Body]]:
        """Have it kept before its numbers are booked; a store that is away leaves them to be sent again.

        What is foreign is left to be refused with the rest. Written twice is as good as once.
        """
        own = [
            (event, body)
            for event, body in sound
            if isinstance(body, Telemetry) and owns.refusal(body, node, self.registry.owners, {}) is None
        ]
        if not own:
            return sound
        try:
            batches = [(event.id, body) for event, body in own]
            faults = await self.telemetry.keep(batches, ages.clock_offset_s)
        except StoreAway:
            tally.waiting += len(own)
            put_off = {event.id for event, _ in own}
            return [one for one in sound if one[0].id not in put_off]
        for event, _ in own:
            if event.id in faults:
                tally.refuse(event, "store_refused", faults[event.id])
        return [one for one in sound if one[0].id not in faults]

    async def _book_refusals(self, node: str, refused: Sequence[Refusal], now: datetime) -> None:
        lines = _by_line(refused)
        async with self.engine.begin() as connection:
            await ledger.open_lines(connection, node, lines)
            for line, seqs in lines.items():
                await ledger.book(connection, node, line, refused=seqs)
            await losses.keep_refusals(connection, node, refused, now)

    async def _group(
        self, node: str, group: Sequence[tuple[Event, Body]], now: datetime, ages: Ages
    ) -> Tally:
        """One group in one transaction; if its content cannot be stored, each event alone."""
        for attempt in range(ATTEMPTS):
            try:
                async with self.engine.begin() as connection:
                    return await _store(connection, node, group, self.registry, now, ages, self.policy)
            except intake.PlaceTaken as error:
                log.info("again: %s was taken meanwhile", error)
            except DBAPIError as error:
                if _is_content(error):
                    break
                sqlstate = getattr(error.orig, "sqlstate", None)
                if sqlstate not in _COLLISIONS or attempt == ATTEMPTS - 1:
                    raise
                log.warning("again: two writers collided (%s)", sqlstate)
        tally = Tally()
        if len(group) > 1:
            for one in group:
                tally.add(await self._group(node, [one], now, ages))
        else:
            event = group[0][0]
            log.warning("event %s of node %s cannot be stored; refused", event.id, node)
            tally.refuse(event, "invalid", "the database cannot store its content")
            await self._book_refusals(node, tally.refused, now)
        return tally


class _Refused(Exception):
    def __init__(self, code: str, reason: str, *, book: bool = True) -> None:
        super().__init__(reason)
        self.code = code
        self.book = book


def _body(event: Event, node: str) -> Body:
    if event.node != node:
        raise _Refused("forbidden", f"source: this token is node {node}'s", book=False)
    if event.seq > MAX_NUMBER:
        raise _Refused("invalid", f"seq: no more than {MAX_NUMBER}", book=False)
    try:
        body = event.body()
    except MessageError as error:
        raise _Refused("invalid", str(error)) from error
    if not isinstance(body, Evidence) and body.node != node:
        raise _Refused("forbidden", f"data.node: this token is node {node}'s")
    for name, value in body:
        if type(value) is int and abs(value) > MAX_NUMBER:
            raise _Refused("invalid", f"data.{name}: no more than {MAX_NUMBER}")
    return body


def _is_content(error: DBAPIError) -> bool:
    """Whether the server refused the values themselves (SQLSTATE class 22), not the moment."""
    return str(getattr(error.orig, "sqlstate", None)).startswith("22")


async def _store(
    connection: AsyncConnection,
    node: str,
    group: Sequence[tuple[Event, Body]],
    registry: Registry,
    now: datetime,
    ages: Ages,
    policy: AlarmPolicy,
) -> Tally:
    tally = Tally()
    fresh = await _fresh(connection, node, group, tally)
    stored = await intake.stored(connection, [body for _, body in fresh])
    foreign = records.foreign(node, fresh, registry, stored)
    for event, _ in fresh:
        if event.id in foreign:
            tally.refuse(event, "forbidden", foreign[event.id])
    accepted = [(event, body) for event, body in fresh if event.id not in foreign]
    if accepted:
        rows = [
            {
                "event_id": event.id, "node": node, "epoch": event.epoch, "series": event.series,
                "seq": event.seq, "received_at": now,
            }
            for event, _ in accepted
        ]  # fmt: skip
        await connection.execute(_RECEIVE, rows)
    bodies = [body for _, body in accepted]
    conditions = [body for body in bodies if isinstance(body, Condition)]
    late = {
        (body.condition_id, body.rev)
        for event, body in accepted
        if isinstance(body, Condition) and ages.is_history(event.time)
    }
    await intake.take(connection, conditions, stored, registry, Actor("node", node), now, late, policy)
    await records.keep_evidence(connection, [body for body in bodies if isinstance(body, Evidence)])
    await records.keep_health(connection, [body for body in bodies if isinstance(body, Health)])
    await losses.keep_gaps(
        connection, [(event.id, body) for event, body in accepted if isinstance(body, Gap)], now
    )
    for report in (body for body in bodies if isinstance(body, Health)):
        for told in report.ledger:
            await ledger.report(connection, node, told, report.checked_at)
    for event, _ in accepted:
        tally.committed[event.epoch, event.series].append(event.seq)
    await _book(connection, node, tally)
    await losses.keep_refusals(connection, node, tally.refused, now)
    return tally


async def _fresh(
    connection: AsyncConnection, node: str, group: Sequence[tuple[Event, Body]], tally: Tally
) -> list[tuple[Event, Body]]:
    """The events not yet here; repeats are counted as committed again."""
    ids = [event.id for event, _ in group]
    lines: dict[ledger.Line, list[int]] = defaultdict(list)
    for event, body in group:
        lines[event.epoch, event.series].append(event.seq)
        for line in _spoken_of(body):
            lines.setdefault(line, [])
    taken = await ledger.open_lines(connection, node, lines)
    known: set[UUID] = set((await connection.scalars(_KNOWN.where(received.c.event_id.in_(ids)))).all())
    fresh = []
    for event, body in group:
        line = (event.epoch, event.series)
        if event.id in known:
            tally.repeated[line].append(event.seq)
        elif event.seq in taken[line]:
            reason = "another event was committed under this number; begin a new epoch"
            tally.refuse(event, "position_taken", reason, book=False)
        else:
            known.add(event.id)
            taken[line].add(event.seq)
            fresh.append((event, body))
    return fresh


def _spoken_of(body: Body) -> list[ledger.Line]:
    """The lines of the ledger that a message writes in, beside its own."""
    told: Sequence[Gap | SeriesReport] = ()
    if isinstance(body, Gap):
        told = (body,)
    elif isinstance(body, Health):
        told = body.ledger
    return [(one.epoch, one.series) for one in told]


async def _book(connection: AsyncConnection, node: str, tally: Tally) -> None:
    refused = _by_line(tally.refused)
    for line in {*tally.committed, *tally.repeated, *refused}:
        await ledger.book(
            connection, node, line,
            committed=tally.committed.get(line, ()), refused=refused.get(line, ()),
            duplicates=len(tally.repeated.get(line, ())),
        )  # fmt: skip


def _by_line(refused: Sequence[Refusal]) -> dict[ledger.Line, list[int]]:
    lines: dict[ledger.Line, list[int]] = defaultdict(list)
    for refusal in refused:
        lines[refusal.epoch, refusal.series].append(refusal.seq)
    return lines
