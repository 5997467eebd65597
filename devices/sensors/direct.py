"""Readings of devices that speak to the node itself and not to a broker (HJ 212, GB/T 26875.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from devices.messages import Reading


@dataclass(frozen=True, slots=True)
class Direct:
    """What one device said, decoded; it is answered once it is safe."""

    readings: tuple[Reading, ...]
    """To be kept and judged."""
    ack: Callable[[], None] = field(repr=False)
    """Call once the content is safe; from any thread."""
    late: tuple[Reading, ...] = ()
    """To be kept only: newer ones of the same kind were judged before, and these would take them back."""
    alive: tuple[str, ...] = ()
    """Sensors that are there although they say nothing: what they are part of vouches for them."""
    clock_right: bool = False
    """The device's clock was held against ours when it sent this: times of its readings can be believed
    from the first one on, however late they come."""
    urgent: bool = False
    """Fire, or somebody calls for help: goes before all that waits."""
