"""The detector: what is in this crop? SSDLite-MobileNetV2 (COCO-80) on ONNX Runtime, one thread.

The model and its anchors are files made at set-up (`scripts/fetch_weights.py`). It costs 10 to 25
CPU-ms a look, so it is asked about places where something already stays, not about every picture.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf

from devices.site.labels import LABELS
from edge.errors import WeightsMissing

Colour = NDArray[np.uint8]
"""BGR, [height, width, 3]."""

INPUT = 300
"""Pixels, both sides; what the model was trained with."""
OVERLAP = 0.6
"""Boxes of one label that overlap more are one thing (the model's own setting)."""
MODEL = "ssdlite-mobilenet-v2"

GAPS = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
"""Class numbers that COCO planned and never used."""
_DAMAGED = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, ValueError, EOFError, OSError)
"""What loading half a file raises."""
NAMES = dict(zip((n for n in range(1, 91) if n not in GAPS), LABELS, strict=True))
"""The model's class numbers (COCO's 90 with ten gaps) -> label."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing in one picture; `box` is x0, y0, x1, y1 in pixels of that picture."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class Detector(Protocol):
    """Anything that names things in a picture."""

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        """The things in `picture` with at least the score `floor`, best first."""
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


def weights_folder() -> Path:
    """Where set-up puts the model: `$GRIDWATCH_CACHE/weights`, `.cache/gridwatch/weights` unless told."""
    return Path(os.environ.get("GRIDWATCH_CACHE", ".cache/gridwatch")) / "weights"


class SsdLite:
    """The real detector; safe to share between threads (ONNX Runtime's `run` is)."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load the model from `folder` (`weights_folder()` unless told).

        Raises:
            WeightsMissing: set-up has not made the model yet, or its files are damaged.

        """
        folder = weights_folder() if folder is None else folder
        model, anchors = folder / f"{MODEL}.onnx", folder / f"{MODEL}.anchors.npy"
        if not model.exists() or not anchors.exists():
            raise WeightsMissing(f"no detector weights in {folder}; run `make setup` to fetch them")
        options = onnxruntime.SessionOptions()
        # More threads cost 25 to 70 % more CPU for the same look; cameras run side by side instead.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
            y0, x0, y1, x1 = np.load(anchors).T
        except _DAMAGED as error:
            raise WeightsMissing(
                f"the detector weights in {folder} are damaged ({type(error).__name__}); "
                "delete that folder and run `make setup`"
            ) from error
        self._input = self._session.get_inputs()[0].name
        self._size = np.stack((y1 - y0, x1 - x0))
        self._centre = np.stack(((y0 + y1) / 2, (x0 + x1) / 2))

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        """The things in `picture` with at least the score `floor`, best first."""
        height, width = picture.shape[:2]
        resized = cv2.resize(picture, (INPUT, INPUT), interpolation=cv2.INTER_LINEAR)
        values = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)[None].astype(np.float32) / 127.5 - 1.0
        raw, logits = (np.asarray(out)[0] for out in self._session.run(None, {self._input: values}))
        scores = 1.0 / (1.0 + np.exp(-logits[:, 1:]))
        best = scores.max(1)
        chosen = np.flatnonzero(best >= floor)
        if not chosen.size:
            return []
        numbers = scores[chosen].argmax(1) + 1
        # Box decoding of the SSD paper (section 2.2) with the model's variances 1/10 and 1/5.
        raw, size, centre = raw[chosen], self._size[:, chosen], self._centre[:, chosen]
        cy, cx = raw[:, :2].T / 10.0 * size + centre
        h, w = np.exp(raw[:, 2:].T / 5.0) * size
        boxes = np.stack((cx - w / 2, cy - h / 2, w, h), 1) * (width, height, width, height)
        kept = cv2.dnn.NMSBoxesBatched(
            boxes.tolist(), best[chosen].tolist(), numbers.tolist(), floor, OVERLAP
        )
        found = []
        for i in np.ravel(kept).astype(int):
            label = NAMES.get(int(numbers[i]))
            if label is None:
                continue
            x, y, w_, h_ = (float(v) for v in boxes[i])
            box = (max(0.0, x), max(0.0, y), min(float(width), x + w_), min(float(height), y + h_))
            found.append(Detection(label, float(best[chosen][i]), box))
        return sorted(found, key=lambda one: -one.score)
