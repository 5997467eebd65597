from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cloud.app import openapi_document
from cloud.guard import CSP
from cloud.incidents.transitions import State, allowed
from cloud.people.matrix import ROWS
from cloud.people.permissions import PUBLIC
from cloud.people.roles import Role
from cloud.problems import KINDS
from cloud.settings import Settings

pytestmark = pytest.mark.anyio
OPENAPI = Path(__file__).parents[2] / "cloud" / "web" / "openapi.json"


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), answer.text
    assert body["type"] == f"/problems/{code}"
    assert body["title"] == KINDS[code].title
    return body["instance"] == answer.request.url.path and bool(body["detail"])


async def test_a_step_without_if_match_is_428_and_with_an_old_version_412(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.the_incident()
        path = f"/api/v1/incidents/{incident['id']}/transitions"
        answer = await leader.http.post(path, json={"action": "accept"})
        assert is_problem(answer, 428, "version_required")
        answer = await leader.http.post(path, json={"action": "accept"}, headers={"If-Match": "*"})
        assert is_problem(answer, 422, "invalid")
        await leader.done(incident, "accept")
        answer = await leader.do(incident, "dispatch")
        assert is_problem(answer, 412, "version_changed")
        assert answer.json()["version"] == 3
        assert answer.headers["etag"] == '"v3"'


async def test_a_step_the_state_does_not_allow_is_409_and_says_what_is_allowed(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.the_incident()
        answer = await leader.do(incident, "close")
        assert is_problem(answer, 409, "not_allowed")
        assert answer.json()["allowed_actions"] == incident["allowed_actions"]
        assert incident["allowed_actions"] == list(allowed(State.DETECTED, [Role.LEADER]))


async def test_an_operator_is_refused_what_is_the_leaders(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        operator = await s.log_in("operator")
        incident = await operator.done(await operator.the_incident(), "accept")
        assert incident["allowed_actions"] == ["ask_suspend", "ask_void", "false_alarm"]
        assert is_problem(await operator.do(incident, "dispatch"), 403, "forbidden")


async def test_what_is_not_there_or_not_known_is_said_so(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        nothing = "01a20233-0000-7000-8000-000000000000"
        for path in (
            f"/incidents/{nothing}",
            f"/incidents/{nothing}/events",
            f"/alarms/{nothing}",
            "/nonsense",
        ):
            assert is_problem(await leader.http.get(f"/api/v1{path}"), 404, "not_found")
        assert is_problem(await leader.do({"id": nothing, "version": 1}, "accept"), 404, "not_found")
        incident = await leader.the_incident()
        answer = await leader.do(incident, "explode")
        assert is_problem(answer, 422, "invalid")
        assert answer.json()["errors"][0]["pointer"] == "/body/action"
        assert is_problem(await leader.do(incident, "void", "  "), 422, "invalid")
        for params in ({"state": "asleep"}, {"cursor": "%%%"}, {"limit": 0}, {"cursor": "W10"}):
            answer = await leader.http.get("/api/v1/incidents", params=params)
            assert is_problem(answer, 422, "invalid")
            assert answer.json()["errors"][0]["pointer"] == f"/query/{next(iter(params))}"
        assert is_problem(await leader.http.put("/api/v1/session"), 405, "method_not_allowed")


async def test_every_address_for_people_wants_a_session(street) -> None:
    async with street() as s:
        document = openapi_document()
        open_to_all = {row.operation for row in ROWS if row.who is PUBLIC}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if operation["operationId"] in open_to_all:
                    continue
                concrete = path.replace("{sha256}", "0" * 64)
                for name in ("incident_id", "alarm_id"):
                    concrete = concrete.replace(f"{{{name}}}", "01a20233-0000-7000-8000-000000000000")
                answer = await s.http.request(method, concrete, json={"action": "accept"})
                assert answer.status_code == 401, (method, path)
                assert "401" in operation["responses"], (method, path)


async def test_an_alarm_is_acknowledged_once(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        operator = await s.log_in("operator")
        (alarm,) = (await operator.get("/alarms", active=True))["items"]
        path = f"/api/v1/alarms/{alarm['id']}/acknowledge"
        assert is_problem(await operator.http.post(path), 428, "version_required")
        answer = await operator.http.post(path, headers={"If-Match": '"v1"'})
        assert answer.status_code == 200
        assert answer.headers["etag"] == '"v2"'
        assert answer.json()["state"]["acknowledged"]
        assert answer.json()["acknowledged_by"] == "operator"
        assert is_problem(
            await operator.http.post(path, headers={"If-Match": '"v1"'}), 412, "version_changed"
        )
        again = await operator.http.post(path, headers={"If-Match": '"v2"'})
        assert (again.status_code, again.json()["version"]) == (200, 2)
        await s.send(bike.now("cleared"))
        assert (await operator.get("/alarms", active=True))["items"] == []
        (alarm,) = (await operator.get("/alarms", active=False))["items"]
        assert alarm["version"] == 3


async def test_unsafe_requests_need_the_csrf_token_and_our_own_page(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        token = leader.http.headers.pop("X-CSRF-Token")
        assert is_problem(await leader.http.delete("/api/v1/session"), 403, "csrf")
        for headers in (
            {"X-CSRF-Token": "ü".encode()},
            {"X-CSRF-Token": token, "Origin": "http://evil.test"},
            {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"},
        ):
            assert is_problem(await leader.http.delete("/api/v1/session", headers=headers), 403, "csrf")
        body = {"username": "leader", "password": s.passwords["leader"]}
        answer = await s.http.post("/api/v1/session", json=body, headers={"Origin": "http://evil.test"})
        assert is_problem(answer, 403, "csrf")
        headers = {"X-CSRF-Token": token, "Origin": "http://gridwatch.test"}
        assert (await leader.http.delete("/api/v1/session", headers=headers)).status_code == 204
        assert is_problem(await leader.http.get("/api/v1/session"), 401, "unauthenticated")


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(street, tmp_path) -> None:
    async with street(Settings(state=tmp_path, secure_cookies=True)) as s:
        body = {"username": "LEADER", "password": s.passwords["leader"]}
        answer = await s.http.post("/api/v1/session", json=body)
        cookie = answer.headers["set-cookie"].lower()
        for part in ("httponly", "samesite=strict", "secure", "path=/", "max-age=43200"):
            assert part in cookie
        assert answer.json()["user"]["roles"] == ["leader"]


async def test_a_session_ends_after_its_shift(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        assert (await leader.get("/session"))["user"]["username"] == "leader"
        s.clock.forward(hours=12, seconds=1)
        assert is_problem(await leader.http.get("/api/v1/session"), 401, "unauthenticated")


async def test_wrong_passwords_are_slowed_down_and_say_no_more_than_wrong(street) -> None:
    async with street() as s:
        texts = set()
        for username in ("leader", "nobody"):
            for _ in range(5):
                answer = await s.http.post("/api/v1/session", json={"username": username, "password": "x"})
                assert is_problem(answer, 401, "bad_credentials")
                texts.add(answer.text)
        assert len(texts) == 1
        right = {"username": "leader", "password": s.passwords["leader"]}
        answer = await s.http.post("/api/v1/session", json=right)
        assert is_problem(answer, 429, "too_many_attempts")
        assert answer.headers["retry-after"] == "300"
        s.clock.forward(minutes=5, seconds=1)
        assert (await s.http.post("/api/v1/session", json=right)).status_code == 200


async def test_no_password_comes_back_in_an_error_or_a_log(street, caplog) -> None:
    async with street() as s:
        secret = "correct horse battery staple"
        for body in ({"username": "leader", "password": secret}, {"username": 5, "password": [secret]}):
            answer = await s.http.post("/api/v1/session", json=body)
            assert secret not in answer.text
        raw = await s.http.post("/api/v1/session", content=f'{{"password": "{secret}"'.encode())
        assert secret not in raw.text
        assert secret not in caplog.text


async def test_every_answer_carries_the_strict_policy(street) -> None:
    async with street() as s:
        for path in ("/healthz", "/api/v1/session", "/nonsense", "/"):
            answer = await s.http.get(path)
            assert answer.headers["content-security-policy"] == CSP
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await s.http.get("/docs")).status_code == 404


async def test_the_page_is_served_with_its_assets_and_nothing_beside_them(street, tmp_path) -> None:
    page = tmp_path / "dist"
    async with street(Settings(state=tmp_path, page=page)) as s:
        missing = await s.http.get("/")
        assert missing.status_code == 503
        assert "make setup" in missing.text
        (page / "assets").mkdir(parents=True)
        (page / "index.html").write_text("<title>wall</title>")
        (page / "assets" / "app-1234.js").write_text("1")
        (tmp_path / "users.txt").write_text("secret")
        for path in ("/", "/wall"):
            answer = await s.http.get(path)
            assert "wall" in answer.text
            assert answer.headers["cache-control"] == "no-cache"
        asset = await s.http.get("/assets/app-1234.js")
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["content-type"].startswith("text/javascript")
        for path in ("/..%2fusers.txt", "/assets/%2e%2e/%2e%2e/users.txt", "/assets", "/%00"):
            assert (await s.http.get(path)).status_code == 404


async def test_ready_and_metrics_tell_how_it_is(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        assert (await s.http.get("/healthz")).text == "ok\n"
        assert (await s.http.get("/readyz")).text == "ok\n"
        text = (await s.http.get("/metrics")).text
        assert 'gridwatch_ingest_events_total{node="n1",outcome="committed"} 1.0' in text
        assert "gridwatch_stream_horizon_age_seconds" in text
        assert 'route="/ingest",status="200"' in text


async def test_each_problem_is_explained_at_its_type(street) -> None:
    async with street() as s:
        assert "version" in (await s.http.get("/problems/version_required")).text
        assert is_problem(await s.http.get("/problems/nonsense"), 404, "not_found")


def test_the_committed_openapi_document_is_current() -> None:
    import json

    assert json.loads(OPENAPI.read_text(encoding="utf-8")) == openapi_document(), (
        "run: gridwatch cloud openapi > cloud/web/openapi.json"
    )


def test_every_operation_has_a_name_a_summary_and_its_refusals() -> None:
    names = []
    for item in openapi_document()["paths"].values():
        for operation in item.values():
            assert operation["summary"]
            assert operation["tags"]
            names.append(operation["operationId"])
            for status, answer in operation["responses"].items():
                if status.startswith("4"):
                    assert "application/problem+json" in answer["content"], operation["operationId"]
    assert len(names) >= 30
    assert len(set(names)) == len(names)
