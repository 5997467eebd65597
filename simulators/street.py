"""`gridwatch simulate`: a whole street on real protocols, in one process.

Every camera of the site is an ONVIF device service on its own port, with its RTSP streams on a common
one; every sensor publishes over MQTT. Bicycles can be put and taken by hand:

    gridwatch simulate --state DIR --order "put P05-C1"

What happens by itself is scripted, from a second 0 on: when the process first starts, or with `--wait`
when it is told `--order begin`. Killed and started again it goes on where the script stands by then.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import logging
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import av
import cv2

from devices.credentials import Credentials
from devices.errors import DevicesError
from devices.site.load import load_site
from devices.site.model import Camera, Site
from simulators.cameras.onvif import OnvifDevice, OnvifServer, main_and_sub, serve_onvif
from simulators.cameras.onvif_events import MOTION
from simulators.cameras.rtsp import Server, serve_rtsp
from simulators.errors import ListenError, SceneError, SimulatorsError
from simulators.orders import order, take_orders
from simulators.scenes import Library, SceneProgramme, Street, camera_index, load_assets
from simulators.scenes import Scenario as CameraScript
from simulators.scenes import demo as camera_script
from simulators.scenes.encode import GROUP
from simulators.scenes.scenario import Name
from simulators.script import keep_script, resume_script
from simulators.sensors import command as sensors
from simulators.sensors.fleet import SensorFleet
from simulators.sensors.scenario import Scenario
from simulators.sensors.scenario import demo as sensor_script

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
RTSP_PORT = 20554
READY = "street ready"
"""Logged once everything can be reached."""
MOVABLE = 4
"""One of so many cameras can be moved."""
LOW = 15
"""Niceness of the process that encodes what is shown later."""


class StreetProcess:
    """Serves one site's devices until it is stopped."""

    def __init__(self, site: Site, env: Mapping[str, str], options: argparse.Namespace) -> None:
        """Make all parts; nothing is served yet.

        Raises:
            SimulatorsError: no footage, or a camera that has no scene.
            DevicesError: credentials that are missing.
        """
        self._site = site
        self._options = options
        self._cameras = [camera for point in site.points for camera in point.cameras]
        self._credentials = {
            camera.id: None
            if camera.credentials is None
            else Credentials.from_environment(camera.credentials, env)
            for camera in self._cameras
        }
        broker = site.broker.credentials
        self._broker = None if broker is None else Credentials.from_environment(broker, env)
        self._library = Library(load_assets())
        self.street = Street(self._library, scenarios=_scripts(site, options.seed))
        self._fleet: SensorFleet | None = None
        self._rtsp: Server | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set.

        Raises:
            ListenError: a port is taken.
        """
        if not await self._encode_first(stopping):
            return
        resume_script(self.street, self._options.state, wait=self._options.wait)
        keep_script(self.street, self._options.state)
        streams = {
            f"{camera.id}/{stream}": SceneProgramme(self.street, camera.id, stream)
            for camera in self._cameras
            for stream in ("main", "sub")
        }
        shared = next(iter(self._credentials.values()), None)
        port = self._options.rtsp_port
        try:
            rtsp = await serve_rtsp(streams, HOST, port, shared)
        except OSError as error:
            raise ListenError(f"RTSP port {port}: {error.strerror}") from error
        devices = [
            await serve_onvif(self._device(camera, rtsp.port), HOST, camera.port) for camera in self._cameras
        ]
        self._rtsp = rtsp
        telling = asyncio.create_task(self._tell(devices))
        orders = await take_orders(self._options.state, self._obey)
        self._awaken()
        rest = None if self._have(self.street.rest()) else await self._encode("all")
        if rest is not None:
            os.setpriority(os.PRIO_PROCESS, rest.pid, LOW)
        log.info("%s: %d cameras, RTSP at %s:%d", READY, len(devices), HOST, rtsp.port)
        await stopping.wait()
        if rest is not None:
            await _end(rest)
        if self._fleet is not None:
            self._fleet.stop()
        telling.cancel()
        orders.close()
        await rtsp.close()
        for device in devices:
            await device.close()

    def _have(self, scenes: Iterable[tuple[int, Name]]) -> bool:
        return all(self._library.ready(*one) for one in scenes)

    async def _encode_first(self, stopping: asyncio.Event) -> bool:
        """Encode what the street cannot begin without; False when it is to stop instead.

        Raises:
            SceneError: it did not work; its own words are in the log.
        """
        if self._have(self.street.first()):
            return True
        encoding = await self._encode("first")
        ended = asyncio.create_task(encoding.wait())
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if stopping.is_set():
            await _end(encoding)
            return False
        if await ended:
            raise SceneError("the scenes could not be encoded; the lines above say why")
        return True

    async def _encode(self, what: str) -> asyncio.subprocess.Process:
        """In a process of its own: it can be slowed down or ended at any time."""
        command = ["-m", "gridwatch", "simulate", "--site", str(self._options.site), "--prepare", what]
        return await asyncio.create_subprocess_exec(sys.executable, *command)

    def _awaken(self) -> None:
        """Let the sensors live, unless the street still waits; their script goes by the cameras' clock."""
        age = self.street.age
        if age < 0:
            return
        script = sensor_script(self._site.points, self._options.seed).happenings
        rest = tuple(replace(one, start=one.start - age) for one in script if one.end > age)
        self._fleet = SensorFleet(
            self._site.points, self._site.broker, self._broker, Scenario(rest), seed=self._options.seed
        )
        self._fleet.start()

    async def _tell(self, devices: list[OnvifServer]) -> None:
        """Have every camera say by itself when something moves, as real ones do."""
        while True:
            for device in devices:
                device.events.say(MOTION, self.street.moving(device.device.id))
            await asyncio.sleep(GROUP / 2)

    def _obey(self, line: str) -> str:
        """Carry out one order; runs in a thread."""
        if line == "watched":
            return str(self._watched())
        if line == "begin":
            self.street.begin()
            if self._fleet is not None:
                self._fleet.stop()
            self._awaken()
            answer = "the script begins"
        else:
            answer = self.street.command(line)
        keep_script(self.street, self._options.state)
        return answer

    def _watched(self) -> int:
        """How many cameras somebody plays a stream of."""
        rtsp = self._rtsp
        if rtsp is None:
            return 0
        names = [camera.id for camera in self._cameras]
        return sum(any(rtsp.viewers(f"{name}/{stream}") for stream in ("main", "sub")) for name in names)

    def _device(self, camera: Camera, rtsp_port: int) -> OnvifDevice:
        base = f"rtsp://{HOST}:{rtsp_port}/{camera.id}"
        return OnvifDevice(
            id=camera.id,
            name=camera.name.en,
            streams=main_and_sub(f"{base}/main", f"{base}/sub"),
            snapshot=functools.partial(self._snapshot, camera.id),
            credentials=self._credentials[camera.id],
            movable=camera_index(camera.id) % MOVABLE == 0,
        )

    def _snapshot(self, camera: str) -> bytes:
        index = camera_index(camera)
        there = self.street.standing(camera) and self._library.ready(index, "present")
        return _first_picture(self._library.path(index, "main", "present" if there else "empty"))


@functools.cache
def _first_picture(path: Path) -> bytes:
    """The first picture of a segment as JPEG."""
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="bgr24")
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def _progress(done: int, total: int) -> None:
    log.info("scenes: %d of %d encoded", done, total)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        await process.wait()


def _prepare(site: Site, what: str) -> None:
    """Encode the scenes of a site's cameras that are missing: the first, or all."""
    library = Library(load_assets())
    street = Street(library, scenarios=_scripts(site, seed=0))
    wanted = street.first() if what == "first" else [*street.first(), *street.rest()]
    count = library.prepare(wanted, _progress)
    log.info("%s scenes are there (%d were new)", what, count)


def _scripts(site: Site, seed: int) -> dict[int, CameraScript]:
    """The script of each camera of the site, by its index in the shipped street.

    Raises:
        SceneError: a camera that the shipped street has not.
    """
    indices = [camera_index(camera.id) for point in site.points for camera in point.cameras]
    return {index: camera_script(seed, index) for index in indices}


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--site", type=Path, default=Path("examples/street/site.yaml"), help="the site file")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("var/street"),
        metavar="DIR",
        help="for the socket that takes orders, and how far the script is (%(default)s)",
    )
    parser.add_argument(
        "--rtsp-port", type=int, default=RTSP_PORT, metavar="PORT", help="of all streams (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything that is left to chance")
    parser.add_argument("--wait", action="store_true", help="show a quiet street until the order `begin`")
    parser.add_argument(
        "--order",
        metavar="TEXT",
        help='tell or ask a running street: "put CAMERA", "take CAMERA", "begin" (the script), "watched"',
    )
    parser.add_argument(
        "--prepare",
        choices=["first", "all"],
        help="encode the scenes that are missing in the cache, those needed first or all, and end",
    )
    sensors.configure(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM, or do one thing; 1 with a clear line when that cannot be done."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        if options.order:
            print(order(options.state, options.order))
        elif sensors.asked(options):
            sensors.run(options)
        elif options.prepare:
            _prepare(load_site(options.site), options.prepare)
        else:
            process = StreetProcess(load_site(options.site), os.environ, options)
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
