"""What the fake cloud says of alarms, duty and departments: enough for the wall, with no seats."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.e2e.fake_street import stamp

REASONS = ("光线、阴影、反光", "雨雪雾、水迹", "识别成了别的东西")
DEPARTMENTS = {"CG": "区城市管理局", "XF": "区消防救援大队"}

LEADS: dict[str, Any] = {
    "event_class": "", "entries": [], "everywhere": True, "grids": [], "helpers": ["XF"], "lead": "CG",
    "limit": "4 work h", "why": None,
}  # fmt: skip
ON_DUTY: dict[str, Any] = {
    "grid": None, "primary": "wg-a1", "backup": "wg-a2", "grid_leader": None, "shift_leader": "liwei",
    "operators": ["liwei"], "uncovered": False, "turns": [],
    "names": {"liwei": {"zh": "李伟", "en": "Li Wei"}},
}  # fmt: skip


def _named(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def read(path: list[str], incidents: dict[str, dict[str, Any]]) -> Any:
    """The answer to a GET; None: it is not one of these."""
    now = stamp(datetime.now(UTC))
    match path:
        case ["alarms", "false-reasons"]:
            return {"items": [{"id": f"r{n}", "name": _named(text)} for n, text in enumerate(REASONS)]}
        case ["alarms", "at"]:
            return {"days": [], "alarms": 0, "judged": _count(), "earlier": None}
        case ["alarms", "figures"]:
            return {"annunciated": 4, "seats": 1, "since": now, "until": now}
        case ["event-classes"]:
            found = {one["event_class"]["code"]: one["event_class"] for one in incidents.values()}
            return [{**one, "severity": "medium"} for one in found.values()]
        case ["sops"]:
            return {"items": []}
        case ["organisations"]:
            return {"items": [{"id": key, "kind": "department", "name": _named(text), "contacts": []}
                              for key, text in DEPARTMENTS.items()]}  # fmt: skip
        case ["responsibilities"]:
            return {"items": [LEADS]}
        case ["duty"]:
            return {**ON_DUTY, "at": now}
        case ["colleagues"]:
            return {"names": {}}
        case ["duty", "seats"] | ["duty", "mutes"]:
            return {"items": []}
        case ["deadlines"]:
            return []
        case _:
            return None


def judge(body: dict[str, Any], incidents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Note the verdict on all alarms of the incidents named."""
    judged = []
    for seen in body["incidents"]:
        for alarm in incidents[seen["id"]]["alarms"]:
            alarm |= {"verdict": body["verdict"], "verdict_reason": body.get("reason")}
            judged.append(alarm["id"])
    return {"judged": judged, "skipped": []}


def acknowledge(identifier: str, incidents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The alarm, seen by somebody."""
    alarm: dict[str, Any]
    (alarm,) = (one for each in incidents.values() for one in each["alarms"] if one["id"] == identifier)
    alarm["version"] += 1
    alarm["state"] = alarm["state"] | {"name": "acknowledged", "acknowledged": True}
    return alarm


def _count() -> dict[str, int]:
    return dict.fromkeys(("true", "false", "other_class", "unsure"), 0)
