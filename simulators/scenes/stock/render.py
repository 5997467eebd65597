"""A mesh photographed: daylight from the whole sky with its shade, a sun with its shadow, gloss, soft edges.

Sky light is summed over directions of the upper half sphere, each with a shadow map of its own (Williams,
"Casting curved shadows on curved surfaces", SIGGRAPH 1978); gloss is Fresnel's in Schlick's form
(Computer Graphics Forum 13(3), 1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.scenes.footage import Image
from simulators.scenes.stock.mesh import Material, Mesh, Reals, Whole
from simulators.scenes.stock.raster import Keep, barycentric, nearest

FINER = 2
"""Pixels looked at for one of the picture, each way: soft edges."""
_MAP = 144
"""Side of a shadow map, pixels."""
_SKY = 14
"""Directions from which the sky lights."""
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
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains of blue, green, red on the material's own colours: another paint."""


def render(mesh: Mesh, shot: Shot) -> tuple[Image, float]:
    """The thing as BGRA, cropped, and what its height is in metres at the distance of its foot."""
    world = _turned(mesh, shot.yaw)
    screen, nearness, focal, eye = _camera(world.corners, shot)
    size = np.ceil(screen.reshape(-1, 2).max(0) + 2).astype(int)
    seen, _ = nearest(screen, nearness, int(size[0]), int(size[1]), _holes(world))
    rows, columns = np.nonzero(seen >= 0)
    hit = seen[rows, columns]
    weights = barycentric(screen[hit], np.stack([columns + 0.5, rows + 0.5], -1))
    weights = weights * nearness[hit]
    weights /= weights.sum(-1, keepdims=True)
    light = _lit(world, hit, weights, eye, shot)
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


def _turned(mesh: Mesh, yaw: float) -> Mesh:
    turn = _about_y(yaw)
    return Mesh(mesh.corners @ turn.T, mesh.normals @ turn.T, mesh.texture_at, mesh.material, mesh.materials)


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


def _lit(mesh: Mesh, hit: Whole, weights: Reals, eye: Reals, shot: Shot) -> Reals:
    place, normal = _between(mesh.corners[hit], weights), _between(mesh.normals[hit], weights)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    view = eye - place
    view /= np.linalg.norm(view, axis=-1, keepdims=True)
    facing = (normal * view).sum(-1, keepdims=True)
    normal = np.where(facing < 0, -normal, normal)
    facing = np.abs(facing)
    at = _between(mesh.texture_at[hit], weights)
    colour, gloss, sharp = _surface(mesh, mesh.material[hit], at, shot.tint)
    sky = np.zeros((len(hit), 1))
    for direction in _half_sphere(_SKY):
        slope = np.maximum(normal @ direction, 0)[:, None]
        sky += slope * _open(mesh.corners, place, normal, direction)[:, None]
    sky *= 2 / _SKY
    up = 0.5 - 0.5 * normal[:, 1:2]
    low = np.clip(place[:, 1:2] / 0.6, 0.35, 1)
    light = sky * np.array([1.06, 1.0, 0.95]) + up * _GROUND_LIGHT * low
    sun = _direction(*shot.sun)
    if shot.sunlight > 0:
        open_ = _open(mesh.corners, place, normal, sun)[:, None] * shot.sunlight
        light = light + np.maximum(normal @ sun, 0)[:, None] * open_ * np.array([0.86, 0.96, 1.05])
        half = view + sun
        half /= np.linalg.norm(half, axis=-1, keepdims=True)
        shine = np.maximum((normal * half).sum(-1, keepdims=True), 0) ** np.maximum(sharp, 4)
        light_gloss = shine * gloss * open_ * 0.8
    else:
        light_gloss = np.zeros_like(gloss)
    mirror = 2 * facing * normal - view
    fresnel = np.where(gloss > 0.15, 0.04 + 0.9 * (1 - facing) ** 5, 0.3 * gloss * (1 - facing) ** 5)
    return np.asarray(colour * light * 0.8 + _around(mirror) * fresnel + light_gloss)


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


def _surface(
    mesh: Mesh, material: Whole, at: Reals, tint: tuple[float, float, float]
) -> tuple[Reals, Reals, Reals]:
    """Colour (linear), gloss and its sharpness of each pixel."""
    colour = np.zeros((len(material), 3))
    gloss, sharp = np.zeros((len(material), 1)), np.zeros((len(material), 1))
    for index in np.unique(material):
        which = np.flatnonzero(material == index)
        one = mesh.materials[index]
        colour[which] = _own_colour(one, at[which]) * np.array(tint)
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


def _half_sphere(count: int) -> Reals:
    """Evenly spread directions (a golden spiral), y up."""
    n = np.arange(count) + 0.5
    y = n / count
    turn = np.pi * (1 + 5**0.5) * n
    ring = np.sqrt(1 - y * y)
    return np.stack([ring * np.cos(turn), y, ring * np.sin(turn)], -1)


def _open(corners: Reals, place: Reals, normal: Reals, direction: Reals) -> Reals:
    """1 where nothing of the thing stands between a place and that direction, else 0; soft between."""
    side = np.cross(direction, [0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(side, direction)], -1)
    flat, depth = corners @ axes, corners @ direction
    low, high = flat.reshape(-1, 2).min(0), flat.reshape(-1, 2).max(0)
    zoom = (_MAP - 4) / float((high - low).max())
    start = float(depth.min()) - 1
    _, front = nearest((flat - low) * zoom + 2, depth - start, _MAP, _MAP)
    pixel = 1 / zoom
    lifted = place + normal * (1.5 * pixel)
    own = lifted @ direction - start
    at = np.clip((lifted @ axes - low) * zoom + 2, 0, _MAP - 1).astype(np.int64)
    x, y = at[:, 0], at[:, 1]
    return np.where(front[y, x] > own + 1.5 * pixel, 0.0, 1.0)
