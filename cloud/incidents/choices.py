"""What a person may do with a case now, and for the rest why not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.incidents import guards, policy
from cloud.incidents.asking import Request
from cloud.incidents.blockers import blocked
from cloud.incidents.guards import Terms
from cloud.incidents.models import Choice, Choices
from cloud.incidents.transitions import ACTIONS, TABLE, State, Whither, rule_for, steps
from cloud.people.person import Person


async def choices(connection: AsyncConnection, incident_id: UUID, person: Person, now: datetime) -> Choices:
    """Every action that people do, in the table's order; the case is there."""
    columns = (incident.c.version, incident.c.state, incident.c.suspended_from)
    row = (await connection.execute(select(*columns).where(incident.c.id == incident_id))).one()
    state, before = State(row.state), State(row.suspended_from) if row.suspended_from else None
    terms = await policy.in_force(connection)
    found = []
    for action in ACTIONS:
        request = Request(action, row.version, None, person.username, person.roles, person.organisation)
        found.append(await _choice(connection, incident_id, state, before, Terms(request, terms, now)))
    return Choices(version=row.version, state=state, items=found)


async def _choice(
    connection: AsyncConnection, incident_id: UUID, state: State, before: State | None, terms: Terms
) -> Choice:
    action, roles = terms.request.action, terms.request.roles
    rule = rule_for(action, state)
    if rule is None:
        row = next(one for one in TABLE if one.action == action)
        sources = dict.fromkeys(s for one in TABLE if one.action == action for s in one.sources)
        why = f"not while {state}; it is done while {', '.join(sources)}"
        return Choice(
            action=action, allowed=False, why_not=why, targets=[], reason=row.reason, needs=[], takes=[]
        )
    known = before if rule.target is Whither.BEFORE else state
    needs, why_not = set(rule.needs), None
    if not rule.roles.intersection(roles):
        why_not = f"it is for {', '.join(sorted(rule.roles))}"
    else:
        for guard in await guards.unmet(connection, incident_id, rule, terms):
            if guard.field is not None and guard.field in rule.takes:
                needs.add(guard.field)
            else:
                why_not = why_not or guard.why
        why_not = why_not or await blocked(connection, incident_id, action)
    return Choice(
        action=action,
        allowed=why_not is None,
        why_not=why_not,
        targets=[] if known is None else [steps(rule, state, before)[-1].target, *rule.also],
        reason=rule.reason,
        needs=sorted(needs),
        takes=sorted(rule.takes - needs),
    )
