"""How a sensor is heard: by which decoder, under which topic, and where its values stand in a message."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from devices.site.part import Limit, Part

DecoderName = Literal[
    "gridwatch",
    "json",
    "senml",
    "chirpstack",
    "things-stack",
    "zigbee2mqtt",
    "tasmota",
    "sparkplug",
    "onvif",
    "home-assistant",
]
"""Names of `devices.sensors.decoders`; a test holds the two together."""

MAX_TOPIC = 256
MAX_VALUES = 64
_TEXT = r"'[^'\\\x00-\x1f]{1,64}'"
_NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
_INDEX = r"(0|-?[1-9][0-9]{0,3})"
_STEP = rf"(\.{_NAME}|\[{_INDEX}\]|\[{_TEXT}\]|\[\?@\.{_NAME}==({_TEXT}|{_INDEX})\])"
_PATH = re.compile(rf"\${_STEP}{{0,16}}")
_QUANTITY = r"^[a-z][a-z0-9_]{0,47}$"


def topic_filter(text: str) -> str:
    """A subscription that a sensor may have (MQTT 5.0, section 4.7), bounded and not all there is."""
    levels = text.split("/")
    if not 1 <= len(text.encode()) <= MAX_TOPIC or any(ord(letter) < 0x20 for letter in text):
        raise ValueError(f"is not a topic; write 1 to {MAX_TOPIC} bytes without control characters")
    if any(("+" in one or "#" in one) and len(one) > 1 for one in levels) or "#" in levels[:-1]:
        raise ValueError("has a wildcard within a level; + and # stand alone, # only at the end")
    if levels[0] in ("+", "#") or levels[0].startswith("$"):
        raise ValueError("begins with a wildcard or with $; name its first level")
    return text


def _device(text: str) -> str:
    if not 1 <= len(text.encode()) <= MAX_TOPIC or any(ord(one) < 0x20 or one in "+#" for one in text):
        raise ValueError("is not a device's name; write 1 to 256 bytes without + # and control characters")
    return text


def _path(text: str) -> str:
    if _PATH.fullmatch(text) is None:
        known = "$.data.level, $.list[0], $['a b'] or $.list[?@.name=='temp'].value"
        raise ValueError(f"is not a path to one value; write such as {known}")
    return text


Topic = Annotated[str, AfterValidator(topic_filter)]
Device = Annotated[str, AfterValidator(_device)]
Path = Annotated[str, AfterValidator(_path)]
"""JSONPath (RFC 9535): its singular queries and the first of a list by name (`devices.sensors.paths`)."""


class Value(Part):
    """Where one quantity stands in a device's message."""

    quantity: str = Field(pattern=_QUANTITY)
    """Ours, such as `water_level`; also `battery` (in %), which is shown with every reading."""
    path: Path
    unit: str = Field(default="", max_length=16)
    """In which the device sends it; the quantity's own unless given."""
    factor: Limit = 1.0
    """What the number is multiplied by before its unit is looked at; -1 turns a sign."""
    words: dict[str, Limit] = Field(default_factory=dict, max_length=32)
    """Of text: word -> number, such as `{open: 1, closed: 0}`. true and false are 1 and 0 by themselves."""


class Mapping(Part):
    """Where in a JSON message of a device its values stand."""

    values: tuple[Value, ...] = Field(min_length=1, max_length=MAX_VALUES)
    time: Path | None = None
    """Its own clock: seconds or milliseconds since 1970 UTC, or ISO 8601; time of arrival without."""
    boot: Path | None = None
    """What is new whenever its counter begins anew."""
    seq: Path | None = None
    """Its counter of messages. With `boot` it tells a message that came twice from two alike."""
    signal: Path | None = None
    """dBm."""

    @model_validator(mode="after")
    def _each_once_and_counter_whole(self) -> Self:
        names = [value.quantity for value in self.values]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"has {twice} twice; keep one of them")
        if (self.boot is None) != (self.seq is None):
            raise ValueError("has one of `boot` and `seq`; a counter is known by both")
        return self
