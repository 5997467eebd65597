"""The detector: what is in this crop? Any ONNX of the common families, described by a small file.

    picture ─► fitting ─► session ─► family's decoder ─► overlaps dropped ─► scores on one scale

`detector_from(name)` makes one; `edge/see/naming.py` decides what it is shown and what its answer means.
"""

from edge.see.detector.description import DEFAULT, Description, find, known, weights_folder
from edge.see.detector.kinds import Colour, Detection, Detector, FakeDetector
from edge.see.detector.network import Network, SsdLite, check, detector_from
from edge.see.detector.scale import FLOOR, FLOOR_ANIMATE

__all__ = [
    "DEFAULT",
    "FLOOR",
    "FLOOR_ANIMATE",
    "Colour",
    "Description",
    "Detection",
    "Detector",
    "FakeDetector",
    "Network",
    "SsdLite",
    "check",
    "detector_from",
    "find",
    "known",
    "weights_folder",
]
