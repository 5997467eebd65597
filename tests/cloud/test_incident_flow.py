from __future__ import annotations

import hashlib

import pytest

from cloud.people.roles import Role
from tests.cloud.case_people_for_tests import hire

pytestmark = pytest.mark.anyio


async def test_a_condition_becomes_an_incident_with_its_photo(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        answer = await s.send(bike.now("opened"))
        assert answer["committed"] == [{"series": "alarm", "epoch": str(sender.epoch), "ranges": [[1, 1]]}]
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["state"] == "detected"
        assert incident["point"]["name"]["en"] == "Point 1"
        assert incident["area"]["community"]["id"] == "C1"
        assert incident["alarms"][0]["state"] == {
            "name": "unacknowledged",
            "active": True,
            "acknowledged": False,
            "shelved_until": None,
            "aside": None,
            "inhibited": False,
        }
        assert incident["thumbnail_url"] is None

        photo = b"\xff\xd8\xff\xe0 a photo"
        sha256 = hashlib.sha256(photo).hexdigest()
        event = sender.photo(bike.id, sha256)
        (refusal,) = (await s.send(event))["refused"]
        assert refusal["code"] == "media_missing"
        token = {"Authorization": "Bearer token-of-node-one-1111111111"}
        first = await s.http.put(f"/api/v1/media/{sha256}", content=photo, headers=token)
        again = await s.http.put(f"/api/v1/media/{sha256}", content=photo, headers=token)
        assert (first.status_code, again.status_code) == (201, 200)
        assert (await s.send(event))["refused"] == []
        incident = await leader.the_incident()
        assert incident["thumbnail_url"] == f"/api/v1/media/{sha256}"
        picture = await leader.http.get(incident["thumbnail_url"])
        assert picture.content == photo
        assert picture.headers["cache-control"] == "private, no-store"


async def test_what_is_suspected_how_many_and_why_it_ended_reach_the_wall(street, sender, seen) -> None:
    async with street() as s:
        heap = seen(sender)
        await s.send(heap.now("opened", label="unknown", suspected=True, count=23, count_error=6))
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert (incident["suspected"], incident["count"], incident["count_error"]) == (True, 23, 6)
        await s.send(heap.now("updated", count=23, count_error=None))
        incident = await leader.the_incident()
        assert (incident["suspected"], incident["count_error"]) == (False, None)
        assert incident["alarms"][0]["ended"] is None
        await s.send(heap.now("cleared", ended="rule_removed"))
        incident = await leader.the_incident()
        assert incident["alarms"][0]["ended"] == "rule_removed"


async def test_what_the_camera_says_itself_and_why_there_is_no_clip_reach_the_wall(
    street, sender, seen
) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        [alarm] = (await leader.the_incident())["alarms"]
        assert (alarm["hints"], alarm["no_clip"]) == ([], None)
        await s.send(bike.now("updated", hints=("tamper", "dark"), no_clip="stills_only"))
        [alarm] = (await leader.the_incident())["alarms"]
        assert (alarm["hints"], alarm["no_clip"]) == (["tamper", "dark"], "stills_only")


async def test_an_incident_walks_the_whole_way(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        incident = await leader.the_incident()
        incident = await leader.done(incident, "accept", "dispatch", "start", "resolve")
        assert incident["state"] == "resolved"
        await s.send(bike.now("cleared"))
        incident = await leader.the_incident()
        assert incident["state"] == "checking"
        assert incident["seen_gone_at"] is not None
        other = await hire(s, "second", Role.LEADER)
        incident = await other.done(incident, "close", "rate")
        assert incident["state"] == "evaluated"
        log = await leader.log(incident)
        assert [(line["action"], line["to_state"]) for line in log] == [
            ("open", "detected"),
            ("verify", "verifying"),
            ("accept", "accepted"),
            ("file", "filed"),
            ("dispatch", "dispatched"),
            ("start", "in_progress"),
            ("resolve", "resolved"),
            ("seen_gone", "checking"),
            ("close", "closed"),
            ("rate", "evaluated"),
        ]
        assert [line["id"] for line in log] == list(range(1, 11))
