"""What the makers of LoRaWAN devices call their values once their own codec has decoded them.

Field names as in the makers' published codecs, such as a door contact that says `open` in a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Field(NamedTuple):
    """How one quantity stands in a decoded uplink."""

    name: str
    words: tuple[str, str] | None = None
    """What it says for 0 and for 1."""


FIELDS: Mapping[str, Field] = {
    "temperature": Field("temperature"),
    "humidity": Field("humidity"),
    "battery": Field("battery"),
    "pm25": Field("pm2_5"),
    "pm10": Field("pm10"),
    "laeq": Field("LAeq"),
    "water_level": Field("depth"),
    "tilt": Field("angle_x"),
    "open": Field("magnet_status", words=("closed", "open")),
    "blocked": Field("pir", words=("normal", "trigger")),
    "pressed": Field("button_status", words=("released", "pressed")),
    "water": Field("water_leakage_status", words=("normal", "leak")),
    "residual_current": Field("leakage_current"),
}
"""A quantity that is not listed goes by our own name."""


def decoded(values: Mapping[str, float]) -> dict[str, float | str]:
    """The codec's answer for one measurement."""
    answer: dict[str, float | str] = {}
    for quantity, value in values.items():
        field = FIELDS.get(quantity, Field(quantity))
        answer[field.name] = field.words[value > 0] if field.words else value
    return answer
