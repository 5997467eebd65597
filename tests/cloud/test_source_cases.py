from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from cloud.sources.idempotency import KEPT
from tests.cloud.sender_for_tests import JPEG
from tests.cloud.test_cloud_doors import is_problem

pytestmark = pytest.mark.anyio
LENGTH = len(JPEG)
BIKES = {"event_class": "05-06", "lon": 120.005, "lat": 30.005, "words": "bikes, tel 13800000001"}


async def test_a_case_opened_by_hand_lies_in_the_grid_that_holds_the_place(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        answer = await leader.http.post("/api/v1/incidents", json=BIKES)
        assert answer.status_code == 201, answer.text
        opened = answer.json()
        case = await leader.the_incident()
        assert answer.headers["location"] == f"/api/v1/incidents/{opened['incident_id']}"
        assert (case["id"], case["number"]) == (opened["incident_id"], opened["number"])
        assert (case["source"], case["state"], case["area"]["grid"]["id"]) == ("manual", "detected", "G01")
        assert case["description"] == "bikes, tel ***"
        assert opened["public_number"].startswith(f"{case['number']}-")
        at_point = BIKES | {"point": "P02", "lon": None, "lat": None}
        other = (await leader.http.post("/api/v1/incidents", json=at_point)).json()
        case = await leader.get(f"/incidents/{other['incident_id']}")
        assert (case["point"]["id"], case["area"]["grid"]["id"]) == ("P02", "G02")
        (told,) = (await leader.get(f"/incidents/{other['incident_id']}/reports"))["items"]
        assert (told["source"], told["state"], told["words"]) == ("manual", "accepted", "bikes, tel ***")


async def test_what_cannot_be_a_case_is_refused_with_the_field_named(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        for change, pointer in (
            ({"event_class": "77-77"}, "/body/event_class"),
            ({"lon": 121.0}, "/body/lon"),
            ({"lon": None, "lat": None, "point": "P77"}, "/body/point"),
            ({"lon": None}, "/body"),
            ({"point": "P01"}, "/body"),
            ({"words": "\0"}, "/body/words"),
            ({"photos": ["0" * 64]}, "/body/photos/0"),
        ):
            answer = await leader.http.post("/api/v1/incidents", json=BIKES | change)
            assert is_problem(answer, 422, "invalid")
            assert answer.json()["errors"][0]["pointer"] == pointer
        assert await leader.incidents() == []


async def test_the_same_request_with_the_same_key_is_done_once_for_48_hours(street) -> None:
    async with street() as s:
        leader, operator = await s.log_in(), await s.log_in("operator")

        async def send(who=leader, **change):
            headers = {"Idempotency-Key": "key-of-a-phone"}
            return await who.http.post("/api/v1/incidents", json=BIKES | change, headers=headers)

        first = await send()
        s.clock.forward(hours=47)
        leader, operator = await s.log_in(), await s.log_in("operator")
        again = await send(leader)
        assert (again.status_code, again.json()) == (201, first.json())
        assert is_problem(await send(leader, words="other"), 422, "key_reused")
        assert (await send(operator)).json()["number"] != first.json()["number"]
        assert len(await leader.incidents()) == 2
        s.clock.at += KEPT
        leader = await s.log_in()
        assert (await send(leader)).json()["number"] != first.json()["number"]


async def here(who, path):
    answer = await who.http.head(path)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"]


async def piece(who, path, first, last, length=LENGTH):
    headers = {"Upload-Offset": str(first), "Upload-Length": str(length)}
    return await who.http.patch(path, content=JPEG[first:last], headers=headers)


async def test_a_photo_is_sent_ahead_and_named_by_its_sender_only(street) -> None:
    async with street() as s:
        leader, operator = await s.log_in(), await s.log_in("operator")
        sha256 = hashlib.sha256(JPEG).hexdigest()
        path = f"/api/v1/photos/{sha256}"
        assert (await leader.http.put(path, content=JPEG)).status_code == 201
        assert (await leader.http.put(path, content=JPEG)).status_code == 200
        assert is_problem(await leader.http.put(path, content=b"GIF89a"), 422, "invalid")
        assert is_problem(await leader.http.put(path, content=JPEG + b"x"), 422, "hash_mismatch")
        with_photo = BIKES | {"photos": [sha256]}
        assert is_problem(await operator.http.post("/api/v1/incidents", json=with_photo), 422, "invalid")
        assert await here(operator, path) == (0, "?0"), "what others sent is nothing of one's own"
        assert is_problem(await piece(operator, path, 0, 5, length=9 << 20), 413, "too_large")
        assert (await piece(operator, path, 0, 5)).json() == {
            "sha256": sha256,
            "offset": 5,
            "complete": False,
        }
        assert await here(operator, path) == (5, "?0"), "a photo goes on where a lift cut it off"
        assert is_problem(await piece(operator, path, 0, 5), 409, "offset_differs")
        assert is_problem(await operator.http.post("/api/v1/incidents", json=with_photo), 422, "invalid")
        assert (await piece(operator, path, 5, len(JPEG))).json()["complete"] is True
        assert await here(operator, path) == (len(JPEG), "?1")
        mine = BIKES | {"photos": [sha256], "words": "seen by the operator"}
        assert (await operator.http.post("/api/v1/incidents", json=mine)).status_code == 201
        opened = (await leader.http.post("/api/v1/incidents", json=with_photo)).json()
        (told,) = (await leader.get(f"/incidents/{opened['incident_id']}/reports"))["items"]
        assert told["photos"] == [f"/api/v1/media/{sha256}"]


async def test_a_case_near_an_open_one_of_the_same_family_is_offered_as_its_duplicate(
    street, sender, seen
) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        camera = await leader.the_incident()
        near = {"lon": 120.0052, "lat": 30.005}
        opened = (await leader.http.post("/api/v1/incidents", json=BIKES | near)).json()
        (found,) = opened["candidates"]
        assert (found["incident_id"], found["reason"], found["same_class"]) == (camera["id"], "near", True)
        assert 18 < found["metres"] < 21
        (mirrored,) = await leader.get(f"/incidents/{camera['id']}/candidates")
        assert mirrored["incident_id"] == opened["incident_id"]
        for change in ({"event_class": "01-01"}, {"lon": 120.006}):
            other = (await leader.http.post("/api/v1/incidents", json=BIKES | near | change)).json()
            assert other["candidates"] == []


async def test_ten_notes_of_offline_phones_with_wrong_clocks_keep_their_true_order(street) -> None:
    async with street() as s:
        people = (await s.log_in(), await s.log_in("operator"))
        wrong = (timedelta(hours=7), timedelta(seconds=-40))
        opened = (await people[0].http.post("/api/v1/incidents", json=BIKES)).json()
        path = f"/api/v1/incidents/{opened['incident_id']}/notes"
        began = s.clock.at
        s.clock.forward(hours=1)
        for number in sorted(range(10), key=lambda number: (-number % 4, number)):
            who = number % 3 == 0
            written = began + timedelta(minutes=number) + wrong[who]
            body = {"words": str(number), "written_at": written.isoformat()}
            headers = {"Idempotency-Key": f"note-number-{number}"}
            body["sent_at"] = (s.clock.at + wrong[who]).isoformat()
            answer = await people[who].http.post(path, json=body, headers=headers)
            assert answer.status_code == 201, answer.text
            s.clock.forward(seconds=5)
            body["sent_at"] = (s.clock.at + wrong[who]).isoformat()
            again = await people[who].http.post(path, json=body, headers=headers)
            assert again.json() == answer.json()
        notes = (await people[1].get(f"/incidents/{opened['incident_id']}/notes"))["items"]
        assert sorted(note["version"] for note in notes) == list(range(2, 12))
        assert [note["words"] for note in notes] == [str(number) for number in range(10)]
        assert notes[3]["happened_at"] == (began + timedelta(minutes=3)).isoformat().replace("+00:00", "Z")
