"""A running `gridwatch demo` as a person at keyboard and wall has it, with a hand on its processes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from simulators.errors import PatrolError, SimulatorsError
from simulators.install import Ports, free_ports
from simulators.orders import order
from simulators.patrol import Patrol, log_ins
from tests.e2e.processes import ROOT, Process, until

CAMERAS = 38
SITE = ROOT / "examples" / "street" / "site.yaml"
BIKES = "05-06-081"
PARTS = ("broker", "cloud", "postgres", "street", "edge-n1")
Incident = dict[str, Any]


def free_shift(cameras: int = CAMERAS) -> int:
    """How far to move all ports so that they are free.

    Well away from a demo that runs by hand, and never what another worker may be about to take.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for shift in range(2000 + 100 * worker, 10_000, 100 * workers):
        with contextlib.suppress(SimulatorsError):
            free_ports(cameras, shift)
            return shift
    raise AssertionError("no free ports on this machine")


class DemoProcess:
    """The demo in a state directory; can be killed and started again."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.starts = 0
        self.printed_at = 0.0
        """When the wall's address was printed, by the monotonic clock."""
        self.printed_after = 0.0
        """Seconds from the start of the command to that."""

    def start(self, within: float = 240) -> None:
        began = time.monotonic()
        self.starts += 1
        self.shift = free_shift()
        self.process = Process(
            self.state.with_name(f"{self.state.name}-{self.starts}.log"),
            *("demo", "--site", str(SITE), "--state", str(self.state), "--shift", str(self.shift)),
        )
        address = self.process.says(r"The wall:  (\S+)", within)[1]
        self.printed_at = time.monotonic()
        self.printed_after = self.printed_at - began
        self.address = address.rstrip("/")
        self.users = log_ins(self.state / "cloud" / "users.txt")
        self.patrol = Patrol(address, "operator", self.users["operator"])

    @property
    def runs(self) -> bool:
        return self.starts > 0 and self.process.process.poll() is None

    def fresh(self) -> None:
        """Make it one whose address was printed just now: the story begins with that."""
        if not self.runs or time.monotonic() - self.printed_at > 5:
            self.stop()
            self.start()

    def stop(self) -> None:
        if self.runs:
            self.process.end()

    def order(self, text: str) -> str:
        return order(self.state / "street", text)

    def log(self, name: str) -> str:
        return (self.state / "logs" / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def pid(self, name: str) -> int:
        """Of a part as it runs now, out of what the demo prints."""
        if name == "postgres":
            return int((self.state / "cloud" / "pg" / "postmaster.pid").read_text().split()[0])
        found = re.findall(rf"^{name} +(?:pid|started again, pid) (\d+)", self.process.text, re.MULTILINE)
        return int(found[-1])

    def ports(self) -> list[int]:
        base = Ports(8420 + self.shift, 21883 + self.shift, 20554 + self.shift, 21001 + self.shift)
        return base.all(CAMERAS)

    def kill(self, name: str) -> None:
        """End a part as a power cut would, and wait for the next one of its name."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)

        def another() -> bool:
            with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
                return self.pid(name) != before
            return False

        until(another, 60, f"{name} is started again")

    def get(self, path: str) -> Any:
        """Ask the wall's API; None while it does not answer."""
        with contextlib.suppress(PatrolError):
            return self.patrol.get(path)
        return None

    def incidents(self, state: str = "open") -> list[Incident]:
        """All of them, in no particular order."""
        found: list[Incident] = []
        cursor = ""
        while True:
            page = self.patrol.get(f"/incidents?state={state}&limit=200{cursor}")
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    def incident_at(self, point: str, within: float, code: str = BIKES) -> Incident:
        """Wait for the open incident of that class at a point whose condition holds now."""

        def look() -> Incident | None:
            page = self.get("/incidents?state=open&limit=200")
            fitting = [
                one
                for one in (page or {"items": []})["items"]
                if (one["point"]["id"], one["event_class"]["code"]) == (point, code)
                and one["condition"]["state"] == "open"
            ]
            assert len(fitting) <= 1, f"{point} has {len(fitting)} open incidents of {code}"
            return fitting[0] if fitting else None

        return until(look, within, f"an incident {code} at {point}")

    def cameras_up(self, within: float) -> None:
        """Wait until every camera is up as the cloud has it, and every one is watched."""

        def all_up() -> bool:
            nodes = self.get("/nodes") or []
            with contextlib.suppress(SimulatorsError):
                return sum(node["cameras_up"] for node in nodes) == CAMERAS and self.order("watched") == "38"
            return False

        until(all_up, within, "all cameras are up")

    def missing(self) -> dict[str, int]:
        """Numbers that never came to the cloud, by node and series, where there are any."""
        return {
            f"{node['id']} {series}": line["missing"]
            for node in self.get("/nodes") or [{"id": "cloud", "ledger": {"all": {"missing": -1}}}]
            for series, line in node["ledger"].items()
            if line["missing"]
        }
