"""Ledgers and devices of the fake cloud's nodes: one has every kind of trouble."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from devices.site.model import Site
from edge.node.follow import conflict

SERIES = ("alarm", "evidence", "health", "telemetry")
TROUBLED = "n2"
BAD_CAMERAS = {
    0: ("unreachable", "nobody answers at its address", {"reason": "no_answer"}),
    1: ("refused", "the camera refuses the password", {}),
    2: ("stalled", "the camera is connected and sends no picture", {"reason": "silent"}),
    3: ("up", "", {"clock_offset_s": -28_805.0, "jumps": 2}),
}
"""Status, the node's words, facts; the second is of a node that gives no code for its reason."""


def ledger(node: str, now: datetime) -> dict[str, Any]:
    """What `GET /nodes/{id}/ledger` answers."""
    bad = node == TROUBLED
    epoch = str(uuid5(NAMESPACE_URL, f"epoch {node}"))
    lines = [_line(series, epoch, 4210 * (at + 1)) for at, series in enumerate(SERIES)]
    if bad:
        lines[0] |= {"accepted": 4193, "refused": 2, "missing": 3, "missing_ranges": [[17, 18], [40, 40]],
                     "waiting": 12, "duplicate": 51}  # fmt: skip
        lines[1] |= {"accepted": 8100, "evicted": 320}
        lines.append(_line("alarm", str(uuid5(NAMESPACE_URL, "earlier")), 77) | {"current": False})
    return {
        "node": node,
        "clock_offset_s": 3721.5 if bad else 0.08,
        "lines": lines,
        "refusals": [
            {
                "series": "alarm", "epoch": epoch, "seq": 391, "code": "invalid",
                "reason": "data.severity: Input should be 'critical', 'high', 'medium' or 'low'",
                "at": (now - timedelta(hours=3)).isoformat(),
            }
        ] if bad else [],
        "gaps": [
            {
                "series": "evidence", "epoch": epoch, "ranges": [[812, 1130], [1140, 1140]], "cause": "quota",
                "first_at": None, "last_at": None, "readings": 0,
                "at": (now - timedelta(hours=5)).isoformat(),
            }
        ] if bad else [],
    }  # fmt: skip


def _line(series: str, epoch: str, count: int) -> dict[str, Any]:
    return {
        "series": series, "epoch": epoch, "current": True, "reported_at": None, "numbered": count,
        "sent": count, "accepted": count, "duplicate": 0, "refused": 0, "evicted": 0, "waiting": 0,
        "missing": 0, "missing_ranges": [],
    }  # fmt: skip


def devices(site: Site, node: str, now: datetime) -> list[dict[str, Any]]:
    """What `GET /nodes/{id}/devices` answers."""
    bad = node == TROUBLED
    found = [_device(node, next(one.name.model_dump() for one in site.nodes if one.id == node), "node", now)]
    found[0]["facts"] = {"cameras": 9, "site_version": 3, "site_problem": _edited(site) if bad else ""}
    cameras = [camera for point in site.points_of(node) for camera in point.cameras]
    for at, camera in enumerate(cameras):
        device = _device(camera.id, camera.name.model_dump(), "camera", now)
        if bad and at in BAD_CAMERAS:
            status, detail, facts = BAD_CAMERAS[at]
            device |= {"status": status, "detail": detail, "facts": facts}
        found.append(device)
    return found


def _edited(site: Site) -> str:
    """What a node says of a file that somebody edited beside the cloud's site."""
    return conflict(site.model_copy(update={"version": 4}), site.model_copy(update={"version": 3}))


def _device(name: str, names: dict[str, str], kind: str, now: datetime) -> dict[str, Any]:
    return {
        "id": name, "name": names, "kind": kind, "point": None, "status": "up", "detail": "",
        "since": (now - timedelta(hours=2)).isoformat(), "checked_at": now.isoformat(), "facts": {},
    }  # fmt: skip
