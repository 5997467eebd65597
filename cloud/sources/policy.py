"""How reports are taken, as a site's `sources.yaml` says: near duplicates, the hotline's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cloud.areas.registry import Registry
from cloud.policies.kind import Kind, Sight
from devices.site.model import EventClass
from devices.site.part import Part, Seconds

Column = Literal[
    "number", "received_at", "class", "words", "address", "grid", "community", "point", "lon", "lat"
]
Metres = Annotated[float, Field(gt=0, le=5000)]


class Near(Part):
    """How near a case must be to be offered as a duplicate."""

    metres: Metres = 50
    within: Seconds = 24 * 3600
    """Between the report and the last time that the case was heard of."""


class Family(Part):
    """Event classes that people tell apart badly: a report of one may be a case of another."""

    classes: tuple[str, ...] = Field(min_length=1)
    """Codes; "05-06" is for its extensions too."""
    near: Near | None = None


class Hotline(Part):
    """What a hotline's sheet looks like."""

    id: str = Field(default="12345", pattern=r"^[A-Za-z0-9_-]{1,20}$")
    """Whose numbers these are: the same number of the same hotline is one case."""
    columns: dict[Column, tuple[str, ...]] = Field(default_factory=dict)
    """What its header calls each; the first that the sheet has is read, and no others."""
    classes: dict[str, str] = Field(default_factory=dict)
    """Its words for a class -> code; codes and names of the site's own classes are known without it."""
    times: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
    """Forms of its times (as of Python's strptime), by the site's clock."""

    @model_validator(mode="after")
    def _read(self) -> Self:
        missing = {"number", "class", "words"} - set(self.columns) if self.columns else set()
        if missing:
            raise ValueError(
                f"`columns` does not name {', '.join(sorted(missing))}; add what the sheet calls it"
            )
        return self


class SourcesPolicy(Part):
    """The whole file."""

    near: Near = Near()
    families: tuple[Family, ...] = ()
    """A class in none is of a family with its extensions: "05-06" and "05-06-081"."""
    hotline: Hotline = Hotline()
    not_offered: tuple[str, ...] = ("90",)
    """Classes that the public cannot report by Open311: here the states of our own devices."""
    jurisdiction: str | None = Field(default=None, max_length=200)
    """`jurisdiction_id` of Open311; null: whatever a client says."""

    def family(self, event_class: str) -> Family:
        """The family of a class."""
        for one in self.families:
            if any(belongs(event_class, code) for code in one.classes):
                return one
        return Family(classes=("-".join(event_class.split("-")[:2]),))

    def nearness(self, event_class: str) -> Near:
        """How near a case must be to a report of this class."""
        return self.family(event_class).near or self.near


def belongs(event_class: str, code: str) -> bool:
    """Whether a class is `code` or one of its extensions."""
    return event_class == code or event_class.startswith(f"{code}-")


def offered(registry: Registry, policy: SourcesPolicy) -> list[EventClass]:
    """The classes that the public may report."""
    return [
        one
        for one in registry.classes.values()
        if ("event_class", one.code) in registry.active
        and not any(belongs(one.code, code) for code in policy.not_offered)
    ]


def _doubts(policy: SourcesPolicy, sight: Sight) -> Iterator[str]:
    known = sight.registry.classes
    named = {code for family in policy.families for code in family.classes}
    for code in sorted(named | set(policy.hotline.classes.values())):
        if not any(belongs(one, code) for one in known):
            yield f"sources: {code}: the site has no such event class"


SOURCES = Kind("sources", SourcesPolicy, doubts=_doubts)
DEFAULT = SourcesPolicy()
"""For a site that ships none."""
