from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import insert

from cloud.people.passwords import hash_token
from cloud.people.tables import api_token
from cloud.policies.kind import Policies
from cloud.sources.policy import SourcesPolicy
from devices.ids import uuid7
from tests.cloud.test_public_track import unlimited

pytestmark = pytest.mark.anyio
BASE = "/open311/v2"
KEYS = ("gwt_first", "gwt_second")
MADE = {
    "service_code": "05-06", "lat": "30.005", "long": "120.005", "address_string": "1234 5th street",
    "email": "smith333@example.org", "device_id": "tt222111", "account_id": "123456",
    "first_name": "john", "last_name": "smith", "phone": "111111111",
    "description": "A large sinkhole is destroying the street\nask 13800000001",
    "media_url": "http://192.0.2.1/photo.jpg", "attribute[WHISPAWN]": "123456",
}  # fmt: skip


async def prepare(street) -> None:
    unlimited(street)
    policy = SourcesPolicy(not_offered=("01",), jurisdiction="city.example")
    street.app.state.context.current.policies = Policies({"sources": policy}, {"sources": 1})
    rows = [
        {
            "id": uuid7(), "token_hash": hash_token(key), "name": key, "person_id": None,
            "organisation": "portal", "roles": ["department"], "areas": [], "created_at": street.clock(),
            "created_by": "test", "expires_at": street.clock() + timedelta(days=365),
        }
        for key in KEYS
    ]  # fmt: skip
    async with street.app.state.context.engine.begin() as connection:
        await connection.execute(insert(api_token), rows)


async def post(street, form="json", key=KEYS[0], **change):
    return await street.http.post(f"{BASE}/requests.{form}", data=MADE | {"api_key": key} | change)


async def get(street, path, **params):
    answer = await street.http.get(f"{BASE}/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_services_are_the_sites_own_classes_without_those_that_are_not_offered(street) -> None:
    async with street() as s:
        await prepare(s)
        (service,) = await get(s, "services.json", jurisdiction_id="city.example")
        assert (service["service_code"], service["metadata"], service["type"]) == ("05-06", False, "realtime")
        answer = await s.http.get(f"{BASE}/services.xml")
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        ((code, *_),) = ET.fromstring(answer.content)
        assert (code.tag, code.text) == ("service_code", "05-06")
        assert await get(s, "services/05-06.json") == {"service_code": "05-06", "attributes": []}
        for path in ("services/01-01.json", "services/nonsense.json", "services.json?jurisdiction_id=other"):
            answer = await s.http.get(f"{BASE}/{path}")
            assert (answer.status_code, answer.json()[0]["code"]) == (404, 404)


async def test_a_request_goes_to_triage_and_is_followed_by_its_id_in_both_formats(street) -> None:
    async with street() as s:
        await prepare(s)
        answer = await post(s, "xml")
        assert answer.status_code == 201, answer.text
        number = ET.fromstring(answer.content).findtext("request/service_request_id")
        leader = await s.log_in()
        (waiting,) = (await leader.get("/triage"))["items"]
        assert (waiting["source"], waiting["public_number"]) == ("open311", number)
        assert waiting["words"].endswith("ask ***")
        for private in ("smith", "john", "tt222111", "111111111", "192.0.2.1"):
            assert private not in str(waiting)
        (shown,) = await get(s, f"requests/{number}.json")
        assert (shown["status"], shown["service_code"], shown["media_url"]) == ("open", "05-06", None)
        assert (shown["description"], shown["address"], shown["lat"]) == (None, None, None)
        (own,) = await get(s, f"requests/{number}.json", api_key=KEYS[0])
        assert (own["lat"], own["long"], own["address"]) == (30.005, 120.005, "1234 5th street")
        (other,) = await get(s, f"requests/{number}.json", api_key=KEYS[1])
        assert other["lat"] is None
        assert await get(s, f"tokens/{number}.json") == [{"service_request_id": number, "token": number}]
        decision = {"decision": "refuse", "reason": "not ours"}
        s.clock.forward(hours=1)
        path = f"/api/v1/triage/{waiting['id']}/decision"
        await leader.http.post(path, json=decision, headers={"If-Match": '"v1"'})
        answer = await s.http.get(f"{BASE}/requests/{number}.xml")
        request = ET.fromstring(answer.content)[0]
        assert (request.findtext("status"), request.findtext("updated_datetime")) == (
            "closed",
            "2026-11-22T05:00:00Z",
        )


async def test_a_key_lists_its_own_requests_by_time_code_status_and_page(street) -> None:
    async with street() as s:
        await prepare(s)
        numbers = []
        for _ in range(5):
            numbers.append((await post(s)).json()[0]["service_request_id"])
            s.clock.forward(days=10)
        await post(s, key=KEYS[1])

        async def listed(**params):
            found = await get(s, "requests.json", api_key=KEYS[0], **params)
            return [one["service_request_id"] for one in found]

        assert await listed() == numbers[::-1]
        assert await listed(page=2, page_size=2) == numbers[2::-1][:2]
        assert (
            await listed(start_date="2026-12-01T00:00:00Z", end_date="2026-12-13T00:00:00Z")
            == numbers[1:3][::-1]
        )
        assert await listed(status="closed") == []
        assert await listed(status="open", service_code="05-06,x") == numbers[::-1]
        assert await listed(service_code="x") == []
        s.clock.forward(days=60)
        assert await listed() == numbers[:1:-1]
        both = await get(s, "requests.json", service_request_id=f"{numbers[0]},{numbers[4]}", status="closed")
        assert [one["service_request_id"] for one in both] == [numbers[0], numbers[4]]


async def test_what_is_refused_is_refused_in_the_format_that_was_asked_for(street) -> None:
    async with street() as s:
        await prepare(s)
        for change, status in (
            ({"key": ""}, 403),
            ({"key": "gwt_unknown"}, 403),
            ({"service_code": ""}, 400),
            ({"service_code": "01-01"}, 404),
            ({"lat": ""}, 400),
            ({"lat": "north"}, 400),
            ({"long": "121"}, 400),
            ({"jurisdiction_id": "other"}, 404),
            ({"description": "x" * 4001}, 400),
        ):
            answer = await post(s, **change)
            assert (answer.status_code, answer.json()[0]["code"]) == (status, status), change
            answer = await post(s, "xml", **change)
            assert ET.fromstring(answer.content).findtext("error/code") == str(status)
        for path, status in (
            ("requests.json", 403),
            ("requests.yaml", 404),
            ("requests/20261122-00001-1-AAAA-AAAA.xml", 404),
            ("tokens/x.json", 404),
        ):
            answer = await s.http.get(f"{BASE}/{path}")
            assert answer.status_code == status, path
        answer = await s.http.post(f"{BASE}/requests.json", content=b"api_key=%ff")
        assert answer.status_code == 400
        leader = await s.log_in()
        assert (await leader.get("/triage"))["waiting"] == 0


async def test_a_picture_is_shown_only_as_a_copy_that_shows_nobody_and_only_after_a_person_let_it_pass(
    street,
) -> None:
    async with street() as s:
        await prepare(s)
        picture = Image.effect_noise((640, 480), 90).convert("RGB")
        exif = Image.Exif()
        exif[0x010F] = "SECRETCAM"
        out = io.BytesIO()
        picture.save(out, "JPEG", exif=exif)
        sha256 = hashlib.sha256(out.getvalue()).hexdigest()
        await s.http.put(f"/api/v1/reports/photos/{sha256}", content=out.getvalue())
        report = {"words": "x", "lon": 120.005, "lat": 30.005, "event_class": "05-06", "photos": [sha256]}
        number = (await s.http.post("/api/v1/reports", json=report)).json()["public_number"]
        (shown,) = await get(s, f"requests/{number}.json")
        assert shown["media_url"] is None
        assert (await s.http.get(f"{BASE}/media/{number}.jpg")).status_code == 404
        leader = await s.log_in()
        (waiting,) = (await leader.get("/triage"))["items"]
        path = f"/api/v1/triage/{waiting['id']}/decision"
        answer = await leader.http.post(path, json={"decision": "accept"}, headers={"If-Match": '"v1"'})
        assert answer.status_code == 200, answer.text
        (shown,) = await get(s, f"requests/{number}.json")
        copy = await s.http.get(shown["media_url"])
        assert (copy.status_code, copy.headers["content-type"]) == (200, "image/jpeg")
        assert b"SECRETCAM" in out.getvalue()
        assert b"SECRETCAM" not in copy.content
        with Image.open(io.BytesIO(copy.content)) as opened:
            assert not opened.getexif()
            # a mosaic of 10 x 10 pixels: neighbours within a tile are alike, as noise never is
            colours = [abs(opened.getpixel((x, 5))[0] - opened.getpixel((x + 1, 5))[0]) for x in range(2, 8)]
        assert max(colours) < 12


async def test_whatever_parameters_come_the_answer_is_never_a_fault_of_the_server(street) -> None:
    names = st.sampled_from(["status", "start_date", "end_date", "page", "page_size", "service_code", "lat"])
    texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
        ["open", "\0", "9" * 30, ","]
    )
    async with street() as s:
        await prepare(s)
        asked: list[tuple[str, str, dict[str, str]]] = []

        @settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
        @given(
            st.sampled_from(["requests", "services", "requests/1", "services/05-06", "tokens/%00"]),
            st.sampled_from(["json", "xml", "%F0%9F"]),
            st.dictionaries(names, texts),
        )
        def draw(path, form, params):
            asked.append((path, form, params))

        draw()
        for path, form, params in asked:
            for method in ("GET", "POST"):
                given_too = {"api_key": KEYS[0]} | params
                answer = await s.http.request(
                    method,
                    f"{BASE}/{path}.{form}",
                    params=given_too if method == "GET" else None,
                    data=given_too if method == "POST" else None,
                )
                assert answer.status_code < 500, (method, path, form, params)
                if form == "xml" and answer.status_code != 405:
                    ET.fromstring(answer.content)
