"""How a case stood after each line of its log. Pure: lines in, standings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cloud.incidents.transitions import CLOSED, OPEN, State

_BACK = frozenset({"reopen", "seen_again", "still_there"})
"""After these nothing was seen gone any more."""


@dataclass(frozen=True, slots=True)
class Past:
    """One line, as far as it matters here."""

    version: int
    at: datetime
    action: str
    actor: str
    by_person: bool
    source: State | None
    target: State
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stood:
    """How a case stood after a line of its log."""

    incident_id: UUID
    version: int
    at: datetime
    """Of that line."""
    state: State
    level: str = "grid"
    handler: str | None = None
    organisation: str | None = None
    seen_gone_at: datetime | None = None
    closed_at: datetime | None = None


def standings(incident_id: UUID, log: Sequence[Past]) -> Iterator[Stood]:
    """After each of `log`, which is the whole of a case's log from its first line on."""
    stood = Stood(incident_id, 0, log[0].at, log[0].target) if log else None
    for line in log:
        assert stood is not None
        stood = _after(stood, line)
        yield stood


def _after(stood: Stood, line: Past) -> Stood:
    new = {"version": line.version, "at": line.at, "state": line.target, **_whose(stood, line)}
    if "level" in line.detail:
        new["level"] = line.detail["level"]
    if line.action == "seen_gone":
        new["seen_gone_at"] = line.at
    if line.action in _BACK:
        new["seen_gone_at"] = None
    if line.target in CLOSED and line.source in OPEN:
        new["closed_at"] = line.at
    if line.target in OPEN and line.source in CLOSED:
        new["closed_at"] = None
    return replace(stood, **new)


def _whose(stood: Stood, line: Past) -> dict[str, Any]:
    """What `cloud.incidents.effects` did to handler and organisation, read from what its line says."""
    detail = line.detail
    if line.action == "dispatch":
        return {"handler": detail.get("handler"), "organisation": detail.get("organisation")}
    if line.action == "playbook" and "organisation" in detail:
        return {"organisation": detail["organisation"]}
    if line.action == "assign":
        return {"handler": detail.get("handler")}
    if line.action in ("claim", "start", "self_handle") and line.by_person:
        return {"handler": stood.handler or line.actor}
    if line.action in ("return", "reopen") and line.by_person:
        return {"handler": None, "organisation": None}
    return {}
