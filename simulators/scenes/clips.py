"""A seeded set of varied composed clips with truth, for judging the edge on recorded files."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from simulators.errors import SceneError
from simulators.scenes.assets import Assets
from simulators.scenes.encode import Codec, compose_clip
from simulators.scenes.footage import Image, cache
from simulators.scenes.looks import TONES, VIEWS, Look, background, pass_by, place_bicycle
from simulators.scenes.model import Light, Passer, Scene, Side
from simulators.scenes.segments import key

Story = Literal[
    "left",
    "left_and_taken",
    "people_only",
    "from_the_start",
    "taken_from_the_start",
    "occluded",
    "light_changes",
]
STORIES: tuple[Story, ...] = get_args(Story)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A scene and how it is to be encoded."""

    name: str
    story: Story
    scene: Scene
    seconds: float
    fps: int
    size: tuple[int, int]
    codec: Codec
    gop: int

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.name}.{'mp4' if self.codec == 'h264' else 'avi'}"


def clip_set(
    assets: Assets, count: int = 24, seed: int = 1, backgrounds: Sequence[Image] = ()
) -> Iterator[Clip]:
    """`count` clips; the same seed gives the same ones.

    Args:
        assets: what they are composed of.
        count: how many.
        seed: another one, other clips.
        backgrounds: further stills, BGR; every third clip is composed on one of them.
    """
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        seen = Look(
            VIEWS[number % len(VIEWS)],
            TONES[dice.randrange(len(TONES))],
            dice.random() < 0.5,
            dice.randrange(1 << 30),
        )
        still = (
            _fitted(backgrounds[number // 3 % len(backgrounds)]) if backgrounds and number % 3 == 2 else None
        )
        yield _clip(assets, number, STORIES[number % len(STORIES)], seen, still, dice)


def _clip(
    assets: Assets, number: int, story: Story, seen: Look, still: Image | None, dice: random.Random
) -> Clip:
    seconds = float(dice.randrange(36, 66, 2))
    arrives, leaves = -math.inf, math.inf
    if story in ("left", "left_and_taken", "occluded", "light_changes"):
        arrives = dice.uniform(6, 9)
    if story == "left_and_taken":
        leaves = seconds - dice.uniform(11, 13)
    if story == "taken_from_the_start":
        leaves = dice.uniform(14, 18)
    picture = background(assets, seen) if still is None else still
    layer = place_bicycle(assets, seen, arrives, leaves)
    smaller = dice.uniform(0.7, 1.0)
    layer = replace(layer, scale=layer.scale * smaller, tint=(dice.uniform(0.9, 1.15),) * 3)
    lights = (Light(seconds / 2, dice.choice((0.7, 1.3)), 1.0),) if story == "light_changes" else ()
    scene = Scene(
        picture,
        () if story == "people_only" else (layer,),
        tuple(_people(assets, seen, story, seconds, arrives, leaves, dice)),
        lights,
        noise=seen.tone.noise,
        seed=seen.seed,
    )
    small = number % 6 == 4
    size, fps = ((352, 288), 12) if small else ((640, 360), dice.choice((5, 6, 8)))
    codec: Codec = "mpeg4" if number % 6 in (1, 4) else "h264"
    gop = fps * (5 if small else dice.choice((1, 2)))
    scene = _narrow(scene) if small else scene.resized(640, 360)
    name = f"{number:02d}-{story.replace('_', '-')}"
    return Clip(name, story, scene, seconds, fps, size, codec, gop)


def _people(
    assets: Assets,
    seen: Look,
    story: Story,
    seconds: float,
    arrives: float,
    leaves: float,
    dice: random.Random,
) -> Iterator[Passer]:
    """Whoever brings and takes the bicycle, and others; many where it is to be hidden now and then."""
    way: Side = "left" if seen.mirror else "right"
    for at in (arrives - 2.9, leaves - 1.2):
        if math.isfinite(at):
            yield pass_by(assets, seen, at, way)
    at = dice.uniform(1, 4)
    while at < seconds - 5:
        if min(abs(at - arrives), abs(at - leaves)) > 5:
            to: Side = dice.choice(("left", "right"))
            yield pass_by(assets, seen, at, to, scale=dice.uniform(1.0, 1.15), rate=dice.uniform(9, 12))
        at += dice.uniform(2, 5) if story == "occluded" else dice.uniform(8, 18)


def _fitted(picture: Image) -> Image:
    """The middle of a still, 720x1280."""
    height, width = picture.shape[:2]
    factor = max(1280 / width, 720 / height)
    large = cv2.resize(
        picture, (math.ceil(width * factor), math.ceil(height * factor)), interpolation=cv2.INTER_AREA
    )
    y, x = (large.shape[0] - 720) // 2, (large.shape[1] - 1280) // 2
    return np.ascontiguousarray(large[y : y + 720, x : x + 1280], dtype=np.uint8)


def _narrow(scene: Scene) -> Scene:
    """The part of a 16:9 scene around its bicycle, or its middle, that an old camera shows: 352x288."""
    height, width = scene.background.shape[:2]
    kept = round(height * 352 / 288)
    middle = scene.layers[0].foot[0] if scene.layers else 0.5
    x = min(max(round(middle * width - kept / 2), 0), width - kept)
    layers = tuple(replace(one, foot=((one.foot[0] * width - x) / kept, one.foot[1])) for one in scene.layers)
    cut = np.ascontiguousarray(scene.background[:, x : x + kept])
    return replace(scene, background=cut, layers=layers).resized(352, 288)


def write_clips(
    assets: Assets,
    count: int = 24,
    seed: int = 1,
    backgrounds: Sequence[Image] = (),
    root: Path | None = None,
) -> list[Path]:
    """The clips as files, each with its truth beside it, reused where they are there already.

    Args:
        assets: what they are composed of.
        count: how many.
        seed: which ones.
        backgrounds: further stills, see `clip_set`.
        root: where to keep them; `$GRIDWATCH_CACHE/clips` unless given.

    Raises:
        SceneError: `count` is not above 0.
    """
    if count < 1:
        raise SceneError("count: ask for at least one clip")
    recipe = [key(assets).encode(), Path(__file__).read_bytes(), json.dumps([seed, count]).encode()]
    digest = hashlib.sha256(b"".join([*recipe, *(still.tobytes() for still in backgrounds)])).hexdigest()[:16]
    folder = (cache() / "clips" if root is None else root) / digest
    contents = folder / "contents.json"
    if contents.is_file():
        return [folder / name for name in json.loads(contents.read_text(encoding="utf-8"))]
    found = []
    for clip in clip_set(assets, count, seed, backgrounds):
        path, seconds, fps = folder / clip.file, clip.seconds, clip.fps
        compose_clip(path, clip.scene, seconds, fps=fps, size=clip.size, codec=clip.codec, gop=clip.gop)
        found.append(path)
    contents.write_text(json.dumps([path.name for path in found]) + "\n", encoding="utf-8")
    return found
