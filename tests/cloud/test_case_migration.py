"""An install of before: its cases keep their logs, which are chained as new ones are."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from cloud.database import migrate
from cloud.database.engine import make_engine
from cloud.incidents import audit
from devices.ids import uuid7

pytestmark = pytest.mark.anyio

BEFORE = "0017"
MANY = 5003
"""Lines of one case: more than the migration reads at a time."""
LINE = (
    "INSERT INTO incident_event SELECT :id, number, '2026-11-22 04:00:00.12+00', 'user', 'leader', 'verify',"
    " CASE number WHEN 1 THEN NULL ELSE 'detected' END, 'detected', 'person', :reason"
    " FROM generate_series(1, :lines) AS number"
)
CASE = (
    "INSERT INTO incident (id, number, place, event_class, state, version, severity, point, opened_at,"
    " updated_at) VALUES (:id, :number, :number, '05-06', 'detected', :lines, 2, 'P01', now(), now())"
)


async def test_logs_that_are_there_are_chained_and_the_way_back_keeps_them(empty_url) -> None:
    engine = make_engine(empty_url)
    await migrate.upgrade(engine, BEFORE)
    async with engine.begin() as connection:
        for number, lines in (("a", 1), ("b", MANY), ("c", 4)):
            row = {"id": uuid7(), "number": number, "lines": lines, "reason": 'quote " 中\n'}
            await connection.execute(text(CASE), {k: v for k, v in row.items() if k != "reason"})
            await connection.execute(text(LINE), {k: v for k, v in row.items() if k != "number"})
    await migrate.upgrade(engine)
    proof = await audit.verify(engine)
    assert (proof.cases, proof.lines, proof.faults) == (3, MANY + 5, [])
    async with engine.connect() as connection:
        found = (await connection.execute(text("SELECT source, level, pending FROM incident"))).all()
        assert {tuple(map(str, row)) for row in found} == {("edge", "grid", "[]")}
    await migrate.downgrade(engine, BEFORE)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM incident_event")) == MANY + 5
    await migrate.upgrade(engine)
    assert (await audit.verify(engine)).faults == []
    await engine.dispose()
