"""What a message says. Pure. Messages are in Chinese: they go to groups of the street."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cloud.areas.registry import SEVERITIES, Registry, named
from devices.messages import Severity
from devices.site.model import Names

SIGN = "【网格哨】"
GRAVITY = {
    Severity.CRITICAL: Names(zh="特急", en="Critical"),
    Severity.HIGH: Names(zh="紧急", en="High"),
    Severity.MEDIUM: Names(zh="一般", en="Medium"),
    Severity.LOW: Names(zh="轻微", en="Low"),
}


def of_incident(registry: Registry, row: Any) -> Names:
    """What a case is called: how grave, what, where."""
    gravity = GRAVITY[SEVERITIES[row.severity]]
    known = registry.classes.get(row.event_class)
    what = known.name if known else named(row.event_class)
    place = registry.points.get(row.point) if row.point else None
    area = registry.areas.get(row.grid) if row.grid else None
    where = [one.name for one in (area, place) if one is not None]
    return Names(
        zh="，".join([f"{gravity.zh}：{what.zh}", *(one.zh for one in where)]),
        en=", ".join([f"{gravity.en}: {what.en}", *(one.en for one in where)]),
    )


def text(words: Names, number: str | None, at: datetime, zone: ZoneInfo, link: str | None) -> str:
    """One message: what, which case, when, and as its last line the link."""
    lines = [f"{SIGN}{words.zh}"]
    if number:
        lines.append(f"案卷 {number}")
    lines.append(f"时间 {at.astimezone(zone):%m-%d %H:%M:%S}")
    if link:
        lines.append(link)
    return "\n".join(lines)
