from __future__ import annotations

import asyncio

import pytest

from cloud.database.engine import make_engine
from cloud.incidents.store import Actor
from cloud.policies import store
from cloud.policies.kind import Policies
from cloud.sources.policy import SourcesPolicy
from gridwatch import main
from tests.cloud.sender_for_tests import START
from tests.cloud.test_cloud_doors import is_problem

pytestmark = pytest.mark.anyio
HEADER = "工单编号,问题分类,诉求内容,所属网格,经度,纬度\n"
LATE = HEADER.strip() + ",受理时间\n"
ROWS = (
    "A1,05-06,来电13800000001,G01,,\nA2,Bikes,near,,120.0051,30.005\nA3,77,what,G01,,\nA1,05-06,again,G01,,\n"
)
COLUMNS = {
    "number": ("工单编号",),
    "class": ("问题分类",),
    "words": ("诉求内容",),
    "grid": ("所属网格",),
    "lon": ("经度",),
    "lat": ("纬度",),
    "received_at": ("受理时间",),
}


def know(street) -> None:
    policy = SourcesPolicy.model_validate({"hotline": {"columns": COLUMNS}})
    street.app.state.context.current.policies = Policies({"sources": policy}, {"sources": 1})


async def test_a_sheet_imported_twice_is_imported_once_and_each_fault_is_told(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        know(s)
        body = (HEADER + ROWS).encode("gbk")
        first = await leader.http.post("/api/v1/hotline", content=body)
        assert first.status_code == 200, first.text
        told = first.json()
        assert (told["taken"], told["repeated"], told["refused"], told["doubtful"]) == (2, 1, 1, 2)
        assert told["faults"][0].keys() == {"line", "column", "what"}
        assert (told["faults"][0]["line"], told["faults"][0]["column"]) == (4, "问题分类")
        assert [(one["external"], one["candidates"][0]["reason"]) for one in told["near"]] == [
            ("A1", "same_grid"),
            ("A2", "near"),
        ]
        again = (await leader.http.post("/api/v1/hotline", content=body)).json()
        assert (again["taken"], again["repeated"], again["refused"]) == (0, 3, 1)
        cases = [case for case in await leader.incidents() if case["source"] == "hotline"]
        assert sorted(case["description"] for case in cases) == ["near", "来电***"]
        assert all(case["area"]["grid"]["id"] == "G01" for case in cases)
        log = await leader.log(cases[0])
        assert log[0]["detail"]["number"] in ("A1", "A2")

        # The sheet of two days ago: what tells of one thing is told apart from today's, and comes together.
        s.clock.forward(days=2)
        leader = await s.log_in()
        late = "".join(f"C{n},05-06,old,,120.0151,30.005,2026-11-22 1{n}:00\n" for n in (1, 2))
        told = (await leader.http.post("/api/v1/hotline", content=LATE + late)).json()
        assert (told["taken"], [one["external"] for one in told["near"]]) == (2, ["C2"])


async def test_two_that_import_the_same_sheet_at_once_make_one_case_a_row(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        know(s)
        body = HEADER + "".join(f"B{number},05-06,words,G01,,\n" for number in range(20))
        answers = await asyncio.gather(
            *(leader.http.post("/api/v1/hotline", content=body.encode()) for _ in range(3))
        )
        told = [answer.json() for answer in answers]
        assert sum(one["taken"] for one in told) == 20
        assert sum(one["repeated"] for one in told) == 40
        assert len(await leader.incidents()) == 20


async def test_a_sheet_that_cannot_be_read_takes_nothing(street) -> None:
    async with street() as s:
        leader, operator = await s.log_in(), await s.log_in("operator")
        know(s)
        answer = await leader.http.post("/api/v1/hotline", content=b"a,b\n1,2\n")
        assert is_problem(answer, 422, "invalid")
        assert "工单编号" in answer.text
        answer = await operator.http.post("/api/v1/hotline", content=HEADER.encode())
        assert is_problem(answer, 403, "forbidden")


def test_the_command_names_faults_and_counts(url, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("GRIDWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(HEADER + ROWS, encoding="utf-8-sig")
    options = ["hotline", "import", str(sheet), "--state", str(tmp_path)]
    assert main(options) == 1
    assert "set hotline.columns.number" in capsys.readouterr().err

    async def put() -> None:
        engine = make_engine(url)
        body = {"hotline": {"columns": {name: list(names) for name, names in COLUMNS.items()}}}
        async with engine.begin() as connection:
            await store.put(connection, "sources", body, "person", Actor("user", "test"), START)
        await engine.dispose()

    asyncio.run(put())
    for said in ("2 taken, 1 imported before, 1 refused", "0 taken, 3 imported before, 1 refused"):
        assert main(options) == 0
        out = capsys.readouterr().out
        assert "line 4: 问题分类: '77' is no event class; map it in hotline.classes" in out
        assert said in out
