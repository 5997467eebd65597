"""`gridwatch cloud` as a process of its own, for tests that kill it or go by its commands."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

from simulators.broker import free_port

ROOT = Path(__file__).parents[2]


class Cloud:
    """`gridwatch cloud` in its own process group, with its state and site file under `directory`."""

    def __init__(self, directory: Path, site: Any) -> None:
        self.directory = directory
        self.site = directory / "site.yaml"
        self.site.write_text(yaml.safe_dump(site.model_dump(mode="json", exclude_defaults=True)))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None
        self.output = ""

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "gridwatch", "cloud", *words]

    def start(self) -> None:
        words = ["--site", str(self.site), "--state", str(self.directory / "state"), "--port", str(self.port)]
        self.process = subprocess.Popen(
            self.command(*words, "--tokens", str(self.directory / "tokens")),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while True:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline, "the cloud does not get ready"
            time.sleep(0.05)

    def end(self, sig: signal.Signals) -> tuple[int, float]:
        """Send the signal, wait; exit code and seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(sig)
        self.output += self.process.communicate(timeout=120)[0]
        code, self.process = self.process.returncode, None
        return code, time.monotonic() - began

    def token(self, node: str = "n1") -> str:
        lines = (self.directory / "tokens").read_text().splitlines()
        return dict(line.split() for line in lines)[node]

    def log_in(self) -> httpx.Client:
        lines = (self.directory / "state" / "users.txt").read_text().splitlines()[1:]
        password = {line.split()[0]: line.split()[1] for line in lines}["leader"]
        body = {"username": "leader", "password": password}
        answer = httpx.post(f"{self.url}/api/v1/session", json=body, timeout=60)
        assert answer.status_code == 200
        return httpx.Client(base_url=f"{self.url}/api/v1", cookies=answer.cookies, timeout=60)

    @property
    def postmaster(self) -> int:
        return int((self.directory / "state" / "pg" / "postmaster.pid").read_text().splitlines()[0])


def send(cloud: Cloud, events: list[Any]) -> dict[str, Any]:
    body = "[" + ",".join(event.model_dump_json() for event in events) + "]"
    headers = {"Authorization": f"Bearer {cloud.token()}"}
    answer = httpx.post(f"{cloud.url}/api/v1/ingest", content=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
