"""Does what was planned, to running processes, lines, disks and clocks; and keeps account of it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulators.drill.parts import Parts
from simulators.drill.plan import Fault
from simulators.drill.witness import FLOWS

FILLER = "filler"
_PIECES = (1 << 20, 1 << 12, 1)
"""Bytes written at once until no more go in."""
_LINK_STATES = {"cut", "delay", "half_open"}


class Nemesis:
    """One plan in the doing. `turn` must be called often."""

    def __init__(self, parts: Parts, faults: Sequence[Fault]) -> None:
        self._parts = parts
        self._coming = list(faults)
        self._ask_at = 0.0
        self._holding: list[Fault] = []
        self.done: list[Fault] = []
        """What was done and undone, with the times at which it really was; in order of their ends."""
        self.clocks: dict[str, list[tuple[float, float]]] = {node: [(0.0, 0.0)] for node in parts.nodes}
        """Node -> (second, by how far its wall clock was off from then on)."""

    @property
    def over(self) -> bool:
        """Nothing is broken and nothing comes."""
        return not self._coming and not self._holding

    def shows(self, node: str) -> bool:
        """Whether that node has its camera's pictures just now: they flow and nothing keeps it from them."""
        line = self._parts.lines["link_cameras", node]
        blind = any(
            one.node == node and one.target in ("node", "link_cameras") and one.kind != "clock_step"
            for one in self._holding
        )
        return not blind and time.monotonic() - line.answered_at < FLOWS

    def turn(self, now: float) -> None:
        """Do and undo what is due at this second of the drill."""
        for fault in [one for one in self._coming if one.begin <= now]:
            if self._can(fault):
                self._coming.remove(fault)
                fault = replace(fault, begin=now, end=now + fault.end - fault.begin)
                self._do(fault, now)
                self._holding.append(fault)
        for fault in list(self._holding):
            if fault.end <= now and self._may_end(fault, now):
                self._holding.remove(fault)
                self._undo(fault, now)
                self.done.append(replace(fault, end=now))
            elif fault.kind == "disk_full":
                fill(self._disk(fault))  # also what the node has freed meanwhile

    def _can(self, fault: Fault) -> bool:
        """A process must be there to be killed."""
        return fault.kind not in ("kill", "stop") or bool(self._parts.pids(self._part(fault)))

    def _may_end(self, fault: Fault, now: float) -> bool:
        """What was killed is broken until it does its work again; it is asked once a second."""
        if fault.kind != "kill":
            return True
        if now < self._ask_at:
            return False
        self._ask_at = now + 1.0
        return self._parts.ready(self._part(fault))

    def _part(self, fault: Fault) -> str:
        return fault.node if fault.target == "node" and fault.node is not None else fault.target

    def _disk(self, fault: Fault) -> Path:
        assert fault.node is not None
        return self._parts.disks[fault.node] / FILLER

    def _do(self, fault: Fault, now: float) -> None:
        parts = self._parts
        match fault.kind:
            case "kill":
                parts.kill(self._part(fault), fault.end - fault.begin)
            case "stop":
                parts.signal(self._part(fault), signal.SIGSTOP)
            case "disk_full":
                fill(self._disk(fault))
            case "clock_step":
                self._set_clock(fault, fault.amount, now)
            case "cut" | "delay" | "half_open":
                parts.links.turn(parts.lines[fault.target, fault.node], fault.kind)

    def _undo(self, fault: Fault, now: float) -> None:
        parts = self._parts
        match fault.kind:
            case "stop":
                parts.signal(self._part(fault), signal.SIGCONT)
            case "disk_full":
                self._disk(fault).unlink(missing_ok=True)
            case "clock_step":
                self._set_clock(fault, 0.0, now)
            case kind if kind in _LINK_STATES:
                parts.links.turn(parts.lines[fault.target, fault.node], "sound")

    def _set_clock(self, fault: Fault, offset: float, now: float) -> None:
        assert fault.node is not None
        self._parts.offset(fault.node, offset)
        self.clocks[fault.node].append((now, offset))


def fill(file: Path) -> None:
    """Write on until not a byte more fits on the disk."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for piece in _PIECES:
            with contextlib.suppress(OSError):
                while os.write(handle, b"\0" * piece) == piece:
                    pass
    finally:
        os.close(handle)
