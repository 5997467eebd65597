"""What the fake cloud shows: the example street with a dozen incidents and drawn photos."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import cv2
import numpy as np

from devices.site.load import load_site
from devices.site.model import Point, Site

SITE = Path(__file__).parents[2] / "examples" / "street" / "site.yaml"
WIDTH, HEIGHT = 960, 540
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


SCENES = (
    Scene("P05", "04-99-080", "critical", "detected", 47, "smoke_obscuration", None, ("smoke_obscuration", 14.2, "%/m", 10.0)),
    Scene("P23", FIRE_LANE, "high", "detected", 372, "car", 1),
    Scene("P12", BIKES, "medium", "detected", 1325, "bicycle", 14),
    Scene("P24", BIKES, "medium", "detected", 214, "bicycle", 6),
    Scene("P08", ROAD_WATER, "high", "accepted", 1910, "water_level", None, ("water_level", 27.5, "cm", 15.0)),
    Scene("P30", "04-99-082", "high", "dispatched", 5470, "residual_current", None, ("residual_current", 421, "mA", 300)),
    Scene("P18", BIKES, "medium", "in_progress", 9210, "bicycle", 22),
    Scene("P24", "05-05-080", "medium", "dispatched", 4020, "car", 1, None, False, "held"),
    Scene("P14", BIKES, "medium", "accepted", 88260, "bicycle", 9, None, True),
    Scene("P31", BIKES, "medium", "checking", 7380, "motorcycle", 5, None, False, "cleared"),
    Scene("P33", "01-99-081", "low", "filed", 15840, "fill", None, ("fill", 92, "%", 85)),
    Scene("P21", "05-08", "low", "suspended", 20100, "laeq", None, ("laeq", 71.3, "dB(A)", 65)),
    Scene("P16", BIKES, "medium", "closed", 26400, "bicycle", 7, None, False, "cleared"),
    Scene("P37", "04-99-085", "low", "false_alarm", 30100, "open", None, ("open", 1, "", 0.5), False, "cleared"),
)  # fmt: skip


def draw(kind: str, seed: int, count: int) -> bytes:
    """A pavement with `count` bicycles on it (`present`, boxed) or without, as JPEG."""
    random = np.random.default_rng(seed)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    shade = int(random.integers(-14, 15))
    picture[:] = (150 + shade, 152 + shade, 148 + shade)
    wall = (int(random.integers(90, 140)), int(random.integers(105, 140)), int(random.integers(110, 150)))
    cv2.rectangle(picture, (0, 0), (WIDTH, 190), wall, -1)
    for x in range(30, WIDTH, 150):
        cv2.rectangle(picture, (x, 30), (x + 96, 165), (70, 62, 52), -1)
        cv2.rectangle(picture, (x, 30), (x + 96, 165), (180, 180, 175), 3)
    cv2.fillPoly(picture, [np.array([[0, 430], [WIDTH, 350], [WIDTH, HEIGHT], [0, HEIGHT]])], (84, 84, 86))
    cv2.line(picture, (0, 430), (WIDTH, 350), (205, 205, 200), 7)
    for x in range(-200, WIDTH, 70):
        cv2.line(picture, (x, 430), (x + 260, 190), (134 + shade, 136 + shade, 133 + shade), 1)
    zone = np.array([[90, 250], [860, 210], [900, 330], [60, 405]])
    if kind == "present":
        for number in range(min(count, 11)):
            _bicycle(picture, 150 + number * 64, 330 - number * 7, random)
        right = 150 + (min(count, 11) - 1) * 64 + 70
        cv2.polylines(picture, [zone], True, (80, 200, 250), 2)
        cv2.rectangle(picture, (92, 225), (right, 375), (60, 60, 240), 3)
    noise = random.normal(0, 5, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    ok, data = cv2.imencode(".jpg", cv2.GaussianBlur(picture, (3, 3), 0), [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert ok
    return data.tobytes()


def _bicycle(picture: np.ndarray, x: int, y: int, random: np.random.Generator) -> None:
    colour = [(40, 190, 240), (200, 150, 40), (70, 170, 80)][int(random.integers(3))]
    for wheel in (x - 26, x + 26):
        cv2.circle(picture, (wheel, y), 21, (30, 30, 30), 3, cv2.LINE_AA)
    frame = [(x - 26, y), (x - 6, y - 36), (x + 18, y - 38), (x, y), (x - 6, y - 36)]
    cv2.polylines(picture, [np.array(frame)], False, colour, 5, cv2.LINE_AA)
    cv2.line(picture, (x + 26, y), (x + 16, y - 52), colour, 5, cv2.LINE_AA)
    cv2.line(picture, (x + 6, y - 54), (x + 26, y - 56), (25, 25, 25), 4, cv2.LINE_AA)
    cv2.line(picture, (x - 14, y - 44), (x + 4, y - 44), (25, 25, 25), 5, cv2.LINE_AA)


class Street:
    """The example site in the words of the API, and the photos by their hash."""

    def __init__(self) -> None:
        self.site: Site = load_site(SITE)
        self.media: dict[str, bytes] = {}
        self._points = {point.id: point for point in self.site.points}
        self._areas = {area.id: area for area in self.site.areas}
        self._classes = {kind.code: kind for kind in self.site.event_classes}

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
        device = point.cameras[0].id if seen else point.sensors[0].id
        kind = self._classes[scene.event_class]
        measured = None
        if scene.measured:
            measured = dict(zip(("quantity", "value", "unit", "limit"), scene.measured, strict=True))
        condition_id = str(uuid5(NAMESPACE_URL, f"condition {number}"))
        alarm = {
            "id": condition_id, "condition_id": condition_id,
            "state": {"active": not gone, "acknowledged": scene.state != "detected", "shelved_until": None},
            "version": 1, "event_class": _class(kind), "place": device, "point": point.id, "device": device,
            "zone": point.cameras[0].zones[0].id if seen else None, "rule": "bikes", "label": scene.label,
            "score": 0.91 if seen else 1.0, "severity": scene.severity, "since": stamp(since),
            "at_least": scene.at_least, "rev": 2, "condition_state": scene.condition,
            "box": [0.1, 0.42, 0.9, 0.7] if seen else None, "outline": None, "count": scene.count,
            "measured": measured, "opened_at": stamp(opened), "changed_at": stamp(changed),
            "cleared_at": stamp(changed) if gone else None, "incident_id": None,
        }  # fmt: skip
        evidence = self._evidence(number, scene, since, opened, changed) if seen else []
        finished = scene.state in ("closed", "false_alarm")
        return {
            "id": str(uuid5(NAMESPACE_URL, f"incident {number}")), "number": f"WT{now:%y%m%d}-{number:04d}-{number % 10}",
            "state": scene.state, "version": 1 if scene.state == "detected" else 4, "severity": scene.severity,
            "event_class": _class(kind), "place": device,
            "point": {"id": point.id, "name": _names(point), "position": _position(point)},
            "area": {
                "grid": {"id": grid.id, "name": grid.name.model_dump()},
                "community": {"id": community.id, "name": community.name.model_dump()},
            },
            "opened_at": stamp(opened), "since": stamp(since), "at_least": scene.at_least, "updated_at": stamp(changed),
            "closed_at": stamp(changed) if finished else None, "camera": device if seen else None,
            "label": scene.label, "count": scene.count, "measured": measured,
            "condition": {"state": scene.condition, "changed_at": stamp(changed)}, "alarms": [alarm],
            "evidence": evidence, "thumbnail_url": next((e["url"] for e in evidence if e["kind"] == "present"), None),
            "allowed_actions": [], "seen_gone_at": stamp(changed) if gone else None,
        }  # fmt: skip

    def _evidence(
        self, number: int, scene: Scene, since: datetime, opened: datetime, changed: datetime
    ) -> list[dict[str, Any]]:
        times = {"empty": since - timedelta(seconds=90), "present": opened, "cleared": changed}
        kinds = ["empty", "present"] if not scene.at_least else ["present"]
        if scene.condition == "cleared":
            kinds.append("cleared")
        found = []
        for kind in kinds:
            photo = draw(kind, number, scene.count or 1)
            name = hashlib.sha256(photo).hexdigest()
            self.media[name] = photo
            found.append(
                {
                    "id": str(uuid5(NAMESPACE_URL, f"photo {number} {kind}")), "kind": kind,
                    "captured_at": stamp(times[kind]), "url": f"/api/v1/media/{name}", "width": WIDTH, "height": HEIGHT,
                }
            )  # fmt: skip
        return found

    def points(self) -> dict[str, Any]:
        features = []
        for point in self.site.points:
            down = point.id in ("P27", "P38")
            features.append(
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [point.position.lon, point.position.lat]},
                    "properties": {
                        "id": point.id, "name": _names(point), "grid": point.grid, "node": point.node,
                        "cameras": [
                            {"id": c.id, "name": c.name.model_dump(), "status": "unreachable" if down else "up"}
                            for c in point.cameras
                        ],
                        "sensors": [
                            {"id": s.id, "name": s.name.model_dump(), "kind": s.kind, "status": "up"}
                            for s in point.sensors
                        ],
                        "open_incidents": 0, "worst": None,
                    },
                }
            )  # fmt: skip
        return {"type": "FeatureCollection", "features": features}

    def nodes(self, now: datetime) -> list[dict[str, Any]]:
        return [
            {
                "id": node.id, "name": node.name.model_dump(), "status": "up", "last_seen_at": stamp(now),
                "ledger": {}, "cameras_up": 9, "cameras_total": len(list(self.site.points_of(node.id))),
            }
            for node in self.site.nodes
        ]  # fmt: skip


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _names(point: Point) -> dict[str, str]:
    return point.name.model_dump()


def _position(point: Point) -> dict[str, float]:
    return point.position.model_dump()


def _class(kind: Any) -> dict[str, Any]:
    return {"code": kind.code, "name": kind.name.model_dump()}
