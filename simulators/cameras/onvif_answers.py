"""The SOAP answers of a simulated camera, as text; each is the content of the envelope's body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

VERSION = "1.0"
_SPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
    "ter": "http://www.onvif.org/ver10/error",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "tptz": "http://www.onvif.org/ver20/ptz/wsdl",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "wstop": "http://docs.oasis-open.org/wsn/t-1",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "tns1": "http://www.onvif.org/ver10/topics",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())


@dataclass(frozen=True, slots=True)
class SimulatedStream:
    """One profile and where its stream is."""

    token: str
    uri: str
    width: int
    height: int
    fps: int = 25
    gov_length: int = 25
    encoding: str = "H264"


def envelope(body: str, header: str = "") -> bytes:
    """`body` in a SOAP 1.2 envelope, under a `header` if there is any."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    above = f"<s:Header>{header}</s:Header>" if header else ""
    return f"{head}<s:Envelope {_DECLARED}>{above}<s:Body>{body}</s:Body></s:Envelope>".encode()


def addressing(action: str, message_id: str) -> str:
    """The headers of an answer to a message (WS-Addressing 1.0)."""
    related = f"<wsa:RelatesTo>{escape(message_id)}</wsa:RelatesTo>" if message_id else ""
    return f"<wsa:Action>{escape(action)}</wsa:Action>{related}"


def fault(side: str, code: str, reason: str, detail: str = "") -> str:
    """A fault; `side` is Sender or Receiver, `code` one of ONVIF's `ter` subcodes, `detail` any XML."""
    more = f"<s:Detail>{detail}</s:Detail>" if detail else ""
    return (
        f"<s:Fault><s:Code><s:Value>s:{side}</s:Value><s:Subcode><s:Value>ter:{code}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en">{escape(reason)}</s:Text></s:Reason>{more}</s:Fault>'
    )


def date_and_time(now: float) -> str:
    """The clock, `now` in Unix seconds; local time is China's."""
    utc, local = _moment("UTCDateTime", now), _moment("LocalDateTime", now + 8 * 3600)
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone>"
        f"{utc}{local}</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def _moment(name: str, now: float) -> str:
    at = datetime.fromtimestamp(now, UTC)
    return (
        f"<tt:{name}><tt:Time><tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute>"
        f"<tt:Second>{at.second}</tt:Second></tt:Time><tt:Date><tt:Year>{at.year}</tt:Year>"
        f"<tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date></tt:{name}>"
    )


def information(model: str, serial: str) -> str:
    """Who made it."""
    return (
        "<tds:GetDeviceInformationResponse><tds:Manufacturer>Gridwatch</tds:Manufacturer>"
        f"<tds:Model>{escape(model)}</tds:Model><tds:FirmwareVersion>{VERSION}</tds:FirmwareVersion>"
        f"<tds:SerialNumber>{escape(serial)}</tds:SerialNumber><tds:HardwareId>simulated</tds:HardwareId>"
        "</tds:GetDeviceInformationResponse>"
    )


def capabilities(device: str, media: str, events: str, ptz: str = "") -> str:
    """The services, the old way, by their addresses; `ptz`: of a camera that can be moved."""
    moved = f"<tt:PTZ><tt:XAddr>{escape(ptz)}</tt:XAddr></tt:PTZ>" if ptz else ""
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities>"
        f"<tt:Device><tt:XAddr>{escape(device)}</tt:XAddr></tt:Device>"
        f"<tt:Events><tt:XAddr>{escape(events)}</tt:XAddr>"
        "<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>"
        "<tt:WSPullPointSupport>true</tt:WSPullPointSupport>"
        "<tt:WSPausableSubscriptionManagerInterfaceSupport>false"
        "</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>"
        f"<tt:Media><tt:XAddr>{escape(media)}</tt:XAddr><tt:StreamingCapabilities>"
        "<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP>"
        "<tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media>"
        f"{moved}</tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def services(device: str, media: str, events: str, ptz: str = "") -> str:
    """The services, the new way."""
    known = (("tds", device), ("trt", media), ("tev", events), ("tptz", ptz))
    listed = "".join(
        f"<tds:Service><tds:Namespace>{_SPACES[prefix]}</tds:Namespace><tds:XAddr>{escape(address)}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for prefix, address in known
        if address
    )
    return f"<tds:GetServicesResponse>{listed}</tds:GetServicesResponse>"


def scope_uris(name: str, place: str) -> tuple[str, ...]:
    """What the camera says about itself in GetScopes and in discovery."""
    root = "onvif://www.onvif.org"
    return (
        f"{root}/type/video_encoder",
        f"{root}/Profile/Streaming",
        f"{root}/name/{quote(name)}",
        f"{root}/hardware/simulated",
        f"{root}/location/{quote(place)}",
    )


def scopes(uris: Sequence[str]) -> str:
    """The scopes, none of which can be changed."""
    listed = "".join(
        f"<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>{escape(uri)}</tt:ScopeItem></tds:Scopes>"
        for uri in uris
    )
    return f"<tds:GetScopesResponse>{listed}</tds:GetScopesResponse>"


def profiles(streams: Sequence[SimulatedStream], *, movable: bool = False) -> str:
    """One profile a stream, all of one video source."""
    listed = "".join(_profile(one, movable) for one in streams)
    return f"<trt:GetProfilesResponse>{listed}</trt:GetProfilesResponse>"


_MOVED = (
    '<tt:PTZConfiguration token="ptz"><tt:Name>ptz</tt:Name><tt:UseCount>1</tt:UseCount>'
    "<tt:NodeToken>ptz</tt:NodeToken></tt:PTZConfiguration>"
)


def _profile(one: SimulatedStream, movable: bool) -> str:
    token = quoteattr(one.token)
    name = f"<tt:Name>{escape(one.token)}</tt:Name><tt:UseCount>1</tt:UseCount>"
    return (
        f'<trt:Profiles token={token} fixed="true"><tt:Name>{escape(one.token)}</tt:Name>'
        f"<tt:VideoSourceConfiguration token={token}>{name}<tt:SourceToken>source</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{one.width}" height="{one.height}"/></tt:VideoSourceConfiguration>'
        f"<tt:VideoEncoderConfiguration token={token}>{name}<tt:Encoding>{one.encoding}</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{one.width}</tt:Width><tt:Height>{one.height}</tt:Height></tt:Resolution>"
        "<tt:Quality>4</tt:Quality>"
        f"<tt:RateControl><tt:FrameRateLimit>{one.fps}</tt:FrameRateLimit>"
        "<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl>"
        f"<tt:H264><tt:GovLength>{one.gov_length}</tt:GovLength><tt:H264Profile>High</tt:H264Profile></tt:H264>"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>"
        "<tt:Port>0</tt:Port><tt:TTL>0</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
        "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration>"
        f"{_MOVED if movable else ''}</trt:Profiles>"
    )


def media_uri(operation: str, uri: str) -> str:
    """The answer to GetStreamUri or GetSnapshotUri."""
    return (
        f"<trt:{operation}Response><trt:MediaUri><tt:Uri>{escape(uri)}</tt:Uri>"
        "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
        f"</trt:MediaUri></trt:{operation}Response>"
    )
