"""`/sops`: how each class of event is handled in the field."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from cloud.context import InContext
from cloud.people.identity import Viewer
from cloud.problems import problems
from cloud.sops.policy import SOPS, Sops
from devices.site.model import Names

router = APIRouter(prefix="/sops", tags=["policies"])


class SopOut(BaseModel):
    """What to do about one class."""

    event_class: str
    careful: Names | None
    steps: list[Names]


class SopList(BaseModel):
    """Of every class that has one, its own or its group's: a phone keeps them all."""

    items: list[SopOut]


@router.get(
    "",
    operation_id="listSops",
    summary="What to do on the spot, by event class",
    responses=problems("unauthenticated"),
)
async def list_sops(context: InContext, _: Viewer) -> SopList:
    """In the order of the classes."""
    sops = context.policies.of(SOPS) or Sops()
    found = ((code, sops.of(code)) for code in context.registry.classes)
    return SopList(
        items=[
            SopOut(event_class=code, careful=sop.careful, steps=list(sop.steps)) for code, sop in found if sop
        ]
    )
