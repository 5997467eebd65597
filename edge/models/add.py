"""A model of your own: its weights copied beside the others, described by the habits of its family."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import yaml
from pydantic import ValidationError

from devices.messages import explain
from edge.errors import ModelUnusable
from edge.see.detector.description import Description, known
from edge.see.detector.network import DAMAGED, Network, digest

NANO = {"mean": (103.53, 116.28, 123.675), "scale": (57.375, 57.12, 58.395), "colour": "bgr"}
HABITS: dict[str, dict[str, Any]] = {
    "ssd": {"mean": (127.5, 127.5, 127.5), "scale": (127.5, 127.5, 127.5), "colour": "rgb"},
    "nanodet": NANO,
    "nanodet-plus": NANO,
    "picodet": NANO,
    "yolox": {"colour": "bgr", "fit": "corner"},
    "yolo": {"colour": "rgb", "scale": (255.0, 255.0, 255.0), "fit": "middle"},
}
"""How each family's own tools prepare a picture; models trained otherwise need their description edited."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person who brings a model says of it; None: as the family does, or as the file tells."""

    file: Path
    family: str
    name: str | None = None
    labels: str = "coco-80"
    anchors: Path | None = None
    size: tuple[int, int] | None = None
    """Width and height."""
    licence: str = "not told"


def add(wish: Wish, into: Path) -> Description:
    """Copy the weights, describe them, and look once to see that the answer can be read.

    Raises:
        ModelUnusable: the file is no ONNX, or not of that family; nothing is left behind.
    """
    name = wish.name or wish.file.stem.lower().replace("_", "-")
    if name in known(into):
        raise ModelUnusable(f"there is a model {name!r} already; choose another --name")
    into.mkdir(parents=True, exist_ok=True)
    layout, width, height = _shape(wish)
    told: dict[str, Any] = {
        "name": name,
        "family": wish.family,
        "file": f"{name}.onnx",
        "sha256": digest(wish.file),
        "input": {"width": width, "height": height, "layout": layout, **HABITS[wish.family]},
        "labels": wish.labels,
        "licence": wish.licence,
        "source": f"added from {wish.file.name}",
    }
    if wish.anchors is not None:
        told["anchors"] = f"{name}.anchors.npy"
    try:
        model = Description.model_validate(told)
    except ValidationError as error:
        raise ModelUnusable(f"{wish.file}: {explain(error, 'model')}") from error
    made = [into / model.file]
    shutil.copy(wish.file, into / model.file)
    try:
        if wish.anchors is not None and model.anchors is not None:
            made.append(into / model.anchors)
            shutil.copy(wish.anchors, into / model.anchors)
        Network(model, into).detect(np.full((height, width, 3), 127, np.uint8), 0.5)
    except (ModelUnusable, OSError) as error:
        for path in made:
            path.unlink(missing_ok=True)
        raise ModelUnusable(f"{wish.file} was not added: {error}") from error
    text = yaml.safe_dump(model.model_dump(mode="json", exclude_none=True), sort_keys=False, width=110)
    (into / f"{name}.yaml").write_text(text, encoding="utf-8")
    return model


def _shape(wish: Wish) -> tuple[str, int, int]:
    """Layout, width and height of the input, as the file tells them."""
    try:
        session = onnxruntime.InferenceSession(str(wish.file), providers=["CPUExecutionProvider"])
    except DAMAGED as error:
        raise ModelUnusable(f"{wish.file} cannot be read as ONNX ({type(error).__name__})") from error
    shape = session.get_inputs()[0].shape
    if len(shape) != 4 or 3 not in (shape[1], shape[3]):
        raise ModelUnusable(f"{wish.file} wants an input of {shape}, not one picture of three colours")
    layout = "nchw" if shape[1] == 3 else "nhwc"
    height, width = (shape[2], shape[3]) if layout == "nchw" else (shape[1], shape[2])
    if isinstance(height, int) and isinstance(width, int):
        return layout, width, height
    if wish.size is None:
        raise ModelUnusable(f"{wish.file} takes pictures of any size; say --size, such as 416x416")
    return layout, *wish.size
