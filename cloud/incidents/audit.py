"""Anchors over the heads of all logs, and the proof that nothing of what was written has changed or gone."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.schema import incident, incident_event
from cloud.incidents import chain
from cloud.incidents.proof import Anchor, Fault, anchor_fault, case_fault
from cloud.incidents.tables import audit_anchor, audit_head

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
"""Between two anchors, while logs grow."""
HEADS = 20_000
"""Of one anchor at most; what is left follows at once."""
CASES = 500
"""Read at a time when logs are proved: each statement stays short."""
FAULTS = 100
"""Told at most."""
_ALONE = text("SELECT pg_try_advisory_xact_lock(:key)")
_LOCK = 0x6772_6964_616E_6368
"""Key of the advisory lock under which anchors are made ("gridanch")."""


@dataclass(slots=True)
class Proof:
    """What was looked at, and what is wrong."""

    cases: int = 0
    lines: int = 0
    anchors: int = 0
    digest: bytes | None = None
    """Of the last anchor: whoever wrote it down elsewhere can tell that no anchor was taken away."""
    faults: list[Fault] = field(default_factory=list)


async def anchor(engine: AsyncEngine, now: datetime, heads: int = HEADS) -> int:
    """Anchor the logs that grew, when the last anchor is old enough; how many anchors were made."""
    async with engine.connect() as connection:
        last = await connection.scalar(
            select(audit_anchor.c.at).order_by(audit_anchor.c.number.desc()).limit(1)
        )
    if last is not None and now < last + EVERY:
        return 0
    made = 0
    while True:
        async with engine.begin() as connection:
            taken = await _anchor(connection, now, heads)
        made += taken > 0
        if taken < heads:
            return made


async def _anchor(connection: AsyncConnection, now: datetime, heads: int) -> int:
    if not await connection.scalar(_ALONE, {"key": _LOCK}):
        return 0
    grown = incident.c.anchored_version.is_distinct_from(incident.c.version)
    # Only rows that nobody holds: who writes a log holds its case, and is not waited for in a circle.
    # In order, since that keeps to the partial index.
    mine = select(incident.c.id, incident.c.version).where(grown).order_by(incident.c.id).limit(heads)
    mine = mine.with_for_update(skip_locked=True)
    found = {row.id: row.version for row in await connection.execute(mine)}
    if not found:
        return 0
    last_line = (incident_event.c.incident_id == incident.c.id) & (
        incident_event.c.version == incident.c.version
    )
    hashes = select(incident.c.id, incident_event.c.hash).join(incident_event, last_line)
    rows = (await connection.execute(hashes.where(incident.c.id.in_(found)))).all()
    ends = sorted((row.id, found[row.id], row.hash) for row in rows)
    last = select(audit_anchor).order_by(audit_anchor.c.number.desc()).limit(1)
    before = (await connection.execute(last)).one_or_none()
    number = 1 if before is None else before.number + 1
    digest = chain.anchor_digest(number, now, before.digest if before else None, ends)
    await connection.execute(insert(audit_anchor), {"number": number, "at": now, "digest": digest})
    await connection.execute(
        insert(audit_head),
        [
            {"anchor": number, "incident_id": case, "version": version, "hash": head}
            for case, version, head in ends
        ],
    )
    done = update(incident).where(incident.c.id.in_(found)).values(anchored_version=incident.c.version)
    await connection.execute(done)
    log.info("anchor %d over the logs of %d cases: %s", number, len(ends), digest.hex())
    return len(found)


async def verify(engine: AsyncEngine, expected: bytes | None = None) -> Proof:
    """Prove every log and every anchor; `expected`: a digest that must be among the anchors'."""
    proof = Proof()
    async for some in _cases(engine):
        for incident_id, rows in groupby(some, key=lambda row: row["id"]):
            case = list(rows)
            lines = [row for row in case if row["version"] is not None]
            proof.cases, proof.lines = proof.cases + 1, proof.lines + len(lines)
            _note(proof, case_fault(incident_id, lines, case[0]["now_version"], case[0]["now_state"]))
    digests = []
    async for one in _anchors(engine):
        _note(proof, anchor_fault(one, proof.anchors + 1, proof.digest))
        proof.anchors, proof.digest = one.number, one.digest
        digests.append(one.digest)
    for fault in await _lost(engine):
        _note(proof, fault)
    if expected is not None and expected not in digests:
        _note(proof, Fault("unexpected", "no anchor has the expected digest: anchors were taken away"))
    return proof


async def verify_case(connection: AsyncConnection, incident_id: UUID) -> tuple[int, int | None, Fault | None]:
    """Prove one case's log: how many lines it has, up to which one anchors hold it, what is first wrong."""
    case = (await connection.execute(select(incident).where(incident.c.id == incident_id))).one()
    mine = select(incident_event).where(incident_event.c.incident_id == incident_id)
    rows = await connection.execute(mine.order_by(incident_event.c.version))
    lines = [dict(row) for row in rows.mappings()]
    fault = case_fault(incident_id, lines, case.version, case.state)
    heads = select(audit_head).where(audit_head.c.incident_id == incident_id).order_by(audit_head.c.version)
    held = None
    hashes = {line["version"]: line["hash"] for line in lines}
    for head in await connection.execute(heads):
        if hashes.get(head.version) != head.hash:
            said = f"line {head.version} is not the one of anchor {head.anchor}"
            fault = fault or Fault("broken", said, incident_id, head.version, head.anchor)
        held = head.version
    return len(lines), held, fault


def _note(proof: Proof, fault: Fault | None) -> None:
    if fault is not None and len(proof.faults) < FAULTS:
        proof.faults.append(fault)


async def _cases(engine: AsyncEngine) -> AsyncIterator[Sequence[Any]]:
    """Lines of some cases at a time, in order, each with what its case says of itself."""
    after = UUID(int=0)
    own = (incident.c.id, incident.c.version.label("now_version"), incident.c.state.label("now_state"))
    joined = incident.outerjoin(incident_event, incident_event.c.incident_id == incident.c.id)
    while True:
        some = select(incident.c.id).where(incident.c.id > after).order_by(incident.c.id).limit(CASES)
        statement = select(*own, incident_event).select_from(joined).where(incident.c.id.in_(some))
        async with engine.connect() as connection:
            found = await connection.execute(statement.order_by(incident.c.id, incident_event.c.version))
            rows = found.mappings().all()
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]


async def _anchors(engine: AsyncEngine) -> AsyncIterator[Anchor]:
    async with engine.connect() as connection:
        rows = (await connection.execute(select(audit_anchor).order_by(audit_anchor.c.number))).all()
        for row in rows:
            heads = select(audit_head).where(audit_head.c.anchor == row.number)
            ends = [(head.incident_id, head.version, head.hash) for head in await connection.execute(heads)]
            yield Anchor(row.number, row.at, row.digest, ends)


async def _lost(engine: AsyncEngine) -> list[Fault]:
    """Heads that were anchored, and are not in the logs any more."""
    same = (incident_event.c.incident_id == audit_head.c.incident_id) & (
        incident_event.c.version == audit_head.c.version
    )
    statement = (
        select(audit_head, incident_event.c.hash.label("now"))
        .select_from(audit_head.outerjoin(incident_event, same))
        .where(incident_event.c.hash.is_distinct_from(audit_head.c.hash))
        .order_by(audit_head.c.anchor, audit_head.c.incident_id)
        .limit(FAULTS)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
    return [
        Fault(
            "missing" if row.now is None else "broken",
            f"line {row.version} of anchor {row.anchor} is {'gone' if row.now is None else 'another one'}",
            row.incident_id, row.version, row.anchor,
        )
        for row in rows
    ]  # fmt: skip
