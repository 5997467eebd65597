"""Accounts and API tokens over HTTP and by command; limits; what is refused stands in the log."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from cloud import cli
from cloud.database.schema import person
from cloud.errors import Problem
from cloud.people import passwords
from cloud.people.limits import Limiter, Limits
from cloud.people.passwords import hash_token, verify_password
from cloud.people.tables import api_token
from cloud.settings import Settings
from tests.cloud.conftest import Someone
from tests.cloud.test_nodes_identity import administrator

pytestmark = pytest.mark.anyio

WORKER = {
    "username": "wang", "name": {"zh": "王", "en": "Wang"}, "roles": ["grid_worker"], "areas": ["G01"],
}  # fmt: skip


async def add(admin: Someone, s: Any, **more: Any) -> dict[str, Any]:
    answer = await admin.http.post("/api/v1/people", json=WORKER | more)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    s.passwords[body["person"]["username"]] = body["password"]
    return body


async def change(admin: Someone, username: str, version: int, **values: Any) -> httpx.Response:
    headers = {"If-Match": f'"v{version}"'}
    found: httpx.Response = await admin.http.patch(f"/api/v1/people/{username}", json=values, headers=headers)
    return found


async def test_somebody_is_added_sees_their_grid_and_is_shut_out_at_once(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        admin = await administrator(s)
        await add(admin, s)
        wang = await s.log_in("wang")
        assert len(await wang.incidents()) == 1
        assert (await change(admin, "wang", 1, areas=["G02"])).headers["etag"] == '"v2"'
        assert await wang.incidents() == []
        assert (await change(admin, "wang", 1, locked=True)).status_code == 412
        assert (await change(admin, "wang", 2, locked=True)).json()["locked_at"] is not None
        assert (await wang.http.get("/api/v1/incidents")).json()["code"] == "unauthenticated"
        credentials = {"username": "wang", "password": s.passwords["wang"]}
        assert (await s.http.post("/api/v1/session", json=credentials)).json()["code"] == "bad_credentials"


async def test_a_lock_holds_also_for_a_session_that_begins_at_that_moment(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        async with s.app.state.context.engine.begin() as connection:
            await connection.execute(update(person).values(locked_at=s.clock()))  # and no session ended
        assert (await leader.http.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"areas": []}, "areas"),
        ({"areas": ["G99"]}, "areas"),
        ({"roles": ["department"]}, "organisation"),
        ({"roles": ["king"]}, "roles"),
        ({"username": "Wang Li"}, "username"),
        ({"username": "leader"}, "username"),
    ],
)
async def test_what_does_not_fit_together_is_refused_with_its_field(street, values, field) -> None:
    async with street() as s:
        answer = await (await administrator(s)).http.post("/api/v1/people", json=WORKER | values)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"].startswith(f"/body/{field}")


async def test_an_administrator_does_not_shut_themselves_out(street) -> None:
    async with street() as s:
        admin = await administrator(s)
        assert (await change(admin, "admin", 1, locked=True)).status_code == 422
        assert (await change(admin, "admin", 1, roles=["leader"])).status_code == 422
        assert (await change(admin, "admin", 1, roles=None)).status_code == 422


async def test_passwords_are_changed_with_the_old_one_and_reset_by_the_administrator(street) -> None:
    async with street() as s:
        leader, path = await s.log_in(), "/api/v1/session/password"
        for _ in range(5):
            answer = await leader.http.post(path, json={"old": "wrong", "new": "a long new one"})
            assert answer.json()["code"] == "bad_credentials"
        answer = await leader.http.post(path, json={"old": s.passwords["leader"], "new": "a long new one"})
        assert answer.json()["code"] == "too_many_attempts"
        assert answer.headers["retry-after"]
        s.clock.forward(minutes=6)
        done = await leader.http.post(path, json={"old": s.passwords["leader"], "new": "a long new one"})
        assert done.status_code == 204
        assert (await leader.http.get("/api/v1/session")).status_code == 401
        s.passwords["leader"] = "a long new one"
        leader, admin = await s.log_in(), await administrator(s)
        reset = await admin.http.post("/api/v1/people/leader/password", headers={"If-Match": '"v2"'})
        assert reset.headers["cache-control"] == "no-store"
        assert (await leader.http.get("/api/v1/session")).status_code == 401
        s.passwords["leader"] = reset.json()["password"]
        await s.log_in()


async def test_a_hash_of_weaker_times_is_renewed_at_the_log_in(street, monkeypatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher())
    async with street() as s:
        old = PasswordHasher(time_cost=1, memory_cost=8192).hash(s.passwords["leader"])
        stored = select(person.c.password_hash).where(person.c.username == "leader")
        async with s.app.state.context.engine.begin() as connection:
            change = update(person).where(person.c.username == "leader").values(password_hash=old)
            await connection.execute(change)
        await s.log_in()
        async with s.app.state.context.engine.connect() as connection:
            new = await connection.scalar(stored)
        assert "m=65536,t=3" in new
        assert verify_password(new, s.passwords["leader"])


async def test_what_was_done_to_people_stands_in_a_log_without_their_passwords(street) -> None:
    async with street() as s:
        made = await add(await administrator(s), s)
        engine = s.app.state.context.engine
        async with engine.connect() as connection:
            rows = (await connection.execute(text("SELECT * FROM person_event"))).all()
        assert [(row.username, row.action, row.actor) for row in rows] == [("wang", "added", "admin")]
        assert made["password"] not in str(rows)
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text("DELETE FROM person_event"))


def test_the_command_adds_lists_changes_and_removes(tmp_path, monkeypatch, url, capsys) -> None:
    monkeypatch.setenv("GRIDWATCH_DATABASE_URL", url.render_as_string(hide_password=False))

    def run(*words: str) -> tuple[int, str]:
        from argparse import ArgumentParser

        parser = ArgumentParser()
        cli.configure(parser)
        code = cli.run(parser.parse_args(["user", *words, "--state", str(tmp_path)]))
        out = capsys.readouterr()
        return code, out.out.strip() or out.err.strip()

    assert run("add", "wang", "--role", "grid_worker") == (
        1, "gridwatch cloud: areas: grid_worker: name the grids or communities that are theirs",
    )  # fmt: skip
    code, password = run("add", "wang", "--role", "grid_worker", "--area", "G01")
    assert (code, len(password)) == (0, 19)
    code, listed = run("list")
    assert "wang grid_worker G01 -" in listed.splitlines()
    run("change", "wang", "--role", "department", "--organisation", "bikes", "--lock")
    assert "wang department G01 bikes locked" in run("list")[1].splitlines()
    assert len(run("change", "wang", "--unlock", "--new-password")[1]) == 19
    assert run("remove", "wang") == (0, "wang is gone")
    assert run("change", "wang", "--lock")[0] == 1


async def token_for(someone: Someone, **wanted: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers that carry a new token, and what is told about it."""
    answer = await someone.http.post("/api/v1/api-tokens", json={"name": "map", "roles": ["leader"]} | wanted)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return {"Authorization": f"Bearer {body['token']}"}, body["about"]


async def test_a_token_speaks_for_its_person_without_a_cookie_until_it_is_revoked_or_ends(
    street, sender, seen
) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        headers, about = await token_for(leader, days=1)
        shown = (await s.http.get("/api/v1/incidents", headers=headers)).json()["items"][0]
        step = await s.http.post(
            f"/api/v1/incidents/{shown['id']}/transitions", json={"action": "accept"},
            headers=headers | {"If-Match": f'"v{shown["version"]}"'},
        )  # fmt: skip
        assert step.status_code == 200, step.text
        listed = (await leader.get("/api-tokens"))["items"]
        assert [one["id"] for one in listed] == [about["id"]]
        assert listed[0]["used_at"] is not None
        assert headers["Authorization"][7:] not in str(listed)
        for path in ("/api/v1/api-tokens", "/api/v1/session/password"):
            body = {"name": "x", "roles": ["leader"], "old": "x", "new": "a longer one"}
            more = {key: body[key] for key in (("old", "new") if "password" in path else ("name", "roles"))}
            assert (await s.http.post(path, json=more, headers=headers)).status_code == 403
        assert (await s.http.get("/api/v1/session", headers=headers)).status_code == 403, "it has none"
        s.clock.forward(hours=25)
        assert (await s.http.get("/api/v1/incidents", headers=headers)).status_code == 401
        leader = await s.log_in()
        headers, about = await token_for(leader)
        assert (await s.http.get("/api/v1/incidents", headers=headers)).status_code == 200
        assert (await leader.http.delete(f"/api/v1/api-tokens/{about['id']}")).status_code == 204
        assert (await s.http.get("/api/v1/incidents", headers=headers)).status_code == 401


async def test_only_the_hash_of_a_token_is_kept(street) -> None:
    async with street() as s:
        headers, _ = await token_for(await s.log_in())
        async with s.app.state.context.engine.connect() as connection:
            row = (await connection.execute(select(api_token))).one()
        assert row.token_hash == hash_token(headers["Authorization"][7:])
        assert headers["Authorization"][7:] not in str(row)


async def test_a_token_never_gives_more_than_its_person_has_now(street, sender, other_sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        await s.send(seen(other_sender, place="P02-C1-Z1").now("opened"), node="n2")
        admin, leader = await administrator(s), await s.log_in()
        for wanted in ({"roles": ["administrator"]}, {"areas": ["G99"]}, {"days": 1000}):
            body = {"name": "x", "roles": ["leader"]} | wanted
            assert (await leader.http.post("/api/v1/api-tokens", json=body)).status_code == 422
        other = {"name": "x", "roles": ["operator"], "username": "operator"}
        assert (await leader.http.post("/api/v1/api-tokens", json=other)).status_code == 403
        headers, _ = await token_for(leader, areas=["G01"])

        async def count() -> int | str:
            answer = (await s.http.get("/api/v1/incidents", headers=headers)).json()
            return len(answer["items"]) if "items" in answer else answer["code"]

        assert await count() == 1
        assert (await change(admin, "leader", 1, areas=["G02"])).status_code == 200
        assert await count() == 0
        assert (await change(admin, "leader", 2, areas=[], roles=["operator"])).status_code == 200
        assert await count() == "forbidden"
        assert (await change(admin, "leader", 3, roles=["leader"], locked=True)).status_code == 200
        assert await count() == "unauthenticated"


async def test_an_organisations_token_sees_its_own_cases_only(street, sender, other_sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        await s.send(seen(other_sender, place="P02-C1-Z1").now("opened"), node="n2")
        admin = await administrator(s)
        async with s.app.state.context.engine.begin() as connection:
            given = text("UPDATE incident SET organisation = 'bikes' WHERE point = 'P01'")
            await connection.execute(given)
        headers, _ = await token_for(admin, organisation="bikes", roles=["department"])
        items = (await s.http.get("/api/v1/incidents", headers=headers)).json()["items"]
        assert [one["point"]["id"] for one in items] == ["P01"]
        body = {"name": "x", "organisation": "bikes", "roles": ["leader"]}
        assert (await admin.http.post("/api/v1/api-tokens", json=body)).status_code == 422


async def test_a_session_in_the_place_of_a_token_or_the_other_way_round_opens_nothing(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        headers, _ = await token_for(leader)
        session = leader.http.cookies["gridwatch_session"]
        as_bearer = {"Authorization": f"Bearer {session}"}
        assert (await s.http.get("/api/v1/incidents", headers=as_bearer)).status_code == 401
        as_cookie = {"Cookie": f"gridwatch_session={headers['Authorization'][7:]}"}
        assert (await s.http.get("/api/v1/incidents", headers=as_cookie)).status_code == 401
        assert (await s.http.post("/api/v1/ingest", content="[]", headers=headers)).status_code == 401


async def test_who_asks_too_often_waits_and_a_node_never_does(street, sender, seen, tmp_path) -> None:
    limits = Limits(address=(30, 1.0), reads=(5, 1.0), writes=(2, 0.5))
    async with street(Settings(state=tmp_path, page=tmp_path, limits=limits)) as s:
        leader = await s.log_in()
        answers = [await leader.http.get("/api/v1/incidents") for _ in range(6)]
        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert answers[-1].headers["retry-after"] == "1"
        path = "/api/v1/incidents/01a20233-0000-7000-8000-000000000000/transitions"
        writes = [await leader.http.post(path, json={"action": "accept"}) for _ in range(3)]
        assert [one.status_code for one in writes] == [404, 404, 429]
        assert writes[-1].headers["retry-after"] == "2"
        s.clock.forward(seconds=1)
        assert (await leader.http.get("/api/v1/incidents")).status_code == 200
        nobody = [(await s.http.get("/api/v1/incidents")).status_code for _ in range(40)]
        assert nobody[-1] == 429
        for _ in range(40):
            await s.send(seen(sender).now("opened"))


def test_people_are_counted_apart(clock) -> None:
    limiter = Limiter(Limits(writes=(1, 1.0)), clock)
    limiter.person("ann", "POST")
    limiter.person("bob", "POST")
    limiter.person("ann", "GET")
    with pytest.raises(Problem, match="try again in 1 s"):
        limiter.person("ann", "DELETE")
    clock.at += timedelta(seconds=1)
    limiter.person("ann", "DELETE")


async def test_what_is_refused_to_somebody_stands_in_the_log(street, sender, seen, caplog) -> None:
    caplog.set_level(logging.INFO, logger="cloud.people.denials")
    async with street() as s:
        operator = await s.log_in("operator")
        await operator.http.get("/api/v1/people")
        await operator.http.get("/api/v1/incidents/01a20233-0000-7000-8000-000000000000")
        await operator.http.delete("/api/v1/session", headers={"X-CSRF-Token": "x"})
        told = [record.getMessage() for record in caplog.records if record.name == "cloud.people.denials"]
        assert [line.split(" to ")[0] for line in told] == [
            "refused forbidden",
            "refused not_found",
            "refused csrf",
        ]
        assert all("'operator'" in line for line in told)
