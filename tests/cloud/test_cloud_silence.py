"""Silent nodes become one incident each; what is dead outside hears no heartbeat."""

from __future__ import annotations

import asyncio
import http.server
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud import silence
from cloud.areas.registry import load_registry
from cloud.database.engine import make_engine
from cloud.errors import SettingsError
from cloud.heartbeat import Heartbeat
from cloud.settings import heartbeat_from

pytestmark = pytest.mark.anyio
AFTER = 90.0
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Ear:
    """A cloud process that listens for nodes, by a clock that the test moves."""

    def __init__(self, street) -> None:
        self.street = street
        self.engine = make_engine(street.url)
        self.begin()

    def begin(self) -> None:
        """As after a start of the process."""
        self.hearing = silence.Hearing(AFTER)
        self.at = 0.0

    async def listen(self, seconds: float = 0.0) -> bool:
        """Time passes, and it looks."""
        self.at += seconds
        self.street.clock.forward(seconds=seconds)
        async with self.engine.connect() as connection:
            registry = await load_registry(connection)
        return await silence.look(self.engine, self.hearing, registry, self.street.clock(), self.at)

    async def miss(self) -> None:
        """Begin to listen, and hear nothing for too long."""
        await self.listen()
        await self.listen(AFTER + 1)


@pytest.fixture
async def ear():
    made: list[Ear] = []

    def listener(street) -> Ear:
        made.append(Ear(street))
        return made[-1]

    yield listener
    for one in made:
        await one.engine.dispose()


async def test_a_silent_node_is_one_incident_closed_when_it_is_heard_again(street, sender, seen, ear) -> None:
    async with street() as s:
        leader, process = await s.log_in(), ear(s)
        await s.send(seen(sender).now("opened"))
        await process.miss()
        await process.listen(60)
        (found,) = [one for one in await leader.incidents() if one["label"] == "node_silent"]
        assert (found["state"], found["place"], found["severity"]) == ("detected", "n1", "high")
        assert found["event_class"]["name"] == {"zh": "边缘节点失联", "en": "Edge node silent"}
        assert len(found["alarms"]) == 1
        await s.send(seen(sender, place="elsewhere").now("opened"))
        assert await process.listen(10)
        (found,) = [one for one in await leader.incidents() if one["label"] == "node_silent"]
        assert (found["state"], found["condition"]["state"]) == ("closed", "cleared")
        lines = [(line["action"], line["actor"]["kind"]) for line in await leader.log(found)]
        assert lines == [("open", "system"), ("seen_gone", "system"), ("close", "system")]
        assert not await process.listen(10)


async def test_several_processes_raise_one_and_a_restart_raises_none(street, sender, seen, ear) -> None:
    async with street() as s:
        leader, processes = await s.log_in(), [ear(s) for _ in range(4)]
        await s.send(seen(sender).now("opened"))
        for one in processes:
            await one.listen()
        for one in processes:
            one.at += AFTER + 1
        await asyncio.gather(*(one.listen() for one in processes))
        processes[0].begin()
        await processes[0].miss()
        (found,) = [one for one in await leader.incidents() if one["label"] == "node_silent"]
        assert (len(found["alarms"]), len(await leader.log(found))) == (1, 1)


async def test_what_its_cameras_suffer_from_is_inhibited_until_it_is_heard_again(
    street, sender, other_sender, seen, ear
) -> None:
    ill = {"zone": None, "rule": "health.stalled", "label": "stalled", "severity": "low"}
    bare = {"box": None, "outline": None, "count": None}

    async with street() as s:
        leader, process = await s.log_in(), ear(s)
        mine = seen(sender, place="P01-C1")
        await s.send(mine.now("opened", device="P01-C1", **ill, **bare), seen(sender).now("opened"))

        async def inhibited() -> set[str]:
            alarms = [alarm for one in await leader.incidents() for alarm in one["alarms"]]
            return {alarm["label"] for alarm in alarms if alarm["state"]["inhibited"]}

        assert await inhibited() == set()
        await process.miss()
        assert await inhibited() == {"stalled"}
        await s.send(mine.now("held", device="P01-C1", **ill, **bare))
        assert await inhibited() == {"stalled"}, "a late word of the camera lifts nothing by itself"
        await process.listen(10)
        assert await inhibited() == set()


async def test_a_node_that_comes_and_goes_is_one_incident_that_is_reopened(street, sender, seen, ear) -> None:
    async with street() as s:
        leader, process = await s.log_in(), ear(s)
        for number in range(3):
            await s.send(seen(sender, place=f"Z{number}").now("opened"))
            await process.listen(10)
            await process.listen(AFTER + 11)
        (found,) = [one for one in await leader.incidents() if one["label"] == "node_silent"]
        assert (found["state"], len(found["alarms"])) == ("accepted", 3)


async def test_a_node_that_was_never_heard_is_not_missed(street, ear) -> None:
    async with street() as s:
        process = ear(s)
        await process.miss()
        assert await (await s.log_in()).incidents() == []


def test_a_cloud_that_wakes_up_after_hours_misses_nobody_before_it_has_listened() -> None:
    words = {"n1": NOON - timedelta(hours=3), "n2": NOON}
    hearing = silence.Hearing(AFTER)
    assert hearing.silent(words, 0.0) == set()
    assert hearing.silent(words, AFTER - 1) == set()
    words["n2"] = NOON + timedelta(seconds=80)
    assert hearing.silent(words, AFTER) == {"n1"}
    hearing.deaf()
    assert hearing.silent(words, AFTER + 1) == set()


@given(st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(-7200, 7200)), min_size=1, max_size=40))
def test_a_node_that_speaks_every_minute_is_never_silent_however_the_wall_clock_is_set(steps) -> None:
    hearing, at, wall = silence.Hearing(AFTER), 0.0, NOON
    for passed, stepped in steps:
        at += passed
        wall += timedelta(seconds=passed + stepped + 0.001)
        assert hearing.silent({"n1": wall}, at) == set()


@contextmanager
def service(status: list[int]) -> Iterator[tuple[str, list[str]]]:
    """Something like healthchecks.io: its address, and what was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/ping/secret", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_the_heartbeat_is_asked_for_and_its_failures_are_told_once_without_the_address(caplog) -> None:
    status = [200]
    with caplog.at_level(logging.INFO, "cloud.heartbeat"), service(status) as (url, asked):
        heart = Heartbeat(url)
        for code in (200, 503, 503, 200):
            status[0] = code
            await heart.beat()
    assert asked == ["/ping/secret"] * 4
    assert [record.getMessage() for record in caplog.records] == [
        "the heartbeat was not taken: status 503; trying on",
        "the heartbeat is taken again",
    ]
    gone = Heartbeat(url)
    caplog.clear()
    await gone.beat()
    await gone.beat()
    assert [record.getMessage() for record in caplog.records] == [
        "the heartbeat was not taken: URLError; trying on"
    ]
    assert "secret" not in caplog.text


def test_the_address_of_the_heartbeat_comes_from_the_environment_or_a_file(tmp_path) -> None:
    file = tmp_path / "url"
    file.write_text("https://hc.example/ping/abc\n")
    assert heartbeat_from({}) is None
    assert heartbeat_from({"GRIDWATCH_HEARTBEAT_URL_FILE": str(file)}) == "https://hc.example/ping/abc"
    with pytest.raises(SettingsError, match="must begin with http"):
        heartbeat_from({"GRIDWATCH_HEARTBEAT_URL": "file:///etc/passwd"})
