"""Who is on duty at a time, in a grid and in the patrol room. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud.duty.model import Job, Roster, Rosters
from cloud.duty.shifts import DAY, Turn, turns


@dataclass(frozen=True, slots=True)
class OnDuty:
    """User names."""

    primary: str | None = None
    """Who looks after the grid, if on duty."""
    backup: str | None = None
    """The first of the backups who is on duty."""
    grid_leader: str | None = None
    """Of the grid, on duty or not."""
    shift_leader: str | None = None
    """Of the patrol room."""
    operators: tuple[str, ...] = ()
    """In the patrol room, its shift leader first."""

    @property
    def uncovered(self) -> bool:
        """Nobody who looks after the grid is on duty."""
        return self.primary is None and self.backup is None

    def called(self) -> dict[str, tuple[str, ...]]:
        """Whom `primary`, `backup`, `grid_leader` and `shift_leader` mean when somebody has to be told.

        Who is not there is stood in for: the backup for the primary, the grid's leader for both.
        """
        first = self.primary or self.backup or self.grid_leader
        second = self.backup if self.backup != first else self.grid_leader
        meant = {"primary": first, "backup": second, "grid_leader": self.grid_leader}
        meant["shift_leader"] = self.shift_leader
        return {name: (one,) for name, one in meant.items() if one is not None}


def on_duty(rosters: Rosters, grid: str | None, at: datetime) -> OnDuty:
    """Who is on duty at `at` (aware). `grid` None, or one that nobody looks after: only the patrol room."""
    operators = _people(rosters, "operator", at)
    room = operators[0] if operators else None
    post = rosters.grids.get(grid) if grid is not None else None
    if post is None:
        return OnDuty(shift_leader=room, operators=operators)
    working = set(_people(rosters, "worker", at))
    return OnDuty(
        primary=post.primary if post.primary in working else None,
        backup=next((one for one in post.backups if one in working), None),
        grid_leader=post.leader,
        shift_leader=room,
        operators=operators,
    )


def now_on(roster: Roster, at: datetime, zone: ZoneInfo) -> Iterator[Turn]:
    """The turns of a roster that run at `at` (aware)."""
    today = at.astimezone(zone).date()
    # None is longer than a day, so none that runs began before yesterday.
    return (turn for turn in turns(roster, today - DAY, today, zone) if turn.begin <= at < turn.end)


def _people(rosters: Rosters, job: Job, at: datetime) -> tuple[str, ...]:
    zone = ZoneInfo(rosters.timezone)
    found = [
        person
        for roster in rosters.rosters
        if roster.job == job
        for turn in now_on(roster, at, zone)
        for person in turn.people
    ]
    return tuple(dict.fromkeys(found))
