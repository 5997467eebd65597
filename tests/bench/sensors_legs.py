"""Gateways that take the bench's sensors: ours, and the best-known one in Python, each as its own process.

The peer is `thingsboard-gateway` out of PyPI with its durable store (SQLite), run by the Python that
`GRIDWATCH_PEER_TB` names (of an environment into which somebody installed it; never our set-up), with a
configuration of ours and without a way out of this machine.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from simulators.broker import RunningBroker, free_port, start_broker
from tests.bench.children import Child
from tests.bench.legs import NotRun
from tests.bench.sensors_load import PASSWORD, POINTS, QUANTITY, SENSORS, USER
from tests.bench.sensors_peer import configuration

PEER = "GRIDWATCH_PEER_TB"
"""Names the peer's Python."""
NODE = "n1"
ROOT = Path(__file__).parents[2]
USERS = {USER: PASSWORD}


class Gateway(Protocol):
    """One gateway between the broker of the sensors and a far end."""

    name: str
    version: str

    def start(self) -> None:
        """Run it, on what it kept."""

    def kill(self) -> None:
        """As a power cut would."""

    def far_end(self, *, up: bool) -> None:
        """Have the far end answer, or not."""

    def asked(self, least: float, number: int = 0) -> Mapping[str, Any]:
        """What the far end has (`sensors_sink`)."""

    def close(self) -> None:
        """End everything."""

    @property
    def pid(self) -> int:
        """Its process."""


class Process:
    """A gateway's process, its words in a file."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str], folder: Path) -> None:
        """Start it in `folder`."""
        with log.open("ab") as words:
            self.child = subprocess.Popen(
                command,
                env={**os.environ, **env},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
            )

    def kill(self) -> None:
        """SIGKILL."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()


class _Leg:
    """What the two have in common: a process, and who counts at the far end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._far = free_port()
        self._process: Process | None = None
        self._sink: Child | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.child.pid

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()

    def asked(self, least: float, number: int = 0) -> Mapping[str, Any]:
        """What the far end has."""
        assert self._sink is not None
        return self._sink.ask(f"{least} {number}")

    def _count(self, how: str) -> None:
        command = [sys.executable, "-m", "tests.bench.sensors_sink", how, str(self._far)]
        self._sink = Child(command, self._folder / "sink.log")
        self._sink.hear()

    def _count_no_more(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()


class Ours(_Leg):
    """`gridwatch edge` as it is installed, with a site of sensors alone and a rule for each."""

    name, version = "gridwatch", ""

    def __init__(self, folder: Path, broker: RunningBroker) -> None:
        """Write its site file."""
        super().__init__(folder)
        (folder / "site.yaml").write_text(json.dumps(site(broker.port, self._far)))

    def start(self) -> None:
        """Run it."""
        env = {"GRIDWATCH_NODE_TOKEN": "bench", "BENCH_USER": USER, "BENCH_PASSWORD": PASSWORD}
        file, state = self._folder / "site.yaml", self._folder / "state"
        command = [sys.executable, "-m", "gridwatch", "edge", "--site", str(file), "--node", NODE]
        command += ["--state", str(state)]
        self._process = Process(command, self._folder / "ours.log", env, ROOT)

    def far_end(self, *, up: bool) -> None:
        """A stand-in for the cloud's ingest."""
        if up:
            self._count("http")
        else:
            self._count_no_more()

    def close(self) -> None:
        """End it and its cloud."""
        self.kill()
        self._count_no_more()


class Peer(_Leg):
    """thingsboard-gateway, with a persistent session at the sensors' broker; a broker is its platform."""

    name = "thingsboard-gateway"

    def __init__(self, folder: Path, broker: RunningBroker) -> None:
        """Write its configuration.

        Raises:
            NotRun: nobody installed it here.
        """
        super().__init__(folder)
        self._python = os.environ.get(PEER, "")
        if not self._python:
            raise NotRun(f"{PEER} names no Python that has thingsboard-gateway")
        self.version = _version(self._python)
        self._platform: RunningBroker | None = None
        for name in ("config", "logs", "data"):
            (folder / name).mkdir()
        for name, content in configuration(broker.port, self._far, folder / "data").items():
            (folder / "config" / name).write_text(json.dumps(content))

    def start(self) -> None:
        """Run it."""
        env = {
            "TB_GW_CONFIG_DIR": str(self._folder / "config"),
            "PYTHONPATH": str(Path(__file__).parent / "loopback_only"),
        }
        command = [self._python, "-c", "from thingsboard_gateway.tb_gateway import main; main()"]
        self._process = Process(command, self._folder / "peer.log", env, self._folder)

    def far_end(self, *, up: bool) -> None:
        """A broker in the platform's place, and who counts there."""
        if not up:
            assert self._platform is not None
            self._platform.stop()
        elif self._platform is None:
            self._platform = start_broker(self._folder / "platform", USERS, self._far, "mosquitto")
            self._count("mqtt")
        else:
            self._platform.restart()

    def close(self) -> None:
        """End it and its platform."""
        self.kill()
        self._count_no_more()
        if self._platform is not None:
            self._platform.stop()


def _version(python: str) -> str:
    asked = "import importlib.metadata as m, thingsboard_gateway; print(m.version('thingsboard-gateway'))"
    try:
        found = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        raise NotRun(f"{PEER}: {python} has no thingsboard-gateway") from None
    return found.stdout.strip()


def site(broker: int, cloud: int) -> dict[str, object]:
    """A site file's content: all sensors of the load on one node, each with a rule that nothing breaks."""

    def called(name: str) -> dict[str, str]:
        return {"zh": name, "en": name}

    rule = {
        "kind": "threshold", "id": "high", "event_class": "05-06", "quantity": QUANTITY,
        "above": 450, "clear": 400, "hold": "30 s",
    }  # fmt: skip
    points = [
        {
            "id": point, "name": called(point), "node": NODE, "grid": "G1",
            "position": {"lon": 120, "lat": 30},
            "sensors": [
                {"id": name, "name": called(name), "kind": "water_level", "rules": [rule]}
                for name, where in SENSORS.items()
                if where == point
            ],
        }
        for point in POINTS
    ]  # fmt: skip
    return {
        "version": 1,
        "name": called("bench"),
        "broker": {"port": broker, "credentials": "BENCH"},
        "uplink": {"url": f"http://127.0.0.1:{cloud}"},
        "event_classes": [{"code": "05-06", "name": called("water")}],
        "nodes": [{"id": NODE, "name": called("bench")}],
        "points": points,
    }
