"""The transmission device of a building's fire alarm system, as GB/T 26875.3-2011 has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from devices.gb26875.frame import Command, Frame, Framer, label_of, write
from devices.stations import Broken
from simulators.stations.line import Heard, Line, Message

LENGTH_AT = slice(24, 25)
CENTRE = bytes.fromhex("010000000000")
FIRE, FAULT = 1 << 1, 1 << 2
"""Bits of a component's state."""
RESET, MANUAL_ALARM = 1 << 0, 1 << 2
"""Bits of an operation."""


class FireDevice:
    """Makes the packets of one device; its serial number rises with each."""

    def __init__(self, address: str, zone: tzinfo, *, serial: int = 0, clock_off: float = 0.0) -> None:
        """`address`: twelve hex digits, as its bytes go out."""
        self.address, self._zone, self._serial = address, zone, serial
        self.clock_off = clock_off

    def line(self, address: tuple[str, int], *, wait: float = 10.0, tries: int = 3) -> Line:
        """Its line to a node."""
        return Line(address, self._hearer, LENGTH_AT, wait=wait, tries=tries)

    def component(
        self,
        at: float,
        component: str,
        bits: int,
        *,
        system: int = 1,
        where: str = "",
        taken: float | None = None,
    ) -> Message:
        """The state of a component (eight hex digits); `taken` (Unix s) where it changed earlier."""
        text = where.encode("gb18030")[:31].ljust(31, b"\0")
        body = bytes((system, 1, 42)) + bytes.fromhex(component) + bits.to_bytes(2, "little") + text
        return self._data(at, 2, body, taken, f"component {component} {bits:#x}")

    def analog(self, at: float, component: str, kind: int, steps: int, *, system: int = 1) -> Message:
        """An analog value of a component, in steps of its type."""
        value = bytes((kind,)) + steps.to_bytes(2, "little", signed=True)
        body = bytes((system, 1, 42)) + bytes.fromhex(component) + value
        return self._data(at, 3, body, None, f"component {component} analog {kind} {steps}")

    def system(self, at: float, bits: int, *, system: int = 1) -> Message:
        """The state of a fire system."""
        return self._data(at, 1, bytes((system, 1)) + bits.to_bytes(2, "little"), None, f"system {bits:#x}")

    def operation(self, at: float, bits: int, *, system: int = 1) -> Message:
        """What somebody did at the panel."""
        return self._data(at, 4, bytes((system, 1, bits, 1)), None, f"operation {bits:#x}")

    def own_state(self, at: float, bits: int) -> Message:
        """The state of the device itself."""
        return self._data(at, 21, bytes((bits,)), None, f"device {bits:#x}")

    def own_operation(self, at: float, bits: int) -> Message:
        """What somebody did at the device, such as pressing its alarm button."""
        return self._data(at, 24, bytes((bits, 1)), None, f"device operation {bits:#x}")

    def _data(self, at: float, kind: int, body: bytes, taken: float | None, truth: str) -> Message:
        happened = self._label(at if taken is None else taken)
        self._serial = (self._serial + 1) & 0xFFFF
        frame = Frame(
            self._serial,
            Command.DATA,
            bytes.fromhex(self.address),
            CENTRE,
            bytes((kind, 1)) + body + happened,
            label=self._label(at),
        )
        return Message(str(self._serial), write(frame), truth)

    def _label(self, at: float) -> bytes:
        return label_of(datetime.fromtimestamp(at + self.clock_off, UTC), self._zone)

    def _hearer(self) -> Callable[[bytes], list[Heard]]:
        framer = Framer()

        def hear(data: bytes) -> list[Heard]:
            frames = [one for one in framer.feed(data) if not isinstance(one, Broken)]
            return [self._heard(frame) for frame in frames]

        return hear

    def _heard(self, frame: Frame) -> Heard:
        if frame.command == Command.CONFIRM:
            return Heard(answer=str(frame.serial))
        if frame.command == Command.DENY:
            return Heard()
        return Heard(
            command=f"{frame.command} {frame.data.hex()}",
            reply=write(frame.answered(Command.CONFIRM, frame.label)),
        )
