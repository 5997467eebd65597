"""What to do on the spot by event class, as a site's `sops.yaml` gives it: data."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cloud.escalation.policy import groups_of, has_class
from cloud.policies.kind import Kind, Sight
from devices.site.model import Names
from devices.site.part import Part


class Sop(Part):
    """What to do about one class."""

    steps: tuple[Names, ...] = Field(min_length=1, max_length=12)
    """In their order, each short enough to be read while standing in the street."""
    careful: Names | None = None
    """What one must not do, or whom to call first; shown before the steps."""


class Sops(Part):
    """The whole file."""

    classes: dict[str, Sop] = Field(default_factory=dict)
    """By code; "05" is for all of its group without one of their own."""

    def of(self, event_class: str) -> Sop | None:
        """The steps for a class."""
        return next((self.classes[code] for code in groups_of(event_class) if code in self.classes), None)


def _doubts(document: Sops, sight: Sight) -> Iterator[str]:
    for code in document.classes:
        if not has_class(sight, code):
            yield f"sops: classes.{code}: the site has no such event class"


SOPS = Kind("sops", Sops, doubts=_doubts)
