"""One camera's zones in the site: checked at their fields, published, told apart, and brought back."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from cloud.database.schema import command_picture, node
from cloud.link import pictures, stills
from cloud.privacy.tables import original_view
from devices.link import Answer, Outcome, Shown
from devices.site.edit import dump_site
from tests.cloud.conftest import TOKENS, Someone, make_site
from tests.cloud.link_for_tests import NodeEnd
from tests.cloud.sender_for_tests import START
from tests.cloud.test_link import another_process, off_loop
from tests.cloud.test_nodes_identity import administrator

pytestmark = pytest.mark.anyio

CAMERA = "/api/v1/site/cameras/P01-C1"
SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
JPEG = b"\xff\xd8\xff\xe0 a picture"


def rule(**more: object) -> dict[str, object]:
    return {"kind": "left", "id": "bags", "event_class": "05-06", "dwell": "10 min"} | more


def zone(name: str = "P01-C1-gate", **more: object) -> dict[str, object]:
    return {"id": name, "name": {"zh": "门", "en": "Gate"}, "polygon": SQUARE, "rules": [rule()]} | more


def edit(*zones: dict[str, object], **more: object) -> dict[str, object]:
    return {"zones": list(zones), "purpose": "order at the gate", "signage": True} | more


async def put(
    who: Someone, body: dict[str, object], seen: str | None = '"v1"', **query: Any
) -> httpx.Response:
    headers = {"If-Match": seen} if seen else {}
    return await who.http.put(CAMERA, json=body, headers=headers, params=query)


def faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {one["pointer"]: one["detail"] for one in answer.json()["errors"]}


async def test_a_dry_run_says_what_would_change_and_changes_nothing(street):
    async with street() as s:
        admin = await administrator(s)
        was = (await admin.http.get(CAMERA)).json()
        said = await put(admin, edit(*was["zones"], zone()), dry_run=True)
        assert (said.status_code, said.headers["etag"]) == (200, '"v1"'), said.text
        (added,) = [one for one in said.json()["changes"] if one["where"][-1]["field"] == "zones"]
        steps = [(step["field"], step["id"]) for step in added["where"]]
        assert steps == [("points", "P01"), ("cameras", "P01-C1"), ("zones", "P01-C1-gate")]
        assert (added["kind"], added["after"]["rules"][0]["dwell"]) == ("added", 600.0)
        assert (await admin.http.get(CAMERA)).json() == was
        assert len((await admin.http.get("/api/v1/site/changes")).json()["items"]) <= 1


async def test_what_is_published_changes_nothing_else_and_says_who_did_it(street):
    async with street() as s:
        admin = await administrator(s)
        was = (await admin.http.get("/api/v1/site")).text
        taken = await put(admin, edit(zone()))
        assert (taken.status_code, taken.headers["etag"], taken.json()["version"]) == (200, '"v2"', 2), (
            taken.text
        )
        now = make_site(2).model_dump(mode="json", exclude_unset=True)
        there = (await admin.http.get(CAMERA)).json()
        assert (there["purpose"], there["signage"], there["zones"][0]["id"]) == (
            "order at the gate", True, "P01-C1-gate",
        )  # fmt: skip
        text = (await admin.http.get("/api/v1/site")).text
        other = [one for one in text.splitlines() if one not in was.splitlines()]
        assert [one for one in other if "P02" in one] == []
        assert now["points"][1]["id"] in text
        newest = (await admin.http.get("/api/v1/site/changes")).json()["items"][0]
        assert (newest["version"], newest["actor_kind"], newest["actor_name"]) == (2, "user", "admin")


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_published(street):
    async with street() as s:
        admin = await administrator(s)
        bad = zone(polygon=[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]], rules=[rule(dwell="soon")])
        found = faults(await put(admin, edit(bad)))
        assert "/body/zones/0/rules/0/dwell" in found, found
        assert "/body/zones/0/polygon" in found, found
        found = faults(await put(admin, edit(zone(rules=[rule(event_class="99-99")]))))
        assert "/body/zones/0/rules/0/event_class" in found
        assert ";" in found["/body/zones/0/rules/0/event_class"], "with what to do"
        found = faults(await put(admin, edit(zone(), purpose=" ", signage=False)))
        assert set(found) == {"/body/purpose", "/body/signage"}
        assert (await admin.http.get(CAMERA)).headers["etag"] == '"v1"'


async def test_of_two_who_edit_the_second_is_told_and_changes_nothing(street):
    async with street() as s:
        admin, other = await administrator(s), await s.log_in("admin")
        assert (await put(admin, edit(zone()))).status_code == 200
        for query in ({"dry_run": True}, {}):
            late = await put(other, edit(zone("P01-C1-mine")), **query)
            assert (late.status_code, late.json()["code"], late.headers["etag"]) == (
                412,
                "version_changed",
                '"v2"',
            )
        assert (await put(other, edit(), None)).status_code == 428
        assert (await admin.http.get(CAMERA)).json()["zones"][0]["id"] == "P01-C1-gate"


async def test_an_earlier_version_comes_back_as_a_new_one(street):
    async with street() as s:
        admin = await administrator(s)
        first = (await admin.http.get(CAMERA)).json()
        assert (await put(admin, edit(zone()))).status_code == 200
        told = (await admin.http.get("/api/v1/site/changes/1")).json()
        assert {one["kind"] for one in told["changes"]} >= {"removed"}
        headers = {"If-Match": '"v2"'}
        back = await admin.http.post("/api/v1/site/back", json={"version": 1}, headers=headers)
        assert (back.status_code, back.json()["version"]) == (200, 3), back.text
        now = (await admin.http.get(CAMERA)).json()
        assert {**now, "version": 1} == first
        late = await admin.http.post("/api/v1/site/back", json={"version": 2}, headers=headers)
        assert late.status_code == 412
        assert (await admin.http.get("/api/v1/site/changes/77")).status_code == 404
        same = (await admin.http.get("/api/v1/site/changes/1")).json()
        assert same["changes"] == []


async def test_a_file_sent_whole_can_be_gone_back_from_too(street):
    async with street() as s:
        admin = await administrator(s)
        whole = make_site(2).model_copy(update={"timezone": "Europe/Berlin"})
        headers = {"Content-Type": "application/yaml", "If-Match": '"v1"'}
        sent = await admin.http.put("/api/v1/site", content=dump_site(whole), headers=headers)
        assert sent.status_code == 200, sent.text
        told = (await admin.http.get("/api/v1/site/changes/1")).json()["changes"]
        assert ("timezone", "Europe/Berlin") in [(one["where"][-1]["field"], one["before"]) for one in told]


async def test_what_rules_are_made_of_comes_from_the_sites_schema(street):
    async with street() as s:
        admin = await administrator(s)
        forms = (await admin.http.get("/api/v1/site/rule-forms")).json()
        assert set(forms["rules"]) == {"parked", "left", "crowd", "closed", "loitering", "dog"}
        assert forms["rules"]["crowd"]["properties"]["count"]["minimum"] == 2
        assert "severity" in forms["rules"]["dog"]["properties"]
        assert "$ref" not in str(forms["rules"])
        assert "bicycle" in forms["labels"]
        assert "bicycle" in forms["groups"]["bikes"]


def answered(end: NodeEnd, asked: Any, result: dict[str, object], *jpegs: bytes) -> None:
    shown = tuple(Shown(taken_at=START, jpeg=b64encode(one)) for one in jpegs)
    answer = Answer(id=asked.id, outcome=Outcome.DONE, result=result, pictures=shown)
    end.connection.send(answer.model_dump_json())


async def heard_of(s) -> None:
    async with s.app.state.context.engine.begin() as connection:
        await connection.execute(update(node).values(last_seen_at=s.clock()))


async def test_a_still_is_asked_of_the_node_and_shown_to_the_patrol_room_on_record(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        operator = await s.log_in("operator")
        await heard_of(s)
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as end:
            path = "/api/v1/cameras/P01-C1/stills"
            asking = asyncio.create_task(operator.http.get(path, params={"at": START.isoformat()}))
            asked = await off_loop(end.command)
            assert (asked.kind, asked.body["camera"]) == ("still", "P01-C1")
            await off_loop(lambda: answered(end, asked, {"taken_at": START.isoformat()}, JPEG))
            got = await asking
        assert (got.status_code, got.content) == (200, JPEG), got.text
        assert got.headers["gridwatch-taken-at"] == START.isoformat()
        assert got.headers["cache-control"] == "private, no-store"
        async with s.app.state.context.engine.begin() as connection:
            views = (await connection.execute(select(original_view))).all()
            assert [(one.username, one.reason) for one in views] == [("operator", "duty")]
            await pictures.expire(connection, s.clock() + pictures.LIFE)
            assert (await connection.execute(select(command_picture))).all() == []


async def test_a_still_of_a_node_that_is_away_is_told_in_words(street, monkeypatch):
    async with street() as s:
        operator = await s.log_in("operator")
        path = "/api/v1/cameras/P01-C1/stills"
        never = await operator.http.get(path)
        assert (never.status_code, never.json()["code"]) == (409, "node_away")
        await heard_of(s)
        monkeypatch.setattr(stills, "PATIENCE", 0.2)
        silent = await operator.http.get(path)
        assert (silent.status_code, silent.json()["code"]) == (409, "node_away")
        assert "last heard of" in silent.json()["detail"]
        strange = await operator.http.get("/api/v1/cameras/P99-C1/stills")
        assert strange.json()["code"] == "not_found"


async def settled(someone: Someone, path: str) -> None:
    for _ in range(400):
        if (await someone.http.get(path)).json()["state"] == "answered":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it was not answered within 20 s")


async def test_zones_are_tried_at_the_node_and_its_pictures_are_shown_for_a_while(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        admin = await administrator(s)
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as end:
            made = await admin.http.post(f"{CAMERA}/tries", json={"zones": [zone()]})
            assert made.status_code == 201, made.text
            path = f"/api/v1/site/tries/{made.json()['id']}"
            asked = await off_loop(end.command)
            assert (asked.kind, asked.body["zones"][0]["id"]) == ("try", "P01-C1-gate")
            cancelled = await admin.http.delete(path)
            assert cancelled.status_code == 202
            told = await off_loop(end.command)
            assert (told.kind, told.body["command_id"]) == ("cancel", made.json()["id"])
            await off_loop(lambda: answered(end, asked, {"raised": []}, JPEG, b"no picture"))
            await settled(admin, path)
        first = await admin.http.get(f"{path}/pictures/0")
        assert (first.status_code, first.content) == (200, JPEG)
        assert (await admin.http.get(f"{path}/pictures/1")).status_code == 404
        leader = await s.log_in()
        assert (await leader.http.get(path)).status_code == 403
