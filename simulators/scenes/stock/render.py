"""A mesh photographed: daylight from the whole sky with its shade, a sun with its shadow, gloss, soft edges.

Gloss is Fresnel's in Schlick's form (Computer Graphics Forum 13(3), 1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.scenes.footage import Image
from simulators.scenes.stock.light import Shade
from simulators.scenes.stock.mesh import Material, Mesh, Reals, Whole
from simulators.scenes.stock.raster import Keep, barycentric, nearest

FINER = 2
"""Pixels looked at for one of the picture, each way: soft edges."""
_GROUND_LIGHT = 0.16
"""What the ground gives back of the sky's light."""
_GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class Shot:
    """How a thing is looked at and lit."""

    yaw: float
    """Degrees that the thing is turned about its upright."""
    pitch: float = 14.0
    """Degrees that the camera looks down."""
    sun: tuple[float, float] = (40.0, 50.0)
    """Degrees: side from which it shines (0 behind the camera, 90 from the right) and height."""
    sunlight: float = 0.7
    """Of the sky's light; 0 is an overcast day."""
    tall: int = 340
    """Pixels of the longer side of what comes out."""


def render(mesh: Mesh, shot: Shot, sky: Sequence[Shade]) -> tuple[Image, float]:
    """A picture of a thing, with `sky_over` it.

    Returns:
        BGRA, cropped, and what its height is in metres at the thing's distance.
    """
    turn = _about_y(shot.yaw)
    screen, nearness, focal, eye = _camera(mesh.corners @ turn.T, shot)
    size = np.ceil(screen.reshape(-1, 2).max(0) + 2).astype(int)
    seen, _ = nearest(screen, nearness, int(size[0]), int(size[1]), _holes(mesh))
    rows, columns = np.nonzero(seen >= 0)
    hit = seen[rows, columns]
    weights = barycentric(screen[hit], np.stack([columns + 0.5, rows + 0.5], -1))
    weights = weights * nearness[hit]
    weights /= weights.sum(-1, keepdims=True)
    coarse = (rows // FINER) * seen.shape[1] + columns // FINER  # light changes less than colour does
    _, first, back = np.unique(coarse, return_index=True, return_inverse=True)
    light = _lit(mesh, _Seen(hit, weights, first, back), eye @ turn, turn, shot, sky)
    picture = np.zeros((*seen.shape, 4), np.float32)
    picture[rows, columns, :3] = light
    picture[rows, columns, 3] = 1
    small = cv2.resize(
        picture, (seen.shape[1] // FINER, seen.shape[0] // FINER), interpolation=cv2.INTER_AREA
    )
    alpha = small[..., 3:]
    colour = np.clip(small[..., :3] / np.maximum(alpha, 1e-6), 0, 1) ** (1 / _GAMMA)
    pixels = np.round(np.concatenate([colour, alpha], -1) * 255).astype(np.uint8)
    pixels = cropped(pixels)
    metre = focal * np.cos(np.radians(shot.pitch)) / FINER
    return pixels, pixels.shape[0] / float(metre)


def cropped(pixels: Image, least: int = 24) -> Image:
    """Only what is not clear."""
    rows = np.flatnonzero((pixels[..., 3] > least).any(1))
    columns = np.flatnonzero((pixels[..., 3] > least).any(0))
    part = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(part)


def _about_y(degrees: float) -> Reals:
    s, c = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _camera(corners: Reals, shot: Shot) -> tuple[Reals, Reals, float, Reals]:
    """Places on the screen (fine pixels), nearness, fine pixels of a metre at the thing, and the eye."""
    extent = corners.reshape(-1, 3).max(0) - corners.reshape(-1, 3).min(0)
    distance = 3.2 * float(np.linalg.norm(extent)) + 3
    s, c = np.sin(np.radians(shot.pitch)), np.cos(np.radians(shot.pitch))
    eye = np.array([0, extent[1] / 2, 0]) + distance * np.array([0, s, c])
    local = corners - eye
    x, y, depth = (
        local[..., 0],
        local[..., 1] * c - local[..., 2] * s,
        -(local[..., 1] * s + local[..., 2] * c),
    )
    flat = np.stack([x / depth, -y / depth], -1)
    low, high = flat.reshape(-1, 2).min(0), flat.reshape(-1, 2).max(0)
    zoom = shot.tall * FINER / float((high - low).max())
    return (flat - low) * zoom + FINER, 1 / depth, zoom / distance, eye


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Which triangle each pixel shows, by how much of each corner, and the pixels that stand for others."""

    hit: Whole
    weights: Reals
    first: Whole
    back: Whole


def _lit(mesh: Mesh, seen: _Seen, eye: Reals, turn: Reals, shot: Shot, sky: Sequence[Shade]) -> Reals:
    """Linear colour of each pixel; places and directions are the thing's own."""
    place, normal = (_between(one[seen.hit], seen.weights) for one in (mesh.corners, mesh.normals))
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    view = eye - place
    view /= np.linalg.norm(view, axis=-1, keepdims=True)
    facing = (normal * view).sum(-1, keepdims=True)
    normal, facing = np.where(facing < 0, -normal, normal), np.abs(facing)
    colour, gloss, sharp = _surface(
        mesh, mesh.material[seen.hit], _between(mesh.texture_at[seen.hit], seen.weights)
    )
    few_places, few_normals = place[seen.first], normal[seen.first]
    from_sky = np.mean([one.light(few_places, few_normals) for one in sky], axis=0) * 2
    up = 0.5 - 0.5 * normal[:, 1:2]
    low = np.clip(place[:, 1:2] / 0.6, 0.35, 1)
    light = from_sky[seen.back, None] * np.array([1.06, 1.0, 0.95]) + up * _GROUND_LIGHT * low
    mirror = (2 * facing * normal - view) @ turn.T
    fresnel = np.where(gloss > 0.15, 0.04 + 0.9 * (1 - facing) ** 5, 0.3 * gloss * (1 - facing) ** 5)
    shine = _around(mirror) * fresnel
    if shot.sunlight > 0:
        sun = Shade.towards(mesh, _direction(*shot.sun) @ turn)
        from_sun = sun.light(few_places, few_normals)[seen.back, None] * shot.sunlight
        light = light + from_sun * np.array([0.86, 0.96, 1.05])
        half = view + sun.direction
        half /= np.linalg.norm(half, axis=-1, keepdims=True)
        glint = np.maximum((normal * half).sum(-1, keepdims=True), 0) ** np.maximum(sharp, 4)
        shine = shine + glint * gloss * (from_sun > 0) * shot.sunlight * 0.8
    return np.asarray(colour * light * 0.8 + shine)


def _between(corners: Reals, weights: Reals) -> Reals:
    return np.asarray(
        corners[:, 0] * weights[:, :1] + corners[:, 1] * weights[:, 1:2] + corners[:, 2] * weights[:, 2:]
    )


def _around(ray: Reals) -> Reals:
    """What a mirror would show: a bright sky, a darker band of houses, the ground."""
    height = ray[:, 1:2]
    houses = 0.28 + 0.1 * np.sin(np.arctan2(ray[:, :1], ray[:, 2:]) * 5)
    sky = np.where(height > 0.28, 0.9, houses)
    return np.asarray(np.where(height < 0, 0.2, sky) * np.array([1.05, 1.0, 0.96]))


def _surface(mesh: Mesh, material: Whole, at: Reals) -> tuple[Reals, Reals, Reals]:
    """Colour (linear), gloss and its sharpness of each pixel."""
    colour = np.zeros((len(material), 3))
    gloss, sharp = np.zeros((len(material), 1)), np.zeros((len(material), 1))
    for index in np.unique(material):
        which = np.flatnonzero(material == index)
        one = mesh.materials[index]
        colour[which] = _own_colour(one, at[which])
        gloss[which], sharp[which] = one.gloss, one.sharpness
        if one.opacity < 0.9:  # a pane: dark inside, and it mirrors
            colour[which] *= 0.12
            gloss[which] = 1.0
    return np.clip(colour, 0, 1) ** _GAMMA, gloss, sharp


def _holes(mesh: Mesh) -> Keep | None:
    """Where pictures on the thing have holes, if any has: spokes, leaves, mesh."""
    with_holes = [one.texture is not None and one.texture.shape[2] == 4 for one in mesh.materials]
    if not any(with_holes[index] for index in np.unique(mesh.material)):
        return None

    def keep(triangle: Whole, weights: Reals) -> NDArray[np.bool_]:
        there = np.ones(len(triangle), dtype=np.bool_)
        for index, one in enumerate(mesh.materials):
            which = (
                np.flatnonzero(mesh.material[triangle] == index) if with_holes[index] else np.empty(0, int)
            )
            if which.size and one.texture is not None:
                at = _between(mesh.texture_at[triangle[which]], weights[which])
                there[which] = _sample(one.texture, at)[:, 3] > 0.4
        return there

    return keep


def _own_colour(material: Material, at: Reals) -> Reals:
    if material.texture is None:
        return np.broadcast_to(np.array(material.colour), (len(at), 3))
    return _sample(material.texture, at)[:, :3]


def _sample(texture: Image, at: Reals) -> Reals:
    height, width = texture.shape[:2]
    x = (np.mod(at[:, 0], 1) * (width - 1)).astype(np.float32)
    y = ((1 - np.mod(at[:, 1], 1)) * (height - 1)).astype(np.float32)
    rows = 16_384  # cv2.remap takes no more than 32,767 in one direction
    full = -(-len(at) // rows) * rows
    grid = [np.resize(one, full).reshape(-1, rows) for one in (x, y)]
    found = cv2.remap(texture, grid[0], grid[1], cv2.INTER_LINEAR)
    return np.asarray(found.reshape(-1, texture.shape[2])[: len(at)] / 255.0)


def _direction(side: float, height: float) -> Reals:
    a, e = np.radians(side), np.radians(height)
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
