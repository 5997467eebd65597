"""A new site for a cloud that runs: checked at the door, in force in every process, told to nodes at once."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.areas import current
from cloud.install import prepare
from cloud.link import session
from cloud.settings import Settings
from devices.messages import Evidence, EvidenceKind, Series
from devices.site import model
from devices.site.edit import dump_site, site_digest
from devices.site.load import load_site
from tests.cloud.conftest import TOKENS, Someone, make_site, names
from tests.cloud.link_for_tests import NodeEnd
from tests.cloud.sender_for_tests import START, sums
from tests.cloud.test_link import another_process, ask, off_loop, state_of
from tests.cloud.test_nodes_identity import administrator

pytestmark = pytest.mark.anyio


def with_camera(version: int, identifier: str = "P01-C9") -> model.Site:
    """The small site, whose first point has one more camera."""
    site = make_site(version)
    first = site.points[0]
    more = model.Camera(id=identifier, name=names("New camera"), host="127.0.0.1")
    point = first.model_copy(update={"cameras": (*first.cameras, more)})
    return site.model_copy(update={"points": (point, *site.points[1:])})


async def put(someone: Someone, content: str | bytes, seen: str | None = '"v1"') -> httpx.Response:
    headers = {"Content-Type": "application/yaml"} | ({"If-Match": seen} if seen else {})
    return await someone.http.put("/api/v1/site", content=content, headers=headers)


async def cameras_of(someone: Someone, base: str = "") -> list[str]:
    answer = await someone.http.get(f"{base}/api/v1/points")
    return [one["id"] for one in answer.json()["features"][0]["properties"]["cameras"]]


async def test_a_new_version_is_in_force_in_every_process_and_its_node_is_sent_it_at_once(
    street, tmp_path, monkeypatch
):
    for where in (session, current):
        monkeypatch.setattr(where, "POLL", 3600.0)
    async with street() as s, another_process(s, tmp_path) as port:
        admin, leader = await administrator(s), await s.log_in()
        elsewhere = f"http://127.0.0.1:{port}"
        cookie = "; ".join(f"{name}={value}" for name, value in leader.http.cookies.items())
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            assert (await off_loop(node.notice)).version == 1
            await off_loop(lambda: node.hello(1, site_digest(make_site())))
            there = await admin.http.get("/api/v1/site")
            assert (there.headers["etag"], there.headers["content-type"]) == ('"v1"', "application/yaml")
            taken = await put(admin, dump_site(with_camera(2)), there.headers["etag"])
            assert (taken.status_code, taken.headers["etag"]) == (200, '"v2"'), taken.text
            told = taken.json()
            assert (told["version"], told["digest"]) == (2, site_digest(with_camera(2)))
            assert [one for one in told["warnings"] if "health_classes" in one], "what is doubtful is said"
            assert await cameras_of(leader) == ["P01-C1", "P01-C9"]
            notice = await off_loop(node.notice)
            assert (notice.version, notice.digest) == (2, taken.json()["digest"])
            got = await off_loop(node.command)
            assert (got.kind, got.body["version"]) == ("site", 2)
            async with httpx.AsyncClient(headers={"Cookie": cookie}) as other, asyncio.timeout(20):
                while True:
                    if "P01-C9" in await cameras_of(Someone(other), elsewhere):
                        break
                    await asyncio.sleep(0.05)
        photo = await ask(leader, {"kind": "photo", "body": {"camera": "P01-C9"}})
        assert photo.status_code == 201, "the new camera can be asked at once"
        changes = (await admin.get("/site/changes"))["items"]
        assert [(one["version"], one["actor_kind"], one["actor_name"]) for one in changes] == [
            (2, "user", "admin"),
            (1, "system", "gridwatch"),
        ]
    file = tmp_path / "site.yaml"
    file.write_text(got.body["text"])
    assert load_site(file) == with_camera(2)


async def test_what_is_wrong_is_refused_at_the_door_with_each_fault_and_changes_nothing(street) -> None:
    async with street() as s:
        admin = await administrator(s)
        twice = dump_site(with_camera(2, "P02-C1"))
        faulty = await put(admin, twice.replace("grid: G01", "grid: G77", 1))
        assert (faulty.status_code, faulty.json()["code"]) == (422, "invalid")
        said = [one["detail"] for one in faulty.json()["errors"]]
        assert any("P02-C1" in one and one.startswith("line ") for one in said), said
        assert any("G77" in one for one in said), said
        for content in ("version: [\n", b"\xff\xfe", "", "areas: areas.geojson\nversion: 2", "- 1"):
            answer = await put(admin, content)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), content
            assert "gridwatch-site" not in answer.text, "no path of the server's is shown"
        for version in (1, 0):
            low = await put(admin, dump_site(with_camera(1)).replace("version: 1", f"version: {version}", 1))
            assert low.status_code == 422
            assert "version" in low.text
        assert (await put(admin, dump_site(with_camera(2)), None)).status_code == 428
        changed = await put(admin, dump_site(with_camera(9)), '"v8"')
        assert (changed.status_code, changed.headers["etag"]) == (412, '"v1"')
        assert (await put(admin, "x" * (2 * 1024 * 1024 + 1))).status_code == 413
        leader = await s.log_in()
        assert (await put(leader, dump_site(with_camera(2)))).status_code == 403
        assert (await leader.http.get("/api/v1/site")).status_code == 403
        assert (await s.http.put("/api/v1/site", content="")).status_code == 401
        assert await cameras_of(leader) == ["P01-C1"]
        assert len((await admin.get("/site/changes"))["items"]) == 1
        engine = s.app.state.context.engine
        for statement in ("DELETE FROM site_change", "UPDATE site_change SET actor_name = 'me'"):
            with pytest.raises(DBAPIError):
                async with engine.begin() as connection:
                    await connection.execute(text(statement))


async def test_of_two_who_send_the_next_version_at_once_one_is_told_that_it_was_changed(street) -> None:
    async with street() as s:
        admin = await administrator(s)
        sites = [dump_site(with_camera(2, f"P01-C{n}")) for n in (7, 8)]
        answers = await asyncio.gather(*(put(admin, one) for one in sites))
        assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_a_cloud_that_was_sent_a_site_starts_again_with_its_old_file(street, tmp_path, caplog) -> None:
    async with street() as s:
        admin = await administrator(s)
        assert (await put(admin, dump_site(with_camera(2)))).status_code == 200
        with caplog.at_level(logging.WARNING, "cloud.install"):
            await prepare(s.url, Settings(state=tmp_path), s.clock(), site=make_site(1))
        assert "version 2 was sent to this cloud and is in force" in caplog.text
        assert (await admin.http.get("/api/v1/site")).headers["etag"] == '"v2"'
        await prepare(s.url, Settings(state=tmp_path), s.clock(), site=make_site(3))
        assert (await admin.http.get("/api/v1/site")).headers["etag"] == '"v3"'


async def test_only_an_administrator_has_a_node_change_its_token(street, tmp_path) -> None:
    rotate = {"kind": "rotate", "body": {}}
    async with street() as s, another_process(s, tmp_path) as port:
        admin, leader = await administrator(s), await s.log_in()
        assert (await ask(leader, rotate)).status_code == 403
        asked = await ask(admin, rotate, key="k")
        assert asked.status_code == 201
        assert (await ask(admin, rotate, key="k")).json()["id"] == asked.json()["id"]
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            got = await off_loop(node.command)
            assert (got.kind, str(got.id)) == ("rotate", asked.json()["id"])
            await off_loop(lambda: node.answer(got))
            await state_of(admin, asked.json(), "answered")


async def test_a_photo_outside_of_any_case_is_kept_and_joins_no_incident_ever(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        leader = await s.log_in()
        command = (await ask(leader)).json()["id"]
        sha256 = await store_photo(s)

        def fresh(camera: str = "P01-C1", of: str = command) -> Evidence:
            return Evidence(
                evidence_id=sender.epoch, condition_id=of, kind=EvidenceKind.FRESH, camera=camera,
                captured_at=START, sha256=sha256, size=29, width=4, height=3,
            )  # fmt: skip

        wrapped = sender.wrap(fresh())
        for duplicates in (0, 1):
            answer = await s.send(wrapped)
            assert (len(answer["committed"]), answer["refused"], answer["duplicates"]) == (1, [], duplicates)
        assert await leader.incidents() == []
        assert (await leader.get("/alarms"))["items"] == []
        bikes = seen(sender)
        await s.send(bikes.now("opened"))
        incident = await leader.the_incident()
        assert incident["evidence"] == []
        next(sender.numbers[Series.EVIDENCE])  # a photo that was numbered and never came
        lost = {"condition_id": command, "kind": "fresh"}
        await s.send(sender.gap(Series.EVIDENCE, (2, 2), cause="photo_lost", evidence=[lost]))
        incident = await leader.the_incident()
        assert (incident["evidence"], incident["evidence_lost"]) == ([], [])
        shown = await leader.http.get(f"/api/v1/media/{sha256}")
        assert shown.status_code == 200, "who asked for it can see it"
        ledger = await leader.get("/nodes/n1/ledger")
        (line,) = [one for one in ledger["lines"] if one["series"] == "evidence"]
        wanted: dict[str, Any] = sums(numbered=3, accepted=2, duplicate=1, evicted=1)
        assert {name: line[name] for name in wanted} == wanted
        foreign = sender.wrap(fresh("P02-C1"))
        refused = (await s.send(foreign))["refused"]
        assert [one["code"] for one in refused] == ["forbidden"], "of another node's camera it is refused"
