"""The registry over HTTP: written once, published to each subscriber, linked to cases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from cloud.areas.importer import import_site
from cloud.assets import changes
from cloud.assets.given import Given
from cloud.assets.service import write
from cloud.incidents.store import GRIDWATCH
from cloud.people.roles import Role
from devices.site import model
from tests.cloud.conftest import box, make_site
from tests.cloud.sessions_for_tests import client
from tests.cloud.test_cloud_doors import is_problem
from tests.cloud.test_webhook_flow import Desk, desk

pytestmark = pytest.mark.anyio
__all__ = ["desk"]
COVER = Given("A1", "01-03", 120.005, 30.005, "G01", "C1", 1, name="cover")
POLICY = {"classes": {"01-03": {"name": {"zh": "雨水井盖", "en": "cover"}}}}
SHEET = """code,class,lon,lat,state
A1,01-03,120.005,30.005,
A2,01-03,120.0052,30.005,
A3,01-03,120.015,30.005,missing
A4,01-03,121.5,30.005,
"""


async def test_one_write_reaches_each_of_three_subscribers_once_and_an_import_of_the_same_nobody(
    desk: Desk,
) -> None:
    for name, kinds in (("a", ("asset.*",)), ("b", ("asset.added", "incident.*")), ("c", ("asset.*",))):
        await desk.subscribe(name, kinds, () if name != "c" else ("G02",))
    await desk.subscribe("d", ("incident.*",))
    worker = desk.worker()
    case = await desk.open()
    for those in (
        [COVER],
        [COVER],
        [replace(COVER, state="missing")],
        [replace(COVER, grid="G02", lon=120.015)],
    ):
        async with desk.engine.begin() as connection:
            await changes.lock(connection)
            await write(connection, those, GRIDWATCH, desk.clock())
        desk.clock.forward(seconds=1)
        await desk.turn(worker)

    def told(name: str) -> list[tuple[str, str]]:
        return [
            (
                one.json["type"].removeprefix("cn.gridwatch."),
                one.json["data"].get("asset", {}).get("state", ""),
            )
            for one in desk.received.of(name)
        ]

    all_three = [("asset.added", "intact"), ("asset.changed", "missing"), ("asset.changed", "intact")]
    assert told("a") == all_three
    assert sorted(told("b")) == [("asset.added", "intact"), ("incident.open", "")]
    assert told("c") == all_three[2:]
    assert told("d") == [("incident.open", "")]
    assert len({one.json["id"] for one in desk.received.of("a")}) == 3
    assert {one.json["subject"] for one in desk.received.of("a")} != {str(case)}


async def policy(s: Any) -> Any:
    admin = await client(s, "root", Role.ADMINISTRATOR)
    answer = await admin.put("/api/v1/policies/assets", json=POLICY, headers={"If-Match": '"v0"'})
    assert answer.status_code == 200, answer.text
    return admin


async def test_assets_are_imported_twice_as_once_found_near_and_linked_to_a_case(
    street, sender, seen
) -> None:
    async with street() as s:
        admin = await policy(s)
        csv = {"Content-Type": "text/csv"}

        async def bring(text: str = SHEET, **params: Any) -> dict[str, Any]:
            answer = await admin.post("/api/v1/assets", content=text, headers=csv, params=params)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            (fault,) = found.pop("faults")
            assert (fault["line"], fault["column"]) == (5, "lon")
            return found

        three = {"taken": True, "added": 3, "changed": 0, "same": 0, "refused": 1}
        assert await bring(dry_run=True) == three | {"taken": False}
        assert await bring() == three
        assert await bring() == three | {"added": 0, "same": 3}
        assert (await bring(SHEET.replace(",missing", ",intact")))["changed"] == 1
        refused = await admin.post("/api/v1/assets", content="x\n", headers=csv)
        assert is_problem(refused, 422, "invalid")

        near = (await admin.get("/api/v1/assets", params={"near": "120.00521,30.005", "metres": 25})).json()[
            "items"
        ]
        assert [(one["code"], one["metres"]) for one in near] == [("A2", 1.0), ("A1", 20.2)]
        both = (await admin.get("/api/v1/assets", params={"grid": "G01", "limit": 1})).json()
        assert (both["items"][0]["code"], both["next"]) == ("A1", "A1")
        wrong = await admin.get("/api/v1/assets", params={"near": "200,30"})
        assert is_problem(wrong, 422, "invalid")

        body = {"class": "01-03", "lon": 120.005, "lat": 30.005, "state": "damaged"}
        for version, status in ((0, 412), (1, 200), (1, 412)):
            put = await admin.put("/api/v1/assets/A1", json=body, headers={"If-Match": f'"v{version}"'})
            assert put.status_code == status, put.text
        bad = await admin.put(
            "/api/v1/assets/A9", json=body | {"class": "77-01"}, headers={"If-Match": '"v0"'}
        )
        assert bad.json()["errors"][0]["pointer"] == "/body/class"

        await linked(s, sender, seen)
        async with s.app.state.context.engine.begin() as connection:
            await relaid(connection, s)


async def linked(s: Any, sender: Any, seen: Any) -> None:
    await s.send(seen(sender).now("opened"))
    leader = await s.log_in()
    case = await leader.the_incident()
    here = f"/api/v1/incidents/{case['id']}/assets/A1"
    for _ in range(2):
        (about,) = (await leader.http.put(here)).json()
    assert about["code"] == "A1"
    assert [line["action"] for line in await leader.log(case)] == ["open", "asset_linked"]
    history = await leader.get("/assets/A1/history")
    assert [one["id"] for one in history["cases"]] == [case["id"]]
    assert [(one["action"], one["data"]["state"]) for one in history["changes"]] == [
        ("changed", "damaged"), ("added", "intact"),
    ]  # fmt: skip
    far = await client(s, "far", Role.GRID_WORKER)
    assert (await far.get("/api/v1/assets/A1/history")).json()["cases"] == []
    assert is_problem(await far.put(here), 404, "not_found")
    assert (await leader.http.delete(here)).json() == []
    assert [line["action"] for line in await leader.log(case)][-1] == "asset_unlinked"
    assert is_problem(await leader.http.put(here.replace("A1", "A77")), 404, "not_found")
    (first, _) = (await leader.get("/cameras"))["items"]
    assert (first["id"], first["owner"], first["signage"], first["watches"]) == ("P01-C1", None, False, False)


async def relaid(connection: Any, s: Any) -> None:
    """Another version of the areas lays every asset anew, in the same transaction."""
    site = make_site(9)
    wide, narrow = box(120.00, 120.0051), box(120.0051, 120.02)
    areas = [
        one.model_copy(update={"rings": (wide if one.id == "G01" else narrow,)})
        if one.level == "grid"
        else one
        for one in site.areas
    ]
    points = [
        one.model_copy(
            update={"position": model.Position(lon=120.001 if one.id == "P01" else 120.015, lat=30.005)}
        )
        for one in site.points
    ]
    new = site.model_copy(update={"areas": tuple(areas), "points": tuple(points)})
    assert await import_site(connection, new, s.clock())
    rows = (await connection.execute(text("SELECT code, grid, area_version FROM asset ORDER BY code"))).all()
    assert [tuple(row) for row in rows] == [("A1", "G01", 2), ("A2", "G02", 2), ("A3", "G02", 2)]
    moved = text(
        "SELECT a.code FROM asset_change c JOIN asset a ON a.id = c.asset_id WHERE c.action = 'moved'"
    )
    assert (await connection.scalars(moved)).all() == ["A2"]
