"""The segments each camera of the street plays, encoded once and kept in the cache.

`$GRIDWATCH_CACHE/scenes/<key>/<camera>/<stream>-<name>.h264` with the truth beside it; the key is taken
over everything that decides the pixels: a changed scene is encoded anew and an unchanged one never.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import av

from simulators.scenes import assets as assets_module
from simulators.scenes import cutout, encode, looks, model, paint
from simulators.scenes.assets import Assets
from simulators.scenes.encode import GROUP, MAIN, SUB, Format, write
from simulators.scenes.footage import cache
from simulators.scenes.looks import Look, background, look, pass_by, place_bicycle
from simulators.scenes.model import Layer, Passer, Scene, Side, truth
from simulators.scenes.scenario import BLOCK, STILL, Name
from simulators.scenes.walker import STEP

Stream = Literal["main", "sub"]
FORMATS: dict[Stream, Format] = {"main": MAIN, "sub": SUB}
_BROUGHT, _TAKEN = 3.2, 1.4
"""Seconds into `arrival` at which the bicycle stands, and into `removal` at which it is moved."""
Progress = Callable[[int, int], None]
"""Called with how many segments are encoded, and of how many."""


def duration(name: Name) -> float:
    """Seconds of a segment."""
    return STILL.get(name, BLOCK) * GROUP


def scene(assets: Assets, seen: Look, name: Name) -> Scene:
    """What one segment of one camera shows. Each begins and ends with nobody in sight."""
    forth: Side = "left" if seen.mirror else "right"
    back: Side = "right" if seen.mirror else "left"
    layers: tuple[Layer, ...] = ()
    passers: tuple[Passer, ...] = ()
    if name in ("present", "passing_present"):
        layers = (place_bicycle(assets, seen),)
    if name == "arrival":
        layers = (place_bicycle(assets, seen, arrives=_BROUGHT, moving=2.6),)
    if name == "removal":
        layers = (place_bicycle(assets, seen, leaves=_TAKEN, moving=2.3),)
    if name in ("arrival", "removal"):
        passers = (pass_by(assets, seen, 0.1, forth, rate=_pace(seen)),)
    if name in ("passing", "passing_present"):
        way = forth if seen.seed % 3 else back
        near = 1.0 + 0.04 * (seen.seed % 4)
        passers = (pass_by(assets, seen, 0.1, way, scale=near, rate=_pace(seen)),)
    street = background(assets, seen)
    return Scene(street, layers, passers, noise=seen.tone.noise, noise_hold=GROUP, seed=seen.seed)


def _pace(seen: Look) -> float:
    """Cut-outs a second with which the man is through a little before the segment ends."""
    steps = 6 * (seen.view.width + 900) / STEP
    return max(steps / (BLOCK * GROUP - 0.4), 9.0)


def key(made: Assets) -> str:
    """Sixteen hex digits over all that decides what the segments look like."""
    text = [Path(str(m.__file__)).read_bytes() for m in (assets_module, cutout, encode, looks, model, paint)]
    text.append(Path(__file__).read_bytes())
    pixels = [made.pavement, made.railings, made.bicycle.pixels, *(step.pixels for step in made.man)]
    versions = f"{av.__version__} {av.library_versions}".encode()
    return hashlib.sha256(b"".join([versions, *text, *(p.tobytes() for p in pixels)])).hexdigest()[:16]


class Library:
    """Every camera's segments on disk, encoded where they are missing."""

    def __init__(self, made: Assets, root: Path | None = None) -> None:
        """`root`: where to keep them, `$GRIDWATCH_CACHE/scenes` unless given."""
        self._assets = made
        self._root = (cache() / "scenes" if root is None else root) / key(made)

    def path(self, camera: int, stream: Stream, name: Name) -> Path:
        """Where a segment lies, or will."""
        return self._root / f"{camera:02d}" / f"{stream}-{name}.h264"

    def ready(self, camera: int, name: Name) -> bool:
        """Whether both streams of a segment are there."""
        return all(self.path(camera, stream, name).is_file() for stream in FORMATS)

    def prepare(self, wanted: Iterable[tuple[int, Name]], progress: Progress | None = None) -> int:
        """Encode what is missing, both streams of each; how many segments that were."""
        missing = [job for job in wanted if not self.ready(*job)]
        with ThreadPoolExecutor(2, thread_name_prefix="scenes") as pool:
            for done, _ in enumerate(pool.map(self._encode, missing), 1):
                if progress is not None:
                    progress(done, len(missing))
        return len(missing)

    def _encode(self, job: tuple[int, Name]) -> None:
        camera, name = job
        shown = scene(self._assets, look(camera), name)
        folder = self.path(camera, "main", name).parent
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"composed": True, "seconds": duration(name), "things": truth(shown)}
        (folder / f"{name}.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        for stream, form in FORMATS.items():
            write(self.path(camera, stream, name), shown, duration(name), form, "h264", "h264")
