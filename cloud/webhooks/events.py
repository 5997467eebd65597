"""What an event says, which it is, and when it is sent again. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

ORIGIN = UUID("6d1f7c52-0c2f-5b8a-9a55-3f3f6f0b8e21")
"""Namespace of event ids: the same line of the same case is the same event, however often it is sent."""
TYPE = "cn.gridwatch."
FIRST = 5.0
MOST = 3600.0
"""Seconds between two tries: 5, 10, 20, ..., at most an hour; each up to a fifth longer, by chance."""
ENDS = timedelta(hours=24)
"""After this an event is given up, and the next of its case is sent."""
DISABLED_AFTER = timedelta(days=3)
"""Nothing was taken for so long: the subscription is disabled."""


def event_id(subject: UUID, version: int) -> UUID:
    """The id of the event that is line `version` of what is told of a case or an asset."""
    return uuid5(ORIGIN, f"{subject}/{version}")


def data_of(case: Any, line: Any) -> dict[str, Any]:
    """What is told of a case and one line of its log: no names of people, no free text, no pictures."""
    return {
        "incident": {
            "id": str(case.id), "number": case.number, "source": case.source, "severity": case.severity,
            "event_class": case.event_class, "place": case.place, "point": case.point, "grid": case.grid,
            "community": case.community, "opened_at": _time(case.opened_at),
        },
        "line": {
            "version": line.version, "action": line.action, "from_state": line.from_state,
            "to_state": line.to_state, "cause": line.cause, "by": line.actor_kind, "at": _time(line.at),
        },
    }  # fmt: skip


def asset_data_of(line: Any) -> dict[str, Any]:
    """What is told of a change of an asset: all that it is, and not who wrote it."""
    change = {"version": line.version, "action": line.action, "by": line.actor_kind, "at": _time(line.at)}
    return {"asset": line.data, "change": change}


def envelope(event: Any) -> bytes:
    """The event as CloudEvents 1.0, structured JSON; the same bytes each time."""
    content = {
        "specversion": "1.0", "id": str(event.event_id), "source": "/gridwatch",
        "type": f"{TYPE}{event.kind}", "subject": str(event.incident_id), "time": _time(event.at),
        "datacontenttype": "application/json", "sequence": str(event.seq), "data": event.data,
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def wants(
    kinds: Collection[str], areas: Collection[str], event_kind: str, event_areas: Collection[str]
) -> bool:
    """Whether a subscription for `kinds` and `areas` (none: all) takes an event."""
    group = event_kind.partition(".")[0]
    fits = event_kind in kinds or f"{group}.*" in kinds
    return fits and (not areas or not set(areas).isdisjoint(event_areas))


def again(tries: int, asked: float | None, chance: float) -> timedelta:
    """How long to wait after `tries` failed; `asked`: what the receiver wants; `chance`: 0 to 1."""
    wait = min(FIRST * 2 ** min(tries - 1, 20), MOST)
    if asked is not None:
        wait = max(wait, min(asked, MOST))
    return timedelta(seconds=wait * (1 + chance / 5))


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
