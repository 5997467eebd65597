"""`/incidents`: list, one, its log, and the one door that changes its state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.etag import etag, version_of
from cloud.incidents import choices, closing, links, service, views
from cloud.incidents.models import Choices, Incident, IncidentPage, Links, Log, TransitionRequest
from cloud.incidents.service import not_found
from cloud.link import verify
from cloud.organisations.dispatching import usual
from cloud.people.identity import Doer, InScope, Person, Viewer
from cloud.people.scope import Scope, require
from cloud.problems import problems
from cloud.push import receipts
from cloud.sources import idempotency
from cloud.stamps import STAMP, stamp

router = APIRouter(prefix="/incidents", tags=["incidents"])

_STATE = Query(description="`open`, `closed`, `all`, or one state.", examples=["open"])


@router.get(
    "",
    operation_id="listIncidents",
    summary="List incidents",
    description="Open ones worst first, then newest; any other list newest first. `next` is also in `Link`.",
    responses=problems("unauthenticated", "invalid"),
)
async def list_incidents(
    context: InContext,
    person: Viewer,
    scope: InScope,
    response: Response,
    state: Annotated[str, _STATE] = "open",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
) -> IncidentPage:
    """One page."""
    async with context.engine.connect() as connection:
        found, following = await views.page(
            connection, scope, state, limit, cursor, context.registry, context.now()
        )
    if following:
        address = f"/api/v1/incidents?state={state}&limit={limit}&cursor={following}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return IncidentPage(items=[views.permit(one, person.roles) for one in found], next=following)


@router.get(
    "/{incident_id}",
    operation_id="getIncident",
    summary="Get one incident",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def get_incident(
    context: InContext,
    person: Viewer,
    scope: InScope,
    incident_id: UUID,
    response: Response,
    seen: Annotated[bool, Query(description="false: a page loads it, nobody looks at it.")] = True,
) -> Incident:
    """One incident; its version is the ETag. Who was called for it and sees it has read that."""
    if seen:
        await receipts.opened(context.engine, incident_id, person.username, context.now(), scope)
    return await _one(context, person, scope, incident_id, response)


@router.get(
    "/{incident_id}/events",
    operation_id="getIncidentLog",
    summary="Get an incident's log",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def get_log(context: InContext, scope: InScope, incident_id: UUID) -> Log:
    """Its log, oldest first."""
    async with context.engine.connect() as connection:
        return Log(items=await views.log_of(connection, incident_id, scope))


@router.get(
    "/{incident_id}/links",
    operation_id="listLinks",
    summary="List the incidents that this one is tied to",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def list_links(context: InContext, scope: InScope, incident_id: UUID) -> Links:
    """Merged, duplicate and recurring ones."""
    async with context.engine.connect() as connection:
        await require(connection, scope, incident_id)
        return Links(items=await links.of(connection, incident_id, scope))


@router.get(
    "/{incident_id}/transitions",
    operation_id="listTransitions",
    summary="What you may do with an incident now",
    description="Every action that people do, in the order of an incident's life; of the others why not.",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def list_transitions(
    context: InContext, person: Viewer, scope: InScope, incident_id: UUID, response: Response
) -> Choices:
    """The choices, as of the version in the ETag."""
    async with context.engine.connect() as connection:
        await require(connection, scope, incident_id)
        found = await choices.choices(connection, incident_id, person, context.now())
    response.headers["ETag"] = etag(found.version)
    return found


@router.post(
    "/{incident_id}/transitions",
    operation_id="changeIncident",
    summary="Change an incident's state",
    description=(
        "The one door. `If-Match` must carry the version you saw. `accept` passes `verifying`, `dispatch` "
        "passes `filed`; each is its own line of the log. A `dispatch` to nobody goes to whoever "
        "leads by the matrix. After `resolve`, `self_handle` or `resume` an "
        "incident of which nothing is there any more goes on to `checking` at once; else its cameras look "
        "again."
    ),
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "version_changed",
        "invalid", "version_required", "key_reused",
    ),
)  # fmt: skip
async def change_incident(
    context: InContext,
    person: Doer,
    scope: InScope,
    incident_id: UUID,
    step: TransitionRequest,
    response: Response,
    if_match: Annotated[str | None, Header(description='The ETag you saw, `"v3"`.')] = None,
    key: idempotency.Key = None,
) -> Incident:
    """One step; answers the incident as it made it, a repeat with the same key too."""
    content = {"incident": str(incident_id), "if_match": if_match} | step.model_dump(
        mode="json", exclude={"sent_at"}
    )
    asked = idempotency.Asked(f"person:{person.id}", key, content)
    nodes: set[str] = set()
    async with context.engine.begin() as connection:
        await require(connection, scope, incident_id)

        async def work() -> Any:
            nodes.update(await _step(connection, context, person, scope, incident_id, step, if_match))
            shown = (await views.read(connection, [incident_id], scope, context.registry, context.now())).get(
                incident_id
            )
            return None if shown is None else views.permit(shown, person.roles).model_dump(mode="json")

        answer, fresh = await idempotency.once(connection, asked, context.now(), work)
    if fresh:
        context.tail.changed()
        for node in nodes:
            await context.hub.queued(node)
    if answer is None:  # the step took it out of their sight
        raise not_found(incident_id)
    found = Incident.model_validate(answer)
    response.headers["ETag"] = etag(found.version)
    return found


async def _step(
    connection: AsyncConnection,
    context: Context,
    person: Person,
    scope: Scope,
    incident_id: UUID,
    step: TransitionRequest,
    if_match: str | None,
) -> Collection[str]:
    """Do it, and what follows at once; the nodes whose cameras are asked to look again."""
    now = context.now()
    given = step.model_dump(mode="json", exclude_none=True, exclude={*STAMP})
    request = service.Request(
        action=given.pop("action"),
        version=version_of(if_match),
        reason=given.pop("reason", None),
        username=person.username,
        roles=person.roles,
        organisation=person.organisation,
        fields=given,
        stamp=stamp(step, step, now),
    )
    if step.into is not None:
        await require(connection, scope, step.into)
    if step.action == "dispatch" and step.handler is None and step.organisation is None:
        whom = await usual(connection, incident_id, context.policies, context.registry)
        request = replace(request, fields=given | whom)
    await service.change(connection, incident_id, request, now)
    asked = await verify.after(connection, incident_id, request, context.registry, now)
    await closing.settle(connection, [incident_id], now)
    return asked


async def _one(
    context: Context, person: Person, scope: Scope, incident_id: UUID, response: Response
) -> Incident:
    async with context.engine.connect() as connection:
        found = await views.read(connection, [incident_id], scope, context.registry, context.now())
    if incident_id not in found:
        raise not_found(incident_id)
    shown = views.permit(found[incident_id], person.roles)
    response.headers["ETag"] = etag(shown.version)
    return shown
