"""Rows of reports and candidates as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloud.alarms.models import class_ref
from cloud.areas.registry import Registry
from cloud.errors import Problem
from cloud.public.codes import public_number
from cloud.sources.duplicates import Candidate, Spot
from cloud.sources.models import Nearby, Report, Waiting


def show_report(row: Any, secret: bytes, registry: Registry) -> Report:
    """A row of `report`; `secret` is that of public numbers."""
    return Report(**_fields(row, secret, registry))


def show_waiting(row: Any, found: Iterable[Candidate], secret: bytes, registry: Registry) -> Waiting:
    """A row of `report` with the cases that it may tell of."""
    return Waiting(**_fields(row, secret, registry), candidates=show_candidates(found, registry))


def show_candidates(found: Iterable[Candidate], registry: Registry) -> list[Nearby]:
    """Cases that may be the same."""
    return [
        Nearby(
            incident_id=one.case.id,
            number=one.case.number,
            event_class=class_ref(one.case.event_class, registry),
            reason=one.reason,
            metres=None if one.metres is None else round(one.metres, 1),
            minutes=round(one.minutes, 1),
            same_class=one.same_class,
        )
        for one in found
    ]


def spot_of(row: Any, event_class: str) -> Spot:
    """What is looked for near a row of `report`."""
    position = (row.lon, row.lat) if row.lon is not None else None
    return Spot(event_class, row.happened_at, position, row.grid)


def active_class(code: str, registry: Registry) -> str:
    """The code, when the site has such a class.

    Raises:
        Problem: invalid.
    """
    if ("event_class", code) not in registry.active:
        fault = {"pointer": "/body/event_class", "detail": "one of GET /api/v1/event-classes"}
        raise Problem("invalid", f"event_class: the site has no class {code!r}", errors=[fault])
    return code


def _fields(row: Any, secret: bytes, registry: Registry) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in Report.model_fields if hasattr(row, name)}
    return plain | {
        "public_number": public_number(secret, row.number),
        "event_class": class_ref(row.event_class, registry) if row.event_class else None,
        "photos": [f"/api/v1/media/{sha256}" for sha256 in row.photos],
    }
