"""Rosters as a kind of policy: what is refused, and what is only told."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from cloud.duty.gaps import Hole, Plan, changed_days, doubles, holes, plan, round_of, uncovered
from cloud.duty.model import Rosters
from cloud.duty.shifts import DAY
from cloud.policies.kind import Kind, Sight
from devices.site.source import Finding, Trail

MOST = 20
"""Lines of one sort; the first ones say enough."""
AHEAD = 14
"""Days that are looked at for what is only told."""
_CLOCK = ZoneInfo("UTC")
"""Whether rosters are whole does not depend on where: changes of the clock are told of, not refused."""


def faults(rosters: Rosters) -> Iterator[Finding]:
    """Holes where there must be none, people in two places: in the round of all patterns, and by changes."""
    usual = rosters.model_copy(
        update={"rosters": tuple(one.model_copy(update={"changes": ()}) for one in rosters.rosters)}
    )
    laid = plan(usual, round_of(rosters), _CLOCK), plan(rosters, changed_days(rosters), _CLOCK)
    for one in laid:
        yield from islice(_holes(rosters, one), MOST)
        yield from islice(_doubles(rosters, one), MOST)


def _holes(rosters: Rosters, laid: Plan) -> Iterator[Finding]:
    for at, roster in enumerate(rosters.rosters):
        if roster.cover == "required":
            for hole in holes(laid, roster.id, roster.hours, roster.least):
                fix = "close it, or write `cover: wished`"
                yield Finding(
                    ("rosters", at), f"has {_few(hole, roster.least)} from {hole.told(_CLOCK)}", fix
                )
    if rosters.grid_cover == "required":
        for grid, post in rosters.grids.items():
            for hole in uncovered(laid, (post.primary, *post.backups), rosters.grid_hours):
                fix = "give it another backup, or write `grid_cover: wished`"
                yield Finding(("grids", grid), f"has nobody on duty from {hole.told(_CLOCK)}", fix)


def _doubles(rosters: Rosters, laid: Plan) -> Iterator[Finding]:
    places = {one.id: at for at, one in enumerate(rosters.rosters)}
    for one in doubles(laid):
        trail: Trail = ("rosters", places[one.second.roster])
        what = (
            f"has {one.person} on {one.second.day} {one.second.shift}, who is on {one.first.key} at that time"
        )
        yield Finding(trail, what, "take the person out of one of them")


def _few(hole: Hole, least: int) -> str:
    return "nobody" if hole.there == 0 else f"{hole.there} of {least} people"


def doubts(rosters: Rosters, sight: Sight) -> Iterator[str]:
    """What does not fit the site and its people, and the holes of the next days."""
    registry, zone = sight.registry, ZoneInfo(rosters.timezone)
    if zone != registry.timezone:
        yield f"rosters: timezone: is {zone.key}, the site's is {registry.timezone.key}; mend one of them"
    grids = [one.id for one in registry.areas.values() if one.level == "grid"]
    there = [grid for grid in grids if ("area", grid) in registry.active]
    yield from (
        f"rosters: grids.{one}: the site has no such grid" for one in rosters.grids if one not in there
    )
    bare = [grid for grid in there if grid not in rosters.grids]
    if bare:
        yield f"rosters: grids: nobody looks after {', '.join(bare)}"
    yield from _strangers(rosters, sight.people)
    laid = plan(rosters, [sight.today + n * DAY for n in range(AHEAD)], zone)
    yield from islice(_ahead(rosters, laid), MOST)


def _strangers(rosters: Rosters, people: Collection[str]) -> Iterator[str]:
    """People without an account, and those of a grid who are on no roster."""
    working: set[str] = set()
    named: dict[str, None] = {}
    for roster in rosters.rosters:
        those = [person for team in roster.teams for person in team.people]
        those += [one.into for one in roster.changes if one.into is not None]
        named |= dict.fromkeys(those)
        working |= set(those) if roster.job == "worker" else set()
    for grid, post in rosters.grids.items():
        named |= dict.fromkeys(filter(None, (post.primary, *post.backups, post.leader)))
        for person in (post.primary, *post.backups):
            if person not in working:
                yield f"rosters: grids.{grid}: {person} is on no roster of workers, so never on duty"
    unknown = [person for person in named if person not in people]
    if unknown:
        more = f" and {len(unknown) - MOST} more" if len(unknown) > MOST else ""
        yield f"rosters: there is no account of {', '.join(unknown[:MOST])}{more}; nobody can reach them"


def _ahead(rosters: Rosters, laid: Plan) -> Iterator[str]:
    for roster in rosters.rosters:
        for hole in holes(laid, roster.id, roster.hours, roster.least):
            yield f"rosters: {roster.id} has {_few(hole, roster.least)} from {hole.told(laid.zone)}"
    for grid, post in rosters.grids.items():
        for hole in uncovered(laid, (post.primary, *post.backups), rosters.grid_hours):
            yield f"rosters: grids.{grid}: nobody is on duty from {hole.told(laid.zone)}"


ROSTERS = Kind("rosters", Rosters, check=faults, doubts=doubts)
