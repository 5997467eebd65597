from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from cloud.database.engine import make_engine
from cloud.incidents.opening import Report, open_report
from cloud.incidents.store import Actor
from cloud.push.tables import attempt
from cloud.webhooks.tables import delivery, subscription
from devices.ids import uuid7
from tests.cloud.provider_for_tests import KEY, providers
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
POLICY = {
    "channels": {"sms": {"kind": "sms", "address": "GRIDWATCH_PUSH_SMS", "timeout": 5}},
    "ladders": [
        {"name": "one", "rungs": [{"name": "sms", "to": ["role:leader"], "by": ["sms"], "wait": "1 h"}]}
    ],
}


async def test_senders_killed_after_they_sent_and_before_they_wrote_that_down_forget_nothing(url) -> None:
    engine = make_engine(url)
    async with providers() as played:
        played.accept = lambda _: {}
        played.faults["sms"].append("hang")
        played.faults["hook"].append("hang")
        async with engine.begin() as connection:
            row = {
                "id": uuid7(), "address": played.at("hook"), "kinds": ["incident.*"], "areas": [],
                "generation": 1, "created_at": START, "created_by": "root",
            }  # fmt: skip
            await connection.execute(insert(subscription), row)
            report = Report("worker", "05-06", 1, grid="G01")
            await open_report(connection, report, Actor("user", "w"), START)
        environment = os.environ | {
            "PUSH_TEST_URL": url.render_as_string(hide_password=False),
            "PUSH_TEST_CLOCK": START.isoformat(), "PUSH_TEST_POLICY": json.dumps(POLICY),
            "GRIDWATCH_PUSH_SMS": played.at("sms"), "GRIDWATCH_PUSH_SMS_KEY": KEY,
        }  # fmt: skip
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.cloud.push_process_for_tests", cwd=ROOT, env=environment,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert started.stdin is not None
        assert started.stdout is not None

        async def begin(ahead: int) -> int:
            started.stdin.write(f"{ahead}\n".encode())
            return int(await started.stdout.readline())

        async def until(count: int) -> None:
            async with asyncio.timeout(60):
                while any(len(played.of(name)) < count for name in ("sms", "hook")):
                    played.came.clear()
                    await played.came.wait()

        try:
            first = await begin(0)
            await until(1)
            os.kill(first, signal.SIGKILL)
            await begin(120)
            await until(2)
            async with asyncio.timeout(60):
                while True:
                    async with engine.connect() as connection:
                        told = (await connection.execute(select(attempt))).one()
                        sent = (await connection.execute(select(delivery))).one()
                    if told.state == "sent" and sent.state == "delivered":
                        break
                    await asyncio.sleep(0.05)
        finally:
            started.stdin.close()
            await started.wait()
    assert (told.tries, sent.tries) == (2, 2)
    hooked = played.of("hook")
    assert {one.json["id"] for one in hooked} == {hooked[0].json["id"]}
    assert len(played.of("sms")) == len(hooked) == 2
    await engine.dispose()
