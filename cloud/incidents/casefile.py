"""A case as one file that a third party can verify: `docs/design/cases.md` says how."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident, incident_event
from cloud.incidents import chain
from cloud.incidents.proof import Fault, case_fault
from cloud.incidents.tables import audit_anchor, audit_head


class FileLine(BaseModel):
    """One line of the log, as it was hashed."""

    incident_id: UUID
    version: int
    at: str
    """RFC 3339, UTC, six digits of a second."""
    actor_kind: str
    actor_name: str
    action: str
    from_state: str | None
    to_state: str
    cause: str
    reason: str | None
    detail: dict[str, Any]
    previous: str | None
    """Hash of the line before, hex."""
    hash: str


class FileAnchor(BaseModel):
    """An anchor that holds one of the lines."""

    number: int
    at: str
    digest: str
    version: int
    """The line."""


class CaseFile(BaseModel):
    """A case with its log."""

    format: Literal["gridwatch-case/1"] = "gridwatch-case/1"
    incident_id: UUID
    number: str
    event_class: str
    state: str
    log: list[FileLine]
    anchors: list[FileAnchor]


async def export(connection: AsyncConnection, incident_id: UUID) -> CaseFile:
    """The file of a case that is there."""
    case = (await connection.execute(select(incident).where(incident.c.id == incident_id))).one()
    mine = select(incident_event).where(incident_event.c.incident_id == incident_id)
    rows = (await connection.execute(mine.order_by(incident_event.c.version))).mappings().all()
    held = select(audit_anchor, audit_head.c.version).join(
        audit_head, audit_head.c.anchor == audit_anchor.c.number
    )
    anchors = await connection.execute(
        held.where(audit_head.c.incident_id == incident_id).order_by(audit_anchor.c.number)
    )
    lines: list[FileLine] = []
    for row in rows:
        given = {**row, "at": chain.instant(row["at"]), "hash": row["hash"].hex()}
        lines.append(FileLine(**given, previous=lines[-1].hash if lines else None))
    return CaseFile(
        incident_id=case.id,
        number=case.number,
        event_class=case.event_class,
        state=case.state,
        log=lines,
        anchors=[
            FileAnchor(
                number=one.number, at=chain.instant(one.at), digest=one.digest.hex(), version=one.version
            )
            for one in anchors
        ],
    )


def file_fault(file: CaseFile) -> Fault | None:
    """What is first wrong with the log in a file. Pure."""
    lines = [{**line.model_dump(), "hash": bytes.fromhex(line.hash)} for line in file.log]
    strange = next((one.version for one in file.log if one.incident_id != file.incident_id), None)
    if strange is not None:
        return Fault("broken", f"line {strange} is of another case", file.incident_id, strange)
    return case_fault(file.incident_id, lines, None, file.state)
