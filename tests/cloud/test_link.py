"""Commands over real sockets: several API processes on one PostgreSQL, and a node's end of the link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import URL
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cloud.app import create_app
from cloud.database.engine import make_engine
from cloud.incidents.store import Actor
from cloud.link import hub, session, sites
from cloud.nodes import credentials
from cloud.settings import Settings
from devices.site.load import load_site
from devices.site.model import Site
from tests.cloud.conftest import TOKENS, Someone, Street, make_site
from tests.cloud.link_for_tests import NodeEnd, serving
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio
CAMERA = "P01-C1"
PHOTO = {"kind": "photo", "body": {"camera": CAMERA}}


async def ask(
    person: Someone, request: dict[str, Any] | None = None, *, key: str | None = None, node: str = "n1"
) -> httpx.Response:
    return await person.http.post(
        f"/api/v1/nodes/{node}/commands",
        json=request or PHOTO,
        headers={"Idempotency-Key": key or str(uuid4())},
    )


async def asked(person: Someone, request: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    answer = await ask(person, request, **more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def state_of(person: Someone, command: dict[str, Any], wanted: str) -> dict[str, Any]:
    """The command once it is in the state `wanted`."""
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = await person.get(f"/nodes/{command['node']}/commands/{command['id']}")
            if found["state"] == wanted:
                return found
            await asyncio.sleep(0.02)


@asynccontextmanager
async def another_process(street: Street, tmp_path: Path) -> AsyncIterator[int]:
    """A second API process over the same database, with a pool and a hub of its own."""
    app = create_app(Settings(state=tmp_path, page=tmp_path / "dist"), street.url, street.clock)
    with serving(app) as port:
        yield port


async def off_loop(work: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(work)


async def test_a_command_goes_out_by_the_process_that_holds_the_link_and_its_answer_comes_back(
    street, tmp_path
):
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        node = await off_loop(lambda: NodeEnd(port, TOKENS["n1"]))
        with node:
            await off_loop(node.notice)
            command = await asked(leader)
            assert (command["state"], command["asked_by"]) == ("queued", "leader")
            got = await off_loop(node.command)
            assert (str(got.id), got.kind, got.body["camera"]) == (command["id"], "photo", CAMERA)
            assert 100 < got.expires_in <= 120
            await state_of(leader, command, "sent")
            await off_loop(lambda: node.answer(got, sha256="ab"))
            done = await state_of(leader, command, "answered")
    assert done["answer"] == {"sha256": "ab"}
    assert done["answered_at"] is not None


async def test_notify_wakes_the_link_of_another_process_at_once(street, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "POLL", 3600.0)
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await off_loop(node.notice)
            command = await asked(leader)
            assert str((await off_loop(node.command)).id) == command["id"]


async def test_a_lost_notification_is_made_up_for_by_polling(street, tmp_path, monkeypatch):
    monkeypatch.setattr(hub.Hub, "_wake", lambda *_: None)
    monkeypatch.setattr(session, "POLL", 0.1)
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await off_loop(node.notice)
            command = await asked(leader)
            assert str((await off_loop(node.command)).id) == command["id"]


async def test_a_command_asked_for_while_the_link_is_away_is_delivered_after(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        command = await asked(leader)
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            assert str((await off_loop(node.command)).id) == command["id"]


async def test_a_command_that_went_by_a_link_that_died_is_sent_again_by_the_next(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port, another_process(s, tmp_path) as other:
        leader = await s.log_in()
        command = await asked(leader)
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            first = await off_loop(node.command)
        with await off_loop(lambda: NodeEnd(other, TOKENS["n1"])) as node:
            again = await off_loop(node.command)
            assert first.id == again.id == UUID(command["id"])
            await off_loop(lambda: node.answer(again))
            await state_of(leader, command, "answered")


async def test_an_unanswered_command_is_sent_again_on_the_same_link(street, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "POLL", 0.05)
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await asked(leader)
            first = await off_loop(node.command)
            with pytest.raises(TimeoutError):
                await off_loop(lambda: node.command(0.4))
            s.clock.forward(seconds=21)
            again = await off_loop(node.command)
    assert first.id == again.id
    assert again.expires_in < first.expires_in


async def test_the_same_key_is_the_same_command_and_another_request_under_it_is_refused(street):
    async with street() as s:
        leader, operator = await s.log_in(), await s.log_in("operator")
        command = await asked(leader, key="k")
        again = await ask(leader, key="k")
        assert (again.status_code, again.json()["id"]) == (200, command["id"])
        other = await ask(leader, {"kind": "site"}, key="k")
        assert other.status_code == 422
        assert other.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
        assert (await asked(operator, key="k"))["id"] != command["id"]
        assert len((await leader.get("/nodes/n1/commands"))["items"]) == 2
        missing = await leader.http.post("/api/v1/nodes/n1/commands", json=PHOTO)
        assert missing.status_code == 422


async def test_a_command_expires_where_it_waits_and_is_not_sent_any_more(street, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "EXPIRE_EVERY", 0.05)
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        command = await asked(leader, PHOTO | {"expires_in": 5})
        s.clock.forward(seconds=6)
        late = await state_of(leader, command, "expired")
        assert late["answer"] is None
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await off_loop(node.notice)
            with pytest.raises(TimeoutError):
                await off_loop(lambda: node.command(0.3))


async def test_an_answer_that_comes_after_the_end_still_says_what_the_node_did(street, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "EXPIRE_EVERY", 0.05)
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            command = await asked(leader)
            got = await off_loop(node.command)
            s.clock.forward(seconds=200)
            await state_of(leader, command, "expired")
            await off_loop(lambda: node.answer(got, "failed", reason="too dark"))
            failed = await state_of(leader, command, "failed")
            await off_loop(lambda: node.answer(got, "done"))
            other = await asked(leader)
            await off_loop(lambda: node.answer(other["id"]))
            await state_of(leader, other, "answered")
            assert (await state_of(leader, command, "failed")) == failed


async def test_another_nodes_command_cannot_be_answered(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        command = await asked(leader)
        with await off_loop(lambda: NodeEnd(port, TOKENS["n2"])) as thief:
            await off_loop(lambda: thief.answer(command["id"], sha256="forged"))
            theirs = await asked(leader, {"kind": "log_level", "body": {"logger": "edge", "level": "DEBUG",
                                                                      "seconds": 5}}, node="n2")  # fmt: skip
            await off_loop(lambda: thief.answer(theirs["id"]))
            await state_of(leader, theirs, "answered")
        assert (await leader.get(f"/nodes/n1/commands/{command['id']}"))["state"] == "queued"
        missing = await leader.http.get(f"/api/v1/nodes/n2/commands/{command['id']}")
        assert missing.status_code == 404


async def test_a_link_without_a_good_token_is_refused_with_401(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        with pytest.raises(InvalidStatus) as refused:
            await off_loop(lambda: NodeEnd(port, "not-a-token-of-any-node-000"))
        assert refused.value.response.status_code == 401


async def test_a_revoked_credential_ends_the_link_and_its_answers_count_no_more(
    street, tmp_path, monkeypatch
):
    monkeypatch.setattr(session, "RECHECK", 0.0)
    monkeypatch.setattr(session, "POLL", 0.05)
    async with street() as s, another_process(s, tmp_path) as port:
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await off_loop(node.notice)
            await revoke(s)
            with pytest.raises(ConnectionClosed) as ended:
                await off_loop(node.command)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == session.DENIED


async def test_an_answer_under_a_revoked_credential_is_not_taken(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            command = await asked(leader)
            got = await off_loop(node.command)
            await revoke(s)
            await off_loop(lambda: node.answer(got))
            with pytest.raises(ConnectionClosed):
                await off_loop(node.command)
        assert (await leader.get(f"/nodes/n1/commands/{command['id']}"))["state"] == "sent"


async def revoke(s: Street) -> None:
    async with s.app.state.context.engine.begin() as connection:
        await credentials.revoke(connection, "n1", Actor("user", "leader"), "stolen", s.clock())


async def test_who_may_ask_for_what_and_of_which_camera(street):
    async with street() as s:
        operator = await s.log_in("operator")
        assert (await ask(operator)).status_code == 201
        log_level = {"kind": "log_level", "body": {"logger": "edge", "level": "DEBUG", "seconds": 60}}
        for request in ({"kind": "site"}, log_level):
            assert (await ask(operator, request)).status_code == 403
        strange = await ask(operator, {"kind": "photo", "body": {"camera": "P02-C1"}})
        assert strange.status_code == 422
        assert strange.json()["errors"][0]["pointer"] == "/body/body/camera"
        assert (await ask(operator, {"kind": "photo", "body": {"camera": "P01-S1"}})).status_code == 422
        assert (await ask(operator, {"kind": "reboot", "body": {}})).status_code == 422
        assert (await ask(operator, node="nobody")).status_code == 404
        nobody = await s.http.post("/api/v1/nodes/n1/commands", json=PHOTO)
        assert nobody.status_code == 401


async def test_a_node_behind_is_sent_the_clouds_site_once_and_it_reads_back_equal(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        newer = make_site(2)
        await put_site(s.url, newer)
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            notice = await off_loop(node.notice)
            assert notice.version == 2
            await off_loop(lambda: node.hello(1))
            got = await off_loop(node.command)
            assert (got.kind, got.body["version"], got.body["digest"]) == ("site", 2, notice.digest)
            await off_loop(lambda: node.hello(1))
            await off_loop(lambda: node.answer(got, version=2))
        (kept,) = (await leader.get("/nodes/n1/commands"))["items"]
        assert (kept["asked_by"], kept["body"]) == ("gridwatch", {"version": 2, "digest": notice.digest})
    file = tmp_path / "site.yaml"
    file.write_text(got.body["text"])
    assert load_site(file) == newer


@pytest.mark.parametrize(("version", "local"), [(2, False), (3, False), (1, True)])
async def test_a_node_that_is_not_behind_or_insists_on_its_own_site_is_sent_none(
    street, tmp_path, version, local
):
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        await put_site(s.url, make_site(2))
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await off_loop(lambda: node.hello(version, local=local))
            command = await asked(leader)
            assert str((await off_loop(node.command)).id) == command["id"]


async def put_site(url: URL, site: Site) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        await sites.keep(connection, site, Actor("system", "gridwatch"), START)
    await engine.dispose()


async def test_done_asks_the_camera_to_look_again_and_only_where_something_still_stands(street, sender, seen):
    async with street() as s:
        leader = await s.log_in()
        bikes = seen(sender)
        await s.send(bikes.now("opened"))
        incident = await leader.the_incident()
        incident = await leader.done(incident, "accept", "dispatch", "start")
        assert (await leader.get("/nodes/n1/commands"))["items"] == []
        await leader.done(incident, "resolve")
        (command,) = (await leader.get("/nodes/n1/commands", incident=incident["id"]))["items"]
        assert (command["kind"], command["asked_by"]) == ("look_again", "gridwatch")
        assert command["body"] == {"camera": CAMERA, "condition_id": str(bikes.id)}
        assert (await leader.get("/nodes/n1/commands", incident=str(uuid4())))["items"] == []


async def test_done_resets_what_a_sensor_has_latched(street, sender, seen):
    async with street() as s:
        leader = await s.log_in()
        smoke = seen(sender)
        await s.send(smoke.now("opened", device="P01-S1", zone=None, label="smoke_obscuration"))
        incident = await leader.done(await leader.the_incident(), "accept", "dispatch", "start", "resolve")
        (command,) = (await leader.get("/nodes/n1/commands", incident=incident["id"]))["items"]
        assert (command["kind"], command["body"]) == ("reset", {"condition_id": str(smoke.id)})


async def test_the_stream_carries_each_turn_of_a_command(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        leader = await s.log_in()
        tail = s.app.state.context.tail
        listening = tail.subscribe()
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await asked(leader)
            await off_loop(lambda: node.answer(node.command(), sha256="ab"))
            async with asyncio.timeout(20):
                while True:
                    item = await listening.queue.get()
                    assert item is not None
                    if item.kind == "command" and item.body.state == "answered":
                        break
        assert item.body.answer == {"sha256": "ab"}
        tail.leave(listening)


async def test_what_is_no_frame_ends_the_link(street, tmp_path):
    async with street() as s, another_process(s, tmp_path) as port:
        with await off_loop(lambda: NodeEnd(port, TOKENS["n1"])) as node:
            await off_loop(lambda: node.connection.send('{"type": "alarm"}'))
            with pytest.raises(ConnectionClosed) as ended:
                await off_loop(node.command)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == session.NOT_UNDERSTOOD
