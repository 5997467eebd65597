"""What is due of ladders: decided by `ladder.next_rung`, written down in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import SEVERITIES, Registry
from cloud.outgoing import NotSent
from cloud.push import store
from cloud.push.addresses import lane_of, secret_of
from cloud.push.ladder import Go, History, Stop, Tried, next_rung
from cloud.push.policy import PAGE, PushPolicy
from cloud.push.recipients import Around, Rota, around, resolve
from cloud.push.words import of_incident
from cloud.stream.outbox import emit
from devices.ids import uuid7

DONE = ("read", "acknowledged", "accepted")


def notices_of(rows: Sequence[Any], registry: Registry, now: datetime) -> list[dict[str, Any]]:
    """The notices of cases that were opened (`store.unheard`)."""
    return [
        {
            "id": uuid7(), "kind": "incident", "incident_id": row.id, "opened_version": row.version,
            "severity": row.severity, "targets": [], "words": of_incident(registry, row).model_dump(),
            "created_at": now, "look_at": now,
        }
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Climber:
    """By what is decided."""

    policy: PushPolicy
    registry: Registry
    rota: Rota
    environment: Mapping[str, str]
    patient: Callable[[str], bool]
    """Whether a class of events has a playbook that gives time to set it right."""
    _meant: dict[tuple[Any, ...], tuple[str, ...]] = field(default_factory=dict)

    async def climb(self, connection: AsyncConnection, now: datetime, limit: int) -> tuple[int, bool]:
        """Look at what is due, at most `limit`; how many were, and whether pages have something to say."""
        rows = await store.due(connection, now, limit)
        ids = [row.id for row in rows]
        if not ids:
            return 0, False
        facts = await store.facts(connection, ids, now)
        tried: dict[UUID, list[Tried]] = defaultdict(list)
        for one in await store.attempts(connection, ids):
            tried[one.notice_id].append(_tried(one))
        begun: list[dict[str, Any]] = []
        looks = [
            await self._step(connection, row, facts[row.id], tuple(tried[row.id]), begun, now) for row in rows
        ]
        await store.try_(connection, begun)
        told = [one["notice_id"] for one in begun if one["channel"] == PAGE]
        await emit(connection, [("notice", str(key)) for key in told])
        await store.look_again(connection, looks)
        return len(rows), bool(told)

    async def _step(
        self,
        connection: AsyncConnection,
        row: Any,
        facts: Any,
        tried: tuple[Tried, ...],
        begun: list[dict[str, Any]],
        now: datetime,
    ) -> store.Look:
        """When to look at one notice again; the attempts that begin now are added to `begun`."""
        place = around(self.registry, row)
        severity = SEVERITIES[row.severity]
        ladder = row.ladder
        if ladder is None:
            market = place.found is not None
            chosen = self.policy.ladder_for(row.kind, row.event_class, severity, market)
            ladder = chosen.name if chosen else None
        waits = facts.waits or (facts.unplanned and self.patient(row.event_class))
        over = "closed" if facts.closed else "seen_gone" if facts.seen_gone and not waits else None
        history = History(
            ladder, row.created_at, severity, self.registry.timezone, tried,
            frozenset(name for name in DONE if getattr(facts, name)),
            over, held=waits or facts.aside,
        )  # fmt: skip
        while isinstance(step := next_rung(self.policy, history, now), Go):
            rows = [
                await self._attempt(connection, row, history, step.rung, name, place, now) for name in step.by
            ]
            begun += rows
            history = replace(history, tried=(*history.tried, *map(_of_row, rows)))
        if isinstance(step, Stop):
            return store.Look(row.id, now, ladder, step.why)
        return store.Look(row.id, step.until, ladder)

    async def _attempt(
        self,
        connection: AsyncConnection,
        row: Any,
        history: History,
        number: int,
        name: str,
        place: Around,
        now: datetime,
    ) -> dict[str, Any]:
        """One rung's attempt by one channel, as it is written down; what cannot work has failed already."""
        ladder = self.policy.ladder(history.ladder)
        assert ladder is not None, "the rung is one of its"
        rung = ladder.rungs[number % len(ladder.rungs)]
        whom = await self._whom(connection, tuple(rung.to), tuple(row.targets), place, now)
        if name == PAGE:
            whom = tuple(one for one in whom if one.startswith("person:"))
        lane, why = self._lane(name, place, whom)
        values: dict[str, Any] = {
            "notice_id": row.id, "rung": number, "rung_name": rung.name, "channel": name, "lane": lane,
            "recipients": list(whom), "severity": row.severity, "began_at": now, "state": "queued",
            "sent_at": None, "settled_at": None, "answer": None,
        }  # fmt: skip
        if why:
            values |= {"state": "failed", "settled_at": now, "answer": why}
        elif name == PAGE:
            values |= {"state": "sent", "sent_at": now, "settled_at": now, "answer": "on the stream"}
        return values

    async def _whom(
        self,
        connection: AsyncConnection,
        targets: tuple[str, ...],
        named: tuple[str, ...],
        place: Around,
        now: datetime,
    ) -> tuple[str, ...]:
        """Whom a rung means there; in a storm many notices of one place ask the same."""
        key = (targets, named, *place.names().items())
        if key not in self._meant:
            self._meant[key] = await resolve(connection, targets, named, place, self.registry, self.rota, now)
        return self._meant[key]

    def _lane(self, name: str, place: Around, whom: Sequence[str]) -> tuple[str, str]:
        """Where a channel's messages go from this place, and why that cannot be; empty: it can."""
        if name == PAGE:
            return PAGE, "" if whom else "nobody is meant"
        channel = self.policy.channels[name]
        lane = lane_of(channel, place.names())
        if lane is None:
            return channel.address, f"the place has not all of {channel.address}"
        if channel.kind == "sms" and not whom:
            return lane, "nobody is meant"
        try:
            secret_of(lane, self.environment)
        except NotSent as error:
            return lane, str(error)
        return lane, ""


def _tried(row: Any) -> Tried:
    failed = row.settled_at if row.state in ("failed", "dropped") else None
    return Tried(row.rung, row.channel, row.began_at, failed, row.state == "sent")


def _of_row(row: Mapping[str, Any]) -> Tried:
    failed = row["settled_at"] if row["state"] == "failed" else None
    return Tried(row["rung"], row["channel"], row["began_at"], failed, row["state"] == "sent")
