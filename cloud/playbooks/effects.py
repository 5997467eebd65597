"""Doing a playbook's steps: each in the transaction in which it is written down that it fired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from cloud.organisations.matrix import Responsibility
from cloud.people.scope import admit
from cloud.playbooks.engine import DISSOLVE, FILE, MARK, OVERDUE, PROJECT, WINDOW, stage_step
from cloud.playbooks.policy import HELPERS, LEAD, Playbook, Playbooks, Stage
from cloud.playbooks.projects import open_or_join
from cloud.push.service import Notice, notify
from devices.site.model import Names

_OVER = Names(zh="末阶段时限已过", en="the last stage's time is over")
Leads = Callable[[str, str | None], Responsibility | None]
"""Who leads in a class of events in a grid, by the matrix in force."""


def effect(policy: Callable[[], Playbooks | None], leads: Leads) -> Effect:
    """What a deadline of a playbook does; `policy`: the one in force."""

    async def step(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        assert one.incident_id is not None
        case = (await connection.execute(select(incident).where(incident.c.id == one.incident_id))).one()
        book = policy()
        playbook = book.of(case.event_class) if book else None
        if playbook is not None:
            await _do(connection, playbook, case, str(one.detail["step"]), leads, now)

    return step


async def _do(
    connection: AsyncConnection, playbook: Playbook, case: Any, step: str, leads: Leads, now: datetime
) -> None:
    """`case`: a row of `incident`."""
    incident_id: UUID = case.id
    detail: dict[str, Any] = {MARK: step}
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
            await hand_up(connection, incident_id, _OVER.en, GRIDWATCH, now, said=_OVER)
    elif stage is not None:
        await _begin(connection, case, stage, leads(case.event_class, case.grid), now)


async def _begin(
    connection: AsyncConnection, case: Any, stage: Stage, who: Responsibility | None, now: datetime
) -> None:
    """Tell the stage's organisations, let them see the case, and dispatch it if the stage says so."""
    told = _named(stage.tell, who)
    to = next(iter(_named((stage.dispatch,), who)), None) if stage.dispatch else None
    detail: dict[str, Any] = {MARK: stage_step(stage.id), "told": told}
    if to is not None:
        detail["organisation"] = to
    if to is None or rule_for("dispatch", State(case.state)) is None:
        await log.append(connection, case.id, "playbook", GRIDWATCH, detail, now)
    else:
        await by_system(connection, case.id, "dispatch", stage.name.en, detail, now)
    if to is not None:
        await connection.execute(update(incident).where(incident.c.id == case.id).values(organisation=to))
    for each in told:
        await admit(connection, case.id, f"organisation:{each}")
    words = Names(zh=f"{stage.name.zh}:{stage.message.zh}", en=f"{stage.name.en}: {stage.message.en}")
    targets = tuple(f"organisation:{each}" for each in told) or ("duty:shift_leader",)
    await notify(connection, Notice("playbook", case.id, targets, words), now)


def _named(words: Sequence[str], who: Responsibility | None) -> list[str]:
    """The organisations that a stage names, each once; none, where it names whom nobody says."""
    found: list[str] = []
    for word in words:
        if word == LEAD:
            found += [who.lead] if who else []
        elif word == HELPERS:
            found += who.helpers if who else []
        else:
            found.append(word)
    return list(dict.fromkeys(found))
