"""What the bench's cameras show: a few streets, encoded once at a constant bit rate and kept in the cache.

Each content is one take, encoded in one go (so that no stretch begins with an encoder's small first key
frame) and cut into stretches that may follow one another in any order.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import av
import cv2
import numpy as np

from simulators.cameras.rtsp_segment import Segment
from simulators.scenes import Light, Painter, Passer, Scene, load_assets, steady
from simulators.scenes.assets import Assets
from simulators.scenes.footage import Image, cache
from simulators.scenes.looks import Look, background, look, pass_by, place_bicycle
from simulators.scenes.model import Side
from simulators.scenes.scenario import Name
from simulators.scenes.segments import key
from simulators.scenes.steady import Steady
from simulators.scenes.walker import STEP

STREAMS: Mapping[str, Steady] = {
    "main": Steady("h264", 1920, 1080, 25, 50, 4000),
    "main-gop25": Steady("h264", 1920, 1080, 25, 25, 4000),
    "main-h265": Steady("hevc", 1920, 1080, 25, 50, 2500),
    "sub": Steady("h264", 640, 360, 25, 50, 500),
    "sub-h265": Steady("hevc", 640, 360, 25, 50, 300),
    "tiny": Steady("h264", 640, 360, 10, 10, 500),
}
"""`tiny` is for testing the bench."""
LOOKS = (0, 5, 13)
"""Cameras of the simulated street (`simulators.scenes.looks`) that lend their looks, one a content."""
GROUP = 2.0
"""Seconds of the shortest stretch that can be shown."""
TAKE: tuple[tuple[Name, int], ...] = (
    ("empty", 5),
    ("passing", 2),
    ("arrival", 2),
    ("present", 3),
    ("passing_present", 2),
    ("removal", 2),
)
"""A content: what is shown, for how many groups; `scenario.STILL` says how many of the still ones loop."""
UNSETTLED = 2
"""Groups at the begin in which the encoder finds its pace; they are cut off."""
BROUGHT, TAKEN = 3.2, 1.4
"""Seconds into `arrival` at which the bicycle stands, and into `removal` at which it is moved."""
NOISE, TEXTURE, DRIFT = 2.5, 9.0, 0.03
"""Grey levels of the sensor's noise, and of the fixed grain that makes an enlarged still as rich as a
camera's picture (key frames of 120 to 150 kB at 4 Mbit/s); share by which the light drifts to and fro."""


@dataclass(frozen=True, slots=True)
class Content:
    """One street in one stream."""

    stretches: Mapping[Name, tuple[Segment, ...]]
    """Each of `GROUP` seconds."""
    key_kb: float
    """Of a key frame, the mean, in thousand bytes."""
    kbits: float
    """Thousand bits a second, as encoded."""


def scene(assets: Assets, seen: Look) -> Scene:
    """The whole take: light drifts while the street is empty, people pass, a bicycle is left and taken."""
    begins = dict(zip((name for name, _ in TAKE), begins_of(), strict=True))
    arrives, leaves = begins["arrival"] + BROUGHT, begins["removal"] + TAKEN
    half = (TAKE[0][1] - UNSETTLED) * GROUP / 2
    drifts = UNSETTLED * GROUP
    forth: Side = "left" if seen.mirror else "right"
    steps = 6 * (seen.view.width + 900) / STEP
    walked = [begin for name, begin in begins.items() if name not in ("empty", "present")]
    made = Scene(
        background(assets, seen),
        (place_bicycle(assets, seen, arrives=arrives, leaves=leaves, moving=2.3),),
        tuple(_walk(assets, seen, begin + 0.1, forth, steps) for begin in walked),
        (Light(drifts, 1 + DRIFT, half), Light(drifts + half, 1.0, half)),
        noise=NOISE,
        seed=seen.seed,
    )
    sized = made.resized(STREAMS["main"].width, STREAMS["main"].height)
    return replace(sized, background=_rich(made.background, seen.seed))


def begins_of() -> list[float]:
    """When each stretch of the take begins, seconds."""
    lengths = [count * GROUP for _, count in TAKE]
    return list(itertools.accumulate(lengths[:-1], initial=0.0))


def _walk(assets: Assets, seen: Look, at: float, to: Side, steps: float) -> Passer:
    """Somebody who is through a little before two groups are over."""
    return pass_by(assets, seen, at, to, rate=max(steps / (2 * GROUP - 0.4), 9.0))


def _rich(picture: Image, seed: int) -> Image:
    """An enlarged still has no fine detail: sharpened to 1080p, with a fixed grain."""
    large = cv2.resize(picture, (1920, 1080), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    large += 0.8 * (large - cv2.GaussianBlur(large, (0, 0), 2.0))
    large += np.random.default_rng(seed).normal(0, TEXTURE, large.shape[:2]).astype(np.float32)[..., None]
    return np.asarray(np.clip(large, 0, 255), dtype=np.uint8)


def prepare(names: Iterable[str], contents: int = len(LOOKS)) -> list[Path]:
    """Encode what is missing, two contents at a time; the folder of each content."""
    assets = load_assets()
    text = b"".join([Path(__file__).read_bytes(), Path(steady.__file__).read_bytes(), key(assets).encode()])
    root = cache() / "bench" / hashlib.sha256(text + av.__version__.encode()).hexdigest()[:16]
    folders = [root / str(number) for number in range(contents)]
    missing = [tuple(name for name in names if not _file(folder, name).is_file()) for folder in folders]
    jobs = [
        (number, folder, wanted)
        for number, (folder, wanted) in enumerate(zip(folders, missing, strict=True))
        if wanted
    ]
    if jobs:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            list(pool.map(_encode, *zip(*jobs, strict=True)))
    return folders


def load(folder: Path, name: str) -> Content:
    """A content that has been encoded, cut and packetised."""
    stream = STREAMS[name]
    found = stream.groups(_file(folder, name))
    each = round(GROUP * stream.fps / stream.gop)
    whole = [list(itertools.chain(*found[at : at + each])) for at in range(0, len(found), each)]
    parts = iter(Segment.load(units, rate=stream.fps, codec=stream.codec) for units in whole[UNSETTLED:])
    stretches = {
        shown: tuple(itertools.islice(parts, count - (UNSETTLED if at == 0 else 0)))
        for at, (shown, count) in enumerate(TAKE)
    }
    settled = found[UNSETTLED * each :]
    octets = sum(len(unit) for group in settled for unit in group)
    keys = [len(group[0]) for group in settled]
    seconds = len(settled) * stream.gop / stream.fps
    return Content(stretches, round(sum(keys) / len(keys) / 1000, 1), round(octets * 8 / seconds / 1000, 1))


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.{STREAMS[name].codec}"


def _encode(number: int, folder: Path, names: tuple[str, ...]) -> None:
    """All missing streams of one content; a picture that several of them show is painted once."""
    cv2.setNumThreads(1)
    folder.mkdir(parents=True, exist_ok=True)
    full = scene(load_assets(), look(LOOKS[number]))
    alike = sorted(names, key=_shape)
    for (width, height, fps), group in itertools.groupby(alike, key=_shape):
        sized = full if width == full.background.shape[1] else full.resized(width, height)
        _write(list(group), _planes(sized, fps), folder)


def _shape(name: str) -> tuple[int, int, int]:
    return STREAMS[name].width, STREAMS[name].height, STREAMS[name].fps


def _planes(shown: Scene, fps: int) -> Iterator[Image]:
    painter = Painter(shown)
    for number in range(round(sum(count for _, count in TAKE) * GROUP * fps)):
        yield np.asarray(cv2.cvtColor(painter.frame(number / fps), cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)


def _write(names: list[str], pictures: Iterator[Image], folder: Path) -> None:
    parts = [_file(folder, name).with_suffix(f".{os.getpid()}.part") for name in names]
    encoders = [STREAMS[name].encoder() for name in names]
    files = [part.open("wb") for part in parts]
    for number, planes in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        for encoder, file in zip(encoders, files, strict=True):
            for packet in encoder.encode(frame):
                file.write(bytes(packet))
    for name, encoder, file, part in zip(names, encoders, files, parts, strict=True):
        for packet in encoder.encode(None):
            file.write(bytes(packet))
        file.close()
        part.replace(_file(folder, name))
