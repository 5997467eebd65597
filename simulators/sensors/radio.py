"""How a device's radio does, a pure function of its seed: signal, and what gets lost on the way.

A single uplink may be lost, never two in a row: silence is called at 2.5 periods, and what is called must be
scripted (`FaultKind.RADIO`).
"""

from __future__ import annotations

from simulators.sensors.chance import noise, part

LOST = 0.01
"""Share of the uplinks of a LoRaWAN device that no gateway hears."""
BY_RADIO = frozenset({"chirpstack", "things-stack"})
"""Decoders whose devices send without being answered."""


def rssi(seed: int, t: float) -> int:
    """Signal strength at Unix time `t`, dBm: -66 to -101."""
    return round(-70 - 27 * part(seed, 4) + 4 * noise(seed + 5, t, 120))


def lost(seed: int, number: int) -> bool:
    """Whether no gateway hears the device's uplink of that number."""
    return _fades(seed, number) and not _fades(seed, number - 1)


def _fades(seed: int, number: int) -> bool:
    return part(seed, 6, number) < LOST
