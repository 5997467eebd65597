"""WS-Discovery: ask who is there.

A Probe goes to the multicast group (every camera of the local network answers) or to one address.
Configuration stays authoritative: discovery helps a person to fill in a site file, nothing starts from it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from lxml import etree

from devices.errors import CameraUnreachable
from devices.onvif.model import Discovered
from devices.onvif.quirks import Place, from_here, place_of

EVERYBODY = ("239.255.255.250", 3702)
"""The group and port of WS-Discovery 2005/04, section 2.4."""

_WSA = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
_WSD = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"
_SCOPE = "onvif://www.onvif.org/"
_PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>{id}</w:MessageID>
<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""


def discover(
    address: tuple[str, int] = EVERYBODY,
    timeout: float = 3.0,
    *,
    interface: str | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[Discovered]:
    """Everybody who answered within `timeout` seconds, by address.

    Args:
        address: the multicast group, or one device's host and port.
        timeout: seconds; all of it is waited, since nobody says that they were the last.
        interface: our own address on the network to ask, where there are several networks.
        clock: monotonic seconds.

    Raises:
        CameraUnreachable: the question cannot be sent (no such address, no network).
    """
    message_id = f"urn:uuid:{uuid4()}"
    found: dict[str, Discovered] = {}
    place = Place(*address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        try:
            if interface is not None:
                asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            asker.sendto(_PROBE.format(id=message_id).encode(), address)
        except OSError as error:
            raise CameraUnreachable(f"{place}: cannot be asked: {error.strerror}") from error
        deadline = clock() + timeout
        while (left := deadline - clock()) > 0:
            asker.settimeout(left)
            try:
                datagram, (source, _) = asker.recvfrom(65535)
            except TimeoutError:
                break
            except ConnectionRefusedError as error:
                raise CameraUnreachable(f"{place}: nobody answers") from error
            for one in read_matches(datagram, message_id, source):
                found.setdefault(one.endpoint, one)  # some cameras answer twice
    return sorted(found.values(), key=lambda one: (_numeric(one.source), one.xaddrs))


def read_matches(datagram: bytes, message_id: str, source: str) -> list[Discovered]:
    """The devices in one answer to our Probe; none when it is no such answer.

    Anybody on the network may send us anything, so whatever cannot be read is left aside.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        envelope = etree.fromstring(datagram, parser)
    except etree.XMLSyntaxError:
        return []
    related = envelope.findtext(f".//{_WSA}RelatesTo", "").strip()
    if related != message_id:
        return []
    matches = [item for item in envelope.iter(f"{_WSD}ProbeMatch") if item.find(f"{_WSD}XAddrs") is not None]
    return [_device(match, source) for match in matches]


def _device(match: etree._Element, source: str) -> Discovered:
    scopes = tuple((match.findtext(f"{_WSD}Scopes") or "").split())
    xaddrs = []
    for announced in (match.findtext(f"{_WSD}XAddrs") or "").split():
        try:
            port = place_of(urlsplit(announced)).port
            xaddrs.append(from_here(announced, Place(source, port), None))
        except ValueError:
            continue

    def scope(kind: str) -> str:
        values = [
            item.removeprefix(f"{_SCOPE}{kind}/") for item in scopes if item.startswith(f"{_SCOPE}{kind}/")
        ]
        return unquote(values[0]) if values else ""

    endpoint = (match.findtext(f".//{_WSA}Address") or "").strip() or f"{source} {' '.join(xaddrs)}"
    return Discovered(
        endpoint, source, tuple(xaddrs), scope("name"), scope("hardware"), scope("location"), scopes
    )


def _numeric(source: str) -> int:
    return int(ip_address(source))
