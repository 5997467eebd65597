"""Discovery: our Probe against our responder and against ipycam's answer, by unicast."""

import socket
import threading
from contextlib import contextmanager

import pytest

from devices.errors import CameraUnreachable
from devices.onvif import Camera, Discovered, discover
from devices.onvif.discovery import read_matches
from simulators.cameras.onvif import serve_onvif
from simulators.cameras.onvif_discovery import serve_discovery
from tests.devices.onvif_peers import RIGHT, device, running_loop


@contextmanager
def discoverable(*names):
    """Simulated cameras and the port at which they can be discovered."""
    with running_loop() as run:
        servers = [run(serve_onvif(device(name), "127.0.0.1", 0)) for name in names]
        responder = run(serve_discovery(servers, "127.0.0.1", 0))
        try:
            yield servers, responder.port
        finally:
            for one in (responder, *servers):
                run(one.close())


def test_one_probe_finds_every_camera_behind_a_port():
    with discoverable("P01-C1", "P02-C1") as (servers, port):
        found = discover(("127.0.0.1", port), 0.3)
        urls = {f"http://127.0.0.1:{server.port}/onvif/device_service" for server in servers}
        assert {one.xaddrs[0] for one in found} == urls
        assert {(one.name, one.hardware, one.location) for one in found} == {
            ("South gate 南门", "simulated", "P01-C1"),
            ("South gate 南门", "simulated", "P02-C1"),
        }
        host, _, camera_port = found[0].xaddrs[0].split("/")[2].partition(":")
        camera = Camera(host, int(camera_port), RIGHT)
        assert camera.device_information().serial == found[0].location


def test_ipycams_answer_is_understood():
    from ipycam import CameraConfig, ONVIFService

    service = ONVIFService(CameraConfig(local_ip="127.0.0.1", onvif_port=8080, name="Yard"))
    [found] = read_matches(service.create_probe_match("urn:uuid:1").encode(), "urn:uuid:1", "127.0.0.1")
    assert (found.name, found.endpoint) == ("Yard", service.device_uuid)
    assert found.xaddrs == ("http://127.0.0.1:8080/onvif/device_service",)


ANSWER = """<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header><a:RelatesTo>{id}</a:RelatesTo></e:Header>
<e:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:7</a:Address>
</a:EndpointReference><d:Scopes>onvif://www.onvif.org/name/A%20B</d:Scopes>
<d:XAddrs>http://0.0.0.0/onvif/device_service http://[half nonsense</d:XAddrs></d:ProbeMatch></d:ProbeMatches>
</e:Body></e:Envelope>"""


def test_an_unroutable_address_becomes_the_one_that_the_answer_came_from():
    assert read_matches(ANSWER.format(id="urn:uuid:1").encode(), "urn:uuid:1", "10.0.0.9") == [
        Discovered(
            "urn:uuid:7",
            "10.0.0.9",
            ("http://10.0.0.9/onvif/device_service",),
            "A B",
            "",
            "",
            ("onvif://www.onvif.org/name/A%20B",),
        )
    ]


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\x00\xff", b"<a/>", ANSWER.format(id="urn:uuid:other").encode(), b"<?xml version='1.0'?>"],
)
def test_what_is_no_answer_to_our_question_is_left_aside(datagram):
    assert read_matches(datagram, "urn:uuid:1", "10.0.0.9") == []


def test_noise_and_doubles_among_the_answers_do_no_harm():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as camera:
        camera.bind(("127.0.0.1", 0))
        camera.settimeout(10)

        def answer():
            question, asker = camera.recvfrom(65535)
            asked = question.decode().partition("MessageID>")[2].partition("<")[0]
            for reply in (b"noise", ANSWER.format(id=asked).encode(), ANSWER.format(id=asked).encode()):
                camera.sendto(reply, asker)

        thread = threading.Thread(target=answer)
        thread.start()
        found = discover(camera.getsockname(), 0.3)
        thread.join(10)
    assert [one.endpoint for one in found] == ["urn:uuid:7"]


def test_nobody_there_is_an_empty_list():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert discover(silent.getsockname(), 0.1) == []


def test_a_name_that_does_not_exist_cannot_be_asked():
    with pytest.raises(CameraUnreachable, match="cannot be asked"):
        discover(("no-such-camera.invalid", 3702), 0.1)
