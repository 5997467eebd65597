"""One ONVIF camera: what it is, what it streams, what its clock says, how it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from devices.credentials import Credentials
from devices.errors import CameraFault, CameraRefused, CameraUnreachable
from devices.messages import DeviceStatus
from devices.onvif import quirks
from devices.onvif.model import DeviceInformation, Profile, Rung, Timeouts
from devices.onvif.quirks import Place, dig
from devices.onvif.soap import Caller, Declined, offers
from devices.onvif.transport import Answer, Http, exchange
from devices.onvif.wsdl import DEVICE, MEDIA, Service


class Camera:
    """A camera at `host:port`; nothing is sent before the first method is called.

    Every method blocks for at most a few exchanges of `timeouts` and raises `CameraUnreachable`,
    `CameraRefused` or `CameraFault`, whose text names host and port and no credential. A call sends the
    credentials once; nothing is tried again, because cameras lock an account after about five wrong
    tries. After `CameraRefused` wait minutes, not seconds.

    Use one `Camera` from one thread at a time; different ones may be used side by side.
    """

    def __init__(
        self,
        host: str,
        port: int,
        credentials: Credentials | None,
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        http: Http = exchange,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`now` is our wall clock, Unix seconds; `http` is the way to the network."""
        self._place = Place(host, port)
        self._credentials = credentials
        self._timeouts = timeouts
        self._http = http
        self._now = now
        self._caller = Caller(self._place, credentials, timeouts, http)
        self._device = f"http://{self._place}/onvif/device_service"
        self._offset: float | None = None
        self._clock_read = False
        self._announced: Place | None = None
        self._media: str | None = None

    def clock_offset(self) -> float:
        """Seconds the camera's clock is ahead of ours, read now; good to about a second.

        Raises:
            CameraFault: also when the camera has no time that can be read.
        """
        self._read_clock()
        if self._offset is None:
            raise CameraFault(f"{self._place}: its clock is not set")
        return self._offset

    def device_information(self) -> DeviceInformation:
        """Maker, model, firmware, serial number."""
        answer = self._call(DEVICE, self._device, "GetDeviceInformation")
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
        return DeviceInformation(*(quirks.one_line(dig(answer, name), 64) for name in names))

    def profiles(self) -> tuple[Profile, ...]:
        """The video streams on offer, largest picture first: [0] is the main stream, [1] the substream.

        Streams of single JPEG pictures are left out where there are others.
        """
        answer = self._call(MEDIA, self._media_service(), "GetProfiles")
        listed = answer if isinstance(answer, list) else []
        found = [profile for item in listed if (profile := quirks.profile_of(item)) is not None]
        if not found:
            raise CameraFault(f"{self._place}: offers no video profile")
        video = [profile for profile in found if profile.encoding != "JPEG"]
        return tuple(sorted(video or found, key=lambda one: -one.width * one.height))

    def stream_uri(self, token: str) -> str:
        """The RTSP address of a profile, as it can be reached from here, without credentials."""
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        answer = self._call(
            MEDIA, self._media_service(), "GetStreamUri", StreamSetup=setup, ProfileToken=token
        )
        return self._address(answer, "GetStreamUri", "rtsp", "rtsps")

    def snapshot_uri(self, token: str) -> str:
        """The address of a profile's still picture, as `stream_uri`."""
        answer = self._call(MEDIA, self._media_service(), "GetSnapshotUri", ProfileToken=token)
        return self._address(answer, "GetSnapshotUri", "http", "https")

    def snapshot(self, token: str) -> bytes:
        """A still picture of a profile: the bytes of a JPEG file."""
        return self.still(self.snapshot_uri(token))

    def still(self, uri: str) -> bytes:
        """The still picture at an address that `snapshot_uri` gave: the bytes of a JPEG file.

        The credentials go out only when asked for (HTTP Digest, else Basic) and only to the camera's host.
        """
        ours = self._credentials if urlsplit(uri).hostname == self._place.host.lower() else None
        answer = self._get(uri, HTTPDigestAuth(ours.user, ours.password) if ours else None)
        if answer.status_code == 401 and ours and not offers(answer, "Digest") and offers(answer, "Basic"):
            answer = self._get(uri, HTTPBasicAuth(ours.user.encode(), ours.password.encode()))
        if answer.status_code in (401, 403):
            raise self._caller.refused(f"snapshot, HTTP {answer.status_code}")
        if answer.status_code != 200 or not answer.content.startswith(b"\xff\xd8"):
            raise CameraFault(f"{self._place}: its snapshot is no JPEG (HTTP {answer.status_code})")
        return answer.content

    def probe(self) -> Rung:
        """Which rung of the status ladder the camera stands on; whatever it does, nothing is raised.

        up: it knows our credentials; refused: it answers, but not to them; stalled: it can be connected
        to but does not answer as a camera; unreachable: nobody is there.
        """
        try:
            self._read_clock()
            known = self.device_information()
        except CameraUnreachable as error:
            return Rung(DeviceStatus.UNREACHABLE, str(error), None)
        except CameraRefused as error:
            return Rung(DeviceStatus.REFUSED, str(error), self._offset)
        except CameraFault as error:
            return Rung(DeviceStatus.STALLED, str(error), self._offset)
        clock = "is not set" if self._offset is None else f"is off by {self._offset:+.0f} s"
        name = " ".join(word for word in (known.manufacturer, known.model, known.firmware) if word)
        return Rung(DeviceStatus.UP, f"{self._place}: {name or 'camera'}; its clock {clock}", self._offset)

    def _call(self, service: Service, address: str, operation: str, **arguments: Any) -> Any:
        """Call with credentials, dated by the camera's own clock."""
        if not self._clock_read:
            self._read_clock()
        created = datetime.fromtimestamp(self._now() + (self._offset or 0.0), UTC)
        try:
            return self._caller.call(service, address, operation, created=created, **arguments)
        except CameraRefused:
            self._clock_read = False  # its clock may have jumped: look again before the next log-in
            raise

    def _read_clock(self) -> None:
        """Measure the offset; left None where the camera has no readable time, so that ours is used."""
        self._clock_read, self._offset = False, None
        before = self._now()
        try:
            answer = self._caller.call(DEVICE, self._device, "GetSystemDateAndTime", created=None)
        except CameraRefused:
            # The specification wants this call open to all. Some cameras refuse it without a log-in.
            if self._credentials is None:
                raise
            before = self._now()
            ours = datetime.fromtimestamp(before, UTC)
            answer = self._caller.call(DEVICE, self._device, "GetSystemDateAndTime", created=ours)
        self._clock_read = True
        theirs = quirks.clock_of(answer)
        if theirs is not None:
            # ONVIF times have whole seconds, cut off: on the average they are half a second old.
            self._offset = theirs + 0.5 - (before + self._now()) / 2

    def _media_service(self) -> str:
        """The media service's address, asked for once; the device service's where none is announced."""
        if self._media is None:
            offer = self._offered("GetCapabilities", Category=["All"])
            listed = (
                None
                if dig(offer, "Media", "XAddr")
                else self._offered("GetServices", IncludeCapability=False)
            )
            address, own = quirks.media_address(offer, listed) or self._device, dig(offer, "Device", "XAddr")
            try:
                self._announced = quirks.place_of(urlsplit(own)) if own else None
                self._media = quirks.from_here(address, self._place, self._announced)
            except ValueError:
                raise CameraFault(f"{self._place}: announces unreadable service addresses") from None
        return self._media

    def _offered(self, operation: str, **arguments: Any) -> Any:
        """What the camera says about its services; None where it does not know the question."""
        try:
            return self._call(DEVICE, self._device, operation, **arguments)
        except Declined:
            return None

    def _address(self, answer: Any, operation: str, *schemes: str) -> str:
        try:
            uri = quirks.from_here(str(dig(answer, "Uri") or ""), self._place, self._announced)
        except ValueError:
            uri = ""
        if urlsplit(uri).scheme not in schemes:
            raise CameraFault(f"{self._place}: its answer to {operation} has no {schemes[0]} address")
        return uri

    def _get(self, uri: str, auth: AuthBase | None) -> Answer:
        return self._http("GET", uri, timeouts=self._timeouts, auth=auth)
