"""What the fake cloud shows: the example street with a dozen incidents and drawn photos."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from devices.site.load import load_site
from devices.site.model import EventClass, Point, Site
from tests.e2e.fake_photos import HEIGHT, WIDTH, draw

SITE = Path(__file__).parents[2] / "examples" / "street" / "site.yaml"
BIKES, FIRE_LANE, ROAD_WATER = "05-06-081", "05-05-081", "04-06"


@dataclass(frozen=True)
class Scene:
    """One incident as the fake tells it; ages in seconds."""

    point: str
    event_class: str
    severity: str
    state: str
    age: float
    label: str = "bicycle"
    count: int | None = None
    measured: tuple[str, float, str, float] | None = None
    at_least: bool = False
    condition: str = "open"
    hints: tuple[str, ...] = ()
    stills_only: bool = False
    inhibited: bool = False
    ended: str | None = None
    due: bool = False
    lost: tuple[str, ...] = ()
    """Photos: on their way, or given up by the node."""
    device: str | None = None
    """Who found it, where it is not the point's first camera or sensor."""


def reading(
    point: str,
    event_class: str,
    severity: str,
    state: str,
    age: float,
    measured: tuple[str, float, str, float],
    condition: str = "open",
) -> Scene:
    """A scene that a sensor found."""
    return Scene(point, event_class, severity, state, age, measured[0], None, measured, False, condition)


SCENES = (
    reading("P05", "04-99-080", "critical", "detected", 47, ("smoke_obscuration", 14.2, "%/m", 10.0)),
    Scene("P23", FIRE_LANE, "high", "detected", 372, "car", 1),
    Scene("P12", BIKES, "medium", "detected", 1325, "bicycle", 14),
    Scene("P24", BIKES, "medium", "detected", 214, "bicycle", 6),
    reading("P08", ROAD_WATER, "high", "accepted", 1910, ("water_level", 27.5, "cm", 15.0)),
    reading("P30", "04-99-082", "high", "dispatched", 5470, ("residual_current", 421, "mA", 300)),
    Scene("P18", BIKES, "medium", "in_progress", 9210, "bicycle", 22),
    Scene("P24", "05-05-080", "medium", "dispatched", 4020, "car", 1, condition="held"),
    Scene("P14", BIKES, "medium", "accepted", 88260, "bicycle", 9, at_least=True),
    Scene("P31", BIKES, "medium", "checking", 7380, "motorcycle", 5, condition="cleared"),
    reading("P33", "01-99-081", "low", "filed", 15840, ("fill", 92, "%", 85)),
    reading("P21", "05-08", "low", "suspended", 20100, ("laeq", 71.3, "dB(A)", 65)),
    Scene("P16", BIKES, "medium", "closed", 26400, "bicycle", 7, condition="cleared"),
    reading("P37", "04-99-085", "low", "false_alarm", 30100, ("open", 1, "", 0.5), "cleared"),
)
STALLED, COVERED, SILENT = "90-02-080", "90-01-080", "90-02-089"
ODD = {
    "silent": Scene("P10", SILENT, "high", "detected", 300, "node_silent", device="n2"),
    "inhibited": Scene(
        "P11", STALLED, "medium", "detected", 320, "stalled", inhibited=True, lost=("present",)
    ),
    "covered": Scene("P02", COVERED, "high", "detected", 60, "covered", hints=("tamper", "dark")),
    "stills": Scene("P03", BIKES, "medium", "detected", 90, "bicycle", 5, stills_only=True),
    "due": Scene("P04", FIRE_LANE, "high", "detected", 12, "car", 1, due=True),
    "evicted": Scene("P06", BIKES, "low", "accepted", 9000, "bicycle", 4, lost=("present", "empty", "clip")),
    "removed": Scene(
        "P07", BIKES, "low", "checking", 9000, "bicycle", 4, condition="cleared", ended="rule_removed"
    ),
}
"""What is seen seldom, each by what is odd about it."""


@cache
def shipped() -> Site:
    """The example site; nobody changes it."""
    return load_site(SITE)


class Street:
    """The example site in the words of the API, and the photos by their hash."""

    def __init__(self) -> None:
        self.site = shipped()
        self.media: dict[str, bytes] = {}
        self._points = {point.id: point for point in self.site.points}
        self._areas = {area.id: area for area in self.site.areas}
        self._classes = {kind.code: kind for kind in self.site.event_classes}

    def point(self, name: str) -> Point:
        """By id."""
        return self._points[name]

    def incidents(self, now: datetime) -> list[dict[str, Any]]:
        return [self.incident(number, scene, now) for number, scene in enumerate(SCENES, 1)]

    def incident(self, number: int, scene: Scene, now: datetime) -> dict[str, Any]:
        point = self._points[scene.point]
        grid = self._areas[point.grid]
        community = self._areas[grid.parent or ""]
        since = now - timedelta(seconds=scene.age)
        opened = since + timedelta(seconds=20)
        changed = now - timedelta(seconds=min(scene.age / 3, 600))
        seen = scene.measured is None
        gone = scene.condition == "cleared"
        device = scene.device or (point.cameras[0].id if seen else point.sensors[0].id)
        kind = self._classes.get(scene.event_class)
        measured = None
        if scene.measured:
            measured = dict(zip(("quantity", "value", "unit", "limit"), scene.measured, strict=True))
        where = {"id": point.id, "name": _names(point), "position": _position(point)}
        identity = str(uuid5(NAMESPACE_URL, f"incident {number}"))
        condition_id = str(uuid5(NAMESPACE_URL, f"condition {number}"))
        alarm = {
            "id": condition_id,
            "condition_id": condition_id,
            "state": {
                "name": "normal"
                if gone
                else "acknowledged"
                if scene.state != "detected"
                else "unacknowledged",
                "aside": None,
                "active": not gone,
                "acknowledged": scene.state != "detected",
                "shelved_until": None,
                "inhibited": scene.inhibited,
            },
            "version": 1,
            "event_class": _class(kind),
            "place": device,
            "point": where,
            "device": device,
            "zone": point.cameras[0].zones[0].id if seen else None,
            "rule": "bikes",
            "label": scene.label,
            "score": 0.91 if seen else 1.0,
            "severity": scene.severity,
            "since": stamp(since),
            "at_least": scene.at_least,
            "rev": 2,
            "condition_state": scene.condition,
            "box": [0.1, 0.42, 0.9, 0.7] if seen else None,
            "outline": None,
            "count": scene.count,
            "measured": measured,
            "opened_at": stamp(opened),
            "changed_at": stamp(changed),
            "cleared_at": stamp(changed) if gone else None,
            "incident_id": identity,
            "ended": scene.ended,
            "count_error": None,
            "suspected": False,
            "hints": list(scene.hints),
            "no_clip": "stills_only" if scene.stills_only else None,
            "acknowledged_by": None,
            "verdict": None,
            "verdict_reason": None,
            "verdict_class": None,
        }
        pictured = seen and scene.device is None and not (scene.due or scene.lost)
        evidence = self._evidence(number, scene, since, opened, changed) if pictured else []
        finished = scene.state in ("closed", "false_alarm")
        return {
            "id": identity,
            "number": f"WT{now:%y%m%d}-{number:04d}-{number % 10}",
            "state": scene.state,
            "version": 1 if scene.state == "detected" else 4,
            "severity": scene.severity,
            "event_class": _class(kind),
            "place": device,
            "point": where,
            "area": {
                "grid": {"id": grid.id, "name": grid.name.model_dump()},
                "community": {"id": community.id, "name": community.name.model_dump()},
                "version": 1,
            },
            "opened_at": stamp(opened),
            "since": stamp(since),
            "at_least": scene.at_least,
            "updated_at": stamp(changed),
            "closed_at": stamp(changed) if finished else None,
            "camera": device,
            "label": scene.label,
            "count": scene.count,
            "count_error": None,
            "suspected": False,
            "measured": measured,
            "condition": {"state": scene.condition, "changed_at": stamp(changed)},
            "alarms": [alarm],
            "evidence": evidence,
            "evidence_due": scene.due,
            "evidence_lost": list(scene.lost),
            "history": False,
            "thumbnail_url": next((e["url"] for e in evidence if e["kind"] == "present"), None),
            "allowed_actions": [],
            "seen_gone_at": stamp(changed) if gone and not scene.ended else None,
        }

    def _evidence(
        self, number: int, scene: Scene, since: datetime, opened: datetime, changed: datetime
    ) -> list[dict[str, Any]]:
        times = {"empty": since - timedelta(seconds=90), "present": opened, "cleared": changed}
        kinds = ["empty", "present"] if not scene.at_least else ["present"]
        if scene.condition == "cleared" and not scene.ended:
            kinds.append("cleared")
        found = []
        for kind in kinds:
            photo = draw(kind, number, scene.count or 1)
            name = hashlib.sha256(photo).hexdigest()
            self.media[name] = photo
            found.append(
                {
                    "id": str(uuid5(NAMESPACE_URL, f"photo {number} {kind}")),
                    "kind": kind,
                    "camera": f"{scene.point}-C1",
                    "condition_id": str(uuid5(NAMESPACE_URL, f"condition {number}")),
                    "captured_at": stamp(times[kind]),
                    "url": f"/api/v1/media/{name}",
                    "width": WIDTH,
                    "height": HEIGHT,
                    "media_type": "image/jpeg",
                    "codec": None,
                    "seconds": None,
                }
            )
        return found

    def points(self) -> dict[str, Any]:
        features = []
        for point in self.site.points:
            down = point.id in ("P27", "P38")
            features.append(
                {
                    "type": "Feature",
                    "id": point.id,
                    "geometry": {"type": "Point", "coordinates": [point.position.lon, point.position.lat]},
                    "properties": {
                        "id": point.id,
                        "name": _names(point),
                        "grid": point.grid,
                        "node": point.node,
                        "cameras": [
                            {
                                "id": c.id,
                                "name": c.name.model_dump(),
                                "status": "unreachable" if down else "up",
                            }
                            for c in point.cameras
                        ],
                        "sensors": [
                            {"id": s.id, "name": s.name.model_dump(), "kind": s.kind, "status": "up"}
                            for s in point.sensors
                        ],
                        "open_incidents": 0,
                        "worst": None,
                    },
                }
            )
        return {"type": "FeatureCollection", "features": features}

    def nodes(self, now: datetime) -> list[dict[str, Any]]:
        return [
            {
                "id": node.id,
                "name": node.name.model_dump(),
                "status": "up",
                "last_seen_at": stamp(now),
                "ledger": {},
                "cameras_up": 9,
                "cameras_total": len(list(self.site.points_of(node.id))),
            }
            for node in self.site.nodes
        ]


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _names(point: Point) -> dict[str, str]:
    return point.name.model_dump()


def _position(point: Point) -> dict[str, float]:
    return point.position.model_dump()


def _class(kind: EventClass | None) -> dict[str, Any]:
    """None: the one that no site file needs to name."""
    if kind is None:
        return {"code": SILENT, "name": {"zh": "边缘节点失联(自定义)", "en": "Edge node silent"}}
    return {"code": kind.code, "name": kind.name.model_dump()}
