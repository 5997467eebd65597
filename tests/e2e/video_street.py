"""A cloud, a node and some simulated cameras as real processes and sockets, for tests of live pictures."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

import httpx
from websockets.sync.client import ClientConnection, connect

from devices.site.edit import dump_site
from devices.site.model import Broker, Camera, EventClass, Names, Node, Point, Position, Site, Uplink
from devices.stream.fake import write_clip
from simulators.broker import free_port
from simulators.cameras.onvif import OnvifDevice, main_and_sub
from simulators.cameras.onvif_answers import SimulatedStream
from simulators.cameras.rtsp import Looping, Segment, Server, rtsp_in_thread
from simulators.patrol import log_ins
from tests.devices.onvif_peers import JPEG, simulated
from tests.e2e.processes import Process, until

NAME = Names(zh="街", en="Street")
PATIENCE = 120.0
RATE, GOP = 25, 50
H264, OTHER, H265, GONE, ALONE = "P01-C1", "P01-C2", "P01-C3", "P01-C4", "P01-C5"
SECOND = "P01-C3-second"
"""The H.264 stream of the camera whose first one is H.265."""


class VideoStreet:
    """One point: two H.264 cameras (one can be moved), two of H.265 (one has H.264, too), one not there."""

    def __init__(self, page: Path | None = None) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="gridwatch-video-"))
        self.page = page
        self._closing = ExitStack()
        self._people: dict[str, httpx.Client] = {}
        self._closing.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.cameras: Server = self._closing.enter_context(self._film())
        self.dome, self.newer = self._closing.enter_context(simulated(self._dome(), self._newer()))
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.site = self.directory / "site.yaml"
        self.site.write_text(dump_site(self._site()), encoding="utf-8")
        self.start_cloud()
        self.passwords = log_ins(self.directory / "cloud" / "users.txt")
        lines = (self.directory / "tokens.txt").read_text(encoding="utf-8").splitlines()
        self.tokens = dict(line.split() for line in lines if line)
        self.start_node()

    def start_cloud(self) -> None:
        """Bring the cloud up."""
        words = ["cloud", "--site", str(self.site), "--state", str(self.directory / "cloud")]
        words += ["--tokens", str(self.directory / "tokens.txt"), "--port", str(self.port)]
        if self.page:
            words += ["--page", str(self.page)]
        self.cloud = Process(self.directory / "cloud.log", *words)
        until(self._ready, PATIENCE, "the cloud is ready")

    def start_node(self) -> None:
        """Bring the node up; returns when its cameras deliver."""
        words = ["edge", "--site", str(self.site), "--node", "n1", "--state", str(self.directory / "edge")]
        log = self.directory / f"edge-{free_port()}.log"
        self.node = Process(log, *words, env={"GRIDWATCH_NODE_TOKEN": self.tokens["n1"]})
        self.node.says("link up", PATIENCE)
        until(
            lambda: self.cameras.viewers(H264) and self.cameras.viewers(OTHER),
            PATIENCE,
            "cameras are received",
        )

    def log_in(self, username: str = "operator") -> httpx.Client:
        """The session of that person."""
        if username in self._people:
            return self._people[username]
        client = self._closing.enter_context(httpx.Client(base_url=f"{self.origin}/api/v1", timeout=60))
        who = {"username": username, "password": self.passwords[username]}
        answer = client.post("/session", json=who)
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        self._people[username] = client
        return client

    def open(
        self, path: str, who: httpx.Client | None = None, more: Mapping[str, str] = MappingProxyType({})
    ) -> AbstractContextManager[ClientConnection]:
        """A WebSocket of the API; `more`: headers."""
        session = who or self.log_in()
        cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
        headers = {"Cookie": cookie, "Origin": self.origin, **more}
        return connect(
            f"ws://127.0.0.1:{self.port}/api/v1{path}", additional_headers=headers, proxy=None,
            max_size=None, close_timeout=1, open_timeout=30,
        )  # fmt: skip

    def stop(self) -> None:
        """End everything."""
        self.node.end()
        self.cloud.end()
        self._closing.close()

    def _ready(self) -> bool:
        assert self.cloud.process.poll() is None, self.cloud.text[-3000:]
        try:
            return httpx.get(f"{self.origin}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    @contextmanager
    def _film(self) -> Iterator[Server]:
        def clip(name: str, codec: str, size: tuple[int, int] = (640, 360)) -> Looping:
            path = self.directory / f"{name}.mp4"
            written = write_clip(path, count=2 * GOP, gop=GOP, rate=RATE, size=size, codec=codec)
            return Looping(Segment.load(written))

        film, other, hevc = clip("a", "libx264"), clip("b", "libx264"), clip("c", "libx265")
        small = clip("d", "libx264", (320, 180))
        with rtsp_in_thread({H264: film, OTHER: other, H265: hevc, ALONE: hevc, SECOND: small}) as server:
            yield server

    def _dome(self) -> OnvifDevice:
        """The one that is spoken to over ONVIF, and can be moved."""
        uri = self.cameras.uri(OTHER)
        return OnvifDevice(OTHER, OTHER, main_and_sub(uri, uri), lambda: JPEG, movable=True)

    def _newer(self) -> OnvifDevice:
        """One whose first stream is H.265, its second H.264."""
        first = SimulatedStream("main", self.cameras.uri(H265), 640, 360, encoding="H265")
        second = SimulatedStream("sub", self.cameras.uri(SECOND), 320, 180)
        return OnvifDevice(H265, H265, (first, second), lambda: JPEG)

    def _site(self) -> Site:
        def camera(name: str, uri: str) -> Camera:
            return Camera(
                id=name, name=Names(zh=f"枪机 {name}", en=f"Camera {name}"), host="127.0.0.1", stream_uri=uri
            )

        there = [camera(name, self.cameras.uri(name)) for name in (H264, OTHER, H265, ALONE)]
        for at, device in ((1, self.dome), (2, self.newer)):
            there[at] = there[at].model_copy(update={"stream_uri": None, "port": device.port})
        gone = camera(GONE, f"rtsp://127.0.0.1:{free_port()}/gone")
        point = Point(
            id="P01", name=NAME, node="n1", grid="G01", position=Position(lon=120.0, lat=30.0),
            cameras=(*there, gone),
        )  # fmt: skip
        return Site(
            version=1, name=NAME, nodes=(Node(id="n1", name=NAME),), points=(point,),
            broker=Broker(port=free_port()), uplink=Uplink(url=self.origin),
            event_classes=(EventClass(code="05-06", name=NAME),),
        )  # fmt: skip


def cpu_seconds(process: Process) -> float:
    """CPU time that a process and its threads took so far."""
    fields = Path(f"/proc/{process.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
