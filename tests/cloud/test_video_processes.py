"""Live pictures over several API processes on one PostgreSQL: viewer, link and picture where they like."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from cloud.app import create_app
from cloud.settings import Settings
from devices.video import LiveState, LiveWord, Part, StillHead, VideoWish, pack_still, unpack_still
from simulators.broker import free_port
from tests.cloud.conftest import TOKENS, Someone, Street
from tests.cloud.link_for_tests import NodeEnd, serving

pytestmark = pytest.mark.anyio
CAMERA = "P01-C1"
PATIENCE = 60.0
OPENING, KEY = bytes((Part.OPENING,)) + b"opening", bytes((Part.KEY,)) + b"key"


@asynccontextmanager
async def process(street: Street, state: Path) -> AsyncIterator[int]:
    """An API process that the others reach."""
    port = free_port()
    settings = Settings(state=state, page=state / "dist", peer=f"http://127.0.0.1:{port}")
    with serving(create_app(settings, street.url, street.clock), port):
        yield port


async def aside(work: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(work)


def dialled(port: int, path: str, **headers: str) -> Any:
    return connect(
        f"ws://127.0.0.1:{port}/api/v1{path}", additional_headers=headers, proxy=None, open_timeout=PATIENCE,
        close_timeout=1,
    )  # fmt: skip


def cookies(person: Someone) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())}


def wish(node: NodeEnd, said: Callable[[VideoWish], bool]) -> None:
    while True:
        frame = node.frame(PATIENCE)
        if isinstance(frame, VideoWish) and said(frame):
            return


def told(connection: ClientConnection, state: str) -> None:
    while True:
        frame = connection.recv(PATIENCE)
        if isinstance(frame, str) and json.loads(frame).get("state") == state:
            return


def parts(connection: ClientConnection, count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        frame = connection.recv(PATIENCE)
        found += [frame] if isinstance(frame, bytes) else []
    return found


async def test_a_viewer_gets_the_picture_that_comes_in_at_another_process_and_moves_the_camera(
    street, tmp_path
):
    async with street() as s, process(s, tmp_path / "a") as here, process(s, tmp_path / "b") as there:
        leader = await s.log_in()

        def play() -> None:
            bearer = {"Authorization": f"Bearer {TOKENS['n1']}"}
            with NodeEnd(there, TOKENS["n1"]) as node:
                with dialled(here, f"/cameras/{CAMERA}/live", **cookies(leader)) as viewer:
                    wish(node, lambda one: one.live == (CAMERA,))
                    with dialled(there, f"/video/live/{CAMERA}", **bearer) as brought:
                        brought.send(LiveWord(state=LiveState.LIVE, codecs="avc1.42c01e").model_dump_json())
                        brought.send(OPENING)
                        brought.send(KEY)
                        assert parts(viewer, 2) == [OPENING, KEY]
                        viewer.send(json.dumps({"type": "move", "pan": 0.5}))
                        assert json.loads(brought.recv(PATIENCE))["pan"] == 0.5
                    told(viewer, "opening")
                    told(viewer, "node_away")
                wish(node, lambda one: not one.live)

        await aside(play)


async def test_stills_that_come_in_at_another_process_are_shown_here(street, tmp_path):
    async with street() as s, process(s, tmp_path / "a") as here, process(s, tmp_path / "b") as there:
        leader = await s.log_in()

        def play() -> None:
            bearer = {"Authorization": f"Bearer {TOKENS['n1']}"}
            with (
                NodeEnd(there, TOKENS["n1"]) as node,
                dialled(here, "/cameras/stills", **cookies(leader)) as looker,
                dialled(there, "/video/stills", **bearer) as brought,
            ):
                looker.send(json.dumps({"cameras": [CAMERA, "P99-C1"]}))
                wish(node, lambda one: one.stills == (CAMERA,))
                brought.send(pack_still(StillHead(camera=CAMERA, age=1.0), b"\xff\xd8still"))
                frame = looker.recv(PATIENCE)
                assert isinstance(frame, bytes)
                head, jpeg = unpack_still(frame)
                assert (head.camera, jpeg) == (CAMERA, b"\xff\xd8still")
                assert head.age >= 1.0

        await aside(play)
