"""A described model at work, on ONNX Runtime with one thread.

One look costs 11 to 25 CPU-ms, so it is asked about places where something stays, not about every picture.
Several pictures in one run would cost more each, not less (docs/design/detector.md), so there is no batch.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf

from edge.errors import ModelUnusable, WeightsMissing
from edge.see.detector.description import DEFAULT, Description, find
from edge.see.detector.families import FAMILIES, Array, Layout, Raw
from edge.see.detector.fitting import back, fitted, tensor
from edge.see.detector.kinds import Colour, Detection
from edge.see.detector.scale import on_scale, own_floor

DAMAGED = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, ValueError, EOFError, OSError)
"""What loading half a file raises."""


class Network:
    """A detector that is a neural network; safe to share between threads (ONNX Runtime's `run` is)."""

    def __init__(self, model: Description, folder: Path) -> None:
        """Load the weights of `model` from `folder`.

        Raises:
            WeightsMissing: its files are not there, damaged, or not those that were described.
            ModelUnusable: the weights want another input than the description tells.

        """
        self.model = model
        check(model, folder)
        options = onnxruntime.SessionOptions()
        # More threads cost 25 to 70 % more CPU for the same look; cameras run side by side instead.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / model.file), options, providers=["CPUExecutionProvider"]
            )
            anchors = None if model.anchors is None else np.load(folder / model.anchors)
        except DAMAGED as error:
            raise WeightsMissing(
                f"the weights of {model.name} in {folder} are damaged ({type(error).__name__}); {how(model)}"
            ) from error
        self._input = _input_of(self._session, model)
        self._outputs = [one.name for one in self._session.get_outputs()]
        size = model.input
        self._layout = Layout(size.width, size.height, len(model.numbers), anchors)

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        """The things in `picture` with at least the score `floor`, best first."""
        where = fitted(picture.shape, self.model.input)
        raw = self.run(tensor(picture, self.model.input, where), own_floor(floor, self.model.floors))
        boxes = back(raw.boxes, picture.shape, where)
        found = []
        for i in _kept(raw, self.model.nms_iou):
            number = int(raw.numbers[i])
            label = self.model.numbers[number] if 0 <= number < len(self.model.numbers) else None
            if label is None:
                continue
            score = on_scale(float(raw.scores[i]), label, self.model.floors)
            x0, y0, x1, y1 = (float(part) for part in boxes[i])
            if score >= floor:
                found.append(Detection(label, score, (x0, y0, x1, y1)))
        return sorted(found, key=lambda one: -one.score)

    def run(self, values: Array, floor: float) -> Raw:
        """What the model answers to an input, in its own scores and in pixels of the input.

        Raises:
            ModelUnusable: its outputs are not those of its family.
        """
        outputs = dict(zip(self._outputs, self._session.run(None, {self._input: values}), strict=True))
        return FAMILIES[self.model.family](outputs, self._layout, floor)


def _kept(raw: Raw, overlap: float) -> list[int]:
    """Which boxes remain when those that overlap a better one of the same class are dropped."""
    if not len(raw.scores):
        return []
    corners = np.concatenate((raw.boxes[:, :2], raw.boxes[:, 2:] - raw.boxes[:, :2]), 1)
    kept = cv2.dnn.NMSBoxesBatched(corners.tolist(), raw.scores.tolist(), raw.numbers.tolist(), 0.0, overlap)
    return [int(one) for one in np.ravel(kept)]


def _input_of(session: onnxruntime.InferenceSession, model: Description) -> str:
    """The name of the one input, once its shape is the described one."""
    inputs = session.get_inputs()
    size = model.input
    wanted = (1, 3, size.height, size.width) if size.layout == "nchw" else (1, size.height, size.width, 3)
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
        said = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise ModelUnusable(f"{model.name}: it must have one input of four axes in float32; it has {said}")
    fixed = [got if isinstance(got, int) else want for got, want in zip(inputs[0].shape, wanted, strict=True)]
    if tuple(fixed) != wanted:
        raise ModelUnusable(
            f"{model.name}: its weights want an input of {fixed}, the description tells {list(wanted)}; "
            "correct `input` there"
        )
    return str(inputs[0].name)


def how(model: Description) -> str:
    """What brings the weights of `model`."""
    if model.name == DEFAULT:
        return "run `make setup`, or `gridwatch models fetch " + model.name + "`"
    if model.fetch is not None:
        return f"run `gridwatch models fetch {model.name}` ({model.fetch.megabytes} MB)"
    return f"put {model.file} into that folder; nobody may hand it out for you"


def digest(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def record(model: Description, folder: Path) -> Path:
    """Where the digests of files are kept that were made here and not only downloaded."""
    return folder / f"{model.name}.provenance.json"


def pinned(model: Description, folder: Path) -> dict[str, str]:
    """Each file whose SHA-256 is known, with it: out of the description, or as it was when it was made."""
    if model.sha256 is not None:
        return {model.file: model.sha256}
    try:
        made = json.loads(record(model, folder).read_text(encoding="utf-8"))["files"]
        return {str(name): str(sha) for name, sha in made.items()}
    except (OSError, ValueError, KeyError, AttributeError):
        return {}


def check(model: Description, folder: Path) -> bool:
    """Whether the files of `model` are those they should be; False when nobody ever said which.

    Raises:
        WeightsMissing: they are not there, or other ones.
    """
    for name in filter(None, (model.file, model.anchors)):
        if not (folder / name).is_file():
            raise WeightsMissing(f"no weights of {model.name} in {folder} ({name} is missing); {how(model)}")
    known = pinned(model, folder)
    for name, wanted in known.items():
        if not (folder / name).is_file() or digest(folder / name) != wanted:
            raise WeightsMissing(
                f"{folder / name} is not the file that {model.name} was described with (SHA-256 differs); "
                f"{how(model)}"
            )
    return bool(known)


def detector_from(name: str = DEFAULT, folder: Path | None = None) -> Network:
    """The model of that name, or of the description in that YAML file, ready to look.

    Args:
        name: as in `gridwatch models list`, or the path of a `.yaml`.
        folder: where the weights of known models are; `weights_folder()` unless told.

    Raises:
        ModelUnusable: there is no such model, or it cannot be used; the text names the fix.
    """
    return Network(*find(name, folder))


class SsdLite(Network):
    """The model that set-up brings."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load it from `folder` (`weights_folder()` unless told).

        Raises:
            WeightsMissing: set-up has not made the model yet, or its files are damaged.

        """
        super().__init__(*find(DEFAULT, folder))
