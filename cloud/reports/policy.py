"""What a site decides about reports, in `reports.yaml`: what stars weigh, when grids' logs are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Annotated

from pydantic import Field

from cloud.policies.kind import Kind
from cloud.reports.definitions import BY_CODE
from devices.site.part import Part
from devices.site.source import Finding

Weights = Mapping[str, Annotated[float, Field(gt=0, le=100)]]
_WORKER = {"valid_report": 40.0, "missed": 20.0, "verified_in_time": 20.0, "checked_in_time": 20.0}
"""The composite of the city platforms for grid workers (监督员)."""
_GRID = {"closed_in_time": 40.0, "rework": 20.0, "missed": 20.0, "handled_in_time": 20.0}


class StarTerms(Part):
    """How a month's stars are given."""

    weights: Weights = Field(min_length=1)
    """By index; one for which nothing counted weighs nothing."""
    fewest: int = Field(default=5, ge=1, le=1000)
    """Things that must have counted, all indices together; with fewer there is no star."""


class ReportPolicy(Part):
    """The whole file. Without it no reports are made and no grid is asked for its log."""

    workers: StarTerms = StarTerms(weights=_WORKER)
    grids: StarTerms = StarTerms(weights=_GRID)
    bands: tuple[float, float, float, float] = (40, 60, 75, 90)
    """Scores from which on there are two, three, four and five stars."""
    upload_by: time = time(20)
    """By the site's clock: until then each grid's log has an entry of the day (两排查)."""


def _faults(policy: ReportPolicy) -> Iterator[Finding]:
    for name, terms in (("workers", policy.workers), ("grids", policy.grids)):
        for code in terms.weights:
            if code not in BY_CODE or BY_CODE[code].how not in ("higher", "lower"):
                scored = ", ".join(one.code for one in BY_CODE.values() if one.how in ("higher", "lower"))
                yield Finding((name, "weights", code), "is no index that is scored", f"one of {scored}")
    if list(policy.bands) != sorted(set(policy.bands)):
        yield Finding(("bands",), "do not rise", "write four scores, the lowest first")


REPORTS = Kind("reports", ReportPolicy, _faults)
