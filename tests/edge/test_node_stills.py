"""A camera without a usable stream, end to end: stills over ONVIF with HTTP Digest, events, and its cases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.ids import uuid7
from devices.messages import Change, DeviceStatus, HintKind, Series
from devices.site.model import Broker, EventClass, HealthKind, Names, Node, PictureHealth, Site, Uplink
from edge.node import hearing
from edge.node.fetch import STILLS
from edge.node.node import Node as RunningNode
from edge.node.sight import SightDesk
from edge.see.detector import FakeDetector
from simulators.broker import free_port
from simulators.cameras.onvif import OnvifDevice, main_and_sub, serve_onvif
from simulators.cameras.onvif_events import TAMPER
from tests.devices.onvif_peers import RIGHT, running_loop
from tests.edge.pictures_for_tests import EMPTY, BlueIsABicycle, Film, thing
from tests.edge.points_for_tests import NAME, NOON, bodies, camera, open_store, point

PATIENCE = 60.0
SECRETS = {"CAM_USER": RIGHT.user, "CAM_PASSWORD": RIGHT.password, "GRIDWATCH_NODE_TOKEN": "s3cret"}


def jpeg(picture) -> bytes:
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


@pytest.fixture
def loop() -> Iterator:
    with running_loop() as run:
        yield run


def test_a_still_camera_that_is_covered_says_so_itself_and_its_case_carries_that(
    loop, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(hearing, "READY", 0.1)
    shown = [jpeg(EMPTY)]
    nowhere = f"rtsp://127.0.0.1:{free_port()}/none"
    served = OnvifDevice(
        "P01-C1", "gate", main_and_sub(nowhere, nowhere), lambda: shown[0], credentials=RIGHT
    )
    onvif = loop(serve_onvif(served, "127.0.0.1", 0))
    health = PictureHealth(enter=1.0, leave=1.0, event_classes={HealthKind.BLACK: "90-01"})
    still = camera(port=onvif.port, credentials="CAM", transport="snapshot", health=health)
    site = Site(
        version=1,
        name=NAME,
        broker=Broker(port=free_port()),
        uplink=Uplink(url=f"http://127.0.0.1:{free_port()}"),
        event_classes=tuple(
            EventClass(code=code, name=Names(zh="类", en="c")) for code in ("05-06", "90-01")
        ),
        nodes=(Node(id="n1", name=NAME),),
        points=(point(cameras=(still,)),),
    )
    node = RunningNode(site, "n1", tmp_path / "state", SECRETS, FakeDetector([]))
    running = threading.Thread(target=node.wait, daemon=True)
    try:
        node.start()
        running.start()
        wait(lambda: [one for one in of(node, Series.HEALTH) if one.status is DeviceStatus.UP], "up")
        up = next(one for one in of(node, Series.HEALTH) if one.status is DeviceStatus.UP)
        assert (up.detail, up.facts["codec"]) == (STILLS, "jpeg")
        wait(lambda: onvif.events.points, "a pull point")

        async def covered():
            shown[0] = jpeg(np.zeros_like(EMPTY))
            onvif.events.say(TAMPER, True)

        loop(covered())
        wait(lambda: of(node, Series.ALARM), "a condition")
        [black, *_] = of(node, Series.ALARM)
        assert (black.rule, black.change) == ("health.black", Change.OPENED)
        assert black.hints == (HintKind.TAMPER,)
        assert black.no_clip is None  # nobody expects one of a health condition
    finally:
        node.stop()
        running.join(PATIENCE)
        node.close()
        loop(onvif.close())


def of(node: RunningNode, series: Series) -> list:
    return [one for one in bodies(node.store, series) if getattr(one, "device", "") == "P01-C1"]


def wait(so, what: str) -> None:
    tries = threading.Event()
    for _ in range(round(PATIENCE / 0.05)):
        if so():
            return
        tries.wait(0.05)
    pytest.fail(f"no {what} within {PATIENCE:g} s")


@pytest.mark.parametrize(("transport", "reason"), [("snapshot", "stills_only"), ("gridwatch", None)])
def test_a_case_of_a_camera_with_stills_alone_says_why_it_has_no_clip(tmp_path, transport, reason):
    with closing(open_store(tmp_path)) as store:
        assert said_of(store, transport) == reason


def said_of(store, transport: str) -> str | None:
    watched = camera(transport=transport)
    desk = SightDesk("n1", [point(cameras=(watched,))], store, BlueIsABicycle(), uuid7, lambda: None)
    for frame in Film(NOON)((EMPTY, 12), (thing(), 14)):
        desk.look(watched.id, frame)
    [opened, *_] = bodies(store, Series.ALARM)
    assert opened.change is Change.OPENED
    return opened.no_clip
