"""Photos and clips that arrive in pieces."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from cloud.housekeeping import tidy
from cloud.media.parts import LARGEST, PARTS
from cloud.settings import Settings
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio

CLIP = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 2000
NAME = hashlib.sha256(CLIP).hexdigest()
NODE = {"Authorization": "Bearer token-of-node-one-1111111111"}
OTHER = {"Authorization": "Bearer token-of-node-two-2222222222"}


async def offset(s, name=NAME, headers=NODE):
    answer = await s.http.head(f"/api/v1/media/{name}", headers=headers)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"]


async def piece(s, first, last, *, body=CLIP, name=NAME, headers=NODE, length=None):
    total = len(body) if length is None else length
    more = {"Upload-Offset": str(first), "Upload-Length": str(total)}
    return await s.http.patch(f"/api/v1/media/{name}", content=body[first:last], headers=headers | more)


async def test_an_upload_in_pieces_goes_on_after_the_cloud_was_started_again(street) -> None:
    async with street() as s:
        assert await offset(s) == (0, "?0")
        first = await piece(s, 0, 200_000)
        assert (first.status_code, first.json()) == (
            200,
            {"sha256": NAME, "offset": 200_000, "complete": False},
        )
    async with street() as s:
        assert await offset(s) == (200_000, "?0")
        last = await piece(s, 200_000, len(CLIP))
        assert last.json()["complete"] is True
        assert await offset(s) == (len(CLIP), "?1")
        assert (await piece(s, 0, 100)).json()["complete"] is True
        leader = await s.log_in()
        assert (await leader.http.get(f"/api/v1/media/{NAME}")).content == CLIP


async def test_what_arrived_before_a_cut_is_kept(street) -> None:
    async with street() as s:

        async def breaking_off() -> AsyncIterator[bytes]:
            yield CLIP[:70_000]
            raise ConnectionError("the line is cut")

        headers = NODE | {"Upload-Offset": "0", "Upload-Length": str(len(CLIP))}
        with pytest.raises(ConnectionError):
            await s.http.patch(f"/api/v1/media/{NAME}", content=breaking_off(), headers=headers)
        assert await offset(s) == (70_000, "?0")
        assert (await piece(s, 70_000, len(CLIP))).json()["complete"] is True


async def test_a_piece_for_another_place_is_told_where_to_go_on(street) -> None:
    async with street() as s:
        await piece(s, 0, 1000)
        for first in (0, 999, 2000):
            answer = await piece(s, first, first + 10)
            assert (answer.status_code, answer.json()["code"]) == (409, "offset_differs")
            assert answer.headers["Upload-Offset"] == "1000"


async def test_bytes_that_are_not_those_of_the_name_are_refused_by_name_and_begin_at_zero(street) -> None:
    async with street() as s:
        await piece(s, 0, 1000)
        wrong = CLIP[:1000] + bytes(len(CLIP) - 1000)
        answer = await piece(s, 1000, len(CLIP), body=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "hash_mismatch")
        assert await offset(s) == (0, "?0")
        assert (await piece(s, 0, len(CLIP))).json()["complete"] is True


async def test_a_node_cannot_spoil_the_upload_of_another(street) -> None:
    async with street() as s:
        await piece(s, 0, 1000)
        assert await offset(s, headers=OTHER) == (0, "?0")
        await piece(s, 0, 3000, body=b"x" * len(CLIP), headers=OTHER)
        assert await offset(s) == (1000, "?0")
        assert (await piece(s, 1000, len(CLIP))).json()["complete"] is True


async def test_a_piece_that_hangs_and_is_sent_again_spoils_nothing(street) -> None:
    async with street() as s:
        hangs, goes_on = asyncio.Event(), asyncio.Event()

        async def hanging() -> AsyncIterator[bytes]:
            yield CLIP[:5000]
            hangs.set()
            await goes_on.wait()
            yield CLIP[5000:9000]

        headers = NODE | {"Upload-Offset": "0", "Upload-Length": str(len(CLIP))}
        old = asyncio.create_task(s.http.patch(f"/api/v1/media/{NAME}", content=hanging(), headers=headers))
        await hangs.wait()
        at, _ = await offset(s)
        await piece(s, at, 100_000)
        goes_on.set()
        await old
        at, _ = await offset(s)
        assert (await piece(s, at, len(CLIP))).json()["complete"] is True


async def test_an_upload_has_limits(street) -> None:
    async with street() as s:
        large = await piece(s, 0, 10, length=LARGEST + 1)
        assert (large.status_code, large.json()["code"]) == (413, "too_large")
        longer = await piece(s, 0, 100, length=50)
        assert (longer.status_code, longer.json()["code"]) == (422, "invalid")
        assert (await s.http.head(f"/api/v1/media/{NAME}")).status_code == 401
        headers = {"Upload-Offset": "0", "Upload-Length": "10"}
        assert (await s.http.patch(f"/api/v1/media/{NAME}", headers=headers)).status_code == 401


async def test_the_oldest_unfinished_upload_makes_room(street, tmp_path) -> None:
    async with street() as s:
        long_ago = (s.clock() - timedelta(hours=1)).timestamp()
        names = [hashlib.sha256(uuid4().bytes).hexdigest() for _ in range(PARTS + 2)]
        for at, name in enumerate(names):
            await piece(s, 0, 10, name=name)
            os.utime(tmp_path / "media" / "parts" / "n1" / name, (long_ago + at, long_ago + at))
        assert [(await offset(s, name))[0] for name in names] == [0, 0] + [10] * PARTS


async def test_an_upload_that_did_not_go_on_for_a_day_is_swept(street, tmp_path) -> None:
    async with street() as s:
        await piece(s, 0, 10)
        os.utime(tmp_path / "media" / "parts" / "n1" / NAME, (START.timestamp(),) * 2)
        engine = s.app.state.context.engine
        settings = Settings(state=tmp_path)
        await tidy(engine, settings, START + timedelta(hours=23))
        assert await offset(s) == (10, "?0")
        await tidy(engine, settings, START + timedelta(hours=25))
        assert await offset(s) == (0, "?0")
