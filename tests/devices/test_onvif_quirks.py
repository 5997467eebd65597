"""Each habit of cameras, with the answer that shows it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import CameraFault
from devices.messages import DeviceStatus
from devices.onvif import Answer, Camera, Profile
from devices.onvif.quirks import (
    Place,
    clock_of,
    dig,
    frame_rate,
    from_here,
    gov_length,
    is_refusal,
    media_address,
    one_line,
    profile_of,
    zone_offset,
)
from simulators.cameras import onvif_answers as answers
from simulators.cameras.onvif import main_and_sub
from tests.devices.onvif_peers import RIGHT

HERE = Place("10.0.0.9", 8081)
NAT = Place("192.168.1.64", 80)
NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC).timestamp()
DEVICE = "http://10.0.0.9:8081/onvif/device_service"


def moment(*numbers):
    year, month, day, hour, minute, second = numbers
    return {
        "Date": {"Year": year, "Month": month, "Day": day},
        "Time": {"Hour": hour, "Minute": minute, "Second": second},
    }


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ({"UTCDateTime": moment(2026, 7, 1, 12, 0, 0)}, NOON),
        ({"LocalDateTime": moment(2026, 7, 1, 20, 0, 0), "TimeZone": {"TZ": "CST-8"}}, NOON),
        (
            {
                "LocalDateTime": moment(2026, 7, 1, 14, 0, 0),
                "TimeZone": {"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"},
                "DaylightSavings": True,
            },
            NOON,
        ),
        ({"LocalDateTime": moment(2026, 7, 1, 12, 0, 0), "TimeZone": None}, NOON),
        ({"UTCDateTime": moment(2026, 7, 1, 11, 59, 60)}, NOON),
        ({"UTCDateTime": moment(0, 0, 0, 0, 0, 0)}, None),
        ({"UTCDateTime": moment(0, 0, 0, 0, 0, 0), "LocalDateTime": moment(2026, 7, 1, 12, 0, 0)}, NOON),
        ({"UTCDateTime": moment(2026, 2, 30, 0, 0, 0)}, None),
        ({"UTCDateTime": moment(9999, 12, 31, 23, 59, 60)}, None),
        ({"UTCDateTime": {"Date": None, "Time": None}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_clock_is_read_out_of_whatever_the_camera_gives(answer, seconds):
    assert clock_of(answer) == seconds


@pytest.mark.parametrize(
    ("zone", "seconds"),
    [
        ("CST-8", 28800),
        ("GMT+00:00", 0),
        ("EST5EDT", -18000),
        ("<+0530>-5:30", 19800),
        ("", None),
        (None, None),
    ],
)
def test_a_posix_zone_counts_westward(zone, seconds):
    assert zone_offset(zone) == seconds


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(
                [
                    "UTCDateTime",
                    "LocalDateTime",
                    "Date",
                    "Time",
                    "Year",
                    "Month",
                    "Day",
                    "Hour",
                    "Minute",
                    "Second",
                    "TimeZone",
                    "TZ",
                ]
            ),
            inner,
        ),
        max_leaves=20,
    )
)
def test_no_clock_answer_breaks_the_reader(answer):
    seconds = clock_of(answer)
    assert seconds is None or isinstance(seconds, float)


@pytest.mark.parametrize(
    ("codes", "reason", "refusal"),
    [
        (["NotAuthorized"], "Sender not Authorized", True),
        (["FailedAuthentication"], "", True),
        ([], "The action requested requires authorization and the sender is not authorized", True),
        ([], "Unauthorized", True),
        (["ActionNotSupported"], "Optional Action Not Implemented", False),
        ([], "no reason given", False),
    ],
)
def test_a_refusal_is_known_by_its_code_or_its_words(codes, reason, refusal):
    assert is_refusal(codes, reason) is refusal


def test_an_empty_media_address_is_looked_up_in_the_services():
    services = [
        {"Namespace": "http://www.onvif.org/ver10/events/wsdl", "XAddr": "http://c/events"},
        {"Namespace": "http://www.onvif.org/ver10/media/wsdl", "XAddr": " http://c/media "},
    ]
    assert media_address({"Media": {"XAddr": "http://c/old"}}, services) == "http://c/old"
    assert media_address({"Media": {"XAddr": ""}}, services) == "http://c/media"
    assert media_address({"Media": None}, []) is None
    assert media_address(None, None) is None


@pytest.mark.parametrize(
    ("announced", "seen"),
    [
        # What the camera calls itself is what we call it, its device service's port included.
        ("http://192.168.1.64/onvif/media", "http://10.0.0.9:8081/onvif/media"),
        ("http://192.168.1.64:80/onvif/media", "http://10.0.0.9:8081/onvif/media"),
        # Media at another port of the camera.
        ("http://192.168.1.64:8899/onvif/media", "http://10.0.0.9:8899/onvif/media"),
        ("rtsp://192.168.1.64:554/Streaming/101", "rtsp://10.0.0.9:554/Streaming/101"),
        ("rtsp://192.168.1.64/Streaming/101", "rtsp://10.0.0.9/Streaming/101"),
        # Addresses that nobody else can mean.
        ("rtsp://0.0.0.0:554/ch0", "rtsp://10.0.0.9:554/ch0"),
        ("rtsp://127.0.0.1:554/ch0", "rtsp://10.0.0.9:554/ch0"),
        ("rtsp://localhost:554/ch0", "rtsp://10.0.0.9:554/ch0"),
        ("rtsp://169.254.7.7/ch0", "rtsp://10.0.0.9/ch0"),
        ("rtsp://[::]:554/ch0", "rtsp://10.0.0.9:554/ch0"),
        # A recorder that holds the streams.
        ("rtsp://10.0.0.200:554/cam7", "rtsp://10.0.0.200:554/cam7"),
        # Credentials, double escapes, white space.
        ("rtsp://admin:hush@10.0.0.9:554/a", "rtsp://10.0.0.9:554/a"),
        ("rtsp://10.0.0.9:554/a?channel=1&amp;subtype=0", "rtsp://10.0.0.9:554/a?channel=1&subtype=0"),
        ("\n rtsp://10.0.0.9:554/a \n", "rtsp://10.0.0.9:554/a"),
    ],
)
def test_an_announced_address_becomes_one_that_we_can_reach(announced, seen):
    assert from_here(announced, HERE, NAT) == seen


def test_a_camera_reached_at_an_ipv6_address_keeps_its_brackets():
    there = Place("fd00::9", 80)
    assert from_here("rtsp://0.0.0.0:554/a", there, None) == "rtsp://[fd00::9]:554/a"
    assert str(there) == "[fd00::9]:80"


def test_a_loopback_address_is_fine_for_somebody_who_reached_the_camera_there():
    assert (
        from_here("rtsp://127.0.0.1:20554/a", Place("127.0.0.1", 21001), None) == "rtsp://127.0.0.1:20554/a"
    )
    assert (
        from_here("rtsp://127.0.0.1:20554/a", Place("localhost", 21001), None) == "rtsp://127.0.0.1:20554/a"
    )


@pytest.mark.parametrize("uri", ["", "nonsense", "rtsp://", "rtsp://host:port/a", "rtsp://[half/a"])
def test_an_address_that_is_none_is_a_value_error(uri):
    with pytest.raises(ValueError, match=r"address|URL|Port"):
        from_here(uri, HERE, NAT)


@given(st.text(max_size=40))
def test_no_address_breaks_the_rewriter_or_keeps_a_password(text):
    try:
        seen = from_here(f"rtsp://user:hush-hush@{text}", HERE, NAT)
    except ValueError:
        return
    assert "hush-hush" not in seen


def test_a_profile_without_rate_control_or_gov_length_has_none():
    assert frame_rate({"VideoEncoderConfiguration": {"RateControl": None}}) is None
    assert frame_rate({"VideoEncoderConfiguration": {"RateControl": {"FrameRateLimit": 0}}}) is None
    assert frame_rate({"VideoEncoderConfiguration": {"RateControl": {"FrameRateLimit": 25}}}) == 25.0
    assert gov_length({"VideoEncoderConfiguration": {"H264": None, "MPEG4": {"GovLength": 50}}}) == 50
    assert gov_length({"VideoEncoderConfiguration": {"H264": {"GovLength": 0}}}) is None
    assert gov_length(None) is None


def test_digging_stops_where_a_step_is_missing():
    assert dig({"a": {"b": 1}}, "a", "b") == 1
    assert dig({"a": None}, "a", "b") is None
    assert dig(7, "a") is None


def encoder(**more):
    return {"Encoding": "H264", "Resolution": {"Width": 1280, "Height": 720}, **more}


def test_profiles_that_cannot_be_used_are_left_out():
    assert profile_of({"token": "a", "VideoEncoderConfiguration": encoder()}) == Profile(
        "a", "a", "H264", 1280, 720, None, None
    )
    assert profile_of({"token": "sound", "VideoEncoderConfiguration": None}) is None
    assert profile_of({"token": None, "VideoEncoderConfiguration": encoder()}) is None
    assert profile_of({"token": "a", "VideoEncoderConfiguration": encoder(Resolution=None)}) is None
    assert (
        profile_of({"token": "a", "VideoEncoderConfiguration": encoder(Resolution={"Width": 0, "Height": 0})})
        is None
    )


def test_a_cameras_own_words_become_one_short_line():
    assert one_line(" Street\r\n\x00 camera ") == "Street camera"
    assert one_line("x" * 1000, 64) == "x" * 64
    assert one_line(None) == ""


def spoken_by(**replies):
    """A camera that answers by operation, and the addresses that it was asked at."""
    asked = []

    def http(method, url, *, timeouts, body=None, headers=None, auth=None):
        name = next(name for name in replies if f"{name} ".encode() in body or f"{name}/".encode() in body)
        asked.append((name, url))
        return Answer(200, {}, answers.envelope(replies[name]))

    replies.setdefault("GetSystemDateAndTime", answers.date_and_time(NOON))
    return Camera("10.0.0.9", 8081, RIGHT, http=http, now=lambda: NOON), asked


STREAMS = main_and_sub("rtsp://0.0.0.0:554/main", "rtsp://0.0.0.0:554/sub")


def test_a_camera_without_a_media_address_in_its_capabilities_is_asked_for_its_services():
    camera, asked = spoken_by(
        GetCapabilities=answers.capabilities(f"http://{NAT}/onvif/device_service", "", ""),
        GetServices=answers.services(
            f"http://{NAT}/onvif/device_service", f"http://{NAT.host}:8899/onvif/media", ""
        ),
        GetStreamUri=answers.media_uri("GetStreamUri", STREAMS[0].uri),
    )
    assert camera.stream_uri("main") == "rtsp://10.0.0.9:554/main"
    assert asked[-1] == ("GetStreamUri", "http://10.0.0.9:8899/onvif/media")


def test_a_camera_that_announces_no_address_at_all_is_asked_at_its_device_service():
    camera, asked = spoken_by(
        GetCapabilities="<tds:GetCapabilitiesResponse><tds:Capabilities/></tds:GetCapabilitiesResponse>",
        GetServices=answers.fault("Receiver", "ActionNotSupported", "Not implemented"),
        GetProfiles=answers.profiles(STREAMS[::-1]),
    )
    assert [profile.token for profile in camera.profiles()] == ["main", "sub"]
    assert asked[-1] == ("GetProfiles", DEVICE)


def test_a_camera_without_a_clock_is_used_with_ours_and_says_so():
    lost = answers.date_and_time(NOON).replace(">2026<", ">0<")
    camera, _ = spoken_by(
        GetDeviceInformation=answers.information("Street camera", "P01-C1"), GetSystemDateAndTime=lost
    )
    rung = camera.probe()
    assert (rung.status, rung.clock_offset) == (DeviceStatus.UP, None)
    assert rung.detail.endswith("its clock is not set")
    with pytest.raises(CameraFault, match="its clock is not set"):
        camera.clock_offset()


def test_a_jpeg_stream_is_offered_only_where_there_is_no_other():
    both = answers.profiles(STREAMS).replace("H264</tt:Encoding>", "JPEG</tt:Encoding>", 1)
    camera, _ = spoken_by(GetCapabilities=answers.capabilities(DEVICE, DEVICE, DEVICE), GetProfiles=both)
    assert [profile.token for profile in camera.profiles()] == ["sub"]
    stills = answers.profiles(STREAMS[:1]).replace("H264</tt:Encoding>", "JPEG</tt:Encoding>")
    camera, _ = spoken_by(GetCapabilities=answers.capabilities(DEVICE, DEVICE, DEVICE), GetProfiles=stills)
    assert [profile.encoding for profile in camera.profiles()] == ["JPEG"]
