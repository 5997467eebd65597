"""What simulated devices speak: one file for each format, written from the format's own documentation.

They share no code with the decoders in `devices.sensors.decoders`, so that the same mistake on both sides
is less likely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulators.sensors.shapes.gridwatch import Canonical
from simulators.sensors.shapes.speech import Shape, Who

SHAPES: Mapping[str, Callable[[Who], Shape]] = {
    "gridwatch": Canonical,
}
"""Name of a decoder in the site -> what a device that it hears speaks."""
