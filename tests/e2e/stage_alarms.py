"""Alarms as nodes of the shipped street would send them, with drawn photos and clips, for the real cloud."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import av
import cv2
import httpx
import numpy as np

from devices.ids import uuid7
from devices.messages import (
    SENT_AT,
    Change,
    Condition,
    ConditionState,
    DeviceStatus,
    Event,
    Evidence,
    EvidenceKind,
    Health,
    Measured,
    Severity,
)
from devices.site.model import Site
from tests.cloud.sender_for_tests import Sender
from tests.e2e.fake_photos import HEIGHT, WIDTH, draw
from tests.e2e.fake_street import Scene

CLIP_SIZE = (640, 360)
CLIP_SECONDS, CLIP_RATE = 4, 12


@dataclass
class Raised:
    """A condition as its node told it last."""

    condition: Condition
    node: str


@dataclass
class Nodes:
    """All nodes of a site, speaking to one cloud."""

    site: Site
    origin: str
    tokens: dict[str, str]
    senders: dict[str, Sender] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.senders = {node.id: Sender(node.id) for node in self.site.nodes}
        self._points = {point.id: point for point in self.site.points}
        self._http = httpx.Client(base_url=self.origin, timeout=60)

    def close(self) -> None:
        self._http.close()

    def all_well(self) -> None:
        """Every node, camera and sensor says that it is up."""
        now = datetime.now(UTC)
        for node in self.site.nodes:
            own = [point for point in self.site.points if point.node == node.id]
            kinds = [(node.id, "node")]
            kinds += [(camera.id, "camera") for point in own for camera in point.cameras]
            kinds += [(sensor.id, "sensor") for point in own for sensor in point.sensors]
            bodies = [
                Health.model_validate(
                    {"node": node.id, "device": device, "kind": kind, "status": DeviceStatus.UP,
                     "since": now - timedelta(hours=5), "checked_at": now}
                )
                for device, kind in kinds
            ]  # fmt: skip
            self.send(node.id, *(self.senders[node.id].wrap(body, now) for body in bodies))

    def raise_alarm(self, scene: Scene, *, pictures: bool = True) -> Raised:
        """Open the scene's condition now (its age is how long it has stood), with photos and a clip."""
        now = datetime.now(UTC)
        raised = Raised(self._condition(scene, now), self._points[scene.point].node)
        self._say(raised, now)
        if pictures and scene.measured is None:
            self._picture(raised, scene.count or 0, now)
        return raised

    def clear(self, raised: Raised) -> None:
        """It is seen gone, with the after-photo."""
        now = datetime.now(UTC)
        raised.condition = raised.condition.model_copy(
            update={"rev": raised.condition.rev + 1, "change": Change.CLEARED,
                    "state": ConditionState.CLEARED, "changed_at": now}
        )  # fmt: skip
        self._say(raised, now)
        seed = _seed(raised.condition.point)
        self._evidence(raised, EvidenceKind.CLEARED, draw("cleared", seed, 0), "image/jpeg", now)

    def send(self, node: str, *events: Event) -> None:
        now = datetime.now(UTC)
        body = "[" + ",".join(event.model_dump_json() for event in events) + "]"
        kind = {"Content-Type": "application/cloudevents-batch+json", SENT_AT: now.isoformat()}
        answer = self._http.post("/api/v1/ingest", content=body, headers=self._bearer(node) | kind)
        assert answer.status_code == 200, answer.text
        assert answer.json()["refused"] == [], answer.text

    def _say(self, raised: Raised, now: datetime) -> None:
        self.send(raised.node, self.senders[raised.node].wrap(raised.condition, now))

    def _condition(self, scene: Scene, now: datetime) -> Condition:
        point = self._points[scene.point]
        seen = scene.measured is None
        device = scene.device or (point.cameras[0].id if seen else point.sensors[0].id)
        zone = point.cameras[0].zones[0].id if seen and point.cameras[0].zones else None
        measured = None
        if scene.measured:
            quantity, value, unit, limit = scene.measured
            measured = Measured(quantity=quantity, value=value, unit=unit, limit=limit)
        return Condition(
            condition_id=uuid7(), rev=1, change=Change.OPENED, state=ConditionState.OPEN, node=point.node,
            point=point.id, device=device, zone=zone, rule="rule", place=zone or device,
            event_class=scene.event_class, label=scene.label, score=0.91 if seen else 1.0,
            severity=Severity(scene.severity), since=now - timedelta(seconds=scene.age), changed_at=now,
            box=(0.1, 0.42, 0.9, 0.7) if seen else None, count=scene.count, measured=measured,
            at_least=scene.at_least,
        )  # fmt: skip

    def _picture(self, raised: Raised, count: int, now: datetime) -> None:
        seed = _seed(raised.condition.point)
        early = raised.condition.since - timedelta(minutes=5)
        self._evidence(raised, EvidenceKind.EMPTY, draw("empty", seed, 0), "image/jpeg", early)
        self._evidence(raised, EvidenceKind.PRESENT, draw("present", seed, count), "image/jpeg", now)
        self._evidence(raised, EvidenceKind.CLIP, clip(seed, count), "video/mp4", raised.condition.since)

    def _evidence(self, raised: Raised, kind: EvidenceKind, data: bytes, media: str, at: datetime) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        moving = {"codec": "h264", "seconds": float(CLIP_SECONDS)} if kind is EvidenceKind.CLIP else {}
        size = CLIP_SIZE if moving else (WIDTH, HEIGHT)
        body = Evidence.model_validate(
            {"evidence_id": uuid7(), "condition_id": raised.condition.condition_id, "kind": kind,
             "camera": raised.condition.device, "captured_at": at, "media_type": media, "sha256": sha256,
             "size": len(data), "width": size[0], "height": size[1], **moving}
        )  # fmt: skip
        answer = self._http.put(
            f"/api/v1/media/{sha256}",
            content=data,
            headers=self._bearer(raised.node) | {"Content-Type": media},
        )
        assert answer.is_success, answer.text
        self.send(raised.node, self.senders[raised.node].wrap(body, at))

    def _bearer(self, node: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[node]}"}


def _seed(point: str) -> int:
    return int(point[1:])


@cache
def clip(seed: int, count: int) -> bytes:
    """H.264 in MP4: somebody walks past the bicycles."""
    still = cv2.imdecode(np.frombuffer(draw("present", seed, count), np.uint8), cv2.IMREAD_COLOR)
    still = cv2.resize(still, CLIP_SIZE)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=CLIP_RATE, options={"preset": "ultrafast", "crf": "30"})
        stream.width, stream.height = CLIP_SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(CLIP_SECONDS * CLIP_RATE):
            picture = still.copy()
            x = 40 + number * 11
            cv2.ellipse(picture, (x, 230), (12, 46), 0, 0, 360, (70, 60, 50), -1)
            cv2.circle(picture, (x, 172), 12, (120, 150, 190), -1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return file.getvalue()
