"""What several conditions mean together: on one node at a point (`Join`), over nodes (`IncidentJoin`)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from devices.messages import Identifier, Severity
from devices.site.part import Hold, Part, Seconds

Alone = Literal["report", "suspected", "silent"]
"""What is told of a part that nothing has joined yet: all of it; all, but as suspected and of low severity;
nothing until it is joined (of sensors only: the photos of a camera's condition are not kept for later)."""


class PartOf(Part):
    """Conditions that can be one part of a join: all that fit everything that is given here."""

    device: Identifier | None = None
    """Of this camera or sensor."""
    zone: Identifier | None = None
    rule: str | None = None
    """Of the rule of this id; of a camera's health: `health.washed_out` and the like."""
    event_class: str | None = None
    at: Literal["point", "grid"] | tuple[Identifier, ...] = "point"
    """Where: at the point of the join, at all points of its grid that its node has, or at these."""
    alone: Alone = "report"

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.device, self.zone, self.rule, self.event_class) == (None, None, None, None):
            raise ValueError("fits everything; give `device`, `zone`, `rule` or `event_class`")
        return self


class Join(Part):
    """A rule over what other rules hold open, at one point; a condition of its own.

    `all_of`: each part is there. `any_of`: `count` different ones are, of whatever part. `confirmed`: the
    first part is there, and `count` of the others.
    """

    kind: Literal["all_of", "any_of", "confirmed"]
    id: Identifier
    event_class: str
    parts: tuple[PartOf, ...] = Field(min_length=1)
    count: int = Field(default=1, ge=1)
    within: Hold = 60.0
    """Seconds: one may be over for so long when the other comes."""
    begun_within: Seconds | None = None
    """Seconds within which all must have begun; none: however long one has stood."""
    clear_when: Literal["all", "any"] = "all"
    """Over when nothing of it is there any more, or as soon as what is left would not have opened it."""
    place: Identifier | None = None
    """Whose incident it is; its own id unless given."""
    severity: Severity = Severity.HIGH

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.kind == "any_of" and self.count < 2 and len(self.parts) < 2:
            raise ValueError("joins nothing; give `count` of 2 or more, or further `parts`")
        if self.kind != "any_of" and len(self.parts) < 2:
            raise ValueError(f"joins nothing; `{self.kind}` needs two `parts` at least")
        if self.kind == "all_of" and self.count != 1:
            raise ValueError("asks for all of its parts; take `count` out, or make it `any_of`")
        return self


class IncidentJoin(Part):
    """Alarms of these classes, near one another in place and time, are one incident, whatever node sent them.

    An alarm that began within `within` of one of an open incident's alarms joins that incident.
    """

    id: Identifier
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    across: Literal["grid", "community"] | tuple[Identifier, ...] = "grid"
    """Points of one grid, of one community, or these points."""
    within: Seconds = 300.0
