"""The pages that anybody may open: a report by form, and a number that was typed wrong."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from sqlalchemy import select

from cloud.people.roles import Role
from cloud.public.routes import limiters
from cloud.sources.tables import report
from tests.cloud.sessions_for_tests import client

pytestmark = pytest.mark.anyio
JPEG = b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9"
HTML = {"Accept": "text/html,*/*", "Sec-Fetch-Site": "same-origin"}
TOLD = {"words": "井盖松动 call 13800138000", "grid": "G01", "address": "西门", "key": "a-key-of-the-page"}
NUMBER = re.compile(r'<dd class="number">([0-9A-Z-]+)</dd>')


async def sent(s: Any, told: dict[str, str], *pictures: bytes) -> Any:
    files = [("photos", ("a.jpg", one, "image/jpeg")) for one in pictures] or [("photos", ("", b""))]
    return await s.http.post("/report", data=told, files=files, headers=HTML)


async def test_a_report_by_form_waits_in_triage_with_its_photo_and_its_receipt_leads_to_it(street) -> None:
    async with street() as s:
        form = await s.http.get("/report")
        assert form.status_code == 200
        assert form.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"<style|style=|\son\w+=|javascript:|https?:|src=\"[^/]", form.text)

        answer = await sent(s, TOLD, JPEG)
        assert answer.status_code == 201, answer.text
        (number,) = NUMBER.findall(answer.text)
        page = await s.http.get(f"/track/{number}")
        assert page.status_code == 200
        assert "aria-current=step>已收到" in page.text

        async with s.app.state.context.engine.connect() as connection:
            (row,) = (await connection.execute(select(report))).all()
        assert (row.source, row.grid, row.lon, row.address) == ("citizen", "G01", None, "西门")
        assert "13800138000" not in row.words
        assert row.photos == [hashlib.sha256(JPEG).hexdigest()]
        leader = await client(s, "leader", Role.LEADER)
        (waiting,) = (await leader.get("/api/v1/triage")).json()["items"]
        assert waiting["public_number"] == number

        again = await sent(s, TOLD, JPEG)
        assert NUMBER.findall(again.text) == [number]
        other = await sent(s, TOLD | {"words": "something else"}, JPEG)
        assert (other.status_code, "页面已过期" in other.text) == (422, True)


async def test_a_position_is_the_place_where_no_grid_is_chosen(street) -> None:
    async with street() as s:
        told = TOLD | {"grid": "", "lon": "120.005", "lat": "30.005"}
        assert (await sent(s, told)).status_code == 201
        async with s.app.state.context.engine.connect() as connection:
            (row,) = (await connection.execute(select(report))).all()
        assert (row.lon, row.lat) == (120.005, 30.005)
        assert row.grid is not None


async def test_what_is_wrong_with_a_report_is_said_and_what_was_written_is_still_there(street) -> None:
    async with street() as s:
        for change, said in (
            ({"words": "  "}, "请写明"),
            ({"grid": ""}, "请选择所在网格"),
            ({"grid": "", "lon": "1.5", "lat": "2.5"}, "不在本街道"),
            ({"grid": "", "lon": "nan", "lat": "2.5"}, "不在本街道"),
            ({"event_class": "99-99"}, "重新选择类别"),
        ):
            answer = await sent(s, TOLD | {"key": f"key-of-{said}".encode().hex()} | change)
            assert answer.status_code == 422, change
            assert said in answer.text
            assert 'role="alert"' in answer.text
            assert "西门" in answer.text
        answer = await sent(s, TOLD, b"GIF89a")
        assert (answer.status_code, "JPEG" in answer.text) == (422, True)
        async with s.app.state.context.engine.connect() as connection:
            assert (await connection.execute(select(report))).all() == []


async def test_another_sites_form_is_refused_and_who_sends_too_often_is_told_when(street) -> None:
    async with street() as s:
        answer = await s.http.post("/report", data=TOLD, headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403
        for _ in range(limiters()["gridwatch_tells"].burst - 1):
            await s.http.post("/report", data={}, headers=HTML)
        for _ in range(2):
            answer = await s.http.post("/report", data={}, headers=HTML)
        assert answer.status_code == 429
        assert f"请 {answer.headers['retry-after']} 秒后再试" in answer.text


async def test_a_number_typed_wrong_is_told_from_one_that_is_not_there_without_asking_anybody(street) -> None:
    async with street() as s:
        (number,) = NUMBER.findall((await sent(s, TOLD)).text)
        swapped = number[:-1] + ("0" if number[-1] != "0" else "1")
        for typed, said in (
            (swapped, "编号有误"),
            (number[:16], "这是案卷号"),
            ("hello", "编号有误"),
        ):
            page = await s.http.get("/track", params={"number": typed})
            assert page.status_code == 404
            assert said in page.text, typed
        page = await s.http.get("/track", params={"number": number.lower().replace("-", " ")})
        assert page.status_code == 200
