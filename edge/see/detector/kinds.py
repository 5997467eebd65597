"""What a detector is, what it answers, and one for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.uint8]
"""BGR, [height, width, 3]."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing in one picture; `box` is x0, y0, x1, y1 in pixels of that picture."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class Detector(Protocol):
    """Anything that names things in a picture."""

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        """The things in `picture` with at least the score `floor`, best first.

        Scores of all detectors are on one scale, on which `edge.see.naming` has its floors.
        """
        ...


class FakeDetector:
    """For tests: answers from a script, by call, and keeps what it was shown."""

    def __init__(self, answers: list[list[Detection]]) -> None:
        self.answers = answers
        self.shown: list[tuple[int, ...]] = []

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        """The next scripted answer; the last one for ever."""
        self.shown.append(picture.shape)
        answer = self.answers[min(len(self.shown), len(self.answers)) - 1] if self.answers else []
        return [found for found in answer if found.score >= floor]
