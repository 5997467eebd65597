"""Several `gridwatch cloud` processes on one PostgreSQL, killed, stopped for a while and started anew.

`python -m tests.cloud.processes_for_tests [WITHOUT]` is what they are forked from, so that modules are
imported once: each line on its standard input is a log file and the words after `gridwatch`, as JSON, and is
answered with a process id. They end with standard input. `WITHOUT` names a protection that they have not.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import yaml
from sqlalchemy import URL, select, text

import gridwatch
from cloud.database.schema import deadline
from simulators.broker import free_port

ROOT = Path(__file__).parents[2]
READY_WITHIN = 120.0


@dataclass
class Process:
    """One of them; `pid` 0: it is dead."""

    port: int
    log: Path
    pid: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Clouds:
    """`count` processes over the database at `url`, which is prepared; their files are in `directory`."""

    def __init__(
        self,
        directory: Path,
        url: URL,
        site: Any,
        tokens: dict[str, str],
        policies: dict[str, Any],
        environment: dict[str, str],
        count: int = 3,
        without: str = "",
    ) -> None:
        self._words = ["cloud", "--state", str(directory), "--site", str(directory / "site.yaml")]
        self._words += ["--tokens", str(directory / "tokens")]
        files = {"site": site.model_dump(mode="json", exclude_defaults=True)} | policies
        for name, content in files.items():
            (directory / f"{name}.yaml").write_text(yaml.safe_dump(content))
        (directory / "tokens").write_text("".join(f"{node} {token}\n" for node, token in tokens.items()))
        address = f"postgresql://{url.username}@/{url.database}?host={url.query['host']}"
        self._starter = subprocess.Popen(
            [sys.executable, "-m", "tests.cloud.processes_for_tests", *([without] if without else [])],
            cwd=ROOT,
            env=os.environ | {"GRIDWATCH_DATABASE_URL": address} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.all = [Process(free_port(), directory / f"cloud{n}.log") for n in range(count)]

    async def start(self, *those: Process) -> None:
        """Start these at once, and wait until they serve."""
        for one in those:
            one.pid = await asyncio.to_thread(self._fork, one)
        await asyncio.gather(*(self._ready(one) for one in those))

    def _fork(self, one: Process) -> int:
        assert self._starter.stdin is not None
        assert self._starter.stdout is not None
        words = [str(one.log), *self._words, "--port", str(one.port)]
        self._starter.stdin.write(json.dumps(words) + "\n")
        self._starter.stdin.flush()
        return int(self._starter.stdout.readline())

    async def _ready(self, one: Process) -> None:
        async with asyncio.timeout(READY_WITHIN), httpx.AsyncClient(base_url=one.url) as http:
            while True:
                try:
                    if (await http.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def kill(self, one: Process) -> None:
        """kill -9, and wait until its port is free."""
        os.kill(one.pid, signal.SIGKILL)
        while Path(f"/proc/{one.pid}").exists():  # noqa: ASYNC110, ASYNC240 - the kernel ends it
            await asyncio.sleep(0.01)
        one.pid = 0

    async def pause(self, one: Process, seconds: float) -> None:
        """Stopped in the middle of whatever it does, with its locks and transactions; then it goes on."""
        os.kill(one.pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(one.pid, signal.SIGCONT)

    def end(self) -> None:
        """Kill them all."""
        self._starter.communicate()


def main() -> None:
    """Fork what is asked for."""
    importlib.import_module("cloud.app")
    importlib.import_module("cloud.commands")
    if len(sys.argv) > 1:
        TAKEN_OUT[sys.argv[1]]()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    started: list[int] = []
    for line in sys.stdin:
        log, *words = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(log, words)
        started.append(pid)
        print(pid, flush=True)
    for pid in started:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _become(log: str, words: list[str]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(file, number)
    os._exit(gridwatch.main(words))


def _horizon() -> None:
    """The stream reads whatever is committed, and never comes back for what commits behind its cursor."""
    reader = importlib.import_module("cloud.stream.reader")
    reader._HORIZON = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")


def _place_lock() -> None:
    """Nobody waits for whoever decides about a place."""
    store = importlib.import_module("cloud.incidents.store")
    store._LOCK = text("SELECT k FROM unnest(CAST(:keys AS bigint[])) AS k")


def _skip_locked() -> None:
    """Who fires deadlines waits for who fires others."""
    _claim_with(lambda statement: statement.with_for_update())


def _claims() -> None:
    """What is due is fired by everybody who sees it."""
    _claim_with(lambda statement: statement)
    store = importlib.import_module("cloud.deadlines.store")

    async def settle(connection: Any, fired: Any, now: Any) -> set[str]:
        await store.cancel(connection, [one.key for one in fired])
        return {one.key for one in fired}

    store.settle = settle  # type: ignore[attr-defined]


def _claim_with(locked: Callable[[Any], Any]) -> None:
    store = importlib.import_module("cloud.deadlines.store")

    async def claim(connection: Any, now: Any, limit: int) -> list[Any]:
        due = select(deadline).where(deadline.c.look_at <= now).order_by(deadline.c.look_at).limit(limit)
        rows = await connection.execute(locked(due))
        return [store.Deadline(row.key, row.kind, row.due_at, row.incident_id, row.detail) for row in rows]

    store.claim = claim  # type: ignore[attr-defined]


TAKEN_OUT: dict[str, Callable[[], None]] = {
    "horizon": _horizon,
    "place_lock": _place_lock,
    "skip_locked": _skip_locked,
    "claims": _claims,
}
"""Protections by name, each with what takes it out of the process that calls it."""

if __name__ == "__main__":
    main()
