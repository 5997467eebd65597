"""Assets that somebody adds: `DIR/backgrounds/*.{jpg,png,mp4}` and `DIR/cutouts/<label>/*.png`.

They judge only: nothing can have been tuned with them. Beside a file, `NAME.yaml` may say more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import yaml

from simulators.errors import FootageError
from simulators.scenes.footage import Image
from simulators.scenes.stock.labels import COCO, HEIGHT_M, KIND
from simulators.scenes.stock.model import KINDS, UNKNOWN, Dot, Kind, Stock, StockBackground, StockCutOut
from simulators.scenes.stock.photo import Film, photograph
from simulators.scenes.stock.render import cropped

SIZE = (1280, 720)
_LEAST = (640, 360)
"""A smaller background is not a camera's picture."""
GROUND: tuple[Dot, ...] = ((0.04, 0.98), (0.12, 0.62), (0.88, 0.62), (0.96, 0.98))
"""Where things may stand when nothing is said."""
HORIZON, METRE = 0.25, 0.2
"""Of a camera some four metres up that looks slightly down."""
_BACKGROUND_KEYS = frozenset({"ground", "horizon", "metre"})
_CUTOUT_KEYS = frozenset({"height_m", "names", "kind"})


def extra_stock(stock: Stock, folder: Path) -> Stock:
    """A stock with the assets of a folder added.

    Raises:
        FootageError: the folder, or a file in it, cannot be used; the text names it and the fix.
    """
    if not folder.is_dir():
        raise FootageError(f"{folder} is not a folder; name one that holds backgrounds/ and cutouts/")
    photos = _files(folder / "backgrounds", (".jpg", ".jpeg", ".png", ".mp4"))
    things = [
        (label.name, file) for label in sorted(folder.glob("cutouts/*")) for file in _files(label, (".png",))
    ]
    if not photos and not things:
        raise FootageError(
            f"{folder} holds no backgrounds/*.jpg, *.png or *.mp4 and no cutouts/<label>/*.png"
        )
    return Stock(
        (*stock.backgrounds, *(_background(one) for one in photos)),
        (*stock.cutouts, *(_cutout(label, one) for label, one in things)),
        stock.tuning,
    )


def _files(folder: Path, endings: Sequence[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [one for one in sorted(folder.iterdir()) if one.suffix.lower() != ".yaml"]
    for one in found:
        if one.suffix.lower() not in endings:
            raise FootageError(
                f"{one}: not one of {', '.join(endings)}; save it as one of these or remove it"
            )
    return found


def _background(file: Path) -> StockBackground:
    image = Film(file).empty if file.suffix.lower() == ".mp4" else photograph(file)
    height, width = image.shape[:2]
    if width < _LEAST[0] or height < _LEAST[1]:
        raise FootageError(f"{file}: {width}x{height} is too small; {_LEAST[0]}x{_LEAST[1]} is the least")
    said = _said(file, _BACKGROUND_KEYS)
    ground = said.get("ground", GROUND)
    if not _is_polygon(ground):
        raise FootageError(f"{file.with_suffix('.yaml')}: ground must be three or more [x, y], each 0..1")
    horizon, metre = _number(file, said, "horizon", HORIZON), _number(file, said, "metre", METRE)
    if not (horizon < min(y for _, y in ground) and 0 < metre <= 2):
        text = "horizon must lie above the ground, and metre between 0 and 2 (parts of the height)"
        raise FootageError(f"{file.with_suffix('.yaml')}: {text}")
    polygon = tuple((float(x), float(y)) for x, y in ground)
    return StockBackground(f"extra-{file.stem}", _wide(image), polygon, horizon, metre)


def _wide(image: Image) -> Image:
    """16:9, cut from the middle, and 1280x720."""
    height, width = image.shape[:2]
    tall, broad = min(height, round(width * 9 / 16)), min(width, round(height * 16 / 9))
    y, x = (height - tall) // 2, (width - broad) // 2
    part = image[y : y + tall, x : x + broad]
    how = cv2.INTER_AREA if broad > SIZE[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, SIZE, interpolation=how), np.uint8)


def _cutout(label: str, file: Path) -> StockCutOut:
    if label != UNKNOWN and label not in COCO:
        raise FootageError(
            f"{file.parent}: {label!r} is no COCO name; rename the folder to one, or to 'unknown'"
        )
    pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise FootageError(f"{file}: is not an RGBA picture of 8 bits; save it as PNG with transparency")
    alpha = pixels[..., 3]
    if not (alpha > 200).any() or not (alpha < 50).any():
        raise FootageError(f"{file}: nothing is cut out: make all around the thing transparent, and it solid")
    said = _said(file, _CUTOUT_KEYS)
    height = _number(file, said, "height_m", HEIGHT_M.get(label, 1.0))
    if not 0.05 <= height <= 8:
        raise FootageError(f"{file.with_suffix('.yaml')}: height_m is {height}; it must be 0.05 to 8 metres")
    names = said.get("names", [])
    if not isinstance(names, list) or not all(one == UNKNOWN or one in COCO for one in names):
        text = "names must be a list of COCO names, or 'unknown'"
        raise FootageError(f"{file.with_suffix('.yaml')}: {text}")
    kind: Kind = said.get("kind", KIND.get(label, "bulky"))
    if kind not in get_args(Kind):
        raise FootageError(f"{file.with_suffix('.yaml')}: kind must be one of {', '.join(KINDS)}")
    name = f"extra-{label.replace(' ', '-')}-{file.stem}"
    return StockCutOut(name, label, frozenset([label, *names]), cropped(pixels), height, kind, name)


def _said(file: Path, known: frozenset[str]) -> dict[str, Any]:
    beside = file.with_suffix(".yaml")
    if not beside.is_file():
        return {}
    try:
        said = yaml.safe_load(beside.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FootageError(f"{beside}: is not YAML: {error}") from error
    if not isinstance(said, dict) or not set(said) <= known:
        raise FootageError(f"{beside}: may say only {', '.join(sorted(known))}")
    return said


def _number(file: Path, said: dict[str, Any], key: str, otherwise: float) -> float:
    value = said.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FootageError(f"{file.with_suffix('.yaml')}: {key} must be a number")
    return float(value)


def _is_polygon(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) < 3:
        return False
    pairs = [one for one in value if isinstance(one, list | tuple) and len(one) == 2]
    numbers = [n for one in pairs for n in one]
    return len(pairs) == len(value) and all(isinstance(n, int | float) and 0 <= n <= 1 for n in numbers)
