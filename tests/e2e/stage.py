"""The real cloud on the shipped street, with its people and policies, as a process: for tests of the pages.

Run it to look at them: `python -m tests.e2e.stage`; it prints where, and who to log in as.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import httpx

from devices.site.load import load_site
from simulators.broker import free_port
from simulators.patrol import log_ins
from tests.e2e.fake_street import SCENES, SITE
from tests.e2e.processes import Process, until
from tests.e2e.stage_alarms import Nodes, Raised

PATIENCE = 120.0


class Stage:
    """One cloud with a database of its own; `nodes` raises alarms, `log_in` is a person without a browser."""

    def __init__(self, *, port: int | None = None, page: Path | None = None, seeded: bool = True) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="gridwatch-stage-"))
        self.site = load_site(SITE)
        self.port = port or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._page = page
        self.start()
        try:
            self._furnish(seeded)
        except BaseException:
            self.cloud.end()
            raise

    def _furnish(self, seeded: bool) -> None:
        lines = (self.directory / "tokens.txt").read_text(encoding="utf-8").splitlines()
        self.tokens = dict(line.split() for line in lines if line)
        self.passwords = log_ins(self.directory / "cloud" / "users.txt")
        self.nodes = Nodes(self.site, self.origin, self.tokens)
        self.raised: dict[str, Raised] = {}
        if seeded:
            self.seed()

    def start(self) -> None:
        """Bring the cloud up, or up again on what it kept."""
        words = ["cloud", "--site", str(SITE), "--state", str(self.directory / "cloud")]
        words += ["--tokens", str(self.directory / "tokens.txt"), "--port", str(self.port)]
        words += ["--people", str(SITE.with_name("people.csv"))]
        if self._page:
            words += ["--page", str(self._page)]
        self.cloud = Process(self.directory / "cloud.log", *words)
        until(self._ready, PATIENCE, "the cloud is ready")

    def seed(self) -> None:
        """A dozen alarms at points of the street, all devices well."""
        self.nodes.all_well()
        for scene in SCENES:
            if scene.condition == "open" and scene.state not in ("closed", "false_alarm"):
                self.raised[scene.point] = self.nodes.raise_alarm(scene)

    def log_in(self, username: str) -> httpx.Client:
        """A session of that person; requests carry its token."""
        client = httpx.Client(base_url=f"{self.origin}/api/v1", timeout=60)
        who = {"username": username, "password": self.passwords[username]}
        answer = client.post("/session", json=who)
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def incident(self, who: httpx.Client, point: str) -> dict[str, Any]:
        """The newest case at that point."""
        found = who.get("/incidents", params={"state": "all", "limit": 100}).json()["items"]
        return next(one for one in found if one["point"] and one["point"]["id"] == point)

    def stop(self) -> None:
        """End the cloud, its database and all it kept."""
        self.nodes.close()
        self.cloud.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _ready(self) -> bool:
        assert self.cloud.process.poll() is None, self.cloud.text[-3000:]
        try:
            return httpx.get(f"{self.origin}/readyz").status_code == 200
        except httpx.TransportError:
            return False


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="where to serve (any free port)")
    parser.add_argument("--page", type=Path, help="the built page (cloud/web/dist)")
    parser.add_argument("--empty", action="store_true", help="without the dozen alarms")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stage = Stage(port=options.port, page=options.page, seeded=not options.empty)
    print(stage.origin, flush=True)
    for name, password in stage.passwords.items():
        print(f"  {name:12} {password}", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        stage.stop()


if __name__ == "__main__":
    main()
