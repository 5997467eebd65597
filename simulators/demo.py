"""`gridwatch demo`: everything on this machine, each part a process of its own.

broker, cloud (with its embedded PostgreSQL), the simulated street and the edge nodes; then the address
to open and who to log in as. What was kept in the state directory is found again the next time.
"""

from __future__ import annotations

import argparse
import json
import logging
import secrets
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from devices.errors import SiteError
from devices.site.edit import dump_site, with_ports
from devices.site.load import load_site
from devices.site.model import Site
from simulators.broker import answers, broker_command
from simulators.errors import SimulatorsError
from simulators.supervisor import Program, Supervisor

HOST = "127.0.0.1"
CLOUD, BROKER, RTSP, ONVIF = 8420, 21883, 20554, 21001
"""Ports of the shipped street."""
SHIFT = 100
"""Ports are tried this much further on where one is taken."""
PATIENCE = 180.0
"""Seconds for one part to come up; the first start encodes the street's scenes."""
TICK = 0.5


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens; camera i has `onvif + i`."""

    cloud: int
    broker: int
    rtsp: int
    onvif: int

    def all(self, cameras: int) -> list[int]:
        """Every port."""
        return [self.cloud, self.broker, self.rtsp, *range(self.onvif, self.onvif + cameras)]


class DemoFailed(SimulatorsError):
    """A part did not come up; the text says which and where its log is."""


class Demo:
    """One demonstration."""

    def __init__(self, site_file: Path, state: Path, base: int | None) -> None:
        """Choose ports, write the site and the secrets.

        Raises:
            SimulatorsError: no ports are free, or no broker is installed.
            SiteError: the site file is wrong.
        """
        site = load_site(site_file)
        self._state = state
        state.mkdir(parents=True, exist_ok=True)
        cameras = sum(len(point.cameras) for point in site.points)
        self.ports = _free_ports(cameras, base)
        ports = self.ports
        self.site = with_ports(
            site, broker=ports.broker, cloud=ports.cloud, rtsp=ports.rtsp, onvif=ports.onvif
        )
        self._site_file = state / "site.yaml"
        self._site_file.write_text(dump_site(self.site), encoding="utf-8")
        self._secrets = _secrets(state / "secrets.json", self.site)
        self._stopping = threading.Event()
        self._supervisor = Supervisor(state / "logs", _say)

    @property
    def address(self) -> str:
        """Where the wall is."""
        return f"http://{HOST}:{self.ports.cloud}/"

    def start(self) -> None:
        """Bring everything up, in order.

        Raises:
            DemoFailed: a part did not come up.
        """
        began = time.monotonic()
        program = [sys.executable, "-m", "gridwatch"]
        site = ["--site", str(self._site_file)]
        user = self._secrets["STREET_MQTT_USER"]
        broker = broker_command(
            self._state / "broker", self.ports.broker, {user: self._secrets["STREET_MQTT_PASSWORD"]}
        )
        self._bring(Program("broker", broker), lambda: answers(self.ports.broker))
        tokens = self._state / "tokens.txt"
        cloud = [*program, "cloud", *site, "--state", str(self._state / "cloud"), "--host", HOST]
        cloud += ["--port", str(self.ports.cloud), "--tokens", str(tokens)]
        self._bring(Program("cloud", cloud), self._cloud_is_ready)
        street = [*program, "simulate", *site, "--state", str(self._state / "street")]
        street += ["--rtsp-port", str(self.ports.rtsp)]
        self._bring(Program("street", street, self._secrets), lambda: _listens(self.ports.rtsp))
        given = dict(line.split() for line in tokens.read_text(encoding="utf-8").splitlines() if line)
        for node in self.site.nodes:
            command = [*program, "edge", *site, "--node", node.id]
            command += ["--state", str(self._state / "edge" / node.id)]
            env = {**self._secrets, "GRIDWATCH_NODE_TOKEN": given[node.id]}
            self._bring(Program(f"edge-{node.id}", command, env), lambda: True)
        _say(f"everything started in {time.monotonic() - began:.1f} s")

    def _bring(self, program: Program, ready: Callable[[], bool]) -> None:
        """Start one part and wait until it is there."""
        began = time.monotonic()
        self._supervisor.start(program)
        running = self._supervisor.running[program.name]
        log = self._supervisor.log(program.name)
        told = 0.0
        while not ready():
            waited = time.monotonic() - began
            if running.process.poll() is not None or waited > PATIENCE:
                last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
                raise DemoFailed("\n  ".join([f"{program.name} did not come up; {log} ends with", *last]))
            if self._stopping.wait(0.1):
                raise DemoFailed(f"interrupted while {program.name} came up")
            if waited - told > 5:
                told = waited
                _say(f"{program.name} … {_last_line(log)}")
        _say(f"{program.name:8} pid {running.process.pid}, {time.monotonic() - began:.1f} s")

    def _cloud_is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}readyz", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def log_ins(self) -> Iterator[str]:
        """Who can log in, one line each."""
        file = self._state / "cloud" / "users.txt"
        for line in file.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield line

    def watch(self) -> None:
        """Until `stop`: keep everything running."""
        while not self._stopping.wait(TICK):
            self._supervisor.check()

    def stop(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._stopping.set()

    def close(self) -> None:
        """End everything, the last started first."""
        self._supervisor.stop()


def _secrets(file: Path, site: Site) -> dict[str, str]:
    """Log-ins of cameras and broker, random for each install, kept for the next start."""
    names = {camera.credentials for point in site.points for camera in point.cameras}
    names.add(site.broker.credentials)
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for name in sorted(one for one in names if one is not None):
        kept.setdefault(f"{name}_USER", name.lower().replace("_", "-"))
        kept.setdefault(f"{name}_PASSWORD", secrets.token_urlsafe(18))
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return kept


def _free_ports(cameras: int, base: int | None) -> Ports:
    """The street's own ports, or those a step further on, until all are free.

    Raises:
        SimulatorsError: none of twenty sets is free.
    """
    shifts = [base] if base is not None else range(0, 20 * SHIFT, SHIFT)
    for shift in shifts:
        ports = Ports(CLOUD + shift, BROKER + shift, RTSP + shift, ONVIF + shift)
        if not any(_listens(port) for port in ports.all(cameras)):
            return ports
    taken = f"{CLOUD}, {BROKER}, {RTSP}, {ONVIF}"
    raise SimulatorsError(f"ports {taken} and their neighbours are taken; end what uses them")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][-100:] if lines else ""


def _say(text: str) -> None:
    print(text, flush=True)


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
    """Run the demonstration until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.WARNING)
    try:
        demo = Demo(options.site, options.state, options.shift)
    except (SiteError, SimulatorsError) as error:
        print(f"gridwatch demo: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: demo.stop())
    try:
        demo.start()
        _say(f"\n  The wall:  {demo.address}")
        for line in demo.log_ins():
            _say(f"  Log in as  {line}")
        _say(f"\n  Logs in {options.state / 'logs'}; end with Ctrl-C.\n")
        demo.watch()
    except DemoFailed as error:
        print(f"gridwatch demo: {error}", file=sys.stderr)
        return 1
    finally:
        _say("ending …")
        demo.close()
    return 0
