"""Reading Wavefront OBJ and MTL, as furniture libraries carry them: triangles, normals, colours, textures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.errors import FootageError
from simulators.scenes.footage import Image

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
Read = Callable[[str], bytes]
"""The bytes of a file beside the mesh, by its name; raises KeyError when it is not there."""
_LARGEST = 1024
"""Pixels of a texture's side; more is not seen in a cut-out."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """How a surface looks; colours are BGR, 0..1, as a screen shows them."""

    colour: tuple[float, float, float] = (0.8, 0.8, 0.8)
    gloss: float = 0.0
    """Mean specular colour, 0..1."""
    sharpness: float = 10.0
    """The exponent of the highlight (MTL `Ns`)."""
    opacity: float = 1.0
    texture: Image | None = None
    """BGR, or BGRA where the picture has holes."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles in metres, y upward, standing on y = 0, centred on x = z = 0."""

    corners: Reals
    """n x 3 corners x 3 coordinates."""
    normals: Reals
    """n x 3 corners x 3; not always of length 1 when read, so they are made so here."""
    texture_at: Reals
    """n x 3 corners x 2."""
    material: Whole
    """n: index into `materials`."""
    materials: tuple[Material, ...]


@dataclass(slots=True)
class _Lists:
    v: list[list[float]] = field(default_factory=list)
    vt: list[list[float]] = field(default_factory=list)
    vn: list[list[float]] = field(default_factory=list)
    faces: list[tuple[tuple[int, int, int], ...]] = field(default_factory=list)
    face_material: list[int] = field(default_factory=list)


def read_mesh(name: str, read: Read, size: tuple[float, float, float], turn: Sequence[float] = ()) -> Mesh:
    """A mesh brought to its true size.

    Args:
        name: of the OBJ file.
        read: gives the bytes of it and of what it refers to.
        size: width, height, depth in metres, after turning.
        turn: nine numbers, row by row, of the matrix that sets it upright; empty for none.

    Raises:
        FootageError: it holds no triangle, or a line cannot be read.
    """
    lists, names, materials, current = _Lists(), {"": 0}, [Material()], 0
    try:
        for line in read(name).decode("utf-8", "replace").splitlines():
            word, _, rest = line.strip().partition(" ")
            if word in ("v", "vt", "vn"):
                getattr(lists, word).append([float(n) for n in rest.split()[: 2 if word == "vt" else 3]])
            elif word == "f":
                corners = [_corner(one, lists) for one in rest.split()]
                for last in range(2, len(corners)):
                    lists.faces.append((corners[0], corners[last - 1], corners[last]))
                    lists.face_material.append(current)
            elif word == "mtllib":
                for key, made in _materials(rest.strip(), read).items():
                    names[key] = len(materials)
                    materials.append(made)
            elif word == "usemtl":
                current = names.get(rest.strip(), 0)
    except (ValueError, IndexError, KeyError) as error:
        raise FootageError(f"{name}: a line of the mesh cannot be read: {error}") from error
    if not lists.faces:
        raise FootageError(f"{name}: holds no faces")
    matrix = np.array(turn or np.eye(3), dtype=np.float64).reshape(3, 3)
    return _sized(lists, tuple(materials), size, matrix)


def _corner(text: str, lists: _Lists) -> tuple[int, int, int]:
    """Indices of place, texture and normal, from 0; -1 where none is given."""
    parts = [int(part) if part else 0 for part in [*text.split("/"), "", ""][:3]]
    lengths = (len(lists.v), len(lists.vt), len(lists.vn))
    a, b, c = (
        n - 1 if n > 0 else n + length if n < 0 else -1 for n, length in zip(parts, lengths, strict=True)
    )
    return a, b, c


def _materials(name: str, read: Read) -> dict[str, Material]:
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    try:
        text = read(name).decode("utf-8", "replace")
    except KeyError:
        return {}
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "newmtl":
            current = found.setdefault(rest.strip(), {})
        elif word:
            current[word] = rest.strip()
    return {key: _material(values, name, read) for key, values in found.items()}


def _material(values: dict[str, str], name: str, read: Read) -> Material:
    def colour(key: str, otherwise: float) -> tuple[float, float, float]:
        r, g, b = [float(n) for n in values.get(key, f"{otherwise} {otherwise} {otherwise}").split()[:3]]
        return b, g, r

    texture = None
    if "map_Kd" in values:
        path = PurePosixPath(name).parent / values["map_Kd"].split("\\")[-1]
        try:
            raw = np.frombuffer(read(str(path)), dtype=np.uint8)
        except KeyError:
            raw = np.empty(0, np.uint8)
        picture = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED) if raw.size else None
        if picture is not None and picture.dtype == np.uint8:
            if picture.ndim == 2:
                picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
            large = max(picture.shape[:2]) / _LARGEST
            if large > 1:
                picture = cv2.resize(picture, None, fx=1 / large, fy=1 / large, interpolation=cv2.INTER_AREA)
            texture = np.asarray(picture, np.uint8)
    opacity = float(values["d"]) if "d" in values else 1 - float(values.get("Tr", 0))
    gloss = sum(colour("Ks", 0)) / 3 if values.get("illum", "2") != "1" else 0.0
    return Material(colour("Kd", 0.8), gloss, float(values.get("Ns", 10)), opacity, texture)


def _sized(
    lists: _Lists, materials: tuple[Material, ...], size: tuple[float, float, float], turn: Reals
) -> Mesh:
    index = np.array(lists.faces, dtype=np.int64)
    places = (np.array(lists.v, dtype=np.float64) @ turn.T)[index[..., 0]]
    low, high = places.reshape(-1, 3).min(0), places.reshape(-1, 3).max(0)
    factor = np.array(size) / np.maximum(high - low, 1e-9)
    corners = (places - np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])) * factor
    normals = _smooth(corners, index[..., 0], len(lists.v))
    if lists.vn:
        given = (np.array(lists.vn, dtype=np.float64) @ turn.T)[index[..., 2]] / factor
        normals = np.where((index[..., 2] >= 0)[..., None], _unit(given), normals)
    at = np.zeros((len(index), 3, 2))
    if lists.vt:
        at = np.where((index[..., 1] >= 0)[..., None], np.array(lists.vt)[index[..., 1]], 0.0)
    return Mesh(corners, normals, at, np.array(lists.face_material, dtype=np.int64), materials)


def _smooth(corners: Reals, index: Whole, count: int) -> Reals:
    """Normals of faces, at each corner the mean of its faces' unless the edge is sharper than 50 degrees."""
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((count, 3))
    for corner in range(3):
        np.add.at(total, index[:, corner], area)
    mean, flat = _unit(total)[index], np.repeat(_unit(area)[:, None], 3, axis=1)
    alike = (mean * flat).sum(-1, keepdims=True) > np.cos(np.radians(50))
    return np.asarray(np.where(alike, mean, flat))


def _unit(vectors: Reals) -> Reals:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float64)
