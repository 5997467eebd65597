"""The names that a detector trained on COCO knows (Lin et al., ECCV 2014), and what is taken for granted."""

from __future__ import annotations

from devices.site.labels import LABELS
from simulators.scenes.stock.model import UNKNOWN, Kind

COCO = frozenset(LABELS)
HEIGHT_M = {
    "person": 1.7,
    "bicycle": 1.05,
    "motorcycle": 1.2,
    "car": 1.7,
    "bus": 3.3,
    "truck": 3.2,
    "dog": 0.6,
    "cat": 0.35,
    "suitcase": 0.65,
    "backpack": 0.5,
    "handbag": 0.35,
    "umbrella": 0.9,
    "chair": 0.9,
    "couch": 0.9,
    "bench": 0.85,
    "bed": 0.8,
    "dining table": 0.8,
    "refrigerator": 1.6,
    "potted plant": 0.9,
    UNKNOWN: 0.6,
}
"""Metres, with what depth adds in a view from slightly above."""
KIND: dict[str, Kind] = {
    "person": "person",
    "bicycle": "two_wheeler",
    "motorcycle": "two_wheeler",
    "car": "vehicle",
    "bus": "vehicle",
    "truck": "vehicle",
    "dog": "animal",
    "cat": "animal",
    "horse": "animal",
}
"""Everything else is bulky unless the file beside it says `goods`."""
