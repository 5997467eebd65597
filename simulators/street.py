"""`gridwatch simulate`: a whole street on real protocols, in one process.

Every camera of the site is an ONVIF device service on its own port, with its RTSP streams on a common
one; every sensor publishes over MQTT. Bicycles can be put and taken by hand:

    gridwatch simulate --state DIR --order "put P05-C1"
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import av
import cv2

from devices.credentials import Credentials
from devices.errors import DevicesError
from devices.site.load import load_site
from devices.site.model import Camera, Site
from simulators.cameras.onvif import OnvifDevice, main_and_sub, serve_onvif
from simulators.cameras.rtsp import serve_rtsp
from simulators.errors import ListenError, SimulatorsError
from simulators.scenes import Library, SceneProgramme, Street, camera_index, load_assets
from simulators.sensors.fleet import SensorFleet
from simulators.sensors.scenario import demo

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
RTSP_PORT = 20554
SOCKET = "street.sock"
READY = "street ready"
"""Logged once everything can be reached."""


class StreetProcess:
    """Serves one site's devices until it is stopped."""

    def __init__(self, site: Site, env: Mapping[str, str], state: Path, rtsp_port: int, seed: int) -> None:
        """Make all parts; nothing is served yet.

        Raises:
            SimulatorsError: no footage, or a camera that has no scene.
            DevicesError: credentials that are missing.
        """
        self._site = site
        self._state = state
        self._rtsp_port = rtsp_port
        self._cameras = [camera for point in site.points for camera in point.cameras]
        self._credentials = {
            camera.id: None
            if camera.credentials is None
            else Credentials.from_environment(camera.credentials, env)
            for camera in self._cameras
        }
        for camera in self._cameras:
            camera_index(camera.id)
        self._library = Library(load_assets())
        self.street = Street(self._library, seed=seed)
        broker = site.broker.credentials
        self._fleet = SensorFleet(
            site.points,
            site.broker,
            None if broker is None else Credentials.from_environment(broker, env),
            demo(site.points, seed),
            seed=seed,
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set.

        Raises:
            ListenError: a port is taken.
        """
        await asyncio.to_thread(self.street.prepare, _progress)
        streams = {
            f"{camera.id}/{stream}": SceneProgramme(self.street, camera.id, stream)
            for camera in self._cameras
            for stream in ("main", "sub")
        }
        shared = next(iter(self._credentials.values()), None)
        try:
            rtsp = await serve_rtsp(streams, HOST, self._rtsp_port, shared)
        except OSError as error:
            raise ListenError(f"RTSP port {self._rtsp_port}: {error.strerror}") from error
        devices = [
            await serve_onvif(self._device(camera, rtsp.port), HOST, camera.port) for camera in self._cameras
        ]
        orders = await asyncio.start_unix_server(self._obey, self._socket())
        self._fleet.start()
        threading.Thread(target=self._prepare_rest, name="scenes", daemon=True).start()
        log.info("%s: %d cameras, RTSP at %s:%d", READY, len(devices), HOST, rtsp.port)
        await stopping.wait()
        self._fleet.stop()
        orders.close()
        await rtsp.close()
        for device in devices:
            await device.close()

    def _prepare_rest(self) -> None:
        count = self.street.prepare_rest(_progress)
        log.info("all scenes are there (%d were new)", count)

    def _socket(self) -> Path:
        self._state.mkdir(parents=True, exist_ok=True)
        path = self._state / SOCKET
        path.unlink(missing_ok=True)
        return path

    def _device(self, camera: Camera, rtsp_port: int) -> OnvifDevice:
        base = f"rtsp://{HOST}:{rtsp_port}/{camera.id}"
        return OnvifDevice(
            id=camera.id,
            name=camera.name.en,
            streams=main_and_sub(f"{base}/main", f"{base}/sub"),
            snapshot=functools.partial(self._snapshot, camera.id),
            credentials=self._credentials[camera.id],
        )

    def _snapshot(self, camera: str) -> bytes:
        name = "present" if self.street.standing(camera) else "empty"
        index = camera_index(camera)
        if not self._library.ready(index, "present" if name == "present" else "empty"):
            name = "empty"
        path = self._library.path(index, "main", "present" if name == "present" else "empty")
        return _first_picture(path)

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one order a line."""
        async for line in reader:
            try:
                answer = await asyncio.to_thread(self.street.command, line.decode("utf-8", "replace"))
            except SimulatorsError as error:
                answer = f"error: {error}"
            writer.write(f"{answer}\n".encode())
            await writer.drain()
        writer.close()


@functools.cache
def _first_picture(path: Path) -> bytes:
    """The first picture of a segment as JPEG."""
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="bgr24")
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def _progress(done: int, total: int) -> None:
    if done == total or done % 10 == 0:
        log.info("scenes: %d of %d encoded", done, total)


def order(state: Path, text: str) -> str:
    """Give a running street one order and return its answer.

    Raises:
        SimulatorsError: no street runs with that state directory.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        try:
            connection.connect(str(state / SOCKET))
        except OSError as error:
            raise SimulatorsError(f"no street runs with --state {state} ({error.strerror})") from error
        connection.sendall(f"{text}\n".encode())
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile(encoding="utf-8").read().strip()


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--site", type=Path, default=Path("examples/street/site.yaml"), help="the site file")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("var/street"),
        metavar="DIR",
        help="for the socket that takes orders",
    )
    parser.add_argument(
        "--rtsp-port", type=int, default=RTSP_PORT, metavar="PORT", help="of all streams (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything that is left to chance")
    parser.add_argument(
        "--order", metavar="TEXT", help='give a running street an order, "put CAMERA" or "take CAMERA"'
    )


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM, or pass on one order; 1 with a clear line when that cannot be done."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        if options.order:
            print(order(options.state, options.order))
            return 0
        process = StreetProcess(
            load_site(options.site), os.environ, options.state, options.rtsp_port, options.seed
        )
        asyncio.run(_until_told(process))
    except (DevicesError, SimulatorsError) as error:
        print(f"gridwatch simulate: {error}", file=sys.stderr)
        return 1
    return 0


async def _until_told(process: StreetProcess) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await process.run(stopping)
