from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from cloud import rounds
from cloud.areas.registry import load_registry
from cloud.database.engine import make_engine
from cloud.errors import Problem
from cloud.incidents.log import note
from cloud.incidents.opening import Report, open_report
from cloud.incidents.store import Actor
from cloud.people.accounts import add_user
from cloud.people.roles import Role
from cloud.push.tables import notice
from cloud.settings import Settings
from cloud.stream import reader
from cloud.webhooks import feed, store
from cloud.webhooks.routes import _check_address
from cloud.webhooks.tables import delivery, event, subscription
from cloud.webhooks.worker import Worker
from devices.ids import uuid7
from devices.site.model import Names
from tests.cloud.conftest import Clock
from tests.cloud.provider_for_tests import Got, Providers, providers

pytestmark = pytest.mark.anyio
WORKER = Actor("user", "worker-g01")


@dataclass
class Desk:
    """Workers over one database, receivers, and a clock that stands still."""

    engine: Any
    clock: Clock
    registry: Any
    received: Providers
    workers: list[Worker] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)

    def worker(self, *, to_private: bool = True) -> Worker:
        made = Worker(self.engine, lambda: self.registry, self.clock, to_private=to_private, chance=lambda: 0)
        self.workers.append(made)
        return made

    async def subscribe(
        self, name: str, kinds: tuple[str, ...] = ("incident.*",), areas: tuple[str, ...] = ()
    ) -> UUID:
        identifier = uuid7()
        row = {
            "id": identifier, "address": self.received.at(name), "kinds": list(kinds), "areas": list(areas),
            "generation": 1, "created_at": self.clock(), "created_by": "root",
        }  # fmt: skip
        async with self.engine.begin() as connection:
            await connection.execute(insert(subscription), row)
            self.keys[f"/{name}"] = await store.key_of(connection, identifier, 1)
        return identifier

    async def open(self, grid: str = "G01") -> UUID:
        async with self.engine.begin() as connection:
            return await open_report(
                connection, Report("worker", "05-06", 2, grid=grid), WORKER, self.clock()
            )

    async def note(self, case: UUID) -> None:
        async with self.engine.begin() as connection:
            await note(connection, case, "noted", WORKER, {"text": "hush"}, self.clock())

    async def turn(self, *workers: Worker, **forward: float) -> None:
        """Forward the clock; publish and deliver until nothing more is due."""
        self.clock.forward(**forward)
        behind = text("SELECT count(*) FROM outbox o, webhook_relay r WHERE (o.xid, o.id) > (r.xid, r.id)")
        async with asyncio.timeout(30), self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            # Anything that writes anywhere in the cluster holds the horizon back for a moment.
            while await connection.scalar(behind):
                await workers[0].once()
        for _ in range(12):
            await asyncio.gather(*(one.once() for one in workers))
            await asyncio.gather(*(one.settled() for one in workers))

    def got(self, name: str) -> list[tuple[str, int]]:
        """(case, version) of all that a receiver was sent, in the order in which it came."""
        return [(one.json["subject"], one.json["data"]["line"]["version"]) for one in self.received.of(name)]

    def right(self, got: Got) -> dict[str, Any]:
        """Check what came as a receiver does."""
        content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
        sign = base64.b64encode(hmac.digest(self.keys[got.path], content, hashlib.sha256)).decode()
        assert got.headers["webhook-signature"] == f"v1,{sign}"
        assert got.headers["content-type"].startswith("application/cloudevents+json")
        assert got.json["id"] == got.headers["webhook-id"]
        return {}


@pytest.fixture
async def desk(url, clock) -> AsyncIterator[Desk]:
    engine = make_engine(url)
    async with engine.connect() as connection:
        registry = await load_registry(connection)
    async with providers() as received:
        found = Desk(engine, clock, registry, received)
        received.accept = found.right
        yield found
        for one in found.workers:
            await one.stop()
    await engine.dispose()


def assert_in_order(got: list[tuple[str, int]]) -> None:
    """First comings of each case's lines rise by one."""
    seen: dict[str, int] = defaultdict(int)
    for case, version in got:
        assert version <= seen[case] + 1, "a line came before the one before it"
        seen[case] = max(seen[case], version)


async def test_one_write_reaches_three_subscribers_through_faults_in_order_and_repeats_have_their_id(
    desk,
) -> None:
    for name in ("a", "b", "c"):
        await desk.subscribe(name)
    desk.received.faults["b"] += ["status 500", "reset", "late-reset"]
    desk.received.faults["c"] += ["status 429", "status 302"]
    case, worker = await desk.open(), desk.worker()
    for _ in range(3):
        await desk.note(case)
    await desk.turn(worker)
    assert desk.got("a") == [(str(case), version) for version in (1, 2, 3, 4)]
    for _ in range(4):
        await desk.turn(worker, seconds=60)
    for name in ("b", "c"):
        assert_in_order(desk.got(name))
        assert {version for _, version in desk.got(name)} == {1, 2, 3, 4}
    ids = {(one.json["data"]["line"]["version"], one.json["id"]) for one in desk.received.got}
    assert len(ids) == 4
    first = desk.received.got[0].json
    assert first["type"] == "cn.gridwatch.incident.open"
    assert first["data"]["incident"]["grid"] == "G01"
    assert "hush" not in str([one.body for one in desk.received.got])


async def test_a_case_that_is_not_taken_holds_up_no_other_case_and_no_other_receiver(desk) -> None:
    await desk.subscribe("a")
    await desk.subscribe("b")
    desk.received.faults["a"] += ["status 500"]
    worker = desk.worker()
    first, second = await desk.open(), await desk.open()
    await desk.note(first)
    await desk.note(second)
    await desk.turn(worker)
    stuck = desk.got("a")[0][0]
    other = str(second) if stuck == str(first) else str(first)
    assert [one for one in desk.got("a") if one[0] == other] == [(other, 1), (other, 2)]
    assert [one for one in desk.got("a") if one[0] == stuck] == [(stuck, 1)]
    assert len(desk.got("b")) == 4
    await desk.turn(worker, seconds=5)
    assert [one for one in desk.got("a") if one[0] == stuck] == [(stuck, 1), (stuck, 1), (stuck, 2)]


async def test_a_replay_sends_everything_from_a_cursor_again_with_the_same_ids(desk) -> None:
    key = await desk.subscribe("a")
    worker = desk.worker()
    cases = [await desk.open() for _ in range(5)]
    for case in cases:
        await desk.note(case)
    await desk.turn(worker)
    before = {one.json["id"]: int(one.json["sequence"]) for one in desk.received.got}
    assert sorted(before.values()) == list(range(1, 11))
    desk.received.got.clear()
    async with desk.engine.begin() as connection:
        row = await store.one(connection, key)
        assert await feed.replay(connection, row, 3, desk.clock()) == (7, 4)
    await desk.turn(worker)
    again = {one.json["id"]: int(one.json["sequence"]) for one in desk.received.got}
    assert again == {name: seq for name, seq in before.items() if seq > 3}
    assert_in_order([(case, version) for case, version in desk.got("a") if version == 1])


async def test_many_writers_three_workers_and_a_faulty_receiver_lose_nothing(desk) -> None:
    names = ("a", "b", "c")
    for name in names:
        await desk.subscribe(name)
    dice = random.Random(5)
    for name in names:
        desk.received.faults[name] += [
            dice.choice(["status 503", "none", "reset", "none"]) for _ in range(40)
        ]
    workers = [desk.worker() for _ in range(3)]

    async def write() -> None:
        for _ in range(3):
            case = await desk.open()
            await desk.note(case)
            # A transaction that takes its number early and commits late.
            async with desk.engine.begin() as connection:
                await note(connection, case, "noted", WORKER, {}, desk.clock())
                await asyncio.sleep(dice.random() / 50)

    written = asyncio.Event()

    async def publish() -> None:
        while not written.is_set():
            await asyncio.gather(*(one.once() for one in workers))

    async with asyncio.TaskGroup() as group:
        group.create_task(publish())
        await asyncio.gather(*(write() for _ in range(5)))
        written.set()
    for _ in range(10):
        await desk.turn(*workers, minutes=10)
    async with desk.engine.connect() as connection:
        lines = await connection.scalar(text("SELECT count(*) FROM incident_event"))
        seqs = (await connection.scalars(select(event.c.seq).order_by(event.c.seq))).all()
        left = await connection.scalar(
            text("SELECT count(*) FROM webhook_delivery WHERE state <> 'delivered'")
        )
    assert lines == 45
    assert seqs == list(range(1, 46))
    assert left == 0
    for name in names:
        assert len(set(desk.got(name))) == 45
        assert_in_order(desk.got(name))


async def test_a_line_that_is_committed_after_later_ones_were_read_is_published_too(desk) -> None:
    await desk.subscribe("a")
    worker = desk.worker()
    late, quick = await desk.open(), await desk.open()
    await desk.turn(worker)
    async with desk.engine.begin() as connection:
        await note(connection, late, "noted", WORKER, {}, desk.clock())
        await desk.note(quick)
        await worker.once()
        await worker.settled()
    await desk.turn(worker)
    assert {(str(late), 2), (str(quick), 2)} <= set(desk.got("a"))


async def test_a_worker_that_dies_after_sending_leaves_the_event_to_be_sent_again(desk) -> None:
    await desk.subscribe("a")
    desk.received.faults["a"].append("hang")
    worker = desk.worker()
    case = await desk.open()
    await worker.once()
    async with asyncio.timeout(30):
        await desk.received.came.wait()
    await worker.stop()
    other = desk.worker()
    await desk.turn(other, seconds=20)
    assert len(desk.got("a")) == 1
    await desk.turn(other, seconds=11)
    assert desk.got("a") == [(str(case), 1), (str(case), 1)]
    assert len({one.json["id"] for one in desk.received.got}) == 1


async def test_what_is_never_taken_is_given_up_after_a_day_and_after_three_it_is_disabled_and_told(
    desk,
) -> None:
    key = await desk.subscribe("a")
    desk.received.faults["a"] += ["status 500"] * 200
    worker = desk.worker()
    await desk.open()
    for _ in range(40):
        await worker.once()
        await worker.settled()
        desk.clock.forward(hours=1)
    async with desk.engine.connect() as connection:
        first = (await connection.execute(select(delivery))).one()
    assert (first.state, first.status, first.answer) == ("failed", 500, "status 500")
    assert first.settled_at - first.since <= timedelta(hours=24)
    desk.clock.forward(hours=40)
    await desk.open()
    await worker.once()
    await worker.settled()
    async with desk.engine.connect() as connection:
        row = await store.one(connection, key)
        told = (await connection.execute(select(notice).where(notice.c.kind == "webhook"))).one()
    assert row.disabled_why == "took nothing for 3 days: status 500"
    assert told.targets == ["role:administrator"]
    count = len(desk.got("a"))
    await desk.open()
    await desk.turn(worker, hours=2)
    assert len(desk.got("a")) == count


async def test_gone_is_gone_at_once(desk) -> None:
    key = await desk.subscribe("a")
    desk.received.faults["a"].append("status 410")
    worker = desk.worker()
    await desk.open()
    await desk.turn(worker)
    async with desk.engine.connect() as connection:
        assert (await store.one(connection, key)).disabled_why == "its address says that it is gone (410)"


async def test_an_address_that_is_not_public_is_not_called_unless_the_install_allows_it(desk) -> None:
    await desk.subscribe("a")
    worker = desk.worker(to_private=False)
    await desk.open()
    await desk.turn(worker)
    assert desk.received.got == []
    async with desk.engine.connect() as connection:
        row = (await connection.execute(select(delivery))).one()
    assert (row.state, row.answer) == ("waiting", "its address is not one that may be called from here")


async def test_a_subscription_hears_of_its_areas_and_kinds_only(desk) -> None:
    await desk.subscribe("grid", areas=("G02",))
    await desk.subscribe("community", areas=("C1",))
    await desk.subscribe("opened", kinds=("incident.open",))
    worker = desk.worker()
    one, two = await desk.open("G01"), await desk.open("G02")
    await desk.note(one)
    await desk.turn(worker)
    assert desk.got("grid") == [(str(two), 1)]
    assert len(desk.got("community")) == 3
    assert sorted(desk.got("opened")) == sorted([(str(one), 1), (str(two), 1)])


async def test_lines_that_the_outbox_has_forgotten_are_found_in_the_log(desk) -> None:
    await desk.subscribe("a")
    worker = desk.worker()
    case = await desk.open()
    async with desk.engine.begin() as connection:
        below = await reader.horizon(connection)
        await connection.execute(text("DELETE FROM outbox"))
        await connection.execute(
            text("UPDATE outbox_floor SET xid = CAST(CAST(:x AS text) AS xid8)"), {"x": str(below)}
        )
        await connection.execute(text("UPDATE webhook_relay SET at = :at"), {"at": desk.clock()})
    await desk.turn(worker)
    assert desk.got("a") == [(str(case), 1)]


async def test_an_administrator_subscribes_sees_the_secret_once_replays_and_reads_answers(
    street, url, tmp_path, sender, seen, monkeypatch
) -> None:
    monkeypatch.setattr(rounds, "POLL", 0.1)
    engine = make_engine(url)
    async with engine.begin() as connection:
        who = Names(zh="管", en="Root")
        await add_user(connection, "root", who, [Role.ADMINISTRATOR], "long enough a password", Clock()())
    await engine.dispose()
    async with AsyncExitStack() as stack:
        received = await stack.enter_async_context(providers())
        private = Settings(state=tmp_path, page=tmp_path / "dist", webhooks_to_private=True)
        s = await stack.enter_async_context(street(private))
        s.passwords["root"] = "long enough a password"
        root, leader = await s.log_in("root"), await s.log_in("leader")
        asked = {"address": received.at("a"), "areas": ["G01"]}
        assert (await leader.http.post("/api/v1/subscriptions", json=asked)).status_code == 403
        wrong = await root.http.post("/api/v1/subscriptions", json=asked | {"areas": ["G99"]})
        assert wrong.json()["errors"] == [{"pointer": "/body/areas", "detail": "there is no area 'G99'"}]
        made = (await root.http.post("/api/v1/subscriptions", json=asked)).json()
        key = base64.b64decode(made["secret"].removeprefix("whsec_"))
        path = f"/subscriptions/{made['id']}"
        assert "secret" not in (await root.get("/subscriptions"))["items"][0]
        await s.send(seen(sender).now("opened"), sent_at=s.clock())

        async def answered() -> list[dict[str, Any]]:
            async with asyncio.timeout(60):
                while True:
                    items: list[dict[str, Any]] = (await root.get(f"{path}/deliveries"))["items"]
                    if items and all(one["state"] == "delivered" for one in items):
                        return items
                    await asyncio.sleep(0.05)

        (item,) = await answered()
        assert (item["kind"], item["status"], item["tries"]) == ("incident.open", 200, 1)
        (got,) = received.got
        content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
        sign = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
        assert got.headers["webhook-signature"] == f"v1,{sign}"
        replayed = await root.http.post(f"/api/v1{path}/replay", params={"from": 0})
        assert replayed.json() == {"events": 1, "first": 1}
        await answered()
        assert [one.json["id"] for one in received.got] == [got.json["id"]] * 2
        renewed = (await root.http.post(f"/api/v1{path}/secret")).json()
        assert renewed["secret"] != made["secret"]
        assert (await root.http.post(f"/api/v1{path}/enable")).json()["disabled_at"] is None
        assert (await root.http.delete(f"/api/v1{path}")).status_code == 204
        assert (await root.http.get(f"/api/v1{path}/deliveries")).status_code == 404


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://hooks.example.org/x", "must begin with https://"),
        ("https://127.0.0.1/x", "is not public"),
        ("https://[::ffff:10.0.0.1]/x", "is not public"),
        ("https://user:pw@hooks.example.org/", "none of http or https"),
        ("ftp://hooks.example.org/", "none of http or https"),
    ],
)
async def test_an_address_that_could_never_be_called_is_refused_at_the_door(address, said) -> None:
    with pytest.raises(Problem, match=said):
        _check_address(address, to_private=False)
