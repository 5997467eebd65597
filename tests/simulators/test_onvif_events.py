"""The simulated camera's pull points, asked by a client that nobody here wrote and read strictly."""

from __future__ import annotations

from importlib.metadata import distribution

import pytest
import zeep
from lxml import etree
from zeep.wsse.username import UsernameToken

from simulators.cameras.onvif_events import MOTION, TAMPER, EventFault
from tests.devices.onvif_peers import PASSWORD, device, simulated

EVENTS = "http://www.onvif.org/ver10/events/wsdl"
BINDINGS = ("EventBinding", "PullPointSubscriptionBinding", "SubscriptionManagerBinding")


@pytest.fixture(scope="module")
def client():
    folder = distribution("onvif-zeep").locate_file("wsdl")
    login = UsernameToken("viewer", PASSWORD, use_digest=True)
    return zeep.Client(f"{folder}/events.wsdl", wsse=login, settings=zeep.Settings(strict=True))


def services(client, server, address=None):
    address = address or f"http://127.0.0.1:{server.port}/onvif/events_service"
    return [client.create_service(f"{{{EVENTS}}}{name}", address) for name in BINDINGS]


def test_a_pull_point_lives_from_its_making_to_its_end_as_the_description_says(client):
    with simulated(device()) as [server]:
        events, _, _ = services(client, server)
        offered = events.GetEventProperties().TopicSet._value_1
        assert [etree.QName(one).localname for one in offered] == ["RuleEngine", "VideoSource"]
        made = events.CreatePullPointSubscription(InitialTerminationTime="PT100S")
        assert (made.TerminationTime - made.CurrentTime).total_seconds() == pytest.approx(100, abs=2)
        _, point, manager = services(client, server, made.SubscriptionReference.Address._value_1)
        server.events.say(TAMPER, True)
        [told] = point.PullMessages(Timeout="PT1S", MessageLimit=5).NotificationMessage
        assert told.Message._value_1.find(".//{*}Data/*").get("Name") == "IsTamper"  # zeep drops the topic
        assert told.Message._value_1.get("PropertyOperation") == "Changed"
        assert point.PullMessages(Timeout="PT0S", MessageLimit=5).NotificationMessage == []
        renewed = manager.Renew(TerminationTime="PT10M")
        assert (renewed.TerminationTime - renewed.CurrentTime).total_seconds() == pytest.approx(600, abs=2)
        manager.Unsubscribe()
        with pytest.raises(zeep.exceptions.Fault, match="does not exist"):
            point.PullMessages(Timeout="PT1S", MessageLimit=5)


def test_what_is_said_is_kept_in_order_for_whoever_pulls_late_and_not_more_than_asked_for(client):
    with simulated(device()) as [server]:
        events, _, _ = services(client, server)
        server.events.say(MOTION, True)
        made = events.CreatePullPointSubscription(InitialTerminationTime="PT100S")
        _, point, _ = services(client, server, made.SubscriptionReference.Address._value_1)
        for on in (False, True, True, False):
            server.events.say(MOTION, on)
        first = point.PullMessages(Timeout="PT1S", MessageLimit=3).NotificationMessage
        rest = point.PullMessages(Timeout="PT1S", MessageLimit=3).NotificationMessage
        told = [
            (
                one.Message._value_1.get("PropertyOperation"),
                one.Message._value_1.find(".//{*}Data/*").get("Value"),
            )
            for one in (*first, *rest)
        ]
        assert told == [
            ("Initialized", "true"),
            ("Changed", "false"),
            ("Changed", "true"),
            ("Changed", "false"),
        ]


def test_a_pull_point_that_nobody_pulls_ends_by_itself(client):
    now = [0.0]
    with simulated(device(monotonic=lambda: now[0])) as [server]:
        events, _, _ = services(client, server)
        made = events.CreatePullPointSubscription(InitialTerminationTime="PT30S")
        _, point, _ = services(client, server, made.SubscriptionReference.Address._value_1)
        now[0] = 29.0
        point.PullMessages(Timeout="PT0S", MessageLimit=1)  # which gives it another minute
        now[0] = 88.0
        point.PullMessages(Timeout="PT0S", MessageLimit=1)
        now[0] = 149.0
        with pytest.raises(zeep.exceptions.Fault, match="does not exist"):
            point.PullMessages(Timeout="PT0S", MessageLimit=1)


def test_a_stranger_gets_no_events(client):
    folder = distribution("onvif-zeep").locate_file("wsdl")
    stranger = zeep.Client(f"{folder}/events.wsdl")
    with simulated(device()) as [server]:
        for one in services(stranger, server)[:1]:
            with pytest.raises(zeep.exceptions.Fault, match="not authorized"):
                one.CreatePullPointSubscription()
        server.faults.add(EventFault.NONE)
        with pytest.raises(zeep.exceptions.Fault, match="not supported"):
            services(client, server)[0].CreatePullPointSubscription()
