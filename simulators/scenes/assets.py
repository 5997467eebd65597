"""What scenes are made of, derived from the film once and kept in the cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from simulators.scenes import bicycle as bicycle_module
from simulators.scenes import outlines, patch, pavement, still, walker
from simulators.scenes.cutout import CutOut
from simulators.scenes.footage import Image, cache, film, frames

_RAILINGS = 176
"""Frame of the street behind railings in which no car is cut off."""
_RECIPE = (outlines, patch, pavement, still, walker, bicycle_module)
"""Whose text decides the pixels: a change in one of them makes new ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Assets:
    """Still backgrounds and cut-outs."""

    pavement: Image
    """720x1280, nothing stands there."""
    railings: Image
    """544x1280: a street with cars behind railings; a bicycle is chained to their left half."""
    bicycle: CutOut
    man: tuple[CutOut, ...]
    """Half a stride, from the hips down."""


def derive(shots: Sequence[Image]) -> Assets:
    """Make everything from the film's frames; takes about 4 s of CPU time."""
    street = pavement.pavement(shots)
    double = cv2.resize(
        shots[_RAILINGS], None, fx=still.FINER, fy=still.FINER, interpolation=cv2.INTER_LANCZOS4
    )
    railings = np.round(still.sharpen(np.asarray(double, dtype=np.float32))).astype(np.uint8)
    return Assets(street.empty, railings, bicycle_module.bicycle(street.filmed), walker.walker(shots))


def load_assets() -> Assets:
    """The assets, from the cache where this film and this recipe have been at work before.

    Raises:
        FootageError: the film is missing or another one.
    """
    source = film()
    text = [Path(str(module.__file__)).read_bytes() for module in _RECIPE]
    key = hashlib.sha256(b"".join([source.read_bytes(), cv2.__version__.encode(), *text])).hexdigest()[:16]
    kept = cache() / "scenes" / f"assets-{key}.npz"
    if not kept.is_file():
        _keep(derive(frames(source)), kept)
    with np.load(kept) as found:
        man = tuple(
            CutOut("person", p, (f[0], f[1])) for p, f in zip(found["man"], found["feet"], strict=True)
        )
        foot = found["bicycle_foot"]
        bike = CutOut("bicycle", found["bicycle"], (foot[0], foot[1]))
        return Assets(found["pavement"], found["railings"], bike, man)


def _keep(made: Assets, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(
            file,
            pavement=made.pavement,
            railings=made.railings,
            bicycle=made.bicycle.pixels,
            bicycle_foot=made.bicycle.foot,
            man=np.stack([step.pixels for step in made.man]),
            feet=[step.foot for step in made.man],
        )
    part.replace(path)
