"""What is reported done is looked at again by the camera that saw it, or reset at the sensor that told it.

One round of questions for each time that it is reported done. Its answers decide: seen clear, the case goes
to checking; not clear, back to handling; not to be seen, to checking by a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import alarm, command, evidence, incident, incident_event
from cloud.incidents import closing, seen
from cloud.incidents import store as cases
from cloud.incidents.asking import Request
from cloud.incidents.guards import DONE
from cloud.incidents.service import locked
from cloud.incidents.store import GRIDWATCH
from cloud.incidents.transitions import State
from cloud.link import store
from cloud.link.models import LIVE, CommandState
from cloud.link.sites import BY_ITSELF
from cloud.link.store import Wish
from cloud.stream.outbox import emit
from devices.link import CommandKind, LookAgainBody, ResetBody, Verdict
from devices.messages import ConditionState, EvidenceKind

Outcome = Literal["clear", "there", "unsure", "wait"]


@dataclass(frozen=True, slots=True)
class Question:
    """One device that was asked, and what became of it."""

    condition: UUID
    camera: str | None
    """None: a sensor."""
    state: CommandState
    answer: Mapping[str, Any]

    @property
    def photo(self) -> str | None:
        """SHA-256 of what the camera showed."""
        found: str | None = self.answer.get("sha256")
        return found


async def after(
    connection: AsyncConnection, incident_id: UUID, step: Request, registry: Registry, now: datetime
) -> Collection[str]:
    """After *done*, have all that still counts as there looked at again; the nodes asked."""
    if step.action not in DONE:
        return ()
    statement = select(alarm.c.id, alarm.c.node, alarm.c.device).where(
        alarm.c.incident_id == incident_id, alarm.c.state != ConditionState.CLEARED
    )
    nodes = set()
    for row in (await connection.execute(statement)).all():
        device = registry.devices.get(row.device)
        if device is None:
            continue
        key = f"{row.id}/{step.version}"
        kind, asked = _question(device.kind, row.device, row.id)
        wish = Wish(row.node, kind, asked.model_dump(mode="json"), BY_ITSELF, key, incident_id)
        await store.add(connection, wish, now)
        nodes.add(row.node)
    if not nodes:
        await _decide(connection, incident_id, now)
    return nodes


async def answered(connection: AsyncConnection, ids: Collection[UUID], now: datetime) -> None:
    """Commands have their answers, or will have none: what that says of the cases they were asked for."""
    mine = (command.c.id.in_(ids), command.c.asked_by == BY_ITSELF, command.c.incident_id.is_not(None))
    found = (await connection.scalars(select(command.c.incident_id).where(*mine).distinct())).all()
    for incident_id in sorted(found):
        await _decide(connection, incident_id, now)


async def _decide(connection: AsyncConnection, incident_id: UUID, now: datetime) -> None:
    case = await locked(connection, incident_id)
    if case.state is not State.RESOLVED:
        return
    questions = await _round(connection, incident_id)
    outcome = conclude(questions, case.present)
    if outcome == "wait":
        return
    detail = await _told(connection, questions)
    taken = [datetime.fromisoformat(one.answer["captured_at"]) for one in questions if one.photo]
    walked, lines = seen.looked(case, outcome, max(taken, default=now), detail)
    values = {
        "state": walked.state, "version": walked.version, "seen_gone_at": walked.seen_gone_at,
        "updated_at": now,
    }  # fmt: skip
    await connection.execute(update(incident).where(incident.c.id == incident_id).values(values))
    await cases.write_lines(connection, [(incident_id, line) for line in lines], GRIDWATCH, now)
    await emit(connection, [("incident", str(incident_id))])
    await closing.settle(connection, [incident_id], now)


async def _round(connection: AsyncConnection, incident_id: UUID) -> list[Question]:
    """What was asked when it was reported done the last time."""
    lines = incident_event.c
    said = select(func.max(lines.version)).where(lines.incident_id == incident_id, lines.action.in_(DONE))
    version = (await connection.scalar(said) or 1) - 1
    statement = select(command).where(
        command.c.incident_id == incident_id,
        command.c.asked_by == BY_ITSELF,
        command.c.request_key.endswith(f"/{version}", autoescape=True),
    )
    return [
        Question(
            UUID(row.body["condition_id"]), row.body.get("camera"), CommandState(row.state), row.answer or {}
        )
        for row in await connection.execute(statement.order_by(command.c.id))
    ]


async def _told(connection: AsyncConnection, questions: Sequence[Question]) -> dict[str, Any]:
    """For the log: each look with its pair of photos, by hash, before and after."""
    looks = []
    for one in questions:
        photo = select(evidence.c.sha256).where(
            evidence.c.condition_id == one.condition, evidence.c.kind == EvidenceKind.PRESENT
        )
        before = await connection.scalar(photo.order_by(evidence.c.captured_at.desc()).limit(1))
        looks.append(
            {
                "condition": str(one.condition), "camera": one.camera, "before": before, "after": one.photo,
                "said": one.answer.get("verdict") or str(one.state),
            }
        )  # fmt: skip
    return {"looks": looks, "photos": [one.photo for one in questions if one.photo]}


def conclude(questions: Sequence[Question], present: Collection[UUID]) -> Outcome:
    """What the answers so far say about the conditions that are not cleared yet. Pure."""
    asked = [one for one in questions if one.condition in present]
    verdicts = {one.answer.get("verdict") for one in asked if one.state is CommandState.ANSWERED}
    if Verdict.PRESENT in verdicts:
        return "there"
    if any(one.state in LIVE for one in asked):
        return "wait"
    unseen = {Verdict.OCCLUDED, Verdict.BLIND} & verdicts
    lost = any(one.state is not CommandState.ANSWERED for one in asked)
    if unseen or lost or set(present) - {one.condition for one in asked}:
        return "unsure"
    # A sensor that was reset says by itself when it is over.
    return "clear" if verdicts == {Verdict.GONE} else "wait"


def _question(of: str, device: str, condition: UUID) -> tuple[CommandKind, LookAgainBody | ResetBody]:
    """A sensor says by itself when it is over, unless it waits to be reset."""
    if of == "camera":
        return CommandKind.LOOK_AGAIN, LookAgainBody(camera=device, condition_id=condition)
    return CommandKind.RESET, ResetBody(condition_id=condition)
