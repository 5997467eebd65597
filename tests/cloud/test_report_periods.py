"""Reports of periods, stars and grid logs."""

from __future__ import annotations

import json
from datetime import date, timedelta
from random import Random
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from cloud.areas.registry import Registry
from cloud.database.schema import deadline_event, incident, incident_event, person
from cloud.deadlines.firing import fire
from cloud.duty.kinds import ROSTERS
from cloud.incidents.transitions import State
from cloud.people.roles import Role
from cloud.policies.reading import check
from cloud.policies.tables import policy
from cloud.push.tables import notice
from cloud.reports import gridlog, planning, reporting
from cloud.reports.facts import Case, Entry
from cloud.reports.periods import KINDS, parse, period_of
from cloud.reports.policy import REPORTS, ReportPolicy, StarTerms
from cloud.reports.stars import Event, of_grids, of_workers
from cloud.reports.tables import case_mark, period_report
from tests.cloud.conftest import make_site
from tests.cloud.report_cases_for_tests import POLICY, line_row, random_case, store
from tests.cloud.sender_for_tests import START
from tests.cloud.sessions_for_tests import client

ZONE = ZoneInfo("Asia/Shanghai")
BANDS = (40, 60, 75, 90)


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.sampled_from(KINDS))
def test_periods_of_a_kind_lie_one_after_another_and_have_names(day: date, kind: str) -> None:
    found = period_of(kind, day)
    assert found.first <= day <= found.last
    assert found.following().first == found.last + timedelta(days=1)
    assert parse(kind, found.name) == found
    assert found.following().name > found.name


def test_a_week_may_be_of_another_year_and_a_half_month_ends_on_the_15th() -> None:
    assert period_of("week", date(2027, 1, 1)).name == "2026-W53"
    assert period_of("half_month", date(2026, 2, 15)).name == "2026-02-1"
    assert period_of("half_month", date(2026, 2, 16)).last == date(2026, 2, 28)
    for wrong in ("2026-W54", "2026-13", "2026-02-3", "x"):
        for kind in KINDS:
            with pytest.raises(ValueError, match=r"\w"):
                parse(kind, wrong)


def event(code: str, hit: bool, grid: str = "G01", who: str | None = "li") -> Event:
    return Event(code, uuid4(), 3, hit, grid, who)


def test_a_star_is_the_weighted_mean_of_what_counted() -> None:
    terms = StarTerms(weights={"valid_report": 40, "missed": 20}, fewest=4)
    events = [event("valid_report", n < 3) for n in range(4)] + [
        event("missed", True, who=None),
        event("rework", True),
    ]
    (star,) = of_workers(terms, BANDS, events, {"li": {"G01"}, "wang": {"G02"}})
    assert (star.who, star.score, star.stars, star.grade) == ("li", 50.0, 2, "D")  # (40 x 75 + 20 x 0) / 60
    assert [(one.code, one.sum.numerator, one.sum.denominator) for one in star.inputs] == [
        ("missed", 1, 1),
        ("valid_report", 3, 4),
    ]
    assert sum(len(one.events) for one in star.inputs) == 5
    assert of_workers(terms, BANDS, events[1:4], {"li": {"G01"}}) == []
    assert of_grids(terms, BANDS, events)[0].who == "G01"
    assert of_workers(terms, BANDS, reversed(events), {"li": {"G01"}}) == [star]


def test_weights_are_of_indices_that_are_scored() -> None:
    terms = {"weights": {"public_report": 5, "closed": 5}}
    (fault,) = check(REPORTS, {"workers": terms, "bands": [1, 2, 3, 4]})[1]
    assert fault.trail == ("workers", "weights", "public_report")
    assert check(REPORTS, {"bands": [2, 1, 3, 4]})[1]


ROSTER = {"grids": {"G01": {"primary": "li", "backups": ["wang"], "leader": "boss"}}}


@pytest.mark.anyio
async def test_a_month_is_told_once_and_again_in_the_same_words(street) -> None:
    chance = Random(11)
    those = [random_case(chance) for _ in range(40)]
    async with street() as s:
        context, engine, clock = s.app.state.context, s.app.state.context.engine, s.clock
        bodies = {
            "deadlines": POLICY,
            "reports": {"workers": {"weights": {"valid_report": 1, "closed": 1}, "fewest": 1}},
        }
        rows = [
            {
                "kind": kind, "version": 1, "at": START - timedelta(days=1), "source": "person",
                "actor_kind": "user", "actor_name": "x", "body": body,
            }
            for kind, body in (*bodies.items(), (ROSTERS.name, ROSTER))
        ]  # fmt: skip
        async with engine.begin() as connection:
            await connection.execute(insert(policy), rows)
        await context.current.load()
        ids = await store(engine, those, [chance.choice(("G01", "G02")) for _ in those])
        marker, current = s.app.state.marker, context.current
        doing = {**reporting.effects(current, marker), **gridlog.effects(current)}
        async with engine.begin() as connection:
            await planning.plan(connection, current, START)
        month = period_of("month", START.astimezone(ZONE).date())
        clock.at = month.instants(ZONE)[1] + timedelta(seconds=1)
        for _ in range(3):
            await fire(engine, clock.at, doing)
            async with engine.begin() as connection:
                await planning.plan(connection, current, clock.at)
        async with engine.connect() as connection:
            stored = (
                await connection.execute(select(period_report).where(period_report.c.kind == "month"))
            ).all()
            times = select(func.count()).where(deadline_event.c.key == f"report/month/{month.name}")
            assert await connection.scalar(times) == 1
        (row,) = stored
        body = json.loads(row.body)
        assert body["opened"] == len(those)
        assert {star["who"] for star in body["workers"]} <= {"li", "wang"}
        assert body["workers"]
        lines = {(str(key), one.version) for key, case in zip(ids, those, strict=True) for one in case.log}
        for star in (*body["workers"], *body["grids"]):
            for one in star["inputs"]:
                assert one["sum"]["denominator"] == len(one["events"])
                assert {(key, version) for key, version, _ in one["events"]} <= lines

        last = those[0].log[-1]
        later = Entry(clock.at, last.target, State.ACCEPTED, "reopen", {}, last.version + 1)
        async with engine.begin() as connection:
            await connection.execute(insert(incident_event), line_row(ids[0], later))
            values = {"version": later.version, "updated_at": later.at, "state": State.ACCEPTED}
            await connection.execute(update(incident).where(incident.c.id == ids[0]).values(values))
            await connection.execute(delete(case_mark))
            await connection.execute(update(incident).values(marked_version=None))
        leader = await client(s, "leader", Role.LEADER)
        shown = (await leader.get(f"/api/v1/reports/month/{month.name}", params={"verify": True})).json()
        assert shown["same"] is True
        assert shown["body"] == body
        span = {"from": shown["begins"], "to": shown["ends"]}
        figures = (await leader.get("/api/v1/indices", params=span)).json()["items"]
        there = {one["code"]: [one["numerator"], one["denominator"]] for one in figures if one["denominator"]}
        assert there == {code: counted[:2] for code, counted in body["street"].items()}
        heads = (await leader.get("/api/v1/reports")).json()["items"]
        assert {one["kind"] for one in heads} >= {"month", "half_month"}
        assert (await leader.get("/api/v1/reports/month/2020-01")).status_code == 404
        async with engine.begin() as connection:
            with pytest.raises(DBAPIError, match=r"append|never"):
                await connection.execute(text("UPDATE period_report SET body = 'better'"))


def test_a_grid_that_is_no_more_is_not_asked_for_its_log() -> None:
    areas = {one.id: one for one in make_site().areas}
    registry = Registry(areas=areas, active=frozenset(("area", key) for key in areas if key != "G02"))
    assert gridlog.grids_of(registry) == ["G01"]


@pytest.mark.anyio
async def test_a_grid_of_which_nothing_was_heard_is_told_to_its_leader(street) -> None:
    chance = Random(5)
    async with street() as s:
        context, engine = s.app.state.context, s.app.state.context.engine
        bodies = ((REPORTS.name, {"upload_by": "20:00"}), (ROSTERS.name, ROSTER))
        rows = [
            {
                "kind": kind, "version": 1, "at": START, "source": "person", "actor_kind": "user",
                "actor_name": "x", "body": body,
            }
            for kind, body in bodies
        ]  # fmt: skip
        async with engine.begin() as connection:
            await connection.execute(insert(policy), rows)
        await context.current.load()
        worker = await client(s, "li", Role.GRID_WORKER)
        async with engine.begin() as connection:
            await connection.execute(update(person).where(person.c.username == "li").values(areas=["G02"]))
        day = START.astimezone(ZONE).date()
        asked = {"day": day.isoformat()}
        assert (await worker.get("/api/v1/grid-log/missing", params=asked)).json()["grids"] == ["G02"]
        said = await worker.post("/api/v1/grid-log/G02", json={"words": "巡查正常,电话13800138000"})
        assert said.status_code == 201, said.text
        assert "13800138000" not in said.text
        assert (await worker.post("/api/v1/grid-log/G01", json={"words": "x"})).status_code == 404
        assert (await worker.get("/api/v1/grid-log/missing", params=asked)).json()["grids"] == []
        case = random_case(chance, 0)
        room = Entry(START, None, State.DETECTED, "open", {}, 1, "report", "leader")
        await store(engine, [case, Case("05-06", "hotline", [room])], ["G02", "G01"])
        lines = (await worker.get("/api/v1/grid-log/G02", params=asked)).json()["items"]
        assert sorted(one["action"] for one in lines) == ["grid_note", "open"]
        assert lines == sorted(lines, key=lambda one: one["at"])
        async with engine.begin() as connection:
            with pytest.raises(DBAPIError, match=r"append|never"):
                await connection.execute(text("DELETE FROM grid_note"))

        evening = gridlog.upload_by(ReportPolicy(), day, ZONE)
        async with engine.begin() as connection:
            await planning.plan(connection, context.current, START)
        doing = gridlog.effects(context.current)
        for at in (evening - timedelta(seconds=1), evening, evening + timedelta(seconds=1)):
            await fire(engine, at, doing)
        async with engine.connect() as connection:
            (told,) = (await connection.execute(select(notice).where(notice.c.kind == gridlog.UPLOAD))).all()
        assert told.targets == ["person:boss"]  # of G01, where the room alone opened a case
