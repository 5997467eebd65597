"""What a kind of policy is: its name, its shape, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from cloud.areas.registry import Registry
from devices.site.source import Finding

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies in force, by kind. Another version of one is another object, the others stay the same."""

    documents: Mapping[str, BaseModel] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    """Rising by one from 1, for each kind that ever had a document."""

    def of(self, kind: Kind[Document]) -> Document | None:
        """The document of `kind` that is in force; None: there is none."""
        found = self.documents.get(kind.name)
        assert found is None or isinstance(found, kind.model)
        return found


@dataclass(frozen=True, slots=True)
class Sight:
    """What a document is held against to see whether it is probably meant so."""

    registry: Registry
    policies: Policies
    today: date
    """Of the site."""
    people: frozenset[str] = frozenset()
    """User names of all accounts."""


def _nothing(*_: Any) -> Iterator[Any]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Kind(Generic[Document]):
    """One kind of policy; `cloud.policies.kinds.KINDS` has all of them.

    What is wrong with a document by itself is a fault, and such a document is taken from nobody. What does
    not fit the site, the people or another policy is a doubt: those change in any order, so it is only told.
    In between are misfits: a person's document with one is refused, a file's is told of, as the site may be
    mended instead.
    """

    name: str
    """Also of its file: NAME.yaml beside the site file."""
    model: type[Document]
    """Its shape; validators say `what is wrong; the fix`."""
    check: Callable[[Document], Iterator[Finding]] = _nothing
    """Faults that no validator can tell."""
    doubts: Callable[[Document, Sight], Iterator[str]] = _nothing
    misfits: Callable[[Document, Sight], Iterator[Finding]] = _nothing
    parts: tuple[str, ...] = ()
    """Fields that may name a file beside it, instead of what that file holds."""
