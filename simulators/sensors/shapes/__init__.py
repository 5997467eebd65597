"""What simulated devices speak: one file for each format, written from the format's own documentation.

They share no code with the decoders in `devices.sensors.decoders`, so that the same mistake on both sides
is less likely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulators.sensors.shapes.chirpstack import ChirpStack
from simulators.sensors.shapes.free import Free
from simulators.sensors.shapes.gridwatch import Canonical
from simulators.sensors.shapes.home_assistant import HomeAssistant
from simulators.sensors.shapes.onvif import Onvif
from simulators.sensors.shapes.senml import Senml
from simulators.sensors.shapes.sparkplug import Sparkplug
from simulators.sensors.shapes.speech import Shape, Who
from simulators.sensors.shapes.tasmota import Tasmota
from simulators.sensors.shapes.things_stack import ThingsStack
from simulators.sensors.shapes.zigbee2mqtt import Zigbee2Mqtt

SHAPES: Mapping[str, Callable[[Who], Shape]] = {
    "gridwatch": Canonical,
    "json": Free,
    "senml": Senml,
    "chirpstack": ChirpStack,
    "things-stack": ThingsStack,
    "zigbee2mqtt": Zigbee2Mqtt,
    "tasmota": Tasmota,
    "sparkplug": Sparkplug,
    "onvif": Onvif,
    "home-assistant": HomeAssistant,
}
"""Name of a decoder in the site -> what a device that it hears speaks."""
