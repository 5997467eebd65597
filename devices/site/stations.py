"""Where stations that speak no MQTT are heard, and which of them a sensor is (HJ 212, GB/T 26875.3)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from devices.site.part import Part, Seconds

Protocol = Literal["hj212", "gb26875"]
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})")


def address_of(listen: str) -> tuple[str, int]:
    """Host and port of `listen`.

    Raises:
        ValueError: it is not an address of one network card and a port.

    """
    match = _ADDRESS.fullmatch(listen)
    if match is None or int(match[3]) > 65535:
        raise ValueError("is not an address with a port; write such as 192.168.8.1:9212")
    host = match[1] or match[2]
    try:
        everywhere = ip_address(host).is_unspecified
    except ValueError:
        raise ValueError("is not an address with a port; write such as 192.168.8.1:9212") from None
    if everywhere:
        raise ValueError("would listen in every network; write the node's address in that of the devices")
    return host, int(match[3])


def _listen(listen: str) -> str:
    address_of(listen)
    return listen


class Listener(Part):
    """One address at which a node takes connections of stations."""

    protocol: Protocol
    listen: Annotated[str, AfterValidator(_listen)]
    """The node's address in the network of its devices, and a port; 0 takes a free one."""
    password: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    """`X` means that the environment variable `X_PASSWORD` (or `X_PASSWORD_FILE`) holds the PW of HJ 212."""
    max_connections: int = Field(default=32, ge=1, le=500)
    idle: Seconds = 600.0
    """A connection without a whole packet for so long is closed."""
    set_clock: bool = False
    """Set the clocks of stations that are more than a minute off."""

    @model_validator(mode="after")
    def _only_hj212_has_a_password(self) -> Self:
        if self.password is not None and self.protocol != "hj212":
            raise ValueError("has a `password`, which GB/T 26875.3 does not know; take it out")
        return self


class AirStation(Part):
    """A sensor that is, or is part of, a station that speaks HJ 212."""

    protocol: Literal["hj212"]
    mn: str = Field(pattern=r"^[A-Za-z0-9]{1,32}$")
    """The station's number, as it stands in each of its packets."""


class FireStation(Part):
    """A sensor that is a part of a building's fire alarm system behind a transmission device."""

    protocol: Literal["gb26875"]
    transmitter: str = Field(pattern=r"^[0-9a-f]{12}$")
    """Its address: the six bytes of the source, as they come, in hex."""
    system: int | None = Field(default=None, ge=0, le=255)
    """Type of the fire system (1 for fire alarm), for a sensor that is a system or a component of one."""
    address: int | None = Field(default=None, ge=0, le=255)
    """Address of the system."""
    component: str | None = Field(default=None, pattern=r"^[0-9a-f]{8}$")
    """Address of the component: its four bytes, as they come, in hex."""


Station = Annotated[AirStation | FireStation, Field(discriminator="protocol")]
