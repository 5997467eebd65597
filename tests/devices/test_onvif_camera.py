"""The client against our simulated camera, over real sockets."""

import threading
import time

import pytest

import devices.onvif
from devices.credentials import Credentials
from devices.errors import CameraFault, CameraRefused, CameraUnreachable
from devices.messages import DeviceStatus
from devices.onvif import Camera, DeviceInformation, Profile, Timeouts
from simulators.broker import free_port
from simulators.cameras.onvif import Fault
from tests.devices.onvif_peers import JPEG, PASSWORD, RIGHT, canned, device, simulated

QUICK = Timeouts(connect=1.0, answer=0.5)


def test_the_public_names_are_sorted_and_complete():
    assert devices.onvif.__all__ == sorted(devices.onvif.__all__)
    assert all(hasattr(devices.onvif, name) for name in devices.onvif.__all__)


def test_a_camera_tells_what_it_is_and_what_it_streams():
    with simulated(device()) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT)
        assert camera.device_information() == DeviceInformation(
            "Gridwatch", "Street camera", "1.0", "P01-C1", "simulated"
        )
        assert camera.profiles() == (
            Profile("main", "main", "H264", 1280, 720, 25.0, 25),
            Profile("sub", "sub", "H264", 640, 360, 25.0, 25),
        )
        assert camera.stream_uri("main") == "rtsp://127.0.0.1:20554/P01-C1/main"
        assert camera.stream_uri("sub") == "rtsp://127.0.0.1:20554/P01-C1/sub"
        assert camera.snapshot_uri("sub") == f"http://127.0.0.1:{server.port}/onvif/snapshot/sub"
        assert camera.snapshot("main") == JPEG


def test_a_profile_that_does_not_exist_is_a_fault_in_the_cameras_words():
    with simulated(device()) as [server], pytest.raises(CameraFault, match="Profile token does not exist"):
        Camera("127.0.0.1", server.port, RIGHT).stream_uri("third")


def test_an_open_camera_needs_no_credentials():
    with simulated(device(credentials=None)) as [server]:
        camera = Camera("127.0.0.1", server.port, None)
        assert camera.probe().status is DeviceStatus.UP
        assert camera.snapshot("main") == JPEG


def test_a_clock_that_is_eight_hours_off_is_measured_and_still_lets_us_in():
    with simulated(device(faults=frozenset({Fault.WRONG_CLOCK}))) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT)
        assert camera.clock_offset() == pytest.approx(8 * 3600, abs=2)
        assert len(camera.profiles()) == 2
        rung = camera.probe()
        assert rung.status is DeviceStatus.UP
        assert rung.clock_offset == pytest.approx(8 * 3600, abs=2)


def test_a_clock_that_jumps_costs_one_refusal_and_is_then_followed():
    with simulated(device()) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT)
        camera.device_information()
        server.faults.add(Fault.WRONG_CLOCK)
        with pytest.raises(CameraRefused):
            camera.device_information()
        assert camera.device_information().serial == "P01-C1"


def test_a_camera_that_wants_http_digest_instead_of_a_token_gets_it():
    with simulated(device(digest_only=True)) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT)
        assert camera.stream_uri("main") == "rtsp://127.0.0.1:20554/P01-C1/main"
        with pytest.raises(CameraRefused):
            Camera("127.0.0.1", server.port, Credentials("viewer", "wrong")).profiles()
        with pytest.raises(CameraRefused, match="none are configured"):
            Camera("127.0.0.1", server.port, None).profiles()


def test_a_camera_behind_address_translation_is_asked_where_it_was_reached():
    with simulated(device(announced=("192.168.1.64", 80))) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT)
        assert camera.snapshot("main") == JPEG


def test_each_rung_of_the_ladder_says_whom_to_send():
    with simulated(device()) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT, timeouts=QUICK)
        wrong = Camera("127.0.0.1", server.port, Credentials("viewer", "wrong"), timeouts=QUICK)
        up = camera.probe()
        assert (up.status, wrong.probe().status) == (DeviceStatus.UP, DeviceStatus.REFUSED)
        assert "Gridwatch Street camera 1.0" in up.detail
        server.faults.add(Fault.REFUSE_AUTH)
        assert camera.probe().status is DeviceStatus.REFUSED
        server.faults.add(Fault.GARBAGE)
        assert camera.probe().status is DeviceStatus.STALLED
        server.faults.add(Fault.SILENT)
        assert camera.probe().status is DeviceStatus.STALLED
    gone = camera.probe()
    assert (gone.status, gone.clock_offset) == (DeviceStatus.UNREACHABLE, None)


def test_wrong_credentials_are_sent_once_a_call():
    with simulated(device()) as [server]:
        seen = []
        good = server._login.token_is_good
        server._login.token_is_good = lambda header, now: seen.append(header is not None) or good(header, now)
        with pytest.raises(CameraRefused, match="refuses the credentials"):
            Camera("127.0.0.1", server.port, Credentials("viewer", "wrong")).device_information()
        assert seen == [True]


def test_nobody_at_the_port_is_unreachable_and_named():
    port = free_port()
    with pytest.raises(CameraUnreachable, match=f"127.0.0.1:{port}: nobody answers"):
        Camera("127.0.0.1", port, RIGHT).profiles()


def test_a_name_that_does_not_exist_is_unreachable():
    with pytest.raises(CameraUnreachable, match="nobody answers"):
        Camera("no-such-camera.invalid", 80, RIGHT).profiles()


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.SLOW])
def test_a_camera_that_does_not_answer_is_given_up_at_the_configured_time(fault):
    with simulated(device(faults=frozenset({fault}))) as [server]:
        began = time.monotonic()
        with pytest.raises(CameraFault, match=r"did not answer within 0\.5 s"):
            Camera("127.0.0.1", server.port, RIGHT, timeouts=QUICK).profiles()
        assert 0.45 < time.monotonic() - began < 10


def test_a_slow_camera_within_the_time_out_is_fine():
    with simulated(device(faults=frozenset({Fault.SLOW}), slow_by=0.2)) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT, timeouts=Timeouts(answer=3.0))
        assert camera.device_information().serial == "P01-C1"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x00\xffnoise\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<half",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n<html><body>Log in</body></html>\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_that_cannot_be_read_is_a_fault(reply):
    with canned(reply) as (port, _), pytest.raises(CameraFault, match=f"127.0.0.1:{port}: "):
        Camera("127.0.0.1", port, RIGHT, timeouts=QUICK).clock_offset()


def test_an_answer_that_trickles_in_ends_at_the_time_out():
    stop = threading.Event()

    def dribble(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.1):
            connection.sendall(b" ")

    with canned(dribble) as (port, _):
        began = time.monotonic()
        try:
            with pytest.raises(CameraFault, match="trickles"):
                Camera("127.0.0.1", port, RIGHT, timeouts=Timeouts(0.2, 0.5)).clock_offset()
        finally:
            stop.set()
        assert time.monotonic() - began < 20


def test_an_endless_answer_is_cut_off():
    def pour(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(20):
            connection.sendall(bytes(2**20))

    with canned(pour) as (port, _), pytest.raises(CameraFault, match="more than 16 MiB"):
        Camera("127.0.0.1", port, RIGHT, timeouts=Timeouts(1, 20)).clock_offset()


def test_the_password_is_not_in_what_is_sent():
    with canned(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", b"") as (port, asked):
        assert Camera("127.0.0.1", port, RIGHT, timeouts=QUICK).probe().status is DeviceStatus.STALLED
    assert b"GetSystemDateAndTime" in asked[0]
    assert b"UsernameToken" not in asked[0]
    assert b"viewer" in asked[1]
    assert PASSWORD.encode() not in asked[1]
