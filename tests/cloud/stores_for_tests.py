"""The real servers of telemetry as Debian brings them, each on a free port of the loopback address."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloud.telemetry.influx_settings import InfluxSettings, Server
from simulators.broker import free_port

WAIT = 60.0
PACKAGES = {"influxd": "influxdb", "victoria-metrics": "victoria-metrics"}
_INFLUX = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
"""


def command(name: str) -> str:
    """The server's program; without it nothing here is proven, so it is no reason to skip."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: apt-get install {PACKAGES[name]}")
    return found


@dataclass
class RealServer:
    """One that can be killed and started anew on the same files and port."""

    folder: Path
    kind: Server
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> InfluxSettings:
        return InfluxSettings(self.url, "gridwatch", "gridwatch", self.kind, token="x:y", timeout=30.0)

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL, stderr=log)
        until = time.monotonic() + WAIT
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                self.get("/ping")
                break
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < until, "it does not answer"
            time.sleep(0.02)
        if self.kind is Server.INFLUXDB_1:
            self.get("/query", q="CREATE DATABASE gridwatch", data=b"")

    def _command(self) -> list[str]:
        if self.kind is Server.INFLUXDB_1:
            config = self.folder / "influxdb.conf"
            config.write_text(_INFLUX.format(folder=self.folder, port=self.port, rpc=free_port()))
            return [command("influxd"), "-config", str(config)]
        return [
            command("victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-storageDataPath={self.folder / 'data'}",
            "-retentionPeriod=12",
            "-memory.allowedBytes=64MB",
            "-search.latencyOffset=0s",
            "-dedup.minScrapeInterval=1ms",
            "-loggerLevel=ERROR",
        ]

    def get(self, path: str, data: bytes | None = None, **query: str) -> bytes:
        """GET, or POST where there is `data`."""
        address = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(urllib.request.Request(address, data=data), timeout=30) as answer:
            body: bytes = answer.read()
            return body

    def settle(self) -> None:
        """VictoriaMetrics shows what it took only after seconds; it can be told to at once."""
        if self.kind is Server.VICTORIA:
            self.get("/internal/force_flush")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


@contextlib.contextmanager
def running(folder: Path, kind: Server) -> Iterator[RealServer]:
    server = RealServer(folder, kind)
    server.start()
    try:
        yield server
    finally:
        server.stop()
