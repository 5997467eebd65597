"""What telemetry carries: readings of sensors, and what a node measured of cameras, zones and itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from devices.basis import Identifier, Message


class Reading(Message):
    """One measured value of one sensor."""

    point: Identifier
    sensor: Identifier
    quantity: str
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: str
    """UCUM or SenML unit symbol, for example "cm", "Cel", "%RH"."""
    taken_at: AwareDatetime
    """The device's own time where it has a clock that can be believed, else the time of arrival."""
    received_at: AwareDatetime
    boot: str
    seq: int = Field(ge=0)
    quality: Literal["good", "edge_time", "clock", "uncertain", "bad"] = "good"
    """`edge_time`: the device sent no time; `clock`: its time is more than a day off and was replaced."""
    battery: float | None = None
    """Percent."""
    signal: float | None = None
    """dBm."""


class Sample(Message):
    """One value at one moment; known by `(device, zone, quantity, taken_at)`."""

    device: Identifier
    """A camera, or the node's own id."""
    point: Identifier | None = None
    """None: it is the node's own."""
    zone: Identifier | None = None
    """Of a camera, where it is about one zone only."""
    quantity: Annotated[str, Field(min_length=1, max_length=64)]
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: str = ""
    """UCUM symbol; empty for what is counted."""
    taken_at: AwareDatetime
