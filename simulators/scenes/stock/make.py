"""Deriving the pictures of the stock from the files of its packages."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from simulators.errors import FootageError
from simulators.scenes import assets
from simulators.scenes.footage import Image, cache
from simulators.scenes.stock import light, mesh, photo, render
from simulators.scenes.stock.manifest import BackgroundEntry, CutOutEntry
from simulators.scenes.stock.photo import Film

ADVICE = "run `python scripts/fetch_stock.py` once, with the package registries reachable"
SIZE = (1280, 720)
"""Of a prepared background, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture of a thing."""

    name: str
    pixels: Image
    height_m: float


class Maker:
    """Derives pictures; keeps the film and the street's own assets while it is at work."""

    def __init__(self) -> None:
        self._films: dict[Path, Film] = {}

    def views(self, entry: CutOutEntry) -> Iterator[View]:
        """Every view of one thing.

        Raises:
            FootageError: what it is derived from is missing or another than expected.
        """
        name = entry.source.name
        if entry.made == "render":
            thing = _mesh(entry)
            sky = light.sky_over(thing)
            for number, (yaw, pitch, sunlight) in enumerate(entry.views, 1):
                side = (yaw * 3) % 120 - 60
                shot = render.Shot(yaw, pitch, (side, 50.0), sunlight)
                pixels, height = render.render(thing, shot, sky)
                yield View(f"{name}-{number}", pixels, height)
        elif entry.made == "film":
            film = self._film(_path(entry.source.package, entry.source.file))
            for number, (frame, *box) in enumerate(entry.seen, 1):
                pixels = film.cut(frame, (box[0], box[1], box[2], box[3]))
                yield View(f"{name}-{number}", pixels, entry.height_m)
        elif entry.made == "photo":
            picture = photo.photograph(_path(entry.source.package, entry.source.file))
            yield View(name, photo.cut(picture, entry.outline, entry.holes), entry.height_m)
        else:
            yield View(name, render.cropped(assets.load_assets().bicycle.pixels), entry.height_m)

    def background(self, entry: BackgroundEntry) -> Image:
        """A view of a place, of `SIZE`.

        Raises:
            FootageError: what it is derived from is missing or another than expected.
        """
        if entry.made == "derived":
            whole = assets.load_assets().pavement
        elif entry.made == "film":
            whole = self._film(_path(entry.source.package, entry.source.file)).empty
        else:
            whole = photo.photograph(_path(entry.source.package, entry.source.file))
        if entry.crop is not None:
            x0, y0, x1, y1 = (round(one) for one in entry.crop)
            whole = whole[y0:y1, x0:x1]
        how = cv2.INTER_AREA if whole.shape[1] > SIZE[0] else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(whole, SIZE, interpolation=how), np.uint8)

    def _film(self, path: Path) -> Film:
        if path not in self._films:
            self._films[path] = Film(path)
        return self._films[path]


def _path(package: str, file: str) -> Path:
    path = cache() / "stock" / "files" / package / file.partition("!")[0]
    if not path.is_file():
        raise FootageError(f"the stock of the labelled scenes is not at {path}; {ADVICE}")
    return path


def _mesh(entry: CutOutEntry) -> mesh.Mesh:
    library = _path(entry.source.package, entry.source.file)
    inside = entry.source.file.partition("!")[2]
    folder, _, name = inside.rpartition("/")
    with zipfile.ZipFile(library) as archive:
        width, height, depth = (one / 100 for one in entry.size_cm)
        return mesh.read_mesh(
            name, lambda file: archive.read(f"{folder}/{file}"), (width, height, depth), entry.turn
        )
