from __future__ import annotations

import io
import json
from datetime import timedelta

import av
import pytest

from cloud.ingest.ledger import multirange, ranges
from devices.stream.fake import coded_clip, write_clip
from devices.stream.mp4 import write_mp4
from tests.cloud.sender_for_tests import sums

pytestmark = pytest.mark.anyio


def test_numbers_are_answered_as_merged_closed_ranges() -> None:
    assert ranges([5, 1, 2, 3, 7, 6, 2]) == ((1, 3), (5, 7))
    assert multirange([]) == "{}"
    assert multirange([1, 2, 4]) == "{[1,2],[4,4]}"


async def test_a_repeat_counts_as_committed_and_as_duplicate(street, sender, seen) -> None:
    async with street() as s:
        event = seen(sender).now("opened")
        first = await s.send(event)
        again = await s.send(event)
        assert again["committed"] == first["committed"]
        assert (first["duplicates"], again["duplicates"]) == (0, 1)
        twice = seen(sender).now("opened")
        assert (await s.send(twice, twice))["duplicates"] == 1
        leader = await s.log_in()
        assert len((await leader.the_incident())["alarms"]) == 2


async def test_a_bad_event_is_refused_by_its_number_and_its_neighbours_go_on(street, sender, seen) -> None:
    async with street() as s:
        good = [seen(sender, place=f"p{n}").now("opened") for n in range(2)]
        wrong = seen(sender).now("opened")
        broken = wrong.model_copy(update={"data": {**wrong.data, "severity": "dreadful"}})
        unknown = seen(sender).now("opened").model_copy(update={"type": "gridwatch.weather.v1"})
        answer = await s.send(good[0], broken, unknown, good[1])
        assert answer["committed"][0]["ranges"] == [[1, 2]]
        assert [(one["seq"], one["code"]) for one in answer["refused"]] == [(3, "invalid"), (4, "invalid")]
        assert "severity" in answer["refused"][0]["reason"]
        leader = await s.log_in()
        (node, _) = await leader.get("/nodes")
        assert node["ledger"]["alarm"] == sums(numbered=4, accepted=2, refused=2)


async def test_content_the_database_cannot_store_is_refused_alone(street, sender, seen) -> None:
    async with street() as s:
        poison = seen(sender, place="p0").now("opened", label="bi\0cycle")
        huge = seen(sender, place="p1").now("opened", count=2**63)
        good = seen(sender, place="p2").now("opened")
        answer = await s.send(poison, huge, good)
        assert sorted((one["seq"], one["code"]) for one in answer["refused"]) == [
            (1, "invalid"),
            (2, "invalid"),
        ]
        assert answer["committed"][0]["ranges"] == [[3, 3]]


async def test_a_node_cannot_speak_for_another(street, sender, seen, other_sender) -> None:
    async with street() as s:
        foreign = seen(sender).now("opened")
        answer = await s.send(foreign, node="n2")
        assert [one["code"] for one in answer["refused"]] == ["forbidden"]
        mine = seen(sender)
        await s.send(mine.now("opened"))
        stolen = seen(other_sender, id=mine.id, rev=5).now("cleared")
        elsewhere = seen(other_sender).now("opened", point="P01")
        answer = await s.send(stolen, elsewhere, other_sender.health("P01-C1"), node="n2")
        assert [one["code"] for one in answer["refused"]] == ["forbidden"] * 3
        leader = await s.log_in()
        assert (await leader.the_incident())["condition"]["state"] == "open"


async def test_a_number_used_twice_for_different_events_is_refused_not_swallowed(
    street, sender, seen
) -> None:
    async with street() as s:
        event = seen(sender).now("opened")
        await s.send(event)
        other = seen(sender).now("opened").model_copy(update={"seq": event.seq})
        answer = await s.send(other)
        assert [one["code"] for one in answer["refused"]] == ["position_taken"]
        assert answer["committed"] == []


async def test_numbers_that_never_came_are_missing(street, sender, seen) -> None:
    async with street() as s:
        events = [seen(sender, place=f"p{n}").now("opened") for n in range(6)]
        await s.send(events[0], events[1], events[5])
        leader = await s.log_in()
        assert (await leader.get("/nodes"))[0]["ledger"]["alarm"]["missing"] == 3
        await s.send(*events[2:5])
        assert (await leader.get("/nodes"))[0]["ledger"]["alarm"] == sums(numbered=6, accepted=6)


async def test_a_point_the_cloud_does_not_know_yet_is_taken(street, sender, seen) -> None:
    async with street() as s:
        answer = await s.send(seen(sender).now("opened", point="P99", device="P99-C1", event_class="77-77"))
        assert answer["refused"] == []
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["point"] == {"id": "P99", "name": {"zh": "P99", "en": "P99"}, "position": None}
        assert incident["area"] == {"grid": None, "community": None, "version": 1}
        assert incident["event_class"]["name"]["en"] == "77-77"


async def test_a_photo_may_come_before_its_condition(street, sender, seen, store_photo) -> None:
    async with street() as s:
        bike = seen(sender)
        sha256 = await store_photo(s)
        assert (await s.send(sender.photo(bike.id, sha256)))["refused"] == []
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        assert len((await leader.the_incident())["evidence"]) == 1


async def test_health_keeps_the_latest_word_and_silence_is_unreachable(street, sender) -> None:
    async with street() as s:
        late = s.clock() + timedelta(seconds=30)
        await s.send(
            sender.health("n1"), sender.health("P01-C1", "refused", at=late), sender.health("P01-S1")
        )
        await s.send(sender.health("P01-C1", "up"))
        leader = await s.log_in()
        point = (await leader.get("/points"))["features"][0]["properties"]
        assert point["cameras"][0]["status"] == "refused", "an older report does not win"
        assert point["sensors"][0]["status"] == "up"
        nodes = await leader.get("/nodes")
        assert [(node["status"], node["cameras_up"], node["cameras_total"]) for node in nodes] == [
            ("up", 0, 1),
            ("unknown", 0, 1),
        ]
        s.clock.forward(seconds=91)
        assert (await leader.get("/nodes"))[0]["status"] == "unreachable"
        point = (await leader.get("/points"))["features"][0]["properties"]
        assert point["cameras"][0]["status"] == "unknown"


async def test_open_incidents_show_at_their_point(street, sender, seen) -> None:
    async with street() as s:
        await s.send(
            seen(sender).now("opened"), seen(sender, event_class="01-01").now("opened", severity="high")
        )
        leader = await s.log_in()
        first, second = (one["properties"] for one in (await leader.get("/points"))["features"])
        assert (first["open_incidents"], first["worst"]) == (2, "high")
        assert (second["open_incidents"], second["worst"]) == (0, None)


@pytest.mark.parametrize("token", [None, "Bearer nothing", "Basic xyz"])
async def test_without_a_node_token_nothing_is_taken(street, token) -> None:
    async with street() as s:
        headers = {"Authorization": token} if token else {}
        answer = await s.http.post("/api/v1/ingest", content=b"[]", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "bad_token"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_batch_that_cannot_be_read_is_a_problem_with_the_place_of_the_fault(street, sender) -> None:
    async with street() as s:
        headers = {"Authorization": "Bearer token-of-node-one-1111111111"}
        for body in (b"nonsense", b'{"a": 1}', json.dumps([{"specversion": "1.0"}]).encode()):
            answer = await s.http.post("/api/v1/ingest", content=body, headers=headers)
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
        assert "source" in answer.json()["errors"][0]["detail"]


async def test_too_many_events_or_bytes_are_413(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        too_many = await s.post(*(bike.now("updated") for _ in range(501)))
        assert (too_many.status_code, too_many.json()["code"]) == (413, "too_large")
        headers = {"Authorization": "Bearer token-of-node-one-1111111111"}
        too_long = await s.http.post("/api/v1/ingest", content=b" " * (1024 * 1024 + 1), headers=headers)
        assert (too_long.status_code, too_long.json()["code"]) == (413, "too_large")

        async def pieces():
            for _ in range(20):
                yield b" " * 100_000

        unannounced = await s.http.post("/api/v1/ingest", content=pieces(), headers=headers)
        assert (unannounced.status_code, unannounced.json()["code"]) == (413, "too_large")


async def test_a_photo_must_be_a_jpeg_and_have_its_name(street, store_photo) -> None:
    async with street() as s:
        headers = {"Authorization": "Bearer token-of-node-one-1111111111"}
        wrong_name = await s.http.put("/api/v1/media/" + "0" * 64, content=b"\xff\xd8\xff", headers=headers)
        no_jpeg = await s.http.put("/api/v1/media/" + "0" * 64, content=b"GIF89a", headers=headers)
        no_name = await s.http.put("/api/v1/media/..", content=b"\xff\xd8\xff", headers=headers)
        large = await s.http.put(
            "/api/v1/media/" + "0" * 64, content=b"\xff" * (16 * 1024 * 1024 + 1), headers=headers
        )
        assert [r.status_code for r in (wrong_name, no_jpeg, large)] == [422, 422, 413]
        assert no_name.status_code in (404, 405)
        leader = await s.log_in()
        assert (await leader.http.get("/api/v1/media/" + "0" * 64)).status_code == 404
        assert (await s.http.get("/api/v1/media/" + await store_photo(s))).status_code == 401


@pytest.mark.parametrize(("encoder", "codec"), [("libx264", "h264"), ("libx265", "h265")])
async def test_a_clip_is_kept_listed_and_played_from_where_it_is_asked(
    street, sender, seen, store_photo, tmp_path, encoder, codec
) -> None:
    units = coded_clip(
        write_clip(tmp_path / "c.ts", count=48, gop=12, rate=12, size=(352, 288), codec=encoder)
    )
    clip = write_mp4(units, (352, 288))
    async with street() as s:
        bike = seen(sender)
        sha256 = await store_photo(s, clip)
        told = await s.send(bike.now("opened"), sender.clip(bike.id, sha256, len(clip), codec))
        assert told["refused"] == []
        leader = await s.log_in()
        incident = await leader.the_incident()
        (shown,) = incident["evidence"]
        assert (shown["kind"], shown["media_type"], shown["codec"]) == ("clip", "video/mp4", codec)
        assert shown["seconds"] == 9.5
        assert incident["thumbnail_url"] is None
        whole = await leader.http.get(shown["url"])
        assert whole.headers["content-type"] == "video/mp4"
        assert "media-src 'self'" in whole.headers["content-security-policy"]
        with av.open(io.BytesIO(whole.content)) as container:
            video = container.streams.video[0]
            assert video.codec_context.name == {"h264": "h264", "h265": "hevc"}[codec]
            assert float(video.duration * video.time_base) == pytest.approx(4.0, abs=0.1)
        part = await leader.http.get(shown["url"], headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")


async def test_a_clip_may_be_larger_than_a_photo_but_not_without_end(street, store_photo) -> None:
    async with street() as s:
        headers = {"Authorization": "Bearer token-of-node-one-1111111111"}
        await store_photo(s, b"\0\0\0\x20ftypisom" + bytes(9 * 1024 * 1024))
        name = "/api/v1/media/" + "0" * 64
        clip = b"\0\0\0\x20ftypisom" + bytes(16 * 1024 * 1024)
        photo = b"\xff\xd8\xff" + bytes(8 * 1024 * 1024)
        answers = [await s.http.put(name, content=body, headers=headers) for body in (clip, photo)]
        assert [(one.status_code, one.json()["code"]) for one in answers] == [(413, "too_large")] * 2


async def test_a_large_batch_is_stored_whole(street, sender, seen) -> None:
    async with street() as s:
        events = [seen(sender, place=f"p{n % 30}").now("opened") for n in range(300)]
        answer = await s.send(*events)
        assert answer["committed"][0]["ranges"] == [[1, 300]]
        leader = await s.log_in()
        incidents = (await leader.get("/incidents", limit=200))["items"]
        assert len(incidents) == 30
        assert sum(one["alarms_total"] for one in incidents) == 300
