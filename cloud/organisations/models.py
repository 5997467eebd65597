"""Organisations and responsibilities as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel

from cloud.organisations.model import Channel, OrganisationKind
from cloud.organisations.unresolved import Why
from devices.site.model import Names


class ContactOut(BaseModel):
    """A way to reach an organisation."""

    channel: Channel
    to: str | None
    """Null: the address is a secret."""
    name: Names | None


class OrganisationOut(BaseModel):
    """Whom cases can be given to."""

    id: str
    kind: OrganisationKind
    name: Names
    contacts: list[ContactOut]


class OrganisationList(BaseModel):
    """In the file's order."""

    items: list[OrganisationOut]


class ResponsibilityOut(BaseModel):
    """What the matrix says of a class in a grid, or of what it leaves open."""

    event_class: str
    grids: list[str]
    """All grids for which this holds."""
    everywhere: bool
    """These are all grids of the site."""
    lead: str | None
    helpers: list[str]
    limit: str | None
    """For handling, where it differs from the class's."""
    why: Why | None
    """Why nobody leads."""
    entries: list[int]
    """Which entries of the matrix say so, from 0."""


class ResponsibilityList(BaseModel):
    """In the site's order of classes."""

    items: list[ResponsibilityOut]
