"""A camera that is moved over ONVIF: the simulated one says where it looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.errors import CameraFault, CameraRefused
from devices.onvif.ptz import MovableCamera, Preset, Velocity
from simulators.cameras.onvif import Fault, OnvifDevice, OnvifServer, main_and_sub, serve_onvif
from tests.devices.onvif_peers import JPEG, RIGHT, running_loop


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(clock: Clock) -> Iterator:
    with running_loop() as run:
        servers: list[OnvifServer] = []

        def serve(*, movable: bool = True) -> OnvifServer:
            streams = main_and_sub("rtsp://127.0.0.1/main", "rtsp://127.0.0.1/sub")
            device = OnvifDevice("C1", "C1", streams, lambda: JPEG, RIGHT, movable=movable, monotonic=clock)
            servers.append(run(serve_onvif(device, "127.0.0.1", 0)))
            return servers[-1]

        yield serve
        for server in servers:
            run(server.close())


def camera_of(server: OnvifServer) -> MovableCamera:
    return MovableCamera("127.0.0.1", server.port, RIGHT)


def test_it_moves_the_way_and_for_the_time_it_is_told_and_stops_by_itself(served, clock):
    server = served()
    camera = camera_of(server)
    assert camera.movable()
    camera.move(Velocity(pan=0.5, tilt=-0.25), 1.0)
    clock.now += 0.5
    pose = camera.pose()
    assert (pose.pan, pose.tilt, pose.zoom) == pytest.approx((0.05, -0.025, 0.0))
    clock.now += 60
    pose = camera.pose()
    assert (pose.pan, pose.tilt) == pytest.approx((0.1, -0.05)), (
        "nobody told it to stop: it did after its second"
    )


def test_it_stops_when_it_is_told_to_and_zooms(served, clock):
    server = served()
    camera = camera_of(server)
    camera.move(Velocity(zoom=1.0), 10.0)
    clock.now += 1
    camera.move(Velocity(), 10.0)
    clock.now += 5
    assert camera.pose().zoom == pytest.approx(0.2)
    assert not server.mount.moving


def test_it_goes_where_it_was_taught_to(served):
    server = served()
    camera = camera_of(server)
    assert camera.presets() == (Preset("1", "大门 Gate"), Preset("2", "路口 Crossing"))
    camera.go_to("2")
    assert server.mount.pose == (0.5, -0.2, 0.4)
    with pytest.raises(CameraFault):
        camera.go_to("99")


def test_one_that_cannot_be_moved_says_so_and_is_not_asked_to(served):
    server = served(movable=False)
    camera = camera_of(server)
    assert not camera.movable()
    with pytest.raises(CameraFault, match="cannot be moved"):
        camera.move(Velocity(pan=1.0), 1.0)
    assert server.mount.moves == 0


def test_a_refused_log_in_is_told_as_such(served):
    server = served()
    server.faults.add(Fault.REFUSE_AUTH)
    with pytest.raises(CameraRefused):
        camera_of(server).movable()
