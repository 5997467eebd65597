"""What the centre says: answers to packets, and the command that sets a device's clock."""

from __future__ import annotations

from datetime import datetime, tzinfo

from devices.gb26875.frame import Command, Frame, label_of, write
from devices.gb26875.tables import SET_CLOCK


def confirm(frame: Frame, now: datetime, zone: tzinfo) -> bytes:
    """For data that are kept (6.3); the device sends again what is not confirmed (6.5)."""
    return write(frame.answered(Command.CONFIRM, label_of(now, zone)))


def deny(frame: Frame, now: datetime, zone: tzinfo) -> bytes:
    """For data that cannot be taken."""
    return write(frame.answered(Command.DENY, label_of(now, zone)))


def set_clock(frame: Frame, serial: int, now: datetime, zone: tzinfo) -> bytes:
    """The command that sets the clock of the device that sent `frame` (6.2, 8.3.2)."""
    label = label_of(now, zone)
    data = bytes((SET_CLOCK, 1)) + label
    return write(Frame(serial, Command.CONTROL, frame.target, frame.source, data, frame.version, label))
