"""A simulated ONVIF camera: its device, media and events services and its still picture, at one port.

Many cameras share one event loop; a camera that nobody asks costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from lxml import etree

from devices.credentials import Credentials
from simulators.cameras import onvif_answers as answers
from simulators.cameras import onvif_ptz
from simulators.cameras.onvif_answers import SimulatedStream
from simulators.cameras.onvif_events import EventFault, EventService, Hushed, Refused, name_in
from simulators.cameras.onvif_http import HttpServer, Request, Response
from simulators.cameras.onvif_login import Login
from simulators.cameras.onvif_ptz import Mount

DEVICE_PATH = "/onvif/device_service"
MEDIA_PATH = "/onvif/media_service"
EVENTS_PATH = "/onvif/events_service"
PTZ_PATH = "/onvif/ptz_service"
SNAPSHOT_PATH = "/onvif/snapshot/"

_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
_WSA = "{http://www.w3.org/2005/08/addressing}"
_OPEN = {"GetSystemDateAndTime", "GetCapabilities", "GetServices"}
"""Operations open to everybody: access class PRE_AUTH of the ONVIF Core Specification, section 5.9.4.3."""


class Fault(StrEnum):
    """How a simulated camera can misbehave."""

    WRONG_CLOCK = "wrong_clock"
    """Its clock is off by the device's `clock_error`, also where it checks log-ins."""
    SILENT = "silent"
    """It accepts connections and never answers."""
    GARBAGE = "garbage"
    """It answers with something that is no XML."""
    REFUSE_AUTH = "refuse_auth"
    """It takes nobody's credentials."""
    SLOW = "slow"
    """It answers after the device's `slow_by`."""


def main_and_sub(main_uri: str, sub_uri: str) -> tuple[SimulatedStream, SimulatedStream]:
    """The two streams of an ordinary camera: 1280×720 and 640×360."""
    return SimulatedStream("main", main_uri, 1280, 720), SimulatedStream("sub", sub_uri, 640, 360)


@dataclass(frozen=True, slots=True)
class OnvifDevice:
    """One simulated camera."""

    id: str
    name: str
    streams: tuple[SimulatedStream, ...]
    snapshot: Callable[[], bytes]
    """The current picture, the bytes of a JPEG file; called in the event loop, so it must be quick."""
    credentials: Credentials | None = None
    """None: open to everybody."""
    faults: frozenset[Fault | EventFault] = frozenset()
    """Those it begins with."""
    clock_error: float = 8 * 3600.0
    """Seconds its clock is ahead while `wrong_clock` holds; eight hours: local time shown as UTC."""
    slow_by: float = 3.0
    """Seconds before an answer while `slow` holds."""
    digest_only: bool = False
    """Log in by HTTP Digest instead of WS-UsernameToken, as newer cameras want it."""
    movable: bool = False
    """It has a PTZ service."""
    announced: tuple[str, int] | None = None
    """The host and port it believes to have, behind address translation; where it is reached unless given."""
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


async def serve_onvif(device: OnvifDevice, host: str, port: int) -> OnvifServer:
    """Serve `device` until the returned server is closed; port 0 takes a free one.

    Raises:
        ListenError: the address cannot be used.
    """
    server = OnvifServer(device)
    await server.listen(host, port)
    return server


class OnvifServer:
    """A device being served; `faults` may be changed at any time."""

    def __init__(self, device: OnvifDevice) -> None:
        self.device = device
        self.faults: set[Fault | EventFault] = set(device.faults)
        self.events = EventService(self.faults, self.clock, device.monotonic)
        """What the camera says by itself."""
        self.mount = Mount(device.monotonic)
        """Where it looks."""
        self._login = None if device.credentials is None else Login(device.credentials)
        self._http = HttpServer(self._handle)

    async def listen(self, host: str, port: int) -> None:
        """Begin to serve."""
        await self._http.listen(host, port)

    @property
    def port(self) -> int:
        """The port it listens at."""
        return self._http.port

    async def close(self) -> None:
        """Stop, and hang up on everybody."""
        await self._http.close()

    def clock(self) -> float:
        """What the camera believes the time to be, Unix seconds."""
        return self.device.now() + (self.device.clock_error if Fault.WRONG_CLOCK in self.faults else 0.0)

    async def _handle(self, request: Request) -> Response | None:
        if Fault.SILENT in self.faults:
            return None
        if Fault.SLOW in self.faults:
            await asyncio.sleep(self.device.slow_by)
        if Fault.GARBAGE in self.faults:
            return Response(HTTPStatus.OK, b"\x00\xff<<not=xml", "application/soap+xml")
        if request.method == "GET" and request.path.startswith(SNAPSHOT_PATH):
            return self._snapshot(request)
        path = request.path.partition("?")[0]
        if path not in (DEVICE_PATH, MEDIA_PATH, EVENTS_PATH, PTZ_PATH):
            return Response(HTTPStatus.NOT_FOUND, b"")
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, b"", headers={"Allow": "POST"})
        return await self._soap(request, is_event=path == EVENTS_PATH)

    def _snapshot(self, request: Request) -> Response:
        if not self._digest_is_good(request):
            return self._challenge()
        if request.path.removeprefix(SNAPSHOT_PATH) not in {stream.token for stream in self.device.streams}:
            return Response(HTTPStatus.NOT_FOUND, b"")
        return Response(HTTPStatus.OK, self.device.snapshot(), "image/jpeg")

    async def _soap(self, request: Request, *, is_event: bool) -> Response | None:
        try:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            root = etree.fromstring(request.body, parser)
        except etree.XMLSyntaxError:
            return _refusal("WellFormed", "Not well-formed XML")
        body = root.find(f"{_SOAP}Body")
        if body is None or not len(body) or not isinstance(body[0].tag, str):
            return _refusal("InvalidArgVal", "No SOAP 1.2 request")
        operation = etree.QName(body[0]).localname
        if operation not in _OPEN:
            if self.device.digest_only and not self._digest_is_good(request):
                return self._challenge()
            if not self.device.digest_only and not self._token_is_good(root.find(f"{_SOAP}Header")):
                return _refusal("NotAuthorized", "Sender not authorized")
        if is_event:
            return await self._event(operation, root.find(f"{_SOAP}Header"), body[0], request)
        return self._answer(operation, body[0], request)

    async def _event(self, operation: str, header: Any, call: Any, request: Request) -> Response | None:
        """An events call; its answer has the addressing headers that cameras send."""
        if operation == "PullMessages" and EventFault.GARBAGE in self.faults:
            return Response(HTTPStatus.OK, b"<<", "application/soap+xml")
        name = name_in(request.path, header)
        try:
            text = await self.events.answer(operation, call, self._base(request) + EVENTS_PATH, name)
        except Refused as error:
            return _refusal(*error.args)
        except Hushed as hushed:
            return Response(HTTPStatus.OK, b"", hang_up=True) if hushed.hang_up else None
        action, message = (
            "" if header is None else header.findtext(_WSA + name, "").strip()
            for name in ("Action", "MessageID")
        )
        above = answers.addressing(action.removesuffix("Request") + "Response", message)
        return Response(HTTPStatus.OK, answers.envelope(text, above), "application/soap+xml; charset=utf-8")

    def _base(self, request: Request) -> str:
        host, port = self.device.announced or request.local
        return f"http://{host}:{port}"

    def _answer(self, operation: str, call: Any, request: Request) -> Response:
        base = self._base(request)
        ptz = base + PTZ_PATH if self.device.movable else ""
        here = (base + DEVICE_PATH, base + MEDIA_PATH, base + EVENTS_PATH, ptz)
        match operation:
            case "GetSystemDateAndTime":
                text = answers.date_and_time(self.clock())
            case "GetDeviceInformation":
                text = answers.information("Street camera", self.device.id)
            case "GetCapabilities":
                text = answers.capabilities(*here)
            case "GetServices":
                text = answers.services(*here)
            case "GetScopes":
                text = answers.scopes(answers.scope_uris(self.device.name, self.device.id))
            case "GetProfiles":
                text = answers.profiles(self.device.streams, movable=self.device.movable)
            case "GetStreamUri" | "GetSnapshotUri":
                asked = call.findtext("{*}ProfileToken")
                stream = next((one for one in self.device.streams if one.token == asked), None)
                if stream is None:
                    return _refusal("NoProfile", "Profile token does not exist")
                still = f"{base}{SNAPSHOT_PATH}{stream.token}"
                text = answers.media_uri(operation, stream.uri if operation == "GetStreamUri" else still)
            case _ if (said := self._moved(operation, call)) is not None:
                text = said
            case _:
                return _refusal("ActionNotSupported", f"{operation} is not supported")
        return Response(HTTPStatus.OK, answers.envelope(text), "application/soap+xml; charset=utf-8")

    def _moved(self, operation: str, call: Any) -> str | None:
        return onvif_ptz.answer(self.mount, operation, call) if self.device.movable else None

    def _token_is_good(self, header: Any) -> bool:
        if Fault.REFUSE_AUTH in self.faults:
            return False
        return self._login is None or self._login.token_is_good(header, self.clock())

    def _digest_is_good(self, request: Request) -> bool:
        if Fault.REFUSE_AUTH in self.faults:
            return False
        authorization = request.headers.get("authorization", "")
        return self._login is None or self._login.digest_is_good(request.method, request.path, authorization)

    def _challenge(self) -> Response:
        if self._login is None:
            return Response(HTTPStatus.UNAUTHORIZED, b"")
        headers = {"WWW-Authenticate": self._login.challenge()}
        return Response(HTTPStatus.UNAUTHORIZED, b"", headers=headers)


def _refusal(code: str, reason: str, detail: str = "") -> Response:
    """A fault as cameras send it: with status 400, or 500 where the fault is the camera's own."""
    own = code == "ActionNotSupported"
    status = HTTPStatus.INTERNAL_SERVER_ERROR if own else HTTPStatus.BAD_REQUEST
    body = answers.envelope(answers.fault("Receiver" if own else "Sender", code, reason, detail))
    return Response(status, body, "application/soap+xml; charset=utf-8")
