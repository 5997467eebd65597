"""`python -m tests.cloud.deadline_process_for_tests`: workers on the database named by DEADLINE_TEST_URL.

Each line on standard input starts one in a process of its own and is answered with its id. They are forked,
so that the modules are imported once. They end with standard input.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.engine import make_engine
from cloud.deadlines.store import Deadline
from cloud.deadlines.worker import Worker

DONE = text("INSERT INTO done VALUES (:key, :pid)")


async def effect(connection: AsyncConnection, one: Deadline, _: datetime) -> None:
    """Written in the middle of a transaction that takes its time, and says whose it is."""
    await connection.execute(DONE, {"key": one.key, "pid": os.getpid()})
    await connection.execute(text(f"SELECT pg_sleep(0.004) /* {os.getpid()} */"))


async def work() -> None:
    engine = make_engine(make_url(os.environ["DEADLINE_TEST_URL"]), pool_size=2)
    await Worker(engine, tuple, {"x": effect}, lambda: datetime.now(UTC), lambda: None).start()


def main(run: Callable[[], Coroutine[Any, Any, None]] = work) -> None:
    started: list[int] = []
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(run())
        started.append(pid)
        print(pid, flush=True)
    for pid in started:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
