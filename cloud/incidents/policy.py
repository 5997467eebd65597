"""What a site decides about its cases: data, in `cases.yaml` beside the site file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.policies.kind import Kind, Sight
from cloud.policies.tables import policy
from devices.site.part import Part


class CasePolicy(Part):
    """The whole file. Classes are codes; "05" stands for all of its group."""

    reopen_within_hours: float = Field(default=72.0, gt=0, le=24 * 366)
    """How long after closing people may open a case again; later it is a new one."""
    sample_share: float = Field(default=0.2, ge=0, le=1)
    """How many of those handled on the spot (就地解决) are checked by another person."""
    after_photo: tuple[str, ...] = ()
    """Classes that are not reported done without a photo of afterwards."""
    public_notice: bool = True
    """What the public reported is not closed by telling the reporter alone: the result is public, too."""
    closes_itself: tuple[str, ...] = ()
    """Classes that need no person to close them once a device saw that nothing is there."""

    @property
    def reopen_within(self) -> timedelta:
        """The same, as a time."""
        return timedelta(hours=self.reopen_within_hours)


def among(event_class: str, classes: tuple[str, ...]) -> bool:
    """Whether a class, or a group that it is of, is among `classes`."""
    return any(event_class == one or event_class.startswith(f"{one}-") for one in classes)


def _doubts(document: CasePolicy, sight: Sight) -> Iterator[str]:
    for field in ("after_photo", "closes_itself"):
        for code in getattr(document, field):
            if not any(among(known, (code,)) for known in sight.registry.classes):
                yield f"cases: {field}: the site has no event class {code!r}"


CASES = Kind("cases", CasePolicy, doubts=_doubts)


async def in_force(connection: AsyncConnection) -> CasePolicy:
    """The policy as the database has it; the defaults, where there is none."""
    statement = select(policy.c.body).where(policy.c.kind == CASES.name)
    body = await connection.scalar(statement.order_by(policy.c.version.desc()).limit(1))
    return CasePolicy() if body is None else CasePolicy.model_validate(body)


def sampled(head: bytes, share: float) -> bool:
    """Whether what was handled on the spot is checked by another person.

    `head` is the hash of the log's last line before that: nobody can choose it, anybody can look it up after.
    """
    return int.from_bytes(head[:4], "big") < share * 2**32
