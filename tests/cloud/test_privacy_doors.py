"""Originals, copies, deletions and tracks, over HTTP."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.people import accounts
from cloud.people.roles import Role
from cloud.privacy import track
from cloud.privacy.policy import Disk, Keep, PrivacyPolicy
from cloud.privacy.sweeping import sweep
from cloud.privacy.track import Position
from devices.site.model import Names

pytestmark = pytest.mark.anyio


def photo(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.effect_noise((640, 360), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue() + colour.encode()


CLIP = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 20


async def someone(s, username, *roles, areas=()):
    async with s.app.state.context.engine.begin() as connection:
        names = Names(zh=username, en=username)
        await accounts.add_user(connection, username, names, roles, "correct-horse", s.clock())
        if areas:
            await connection.execute(
                text("UPDATE person SET areas = :areas WHERE username = :name"),
                {"areas": list(areas), "name": username},
            )
    s.passwords[username] = "correct-horse"
    return await s.log_in(username)


async def a_case(s, sender, seen, store_photo, body):
    bike = seen(sender)
    await s.send(bike.now("opened"))
    sha256 = await store_photo(s, body)
    kind = sender.clip(bike.id, sha256, len(body), "h264") if body is CLIP else sender.photo(bike.id, sha256)
    assert (await s.send(kind))["refused"] == []
    return f"/api/v1/media/{sha256}", bike


async def views(s):
    async with s.app.state.context.engine.connect() as connection:
        rows = await connection.execute(text("SELECT username, reason FROM original_view ORDER BY 1, 2"))
        return [tuple(row) for row in rows]


async def test_a_worker_sees_a_copy_unless_they_say_why_and_that_is_written_down(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        body = photo()
        path, _ = await a_case(s, sender, seen, store_photo, body)
        worker = await someone(s, "li", Role.GRID_WORKER, areas=["G01"])
        copy = await worker.http.get(path)
        assert copy.headers["gridwatch-copy"] == "mosaic"
        assert copy.content != body
        assert Image.open(io.BytesIO(copy.content)).size == (640, 360)
        assert await views(s) == []
        for _ in range(2):
            original = await worker.http.get(path, params={"reason": "the owner asks"})
            assert original.content == body
            assert original.headers["cache-control"] == "private, no-store"
        assert await views(s) == [("li", "the owner asks")]
        s.clock.forward(hours=1)
        await worker.http.get(path, params={"reason": "the owner asks"})
        assert len(await views(s)) == 2
        assert (await worker.http.get(path, params={"reason": "x"})).status_code == 422


async def test_the_patrol_room_sees_originals_at_its_work_and_a_day_later_says_why(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        body = photo()
        path, _ = await a_case(s, sender, seen, store_photo, body)
        leader = await s.log_in()
        assert (await leader.http.get(path)).content == body
        assert await views(s) == [("leader", "duty")]
        await leader.done(await leader.the_incident(), "void")
        assert (await leader.http.get(path)).content == body
        s.clock.forward(days=1, minutes=1)
        leader = await s.log_in()
        assert (await leader.http.get(path)).headers["gridwatch-copy"] == "mosaic"
        assert (await leader.http.get(path, params={"reason": "a complaint"})).content == body


async def test_a_clip_is_shown_with_a_reason_or_not_at_all(street, sender, seen, store_photo) -> None:
    async with street() as s:
        path, _ = await a_case(s, sender, seen, store_photo, CLIP)
        worker = await someone(s, "li", Role.GRID_WORKER, areas=["G01"])
        answer = await worker.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "reason_needed")
        part = await worker.http.get(path, params={"reason": "who left it"}, headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, CLIP[:10])


async def test_who_looked_is_for_the_auditor_and_cannot_be_changed(street, sender, seen, store_photo) -> None:
    async with street() as s:
        path, _ = await a_case(s, sender, seen, store_photo, photo())
        leader = await s.log_in()
        await leader.http.get(path)
        assert (await leader.http.get("/api/v1/privacy/original-views")).status_code == 403
        auditor = await someone(s, "zhao", Role.AUDITOR)
        (view,) = (await auditor.get("/privacy/original-views", username="leader"))["items"]
        assert (view["reason"], view["sha256"]) == ("duty", path.rpartition("/")[2])
        assert (await auditor.get("/privacy/original-views", username="operator"))["items"] == []
        with pytest.raises(DBAPIError, match="append-only"):
            async with s.app.state.context.engine.begin() as connection:
                await connection.execute(text("DELETE FROM original_view"))


async def test_what_is_over_is_deleted_with_a_record_and_the_case_stays(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        path, _ = await a_case(s, sender, seen, store_photo, photo())
        other = seen(sender, place="P01-S1", event_class="01-01")
        await s.send(other.now("opened"))
        open_photo = await store_photo(s, photo("blue"))
        await s.send(sender.photo(other.id, open_photo))
        leader = await s.log_in()
        case = next(one for one in await leader.incidents() if one["event_class"]["code"] == "05-06")
        await leader.done(case, "void")
        context = s.app.state.context
        policy = PrivacyPolicy(classes={"05": Keep(least=86400.0, most=5 * 86400.0)})
        s.clock.forward(days=4)
        assert await sweep(context.engine, context.media, policy, s.clock()) == []
        s.clock.forward(days=2)
        (gone,) = await sweep(context.engine, context.media, policy, s.clock())
        assert gone.sha256 == path.rpartition("/")[2]
        assert await sweep(context.engine, context.media, policy, s.clock()) == []
        leader = await s.log_in()
        answer = await leader.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (410, "media_deleted")
        case = await leader.get(f"/incidents/{case['id']}")
        assert [one["url"] for one in case["evidence"]] == [path]
        assert (await leader.http.get(f"/api/v1/media/{open_photo}")).status_code == 200
        auditor = await someone(s, "zhao", Role.AUDITOR)
        (record,) = (await auditor.get("/privacy/deletions"))["items"]
        assert (record["what"], record["why"], record["subject"]) == ("photo", "time", gone.sha256)
        assert record["actor"] == {"kind": "system", "name": "gridwatch"}
        figures = await auditor.get("/privacy/media")
        assert (figures["deleted"], figures["deleted_size"]) == (1, gone.size)
        assert figures["kinds"]["photo"]["files"] == 1


async def test_when_the_quota_is_used_up_what_may_go_goes_and_what_must_stay_stays(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        path, _ = await a_case(s, sender, seen, store_photo, photo())
        context = s.app.state.context
        small = PrivacyPolicy(disk=Disk(quota=1e-5, reserve=0))
        assert await sweep(context.engine, context.media, small, s.clock()) == []
        leader = await s.log_in()
        await leader.done(await leader.the_incident(), "void")
        s.clock.forward(days=31)
        (gone,) = await sweep(context.engine, context.media, small, s.clock())
        assert path.endswith(gone.sha256)
        assert context.media.room.used == 0


async def test_positions_are_ones_own_and_forgotten_with_a_record(street) -> None:
    async with street() as s:
        worker = await someone(s, "li", Role.GRID_WORKER, areas=["G01"])
        other = await someone(s, "wang", Role.GRID_WORKER, areas=["G01"])
        context = s.app.state.context
        async with context.engine.begin() as connection:
            for hours in (0, 23, 25):
                position = Position(s.clock() - timedelta(hours=hours), 120.0, 30.0, 5.0)
                await track.keep(connection, "li", [position, position], s.clock())
        mine = await worker.get("/privacy/track")
        assert [one["lon"] for one in mine["items"]] == [120.0, 120.0], "the third one's time is over"
        assert (await other.get("/privacy/track"))["items"] == []
        await sweep(context.engine, context.media, PrivacyPolicy(), s.clock())
        assert (await worker.http.delete("/api/v1/privacy/track")).status_code == 200
        assert (await worker.get("/privacy/track"))["items"] == []
        auditor = await someone(s, "zhao", Role.AUDITOR)
        records = (await auditor.get("/privacy/deletions"))["items"]
        assert [(one["what"], one["subject"], one["count"], one["why"]) for one in records] == [
            ("track", "li", 2, "own_wish"),
            ("track", "li", 1, "time"),
        ]
        assert (await auditor.http.get("/api/v1/privacy/track")).status_code == 403


async def test_without_a_shift_nothing_of_a_track_is_kept(street) -> None:
    async with street() as s:
        worker = await someone(s, "li", Role.GRID_WORKER, areas=["G01"])
        body = {"positions": [{"at": s.clock().isoformat(), "lon": 120.0, "lat": 30.0}]}
        answer = await worker.http.post("/api/v1/privacy/track", json=body)
        assert answer.json() == {"kept": 0, "refused": [s.clock().isoformat().replace("+00:00", "Z")]}
        assert (await worker.get("/privacy/track"))["items"] == []
