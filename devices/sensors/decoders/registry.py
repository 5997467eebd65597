"""The decoders by the names that a site file gives them (`devices.site.wiring.DecoderName`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from devices.sensors.decoders.base import Decoder
from devices.sensors.decoders.chirpstack import ChirpStack
from devices.sensors.decoders.gridwatch import Gridwatch
from devices.sensors.decoders.home_assistant import HomeAssistant
from devices.sensors.decoders.mapped import Mapped
from devices.sensors.decoders.onvif import Onvif
from devices.sensors.decoders.senml import Senml
from devices.sensors.decoders.sparkplug import Sparkplug
from devices.sensors.decoders.tasmota import Tasmota
from devices.sensors.decoders.things_stack import ThingsStack
from devices.sensors.decoders.zigbee2mqtt import Zigbee2Mqtt

Make = Callable[[tzinfo], Decoder]
"""Given the site's time zone, for devices that send times without one."""

DECODERS: Mapping[str, Make] = {
    "gridwatch": Gridwatch,
    "json": Mapped,
    "senml": Senml,
    "chirpstack": ChirpStack,
    "things-stack": ThingsStack,
    "zigbee2mqtt": Zigbee2Mqtt,
    "tasmota": Tasmota,
    "sparkplug": Sparkplug,
    "onvif": Onvif,
    "home-assistant": HomeAssistant,
}
