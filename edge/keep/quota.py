"""What gives way when a node's share of the disk is used up, and how much of it. Pure, but for its SQL."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from devices.messages import Series

GIB = 1024**3
LOW_WATER = 0.95
"""Of the share: eviction goes on down to here, so that not every write evicts."""


class Step(StrEnum):
    """What gives way, in this order. Conditions that are open, and the last word on others, never do."""

    STILLS = "pictures of the last hour, oldest first"
    DELIVERED = "what the cloud took, oldest first"
    ASIDE = "damaged stores of earlier days, but the latest"
    SAMPLES = "messages that were refused"
    TELEMETRY = "telemetry, oldest first"
    HEALTH = "health reports, oldest first"
    CLIPS = "clips, oldest first"
    PHOTOS = "photos, oldest first"
    ALARMS = "what led to alarms of low severity that are over"


SERIES: dict[Step, Series] = {
    Step.TELEMETRY: Series.TELEMETRY,
    Step.HEALTH: Series.HEALTH,
    Step.CLIPS: Series.EVIDENCE,
    Step.PHOTOS: Series.EVIDENCE,
    Step.ALARMS: Series.ALARM,
}
_CHOICE: dict[Step, str] = {
    Step.TELEMETRY: "series = 'telemetry' AND kind <> 'gap' ORDER BY seq LIMIT 5",
    Step.HEALTH: "series = 'health' AND kind <> 'gap' ORDER BY seq LIMIT 100",
    Step.CLIPS: "series = 'evidence' AND kind = 'clip' ORDER BY seq LIMIT 5",
    Step.PHOTOS: "series = 'evidence' AND kind NOT IN ('clip', 'gap') ORDER BY seq LIMIT 10",
    # The word that it is over goes out in any case: a cloud that heard of the beginning would wait for ever.
    Step.ALARMS: (
        "series = 'alarm' AND kind = 'low' AND EXISTS (SELECT 1 FROM outbox AS over "
        "WHERE over.condition = outbox.condition AND over.kind = 'low_over') ORDER BY seq LIMIT 100"
    ),
}
"""Rows that may go, and how many at a time: a fraction of a second's work. The kinds are `outbox`'s."""


def to_free(used: int, share: int) -> int:
    """Bytes that must go: none while the share holds, else down to `LOW_WATER`."""
    return 0 if used <= share else used - int(LOW_WATER * share)


def candidates(sql: sqlite3.Connection, step: Step) -> list[int]:
    """The numbers that give way next at this step, of the series `SERIES[step]`."""
    rows = sql.execute("SELECT seq FROM outbox WHERE " + _CHOICE[step])  # noqa: S608 (constants above)
    return [seq for (seq,) in rows]
