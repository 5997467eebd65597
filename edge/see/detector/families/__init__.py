"""How each family of detectors writes its answer: from raw tensors to boxes. Pure arithmetic, no session.

A decoder gets a model's outputs (the first axis is the picture, always 1) and returns `Raw`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge.see.detector.families import gfl, ssd, yolo, yolox
from edge.see.detector.families.raw import Array, Layout, Raw, UnknownLayout

Decode = Callable[[Mapping[str, Array], Layout, float], Raw]
"""(outputs by name in the model's order, layout, floor) -> what scores at least the floor."""

FAMILIES: Mapping[str, Decode] = {
    "ssd": ssd.decode,
    "nanodet": gfl.decode,
    "nanodet-plus": gfl.decode_plus,
    "picodet": gfl.decode,
    "yolox": yolox.decode,
    "yolo": yolo.decode,
}

__all__ = ["FAMILIES", "Array", "Decode", "Layout", "Raw", "UnknownLayout"]
