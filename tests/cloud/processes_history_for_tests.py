"""What happened while several processes served, as those saw it who asked and listened; what must be true.

`faults` is pure: a history and what the database holds at the end in, one sentence a broken promise out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cloud.incidents.transitions import CLOSED, State

UNACCEPTED = frozenset({State.DETECTED, State.VERIFYING})


@dataclass(frozen=True)
class Heard:
    """One event of a stream."""

    cursor: tuple[int, int]
    kind: str
    subject: str
    number: int
    """An incident's version, an alarm's revision."""
    state: str


@dataclass
class Listener:
    """One who listens, at one process after another."""

    heard: list[Heard] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    """Which process it was at."""
    resets: int = 0

    def newest(self, kind: str) -> dict[str, int]:
        """The highest number heard of each subject."""
        found: dict[str, int] = {}
        for one in self.heard:
            if one.kind == kind:
                found[one.subject] = max(one.number, found.get(one.subject, 0))
        return found


@dataclass
class Claims:
    """Many claims of one case at once: username -> status; None: nobody answered."""

    incident: UUID
    answers: dict[str, int | None] = field(default_factory=dict)

    @property
    def undisturbed(self) -> bool:
        """Whether everybody was answered."""
        return None not in self.answers.values()


@dataclass
class History:
    """All of it."""

    acknowledged: dict[UUID, tuple[UUID, int]] = field(default_factory=dict)
    """Event id -> (epoch, seq)."""
    conditions: dict[UUID, int] = field(default_factory=dict)
    """Of each condition the highest revision that was acknowledged."""
    at_once: dict[str, list[UUID]] = field(default_factory=dict)
    """Place -> conditions that were sent for it at once."""
    claims: list[Claims] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Answers that nobody may ever get, and waits that took too long."""
    kills: int = 0
    sent_again: int = 0
    busy: int = 0
    """Answers that the database cannot be asked now."""
    messages: list[str] = field(default_factory=list)
    """Ids of messages, as they came to the provider."""


@dataclass(frozen=True)
class Kept:
    """Rows of the database, when nothing moves any more."""

    incidents: Sequence[Any]
    lines: Sequence[Any]
    """Ordered by incident and version."""
    alarms: Sequence[Any]
    received: Sequence[UUID]
    committed: dict[UUID, int]
    """Epoch -> how many numbers the ledger has as committed."""
    missing: int
    """Numbers that the ledger knows of and does not have."""
    fired: Sequence[Any]
    notices: Sequence[Any]
    attempts: Sequence[Any]
    proof: Sequence[str]
    """What is wrong with the chains."""
    at: datetime


def faults(history: History, kept: Kept, limit: timedelta, hurried: str) -> list[str]:
    """Every broken promise; none is what should come out. `limit`: of acceptance, for the class `hurried`."""
    found = list(history.wrong) + [f"chain: {said}" for said in kept.proof]
    for part in (
        stored_once(history, kept),
        one_case(history, kept),
        one_winner(history, kept),
        timers_once(kept, limit, hurried),
        pushed_once(history, kept),
        *(streamed(name, one, kept) for name, one in enumerate(history.listeners)),
    ):
        found += part
    return found


def stored_once(history: History, kept: Kept) -> Iterator[str]:
    """Every acknowledged event is there once, and did once what it does."""
    received = Counter(kept.received)
    for event in history.acknowledged:
        if received[event] != 1:
            yield f"event {event} was acknowledged and is there {received[event]} times"
    numbers = Counter(epoch for epoch, _ in history.acknowledged.values())
    for epoch, count in numbers.items():
        if kept.committed.get(epoch, 0) != count:
            yield f"epoch {epoch}: {count} acknowledged, the ledger has {kept.committed.get(epoch, 0)}"
    if kept.missing:
        yield f"{kept.missing} numbers are missing in the ledger"
    there = {row.id: row for row in kept.alarms}
    for condition, rev in history.conditions.items():
        if condition not in there or there[condition].rev != rev:
            yield f"condition {condition}: revision {rev} was acknowledged and is not what is kept"
    came = Counter(line.incident_id for line in kept.lines if line.action in ("open", "join"))
    of_alarms = Counter(row.incident_id for row in kept.alarms)
    for incident, count in of_alarms.items():
        if came[incident] != count:
            yield f"incident {incident}: {count} alarms, {came[incident]} lines say that one came"


def one_case(history: History, kept: Kept) -> Iterator[str]:
    """Equal alarms at once are one case, and at no place are two open."""
    standing = Counter((row.place, row.event_class) for row in kept.incidents if row.state not in CLOSED)
    for key, count in standing.items():
        if count > 1:
            yield f"{count} open incidents at {key}"
    of = {row.id: row.incident_id for row in kept.alarms}
    for place, conditions in history.at_once.items():
        cases = {of.get(one) for one in conditions}
        if len(cases) != 1 or None in cases:
            yield f"{len(conditions)} equal alarms at {place} stand in {len(cases)} incidents"


def one_winner(history: History, kept: Kept) -> Iterator[str]:
    """Of many who claim a case one has it, and only that one was told so."""
    for claims in history.claims:
        said = Counter(claims.answers.values())
        winners = [name for name, status in claims.answers.items() if status == 200]
        logged = [
            x.actor_name for x in kept.lines if x.incident_id == claims.incident and x.action == "claim"
        ]
        if set(said) - {200, 409, None}:
            yield f"claims of {claims.incident} were answered {dict(said)}"
        if len(winners) > 1 or len(logged) != 1 or (winners and winners != logged):
            yield f"claims of {claims.incident}: {winners} were told they have it, its log says {logged}"
        if claims.undisturbed and said != {200: 1, 409: len(claims.answers) - 1}:
            yield f"claims of {claims.incident} were answered {dict(said)}"


def timers_once(kept: Kept, limit: timedelta, hurried: str) -> Iterator[str]:
    """What was due fired once, with all that it does; what was done in time did not."""
    reds = Counter(
        row.incident_id for row in kept.fired if row.kind == "red" and row.detail["step"] == "acceptance"
    )
    told = Counter(row.incident_id for row in kept.notices if row.kind == "deadline")
    rises = Counter(row.incident_id for row in kept.fired if row.kind == "level")
    raised = Counter(line.incident_id for line in kept.lines if line.action == "escalated")
    left: dict[UUID, datetime] = {}
    for line in kept.lines:
        if line.to_state not in UNACCEPTED:
            left.setdefault(line.incident_id, line.at)
    for row in kept.incidents:
        over = left.get(row.id, kept.at) - row.opened_at
        if row.event_class == hurried and over > limit + timedelta(seconds=1) and not reds[row.id]:
            yield f"incident {row.id}: not accepted for {over}, and nothing fired"
        if reds[row.id] > 1:
            yield f"incident {row.id}: its acceptance fired {reds[row.id]} times"
        if told[row.id] != reds[row.id]:
            yield f"incident {row.id}: {reds[row.id]} fired, {told[row.id]} notices of it"
        if raised[row.id] != rises[row.id]:
            yield f"incident {row.id}: {rises[row.id]} rises fired, {raised[row.id]} done"
    for row in kept.fired:
        if row.fired_at < row.due_at:
            yield f"{row.key} fired before it was due"


def pushed_once(history: History, kept: Kept) -> Iterator[str]:
    """One notice an opening, one attempt a rung and channel, each message at the provider once."""
    opened = Counter((n.incident_id, n.opened_version) for n in kept.notices if n.kind == "incident")
    for row in kept.incidents:
        if opened[row.id, 1] != 1:
            yield f"incident {row.id}: {opened[row.id, 1]} notices of its opening"
    tried = Counter((one.notice_id, one.rung, one.channel) for one in kept.attempts)
    for key, count in tried.items():
        if count > 1:
            yield f"notice {key[0]}: rung {key[1]} by {key[2]} {count} times"
    for notice in kept.notices:
        told = {channel for channel in ("page", "sms") if (notice.id, 0, channel) in tried}
        if notice.ended_at is None and told != {"page", "sms"}:
            yield f"notice {notice.id}: only {sorted(told)} of its first rung"
    for message, count in Counter(history.messages).items():
        if count > 1:
            yield f"message {message} went out {count} times"
    came = set(history.messages)
    for one in kept.attempts:
        if one.channel == "sms" and one.state == "sent" and str(one.message_id) not in came:
            yield f"notice {one.notice_id}: its message was never sent"


def streamed(name: int, listener: Listener, kept: Kept) -> Iterator[str]:
    """Nothing is missing from what was heard, in the order of the stream, and nothing in it is untrue."""
    if listener.resets:
        yield f"listener {name} was told to begin anew"
    for before, after in zip(listener.heard, listener.heard[1:], strict=False):
        if after.cursor <= before.cursor:
            yield f"listener {name}: {after.cursor} came after {before.cursor}"
    stood = {(line.incident_id, line.version): line.to_state for line in kept.lines}
    for one in listener.heard:
        if one.kind == "incident" and stood.get((UUID(one.subject), one.number)) != one.state:
            yield f"listener {name}: incident {one.subject} was never {one.state} at {one.number}"
    cases, alarms = listener.newest("incident"), listener.newest("alarm")
    for row in kept.incidents:
        if cases.get(str(row.id), 0) != row.version:
            yield f"listener {name}: incident {row.id} is at {row.version}, heard {cases.get(str(row.id), 0)}"
    for row in kept.alarms:
        if alarms.get(str(row.id), 0) != row.rev:
            yield f"listener {name}: alarm {row.id} is at {row.rev}, heard {alarms.get(str(row.id), 0)}"
    heard = {one.subject for one in listener.heard if one.kind == "notice"}
    paged = {str(one.notice_id) for one in kept.attempts if one.channel == "page" and one.state == "sent"}
    for each in sorted(paged - heard):
        yield f"listener {name} was never called by notice {each}"
