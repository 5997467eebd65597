"""`/colleagues`: what the people are called whose user names stand in logs, rosters and lists."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, StringConstraints

from cloud.context import InContext
from cloud.people.directory import names_of
from cloud.people.identity import Viewer
from cloud.problems import problems
from devices.site.model import Names

router = APIRouter(tags=["people"])
MOST = 100
"""User names in one question."""
Asked = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]


class Colleagues(BaseModel):
    """By user name."""

    names: dict[str, Names]
    """Whoever has no account, or has none any more, is left out."""


@router.get(
    "/colleagues",
    operation_id="nameColleagues",
    summary="What colleagues are called",
    description="Of user names that stand somewhere already: it lists nobody.",
    responses=problems("unauthenticated", "invalid"),
)
async def name_colleagues(
    context: InContext, _: Viewer, username: Annotated[list[Asked], Query(min_length=1, max_length=MOST)]
) -> Colleagues:
    """Their names, and nothing else of them."""
    async with context.engine.connect() as connection:
        return Colleagues(names=await names_of(connection, username))
