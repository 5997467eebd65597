"""People and API tokens as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud.people.directory import SHORTEST
from cloud.people.roles import Role
from devices.site.model import Names

Username = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Id = Annotated[str, Field(min_length=1, max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PersonOut(BaseModel):
    """Somebody with an account; `version` is the ETag."""

    username: str
    name: Names
    roles: list[Role]
    areas: list[str]
    """Ids of grids, communities or the street; none: the whole street, for roles not bound to areas."""
    organisation: str | None
    locked_at: datetime | None
    has_password: bool
    """False: comes by the provider only."""
    created_at: datetime
    version: int


class People(BaseModel):
    """Everybody with an account, by user name."""

    items: list[PersonOut]


class PersonNew(_Strict):
    """Somebody to add."""

    username: Username
    name: Names
    roles: list[Role] = Field(min_length=1)
    areas: list[Id] = []
    organisation: Id | None = None


class PersonChange(_Strict):
    """What is given is changed, what is not stays."""

    name: Names | None = None
    roles: list[Role] | None = None
    areas: list[Id] | None = None
    organisation: Id | None = None
    locked: bool | None = None
    """True: shut out from the next request on."""


class Given(BaseModel):
    """A person, and the password that is told this once."""

    person: PersonOut
    password: str


class PasswordChange(_Strict):
    """The own password."""

    old: str = Field(min_length=1, max_length=200)
    new: str = Field(min_length=SHORTEST, max_length=200)


class SubjectLink(_Strict):
    """Who somebody is at the provider."""

    subject: str = Field(min_length=1, max_length=255)


class TokenNew(_Strict):
    """A token for a program that speaks for a person or an organisation."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f/]+$")
    username: Username | None = None
    """For whom; neither this nor `organisation`: yourself."""
    organisation: Id | None = None
    roles: list[Role] = Field(min_length=1)
    """Of the person's own; for an organisation `department`."""
    areas: list[Id] = []
    """Only these of the person's; none: all of them."""
    days: int = Field(default=90, ge=1, le=366)


class TokenOut(BaseModel):
    """An API token; what it is nobody can read here."""

    id: UUID
    name: str
    username: str | None
    organisation: str | None
    roles: list[Role]
    areas: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


class TokenGiven(BaseModel):
    """A token, told this once."""

    token: str
    about: TokenOut


class Tokens(BaseModel):
    """API tokens, newest first."""

    items: list[TokenOut]
