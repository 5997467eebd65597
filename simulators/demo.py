"""`gridwatch demo`: everything on this machine, each part a process of its own.

broker, cloud (with its embedded PostgreSQL), the simulated street and the edge nodes; then the address
to open and who to log in as. What was kept in the state directory is found again the next time.
"""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from devices.errors import SiteError
from simulators.broker import answers, broker_command
from simulators.errors import DemoError, SimulatorsError
from simulators.install import HOST, Install, install
from simulators.messages import MessageWindow, addresses, names_of
from simulators.news import News, told
from simulators.orders import order, takes_orders
from simulators.patrol import Patrol, log_ins
from simulators.progress import Teller
from simulators.script import forget_script
from simulators.supervisor import Program, Supervisor, tail

PATIENCE = 240.0
"""Seconds for one part to come up; the first start encodes the street's scenes."""
SETTLE = 45.0
"""Seconds for all cameras to deliver; then the address is printed all the same."""
_STAMP = re.compile(r"^\S+ \S+ (?:INFO|WARNING|ERROR) ")
"""What a line of our logs begins with."""
TICK = 0.25
"""Seconds between two looks at the processes."""


class Demo:
    """One demonstration."""

    def __init__(self, made: Install, teller: Teller) -> None:
        """Nothing runs before `start`."""
        self._made = made
        self._teller = teller
        self._stopping = threading.Event()
        self._supervisor = Supervisor(made.state / "logs", teller.say)
        self._street = made.state / "street"
        self._tokens = made.state / "tokens.txt"
        self._users = made.state / "cloud" / "users.txt"
        self._window: MessageWindow | None = None

    def start(self) -> News:
        """Bring everything up, let the street's script begin, and print where to look; an ear at the wall.

        Raises:
            SimulatorsError: a part did not come up, or `stop` was called meanwhile.
        """
        began = time.monotonic()
        made, say = self._made, self._teller.say
        forget_script(self._street)
        file, names = made.state / "messages.jsonl", names_of(made.site, made.site_file.parent)
        zone = ZoneInfo(made.site.timezone)
        self._window = MessageWindow(file, HOST, made.ports.messages, names, zone)
        parts = {"broker": self._broker(), "cloud": self._cloud(), "street": self._simulate()}
        for program, _ in parts.values():
            self._supervisor.start(program)
        for name, (_, ready) in parts.items():
            self._await(name, ready)
        for program in self._nodes():
            self._supervisor.start(program)
            self._say_pid(program.name)
        users = log_ins(self._users)
        name, password = next(iter(users.items()))
        news = News(Patrol(made.address, name, password), time.monotonic)
        self._settle(news)
        order(self._street, "begin")
        say(f"everything is up in {time.monotonic() - began:.1f} s")
        say(f"\n  The wall:  {made.address}")
        say(f"  Messages:  {self._window.address}\n")
        for name, password in users.items():
            say(f"  Log in as  {name:11} {password}")
        say(f"\n  Logs in {made.state / 'logs'}; end with Ctrl-C.\n")
        return news

    def watch(self, news: News) -> None:
        """Until `stop`: keep everything running, and say when the first incident stands on the wall."""
        since, began = datetime.now(UTC), time.monotonic()
        first: dict[str, Any] | None = None
        while not self._stopping.wait(TICK):
            self._supervisor.check()
            if first is None and (first := news.incident(since)) is not None:
                self._teller.say(f"on the wall after {time.monotonic() - began:.0f} s: {told(first)}")

    def stop(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._stopping.set()

    def close(self) -> None:
        """End everything, the last started first."""
        self._supervisor.stop()
        if self._window is not None:
            self._window.close()

    def _broker(self) -> tuple[Program, Callable[[], bool]]:
        """The program, and how it shows that it is there; so for the others."""
        made = self._made
        name = made.site.broker.credentials
        users = {} if name is None else {made.secrets[f"{name}_USER"]: made.secrets[f"{name}_PASSWORD"]}
        command = broker_command(made.state / "broker", made.ports.broker, users)
        return Program("broker", command), lambda: answers(made.ports.broker)

    def _cloud(self) -> tuple[Program, Callable[[], bool]]:
        made = self._made
        command = self._word("cloud", "--state", str(made.state / "cloud"), "--tokens", str(self._tokens))
        command += ["--host", HOST, "--port", str(made.ports.cloud)]
        people = made.site_file.with_name("people.csv")
        if people.exists():
            command += ["--people", str(people)]
        assert self._window is not None, "the cloud is told where to send"
        messages = addresses(made.push, made.site, self._window.address)
        return Program("cloud", command, messages), lambda: _is_ready(made.address)

    def _simulate(self) -> tuple[Program, Callable[[], bool]]:
        command = self._word("simulate", "--state", str(self._street), "--wait")
        command += ["--rtsp-port", str(self._made.ports.rtsp)]
        return Program("street", command, self._made.secrets), lambda: takes_orders(self._street)

    def _nodes(self) -> list[Program]:
        lines = self._tokens.read_text(encoding="utf-8").splitlines()
        tokens = dict(line.split() for line in lines if line)
        state = self._made.state / "edge"
        return [
            Program(
                f"edge-{node.id}",
                self._word("edge", "--node", node.id, "--state", str(state / node.id)),
                {**self._made.secrets, "GRIDWATCH_NODE_TOKEN": tokens[node.id]},
            )
            for node in self._made.site.nodes
        ]

    def _word(self, word: str, *more: str) -> list[str]:
        """One of our own commands on this site."""
        return [sys.executable, "-m", "gridwatch", word, "--site", str(self._made.site_file), *more]

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        """Wait until a part is there.

        Raises:
            DemoError: it ended or took too long, or `stop` was called.
        """
        running = self._supervisor.running[name]
        log = self._supervisor.log(name)
        while not ready():
            waited = time.monotonic() - running.since
            if running.process.poll() is not None or waited > PATIENCE:
                raise DemoError("\n  ".join([f"{name} did not come up; {log} ends with", *tail(log, 3)]))
            self._pause(f"while {name} came up")
            self._teller.progress(f"{name} … {_STAMP.sub('', ' '.join(tail(log, 1)))[:100]}")
        self._say_pid(name)

    def _settle(self, news: News) -> None:
        """Wait until every camera delivers, for a while.

        A status from before this start says little: what counts is that the street is watched, too.

        Raises:
            DemoError: `stop` was called.
        """
        until = time.monotonic() + SETTLE
        up, cameras = 0, 0
        while time.monotonic() < until and (not cameras or up < cameras):
            if (heard := news.cameras()) is not None:
                up, cameras = min(heard[0], int(order(self._street, "watched"))), heard[1]
            self._teller.progress(f"cameras … {up} of {cameras or '?'} deliver pictures")
            self._supervisor.check()
            self._pause("while the cameras came up")
        self._teller.say(f"cameras  {up} of {cameras} deliver pictures")

    def _pause(self, when: str) -> None:
        if self._stopping.wait(TICK):
            raise DemoError(f"interrupted {when}")

    def _say_pid(self, name: str) -> None:
        running = self._supervisor.running[name]
        took = time.monotonic() - running.since
        self._teller.say(f"{name:8} pid {running.process.pid}, {took:.1f} s")


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}readyz", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--site", type=Path, default=Path("examples/street/site.yaml"), help="the site file")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("var/demo"),
        metavar="DIR",
        help="where all is kept (%(default)s)",
    )
    parser.add_argument(
        "--shift", type=int, metavar="N", help="move all ports by N; unless told, as far as they are free"
    )


def run(options: argparse.Namespace) -> int:
    """Run the demonstration until SIGINT or SIGTERM; 1 with a clear line when it does not come up."""
    logging.basicConfig(level=logging.WARNING)
    teller = Teller(sys.stdout)
    try:
        demo = Demo(install(options.site, options.state, options.shift), teller)
    except (SiteError, SimulatorsError) as error:
        print(f"gridwatch demo: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: demo.stop())
    try:
        demo.watch(demo.start())
    except SimulatorsError as error:
        print(f"gridwatch demo: {error}", file=sys.stderr)
        return 1
    finally:
        teller.say("ending …")
        demo.close()
    return 0
