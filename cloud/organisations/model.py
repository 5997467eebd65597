"""Organisations and the responsibility matrix, as files of a site give them: data, never code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cloud.deadlines.limits import WrittenLimit
from devices.messages import Identifier
from devices.site.model import Credentials, Names
from devices.site.part import Part
from devices.site.source import Finding

OrganisationKind = Literal["department", "bike_operator", "camera_owner", "maintenance", "security_office"]
Channel = Literal["phone", "sms", "email", "wecom", "dingtalk", "feishu", "webhook"]
_OPEN = ("phone", "sms", "email")
"""Channels whose address may stand in a file; a robot's holds a key."""
Prefix = Annotated[str, Field(pattern=r"^\d{2}(-\d{2}(-\d{3})?)?$")]
"""Of event classes: "05", "05-06" or "05-06-081"."""


class Contact(Part):
    """One way to reach an organisation."""

    channel: Channel
    to: str | None = Field(default=None, min_length=1, max_length=200)
    """A number or address; one that is no secret."""
    secret: Credentials | None = None
    """The NAME of the environment variable that holds the address, where the address is a secret."""
    name: Names | None = None
    """Who answers there."""

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.to is None) == (self.secret is None):
            raise ValueError("needs one address; give `to`, or `secret` with the name of a variable")
        if self.to is not None and self.channel not in _OPEN:
            raise ValueError(
                f"is the address of a {self.channel} robot, which holds a key; "
                "put it into the environment and give the variable's name by `secret`"
            )
        return self


class Organisation(Part):
    """A department of the district, a company or an office that cases can be given to."""

    id: Identifier
    kind: OrganisationKind
    name: Names
    contacts: tuple[Contact, ...] = Field(default=(), max_length=20)


class Organisations(Part):
    """The file organisations.yaml."""

    organisations: tuple[Organisation, ...] = Field(max_length=500)

    @model_validator(mode="after")
    def _each_stands_once(self) -> Self:
        twice = [name for name, n in Counter(one.id for one in self.organisations).items() if n > 1]
        if twice:
            raise ValueError(f"has the organisation {twice[0]!r} twice; give one of them another id")
        return self

    def of(self, identifier: str) -> Organisation | None:
        """The organisation of this id."""
        return next((one for one in self.organisations if one.id == identifier), None)


class Entry(Part):
    """Who leads in a class of events in an area."""

    event_class: Prefix | None = None
    """It and all of its group; None: every class."""
    area: Identifier | None = None
    """A grid, a community with all its grids, or the street; None: everywhere."""
    lead: Identifier
    """The organisation that is in charge (主责)."""
    helpers: tuple[Identifier, ...] = Field(default=(), max_length=20)
    """Those that help it (协同)."""
    limit: WrittenLimit | None = None
    """For handling, where it differs from the class's."""

    @model_validator(mode="after")
    def _helps_somebody_else(self) -> Self:
        if self.lead in self.helpers or len(set(self.helpers)) < len(self.helpers):
            raise ValueError("names an organisation twice; each leads or helps once")
        return self


class Matrix(Part):
    """The file responsibilities.yaml."""

    responsibilities: tuple[Entry, ...] = Field(max_length=2000)

    @cached_property
    def places(self) -> dict[tuple[str | None, str | None], int]:
        """(Class, area) -> the place of its entry, from 0."""
        return {(entry.event_class, entry.area): at for at, entry in enumerate(self.responsibilities)}


def twice(matrix: Matrix) -> Iterator[Finding]:
    """Entries that say the same class and area."""
    first: dict[tuple[str | None, str | None], int] = {}
    for at, entry in enumerate(matrix.responsibilities):
        before = first.setdefault((entry.event_class, entry.area), at)
        if before != at:
            yield Finding(
                ("responsibilities", at),
                f"says the same class and area as responsibilities[{before}]",
                "keep one of them",
            )
