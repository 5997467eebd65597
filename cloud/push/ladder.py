"""Which rung comes next, and when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.push.policy import Ladder, PushPolicy
from devices.messages import Severity

HELD_LOOK = timedelta(seconds=5)
"""Until it is asked again whether a ladder is still held."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt of the past: of which rung, by which channel, and what came of it."""

    rung: int
    """Counted through all rounds, from 0."""
    channel: str
    began: datetime
    failed_at: datetime | None = None
    """When it was known that it reaches nobody; None: it does, or that is not known yet."""
    sent: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a notice."""

    ladder: str | None
    began: datetime
    severity: Severity
    zone: ZoneInfo
    tried: tuple[Tried, ...] = ()
    done: frozenset[str] = frozenset()
    """Of `read`, `acknowledged`, `accepted`: what somebody did since."""
    over: str | None = None
    """Why it is nobody's business any more, whatever the ladder says."""
    held: bool = False
    """Nobody is to be called now; later perhaps."""


@dataclass(frozen=True, slots=True)
class Go:
    """A rung is due now, by these channels."""

    rung: int
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due before this."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """No further rung comes."""

    why: str


def next_rung(policy: PushPolicy, history: History, now: datetime) -> Go | Wait | Stop:
    """What is to be done at `now`. The answer depends on what is recorded alone, so any process may ask."""
    ladder = policy.ladder(history.ladder)
    if history.over:
        return Stop(history.over)
    if ladder is None:
        return Stop("no_ladder")
    done = [one for one in ladder.ends_with if one in history.done]
    if done:
        return Stop(done[0])
    if history.held:
        return Wait(now + HELD_LOOK)
    following, due = _following(policy, ladder, history)
    if now < due:
        return Wait(due)
    if following >= len(ladder.rungs) * ladder.rounds:
        return Stop("exhausted")
    rung = ladder.rungs[following % len(ladder.rungs)]
    held = policy.held(history.severity, now, history.zone)
    by = tuple(channel for channel in rung.by if channel not in held)
    if not by:
        return Wait(min(held[channel] for channel in rung.by))
    return Go(following, by)


def _following(policy: PushPolicy, ladder: Ladder, history: History) -> tuple[int, datetime]:
    """The number of the rung after the last one that was tried, and from when on it is due."""
    if not history.tried:
        return 0, history.began
    last = max(one.rung for one in history.tried)
    tries = [one for one in history.tried if one.rung == last]
    began = min(one.began for one in tries)
    failed = [one.failed_at for one in tries if one.failed_at is not None]
    if len(failed) == len(tries):
        return last + 1, max(failed)
    wait = timedelta(seconds=ladder.rungs[last % len(ladder.rungs)].wait)
    if not any(one.sent for one in tries):
        # None has answered: longer than their own time nobody waits for them.
        wait = min(wait, policy.patience({one.channel for one in tries}))
    return last + 1, began + wait
