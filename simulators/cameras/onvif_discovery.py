"""WS-Discovery for simulated cameras: one UDP port answers a Probe for all of them, one answer a camera.

Ordinarily at a unicast address. Joining the multicast group is off by default: a simulated street must
not show up on the network of the machine that it happens to run on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid4, uuid5
from xml.sax.saxutils import escape

from lxml import etree

from simulators.cameras.onvif import DEVICE_PATH, OnvifServer
from simulators.cameras.onvif_answers import scope_uris
from simulators.errors import ListenError

GROUP = "239.255.255.250"
_WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_NVT = "http://www.onvif.org/ver10/network/wsdl"


class Discovery(asyncio.DatagramProtocol):
    """Answers Probes until `close`."""

    def __init__(self, cameras: Sequence[OnvifServer], host: str) -> None:
        self._cameras = tuple(cameras)
        self._host = host
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()

    @property
    def port(self) -> int:
        """The UDP port that is listened at."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        """Stop answering."""
        assert self._transport is not None
        self._transport.close()
        await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's protocol."""
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Part of asyncio's protocol; what is no Probe is left aside."""
        assert self._transport is not None
        asked = _probe_id(data)
        if asked is not None:
            for camera in self._cameras:
                self._transport.sendto(_match(camera, self._host, asked), addr)


async def serve_discovery(
    cameras: Sequence[OnvifServer], host: str, port: int, *, multicast: bool = False
) -> Discovery:
    """Answer Probes for `cameras`, which are served at `host`; port 0 takes a free one.

    `multicast` also joins WS-Discovery's group on the interface that has the address `host`.

    Raises:
        ListenError: the address cannot be used.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if multicast:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            member = socket.inet_aton(GROUP) + socket.inet_aton(host)
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        else:
            listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(f"{host}:{port}: cannot listen there: {error.strerror}") from error
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(lambda: Discovery(cameras, host), sock=listener)
    return protocol


def _probe_id(data: bytes) -> str | None:
    """The message id of a Probe that asks for cameras, or for everything."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None
    probe = root.find(f"{{{_SOAP}}}Body/{{{_WSD}}}Probe")
    message_id = root.findtext(f"{{{_SOAP}}}Header/{{{_WSA}}}MessageID")
    if probe is None or not message_id:
        return None
    wanted = {name.rpartition(":")[2] for name in probe.findtext(f"{{{_WSD}}}Types", "").split()}
    return str(message_id).strip() if not wanted or "NetworkVideoTransmitter" in wanted else None


def _match(camera: OnvifServer, host: str, asked: str) -> bytes:
    device = camera.device
    endpoint = f"urn:uuid:{uuid5(NAMESPACE_URL, f'onvif://simulated/{device.id}')}"
    announced_host, announced_port = device.announced or (host, camera.port)
    xaddr = f"http://{announced_host}:{announced_port}{DEVICE_PATH}"
    scopes = escape(" ".join(scope_uris(device.name, device.id)))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_WSA}"'
        f' xmlns:d="{_WSD}" xmlns:dn="{_NVT}"><s:Header><a:MessageID>urn:uuid:{uuid4()}</a:MessageID>'
        f"<a:RelatesTo>{escape(asked)}</a:RelatesTo><a:To>{_WSA}/role/anonymous</a:To>"
        f"<a:Action>{_WSD}/ProbeMatches</a:Action></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>"
        f"<a:EndpointReference><a:Address>{endpoint}</a:Address></a:EndpointReference>"
        f"<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>"
        f"<d:XAddrs>{escape(xaddr)}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
        "</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
    ).encode()
