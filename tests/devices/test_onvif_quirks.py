"""Each habit of cameras, with the answer that shows it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.onvif.quirks import (
    Place,
    clock_of,
    dig,
    frame_rate,
    from_here,
    gov_length,
    is_refusal,
    media_address,
    zone_offset,
)

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


def test_an_empty_media_address_is_looked_up_in_the_services_and_then_taken_to_be_the_devices():
    services = [
        {"Namespace": "http://www.onvif.org/ver10/events/wsdl", "XAddr": "http://c/events"},
        {"Namespace": "http://www.onvif.org/ver10/media/wsdl", "XAddr": " http://c/media "},
    ]
    assert media_address({"Media": {"XAddr": "http://c/old"}}, services, DEVICE) == "http://c/old"
    assert media_address({"Media": {"XAddr": ""}}, services, DEVICE) == "http://c/media"
    assert media_address({"Media": None}, [], DEVICE) == DEVICE
    assert media_address(None, None, DEVICE) == DEVICE


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
