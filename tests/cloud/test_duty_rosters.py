"""Turns, who is on duty, and what the gap detector finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud.areas.registry import Registry
from cloud.duty.gaps import Plan, doubles, holes, plan, uncovered
from cloud.duty.kinds import ROSTERS, faults
from cloud.duty.model import ALWAYS
from cloud.duty.on_duty import OnDuty, on_duty
from cloud.duty.shifts import moment, turns
from cloud.policies.doubting import doubts
from cloud.policies.kind import Policies, Sight
from cloud.policies.reading import check, read
from devices.site.load import load_site
from tests.cloud.rosters_for_tests import roster, rosters

STREET = Path(__file__).parents[2] / "examples" / "street"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def told(tree: Any) -> list[str]:
    return [f"{'/'.join(map(str, one.trail))}: {one.what}; {one.fix}" for one in check(ROSTERS, tree)[1]]


def written(*those: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"timezone": "UTC", "rosters": list(those)} | more


class TestWhoIsOnDuty:
    everybody = rosters(
        roster(2, "room"),
        roster(1, "work", job="worker"),
        grids={
            "G1": {"primary": "work-A0", "backups": ["work-B0", "work-C0"], "leader": "boss"},
            "G2": {"primary": "work-B0"},
        },
    )

    @pytest.mark.parametrize(
        ("hours", "team"), [(-4.001, "C"), (-4, "A"), (0, "A"), (8, "B"), (19.999, "B"), (20, "D"), (32, "A")]
    )
    def test_teams_follow_each_other(self, hours: float, team: str) -> None:
        found = on_duty(self.everybody, None, NOON + timedelta(hours=hours))
        assert found == OnDuty(shift_leader=f"room-{team}0", operators=(f"room-{team}0", f"room-{team}1"))

    def test_with_the_primary_off_shift_the_backup_is_called(self) -> None:
        day, night = (on_duty(self.everybody, "G1", NOON + timedelta(hours=h)) for h in (0, 12))
        assert (day.primary, day.backup) == ("work-A0", None)
        assert (night.primary, night.backup) == (None, "work-B0")
        assert [one.called()["primary"] for one in (day, night)] == [("work-A0",), ("work-B0",)]
        assert night.called()["backup"] == ("boss",)

    def test_with_nobody_on_shift_the_grids_leader_is_called(self) -> None:
        found = on_duty(self.everybody, "G1", NOON + DAY)
        assert (found.primary, found.backup, found.uncovered) == (None, None, True)
        assert found.called() == {
            "primary": ("boss",), "grid_leader": ("boss",), "shift_leader": ("room-D0",),
        }  # fmt: skip
        assert on_duty(self.everybody, "G2", NOON).called() == {"shift_leader": ("room-A0",)}

    def test_a_grid_that_nobody_looks_after_has_the_patrol_room(self) -> None:
        assert on_duty(self.everybody, "G9", NOON).called() == {"shift_leader": ("room-A0",)}


class TestChanges:
    def there(self, *changes: dict[str, Any], at: datetime = NOON) -> tuple[str, ...]:
        return on_duty(rosters(roster(3, changes=changes)), None, at).operators

    def test_leave_swap_and_help(self) -> None:
        day = "2026-01-01"
        assert self.there({"days": day, "out": "R-A1"}) == ("R-A0", "R-A2")
        assert self.there({"days": day, "out": "R-A0"})[0] == "R-A1", "the next one leads"
        assert self.there({"days": day, "out": "R-A0", "into": "R-C0"}) == ("R-C0", "R-A1", "R-A2")
        assert self.there({"days": day, "shift": "day", "into": "X"}) == ("R-A0", "R-A1", "R-A2", "X")

    def test_a_change_is_of_its_days_and_shift_only(self) -> None:
        all_there = ("R-A0", "R-A1", "R-A2")
        assert self.there({"days": "2026-01-01", "shift": "night", "out": "R-A0"}) == all_there
        assert self.there({"days": "2026-01-02/2026-01-09", "out": "R-A0"}) == all_there
        after_midnight = datetime(2026, 1, 2, 3, tzinfo=UTC)
        assert self.there({"days": "2026-01-02", "out": "R-B0"}, at=after_midnight)[0] == "R-B0"
        assert self.there({"days": "2026-01-01", "out": "R-B0"}, at=after_midnight)[0] == "R-B1"

    def test_changes_are_taken_in_one_after_the_other(self) -> None:
        first = {"days": "2026-01-01", "out": "R-A0", "into": "R-C0"}
        second = {"days": "2026-01-01", "out": "R-C0", "into": "R-D0"}
        assert self.there(first, second)[0] == "R-D0"
        assert self.there({"days": "2026-01-01", "out": "R-A0", "into": "R-A1"}) == ("R-A1", "R-A2")


class TestFaults:
    def test_four_teams_have_no_hole_and_nobody_twice(self) -> None:
        assert told(written(roster(2, cover="required", least=2))) == []

    def test_a_24_hour_roster_with_a_two_hour_hole_is_refused(self) -> None:
        shifts = {"day": "08:00-18:00", "night": "20:00-08:00"}
        (found, *more) = told(written(roster(cover="required", shifts=shifts)))
        assert found == (
            "rosters/0: has nobody from 2026-01-01 18:00 to 20:00; close it, or write `cover: wished`"
        )
        assert len(more) == 3, "one a day of the round"
        assert told(written(roster(cover="wished", shifts=shifts))) == []
        assert told(written(roster(cover="required", hours="20:00-18:00", shifts=shifts))) == []

    def test_a_leave_that_makes_a_hole_is_refused_on_its_days(self) -> None:
        away = {"days": "2026-03-01/2026-03-04", "out": "R-A0"}
        found = told(written(roster(cover="required", changes=[away])))
        assert [one.split(" from ")[1].split(";")[0] for one in found] == [
            "2026-03-02 08:00 to 20:00", "2026-03-03 20:00 to 2026-03-04 08:00"
        ]  # fmt: skip
        assert told(written(roster(cover="required", changes=[away | {"into": "X"}]))) == []

    def test_too_few_are_counted(self) -> None:
        found = told(written(roster(2, cover="required", least=3)))
        assert "has 2 of 3 people from 2026-01-01 00:00 to 2026-01-05 00:00" in found[0]

    def test_nobody_is_in_two_places_at_once(self) -> None:
        twice = roster(identity="Q", job="worker") | {"teams": [{"id": "Z", "people": ["R-A0"]}]}
        found = told(written(roster(), twice))
        assert "rosters/1: has R-A0 on 2026-01-01 day, who is on R/2026-01-01/day/A at that time" in found[0]
        other = twice | {"teams": [{"id": "Z", "people": ["R-A0"], "offset": 2}]}
        assert told(written(roster(), other)) == []

    def test_a_swap_that_puts_somebody_on_two_turns_is_refused(self) -> None:
        swap = {"days": "2026-01-01", "shift": "night", "out": "R-B0", "into": "R-A0"}
        assert told(written(roster(changes=[swap]))) == [], "one after the other is hard, but possible"
        long = roster(changes=[swap], shifts={"day": "08:00-21:00", "night": "20:00-08:00"})
        assert any("has R-A0 on 2026-01-01 night" in one for one in told(written(long)))

    def test_a_grid_with_nobody_is_refused_where_cover_is_required(self) -> None:
        grids = {"G1": {"primary": "R-A0", "backups": ["R-B0", "R-C0"]}}
        tree = written(roster(job="worker"), grids=grids, grid_cover="required")
        (found, *more) = told(tree)
        assert found.startswith(
            "grids/G1: has nobody on duty from 2026-01-02 08:00 to 20:00; give it another"
        )
        assert len(more) == 1
        whole = {"G1": grids["G1"] | {"backups": ["R-B0", "R-C0", "R-D0"]}}
        assert told(tree | {"grids": whole}) == []

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"pattern": ["day", "late"]}, "has no shift 'late'; write one of day, night, off"),
            ({"shifts": {"day": "8-20"}}, "is not a time of the day; write for example"),
            ({"shifts": {"day": "08:00-25:00"}}, "has a time that no clock shows"),
            ({"seats": ["s"], "job": "worker"}, "has seats, but workers sit nowhere"),
            ({"changes": [{"days": "2026-01-01"}]}, "changes nothing; name who is away"),
            ({"changes": [{"days": "2026-01-01", "into": "X"}]}, "does not say for which shift"),
            ({"changes": [{"days": "2026-01-01", "shift": "late", "out": "X"}]}, "has no shift 'late'"),
            ({"teams": [{"id": "A", "people": ["x", "x"]}]}, "names somebody twice"),
            ({"teams": [{"id": "A", "people": ["x"]}] * 2}, "has A twice"),
            ({"least": 0}, "must be at least 1"),
        ],
    )
    def test_what_is_wrong_with_one_roster_is_told(self, more: dict[str, Any], said: str) -> None:
        assert any(said in one for one in told(written(roster(**more)))), told(written(roster(**more)))

    def test_a_backup_is_another_person_and_a_zone_one_that_there_is(self) -> None:
        grids = {"G1": {"primary": "a", "backups": ["a"]}}
        assert "a backup is another person" in told(written(grids=grids))[0]
        assert "is not a time zone of the IANA list" in told(written(timezone="Asia/Peking"))[0]


def test_24_workers_cover_27_grids_without_a_hole() -> None:
    grids = {
        f"G{n:02d}": {
            "primary": f"W-{'ABCD'[n % 4]}{n % 6}",
            "backups": [f"W-{'ABCD'[(n + k) % 4]}{n % 6}" for k in (1, 2, 3)],
        }
        for n in range(27)
    }
    tree = written(roster(6, "W", job="worker"), grids=grids, grid_cover="required")
    document, none = check(ROSTERS, tree)
    assert none == []
    assert document is not None
    assert len({person for team in document.rosters[0].teams for person in team.people}) == 24
    for hours in range(0, 24 * 8, 3):
        for grid in grids:
            assert not on_duty(document, grid, NOON + timedelta(hours=hours)).uncovered


zones = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
days_of = st.dates(date(2025, 1, 1), date(2028, 12, 31))
edges = st.lists(st.integers(0, 24 * 60 - 1), min_size=1, max_size=4, unique=True).map(sorted)


@settings(max_examples=60)
@given(edges, zones, days_of)
@example([120, 150, 180], "Europe/Berlin", date(2026, 3, 29))
@example([120, 150, 180], "Europe/Berlin", date(2026, 10, 25))
@example([90, 135], "Australia/Lord_Howe", date(2026, 10, 4))
def test_shifts_that_follow_each_other_leave_no_hole_in_any_zone(
    cuts: list[int], name: str, day: date
) -> None:
    clock = [f"{at // 60:02d}:{at % 60:02d}" for at in cuts]
    shifts = [f"{one}-{clock[(n + 1) % len(clock)]}" for n, one in enumerate(clock)]
    each = [
        roster(1, f"R{n}", pattern=["s"], shifts={"s": shift}, teams=[{"id": "A", "people": [f"p{n}"]}])
        for n, shift in enumerate(shifts)
    ]
    laid = plan(rosters(*each, timezone=name), [day - DAY, day, day + DAY], ZoneInfo(name))
    assert list(uncovered(laid, [f"p{n}" for n in range(len(cuts))], ALWAYS)) == []
    assert list(doubles(laid)) == []


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=5),
    st.integers(1, 3),
    zones,
    days_of,
)
def test_holes_are_exactly_the_minutes_with_too_few(
    spans: list[tuple[int, int]], least: int, name: str, day: date
) -> None:
    zone = ZoneInfo(name)
    shifts = {f"s{n}": {"begins": a, "ends": a + long} for n, (a, long) in enumerate(spans)}
    written = [
        roster(1, f"R{n}", pattern=["s"], shifts={"s": times}, teams=[{"id": "A", "people": [f"p{n}"]}])
        for n, times in enumerate(shifts.values())
    ]
    # All of one roster, so that they are counted together.
    found = rosters(*({**one, "id": f"R{n}"} for n, one in enumerate(written)), timezone=name)
    laid = plan(found, [day], zone)
    merged = plan_as_one(laid)
    gaps = list(holes(merged, "R", ALWAYS, least))
    at, end = moment(day, 0, zone), moment(day, 1440, zone)
    while at < end:
        there = {
            person for those in laid.turns.values() for turn in those if turn.begin <= at < turn.end
            for person in turn.people
        }  # fmt: skip
        inside = any(one.begin <= at < one.end for one in gaps)
        assert inside == (len(there) < least), (at, there, gaps)
        at += 7 * MINUTE
    assert all(before.end < after.begin for before, after in pairwise(gaps))


def plan_as_one(laid: Plan) -> Plan:
    turns_of = {day: tuple(replace(turn, roster="R") for turn in those) for day, those in laid.turns.items()}
    return replace(laid, turns=turns_of)


@pytest.mark.parametrize(
    ("name", "day", "minutes", "when"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 150, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 10, 25), 150, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 10, 4), 135, datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Asia/Shanghai", date(2026, 3, 29), 1440 + 60, datetime(2026, 3, 29, 17, 0, tzinfo=UTC)),
    ],
)
def test_a_time_that_clocks_leave_out_is_the_change_and_one_shown_twice_the_first(
    name: str, day: date, minutes: int, when: datetime
) -> None:
    assert moment(day, minutes, ZoneInfo(name)) == when


def test_a_shift_that_the_change_to_summer_time_leaves_out_is_none() -> None:
    short = rosters(roster(pattern=["s"], shifts={"s": "02:10-02:50"}, teams=[{"id": "A", "people": ["p"]}]))
    berlin, day = ZoneInfo("Europe/Berlin"), date(2026, 3, 29)
    assert list(turns(short.rosters[0], day, day, berlin)) == []
    assert len(list(turns(short.rosters[0], day, day + DAY, berlin))) == 1


class TestTheExample:
    document = read(STREET / "rosters.yaml", ROSTERS)[1]

    site = load_site(STREET / "site.yaml")

    def sight(self, people: frozenset[str] = frozenset()) -> Sight:
        site = self.site
        registry = Registry(
            timezone=ZoneInfo(site.timezone),
            areas={one.id: one for one in site.areas},
            active=frozenset(("area", one.id) for one in site.areas),
        )
        return Sight(registry, Policies(), date(2026, 11, 22), people)

    def test_24_workers_cover_39_grids_and_only_accounts_are_missing(self) -> None:
        workers = self.document.rosters[1]
        assert len({person for team in workers.teams for person in team.people}) == 24
        assert len(self.document.grids) == 39
        (only,) = doubts(ROSTERS, self.document, self.sight())
        assert only.startswith("rosters: there is no account of leader, operator")
        assert only.endswith("more; nobody can reach them")

    def test_what_does_not_fit_the_site_is_told(self) -> None:
        grids = {"G01": {"primary": "X"}, "G77": {"primary": "R-A0"}}
        odd = rosters(roster(job="worker"), grids=grids)
        found = doubts(ROSTERS, odd, self.sight(frozenset({"X", "R-A0", "R-B0", "R-C0"})))
        assert "rosters: timezone: is UTC, the site's is Asia/Shanghai; mend one of them" in found
        assert "rosters: grids.G77: the site has no such grid" in found
        assert any(one.startswith("rosters: grids: nobody looks after G02, G03") for one in found)
        assert "rosters: grids.G01: X is on no roster of workers, so never on duty" in found
        assert "rosters: there is no account of R-D0; nobody can reach them" in found
        assert "rosters: grids.G01: nobody is on duty from 2026-11-22 00:00 to 2026-12-06 00:00" in found


def test_the_gap_detector_lays_out_a_whole_round_of_different_patterns() -> None:
    seven = roster(identity="Q", pattern=["day"] * 7, teams=[{"id": "Z", "people": ["q"]}])
    hole = roster(identity="P", pattern=["day"] * 4 + ["off"], cover="required", hours="08:00-20:00",
                  teams=[{"id": "Y", "people": ["p"]}])  # fmt: skip
    found = list(faults(rosters(seven, hole)))
    assert len(found) == 7, "of 35 days each fifth"
    assert {one.trail for one in found} == {("rosters", 1)}
