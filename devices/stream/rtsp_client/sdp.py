"""The session description: which video there is, how it is packed, where to ask for it.

SDP: RFC 4566. H.264 parameters: RFC 6184, section 8.1. H.265: RFC 7798, section 7.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from devices.errors import StreamDropped
from devices.reasons import Reason
from devices.stream.rtsp_client.h264 import H264
from devices.stream.rtsp_client.h265 import H265
from devices.stream.rtsp_client.nal import Codec

CODECS = {"H264": H264, "H265": H265, "HEVC": H265}
"""By the name in `rtpmap`; the last is what some cameras write."""
CLOCK = 90_000
"""Ticks a second of every video format; what is taken when the description names nonsense."""

_RTPMAP = re.compile(r"rtpmap:\s*(\d+)\s+([^/\s]+)(?:/(\d+))?")
_FMTP = re.compile(r"fmtp:\s*(\d+)\s+(.*)")


@dataclass(frozen=True, slots=True)
class Video:
    """The video of a session, as it will be asked for."""

    codec: Codec
    payload_type: int
    clock_rate: int
    parameters: tuple[bytes, ...]
    """Parameter sets, NAL units; those that cannot be read are left out."""
    control: str
    """The video's own address, whole or relative; "" when it has none."""
    session_control: str
    """The session's, the same."""


@dataclass(slots=True)
class _Media:
    kind: str = ""
    formats: list[str] = field(default_factory=list)
    control: str = ""
    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)


def video_of(text: str) -> Video:
    """The first H.264 or H.265 video in a description.

    Raises:
        StreamDropped: there is none, or it is sent in a way that is not understood here.
    """
    session, *media = _sections(text)
    others: list[str] = []
    for each in media:
        if each.kind != "video":
            continue
        for number in each.formats:
            name, rate = each.names.get(number, ("", CLOCK))
            codec = CODECS.get(name.upper())
            if codec is None or not number.isdigit():
                others.append(name or f"format {number}")
                continue
            given = each.parameters.get(number, {})
            _must_be_in_order(given)
            sets = tuple(nal for nal in _sets(given) if codec.set_of(nal) is not None)
            return Video(codec, int(number), rate, sets, each.control, session.control)
    if others:
        named = ", ".join(others)[:80]
        raise StreamDropped(
            f"the video is {named}: only H.264 and H.265 are understood", Reason.CODEC_UNKNOWN
        )
    raise StreamDropped("there is no video in the session description", Reason.NO_VIDEO)


def _sections(text: str) -> list[_Media]:
    sections = [_Media()]
    for line in text.splitlines():
        kind, value = line[:2], line[2:].strip()
        if kind == "m=":
            words = value.split()
            sections.append(_Media(words[0].lower() if words else "", words[3:]))
        elif kind == "a=":
            _attribute(sections[-1], value)
    return sections


def _attribute(media: _Media, value: str) -> None:
    if value.startswith("control:"):
        media.control = value.removeprefix("control:").strip()
    elif named := _RTPMAP.match(value):
        rate = int(named[3][:10]) if named[3] else CLOCK
        media.names[named[1]] = (named[2], rate if 1_000 <= rate <= 10_000_000 else CLOCK)
    elif given := _FMTP.match(value):
        pairs = (each.strip().partition("=") for each in given[2].split(";"))
        media.parameters[given[1]] = {name.strip().lower(): text.strip() for name, _, text in pairs}


def _must_be_in_order(given: dict[str, str]) -> None:
    if given.get("packetization-mode") == "2" or given.get("sprop-max-don-diff", "0") != "0":
        raise StreamDropped(
            "the video is sent interleaved, out of decoding order: not understood here", Reason.CODEC_UNKNOWN
        )


def _sets(given: dict[str, str]) -> Iterator[bytes]:
    names = ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets")
    for each in (part for name in names for part in given.get(name, "").split(",")):
        text = each.strip().rstrip("=")
        try:
            nal = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue  # the camera sends them again within the stream, or there is nothing to be done
        if nal:
            yield nal


def joined(base: str, control: str) -> str:
    """The address that `control` means, seen from `base`.

    Put behind it, as all clients do and all cameras expect; by the rules for links the last part of the base
    would be replaced.
    """
    if not control or control == "*":
        return base
    if control.lower().startswith(("rtsp://", "rtsps://")):
        return control
    return base.rstrip("/") + "/" + control.lstrip("/")
