"""What `manifest.yaml` says of each asset, read and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml

from simulators.errors import FootageError
from simulators.scenes.stock.model import Dot, Kind, Split

MANIFEST = Path(__file__).with_name("manifest.yaml")
Made = Literal["render", "photo", "film", "derived"]
"""Of a mesh; of a photo; of a film by a camera that stands still; or by `simulators.scenes.assets`."""


@dataclass(frozen=True, slots=True)
class Package:
    """One file of a package registry."""

    name: str
    registry: Literal["debian", "pypi"]
    version: str
    file: str
    sha256: str
    megabytes: int
    licence: str
    """Of the package's pictures and models: one or more SPDX names."""
    licence_files: tuple[str, ...]
    about: str
    fetched_by: str
    """The script that brings it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where one asset comes from."""

    name: str
    package: str
    file: str
    """Within the package; `a!b` is b within the archive a."""
    licence: str
    author: str
    split: Split


@dataclass(frozen=True, slots=True)
class CutOutEntry:
    """One thing that is cut out, in one or more views."""

    source: Source
    made: Made
    kind: Kind
    label: str
    names: frozenset[str]
    height_m: float
    """Of a photographed thing; what is rendered has its size from `size_cm`."""
    size_cm: tuple[float, float, float] = (0, 0, 0)
    """Width, height, depth of a mesh."""
    turn: tuple[float, ...] = ()
    views: tuple[tuple[float, float, float], ...] = ()
    """Of a mesh: yaw and pitch in degrees, and sunlight (0..1)."""
    outline: tuple[tuple[tuple[float, float], ...], ...] = ()
    """Of a photo: polygons in its pixels."""
    holes: tuple[tuple[tuple[float, float], ...], ...] = ()
    seen: tuple[tuple[int, int, int, int, int], ...] = ()
    """In a film: frame, and the box around the thing as x, y, width, height; one for each view."""

    def recipe(self) -> str:
        """All that decides how its pictures look."""
        numbers = (self.size_cm, self.turn, self.views, self.outline, self.holes, self.seen, self.height_m)
        return f"{self.source.file} {self.made} {numbers}"


@dataclass(frozen=True, slots=True)
class BackgroundEntry:
    """One view of a place."""

    source: Source
    made: Made
    crop: tuple[float, float, float, float] | None
    """x0, y0, x1, y1 in pixels of the photo; None is all of it."""
    ground: tuple[Dot, ...]
    horizon: float
    metre: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of it."""

    packages: dict[str, Package]
    backgrounds: tuple[BackgroundEntry, ...]
    cutouts: tuple[CutOutEntry, ...]


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """The manifest, checked.

    Raises:
        FootageError: a field is missing or says what cannot be; the text names asset and field.
    """
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    packages = {name: _package(name, one) for name, one in said["packages"].items()}
    backgrounds = tuple(_background(one) for one in said["backgrounds"])
    cutouts = tuple(_cutout(one) for one in said["cutouts"])
    seen: set[str] = set()
    for source in [*(one.source for one in backgrounds), *(one.source for one in cutouts)]:
        if source.package not in packages:
            raise FootageError(f"manifest: {source.name}: package {source.package!r} is not under packages")
        if source.name in seen:
            raise FootageError(f"manifest: {source.name}: two assets have this name")
        seen.add(source.name)
    return Manifest(packages, backgrounds, cutouts)


def _package(name: str, said: dict[str, Any]) -> Package:
    where = f"package {name}"
    if not re.fullmatch(r"[0-9a-f]{64}", str(_field(said, "sha256", where))):
        raise FootageError(f"manifest: {where}: sha256 is not 64 hexadecimal digits")
    return Package(
        name,
        _one_of(said, "registry", where, ("debian", "pypi")),
        str(_field(said, "version", where)),
        _field(said, "file", where),
        said["sha256"],
        int(_field(said, "megabytes", where)),
        _field(said, "licence", where),
        tuple(_field(said, "licence_files", where)),
        _field(said, "about", where),
        said.get("fetched_by", "fetch_stock.py"),
    )


def _source(said: dict[str, Any]) -> Source:
    name = str(said.get("name", "?"))
    package, file, licence, author = (
        str(_field(said, key, name)) for key in ("package", "file", "licence", "author")
    )
    split: Split = _one_of(said, "split", name, get_args(Split))
    return Source(str(_field(said, "name", name)), package, file, licence, author, split)


def _background(said: dict[str, Any]) -> BackgroundEntry:
    source = _source(said)
    crop = said.get("crop")
    return BackgroundEntry(
        source,
        _one_of(said, "made", source.name, ("photo", "film", "derived")),
        cast("tuple[float, float, float, float]", tuple(crop)) if crop else None,
        tuple((x, y) for x, y in _field(said, "ground", source.name)),
        float(_field(said, "horizon", source.name)),
        float(_field(said, "metre", source.name)),
    )


def _cutout(said: dict[str, Any]) -> CutOutEntry:
    source = _source(said)
    made: Made = _one_of(said, "made", source.name, get_args(Made))
    size = tuple(said.get("size_cm", (0, 0, 0)))
    if made == "render":
        _field(said, "views", source.name)
        _field(said, "size_cm", source.name)
    label = _field(said, "label", source.name)
    height = float(size[1]) / 100 if made == "render" else float(_field(said, "height_m", source.name))
    return CutOutEntry(
        source,
        made,
        _one_of(said, "kind", source.name, get_args(Kind)),
        label,
        frozenset([label, *said.get("names", [])]),
        height,
        cast("tuple[float, float, float]", size),
        tuple(said.get("turn", ())),
        tuple((yaw, pitch, sun) for yaw, pitch, sun in said.get("views", ())),
        tuple(_dots(one) for one in said.get("outline", ())),
        tuple(_dots(one) for one in said.get("holes", ())),
        tuple(tuple(one) for one in said.get("seen", ())),
    )


def _dots(text: str) -> tuple[tuple[float, float], ...]:
    numbers = [float(word) for word in text.split()]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _field(said: dict[str, Any], key: str, where: str) -> Any:
    if key not in said or said[key] in ("", None, []):
        raise FootageError(f"manifest: {where}: {key} is missing")
    return said[key]


def _one_of(said: dict[str, Any], key: str, where: str, allowed: tuple[str, ...]) -> Any:
    value = _field(said, key, where)
    if value not in allowed:
        raise FootageError(f"manifest: {where}: {key} is {value!r}, not one of {', '.join(allowed)}")
    return value
