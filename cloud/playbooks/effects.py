"""Doing a playbook's steps: each in the transaction in which it is written down that it fired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.deadlines.firing import Effect
from cloud.deadlines.store import Deadline
from cloud.escalation.policy import above
from cloud.escalation.service import hand_up
from cloud.incidents import log
from cloud.incidents.service import by_system
from cloud.incidents.store import GRIDWATCH
from cloud.incidents.transitions import State, rule_for
from cloud.playbooks.engine import DISSOLVE, FILE, MARK, OVERDUE, PROJECT, WINDOW, stage_step
from cloud.playbooks.policy import Playbook, Playbooks, Stage
from cloud.playbooks.projects import open_or_join
from cloud.push.service import Notice, notify
from devices.site.model import Names


def effect(policy: Callable[[], Playbooks | None]) -> Effect:
    """What a deadline of a playbook does; `policy`: the one in force."""

    async def step(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        assert one.incident_id is not None
        case = (await connection.execute(select(incident).where(incident.c.id == one.incident_id))).one()
        book = policy()
        playbook = book.of(case.event_class) if book else None
        if playbook is not None:
            await _do(connection, playbook, case.id, str(one.detail["step"]), now)

    return step


async def _do(
    connection: AsyncConnection, playbook: Playbook, incident_id: UUID, step: str, now: datetime
) -> None:
    detail: dict[str, Any] = {MARK: step}
    case = (await connection.execute(select(incident).where(incident.c.id == incident_id))).one()
    stage = next((one for one in playbook.stages if stage_step(one.id) == step), None)
    if step == WINDOW:
        why = f"{playbook.window} to set it right"
        await by_system(connection, incident_id, "verify", why, detail, now)
    elif step == DISSOLVE:
        why = "gone within the time to set it right"
        await by_system(connection, incident_id, "self_corrected", why, detail, now)
    elif step == FILE:
        if case.state == State.VERIFYING:
            await by_system(
                connection, incident_id, "accept", f"still there after {playbook.window}", {}, now
            )
        await by_system(connection, incident_id, "file", None, detail, now)
    elif step == PROJECT and playbook.recurrence is not None:
        project, new = await open_or_join(connection, case, playbook.recurrence, now)
        detail |= {"project": str(project), "new": new}
        await log.append(connection, incident_id, "project", GRIDWATCH, detail, now)
        if new:
            told = ("duty:grid_leader", "role:community")
            await notify(connection, Notice("playbook", incident_id, told, playbook.recurrence.project), now)
    elif step == OVERDUE:
        await log.append(connection, incident_id, "playbook", GRIDWATCH, detail, now)
        if above(case.level) is not None:
            await hand_up(connection, incident_id, "the last stage's time is over", GRIDWATCH, now)
    elif stage is not None:
        await _begin(connection, incident_id, stage, State(case.state), now)


async def _begin(
    connection: AsyncConnection, incident_id: UUID, stage: Stage, state: State, now: datetime
) -> None:
    """Address the case to the stage's organisation, dispatch it if the stage says so, and tell it."""
    detail = {MARK: stage_step(stage.id), "organisation": stage.organisation}
    if stage.dispatch and rule_for("dispatch", state) is not None:
        await by_system(connection, incident_id, "dispatch", stage.name.en, detail, now)
    else:
        await log.append(connection, incident_id, "playbook", GRIDWATCH, detail, now)
    mine = incident.c.id == incident_id
    await connection.execute(update(incident).where(mine).values(organisation=stage.organisation))
    words = Names(zh=f"{stage.name.zh}:{stage.message.zh}", en=f"{stage.name.en}: {stage.message.en}")
    told = (f"organisation:{stage.organisation}",)
    await notify(connection, Notice("playbook", incident_id, told, words), now)
