"""The node's own end against the real cloud: two API processes, of which one dies with the link."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from cloud.app import create_app
from cloud.settings import Settings
from devices.link import Hello
from devices.messages import DeviceStatus
from devices.site.edit import site_digest
from edge.link.client import Link
from edge.link.desk import CommandDesk, Done
from edge.link.dial import Address
from edge.send.pace import Pace
from tests.cloud.conftest import TOKENS, make_site
from tests.cloud.link_for_tests import serving
from tests.cloud.test_link import asked, state_of
from tests.edge.points_for_tests import NOON, open_store

pytestmark = pytest.mark.anyio


class NodeSide:
    """A link whose cloud may move, as it does behind a balancer."""

    def __init__(self, directory: Path, port: int) -> None:
        self.port = port
        self.done: list[Any] = []
        self.up = threading.Event()
        self.noticed = threading.Event()
        self.store = open_store(directory)
        desk = CommandDesk({"photo": self._photo}, self.store, lambda: NOON, lambda: None)
        site = make_site()
        self.link = Link(
            lambda: Address(f"http://127.0.0.1:{self.port}"),
            lambda: TOKENS["n1"],
            desk,
            lambda: Hello(version=site.version, digest=site_digest(site)),
            lambda _: self.noticed.set(),
            self._status,
            pace=Pace(first=0.05, longest=0.2),
        )

    def __enter__(self) -> NodeSide:
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()
        self.link.join(20)
        self.store.close()

    def _status(self, status: DeviceStatus, detail: str) -> None:
        (self.up.set if status is DeviceStatus.UP else self.up.clear)()

    def _photo(self, command) -> Done:
        self.done.append(command.id)
        return Done({"sha256": "ab"})


async def test_when_a_cloud_process_dies_with_the_link_the_node_comes_back_by_the_other(street, tmp_path):
    async with street() as s:
        leader = await s.log_in()
        settings = Settings(state=tmp_path, page=tmp_path / "dist")
        first, second = (create_app(settings, s.url, s.clock) for _ in range(2))
        with serving(second) as other:
            with serving(first) as port:
                node = NodeSide(tmp_path / "node", port)
                node.__enter__()
                assert await asyncio.to_thread(node.noticed.wait, 30)
                before = await asked(leader)
                assert (await state_of(leader, before, "answered"))["answer"] == {"sha256": "ab"}
                node.port = other
            # that process is gone; what is asked for meanwhile waits
            after = await asked(leader)
            assert (await state_of(leader, after, "answered"))["answer"] == {"sha256": "ab"}
            node.__exit__()
        assert [str(one) for one in node.done] == [before["id"], after["id"]]
