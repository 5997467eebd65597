"""The ledger on the screen: its filters, its pages, and that its files have the same cases."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from cloud.incidents.transitions import CLOSED, State
from cloud.people.roles import Role
from cloud.reports.listing import Narrowed
from tests.cloud.report_cases_for_tests import random_case, store
from tests.cloud.sender_for_tests import START
from tests.cloud.sessions_for_tests import client

pytestmark = pytest.mark.anyio
SPAN = {"from": START.isoformat(), "to": (START + timedelta(hours=12)).isoformat(), "cases": "opened"}
INDEXES = (
    ("event_class", "incident_class_newest_first"),
    ("grid", "incident_grid_newest_first"),
    ("community", "incident_community_newest_first"),
    ("source", "incident_source_newest_first"),
    ("organisation", "incident_organisation_newest_first"),
)


async def whole(who: Any, **filters: str) -> tuple[list[dict[str, Any]], int]:
    """All pages."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await who.get("/api/v1/ledger", params={**SPAN, "limit": 7, **filters, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items, page["count"]
        cursor = {"cursor": page["next"]}


async def test_each_filter_gives_its_cases_page_by_page_and_in_the_files(street) -> None:
    chance = Random(11)
    those = [random_case(chance) for _ in range(60)]
    grids = [chance.choice(["G01", "G02"]) for _ in those]
    async with street() as s:
        await store(s.app.state.context.engine, those, grids)
        s.clock.at = START + timedelta(days=2)
        leader = await client(s, "leader", Role.LEADER)
        everything, count = await whole(leader)
        assert count == len(everything) == len({one["id"] for one in everything}) == 60
        opened = [one["opened_at"] for one in everything]
        assert opened == sorted(opened, reverse=True)

        fits = {
            "state": lambda one: State(one["state"]) in CLOSED,
            "source": lambda one: one["source"] == "hotline",
            "severity": lambda one: one["severity"] == everything[0]["severity"],
            "area": lambda one: one["grid"]["id"] == "G01",
            "number": lambda one: one["number"].startswith("T00000"),
            "event_class": lambda one: one["event_class"]["code"] == everything[0]["event_class"]["code"],
        }
        given = {
            "state": "closed", "source": "hotline", "severity": everything[0]["severity"], "area": "G01",
            "number": "T00000", "event_class": everything[0]["event_class"]["code"],
        }  # fmt: skip
        for name, fit in fits.items():
            found, count = await whole(leader, **{name: given[name]})
            assert [one["id"] for one in found] == [one["id"] for one in everything if fit(one)], name
            assert count == len(found) > 0
            file = await leader.get("/api/v1/ledger.csv", params={**SPAN, name: given[name]})
            rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
            numbers = {row[1] for row in rows[1 : rows.index([])]}
            assert numbers == {one["number"] for one in found}, name

        worker = await client(s, "worker", Role.GRID_WORKER)  # of no area
        assert await whole(worker) == ([], 0)


async def test_each_filter_has_an_index_in_the_ledgers_order(street) -> None:
    """Without sorting, as among a million cases; the planner is not asked to guess at a small table."""
    async with street() as s, s.app.state.context.engine.connect() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        await connection.execute(text("SET enable_sort = off"))
        await connection.execute(text("SET enable_bitmapscan = off"))
        for column, index in INDEXES:
            plan = await connection.execute(
                text(
                    f"EXPLAIN SELECT id FROM incident WHERE {column} = 'x' AND opened_at < now()"
                    " ORDER BY opened_at DESC, id DESC LIMIT 50"
                )
            )
            told = "\n".join(plan.scalars())
            assert index in told, told
            assert "Sort" not in told, told


async def test_how_a_number_begins_is_looked_up_in_an_index_also_behind_row_level_security(street) -> None:
    """Row-level security lets only leakproof comparisons into an index: LIKE is none."""
    where = " AND ".join(
        str(one.compile(compile_kwargs={"literal_binds": True}))
        for one in Narrowed(number="20261122").conditions()
    )
    async with street() as s, s.app.state.context.engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL ROLE gridwatch_person"))
        await connection.execute(text("SET LOCAL gridwatch.areas = 'G01'"))
        plan = await connection.exec_driver_sql(f"EXPLAIN SELECT id FROM incident WHERE {where}")
        told = "\n".join(row[0] for row in plan)
        assert re.search(r"incident_number_begins.*\n\s+Index Cond: .*number", told), told


async def test_a_cursor_or_state_that_nobody_gave_is_refused(street) -> None:
    async with street() as s:
        leader = await client(s, "leader", Role.LEADER)
        for wrong in ({"cursor": "x"}, {"state": "asleep"}, {"severity": "dire"}):
            answer = await leader.get("/api/v1/ledger", params={**SPAN, **wrong})
            assert answer.status_code == 422, wrong
            assert answer.json()["code"] == "invalid"
