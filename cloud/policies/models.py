"""Policies as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from cloud.incidents.models import Actor


class PolicyHead(BaseModel):
    """One kind of policy, without what it says."""

    kind: str
    version: int
    """0: it never had a document."""
    at: datetime | None
    actor: Actor | None
    source: Literal["file", "person"] | None
    """Whether that version came from the file beside the site file, or from a person."""
    waiting: bool
    """The file was changed after a person's version and is not in force; see `waiting` of the policy."""


class PolicyList(BaseModel):
    """All kinds."""

    items: list[PolicyHead]


class WaitingFile(BaseModel):
    """A file that was changed after a person wrote the version in force: put the one that is meant."""

    seen_at: datetime
    document: dict[str, Any]


class Policy(BaseModel):
    """One version of one kind, with what it says."""

    kind: str
    version: int
    at: datetime
    actor: Actor
    source: Literal["file", "person"]
    document: dict[str, Any]
    """As it was written; GET /policies/{kind}/schema has its form."""


class PolicyInForce(Policy):
    """The version in force."""

    doubts: list[str]
    """What is not wrong by itself, but does not fit the site, the people or another policy."""
    waiting: WaitingFile | None


class PolicyTaken(BaseModel):
    """What became of a document that was put."""

    kind: str
    taken: bool
    """False: it was a dry run, or it is in force already."""
    version: int
    """In force now."""
    doubts: list[str]
    """Of the document that was put."""


class PolicyVersions(BaseModel):
    """Versions of one kind, newest first."""

    items: list[PolicyHead]
