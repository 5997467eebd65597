from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest
from sqlalchemy import event

from cloud.guard import CSP
from cloud.incidents.numbers import check_digit
from cloud.public import track
from cloud.public.codes import ALPHABET, check_character, parse
from cloud.public.limits import Limiter, bucket_of
from cloud.public.routes import limiters
from tests.cloud.sender_for_tests import JPEG, START
from tests.cloud.test_cloud_doors import is_problem

pytestmark = pytest.mark.anyio
TOLD = {
    "words": "bikes, ask Mrs Wang 13800000001 京A12345",
    "lon": 120.005,
    "lat": 30.005,
    "address": "Road 1",
}


def unlimited(street) -> None:
    for kept in street.app.state.limiters.values():
        kept.burst = 10**9


def neighbour(public: str, step: int, code: str) -> str:
    """The acceptance number `step` further with right check digits, and this code."""
    digits = public.replace("-", "")[:-8]
    body = f"{int(digits[:-1]) + step:013d}"
    plain = body + check_digit(body) + code
    return plain + check_character(plain)


async def test_a_citizen_follows_a_report_from_receipt_to_its_end(street) -> None:
    async with street() as s:
        unlimited(s)
        answer = await s.http.post("/api/v1/reports", json=TOLD | {"event_class": "05-06"})
        assert answer.status_code == 201, answer.text
        number = answer.json()["public_number"]

        async def status() -> str:
            found = await s.http.get(f"/api/v1/track/{number}")
            assert found.status_code == 200, found.text
            return found.json()["status"]

        assert await status() == "received"
        leader = await s.log_in()
        (waiting,) = (await leader.get("/triage"))["items"]
        assert (waiting["public_number"], waiting["source"]) == (number, "citizen")
        assert waiting["words"] == "bikes, ask Mrs Wang *** 京A12345"
        decided = await leader.http.post(
            f"/api/v1/triage/{waiting['id']}/decision",
            json={"decision": "accept"},
            headers={"If-Match": '"v1"'},
        )
        assert decided.status_code == 200, decided.text
        assert await status() == "received"
        case = await leader.done(await leader.the_incident(), "accept")
        assert await status() == "accepted"
        case = await leader.done(case, "dispatch", "start")
        assert await status() == "in_hand"
        s.clock.forward(hours=1)
        await leader.done(case, "void")
        found = (await s.http.get(f"/api/v1/track/{number}")).json()
        assert found["status"] == "refused"
        assert found.keys() == {"public_number", "status", "received_at", "updated_at", "closed_at"}
        assert found["closed_at"] == (START + timedelta(hours=1)).isoformat().replace("+00:00", "Z")


async def test_the_page_says_the_same_in_both_languages_without_script_and_without_what_was_told(
    street,
) -> None:
    async with street() as s:
        number = (await s.http.post("/api/v1/reports", json=TOLD)).json()["public_number"]
        for path in (f"/track/{number.lower()}", f"/track?number={number}"):
            page = await s.http.get(path)
            assert page.status_code == 200
            assert page.headers["content-security-policy"] == CSP
            assert page.headers["cache-control"] == "no-store"
            assert "已收到" in page.text
            assert "Received" in page.text
            assert not re.search(r"<script|<style|style=|\son\w+=|javascript:|https?:", page.text)
            for private in ("Wang", "1380", "京A", "Road", "120.0", "bikes", "G01", "Grid", "photo"):
                assert private not in page.text
        style = await s.http.get("/track.css")
        assert style.headers["content-type"].startswith("text/css")
        wrong = await s.http.get("/track", params={"number": '"><script>x'})
        assert wrong.status_code == 404
        assert "<script" not in wrong.text
        assert (await s.http.get("/track")).status_code == 200


async def test_a_thousand_neighbours_of_a_valid_number_lead_nowhere_also_with_right_check_digits(
    street,
) -> None:
    async with street() as s:
        unlimited(s)
        numbers = [
            (await s.http.post("/api/v1/reports", json=TOLD)).json()["public_number"] for _ in range(3)
        ]
        known = {parse(number).number for number in numbers}
        valid = numbers[1]
        code = valid.replace("-", "")[-8:-1]
        tried = [neighbour(valid, step, code) for step in range(-120, 120) if step]
        plain = valid.replace("-", "")[:-8]
        for at in range(7):
            for letter in ALPHABET:
                changed = plain + code[:at] + letter + code[at + 1 :]
                tried.append(changed + check_character(changed))
        tried += [neighbour(valid, step, f"{n:07d}") for step in (-1, 0, 1) for n in range(200)]
        tried = [one for one in dict.fromkeys(tried) if one != valid.replace("-", "")]
        assert len(tried) > 1000
        assert all(parse(one) is not None for one in tried)
        assert sum(parse(one).number in known for one in tried) > 600
        async with s.app.state.context.engine.begin() as connection:
            assert [one for one in tried if await track.find(connection, one)] == []
            assert await track.find(connection, valid) is not None
        answers = {
            (answer.status_code, re.sub(r'"instance":"[^"]*"', "", answer.text))
            for one in tried[::20]
            for answer in [await s.http.get(f"/api/v1/track/{one}")]
        }
        assert len(answers) == 1
        assert answers.pop()[0] == 404
        assert (await s.http.get(f"/api/v1/track/{valid}")).status_code == 200


async def test_an_unknown_number_and_a_wrong_code_ask_the_database_the_same_and_take_as_long(street) -> None:
    async with street() as s:
        unlimited(s)
        valid = (await s.http.post("/api/v1/reports", json=TOLD)).json()["public_number"]
        wrong, unknown = neighbour(valid, 0, "0" * 7), neighbour(valid, 9, "0" * 7)
        asked: list[tuple[str, object]] = []
        event.listen(
            s.app.state.context.engine.sync_engine,
            "before_cursor_execute",
            lambda _c, _k, statement, values, *_: asked.append((statement, values)),
        )
        times: dict[str, list[float]] = {wrong: [], unknown: []}
        seen = []
        for _ in range(40):
            for number, spent in times.items():
                asked.clear()
                began = perf_counter()
                await s.http.get(f"/api/v1/track/{number}")
                spent.append(perf_counter() - began)
                seen.append([one for one in asked if "install_secret" in one[0] or "report" in one[0]])
        assert len(seen[0]) == 2
        assert all(one == seen[0] for one in seen)
        assert 0.5 < median(times[wrong]) / median(times[unknown]) < 2


async def test_who_asks_too_often_must_wait_and_others_need_not(street) -> None:
    async with street() as s:
        burst = limiters()["gridwatch_looks"].burst
        for _ in range(burst):
            assert (await s.http.get("/api/v1/track/x")).status_code == 404
        answer = await s.http.get("/track")
        assert is_problem(answer, 429, "too_many_requests")
        assert answer.headers["retry-after"] == "6"
        s.clock.forward(seconds=6)
        assert (await s.http.get("/api/v1/track/x")).status_code == 404
        assert (await s.http.get("/api/v1/track/x")).status_code == 429


def test_a_bucket_is_an_address_or_a_household_and_forgets_the_silent() -> None:
    assert bucket_of("192.0.2.7") == bucket_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert bucket_of("2001:db8::1") == bucket_of("2001:db8::ffff:2") != bucket_of("2001:db8:0:1::1")
    assert bucket_of("testclient") == bucket_of("")
    kept = Limiter(1, timedelta(seconds=1))
    for number in range(10_100):
        kept.take(f"10.0.{number // 256}.{number % 256}", START)
    assert len(kept._buckets) == 10_000


async def test_a_citizens_photo_goes_to_triage_and_what_belongs_to_nothing_is_thrown_away(street) -> None:
    from cloud.housekeeping import tidy

    async with street() as s:
        unlimited(s)
        hashes = []
        for body in (JPEG, JPEG + b"never named"):
            hashes.append(hashlib.sha256(body).hexdigest())
            answer = await s.http.put(f"/api/v1/reports/photos/{hashes[-1]}", content=body)
            assert answer.status_code == 201, answer.text
        missing = TOLD | {"photos": ["0" * 64]}
        assert is_problem(await s.http.post("/api/v1/reports", json=missing), 422, "invalid")
        answer = await s.http.post("/api/v1/reports", json=TOLD | {"photos": hashes[:1]})
        assert answer.status_code == 201
        context = s.app.state.context
        ours = JPEG + b"of a phone without network"
        hashes.append(hashlib.sha256(ours).hexdigest())
        leader = await s.log_in()
        sent = await leader.http.put(f"/api/v1/photos/{hashes[-1]}", content=ours)
        assert sent.status_code == 201, sent.text
        for minutes, left in (
            (59, [True, True, True]), (2, [True, False, True]), (24 * 60, [True, False, False]),
        ):  # fmt: skip
            s.clock.forward(minutes=minutes)
            await tidy(context.engine, context.settings, s.clock())
            assert [context.media.find(sha256) is not None for sha256 in hashes] == left


async def test_the_same_report_sent_again_with_its_key_has_the_same_receipt(street) -> None:
    async with street() as s:
        headers = {"Idempotency-Key": "8c2a6f8e-phone"}
        first = await s.http.post("/api/v1/reports", json=TOLD, headers=headers)
        again = await s.http.post("/api/v1/reports", json=TOLD, headers=headers)
        assert (again.status_code, again.json()) == (201, first.json())
        leader = await s.log_in()
        assert (await leader.get("/triage"))["waiting"] == 1
        other = TOLD | {"words": "other"}
        assert is_problem(
            await s.http.post("/api/v1/reports", json=other, headers=headers), 422, "key_reused"
        )
