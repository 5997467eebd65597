"""Pictures of what was told and of what went wrong, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from simulators.quality.match import Miss, Told
from simulators.scenes.labelled.model import Box, LabelledScene

Image = npt.NDArray[np.uint8]
WIDTH = 480
TRUE, SAID, FAULT, ZONE = (80, 200, 80), (40, 160, 255), (60, 60, 230), (235, 190, 90)
"""BGR: what is true, what was told, what is wrong, and the zone's outline."""
OUTSIDE = 4
"""Pixels by which the frame around a fault is drawn outside of it, so that it hides no other one."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture with a line under it."""

    image: Image
    text: str


def at_times(scene: LabelledScene, times: Sequence[float], width: int = WIDTH) -> list[Image]:
    """The scene's pictures at (or just after) `times`, in their order, `width` pixels wide."""
    order = sorted(range(len(times)), key=lambda index: times[index])
    found: dict[int, Image] = {}
    last: Image | None = None
    for picture in scene.pictures():
        while order and picture.stream_time >= times[order[0]] - 1e-6:
            last = picture.colour(width)
            found[order.pop(0)] = last
        if not order:
            break
        if picture.stream_time + 2 * scene.every >= scene.seconds:
            last = picture.colour(width)
    blank = np.zeros((width * 9 // 16, width, 3), np.uint8)
    return [found.get(index, blank if last is None else last).copy() for index in range(len(times))]


def miss_shots(scene: LabelledScene, misses: Sequence[Miss], told: Sequence[Told]) -> list[Shot]:
    """A picture of every miss: green what stands there, orange what was told, red the fault."""
    images = at_times(scene, [miss.at for miss in misses])
    return [
        Shot(
            _drawn(image, miss.at, scene, told, miss.box),
            f"{scene.condition} {scene.seed} at {miss.at:.0f} s: {miss.fault}: {miss.text}",
        )
        for image, miss in zip(images, misses, strict=True)
    ]


def life_shots(scene: LabelledScene, told: Sequence[Told]) -> list[Shot]:
    """Three pictures of each told condition: before it, at its alarm, at its clear."""
    shots: list[Shot] = []
    for one in told:
        near = [issue for issue in scene.issues if issue.zone == one.zone and issue.since <= one.opened]
        before = max((issue.since for issue in near), default=one.opened) - 6 * scene.every
        times = [max(0.0, before), one.opened, scene.seconds if one.cleared is None else one.cleared]
        last = "still there at the end" if one.cleared is None else f"cleared at {one.cleared:.0f} s"
        texts = ["before", f"{one.label} at {one.opened:.0f} s", last]
        for image, at, text in zip(at_times(scene, times, 320), times, texts, strict=True):
            shots.append(Shot(_drawn(image, at, scene, [one]), f"{scene.condition} {scene.seed}: {text}"))
    return shots


def sheet(shots: Sequence[Shot], columns: int) -> Image:
    """All of them on one sheet, row by row, each with its line."""
    height, width = shots[0].image.shape[:2]
    rows = -(-len(shots) // columns)
    page = np.full((rows * (height + 22), columns * (width + 4), 3), 245, np.uint8)
    for number, shot in enumerate(shots):
        y, x = number // columns * (height + 22), number % columns * (width + 4)
        page[y : y + height, x : x + width] = cv2.resize(shot.image, (width, height))
        cv2.putText(
            page, shot.text[:64], (x + 2, y + height + 15), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (30, 30, 30), 1
        )
    return page


def _drawn(
    image: Image, at: float, scene: LabelledScene, told: Sequence[Told], fault: Box | None = None
) -> Image:
    height, width = image.shape[:2]
    for zone in scene.zones:
        corners = np.round(np.array(zone.polygon) * (width, height)).astype(np.int32)
        cv2.polylines(image, [corners], True, ZONE, 1, cv2.LINE_AA)
    for issue in scene.issues:
        if issue.since <= at and (issue.gone is None or at < issue.gone):
            _frame(image, issue.box, TRUE)
    for one in told:
        if one.opened <= at and (one.cleared is None or at < one.cleared):
            _frame(image, one.box, SAID)
    if fault is not None:
        _frame(image, fault, FAULT, OUTSIDE)
    return image


def _frame(image: Image, box: Box, colour: tuple[int, int, int], outside: int = 0) -> None:
    height, width = image.shape[:2]
    left, top = round(box[0] * width) - outside, round(box[1] * height) - outside
    right, bottom = round(box[2] * width) + outside, round(box[3] * height) + outside
    corner, other = (max(0, left), max(0, top)), (min(width - 1, right), min(height - 1, bottom))
    cv2.rectangle(image, corner, other, colour, 2)
