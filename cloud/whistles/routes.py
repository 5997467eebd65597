"""`/incidents/{id}/whistles` and `/whistles`: calling departments, what they answer, how they are rated."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.escalation.policy import ESCALATION, Escalation
from cloud.etag import etag, version_of
from cloud.incidents.store import Actor
from cloud.organisations.kinds import ORGANISATIONS
from cloud.organisations.model import Organisations
from cloud.people.identity import Doer, InScope
from cloud.people.permissions import CALLERS
from cloud.people.person import Person
from cloud.people.roles import Role
from cloud.people.scope import Scope, require
from cloud.problems import problems
from cloud.sources import idempotency
from cloud.sources.idempotency import Asked
from cloud.whistles import service, views
from cloud.whistles.calls import NEEDS_WORDS, Answer
from cloud.whistles.models import AnswerRequest, Call, Calls, RatingRequest, WhistleRequest

router = APIRouter(tags=["incidents"])

_SEEN = Header(description='The ETag you saw, `"v3"`.')
_REFUSALS = (
    "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "version_changed", "invalid",
    "version_required", "key_reused",
)  # fmt: skip


@router.post(
    "/incidents/{incident_id}/whistles",
    operation_id="whistle",
    summary="Call departments to a case",
    description="吹哨. `If-Match` is the case's. Each has its own clock; the case is not closed before each "
    "has reported or its call is withdrawn.",
    status_code=201,
    responses=problems(*_REFUSALS),
)
async def whistle(
    context: InContext,
    person: Doer,
    scope: InScope,
    incident_id: UUID,
    asked: WhistleRequest,
    if_match: Annotated[str | None, _SEEN] = None,
    key: idempotency.Key = None,
) -> Calls:
    """Call them; all calls to the case."""
    version, now = version_of(if_match), context.now()
    content = {"incident": str(incident_id), "version": version} | asked.model_dump()
    actor = Actor("user", person.username)
    async with context.engine.begin() as connection:
        await require(connection, scope, incident_id)

        async def work() -> None:
            _all_known(asked.organisations, context.policies.of(ORGANISATIONS))
            policy = context.policies.of(ESCALATION) or Escalation()
            terms = service.Terms(policy, context.counting())
            await service.whistle(
                connection, incident_id, asked.organisations, asked.reason, actor, terms, now, version
            )

        await idempotency.once(connection, Asked(f"person:{person.id}", key, content), now, work)
        found = await views.of_case(connection, incident_id, scope, now)
    context.tail.changed()
    return found


@router.get(
    "/incidents/{incident_id}/whistles",
    operation_id="listCalls",
    summary="Get the calls to a case",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def list_calls(context: InContext, scope: InScope, incident_id: UUID) -> Calls:
    """All of them."""
    async with context.engine.connect() as connection:
        await require(connection, scope, incident_id)
        return await views.of_case(connection, incident_id, scope, context.now())


@router.get(
    "/whistles",
    operation_id="listOpenCalls",
    summary="List calls that wait for an answer",
    description="Of cases in your scope; `late` counts those that are red.",
    responses=problems("unauthenticated", "forbidden"),
)
async def list_open_calls(context: InContext, scope: InScope) -> Calls:
    """All of them."""
    async with context.engine.connect() as connection:
        return await views.open_calls(connection, scope, context.now())


@router.post(
    "/whistles/{call_id}/answers",
    operation_id="answerCall",
    summary="Check in, report, refuse or withdraw",
    description="报到. `If-Match` is the call's. A department answers its own calls; who calls, withdraws.",
    responses=problems(*_REFUSALS),
)
async def answer_call(
    context: InContext,
    person: Doer,
    scope: InScope,
    call_id: UUID,
    said: AnswerRequest,
    response: Response,
    if_match: Annotated[str | None, _SEEN] = None,
    key: idempotency.Key = None,
) -> Call:
    """Answer; the call as it is now."""
    version, now = version_of(if_match), context.now()
    if said.answer in NEEDS_WORDS and said.words is None:
        fault = {"pointer": "/body/words", "detail": "must be given"}
        raise Problem("invalid", f"words: {said.answer} needs some", errors=[fault])
    content = {"call": str(call_id), "version": version} | said.model_dump(mode="json")
    actor = Actor("user", person.username)
    async with context.engine.begin() as connection:
        _may_say(person, said.answer, await views.one(connection, call_id, scope, now))

        async def work() -> None:
            await service.answer(connection, call_id, said.answer, said.words, actor, now, version)

        await idempotency.once(connection, Asked(f"person:{person.id}", key, content), now, work)
    return await _answer(context, scope, call_id, response)


@router.post(
    "/whistles/{call_id}/rating",
    operation_id="rateCall",
    summary="Rate a department",
    description="By the community in which the case lies, once a case and department, after it reported.",
    status_code=201,
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "invalid", "key_reused"
    ),
)
async def rate_call(
    context: InContext,
    person: Doer,
    scope: InScope,
    call_id: UUID,
    rating: RatingRequest,
    response: Response,
    key: idempotency.Key = None,
) -> Call:
    """Rate it; the call as it is now."""
    now, content = context.now(), {"call": str(call_id)} | rating.model_dump()
    actor = Actor("user", person.username)
    async with context.engine.begin() as connection:
        call = await views.one(connection, call_id, scope, now)
        community = await _community(connection, call.incident_id, scope)

        async def work() -> None:
            await service.rate(connection, call_id, rating.score, rating.words, community, actor, now)

        await idempotency.once(connection, Asked(f"person:{person.id}", key, content), now, work)
    return await _answer(context, scope, call_id, response)


async def _answer(context: Context, scope: Scope, call_id: UUID, response: Response) -> Call:
    context.tail.changed()
    async with context.engine.connect() as connection:
        found = await views.one(connection, call_id, scope, context.now())
    response.headers["ETag"] = etag(found.version)
    return found


def _all_known(organisations: list[str], known: Organisations | None) -> None:
    for at, one in enumerate(organisations):
        if known is None or known.of(one) is None:
            fault = {"pointer": f"/body/organisations/{at}", "detail": "an id of organisations.yaml"}
            raise Problem("invalid", f"organisations: there is no {one!r}", errors=[fault])


def _may_say(person: Person, answer: Answer, call: Call) -> None:
    if answer is Answer.WITHDRAW:
        if not CALLERS.roles.intersection(person.roles):
            raise Problem("forbidden", "a call is withdrawn by those who call")
    elif Role.DEPARTMENT not in person.roles or person.organisation != call.organisation:
        raise Problem("forbidden", f"{call.organisation} itself answers its calls")


async def _community(connection: AsyncConnection, incident_id: UUID, scope: Scope) -> str:
    """The community in which a case lies, when the person is of it and no mere party to the case."""
    columns = (incident.c.grid, incident.c.community)
    row = (await connection.execute(select(*columns).where(incident.c.id == incident_id))).one()
    if row.community is None or not scope.holds(row.grid, row.community):
        raise Problem("forbidden", "only the community in which the case lies rates")
    community: str = row.community
    return community
