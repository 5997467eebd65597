"""Packets out of a stream of bytes, whatever the wire protocol of a station, and what was no packet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from devices.stations import Broken

P = TypeVar("P")


class StreamFramer(ABC, Generic[P]):
    """Takes bytes as they come, in any pieces, and gives packets; keeps at most one."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._lost = False
        """What comes belongs to something broken that was told already."""

    @property
    def waiting(self) -> int:
        """Bytes of a packet that has begun and is not whole."""
        return len(self._bytes)

    def feed(self, data: bytes) -> list[P | Broken]:
        """The packets that `data` completes, in order, and what was thrown away between them."""
        self._bytes += data
        found: list[P | Broken] = []
        self._settle(0, found)
        return found

    def give_up(self) -> list[P | Broken]:
        """What has begun will not become whole: look for packets behind its start."""
        found: list[P | Broken] = []
        if self._bytes:
            self._settle(self._cut_off(found), found)
        return found

    def _settle(self, at: int, found: list[P | Broken]) -> None:
        more = True
        while more:
            at, more = self._step(at, found)
        del self._bytes[:at]

    @abstractmethod
    def _step(self, at: int, found: list[P | Broken]) -> tuple[int, bool]:
        """One step on from `at`: up to where all is settled now, and whether there may be another."""

    @abstractmethod
    def _cut_off(self, found: list[P | Broken]) -> int:
        """Tell of the packet that has begun; where to look for the next one."""
