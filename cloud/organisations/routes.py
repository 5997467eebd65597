"""`/organisations` and `/responsibilities`: whom cases can be given to, and who leads in what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cloud.context import InContext
from cloud.errors import Problem
from cloud.organisations.kinds import ORGANISATIONS, RESPONSIBILITIES
from cloud.organisations.matrix import lead
from cloud.organisations.models import (
    ContactOut,
    OrganisationList,
    OrganisationOut,
    ResponsibilityList,
    ResponsibilityOut,
)
from cloud.organisations.unresolved import unresolved
from cloud.people.identity import Viewer
from cloud.problems import problems

router = APIRouter(tags=["registry"], responses=problems("unauthenticated"))


@router.get("/organisations", operation_id="listOrganisations", summary="Whom cases can be given to")
async def list_organisations(context: InContext, _: Viewer) -> OrganisationList:
    """Departments, bike operators, camera owners, maintenance, security offices."""
    found = context.policies.of(ORGANISATIONS)
    return OrganisationList(
        items=[
            OrganisationOut(
                id=one.id,
                kind=one.kind,
                name=one.name,
                contacts=[ContactOut(channel=c.channel, to=c.to, name=c.name) for c in one.contacts],
            )
            for one in (found.organisations if found else ())
        ]
    )


@router.get(
    "/responsibilities",
    operation_id="listResponsibilities",
    summary="Who leads in a class of events in a grid, or where nobody does",
    description="Either `event_class` and `grid`, or `unresolved=true` for all that has no one lead.",
    responses=problems("invalid", "not_found"),
)
async def list_responsibilities(
    context: InContext,
    _: Viewer,
    event_class: Annotated[str | None, Query(max_length=64)] = None,
    grid: Annotated[str | None, Query(max_length=64)] = None,
    unresolved: Annotated[bool, Query(description="Classes and grids without exactly one lead.")] = False,
) -> ResponsibilityList:
    """One answer, or all gaps."""
    matrix, registry = context.policies.of(RESPONSIBILITIES), context.registry
    if matrix is None:
        raise Problem(
            "not_found", "this cloud has no matrix; put a responsibilities.yaml beside the site file"
        )
    if unresolved:
        return ResponsibilityList(items=_gaps(context))
    if event_class is None or grid is None:
        fault = {"pointer": "/query/event_class", "detail": "give event_class and grid, or unresolved=true"}
        raise Problem("invalid", "which class in which grid?", errors=[fault])
    if event_class not in registry.classes or grid not in registry.areas:
        raise Problem("not_found", f"there is no class {event_class!r} or no grid {grid!r}")
    found = lead(matrix, registry, event_class, grid)
    if found is None:
        those = [one for one in _gaps(context) if one.event_class == event_class and grid in one.grids]
        return ResponsibilityList(items=[one.model_copy(update={"grids": [grid]}) for one in those])
    answer = ResponsibilityOut(
        event_class=event_class,
        grids=[grid],
        everywhere=False,
        lead=found.lead,
        helpers=list(found.helpers),
        limit=str(found.limit) if found.limit else None,
        why=None,
        entries=[found.entry],
    )
    return ResponsibilityList(items=[answer])


def _gaps(context: InContext) -> list[ResponsibilityOut]:
    matrix = context.policies.of(RESPONSIBILITIES)
    assert matrix is not None, "asked before"
    return [
        ResponsibilityOut(
            event_class=one.event_class,
            grids=list(one.grids),
            everywhere=one.everywhere,
            lead=None,
            helpers=[],
            limit=None,
            why=one.why,
            entries=list(one.entries),
        )
        for one in unresolved(matrix, context.policies.of(ORGANISATIONS), context.registry)
    ]
