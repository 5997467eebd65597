"""The stock: derived once from what `scripts/fetch_stock.py` brought, then kept in the cache as PNG files."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from simulators.scenes.footage import cache
from simulators.scenes.stock import light, make, mesh, photo, raster, render
from simulators.scenes.stock.extra import extra_stock
from simulators.scenes.stock.manifest import BackgroundEntry, CutOutEntry, Manifest, Source, read_manifest
from simulators.scenes.stock.model import Stock, StockBackground, StockCutOut

_RECIPE = (mesh, raster, light, render, photo, make)
"""Whose text decides the pixels: a change in one of them makes new ones."""


def load_stock(extra: Path | None = None) -> Stock:
    """Every background and cut-out there is.

    Derived at the first call (a minute of CPU time), read from the cache afterwards.

    Args:
        extra: a folder of further assets (see `docs/design/stock.md`); they judge, and never tune.

    Raises:
        FootageError: what it is derived from is missing, or a file under `extra` cannot be used.
    """
    stock = _own_stock(str(cache()))
    return stock if extra is None else extra_stock(stock, extra)


@lru_cache(maxsize=1)
def _own_stock(_: str) -> Stock:
    said, maker = read_manifest(), make.Maker()
    cutouts = tuple(one for entry in said.cutouts for one in _cutouts(entry, said, maker))
    backgrounds = tuple(_background(entry, said, maker) for entry in said.backgrounds)
    sources = [*(one.source for one in said.cutouts), *(one.source for one in said.backgrounds)]
    tuning = {one.name for one in sources if one.split == "tune"}
    names = {one.name for one in cutouts if one.asset in tuning}
    return Stock(backgrounds, cutouts, frozenset(names | {one.name for one in backgrounds} & tuning))


def _cutouts(entry: CutOutEntry, said: Manifest, maker: make.Maker) -> list[StockCutOut]:
    kept = _place(entry.source, entry.recipe(), said)
    if not kept.is_dir():
        with _new(kept) as part:
            heights = {}
            for view in maker.views(entry):
                cv2.imwrite(str(part / f"{view.name}.png"), view.pixels)
                heights[view.name] = round(view.height_m, 4)
            (part / "heights.json").write_text(json.dumps(heights), encoding="utf-8")
    heights = json.loads((kept / "heights.json").read_text(encoding="utf-8"))
    return [
        StockCutOut(
            name,
            entry.label,
            entry.names,
            np.asarray(cv2.imread(str(kept / f"{name}.png"), cv2.IMREAD_UNCHANGED), np.uint8),
            height,
            entry.kind,
            entry.source.name,
            "render" if entry.made == "render" else "photo",
        )
        for name, height in heights.items()
    ]


def _background(entry: BackgroundEntry, said: Manifest, maker: make.Maker) -> StockBackground:
    kept = _place(entry.source, f"{entry.made} {entry.crop}", said)
    if not kept.is_dir():
        with _new(kept) as part:
            cv2.imwrite(str(part / "view.png"), maker.background(entry))
    image = np.asarray(cv2.imread(str(kept / "view.png"), cv2.IMREAD_COLOR), np.uint8)
    return StockBackground(entry.source.name, image, entry.ground, entry.horizon, entry.metre)


def _place(source: Source, text: str, said: Manifest) -> Path:
    """Where an asset's pictures are kept; another recipe, package or entry has another place."""
    parts = [Path(str(module.__file__)).read_bytes() for module in _RECIPE]
    parts += [text.encode(), said.packages[source.package].sha256.encode(), cv2.__version__.encode()]
    key = hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
    return cache() / "stock" / "made" / f"{source.name}-{key}"


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """A folder that is there whole or not at all, whoever else makes it at the same time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        part = Path(temporary) / "part"
        part.mkdir()
        yield part
        try:
            part.rename(folder)
        except OSError:  # another process was quicker
            if not folder.is_dir():
                raise
