"""What a look of each model costs here: CPU time and memory, each model in a process of its own."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.see.detector import detector_from

WARM, LOOKS = 3, 30
SIZE = (300, 400)
"""Height and width of the picture shown; preparing it is part of the look."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one model."""

    name: str
    best_ms: float
    """CPU milliseconds of the quickest look: what it costs when nothing else disturbs."""
    median_ms: float
    rss_mib: int
    """Resident memory of a process that does nothing else, Python and ONNX Runtime included."""


def measure(names: list[str], folder: Path) -> list[Cost]:
    """Each model's cost, one after another.

    Raises:
        ModelUnusable: one of them cannot be used.
    """
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return [pool.apply(_one, (name, folder)) for name in names]


def _one(name: str, folder: Path) -> Cost:
    detector = detector_from(name, folder)
    picture = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    took = []
    for _ in range(WARM + LOOKS):
        began = time.process_time()
        detector.detect(picture, 0.3)
        took.append(1000.0 * (time.process_time() - began))
    return Cost(name, round(min(took), 1), round(statistics.median(took[WARM:]), 1), _resident())


def _resident() -> int:
    """MiB, as proc(5) tells it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) // 1024
