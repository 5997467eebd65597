"""No credential in an error, a log line or an address, down to the last chained traceback."""

import logging
import traceback

import pytest

from devices.credentials import Credentials
from devices.errors import CameraError
from devices.onvif import Camera, Timeouts
from simulators.broker import free_port
from simulators.cameras.onvif import Fault
from tests.devices.onvif_peers import PASSWORD, RIGHT, canned, device, simulated

QUICK = Timeouts(connect=0.5, answer=0.3)
PARROT = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender'
    f"</s:Value></s:Code><s:Reason><s:Text>bad password {PASSWORD}</s:Text></s:Reason></s:Fault></s:Body>"
    "</s:Envelope>"
).encode()


def shown(work) -> str:
    try:
        work()
    except CameraError as error:
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(whole.format(chain=True)) + repr(error)
    raise AssertionError("no error")


def everything(camera: Camera) -> list:
    return [
        camera.clock_offset,
        camera.device_information,
        camera.profiles,
        lambda: camera.stream_uri("main"),
        lambda: camera.snapshot("main"),
    ]


@pytest.mark.parametrize("fault", [Fault.REFUSE_AUTH, Fault.GARBAGE, Fault.SILENT])
def test_no_error_of_a_bad_camera_shows_the_password(fault, caplog):
    caplog.set_level(logging.DEBUG)
    with simulated(device(faults=frozenset({fault}))) as [server]:
        camera = Camera("127.0.0.1", server.port, RIGHT, timeouts=QUICK)
        works = everything(camera)[fault is Fault.REFUSE_AUTH :]  # the clock is open to everybody
        texts = [shown(work) for work in works]
        texts.append(camera.probe().detail)
    for text in [*texts, caplog.text, repr(camera), repr(RIGHT)]:
        assert PASSWORD not in text


def test_no_error_of_an_absent_camera_shows_the_password():
    camera = Camera("127.0.0.1", free_port(), RIGHT, timeouts=QUICK)
    for work in everything(camera):
        assert PASSWORD not in shown(work)


def test_a_camera_that_repeats_the_password_does_not_get_it_into_our_errors():
    head = f"HTTP/1.1 400 Bad\r\nContent-Type: application/soap+xml\r\nContent-Length: {len(PARROT)}\r\n\r\n"
    with canned(head.encode() + PARROT) as (port, _):
        text = shown(Camera("127.0.0.1", port, RIGHT, timeouts=QUICK).clock_offset)
    assert "bad password ***" in text
    assert PASSWORD not in text


def test_a_wrong_password_is_not_shown_either():
    with simulated(device()) as [server]:
        camera = Camera("127.0.0.1", server.port, Credentials("viewer", "not-this-one"), timeouts=QUICK)
        for work in everything(camera)[1:]:
            assert "not-this-one" not in shown(work)
