"""What is sent never breaks the server, however odd: it is refused, or taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cloud.link import stills
from cloud.people.limits import Limits
from cloud.people.matrix import DOOR
from cloud.people.passwords import csrf_of
from cloud.settings import Settings
from tests.cloud.access_for_tests import OWN
from tests.cloud.api_odd_for_tests import IN_ADDRESSES, IN_BODIES, Odd, odd
from tests.cloud.api_world_for_tests import OF_NODES, OPEN, Asked, session_of
from tests.cloud.conftest import TOKENS

pytestmark = pytest.mark.anyio
OFTEN = (10**9, 1000.0)
ENDLESS = "openStream"


async def status(asked: Asked, one: Odd) -> int:
    """What the app answers to bytes that no HTTP client would send, asked by somebody who may."""
    path, _, query = one.address.partition("?")
    headers = {
        "host": "gridwatch.test", "if-match": '"v1"', "upload-offset": "0", "upload-length": "5",
        "content-type": one.kind,
    }  # fmt: skip
    if one.operation in OF_NODES:
        headers["authorization"] = f"Bearer {TOKENS['n1']}"
    elif one.operation not in OPEN:
        session = session_of(min(DOOR[one.operation]))
        headers |= {"cookie": f"gridwatch_session={session}", "x-csrf-token": csrf_of(session)}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": one.method,
        "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
        "client": ("127.0.0.1", 1), "server": ("gridwatch.test", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    sent = [{"type": "http.request", "body": one.body}]
    answered: list[int] = []

    async def receive() -> dict[str, Any]:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    await asked(scope, receive, send)
    return answered[0]


@pytest.mark.parametrize("all_of_it", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_nothing_that_is_sent_breaks_the_server(
    street: Any, store_photo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, all_of_it: bool
) -> None:
    """In the short form half a character and U+0000 in each place, in the long form everything odd."""
    monkeypatch.setattr(stills, "PATIENCE", 0.2)  # no node is there that could answer
    settings = Settings(state=tmp_path, page=tmp_path / "dist", limits=Limits(OFTEN, OFTEN, OFTEN))
    asked = Asked(lambda: street(settings), store_photo)
    broken = []
    async with asked.alive():
        assert asked.world
        many = 99 if all_of_it else 2
        for one in odd(
            asked.world.app.openapi(), asked.world.words[OWN], IN_BODIES[:many], IN_ADDRESSES[:many]
        ):
            if one.operation == ENDLESS:
                continue
            found = await status(asked, one)
            if found >= 500:
                broken.append(f"{found} {one.method} {one.address[:200]} {one.body[:200]!r}")
            if found in (401, 403):
                await asked.healed()
    assert not broken, "\n".join([*broken, *asked.faults])
    assert asked.calls > 800
