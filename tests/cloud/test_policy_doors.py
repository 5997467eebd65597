"""Policies over HTTP: in force in every process, versions, faults, who may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cloud.app import create_app
from cloud.deadlines.limits import DEADLINES
from cloud.people.roles import Role
from cloud.settings import Settings
from tests.cloud.sessions_for_tests import client

pytestmark = pytest.mark.anyio
MINUTE: dict[str, Any] = {"default": {"limits": {"acceptance": "60 s"}}}
HOUR = {"default": {"limits": {"acceptance": "1 h"}}}
PATH = "/api/v1/policies/deadlines"


@pytest.fixture
def given(street, tmp_path) -> Callable[[], Any]:
    """`async with given() as s:` an app that started with a file."""
    return lambda: street(Settings(state=tmp_path, page=tmp_path / "dist", policies={"deadlines": MINUTE}))


async def administrator(s: Any) -> httpx.AsyncClient:
    return await client(s, "admin", Role.ADMINISTRATOR)


async def put(http: httpx.AsyncClient, document: Any, tag: str = '"v1"', **params: Any) -> httpx.Response:
    headers = {"If-Match": tag, "Content-Type": "application/json"}
    return await http.put(PATH, content=json.dumps(document), headers=headers, params=params)


async def test_a_policy_is_read_changed_and_read_again(given) -> None:
    async with given() as s:
        http = await administrator(s)
        answer = await http.get(PATH)
        assert answer.headers["ETag"] == '"v1"'
        found = answer.json()
        assert (found["document"], found["source"], found["waiting"]) == (MINUTE, "file", None)
        assert found["actor"]["kind"] == "system"
        answer = await put(http, HOUR)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"v2"')
        assert answer.json()["taken"]
        assert [one for one in answer.json()["doubts"] if "names no holiday" in one]
        policy = s.app.state.context.policies.of(DEADLINES)
        assert str(policy.default.limits.acceptance) == "1 h"
        versions = (await http.get(f"{PATH}/versions")).json()["items"]
        told = [(one["version"], one["source"], one["actor"]["name"]) for one in versions]
        assert told == [(2, "person", "admin"), (1, "file", "gridwatch")]
        assert (await http.get(f"{PATH}/versions/1")).json()["document"] == MINUTE
        assert (await http.get(f"{PATH}/versions/3")).status_code == 404
        heads = (await http.get("/api/v1/policies")).json()["items"]
        assert {one["kind"]: one["version"] for one in heads}["deadlines"] == 2


async def test_who_saw_an_older_version_changes_nothing(given) -> None:
    async with given() as s:
        http = await administrator(s)
        answers = await asyncio.gather(put(http, HOUR), put(http, MINUTE | {"workday": "7 h"}))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        assert (await http.put(PATH, json=HOUR)).status_code == 428
        answer = await put(http, HOUR)
        assert (answer.status_code, answer.json()["version"], answer.headers["ETag"]) == (412, 2, '"v2"')


async def test_a_dry_run_tells_all_and_changes_nothing(given) -> None:
    async with given() as s:
        http = await administrator(s)
        answer = await put(http, HOUR | {"classes": {"07": {}}}, dry_run=True)
        assert (answer.json()["taken"], answer.json()["version"]) == (False, 1)
        assert "deadlines: classes.07: the site has no such event class" in answer.json()["doubts"]
        assert (await put(http, {"hours": []}, dry_run=True)).status_code == 422
        assert (await http.get(PATH)).json()["document"] == MINUTE


async def test_the_document_in_force_put_again_is_no_version(given) -> None:
    async with given() as s:
        http = await administrator(s)
        assert not (await put(http, MINUTE)).json()["taken"]
        assert (await http.get(PATH)).headers["ETag"] == '"v1"'


WRONG: tuple[tuple[Any, str, str], ...] = (
    ({"default": {"limits": {"handeling": "1 d"}}}, "/body/default/limits/handeling",
     "is not a field here; did you mean `handling`?"),
    ({"classes": {"05": {"limits": {"checking": "1 work d"}}}}, "/body/classes/05/limits/checking",
     "is 1 work d, and nobody says how long that is; add `workday: 7 h`"),
    ({"hours": ["mon 9-5"]}, "/body/hours/0", "is not a time of the week"),
    ({"classes": {"\x00": {}}}, "/body", "holds the character U+0000; take it out"),
    ({"classes": {"\ud800": {}}}, "/body", "cannot be stored"),
)  # fmt: skip


async def test_what_is_wrong_is_told_with_its_field(given) -> None:
    async with given() as s:
        http = await administrator(s)
        for document, pointer, detail in WRONG:
            answer = await put(http, document)
            assert answer.status_code == 422
            (only,) = answer.json()["errors"]
            assert only["pointer"] == pointer
            assert detail in only["detail"]


async def test_policies_are_the_administrators(given) -> None:
    async with given() as s:
        leader = await client(s, "leader", Role.LEADER)
        for path in ("", "/deadlines", "/deadlines/schema", "/deadlines/versions", "/deadlines/versions/1"):
            assert (await leader.get(f"/api/v1/policies{path}")).status_code == 403
            assert (await s.http.get(f"/api/v1/policies{path}")).status_code == 401
        assert (await put(leader, HOUR)).status_code == 403


async def test_another_kind_is_not_there(given) -> None:
    async with given() as s:
        http = await administrator(s)
        answer = await http.put("/api/v1/policies/moods", json={}, headers={"If-Match": '"v0"'})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_first_version_needs_no_file(street) -> None:
    async with street() as s:
        http = await administrator(s)
        assert (await http.get(PATH)).status_code == 404
        assert (await put(http, HOUR, '"v0"')).json()["version"] == 1
        assert s.app.state.context.rules().policy.default.limits.acceptance is not None


async def test_every_process_goes_by_it_and_no_node_is_told(given, tmp_path, url, monkeypatch) -> None:
    monkeypatch.setattr("cloud.areas.current.POLL", 3600.0)
    async with given() as s:
        http = await administrator(s)
        other = create_app(Settings(state=tmp_path, page=tmp_path / "dist"), url, s.clock)
        async with other.router.lifespan_context(other):
            current = other.state.context.current
            looked = asyncio.Event()
            load = current.load

            async def loads() -> bool:
                found: bool = await load()
                looked.set()
                return found

            current.load = loads
            with s.app.state.context.hub.holding("n1") as node:
                # Its listening connection may not be up yet; then nobody would be told.
                async with asyncio.timeout(60):
                    for number in range(1, 100):
                        await put(http, [HOUR, MINUTE][number % 2 - 1], f'"v{number}"')
                        try:
                            async with asyncio.timeout(1):
                                await looked.wait()
                        except TimeoutError:
                            continue
                        break
                assert current.policies.versions["deadlines"] > 1
                assert not node.is_set()
