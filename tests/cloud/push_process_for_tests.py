"""`python -m tests.cloud.push_process_for_tests`: senders on the database named by PUSH_TEST_URL.

Each line on standard input, seconds by which its clock is ahead, starts one in a process of its own and is
answered with its id. They are forked, so that the modules are imported once. They end with standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import datetime, timedelta

from sqlalchemy import make_url

from cloud.areas.registry import load_registry
from cloud.database.engine import make_engine
from cloud.push.policy import PushPolicy
from cloud.push.runner import Runner
from cloud.webhooks.worker import Worker


async def work(ahead: timedelta) -> None:
    engine = make_engine(make_url(os.environ["PUSH_TEST_URL"]), pool_size=4)
    start = datetime.fromisoformat(os.environ["PUSH_TEST_CLOCK"])
    async with engine.connect() as connection:
        registry = await load_registry(connection)
    policy = PushPolicy.model_validate(json.loads(os.environ["PUSH_TEST_POLICY"]))
    began = asyncio.get_running_loop().time()

    def now() -> datetime:
        return start + ahead + timedelta(seconds=asyncio.get_running_loop().time() - began)

    Runner(engine, lambda: registry, lambda: policy, now, lambda: None).start()
    Worker(engine, lambda: registry, now, to_private=True).start()
    await asyncio.Event().wait()


def main() -> None:
    started: list[int] = []
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(work(timedelta(seconds=float(line))))
        started.append(pid)
        print(pid, flush=True)
    for pid in started:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
