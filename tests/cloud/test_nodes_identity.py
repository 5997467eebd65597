"""Who a node is: one-time codes, rotation that cannot lock it out, revocation, and the log of it all."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud import cli
from cloud.errors import SettingsError
from cloud.incidents.store import Actor
from cloud.nodes import credentials, enrolment
from cloud.people import accounts
from cloud.people.roles import Role
from devices.site.model import Names
from tests.cloud.conftest import TOKENS, Someone

pytestmark = pytest.mark.anyio


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def fresh() -> str:
    return secrets.token_urlsafe(32)


async def administrator(s: Any) -> Someone:
    engine, context = s.app.state.context.engine, s.app.state.context
    async with engine.begin() as connection:
        name = Names(zh="管理员", en="Administrator")
        await accounts.add_user(connection, "admin", name, [Role.ADMINISTRATOR], "a-password", context.now())
    s.passwords["admin"] = "a-password"
    found: Someone = await s.log_in("admin")
    return found


async def code_for(someone: Someone, node: str = "n1") -> str:
    answer = await someone.http.post(f"/api/v1/nodes/{node}/enrolment-code")
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    code: str = answer.json()["code"]
    return code


async def enrol(s: Any, code: str, token: str) -> httpx.Response:
    answer: httpx.Response = await s.http.post(
        "/api/v1/enrolment", json={"code": code, "token_sha256": digest(token)}
    )
    return answer


async def rotate(s: Any, held: str, wanted: str) -> httpx.Response:
    answer: httpx.Response = await s.http.put(
        "/api/v1/node-credential",
        json={"token_sha256": digest(wanted)},
        headers={"Authorization": f"Bearer {held}"},
    )
    return answer


async def works(s: Any, token: str) -> str:
    """`ok`, or the code of the refusal."""
    answer = await s.http.post("/api/v1/ingest", content=b"[]", headers={"Authorization": f"Bearer {token}"})
    return "ok" if answer.status_code == 200 else str(answer.json()["code"])


async def test_a_code_is_exchanged_once_for_a_credential_and_the_one_before_is_void(street) -> None:
    async with street() as s:
        code, token = await code_for(await administrator(s)), fresh()
        assert await works(s, token) == "bad_token"
        answer = await enrol(s, code.upper().replace("-", " "), token)
        assert (answer.status_code, answer.json()) == (200, {"node": "n1"})
        assert await works(s, token) == "ok"
        assert await works(s, TOKENS["n1"]) == "bad_token"
        assert await works(s, TOKENS["n2"]) == "ok"
        again = await enrol(s, code, token)
        assert again.status_code == 200, "a lost answer does not cost the code"
        other = await enrol(s, code, fresh())
        assert (other.status_code, other.json()["code"]) == (401, "bad_code")


async def test_of_many_who_come_with_one_code_at_once_one_is_let_in(street) -> None:
    async with street() as s:
        code, tokens = await code_for(await administrator(s)), [fresh() for _ in range(8)]
        answers = await asyncio.gather(*(enrol(s, code, token) for token in tokens))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
        assert [await works(s, token) for token in tokens].count("ok") == 1


async def test_a_code_ends_with_its_time_and_with_the_next_code(street) -> None:
    async with street() as s:
        admin = await administrator(s)
        first, second = await code_for(admin), await code_for(admin)
        assert (await enrol(s, first, fresh())).status_code == 401
        s.clock.forward(hours=1, seconds=1)
        assert (await enrol(s, second, fresh())).status_code == 401


async def test_guessing_codes_is_slowed_down(street) -> None:
    async with street() as s:
        code = await code_for(await administrator(s))
        for _ in range(5):
            assert (await enrol(s, "aaaa-bbbb-cccc-dddd", fresh())).status_code == 401
        assert (await enrol(s, code, fresh())).status_code == 429


async def test_neither_code_nor_token_is_stored_readably(street) -> None:
    async with street() as s:
        code, token = await code_for(await administrator(s)), fresh()
        await enrol(s, code, token)
        async with s.app.state.context.engine.connect() as connection:
            tables = ("node_code", "node_credential", "node_event", "login_failure", "node")
            dump = ""
            for table in tables:
                dump += str((await connection.execute(text(f"SELECT * FROM {table}"))).all())
        for secret in (code, code.replace("-", ""), token, TOKENS["n1"]):
            assert secret not in dump


@pytest.mark.parametrize("who", ["operator", "leader"])
async def test_only_an_administrator_makes_codes_revokes_and_reads_the_log(street, who) -> None:
    async with street() as s:
        person = await s.log_in(who)
        for method, path, body in (
            ("POST", "/nodes/n1/enrolment-code", None),
            ("POST", "/nodes/n1/revocation", {"reason": "stolen"}),
            ("GET", "/nodes/n1/credentials", None),
        ):
            answer = await person.http.request(method, f"/api/v1{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert await works(s, TOKENS["n1"]) == "ok"


async def test_an_administrator_has_no_hand_in_incidents(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        admin, leader = await administrator(s), await s.log_in()
        incident = await leader.the_incident()
        assert await admin.incidents() == []
        assert (await admin.do(incident, "accept")).status_code == 403


async def test_a_code_needs_the_session_s_token_and_a_node_of_the_site(street) -> None:
    async with street() as s:
        admin = await administrator(s)
        assert (await admin.http.post("/api/v1/nodes/n9/enrolment-code")).status_code == 404
        del admin.http.headers["X-CSRF-Token"]
        assert (await admin.http.post("/api/v1/nodes/n1/enrolment-code")).status_code == 403


async def test_both_tokens_are_valid_until_the_new_one_was_used_and_a_while_longer(street) -> None:
    async with street() as s:
        old, new = TOKENS["n1"], fresh()
        assert (await rotate(s, old, new)).json() == {"confirmed": False}
        assert [await works(s, old), await works(s, new)] == ["ok", "ok"]
        s.clock.forward(days=400)
        assert await works(s, old) == "ok", "without confirmation nothing ends"
        assert (await rotate(s, new, new)).json() == {"confirmed": True}
        assert (await rotate(s, new, new)).json() == {"confirmed": True}
        assert await works(s, old) == "ok", "requests under way"
        s.clock.forward(minutes=5)
        assert [await works(s, old), await works(s, new)] == ["bad_token", "ok"]


async def test_every_step_of_a_rotation_may_be_repeated(street) -> None:
    async with street() as s:
        old, new = TOKENS["n1"], fresh()
        for _ in range(3):
            assert (await rotate(s, old, new)).json() == {"confirmed": False}
        later = fresh()
        assert (await rotate(s, old, later)).json() == {"confirmed": False}
        assert await works(s, new) == "bad_token", "of what was only offered the last counts"
        assert (await rotate(s, later, later)).json() == {"confirmed": True}


async def test_a_token_that_ends_cannot_name_its_successor(street) -> None:
    """Else whoever copied the old one could follow the node through its rotation."""
    async with street() as s:
        old, new, thief = TOKENS["n1"], fresh(), fresh()
        await rotate(s, old, new)
        await rotate(s, new, new)
        answer = await rotate(s, old, thief)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert await works(s, thief) == "bad_token"


async def test_a_node_cannot_take_a_token_that_was_used(street) -> None:
    async with street() as s:
        for taken in (TOKENS["n2"],):
            assert (await rotate(s, TOKENS["n1"], taken)).status_code == 403
        new = fresh()
        await rotate(s, TOKENS["n1"], new)
        await rotate(s, new, new)
        s.clock.forward(minutes=6)
        assert (await rotate(s, new, TOKENS["n1"])).status_code == 403
        assert [await works(s, token) for token in (*TOKENS.values(), new)] == ["bad_token", "ok", "ok"]


async def test_a_revoked_node_is_refused_at_its_next_request_and_told_why(street) -> None:
    async with street() as s:
        admin, pending = await administrator(s), fresh()
        await rotate(s, TOKENS["n1"], pending)
        answer = await admin.http.post("/api/v1/nodes/n1/revocation", json={"reason": "cabinet stolen"})
        assert answer.status_code == 204
        for token in (TOKENS["n1"], pending):
            assert await works(s, token) == "node_revoked"
            assert (await rotate(s, token, fresh())).json()["code"] == "node_revoked"
        assert await works(s, TOKENS["n2"]) == "ok"
        token = fresh()
        assert (await enrol(s, await code_for(admin), token)).status_code == 200
        assert await works(s, token) == "ok", "enrolled anew"
        assert await works(s, TOKENS["n1"]) == "node_revoked"


async def test_a_code_of_before_the_revocation_does_not_bring_its_credential_back(street) -> None:
    async with street() as s:
        admin, token = await administrator(s), fresh()
        code = await code_for(admin)
        await enrol(s, code, token)
        await admin.http.post("/api/v1/nodes/n1/revocation", json={"reason": "stolen"})
        assert (await enrol(s, code, token)).status_code == 401
        assert await works(s, token) == "node_revoked"


async def test_what_was_done_stands_in_a_log_that_cannot_be_changed(street) -> None:
    async with street() as s:
        admin, token, new = await administrator(s), fresh(), fresh()
        await enrol(s, await code_for(admin), token)
        await rotate(s, token, new)
        await rotate(s, new, new)
        await admin.http.post("/api/v1/nodes/n1/revocation", json={"reason": "stolen"})
        found = await admin.get("/nodes/n1/credentials")
        assert [one["action"] for one in found["events"]] == [
            "revoked", "rotated", "offered", "enrolled", "code_made",
        ]  # fmt: skip
        assert [found["events"][at]["actor_name"] for at in (0, 1, 4)] == ["admin", "n1", "admin"]
        assert found["events"][0]["detail"] == "stolen"
        assert {one["origin"] for one in found["credentials"]} == {"file", "enrolled", "rotated"}
        assert not any("hash" in name for one in found["credentials"] for name in one)
        engine = s.app.state.context.engine
        for statement in ("UPDATE node_event SET detail = 'x'", "DELETE FROM node_event"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with engine.begin() as connection:
                    await connection.execute(text(statement))


async def test_a_token_file_brings_back_nothing_that_is_void_and_takes_no_enrolled_node_over(
    street, caplog
) -> None:
    """`--tokens FILE` is read at each start of the cloud."""
    async with street() as s:
        engine, now = s.app.state.context.engine, s.clock()
        token = fresh()
        async with engine.begin() as connection:
            code, _ = await enrolment.make_code(connection, "n1", Actor("system", "test"), now)
            await credentials.revoke(connection, "n2", Actor("system", "test"), "stolen", now)
        await enrol(s, code, token)
        async with engine.begin() as connection:
            await credentials.take_file(connection, TOKENS, now)
            await credentials.take_file(connection, {"n1": fresh()}, now)
        assert [await works(s, one) for one in (token, *TOKENS.values())] == [
            "ok", "bad_token", "node_revoked",
        ]  # fmt: skip
        assert "node n1 is enrolled" in caplog.text
        assert not any(one in caplog.text for one in (token, code, *TOKENS.values()))
        swapped = fresh()
        async with engine.begin() as connection:
            await credentials.take_file(connection, {"n2": swapped}, now)
            with pytest.raises(SettingsError, match="no node 'n9'"):
                await credentials.take_file(connection, {"n9": swapped}, now)
        assert await works(s, swapped) == "ok", "what somebody wrote into the file anew is taken"


async def test_who_is_no_node_gets_no_further(street) -> None:
    async with street() as s:
        for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
            answer = await s.http.put(
                "/api/v1/node-credential", json={"token_sha256": "0" * 64}, headers=header
            )
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")


async def test_the_command_line_makes_codes_and_revokes_and_its_hand_stands_in_the_log(street) -> None:
    async with street() as s:
        engine, token = s.app.state.context.engine, fresh()
        code = await cli._new_code(engine, "n1", 60)
        s.clock.at = datetime.now(UTC)
        assert (await enrol(s, code, token)).status_code == 200
        assert await cli._revoke(engine, "n1", "stolen") == "node n1 is shut out; 1 credential(s) are void"
        assert await works(s, token) == "node_revoked"
        with pytest.raises(SettingsError, match="no node 'n9'; it has n1, n2"):
            await cli._revoke(engine, "n9", "stolen")
        async with engine.connect() as connection:
            names = (await connection.scalars(text("SELECT actor_name FROM node_event ORDER BY id"))).all()
        assert names == ["gridwatch cloud enrol", "n1", "gridwatch cloud revoke"]
