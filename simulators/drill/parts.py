"""The processes of a drill: broker, cloud with its database, cameras and nodes, by `gridwatch` words."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devices.site.edit import dump_site, with_ports
from devices.site.model import Camera, Site
from simulators.broker import HOST, answers, broker_command, free_port
from simulators.drill.links import Link, Links
from simulators.errors import DrillError
from simulators.orders import takes_orders
from simulators.supervisor import Program, Supervisor

OFFSET_FILE = "GRIDWATCH_CLOCK_OFFSET_FILE"
"""The nodes' own way to be told another wall clock (supervision)."""
PATIENCE = 120.0
"""Seconds for one part to come up; the first start may encode scenes."""
READY_WITHIN = 0.5
"""Seconds for the cloud to say that it is ready."""
TMPFS = "96m"
"""Size of a node's own disk: its quota of 64 MiB, and some."""
PASSWORD = "drill"  # noqa: S105 - everything lives for minutes on this machine's loopback address
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


@dataclass
class Parts:
    """Everything that runs. Used by one thread, the one that the processes die with."""

    state: Path
    site: Site
    prefix: Sequence[str]
    """What runs a word of ours: the interpreter and `-m gridwatch`, or a saboteur before it."""
    tell: Callable[[str], None]
    links: Links = field(default_factory=Links)
    lines: dict[tuple[str, str | None], Link] = field(default_factory=dict)
    """(target of a fault, node) -> line."""
    disks: dict[str, Path] = field(default_factory=dict)
    """Node -> the folder of its own small disk; empty where there is no right to mount one."""
    _orphans: set[int] = field(default_factory=set)
    _read: dict[str, int] = field(default_factory=dict)
    """Node -> how long its log was when it was killed last."""

    def __post_init__(self) -> None:
        """Choose ports; nothing runs yet. Orphans, such as the database, become ours to reap."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_SUBREAPER, 1)
        self.supervisor = Supervisor(self.state / "logs", self.tell)
        self.nodes = [node.id for node in self.site.nodes]
        self.cameras = [camera.id for point in self.site.points for camera in point.cameras]
        self._ports = {name: free_port() for name in ("cloud", "broker", "rtsp", *self.cameras)}
        ports = self._ports
        self.site = with_ports(
            self.site, broker=ports["broker"], cloud=ports["cloud"], rtsp=ports["rtsp"], onvif=0
        )
        self.site = self._cameras_with(lambda camera: {"port": ports[camera.id]})
        names = {camera.credentials for point in self.site.points for camera in point.cameras}
        names.add(self.site.broker.credentials)
        self.secrets = {
            f"{name}_{what}": PASSWORD for name in names if name is not None for what in ("USER", "PASSWORD")
        }

    @property
    def address(self) -> str:
        """Of the cloud itself, past all lines."""
        return f"http://{HOST}:{self._ports['cloud']}"

    @property
    def street(self) -> Path:
        """State of the simulated cameras."""
        return self.state / "street"

    def store(self, node: str) -> Path:
        """State of a node."""
        return self.state / "edge" / node

    def start(self) -> None:
        """Bring everything up, and the nodes to their broker.

        Raises:
            SimulatorsError: a part did not come up.
        """
        own = self.state / "site.yaml"
        own.write_text(dump_site(self.site), encoding="utf-8")
        tokens = self.state / "tokens.txt"
        cloud = [*self.prefix, "cloud", "--site", str(own), "--state", str(self.state / "cloud")]
        cloud += ["--tokens", str(tokens), "--host", HOST, "--port", str(self._ports["cloud"])]
        passwords = {PASSWORD: PASSWORD}
        begun = [
            Program("broker", broker_command(self.state / "broker", self._ports["broker"], passwords)),
            Program("cloud", cloud),
        ]
        if self.cameras:
            words = ["simulate", "--site", str(own), "--state", str(self.street), "--wait"]
            words += ["--rtsp-port", str(self._ports["rtsp"])]
            begun.append(Program("cameras", [sys.executable, "-m", "gridwatch", *words], self.secrets))
        for program in begun:
            self.supervisor.start(program)
        for program in begun:
            self._await(program.name)
        told = dict(line.split() for line in tokens.read_text(encoding="utf-8").splitlines() if line)
        for node in self.nodes:
            self.supervisor.start(self._node(node, told[node]))
        for node in self.nodes:
            self._await(node)

    def _node(self, node: str, token: str) -> Program:
        """A node behind lines of its own, on a small disk of its own where that can be had."""
        state = self.store(node)
        state.mkdir(parents=True, exist_ok=True)
        mounted = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS}", "gridwatch-drill", str(state)]
        if os.geteuid() == 0 and subprocess.run(mounted, check=False, capture_output=True).returncode == 0:  # noqa: S603
            self.disks[node] = state
        for target, port in (("link_cloud", "cloud"), ("link_broker", "broker"), ("link_cameras", "rtsp")):
            self.lines[target, node] = self.links.open(f"{target} {node}", self._ports[port])
        rtsp = self.lines["link_cameras", node].port
        site = self._cameras_with(lambda one: {"stream_uri": f"rtsp://{HOST}:{rtsp}/{one.id}/main"})
        site = site.model_copy(
            update={
                "uplink": site.uplink.model_copy(
                    update={"url": f"http://{HOST}:{self.lines['link_cloud', node].port}"}
                ),
                "broker": site.broker.model_copy(update={"port": self.lines["link_broker", node].port}),
            }
        )
        file = self.state / f"site-{node}.yaml"
        file.write_text(dump_site(site), encoding="utf-8")
        self.offset(node, 0.0)
        words = [*self.prefix, "edge", "--site", str(file), "--site-local"]
        words += ["--node", node, "--state", str(state)]
        env = {**self.secrets, "GRIDWATCH_NODE_TOKEN": token, OFFSET_FILE: str(self._offset_file(node))}
        return Program(node, words, env)

    def _cameras_with(self, changed: Callable[[Camera], dict[str, object]]) -> Site:
        points = tuple(
            point.model_copy(
                update={"cameras": tuple(one.model_copy(update=changed(one)) for one in point.cameras)}
            )
            for point in self.site.points
        )
        return self.site.model_copy(update={"points": points})

    def offset(self, node: str, seconds: float) -> None:
        """Set a node's wall clock so far from the machine's."""
        part = self._offset_file(node).with_suffix(".part")
        part.write_text(str(seconds), encoding="utf-8")
        part.replace(self._offset_file(node))

    def _offset_file(self, node: str) -> Path:
        return self.state / f"clock-{node}.txt"

    def pids(self, name: str) -> list[int]:
        """The processes of a part, the first first; empty while it is down."""
        if name == "database":
            return self._database()
        process = self.supervisor.running[name].process
        return [process.pid] if process.poll() is None else []

    def kill(self, name: str, down: float) -> None:
        """End a part as a power cut would; it comes back after `down` seconds, the database by the cloud."""
        pids = self.pids(name)
        if name in self.nodes:
            self._read[name] = self.supervisor.log(name).stat().st_size
        if name == "database":
            os.kill(pids[0], signal.SIGKILL)
            self._orphans |= set(pids)
            return
        running = self.supervisor.running[name]
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
        running.again_at = time.monotonic() + down

    def ready(self, name: str) -> bool:
        """Whether a part does its work; a node: whether it had its broker since it was killed last."""
        if name in self.nodes:
            text = self.supervisor.log(name).read_bytes()[self._read.get(name, 0) :]
            return b"broker up" in text
        if not self.pids(name):
            return False
        if name == "broker":
            return answers(self._ports["broker"])
        return takes_orders(self.street) if name == "cameras" else self._cloud_is_ready()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Stop or continue all processes of a part."""
        for pid in self.pids(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def tend(self) -> None:
        """Start again what is to be; often."""
        self.supervisor.check()
        for pid in list(self._orphans):
            try:
                ended, _ = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue  # not ours yet: its parent lives, or it is gone
            if ended:
                self._orphans.discard(pid)

    def database_socket(self) -> Path:
        """The folder of the database's Unix socket.

        Raises:
            DrillError: the database is down.
        """
        lines = self._postmaster()
        if len(lines) < 5:
            raise DrillError("the cloud's database is down")
        return Path(lines[4])

    def _postmaster(self) -> list[str]:
        try:
            return (self.state / "cloud" / "pg" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _database(self) -> list[int]:
        lines = self._postmaster()
        if not lines or not _lives(first := int(lines[0])):
            return []
        return [first, *_children(first)]

    def end_nodes(self) -> None:
        """End all nodes in order, so that their stores stand still."""
        for node in self.nodes:
            self.supervisor.running[node].process.terminate()
        for node in self.nodes:
            running = self.supervisor.running.pop(node)
            try:
                running.process.wait(15)
            except subprocess.TimeoutExpired:
                self.tell(f"{node} does not end; killed")
                running.process.kill()
                running.process.wait()

    def close(self) -> None:
        """End everything; small disks are given back with all that is on them."""
        self.supervisor.stop()
        self.links.close()
        for state in self.disks.values():
            subprocess.run(["umount", "-l", str(state)], check=False, capture_output=True)  # noqa: S603, S607

    def _cloud_is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=READY_WITHIN) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _await(self, name: str) -> None:
        until = time.monotonic() + PATIENCE
        while not self.ready(name):
            process = self.supervisor.running[name].process
            if process.poll() is not None or time.monotonic() > until:
                tail = (
                    self.supervisor.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
                )
                raise DrillError("\n  ".join([f"{name} did not come up; its log ends with", *tail]))
            time.sleep(0.1)


def _lives(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"])


def _stat(pid: int) -> list[str]:
    """State, parent and the rest of /proc/PID/stat (proc(5)); empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _children(parent: int) -> list[int]:
    pids = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    return [pid for pid in pids if _stat(pid)[1:2] == [str(parent)]]
