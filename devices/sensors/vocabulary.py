"""What makers call their values, and what they mean by words: data, for decoders without a `mapping`.

Names are compared in small letters with `_` for every sign (`devices.sensors.naming`). Units are those in
which the devices that use a name send it: Zigbee2MQTT's exposes, the codecs of Milesight and Dragino,
Tasmota's telemetry. A name that means different things with different makers, such as `distance`, is not
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_YES = (
    "on open opened yes true active trigger triggered leak alarm detected occupied busy pressed press short "
    "long double hold single emergency sos high water wet fire smoke gas tilt motion uninstalled unlocked "
    "moved"
)
_NO = (
    "off close closed no false inactive normal none idle vacant free released clear low dry ok installed "
    "locked standby"
)
STATES: Mapping[str, float] = {**dict.fromkeys(_YES.split(), 1.0), **dict.fromkeys(_NO.split(), 0.0), "": 0.0}
"""Word for one of two states -> number. Words mean nothing where a quantity has more than two."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a name means."""

    quantity: str
    unit: str | None = None
    """None: the quantity's own."""
    factor: float = 1.0
    inverted: bool = False
    """1 means no: a contact that is closed."""
    size: bool = False
    """Only how far from 0 matters."""
    if_bool: str | None = None
    """The quantity when it is true or false instead of a number."""


NAMES: Mapping[str, Word] = {
    "temperature": Word("temperature"),
    "temp": Word("temperature"),
    "tempc": Word("temperature"),
    "tempc_sht": Word("temperature"),
    "tempc1": Word("temperature"),
    "tempc_ds": Word("temperature"),
    "humidity": Word("humidity"),
    "hum": Word("humidity"),
    "hum_sht": Word("humidity"),
    "battery": Word("battery"),
    "bat": Word("battery"),
    "battery_level": Word("battery"),
    "battery_percent": Word("battery"),
    "battery_percentage": Word("battery"),
    "batterypercentage": Word("battery"),
    "battery_low": Word("battery_low"),
    "pm25": Word("pm25"),
    "pm2_5": Word("pm25"),
    "pm10": Word("pm10"),
    "tsp": Word("tsp"),
    "laeq": Word("laeq"),
    "noise": Word("laeq"),
    "sound": Word("laeq"),
    "noise_level": Word("laeq"),
    "tilt": Word("tilt", size=True),
    "angle": Word("tilt", size=True),
    "angle_x": Word("tilt", size=True),
    "inclination": Word("tilt", size=True),
    "displacement": Word("displacement", size=True),
    "water_level": Word("water_level"),
    "depth": Word("water_level", "cm"),
    "liquid_level": Word("water_level"),
    "liquid_depth": Word("water_level", "m"),
    "water_deep": Word("water_level", "cm"),
    "fill": Word("fill"),
    "fill_level": Word("fill"),
    "liquid_level_percent": Word("fill"),
    "filling_level": Word("fill"),
    "water": Word("water"),
    "water_leak": Word("water"),
    "leakage_status": Word("water"),
    "water_leakage_status": Word("water"),
    "leak": Word("water"),
    "leak_status": Word("water"),
    "water_leak_status": Word("water"),
    "open": Word("open"),
    "door": Word("open"),
    "door_status": Word("open"),
    "door_open_status": Word("open"),
    "magnet_status": Word("open"),
    "contact": Word("open", inverted=True),
    "smoke": Word("smoke"),
    "smoke_alarm": Word("smoke"),
    "smoke_status": Word("smoke"),
    "smoke_density_dbm": Word("smoke_obscuration", "dB/m"),
    "smoke_obscuration": Word("smoke_obscuration"),
    "heat": Word("heat"),
    "heat_alarm": Word("heat"),
    "temperature_alarm": Word("heat"),
    "co": Word("co", "ppm", if_bool="co_alarm"),
    "carbon_monoxide": Word("co", "ppm", if_bool="co_alarm"),
    "carbonmonoxide": Word("co", "ppm", if_bool="co_alarm"),
    "gas": Word("gas", "%LEL", if_bool="gas_alarm"),
    "gas_value": Word("gas", "%LEL"),
    "lel": Word("gas", "%LEL"),
    "field_change": Word("field_change"),
    "occupied": Word("occupied"),
    "parking_status": Word("occupied"),
    "car_status": Word("occupied"),
    "blocked": Word("blocked"),
    "pressed": Word("pressed"),
    "sos": Word("pressed"),
    "emergency": Word("pressed"),
    "button_status": Word("pressed"),
    "residual_current": Word("residual_current", "mA"),
    "leakage_current": Word("residual_current", "mA"),
    "cable_temperature": Word("cable_temperature"),
    "tamper": Word("tamper"),
    "tamper_status": Word("tamper"),
    "tamper_alarm": Word("tamper"),
    "occupancy": Word("motion"),
    "presence": Word("motion"),
    "motion": Word("motion"),
    "pir": Word("motion"),
    "linkquality": Word("link_quality", factor=100 / 255),
    "link_quality": Word("link_quality"),
}
"""Name -> what it means. Of two names in a message for one quantity the one that stands first here counts."""

OF_KIND: Mapping[str, Mapping[str, Word]] = {
    "beam": {
        "occupancy": Word("blocked"),
        "presence": Word("blocked"),
        "motion": Word("blocked"),
        "pir": Word("blocked"),
        "contact": Word("blocked"),
    },
    "sos": {
        "action": Word("pressed"),
        "press": Word("pressed"),
        "button_event": Word("pressed"),
        "button": Word("pressed"),
        "click": Word("pressed"),
    },
    "parking": {"occupancy": Word("occupied"), "presence": Word("occupied")},
    "leakage": {
        "temperature": Word("cable_temperature"),
        "device_temperature": Word("cable_temperature"),
    },
}
"""Sensor kind -> what is meant by names there."""

BINARY: Mapping[str, str] = {
    "smoke": "smoke",
    "heat": "heat",
    "co": "co_alarm",
    "gas": "gas_alarm",
    "manhole": "open",
    "water_level": "water",
    "parking": "occupied",
    "door": "open",
    "beam": "blocked",
    "sos": "pressed",
}
"""Sensor kind -> what a bare switch of it says."""
