"""WS-BaseNotification as cameras speak it: the envelopes we send and what is read of the answers. Pure.

Written by hand, not by zeep: one more description would cost 10 MiB and each pull some milliseconds, and
what cameras answer here agrees with the description less than anywhere else.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4
from xml.sax.saxutils import escape

from lxml import etree
from zeep.wsse.username import UsernameToken

from devices.credentials import Credentials
from devices.onvif import quirks
from devices.onvif.notices import moment
from devices.onvif.quirks import Place, place_of

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSA = "http://www.w3.org/2005/08/addressing"
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_WSN = "http://docs.oasis-open.org/wsn/b-2"
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_SHORTEST, _LONGEST = 10.0, 86400.0
"""Seconds left of a subscription outside which a camera's word for it is not believed."""


@dataclass(frozen=True, slots=True)
class Call:
    """An operation: its SOAP action and the content of the body."""

    action: str
    body: str


CLOCK = Call(
    "http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime",
    '<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>',
)
CAPABILITIES = Call(
    "http://www.onvif.org/ver10/device/wsdl/GetCapabilities",
    '<GetCapabilities xmlns="http://www.onvif.org/ver10/device/wsdl"><Category>All</Category></GetCapabilities>',
)
SERVICES = Call(
    "http://www.onvif.org/ver10/device/wsdl/GetServices",
    '<GetServices xmlns="http://www.onvif.org/ver10/device/wsdl">'
    "<IncludeCapability>false</IncludeCapability></GetServices>",
)
PROPERTIES = Call(
    f"{_EVENTS}/EventPortType/GetEventPropertiesRequest", f'<GetEventProperties xmlns="{_EVENTS}"/>'
)
UNSUBSCRIBE = Call(f"{_MANAGER}/UnsubscribeRequest", f'<Unsubscribe xmlns="{_WSN}"/>')


def create(seconds: float) -> Call:
    """CreatePullPointSubscription. Without a time some cameras answer with a fault; an absolute one would be
    by their clock. Without a filter: cameras fault on topics that they do not know.
    """
    return Call(
        f"{_EVENTS}/EventPortType/CreatePullPointSubscriptionRequest",
        f'<CreatePullPointSubscription xmlns="{_EVENTS}"><InitialTerminationTime>PT{seconds:.0f}S'
        "</InitialTerminationTime></CreatePullPointSubscription>",
    )


def pull(seconds: float, most: int) -> Call:
    """PullMessages: wait up to so many seconds for at most so many notifications."""
    return Call(
        f"{_EVENTS}/PullPointSubscription/PullMessagesRequest",
        f'<PullMessages xmlns="{_EVENTS}"><Timeout>PT{seconds:.0f}S</Timeout>'
        f"<MessageLimit>{most}</MessageLimit></PullMessages>",
    )


def renew(seconds: float) -> Call:
    """Renew for so many seconds from now."""
    return Call(
        f"{_MANAGER}/RenewRequest",
        f'<Renew xmlns="{_WSN}"><TerminationTime>PT{seconds:.0f}S</TerminationTime></Renew>',
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a service or a subscription is spoken to: always at the host that we reach the camera at."""

    url: str
    """At the port that the camera announced."""
    spare: str
    """At the port that we reach it at: behind address translation that is often the only one."""
    to: str
    """As the camera calls it: some compare it with what they announced."""
    parameters: tuple[Any, ...] = ()
    """Elements that must come back as headers with every call (WS-Addressing 1.0 SOAP Binding, 3.2): some
    cameras tell subscriptions apart by these alone."""


def envelope(
    call: Call,
    to: Reference | None,
    *,
    credentials: Credentials | None = None,
    created: datetime | None = None,
) -> bytes:
    """A SOAP 1.2 envelope, with WS-Addressing headers `to` a reference, and with a log-in token."""
    addressing = (
        ""
        if to is None
        else (
            f"<a:Action>{call.action}</a:Action><a:MessageID>urn:uuid:{uuid4()}</a:MessageID>"
            f"<a:ReplyTo><a:Address>{_WSA}/anonymous</a:Address></a:ReplyTo><a:To>{escape(to.to)}</a:To>"
        )
    )
    root = etree.fromstring(
        f'<s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_WSA}"><s:Header>{addressing}</s:Header>'
        f"<s:Body>{call.body}</s:Body></s:Envelope>"
    )
    for one in () if to is None else to.parameters:
        header = copy.deepcopy(one)
        header.set(f"{{{_WSA}}}IsReferenceParameter", "true")
        root[0].append(header)
    if credentials is not None:
        token = UsernameToken(
            credentials.user, credentials.password, use_digest=True, created=created, zulu_timestamp=True
        )
        root, _ = token.apply(root, {})
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def body_of(content: bytes) -> Any:
    """The content of an answer's body, an lxml element.

    Raises:
        ValueError: it is no SOAP answer.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("not XML") from error
    body = None if root is None else root.find("{*}Body")
    first = None if body is None else next((one for one in body if isinstance(one.tag, str)), None)
    if first is None:
        raise ValueError("an empty answer")
    return first


def fault_of(body: Any) -> tuple[list[str], str] | None:
    """Codes and reason of a fault, SOAP 1.2 or 1.1; None where the answer is none."""
    if etree.QName(body).localname != "Fault":
        return None
    codes = [text.strip().rpartition(":")[2] for one in body.iter("{*}Value") if (text := one.text)]
    reason = body.findtext("{*}Reason/{*}Text") or body.findtext("faultstring") or ""
    return codes, quirks.one_line(reason) or ", ".join(codes) or "no reason given"


def clock_of(body: Any) -> float | None:
    """The camera's clock in an answer to GetSystemDateAndTime, Unix seconds; None: not to be known."""
    told = body.find("{*}SystemDateAndTime")
    return None if told is None else quirks.clock_of(_as_dict(told))


def events_address(capabilities: Any | None, services: Any | None) -> str | None:
    """The events service's announced address; None where none is."""
    listed = () if capabilities is None else capabilities.findall(".//{*}Events/{*}XAddr")
    found = [one.text for one in listed] + [
        service.findtext("{*}XAddr")
        for service in (() if services is None else services.findall("{*}Service"))
        if (service.findtext("{*}Namespace") or "").strip().rstrip("/") == _EVENTS
    ]
    announced = (quirks.one_line(address, 2000) for address in found)
    return next((address for address in announced if address), None)


def device_address(capabilities: Any | None) -> str | None:
    """What the camera calls its device service."""
    told = None if capabilities is None else capabilities.findtext(".//{*}Device/{*}XAddr")
    return quirks.one_line(told, 2000) or None


def subscription_of(body: Any, service: Reference, here: Place, announced: Place | None) -> Reference:
    """The reference in an answer to CreatePullPointSubscription to `service`."""
    told = body.find("{*}SubscriptionReference")
    address = None if told is None else told.findtext("{*}Address")
    holder = None if told is None else told.find("{*}ReferenceParameters")
    parameters = () if holder is None else tuple(one for one in holder if isinstance(one.tag, str))
    found = reference(quirks.one_line(address, 2000), here, announced)
    if found is None:
        found = replace(service, to=quirks.one_line(address, 2000) or service.to)
    return replace(found, parameters=parameters)


def reference(address: str, here: Place, announced: Place | None) -> Reference | None:
    """An address that a camera gives for a part of itself; None for nothing, or a `urn:`.

    `here` is where we reached the camera, `announced` is where its device service says that it listens. A
    part of a camera is at the camera, so whatever host it names (a private one, none at all), we call it by
    ours, and never send a log-in to another.
    """
    try:
        parts = urlsplit(address.replace("&amp;", "&"))
        port = place_of(parts).port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https", "") or not (parts.hostname or parts.path.startswith("/")):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = parts.scheme == "http" and parts.hostname and Place(parts.hostname, port) != announced
    there = Place(here.host, port) if named else here
    return Reference(f"http://{there}{path}", f"http://{here}{path}", address)


def seconds_left(body: Any) -> float | None:
    """Seconds that the subscription still has, by the camera's own word; None where it cannot be believed.

    Both times are the camera's, so that its clock does not matter. Seen in the field: no such times, the year
    1970, 0000-00-00, an end that is now or past, and an end in local time beside a now in UTC.
    """
    now, end = moment(body.findtext("{*}CurrentTime")), moment(body.findtext("{*}TerminationTime"))
    if now is None or end is None:
        return None
    left = (end - now).total_seconds()
    return left if _SHORTEST <= left <= _LONGEST else None


def longest_pull(body: Any) -> float | None:
    """Seconds that a camera lets us wait, where a fault says it refuses more (PullMessagesFaultResponse)."""
    told = re.fullmatch(
        r"\s*PT(?:(\d{1,4})M)?(?:(\d{1,5})(?:\.\d+)?S)?\s*", body.findtext(".//{*}MaxTimeout") or ""
    )
    if told is None:
        return None
    return 60.0 * int(told[1] or 0) + int(told[2] or 0) or None


def _as_dict(element: Any) -> Any:
    """Nested elements as dicts of numbers, truth values and text, the way zeep reads them."""
    children = [one for one in element if isinstance(one.tag, str)]
    if children:
        return {etree.QName(one).localname: _as_dict(one) for one in children}
    text = (element.text or "").strip()
    if re.fullmatch(r"-?\d{1,9}", text):
        return int(text)
    return text == "true" if text in ("true", "false") else text
