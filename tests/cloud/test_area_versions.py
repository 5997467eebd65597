"""New areas for a cloud that runs: checked at the door or by the command, kept in versions."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.areas import command, group_store, versions
from cloud.areas.groups import Group, Market, Office, Rotation, Shop
from cloud.areas.importer import import_site
from cloud.areas.imports import propose, take
from cloud.database import migrate
from cloud.database.engine import make_engine
from cloud.incidents.store import Actor
from cloud.install import prepare
from cloud.people.roles import Role
from cloud.settings import Settings
from devices.site.geojson import to_geojson
from devices.site.model import Area
from tests.cloud.case_people_for_tests import hire
from tests.cloud.conftest import Someone, box, make_site, names
from tests.cloud.sender_for_tests import START
from tests.cloud.test_nodes_identity import administrator

pytestmark = pytest.mark.anyio
ACTOR = Actor("user", "somebody")


def moment(at: Any) -> str:
    return str(at.isoformat())


def cut_at(border: float) -> list[Area]:
    """The small site's areas, with the border between the two grids at another longitude."""
    ring = ((120.0, 30.0), (border, 30.0), (120.02, 30.0), (120.02, 30.01), (border, 30.01), (120.0, 30.01))
    whole = (*ring, ring[0])
    halves = {"G01": box(120.0, border), "G02": box(border, 120.02)}
    straight = {
        name: (tuple(spot for spot in half if spot[0] in (120.0, border, 120.02)),)
        for name, half in halves.items()
    }
    return [area.model_copy(update={"rings": straight.get(area.id, (whole,))}) for area in make_site().areas]


def split() -> list[Area]:
    """G02 cut into two by its middle; P02 lies in the western half."""
    street, community, first, second = make_site().areas
    west = ((120.01, 30.0), (120.017, 30.0), (120.017, 30.01), (120.01, 30.01), (120.01, 30.0))
    east = ((120.017, 30.0), (120.02, 30.0), (120.02, 30.01), (120.017, 30.01), (120.017, 30.0))
    halves = [
        second.model_copy(update={"id": f"G02{side}", "code": code, "name": names(side), "rings": (ring,)})
        for side, code, ring in (("W", "330100001001002", west), ("E", "330100001001003", east))
    ]
    return [street, community, first, *halves]


async def put(
    someone: Someone, areas: list[Area] | str, seen: str | None = '"v1"', **query: Any
) -> httpx.Response:
    content = areas if isinstance(areas, str) else json.dumps(to_geojson(areas))
    headers = {"Content-Type": "application/geo+json"} | ({"If-Match": seen} if seen else {})
    return await someone.http.put("/api/v1/areas", content=content, headers=headers, params=query)


async def test_an_incident_keeps_the_grid_and_the_version_it_was_opened_in(street, sender, seen) -> None:
    async with street() as s:
        admin, leader = await administrator(s), await s.log_in()
        await s.send(seen(sender).now("opened"))
        s.clock.forward(hours=1)
        shown = await leader.http.get("/api/v1/areas")
        assert (shown.headers["etag"], shown.json()["version"]) == ('"v1"', 1)
        moved = cut_at(120.004)  # P01 stands at 120.005: it comes to G02
        dry = await put(admin, moved, dry_run=True)
        assert (dry.status_code, dry.json()["taken"], dry.json()["version"]) == (200, False, 1), dry.text
        assert (await leader.get("/areas"))["version"] == 1
        taken = (await put(admin, moved)).json()
        assert taken == dry.json() | {"taken": True, "version": 2, "site_version": 2}
        assert taken["moved"] == [{"point": "P01", "before": "G01", "after": "G02"}]
        assert taken["changes"] == [{"kind": "recut", "before": ["G01", "G02"], "after": ["G01", "G02"]}]
        old = await leader.the_incident()
        assert (old["area"]["grid"]["id"], old["area"]["version"]) == ("G01", 1)
        points = (await leader.get("/points"))["features"]
        assert [point["properties"]["grid"] for point in points] == ["G02", "G02"]
        then, now = moment(s.clock() - timedelta(minutes=1)), moment(s.clock())
        spot = {"lon": 120.005, "lat": 30.005}
        assert (await leader.get("/areas/grid", **spot, at=then))["grid"]["id"] == "G01"
        assert (await leader.get("/areas/grid", **spot, at=now))["grid"]["id"] == "G02"
        assert (await leader.get("/areas/grid", **spot))["version"] == 2
        before = await leader.get("/areas", at=then)
        assert before == shown.json()
        assert (await leader.get("/areas", at=now)) == (await leader.get("/areas"))
        listed = (await leader.get("/areas/versions"))["items"]
        assert [(one["version"], one["actor_name"], one["site_version"]) for one in listed] == [
            (2, "admin", 2),
            (1, "gridwatch", 1),
        ]
        assert listed[0]["valid_from"] == listed[1]["valid_to"]
        assert listed[0]["valid_to"] is None
        early = await leader.http.get("/api/v1/areas", params={"at": moment(START - timedelta(days=1))})
        assert early.status_code == 404
        off = await leader.http.get("/api/v1/areas/grid", params={"lon": 1, "lat": 1})
        assert off.status_code == 404


async def test_a_new_incident_is_of_the_new_version(street, sender, seen) -> None:
    async with street() as s:
        admin, leader = await administrator(s), await s.log_in()
        long = json.dumps(to_geojson(cut_at(120.004))) + " " * 500_000  # as an office's map system exports it
        taken = await admin.http.put("/api/v1/areas", content=long, headers={"If-Match": '"v1"'})
        assert taken.status_code == 200, taken.text
        await s.send(seen(sender).now("opened"))
        new = await leader.the_incident()
        assert (new["area"]["grid"]["id"], new["area"]["version"]) == ("G02", 2)

        await hire(s, "worker", Role.GRID_WORKER, areas=("G02",))
        assert taken.json()["stale_people"] == []
        assert (await put(admin, split(), '"v2"', dry_run=True)).json()["stale_people"] == ["worker"]


async def test_who_may_and_what_is_refused_changes_nothing(street) -> None:
    async with street() as s:
        admin, leader = await administrator(s), await s.log_in()
        assert (await put(leader, cut_at(120.004))).status_code == 403
        assert (await s.http.put("/api/v1/areas", content="{}")).status_code == 401
        assert (await s.http.get("/api/v1/areas/versions")).status_code == 401
        assert (await put(admin, cut_at(120.004), None)).status_code == 428
        late = await put(admin, cut_at(120.004), '"v7"')
        assert (late.status_code, late.headers["etag"]) == (412, '"v1"')
        areas = cut_at(120.004)
        areas[3] = areas[3].model_copy(update={"rings": (cut_at(120.0045)[3].rings[0],)})
        gap = await put(admin, areas)
        assert gap.status_code == 422
        (fault,) = [one["detail"] for one in gap.json()["errors"]]
        assert "between G01 and G02 nothing covers" in fault
        assert "m²" in fault
        assert "gridwatch-areas" not in gap.text, "no path of the server's is shown"
        for content in ("{", "", "[]", "\x00", '{"type": "FeatureCollection", "features": [1]}'):
            answer = await put(admin, content)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), content
        assert [one["version"] for one in (await leader.get("/areas/versions"))["items"]] == [1]
        same = await put(admin, list(make_site().areas))
        assert (same.json()["taken"], same.json()["version"], same.json()["site_version"]) == (False, 1, 1)
        assert len((await admin.get("/site/changes"))["items"]) == 1, "nor is the site another"
        engine = s.app.state.context.engine
        for statement in ("DELETE FROM area_then", "UPDATE area_then SET id = 'x'"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with engine.begin() as connection:
                    await connection.execute(text(statement))


async def test_of_two_trees_sent_at_once_one_is_taken(street) -> None:
    async with street() as s:
        admin = await administrator(s)
        answers = await asyncio.gather(*(put(admin, cut_at(border)) for border in (120.004, 120.006)))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        assert [one["version"] for one in (await admin.get("/areas/versions"))["items"]] == [2, 1]


async def test_a_site_that_changed_without_a_higher_version_is_noticed_too(url) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        proposal = await propose(connection, json.dumps(to_geojson(cut_at(120.004))).encode())
        other = make_site().model_copy(update={"areas": tuple(cut_at(120.006))})
        assert await import_site(connection, other, START)
        assert await take(connection, proposal, ACTOR, START) is None
        tree = await versions.tree_at(connection)
        assert tree is not None
        assert (tree.version.version, tree.areas) == (2, other.areas)
    await engine.dispose()


async def test_a_market_whose_shops_come_to_another_grid_is_named(street) -> None:
    async with street() as s:
        admin = await administrator(s)
        stall = Shop(id="S1", name=names("Stall"), lon=120.005, lat=30.005)
        office = Office(id="O1", grid="G01", name=names("Office"))
        group = Group(id="L1", name=names("Group"), office="O1", centre="S1", shops=(stall,))
        rotation = Rotation(begins=START.date())
        market = Market(id="M1", name=names("Market"), rotation=rotation, offices=(office,), groups=(group,))
        async with s.app.state.context.engine.begin() as connection:
            await group_store.keep(connection, market, ACTOR, START)
        assert (await put(admin, cut_at(120.006))).json()["stale_markets"] == []
        assert (await put(admin, cut_at(120.004), '"v2"')).json()["stale_markets"] == ["M1"]


async def test_the_command_imports_and_says_what_changed(url, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("GRIDWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps(to_geojson(split())))

    async def run(*, dry: bool) -> tuple[int, str, str]:
        code = await asyncio.to_thread(
            command.run, Namespace(helper="import", file=file, dry_run=dry, state=tmp_path / "state")
        )
        return (code, *capsys.readouterr())

    lines = "split: G02 -> G02E, G02W\npoint P02: G02 -> G02W\n"
    assert await run(dry=True) == (0, "3 grids would be put in force\n" + lines, "")
    assert await run(dry=False) == (0, "3 grids in force as version 2\n" + lines, "")
    assert await run(dry=False) == (0, "version 2 with 3 grids is in force already\n", "")
    await prepare(url, Settings(state=tmp_path), START, site=make_site())
    assert await run(dry=False) == (0, "version 2 with 3 grids is in force already\n", ""), "after a restart"
    file.write_text(json.dumps(to_geojson(split()[:-1])))
    code, out, err = await run(dry=False)
    assert (code, out) == (1, "")
    assert "between G02W and the edge of C1 nothing covers" in err
    assert "Traceback" not in err


async def test_a_clock_that_steps_back_leaves_no_version_without_time(url) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        first = await versions.tree_at(connection)
        assert first is not None
        back = START - timedelta(days=1)
        await versions.keep(connection, cut_at(120.004), 2, ACTOR, back)
        listed = await versions.history(connection, 9)
        assert listed[0].valid_from == listed[1].valid_to == listed[1].valid_from + timedelta(microseconds=1)
        again = await versions.tree_at(connection, START)
        assert again == versions.Tree(listed[1], first.areas)
    await engine.dispose()


async def test_an_upgrade_makes_the_areas_in_force_the_first_version(empty_url, tmp_path, clock) -> None:
    await prepare(empty_url, Settings(state=tmp_path), clock(), site=make_site())
    engine = make_engine(empty_url)
    await migrate.downgrade(engine, "0011")
    await migrate.upgrade(engine)
    async with engine.begin() as connection:
        tree = await versions.tree_at(connection)
        assert tree is not None
        assert (tree.version.version, tree.areas) == (1, make_site().areas)
        assert await versions.keep(connection, make_site().areas, 1, ACTOR, clock()) is None
    await engine.dispose()
