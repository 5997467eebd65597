"""Organisations and responsibilities as kinds of policy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cloud.deadlines.limits import DEADLINES
from cloud.organisations.matrix import ambiguities
from cloud.organisations.model import Matrix, Organisations, twice
from cloud.organisations.unresolved import unresolved
from cloud.policies.kind import Kind, Sight
from devices.site.source import Finding

MOST = 20
"""Lines about one thing in the log of a start; the API has them all."""


def _ambiguous(matrix: Matrix, sight: Sight) -> Iterator[Finding]:
    for one in islice(ambiguities(matrix, sight.registry.areas), MOST):
        first, second = one.entries
        what = f"and responsibilities[{first}] both lead in {one.event_class} in {one.area}"
        yield Finding(
            ("responsibilities", second),
            f"{what}, and neither is the narrower",
            f'add one with `event_class: "{one.event_class}"` and `area: {one.area}`, or take one out',
        )


def _doubts(matrix: Matrix, sight: Sight) -> Iterator[str]:
    organisations = sight.policies.of(ORGANISATIONS)
    known = {one.id for one in organisations.organisations} if organisations else set()
    deadlines, codes = sight.policies.of(DEADLINES), sight.registry.classes
    for at, entry in enumerate(matrix.responsibilities):
        here = f"responsibilities[{at}]"
        for name in (entry.lead, *entry.helpers):
            if name not in known:
                yield f"{here}: there is no organisation {name!r}; add it to organisations.yaml, or mend it"
        group = entry.event_class
        if group is not None and not any(one == group or one.startswith(f"{group}-") for one in codes):
            yield f"{here}: the site has no event class {group!r}"
        if entry.area is not None and ("area", entry.area) not in sight.registry.active:
            yield f"{here}: the site has no area {entry.area!r}"
        days = entry.limit is not None and entry.limit.unit == "work d"
        if days and (deadlines is None or deadlines.workday is None):
            yield f"{here}: is {entry.limit}, and `workday` of the deadlines does not say how long that is"
    left = list(unresolved(matrix, organisations, sight.registry))
    for one in left[:MOST]:
        yield f"responsibilities: {one}"
    if len(left) > MOST:
        yield f"responsibilities: {len(left) - MOST} more; GET /api/v1/responsibilities?unresolved=true"


def _homeless(organisations: Organisations, sight: Sight) -> Iterator[str]:
    if sight.policies.of(RESPONSIBILITIES) is None:
        yield "responsibilities: there is no matrix, so nobody leads in any class; add responsibilities.yaml"


ORGANISATIONS = Kind("organisations", Organisations, doubts=_homeless)
RESPONSIBILITIES = Kind("responsibilities", Matrix, check=twice, doubts=_doubts, misfits=_ambiguous)
