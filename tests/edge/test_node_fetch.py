"""Cameras received one way or the other, against the simulators' cameras over real sockets."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.credentials import Credentials
from devices.errors import CameraFault
from devices.messages import DeviceStatus, Series
from devices.onvif import Camera as OnvifCamera
from devices.stream import Frame, FrameRequest
from devices.stream.fake import number_of, write_clip
from edge.keep import NodeStore
from edge.node.reception import Reception
from edge.node.report import Reporter
from edge.send.pace import Pace
from simulators.broker import free_port
from simulators.cameras.onvif import Fault, OnvifDevice, main_and_sub, serve_onvif
from simulators.cameras.rtsp import Looping, Segment, rtsp_in_thread
from tests.devices.onvif_peers import JPEG, PASSWORD, RIGHT, running_loop
from tests.edge.pigeonholes import Pigeonholes
from tests.edge.points_for_tests import NOON, bodies, camera, open_store

ENV = {"CAM_USER": "viewer", "CAM_PASSWORD": PASSWORD, "WRONG_USER": "viewer", "WRONG_PASSWORD": "hunter2-密"}
QUICK = Pace(first=0.05, longest=0.1, denied=0.1)
REQUEST = FrameRequest(every=0.1, need=1.0)
MAIN, SUB = 1000, 3000
"""Numbers that the pictures of the two streams begin with."""


@pytest.fixture(scope="module")
def streams(tmp_path_factory) -> Iterator:
    """An RTSP server with the two streams of one camera; it asks for the same log-in."""
    folder = tmp_path_factory.mktemp("clips")
    segments = {
        f"{camera}/{name}": Looping(
            Segment.load(
                write_clip(
                    folder / f"{camera}-{name}.mp4", count=20, gop=4, rate=20, size=(192, 108), first=first
                )
            )
        )
        for camera in ("C1", "C2")
        for name, first in (("main", MAIN), ("sub", SUB))
    }
    with rtsp_in_thread(segments, RIGHT) as server:
        yield server


@pytest.fixture
def loop() -> Iterator:
    with running_loop() as run:
        yield run


class Cabinet:
    """Cameras, each with threads of its own, one reporter, and what they delivered."""

    def __init__(self, store: NodeStore, transport: str) -> None:
        self.store = store
        self.transport = transport
        self.frames: dict[str, queue.Queue[Frame]] = {}
        self.receptions: list[Reception] = []
        self.threads: list[threading.Thread] = []
        self._told = threading.Condition()
        self.reporter = Reporter("n1", store, lambda: NOON, self._wake)

    def _wake(self) -> None:
        with self._told:
            self._told.notify_all()

    def watch(self, name: str, port: int, login: str | None = "CAM", pace: Pace = QUICK, **more) -> Reception:
        self.frames[name] = queue.Queue()
        one = camera(name, port=port, credentials=login, transport=self.transport, **more)
        reception = Reception(
            [(one, REQUEST)],
            ENV,
            Pigeonholes(self.frames),
            self.reporter,
            chance=lambda: 0.5,
            pace=pace,
        )
        self.receptions.append(reception)
        for job, work in reception.jobs:
            thread = threading.Thread(target=work, name=f"{job}-{name}", daemon=True)
            self.threads.append(thread)
            thread.start()
        return reception

    def end(self) -> None:
        for reception in self.receptions:
            reception.stop()
        for reception in self.receptions:
            reception.join(15)
        for thread in self.threads:
            thread.join(15)
            assert not thread.is_alive(), thread.name

    def frame(self, name: str) -> Frame:
        return self.frames[name].get(timeout=15)

    def health(self, name: str):
        return [one for one in bodies(self.store, Series.HEALTH) if one.device == name]

    def wait(self, name: str, status: DeviceStatus):
        """The health that first said so."""

        def said():
            return [one for one in self.health(name) if one.status is status]

        with self._told:
            assert self._told.wait_for(said, 15), [(one.status, one.detail) for one in self.health(name)]
        return said()[0]


@pytest.fixture(params=["gridwatch", "ffmpeg"])
def cabinet(tmp_path: Path, request) -> Iterator[Cabinet]:
    store = open_store(tmp_path / "state")
    cabinet = Cabinet(store, request.param)
    yield cabinet
    cabinet.end()
    store.close()


def device(streams, name: str, **more) -> OnvifDevice:
    both = main_and_sub(streams.uri(f"{name}/main"), streams.uri(f"{name}/sub"))
    return OnvifDevice(name, "South gate", both, lambda: JPEG, **{"credentials": RIGHT} | more)


def test_a_camera_is_asked_for_its_stream_and_its_pictures_are_delivered(cabinet, streams, loop):
    server = loop(serve_onvif(device(streams, "C1"), "127.0.0.1", 0))
    cabinet.watch("C1", server.port)
    first, second = cabinet.frame("C1"), cabinet.frame("C1")
    assert MAIN <= number_of(first.luma) < SUB
    assert first.luma.shape == (360, 640)
    assert second.stream_time > first.stream_time
    up = cabinet.wait("C1", DeviceStatus.UP)
    assert (up.kind, up.node) == ("camera", "n1")
    assert "Street camera" in up.facts["model"]
    assert abs(up.facts["clock_offset_s"]) < 3
    assert (up.facts["width"], up.facts["height"]) == (192, 108)
    loop(server.close())


def test_the_site_may_ask_for_the_substream(cabinet, streams, loop):
    server = loop(serve_onvif(device(streams, "C1"), "127.0.0.1", 0))
    cabinet.watch("C1", server.port, profile="sub")
    assert number_of(cabinet.frame("C1").luma) >= SUB
    loop(server.close())


def test_a_camera_without_onvif_is_read_at_the_address_in_the_site(cabinet, streams):
    cabinet.watch("C1", free_port(), stream_uri=streams.uri("C1/main"))
    assert MAIN <= number_of(cabinet.frame("C1").luma) < SUB
    assert "model" not in cabinet.wait("C1", DeviceStatus.UP).facts


def test_a_wrong_password_is_told_and_disturbs_no_other_camera(cabinet, streams, loop, caplog):
    with caplog.at_level(logging.DEBUG):
        one = loop(serve_onvif(device(streams, "C1"), "127.0.0.1", 0))
        other = loop(serve_onvif(device(streams, "C2"), "127.0.0.1", 0))
        cabinet.watch("C1", one.port, "WRONG")
        cabinet.watch("C2", other.port)
        refused = cabinet.wait("C1", DeviceStatus.REFUSED)
        for _ in range(5):
            cabinet.frame("C2")
        assert cabinet.frames["C1"].empty()
        assert [health.status for health in cabinet.health("C2")] == [DeviceStatus.UP]
        assert [health.detail for health in cabinet.health("C1")] == [refused.detail]
    for secret in (ENV["WRONG_PASSWORD"], PASSWORD):
        assert secret not in refused.detail
        assert secret not in caplog.text
    loop(one.close())
    loop(other.close())


def test_a_password_that_is_put_right_at_the_camera_brings_its_pictures(cabinet, streams, loop):
    server = loop(serve_onvif(device(streams, "C1", faults=frozenset({Fault.REFUSE_AUTH})), "127.0.0.1", 0))
    cabinet.watch("C1", server.port)
    cabinet.wait("C1", DeviceStatus.REFUSED)
    server.faults.clear()
    cabinet.frame("C1")
    cabinet.wait("C1", DeviceStatus.UP)
    loop(server.close())


def test_a_camera_that_nobody_answers_for_is_told_once_and_is_back_once_it_answers(
    cabinet, streams, loop, caplog
):
    port = free_port()
    with caplog.at_level(logging.INFO, "edge.node.report"):
        cabinet.watch("C1", port)
        cabinet.wait("C1", DeviceStatus.UNREACHABLE)
        server = loop(serve_onvif(device(streams, "C1"), "127.0.0.1", port))
        cabinet.frame("C1")
        cabinet.wait("C1", DeviceStatus.UP)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    loop(server.close())


def test_a_camera_that_answers_nonsense_is_stalled_until_it_makes_sense(cabinet, streams, loop):
    server = loop(serve_onvif(device(streams, "C1", faults=frozenset({Fault.GARBAGE})), "127.0.0.1", 0))
    cabinet.watch("C1", server.port)
    cabinet.wait("C1", DeviceStatus.STALLED)
    server.faults.clear()
    cabinet.frame("C1")
    loop(server.close())


def test_what_a_camera_cannot_say_of_itself_does_not_keep_its_pictures_away(
    cabinet, streams, loop, monkeypatch
):
    def declined(camera):
        raise CameraFault("ActionNotSupported")

    monkeypatch.setattr(OnvifCamera, "device_information", declined)
    monkeypatch.setattr(OnvifCamera, "clock_offset", declined)
    server = loop(serve_onvif(device(streams, "C1"), "127.0.0.1", 0))
    cabinet.watch("C1", server.port)
    cabinet.frame("C1")
    facts = cabinet.wait("C1", DeviceStatus.UP).facts
    assert "model" not in facts
    assert facts["profile"] == "main"
    loop(server.close())


def test_credentials_that_vanished_are_told_by_the_name_of_the_variable(cabinet):
    cabinet.watch("C1", free_port(), "NOBODY")
    assert "NOBODY_USER" in cabinet.wait("C1", DeviceStatus.REFUSED).detail


def test_a_camera_that_waits_to_be_tried_again_ends_at_once_when_it_is_stopped(cabinet):
    cabinet.watch("C1", free_port(), "NOBODY", Pace(denied=600.0))
    cabinet.wait("C1", DeviceStatus.REFUSED)
    began = time.monotonic()
    cabinet.end()
    assert time.monotonic() - began < 60


def test_the_log_in_of_the_tests_is_the_one_in_the_environment():
    assert Credentials.from_environment("CAM", ENV) == RIGHT
