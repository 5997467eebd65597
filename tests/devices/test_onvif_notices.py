"""What cameras say in notifications, in the shapes that real ones send, and in none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from devices.messages import HintKind
from devices.onvif import wsn
from devices.onvif.notices import MOST, kind_of, moment, notices_of, offered, spelled
from devices.onvif.quirks import Place
from simulators.cameras import onvif_answers as answers
from simulators.cameras.onvif_events import TOPICS, properties

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = Place("10.0.0.9", 8080)
OWN = Place("192.168.1.64", 80)
SERVICE = wsn.Reference("http://10.0.0.9:8080/ev", "http://10.0.0.9:8080/ev", "http://192.168.1.64/ev")
MOTION = "tns1:RuleEngine/CellMotionDetector/Motion"


def message(
    topic=MOTION,
    data='<tt:SimpleItem Name="IsMotion" Value="true"/>',
    attributes='PropertyOperation="Changed"',
):
    return (
        f"<wsnt:NotificationMessage><wsnt:Topic>{topic}</wsnt:Topic><wsnt:Message><tt:Message {attributes}>"
        '<tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="V_SRC_000"/></tt:Source>'
        f"<tt:Data>{data}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def answer(*messages):
    text = f"<tev:PullMessagesResponse>{''.join(messages)}</tev:PullMessagesResponse>"
    return wsn.body_of(answers.envelope(text))


def item(name, value):
    return f'<tt:SimpleItem Name="{name}" Value="{value}"/>'


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        (MOTION, HintKind.MOTION),
        ("tns1:RuleEngine/CellMotionDetector/Motion//.", HintKind.MOTION),
        ("\n  tns1:RuleEngine/tns1:CellMotionDetector/tns1:Motion ", HintKind.MOTION),
        ("ns2:VideoSource/MotionAlarm", HintKind.MOTION),
        ("tns1:VideoAnalytics/tnsaxis:MotionDetection", HintKind.MOTION),
        ("tns1:RuleEngine/TamperDetector/Tamper", HintKind.TAMPER),
        ("tns1:VideoSource/tnsaxis:Tampering", HintKind.TAMPER),
        ("tns1:VideoSource/GlobalSceneChange/AnalyticsService", HintKind.SCENE_CHANGE),
        ("tns1:VideoSource/ImageTooBlurry/ImagingService", HintKind.BLURRY),
        ("tns1:VideoSource/ImageTooDark/RecordingService", HintKind.DARK),
        ("tns1:VideoSource/ImageTooBright", HintKind.BRIGHT),
        ("tns1:Device/Trigger/DigitalInput", None),
        ("tns1:RuleEngine/MyRuleDetector/DogCatDetect", None),
        ("tns1:VideoSource", None),
        ("", None),
    ],
)
def test_topics_are_known_in_all_their_spellings(topic, kind):
    assert kind_of(topic) is kind


@pytest.mark.parametrize(
    ("data", "on"),
    [
        (item("IsMotion", "true"), True),
        (item("State", "1"), True),
        (item("State", "False"), False),
        (item("Value", "ON"), True),
        (item("LogicalState", "inactive"), False),
        (item("tampering", "yes"), True),
        (
            item("Window", "0") + item("State", "true"),
            True,
        ),  # the state has a name; a number may be a name, too
        (item("Reason", "unknown"), None),
        ("", None),
    ],
)
def test_states_are_understood_in_all_their_spellings(data, on):
    found = notices_of(answer(message(data=data)), NOW)
    assert [one.on for one in found] == ([] if on is None else [on])


def test_a_property_that_is_deleted_holds_no_more_and_a_notice_without_property_happened():
    deleted = message(attributes='PropertyOperation="Deleted"')
    begun = message(attributes='PropertyOperation="Initialized"')
    plain = message(attributes="", data="")
    found = notices_of(answer(deleted, begun, plain), NOW)
    assert [(one.on, one.news) for one in found] == [(False, True), (True, False), (True, True)]
    assert {one.source for one in found} == {"V_SRC_000"}


@pytest.mark.parametrize(
    ("told", "offset", "at"),
    [
        ("2026-03-01T11:59:58Z", 0.0, NOW - timedelta(seconds=2)),
        ("2026-03-01T19:59:58.1234567Z", 8 * 3600.0, NOW - timedelta(seconds=1.876544)),
        ("2026-03-01T19:59:58+08:00", 0.0, NOW - timedelta(seconds=2)),
        ("2026-03-01T12:00:09Z", 0.0, NOW),  # what is yet to come is now
        ("2026-03-01T20:00:00Z", 0.0, NOW),  # local time called UTC, its clock unread
        ("0000-00-00T00:00:00Z", 0.0, NOW),
        ("9999-12-31T23:59:59Z", -1e9, NOW),
        ("", 0.0, NOW),
    ],
)
def test_a_notice_is_dated_by_our_clock(told, offset, at):
    [one] = notices_of(answer(message(attributes=f'UtcTime="{told}"')), NOW, offset)
    assert one.at == at


def test_one_notice_that_makes_no_sense_costs_its_neighbours_nothing():
    odd = ["<wsnt:NotificationMessage/>", message(topic="tns1:Device/Trigger/Relay"), message(data="<x/>")]
    found = notices_of(answer(*odd, message(), "<!-- nothing --><?nor this?>", *odd, message()), NOW)
    assert len(found) == 2


def test_a_camera_that_says_everything_at_once_is_not_listened_to_for_ever():
    assert len(notices_of(answer(*[message()] * (MOST + 5)), NOW)) == MOST


def test_the_topics_that_a_camera_offers_are_read_out_of_their_tree():
    assert offered(wsn.body_of(answers.envelope(properties()))) == {kind_of(topic) for topic in TOPICS}
    assert (
        offered(wsn.body_of(answers.envelope("<x><wstop:TopicSet><!-- none --></wstop:TopicSet></x>")))
        == set()
    )


def left(now, end):
    times = f"<wsnt:CurrentTime>{now}</wsnt:CurrentTime><wsnt:TerminationTime>{end}</wsnt:TerminationTime>"
    return wsn.seconds_left(wsn.body_of(answers.envelope(f"<tev:R>{times}</tev:R>")))


def test_what_is_left_of_a_subscription_is_told_by_the_cameras_clock_alone_and_believed_within_reason():
    assert left("2010-01-01T00:00:00Z", "2010-01-01T00:10:00Z") == 600
    assert left("2026-03-01T12:00:00Z", "2026-03-01T20:01:00+08:00") == 60
    for now, end in (
        ("2026-03-01T12:00:00Z", "1970-01-01T00:00:00Z"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00Z", "2126-03-01T12:00:00Z"),
        ("0000-00-00T00:00:00Z", "0000-00-00T00:10:00Z"),
        ("2026-03-01T12:00:00Z", ""),
    ):
        assert left(now, end) is None


@pytest.mark.parametrize(
    ("address", "url", "spare"),
    [
        ("http://192.168.1.64/ev?Idx=1", "http://10.0.0.9:8080/ev?Idx=1", "http://10.0.0.9:8080/ev?Idx=1"),
        ("http://192.168.1.64:8106/ev", "http://10.0.0.9:8106/ev", "http://10.0.0.9:8080/ev"),
        ("http://172.16.5.1:80/ev", "http://10.0.0.9:80/ev", "http://10.0.0.9:8080/ev"),
        ("http://0.0.0.0/ev", "http://10.0.0.9:80/ev", "http://10.0.0.9:8080/ev"),
        ("http:///onvif/ev?s=3", "http://10.0.0.9:8080/onvif/ev?s=3", "http://10.0.0.9:8080/onvif/ev?s=3"),
        ("/ev/1", "http://10.0.0.9:8080/ev/1", "http://10.0.0.9:8080/ev/1"),
        ("https://192.168.1.64/ev", "http://10.0.0.9:8080/ev", "http://10.0.0.9:8080/ev"),
        ("http://a:b@192.168.1.64/ev?a=1&amp;amp;b=2", *["http://10.0.0.9:8080/ev?a=1&b=2"] * 2),
        ("", SERVICE.url, SERVICE.spare),
        ("urn:uuid:5f5a69c2-e0ae-504f-829b-28f366d8f9a2", SERVICE.url, SERVICE.spare),
        ("http://192.168.1.64:port/ev", SERVICE.url, SERVICE.spare),
    ],
)
def test_a_subscription_is_looked_for_at_the_camera_wherever_it_says_that_it_is(address, url, spare):
    told = f"<wsa:Address>{address}</wsa:Address>"
    text = f"<a><wsnt:SubscriptionReference>{told}</wsnt:SubscriptionReference></a>"
    found = wsn.subscription_of(wsn.body_of(answers.envelope(text)), SERVICE, HERE, OWN)
    assert (found.url, found.spare) == (url, spare)
    assert found.to == (address.replace("&amp;amp;", "&amp;") or SERVICE.to)


def test_what_a_camera_wants_to_hear_again_comes_back_as_headers():
    given = '<ax:Id xmlns:ax="urn:x" ax:k="v">7</ax:Id>'
    text = (
        "<a><wsnt:SubscriptionReference><wsa:Address>http://192.168.1.64/ev</wsa:Address>"
        f"<wsa:ReferenceParameters>{given}</wsa:ReferenceParameters></wsnt:SubscriptionReference></a>"
    )
    found = wsn.subscription_of(wsn.body_of(answers.envelope(text)), SERVICE, HERE, OWN)
    for _ in range(2):  # the second call must have it, too
        root = etree.fromstring(wsn.envelope(wsn.UNSUBSCRIBE, found))
        [sent] = root.findall("{*}Header/{urn:x}Id")
        assert sent.text == "7"
        assert sent.get("{http://www.w3.org/2005/08/addressing}IsReferenceParameter") == "true"
        assert root.findtext("{*}Header/{*}To") == "http://192.168.1.64/ev"


RIGHT = answers.envelope(
    "<tev:PullMessagesResponse><tev:CurrentTime>2026-03-01T12:00:00Z</tev:CurrentTime><tev:TerminationTime>"
    f"2026-03-01T12:10:00Z</tev:TerminationTime>{message()}{message(data=item('State', '0'))}"
    "<wsnt:SubscriptionReference><wsa:Address>http://192.168.1.64/ev</wsa:Address></wsnt:SubscriptionReference>"
    "</tev:PullMessagesResponse>"
)


@given(
    st.floats(0, 1), st.integers(0, 80), st.binary(max_size=12) | st.sampled_from([b"<", b"</", b"&x;", b'"'])
)
def test_a_damaged_answer_is_no_answer_or_one_with_fewer_notices(at, size, patch):
    begin = round(at * len(RIGHT))
    try:
        body = wsn.body_of(RIGHT[:begin] + patch + RIGHT[begin + size :])
    except ValueError:
        return
    assert len(notices_of(body, NOW, 3.0)) <= 2
    wsn.seconds_left(body)
    wsn.fault_of(body)
    wsn.clock_of(body)
    wsn.events_address(body, body)
    wsn.longest_pull(body)
    offered(body)
    wsn.subscription_of(body, SERVICE, HERE, OWN)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)


@given(TEXT, TEXT, TEXT, TEXT, st.floats(-1e12, 1e12))
def test_whatever_stands_in_a_notice_its_time_is_believable(topic, name, value, told, offset):
    root = etree.fromstring(answers.envelope(f"<a>{message()}</a>"))
    root.find(".//{*}Topic").text = topic or MOTION
    root.find(".//{*}Data/{*}SimpleItem").attrib.update({"Name": name, "Value": value})
    root.find(".//{*}Message/{*}Message").set("UtcTime", told)
    for one in notices_of(root, NOW, offset):
        assert timedelta() <= NOW - one.at <= timedelta(minutes=10)
    assert spelled(value) in (True, False, None)
    assert moment(told) is None or moment(told).tzinfo is UTC


@given(TEXT | st.from_regex(r"https?://[\w.\[\]:-]{0,20}(:\d{0,7})?/?\S{0,20}", fullmatch=True))
def test_whatever_a_camera_calls_itself_we_never_call_another_host(address):
    found = wsn.reference(address, HERE, OWN)
    if found is not None:
        assert urlsplit(found.url).hostname == urlsplit(found.spare).hostname == HERE.host
        assert urlsplit(found.spare).port == HERE.port
