"""Indices, the cases behind them and the ledger, over HTTP and in a database of random cases."""

from __future__ import annotations

import csv
import io
import resource
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update

from cloud.database.engine import make_engine
from cloud.database.schema import incident, incident_event
from cloud.deadlines.limits import DEADLINES
from cloud.incidents.transitions import State
from cloud.people.roles import Role
from cloud.people.scope import STREET
from cloud.policies.tables import policy
from cloud.reports import ledger
from cloud.reports.facts import Entry, marks, until
from cloud.reports.figures import total
from cloud.reports.querying import Wanted
from cloud.reports.sheet import Cell, Xlsx, harmless
from cloud.reports.tables import case_mark
from tests.cloud.report_cases_for_tests import POLICY, RULES, line_row, random_case, store
from tests.cloud.sender_for_tests import START
from tests.cloud.sessions_for_tests import client

pytestmark = pytest.mark.anyio
END = START + timedelta(hours=12)
SPAN = {"from": START.isoformat(), "to": END.isoformat()}
GRIDS = ("G01", "G02")


async def with_limits(engine: Any) -> None:
    row = {
        "kind": DEADLINES.name, "version": 1, "at": START, "source": "person", "actor_kind": "user",
        "actor_name": "x", "body": POLICY,
    }  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(insert(policy), row)


async def test_figures_their_cases_and_the_ledger_are_the_same_thing(street) -> None:
    chance = Random(7)
    those = [random_case(chance) for _ in range(60)]
    grids = [chance.choice(GRIDS) for _ in those]
    async with street() as s:
        engine = s.app.state.context.engine
        await with_limits(engine)
        ids = await store(engine, those, grids)
        s.clock.at = END + timedelta(days=2)
        leader = await client(s, "leader", Role.LEADER)

        async def figures(**more: str) -> dict[str, tuple[int, int]]:
            found = (await leader.get("/api/v1/indices", params={**SPAN, **more})).json()
            assert found["behind"] == 0
            return {one["code"]: (one["numerator"], one["denominator"]) for one in found["items"]}

        then = [stood for case in those if (stood := until(case, END))]
        found = [one for case in then for one in marks(case, RULES) if START <= one.at < END]
        plain = {code: (one.numerator, one.denominator) for code, one in total(found).items()}
        whole = await figures()
        assert {code: one for code, one in whole.items() if one[1]} == plain
        assert len(plain) > 20
        parts = [await figures(area=grid) for grid in GRIDS]
        both = {
            code: (parts[0][code][0] + parts[1][code][0], parts[0][code][1] + parts[1][code][1])
            for code in whole
        }
        assert both == whole
        grouped = (await leader.get("/api/v1/indices", params={**SPAN, "by": "grid"})).json()["groups"]
        assert [one["id"] for one in grouped] == list(GRIDS)
        told = [
            {one["code"]: (one["numerator"], one["denominator"]) for one in each["items"]} for each in grouped
        ]
        assert told == parts

        for code in ("closed_in_time", "rework", "missed"):
            of: dict[str, set[tuple[str, str]]] = {}
            for part, count in zip(("numerator", "denominator"), whole[code], strict=True):
                items, cursor = [], None
                while True:
                    more = {"cursor": cursor} if cursor else {}
                    query = {**SPAN, "part": part, "limit": 7, **more}
                    page = (await leader.get(f"/api/v1/indices/{code}/cases", params=query)).json()
                    items += page["items"]
                    if not (cursor := page["next"]):
                        break
                assert len(items) == count
                of[part] = {(one["incident_id"], one["at"]) for one in items}
                assert len(of[part]) == count
                assert part == "denominator" or all(one["hit"] for one in items)
            assert of["numerator"] <= of["denominator"]

        answer = await leader.get("/api/v1/ledger.csv", params=SPAN)
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        blank = rows.index([])
        cases, totals = rows[1:blank], rows[blank + 3 :]
        assert [int(row[0]) for row in cases] == list(range(1, len(cases) + 1))
        assert {row[0]: (int(row[2]), int(row[3])) for row in totals} == whole
        assert {(row[4], row[5], row[6]) for row in cases} >= {
            ("热线转办 Hotline", "一般 Medium", "网格 grid")
        }
        assert {row[9] for row in cases} >= {"已结案 Closed", "误报 False alarm"}, "as people say it"
        columns = rows[0][13:]
        summed = [sum(int(row[13 + at]) for row in cases if row[13 + at]) for at in range(len(columns))]
        assert summed[:-4] == [int(row[2]) for row in totals][:-4]
        sheet = await leader.get("/api/v1/ledger.xlsx", params=SPAN)
        book = zipfile.ZipFile(io.BytesIO(sheet.content))
        assert book.testzip() is None
        first = book.read("xl/worksheets/sheet1.xml").decode()
        assert 'state="frozen"' in first, "the head stays in sight"
        assert 'customWidth="1"' in first, "and no time shows as #####"

        worker = await client(s, "worker", Role.GRID_WORKER)  # of no area
        mine = (await worker.get("/api/v1/indices", params=SPAN)).json()["items"]
        assert [one for one in mine if one["denominator"]] == []
        hidden = (await worker.get("/api/v1/indices/closed_in_time/cases", params=SPAN)).json()["items"]
        assert hidden == []
        seen = (await worker.get("/api/v1/ledger.csv", params=SPAN)).text
        assert not any(f"T{n:06}" in seen for n in range(60))

        # What happens after the span changes nothing in it, and what happened in it is told at once.
        reopened = next(n for n, case in enumerate(those) if case.log[-1].target is State.CLOSED)
        last = those[reopened].log[-1]
        later = Entry(END + timedelta(days=1), State.CLOSED, State.ACCEPTED, "reopen", {}, last.version + 1)
        async with engine.begin() as connection:
            await connection.execute(insert(incident_event), line_row(ids[reopened], later))
            values = {"version": later.version, "updated_at": later.at, "state": State.ACCEPTED}
            await connection.execute(update(incident).where(incident.c.id == ids[reopened]).values(values))
        assert await figures() == whole
        wide = (await leader.get("/api/v1/indices", params={"from": SPAN["from"]})).json()["items"]
        assert {one["code"]: (one["numerator"], one["denominator"]) for one in wide} != whole
        async with engine.begin() as connection:
            await connection.execute(delete(case_mark))
            await connection.execute(update(incident).values(marked_version=None))
        assert await figures() == whole

        assert (await leader.get("/api/v1/indices/nothing/cases")).status_code == 404
        assert (
            await leader.get("/api/v1/indices", params={"from": SPAN["to"], "to": SPAN["from"]})
        ).status_code == 422


MANY = """
    INSERT INTO incident (id, number, place, event_class, state, version, severity, grid, community,
        opened_at, updated_at, source, level, pending)
    SELECT gen_random_uuid(), 'T' || n, 'report:' || n, '05-06', 'closed', 1, 2, 'G01', 'C1',
        CAST(:at AS timestamptz), :at, 'edge', 'grid', '{}'
    FROM generate_series(CAST(:first AS int), :last) AS n"""
COUNTING = """
    INSERT INTO case_mark (incident_id, code, n, at, hit, version)
    SELECT id, code, 0, opened_at, true, 1 FROM incident, unnest(ARRAY['closed', 'rework', 'missed']) AS code
    ON CONFLICT DO NOTHING"""


class Watched(Xlsx):
    """Looks at the memory of this process every 1,000 rows."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, END)
        self.rows, self.resident = 0, list[int]()

    def row(self, cells: Sequence[Cell]) -> None:
        super().row(cells)
        self.rows += 1
        if self.rows % 1_000 == 0:
            self.look()

    def look(self) -> None:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.resident.append(pages * resource.getpagesize())


async def test_ten_thousand_rows_are_written_in_memory_that_does_not_grow(url, tmp_path) -> None:
    """Kept in memory, the rows after the first 2,000 are 13 MB."""
    engine = make_engine(url)
    registry: Any = SimpleNamespace(areas={}, classes={}, timezone=RULES.work.zone)
    async with engine.begin() as connection:
        await connection.execute(text(MANY), {"at": START, "first": 1, "last": 10_000})
        await connection.execute(text(COUNTING))
    sheet = Watched(tmp_path / "ledger.xlsx")
    async with engine.connect() as connection:
        written = await ledger.write(sheet, connection, Wanted(START, END), {}, STREET, registry, None)
    sheet.close()
    sheet.look()
    await engine.dispose()
    assert written == 10_000
    grown = max(sheet.resident) - sheet.resident[1]
    assert grown < 8_000_000, f"{grown} bytes more than after 2,000 rows"


def test_nothing_in_a_cell_is_a_formula() -> None:
    for cell in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1+1", "\uff20SUM(A1)"):
        assert harmless(cell) == f"'{cell}"
    assert harmless("垃圾 -1") == "垃圾 -1"
