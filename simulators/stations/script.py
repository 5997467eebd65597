"""Scripts for simulated stations, with what a node must make of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from simulators.stations.air import AirStation
from simulators.stations.faults import Fault
from simulators.stations.fire import FAULT, FIRE, RESET, FireDevice
from simulators.stations.line import Line, Message, Told


@dataclass(frozen=True, slots=True)
class Step:
    """At `second` of a script `line`, with these faults, tells what `make` makes of the Unix time then."""

    second: float
    line: Line
    make: Callable[[float], Message]
    faults: frozenset[Fault] = frozenset()


@dataclass(frozen=True, slots=True)
class Script:
    """Steps in the order of their seconds, and the ground truth."""

    steps: tuple[Step, ...]
    truth: tuple[tuple[str, str], ...]
    """What happened in the street: matter and change, in order."""


def building_site(air: AirStation, dust: Line, fire: FireDevice, panel: Line, component: str) -> Script:
    """Dust rises while the line is bad, a detector goes off and is sent twice, the panel is reset.

    The air station sends `a34004` in ug/m3: 20, then 150, then 20 again.
    """

    def values(level: float) -> Callable[[float], Message]:
        return lambda at: air.values(at, {"a34004": level})

    def state(bits: int) -> Callable[[float], Message]:
        return lambda at: fire.component(at, component, bits)

    steps = (
        Step(0, dust, values(20)),
        Step(0, panel, state(1)),
        Step(1, dust, values(150), frozenset({Fault.RUBBISH})),
        Step(2, panel, state(FIRE), frozenset({Fault.TWICE})),
        Step(2, panel, lambda at: fire.component(at, "ee000000", FAULT)),
        Step(3, dust, values(150), frozenset({Fault.RECONNECTS, Fault.TWICE})),
        Step(4, panel, lambda at: fire.operation(at, RESET), frozenset({Fault.RECONNECTS})),
        Step(5, dust, values(20)),
    )
    truth = (("dust", "opened"), ("fire", "opened"), ("fire", "cleared"), ("dust", "cleared"))
    return Script(steps, truth)


def play(
    script: Script,
    stopping: threading.Event,
    speed: float = 1.0,
    clock: Callable[[], float] = time.time,
) -> list[Told]:
    """Play a script to its end, or until `stopping`; how each step went."""
    began, told = time.monotonic(), []
    for step in script.steps:
        if stopping.wait(max(0.0, began + step.second / speed - time.monotonic())):
            break
        step.line.faults = set(step.faults)
        step.line.tell(step.make(clock()))
        told.append(step.line.ledger[-1])
    return told
