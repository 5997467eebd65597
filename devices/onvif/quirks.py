"""What cameras get wrong, in one place: each habit with its reason and a test in `test_onvif_quirks`.

Every function here is pure and takes what zeep read, as plain dicts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from devices.onvif.model import Profile

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}


class Place(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def dig(answer: Any, *path: str) -> Any:
    """The value at `path` in nested mappings, or None where a step is missing.

    >>> dig({"Media": {"XAddr": "http://c/media"}}, "Media", "XAddr")
    'http://c/media'
    """
    for step in path:
        if not isinstance(answer, Mapping):
            return None
        answer = answer.get(step)
    return answer


def one_line(text: Any, most: int = 160) -> str:
    """A camera's own words as one short line without control characters; nothing for None."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", str(text or "")).strip()[:most]


def clock_of(answer: Any) -> float | None:
    """The camera's clock, Unix seconds, out of a GetSystemDateAndTime answer; None: not to be known.

    Some cameras leave UTCDateTime out and give local time alone, some of them without a usable time zone.
    Local time without a zone is then taken as UTC: it is wrong by the zone, but it is what such a
    camera compares the time of a log-in with. A camera that lost its clock sends 0000-00-00.
    """
    utc = _moment(dig(answer, "UTCDateTime"))
    if utc is not None:
        return utc
    local = _moment(dig(answer, "LocalDateTime"))
    if local is None:
        return None
    summer = 3600 if dig(answer, "DaylightSavings") is True else 0
    return local - (zone_offset(dig(answer, "TimeZone", "TZ")) or 0) - summer


def _moment(when: Any) -> float | None:
    numbers = [dig(when, "Date", name) for name in ("Year", "Month", "Day")]
    numbers += [dig(when, "Time", name) for name in ("Hour", "Minute", "Second")]
    if not all(isinstance(number, int) for number in numbers):
        return None
    year, month, day, hour, minute, second = numbers
    # Second 60 is a leap second; some cameras send it at every full minute. Years that no camera means
    # would leave the range in which times can be added up.
    if not 1970 <= year <= 2200:
        return None
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)
    except (ValueError, OverflowError):
        return None
    return moment.timestamp()


def zone_offset(zone: Any) -> int | None:
    """Seconds east of Greenwich of a POSIX time zone, without its summer time rule; None: unreadable.

    POSIX counts westward, so that China is minus eight.

    >>> zone_offset("CST-8")
    28800
    """
    found = re.match(r"(?:[A-Za-z]+|<[^>]+>)\s*([+-]?)(\d{1,2})(?::?(\d{2}))?", str(zone or ""))
    if not found:
        return None
    sign, hours, minutes = found.groups()
    seconds = int(hours) * 3600 + int(minutes or 0) * 60
    return seconds if sign == "-" else -seconds


def is_refusal(codes: Sequence[str], reason: str) -> bool:
    """Whether a fault means "wrong credentials", from its subcodes and its text.

    The specification has ter:NotAuthorized. Cameras also send the codes of WS-Security, or the words alone.
    """
    if {"NotAuthorized", "FailedAuthentication", "InvalidSecurityToken"} & set(codes):
        return True
    return (
        re.search(r"not\s*auth?ori[sz]ed|unauthori[sz]ed|authentication\s+fail", reason, re.IGNORECASE)
        is not None
    )


def media_address(capabilities: Any, services: Any) -> str | None:
    """The media service's announced address; None where none is announced.

    Some cameras send an empty XAddr in their capabilities and the address in GetServices only; some
    announce none and serve everything at the address of the device service.
    """
    listed = [
        dig(service, "XAddr")
        for service in services or ()
        if dig(service, "Namespace") == "http://www.onvif.org/ver10/media/wsdl"
    ]
    announced = (one_line(address, 2000) for address in (dig(capabilities, "Media", "XAddr"), *listed))
    return next((address for address in announced if address), None)


def from_here(uri: str, here: Place, announced: Place | None) -> str:
    """`uri` as it can be reached from here, without a user or password in it.

    `here` is where we reached the camera, `announced` is where its device service says that it listens.

    * A camera behind address translation, or with a stale address, announces a host that is not the
      one we reached: what it calls itself is then replaced by what we call it, and so is the port of its
      device service. Another port of the same host is kept: some cameras do serve media at one.
    * Some announce 0.0.0.0, a loopback or link-local address: nobody else means those.
    * A host that is neither is left alone: it may be a recorder that holds the streams.
    * Some put the credentials into the address, some escape its `&` twice, some add white space.

    Raises:
        ValueError: it is not a URI with a host, or its port is no number.
    """
    parts = urlsplit(uri.strip().replace("&amp;", "&"))
    if not parts.scheme or not parts.hostname:
        raise ValueError("not an address")
    there = place_of(parts)
    if announced is not None and there == announced:
        there = here
    elif (announced is not None and there.host == announced.host) or not _routable(there.host, here.host):
        there = Place(here.host, there.port)
    shown = there.port != PORTS.get(parts.scheme) or parts.port is not None
    host = f"[{there.host}]" if ":" in there.host else there.host
    return parts._replace(netloc=f"{host}:{there.port}" if shown else host).geturl()


def place_of(parts: SplitResult) -> Place:
    """Host and port of a URI, the port by its scheme where it has none.

    Raises:
        ValueError: the port is no number.
    """
    return Place(parts.hostname or "", parts.port or PORTS.get(parts.scheme, 80))


def _routable(host: str, here: str) -> bool:
    """Whether `host` can mean a machine as seen from a client that reached the camera at `here`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host != "localhost" or here == host
    if address.is_unspecified or address.is_link_local:
        return host == here
    return not address.is_loopback or here == "localhost" or _is_loopback(here)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def profile_of(item: Any) -> Profile | None:
    """A profile out of a GetProfiles answer; None where it cannot be used.

    Cameras list profiles without a video encoder (sound, or being set up) beside good ones.
    """
    encoder = dig(item, "VideoEncoderConfiguration")
    token, width, height = (
        dig(item, "token"),
        dig(encoder, "Resolution", "Width"),
        dig(encoder, "Resolution", "Height"),
    )
    if not token or not isinstance(width, int) or not isinstance(height, int) or min(width, height) <= 0:
        return None
    name, encoding = one_line(dig(item, "Name")) or token, one_line(dig(encoder, "Encoding"))
    return Profile(token, name, encoding, width, height, frame_rate(item), gov_length(item))


def frame_rate(profile: Any) -> float | None:
    """Frames per second at most; None where the camera leaves rate control out or says 0."""
    limit = dig(profile, "VideoEncoderConfiguration", "RateControl", "FrameRateLimit")
    return float(limit) if isinstance(limit, int | float) and limit > 0 else None


def gov_length(profile: Any) -> int | None:
    """Frames between key frames; None where the camera does not say or says 0.

    The schema knows it for H.264 and MPEG-4 alone, and H.265 cameras report theirs under H264.
    """
    for codec in ("H264", "MPEG4"):
        length = dig(profile, "VideoEncoderConfiguration", codec, "GovLength")
        if isinstance(length, int) and length > 0:
            return length
    return None
