"""Small valid messages."""

from __future__ import annotations

from datetime import UTC, datetime

from devices.ids import uuid7
from devices.messages import (
    Change,
    Condition,
    ConditionState,
    DeviceStatus,
    Evidence,
    EvidenceKind,
    Health,
    Severity,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_condition(rev: int = 1, label: str = "bicycle") -> Condition:
    return Condition(
        condition_id=uuid7(),
        rev=rev,
        change=Change.OPENED if rev == 1 else Change.UPDATED,
        state=ConditionState.OPEN,
        node="n1",
        point="P01",
        device="P01-C1",
        zone="P01-C1-Z1",
        rule="bikes",
        place="P01-C1-Z1",
        event_class="03-08",
        label=label,
        score=0.8,
        severity=Severity.MEDIUM,
        since=NOON,
        changed_at=NOON,
    )


def an_evidence(sha256: str, size: int) -> Evidence:
    return Evidence(
        evidence_id=uuid7(),
        condition_id=uuid7(),
        kind=EvidenceKind.PRESENT,
        camera="P01-C1",
        captured_at=NOON,
        sha256=sha256,
        size=size,
        width=640,
        height=360,
    )


def a_clip(sha256: str, size: int) -> Evidence:
    video = {"kind": EvidenceKind.CLIP, "media_type": "video/mp4", "codec": "h264", "seconds": 9.5}
    return Evidence.model_validate(an_evidence(sha256, size).model_dump() | video)


def a_health(detail: str = "") -> Health:
    return Health(
        node="n1",
        device="n1",
        kind="node",
        status=DeviceStatus.UP,
        detail=detail,
        since=NOON,
        checked_at=NOON,
    )
