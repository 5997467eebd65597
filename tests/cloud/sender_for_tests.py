"""A node as the cloud's tests play it: numbered messages, and conditions with their revisions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from devices.ids import uuid7
from devices.messages import (
    Body,
    Change,
    Condition,
    ConditionState,
    DeviceStatus,
    Event,
    Evidence,
    EvidenceKind,
    Gap,
    Health,
    Reading,
    Series,
    SeriesReport,
    Severity,
    Telemetry,
    envelope,
    series_of,
)

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0 not much of a picture \xff\xd9"


def sums(**parts: int) -> dict[str, int]:
    """A line of the ledger with these sums, the others 0."""
    names = ("numbered", "sent", "accepted", "duplicate", "refused", "evicted", "waiting", "missing")
    return dict.fromkeys(names, 0) | {"sent": parts.get("accepted", 0) + parts.get("refused", 0)} | parts


@dataclass
class Sender:
    """A node's store: numbers its messages."""

    node: str = "n1"
    epoch: UUID = field(default_factory=uuid7)
    numbers: dict[str, Iterator[int]] = field(default_factory=dict)

    def wrap(self, body: Body, time: datetime = START) -> Event:
        seq = next(self.numbers.setdefault(series_of(body), itertools.count(1)))
        return envelope(body, event_id=uuid7(), node=self.node, epoch=self.epoch, seq=seq, time=time)

    def health(self, device: str, status: str = "up", at: datetime = START, detail: str = "") -> Event:
        kind = "node" if device == self.node else "camera" if "-C" in device else "sensor"
        return self.wrap(
            Health(
                node=self.node,
                device=device,
                kind=kind,  # type: ignore[arg-type]
                status=DeviceStatus(status),
                detail=detail,
                since=at,
                checked_at=at,
            )
        )

    def report(self, at: datetime, *ledger: SeriesReport) -> Event:
        """The node's own health, with how its outbox stands."""
        return self.wrap(
            Health(
                node=self.node, device=self.node, kind="node", status=DeviceStatus.UP, since=START,
                checked_at=at, ledger=ledger,
            )
        )  # fmt: skip

    def outbox(self, series: Series, following: int, *waiting: tuple[int, int]) -> SeriesReport:
        return SeriesReport(series=series, epoch=self.epoch, next=following, waiting=waiting)

    def gap(self, series: Series, *ranges: tuple[int, int], **more: Any) -> Event:
        values = {"cause": "quota", "epoch": self.epoch, **more}
        return self.wrap(
            Gap.model_validate({"node": self.node, "series": series, "ranges": ranges, **values})
        )

    def readings(self, *numbers: int, boot: str = "b1", sensor: str | None = None) -> Event:
        n = self.node[1]
        return self.wrap(
            Telemetry(
                node=self.node,
                readings=tuple(
                    Reading(
                        point=f"P0{n}", sensor=sensor or f"P0{n}-S1", quantity="smoke_obscuration",
                        value=number / 10, unit="dB/m", taken_at=START + timedelta(seconds=number),
                        received_at=START + timedelta(seconds=number), boot=boot, seq=number,
                    )
                    for number in numbers
                ),
            )
        )  # fmt: skip

    def clip(self, condition_id: UUID, sha256: str, size: int, codec: Literal["h264", "h265"]) -> Event:
        return self.wrap(
            Evidence(
                evidence_id=uuid7(),
                condition_id=condition_id,
                kind=EvidenceKind.CLIP,
                camera=f"P0{self.node[1]}-C1",
                captured_at=START,
                media_type="video/mp4",
                codec=codec,
                seconds=9.5,
                sha256=sha256,
                size=size,
                width=352,
                height=288,
            )
        )

    def photo(self, condition_id: UUID, sha256: str, kind: str = "present") -> Event:
        return self.wrap(
            Evidence(
                evidence_id=uuid7(),
                condition_id=condition_id,
                kind=EvidenceKind(kind),
                camera=f"P0{self.node[1]}-C1",
                captured_at=START,
                sha256=sha256,
                size=len(JPEG),
                width=640,
                height=360,
            )
        )


@dataclass
class Seen:
    """A condition with its revisions."""

    sender: Sender
    place: str = "P01-C1-Z1"
    event_class: str = "05-06"
    severity: Severity = Severity.MEDIUM
    reopens: UUID | None = None
    id: UUID = field(default_factory=uuid7)
    rev: int = 0
    at: datetime = START

    def now(self, change: str, **more: Any) -> Event:
        self.rev += 1
        self.at += timedelta(seconds=1)
        return self.sender.wrap(self.condition(change, self.rev, **more))

    def condition(self, change: str, rev: int, **more: Any) -> Condition:
        state = {"held": ConditionState.HELD, "cleared": ConditionState.CLEARED}.get(
            change, ConditionState.OPEN
        )
        n = self.sender.node[1]
        values: dict[str, Any] = {
            "condition_id": self.id,
            "rev": rev,
            "change": Change(change),
            "state": state,
            "node": self.sender.node,
            "point": f"P0{n}",
            "device": f"P0{n}-C1",
            "zone": f"P0{n}-C1-Z1",
            "rule": "bikes",
            "place": self.place,
            "event_class": self.event_class,
            "label": "bicycle",
            "score": 0.8,
            "severity": self.severity,
            "since": START,
            "changed_at": self.at,
            "box": (0.1, 0.2, 0.3, 0.4),
            "count": 3,
            "reopens": self.reopens,
        }
        return Condition.model_validate(values | more)
