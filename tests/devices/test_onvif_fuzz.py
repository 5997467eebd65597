"""Whatever a camera answers, only a `CameraError` comes out, and soon."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from devices.errors import CameraError
from devices.onvif import Answer, Camera
from simulators.cameras import onvif_answers as answers
from simulators.cameras.onvif import main_and_sub
from tests.devices.onvif_peers import RIGHT

STREAMS = main_and_sub("rtsp://127.0.0.1/main", "rtsp://127.0.0.1/sub")
URL = "http://127.0.0.1:80/onvif/"


ADDRESSES = (URL + "device_service", URL + "media_service", URL + "events_service")
RIGHT_ANSWERS = {
    "GetSystemDateAndTime": answers.date_and_time(1_800_000_000.0),
    "GetDeviceInformation": answers.information("Street camera", "P01-C1"),
    "GetCapabilities": answers.capabilities(*ADDRESSES),
    "GetServices": answers.services(*ADDRESSES),
    "GetProfiles": answers.profiles(STREAMS),
    "GetStreamUri": answers.media_uri("GetStreamUri", STREAMS[0].uri),
}


def right(request: bytes) -> bytes:
    return answers.envelope(next(text for name, text in RIGHT_ANSWERS.items() if name.encode() in request))


def camera(spoil) -> Camera:
    def http(method, url, *, timeouts, body=None, headers=None, auth=None):
        return spoil(right(body))

    return Camera("127.0.0.1", 80, RIGHT, http=http, now=lambda: 1_800_000_000.0)


def use(one: Camera) -> None:
    for work in (one.clock_offset, one.device_information, one.profiles, lambda: one.stream_uri("main")):
        with suppress(CameraError):
            work()
    assert one.probe().detail.startswith("127.0.0.1:80: ")


def test_the_unspoilt_answers_are_fine():
    one = camera(lambda body: Answer(200, {}, body))
    assert [profile.token for profile in one.profiles()] == ["main", "sub"]
    assert one.stream_uri("main") == "rtsp://127.0.0.1/main"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_answer_is_a_camera_error_or_nothing_worse(data):
    at, size = data.draw(st.floats(0, 1)), data.draw(st.integers(0, 60))
    patch = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"<", b">", b"</", b"&x;", b"&lt;", b"\x00", b'"'])
    )
    status = data.draw(st.sampled_from([200, 200, 200, 202, 301, 400, 401, 403, 404, 500]))

    def spoil(body):
        start = int(at * len(body))
        return Answer(status, {}, body[:start] + patch + body[start + size :])

    use(camera(spoil))


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["text/html", "multipart/related", "multipart/related; boundary=a", "x"]),
)
def test_noise_is_a_camera_error(noise, kind):
    use(camera(lambda body: Answer(200, {"Content-Type": kind}, noise)))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_elements_that_are_missing_empty_or_odd_are_a_camera_error_or_nothing_worse(data):
    pick, text = (
        data.draw(st.integers(0, 200)),
        data.draw(st.sampled_from([None, "", "x", "-1", "1e9", "9" * 30])),
    )

    def spoil(body):
        root = etree.fromstring(body)
        inner = list(root.iter())[3:]
        if inner:
            one = inner[pick % len(inner)]
            if text is None:
                one.getparent().remove(one)
            else:
                one.text = text
        return Answer(200, {}, etree.tostring(root))

    use(camera(spoil))


@pytest.mark.parametrize(
    "trap",
    [
        '<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
        "<a>" * 5000,
    ],
)
def test_an_answer_that_is_a_trap_is_a_camera_fault(trap):
    use(camera(lambda body: Answer(200, {}, trap.encode())))
