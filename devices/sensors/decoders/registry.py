"""The decoders by the names that a site file gives them (`devices.site.wiring.DecoderName`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from devices.sensors.decoders.base import Decoder
from devices.sensors.decoders.gridwatch import Gridwatch

Make = Callable[[tzinfo], Decoder]
"""Given the site's time zone, for devices that send times without one."""

DECODERS: Mapping[str, Make] = {
    "gridwatch": Gridwatch,
}
