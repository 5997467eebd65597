"""The client against ipycam, an ONVIF server that nobody here wrote."""

import pytest

from devices.credentials import Credentials
from devices.errors import CameraFault, CameraRefused
from devices.messages import DeviceStatus
from devices.onvif import Camera, Profile
from tests.devices.onvif_peers import RIGHT, ipycam


def test_ipycam_tells_everything_that_a_node_asks_for():
    with ipycam(RIGHT) as port:
        camera = Camera("127.0.0.1", port, RIGHT)
        assert abs(camera.clock_offset()) < 2
        assert camera.device_information().model == "VirtualCam-1"
        assert camera.profiles() == (
            Profile("Profile_Main", "MainStream", "H264", 1920, 1080, 30.0, None),
            Profile("Profile_Sub", "SubStream", "H264", 640, 360, 30.0, None),
        )
        assert camera.stream_uri("Profile_Main") == "rtsp://127.0.0.1:8554/video_main"
        assert camera.stream_uri("Profile_Sub") == "rtsp://127.0.0.1:8554/video_sub"
        rung = camera.probe()
        assert (rung.status, rung.detail.split(";")[0]) == (
            DeviceStatus.UP,
            f"127.0.0.1:{port}: PythonCam VirtualCam-1 1.3.0",
        )


def test_ipycams_snapshot_comes_over_http_basic():
    plain = Credentials("viewer", "hush")  # its HTTP side takes ASCII alone
    with ipycam(plain) as port:
        assert Camera("127.0.0.1", port, plain).snapshot("Profile_Main").startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("credentials", [Credentials("viewer", "wrong"), None])
def test_ipycam_refuses_others(credentials):
    with ipycam(RIGHT) as port:
        camera = Camera("127.0.0.1", port, credentials)
        with pytest.raises(CameraRefused):
            camera.profiles()
        assert camera.probe().status is DeviceStatus.REFUSED


def test_a_call_that_ipycam_does_not_know_is_a_fault():
    from devices.onvif.wsdl import DEVICE

    with ipycam(RIGHT) as port:
        camera = Camera("127.0.0.1", port, RIGHT)
        with pytest.raises(CameraFault, match="not supported"):
            camera._call(DEVICE, f"http://127.0.0.1:{port}/onvif/device_service", "GetHostname")
