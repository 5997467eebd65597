"""`/audit/verify` and `/incidents/{id}/export`: proof that logs are what was once written."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from cloud.context import InContext
from cloud.incidents import audit, casefile
from cloud.incidents.casefile import CaseFile
from cloud.people.identity import InScope, Viewer
from cloud.people.scope import places, require
from cloud.people.wall import unwalled
from cloud.problems import problems

router = APIRouter(tags=["audit"])


class FaultOut(BaseModel):
    """The first thing that is wrong with one case or one anchor."""

    what: str
    """`broken`: a line is not what was written; `cut`: the last lines are gone; `missing`: what an anchor
    holds is gone; `anchor`: an anchor is not what was written."""
    said: str
    incident_id: UUID | None
    """Null: not a case's, or of one that you may not see."""
    version: int | None
    """The line of the case's log."""
    anchor: int | None


class ProofOut(BaseModel):
    """What was proved."""

    intact: bool
    cases: int
    lines: int
    anchors: int
    digest: str | None
    """Of the last anchor, hex: written down elsewhere it proves later that no anchor was taken away."""
    faults: list[FaultOut]
    """At most 100."""


class CaseProof(BaseModel):
    """Whether the log of one case is what was once written."""

    intact: bool
    lines: int
    anchored: int | None
    """The last of its lines that an anchor holds; null: none yet."""
    said: str | None
    """What is first wrong."""


@router.get(
    "/audit/verify",
    operation_id="verifyAudit",
    summary="Prove that no log was changed",
    description="Reads every line of every log; some seconds for each 100,000 lines.",
    responses=problems("unauthenticated", "forbidden"),
)
async def verify_audit(context: InContext, _: Viewer, scope: InScope) -> ProofOut:
    """Every case's chain, and every anchor."""
    with unwalled():
        proof = await audit.verify(context.engine)
        async with context.engine.connect() as connection:
            where = await places(connection, [one.incident_id for one in proof.faults if one.incident_id])
    faults = [
        FaultOut(
            what=one.what,
            said=one.said,
            incident_id=one.incident_id
            if one.incident_id in where and scope.sees(where[one.incident_id])
            else None,
            version=one.version,
            anchor=one.anchor,
        )
        for one in proof.faults
    ]
    return ProofOut(
        intact=not faults,
        cases=proof.cases,
        lines=proof.lines,
        anchors=proof.anchors,
        digest=proof.digest.hex() if proof.digest else None,
        faults=faults,
    )


@router.get(
    "/incidents/{incident_id}/export",
    operation_id="exportIncident",
    summary="Get an incident's log as a file that anybody can verify",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def export_incident(context: InContext, _: Viewer, scope: InScope, incident_id: UUID) -> CaseFile:
    """The whole log with its hashes, and the anchors that hold it."""
    async with context.engine.connect() as connection:
        await require(connection, scope, incident_id)
        return await casefile.export(connection, incident_id)


@router.get(
    "/incidents/{incident_id}/proof",
    operation_id="proveIncident",
    summary="Prove that an incident's log was not changed",
    description="Each line against its hash and the line before it, and against the anchors that hold it.",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def prove_incident(context: InContext, _: Viewer, scope: InScope, incident_id: UUID) -> CaseProof:
    """The chain of one case."""
    async with context.engine.connect() as connection:
        await require(connection, scope, incident_id)
        lines, anchored, fault = await audit.verify_case(connection, incident_id)
    return CaseProof(intact=fault is None, lines=lines, anchored=anchored, said=fault.said if fault else None)
