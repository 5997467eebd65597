"""From scenes to H.264: whole clips for judging, and short segments that a camera can switch between."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np

from simulators.errors import SceneError
from simulators.scenes.model import Scene, truth
from simulators.scenes.paint import Painter

Codec = Literal["h264", "mpeg4"]


@dataclass(frozen=True, slots=True)
class Format:
    """What an encoded stream looks like."""

    width: int
    height: int
    fps: int
    gop: int
    """Frames from key frame to key frame; every group is closed."""
    quality: int = 27
    """H.264: constant rate factor. MPEG-4 part 2: quantiser scale. Lower is better."""


MAIN = Format(1280, 720, 25, 50)
SUB = Format(640, 360, 15, 30)
GROUP = 2.0
"""Seconds between key frames of both."""
_X264 = "bframes=0:scenecut=0:open-gop=0:repeat-headers=1:stitchable=1:cabac=1:8x8dct=1:slices=1:force-cfr=1"
"""High profile without B-frames; `stitchable`: the same parameter sets whatever the pictures are."""


def settings(form: Format, codec: Codec) -> dict[str, str]:
    """The encoder's options: the same for every segment that is to follow another one."""
    if codec == "mpeg4":
        return {"qmin": str(form.quality), "qmax": str(form.quality), "sc_threshold": "1000000000"}
    groups = f"keyint={form.gop}:min-keyint={form.gop}"
    return {
        "preset": "ultrafast",
        "crf": str(form.quality),
        "x264-params": f"{groups}:{_X264}",
        "profile": "high",
    }


def write(path: Path, scene: Scene, seconds: float, form: Format, codec: Codec, container: str) -> None:
    """Encode `seconds` of a scene into a file, which appears whole or not at all.

    Raises:
        SceneError: the scene's shape is not the format's.
    """
    height, width = scene.background.shape[:2]
    if width * form.height != height * form.width:
        raise SceneError(f"format: {form.width}x{form.height} would stretch a scene of {width}x{height}")
    sized = scene if width == form.width else scene.resized(form.width, form.height)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with av.open(str(part), "w", format=container) as output:
            stream = output.add_stream(
                "libx264" if codec == "h264" else "mpeg4", rate=form.fps, options=settings(form, codec)
            )
            stream.width, stream.height, stream.pix_fmt = form.width, form.height, "yuv420p"
            stream.codec_context.gop_size = form.gop
            stream.codec_context.max_b_frames = 0
            stream.codec_context.thread_count = 1
            for frame in _frames(sized, round(seconds * form.fps), form.fps):
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _frames(scene: Scene, count: int, fps: int) -> Iterator[av.VideoFrame]:
    """Pictures for the encoder; one that does not change is converted once."""
    painter = Painter(scene)
    last = planes = None
    for number in range(count):
        picture = painter.frame(number / fps)
        if picture is not last:
            last, planes = picture, cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
        frame = av.VideoFrame.from_ndarray(np.asarray(planes, dtype=np.uint8), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        yield frame


def compose_clip(
    path: Path,
    scene: Scene,
    seconds: float,
    *,
    fps: int = 10,
    size: tuple[int, int] = (640, 360),
    codec: Codec = "h264",
    gop: int = 10,
) -> Path:
    """Write a *composed* clip (its container follows from the name: .mp4, .avi) with its truth beside it.

    Args:
        path: the clip; `<name>.json` beside it holds size, rate, seconds and `things` (`model.Truth`).
        scene: what is shown; of the same shape as `size`.
        seconds: how long.
        fps: frames a second.
        size: width and height, pixels.
        codec: "h264" or "mpeg4" (part 2).
        gop: frames from key frame to key frame.

    Raises:
        SceneError: an unknown container, or another shape than the scene's.
    """
    containers = {".mp4": "mp4", ".avi": "avi"}
    if path.suffix not in containers:
        raise SceneError(f"path: {path.name} must end in .mp4 or .avi")
    path.parent.mkdir(parents=True, exist_ok=True)
    form = Format(size[0], size[1], fps, gop, quality=25 if codec == "h264" else 4)
    facts = {
        "composed": True,
        "width": size[0],
        "height": size[1],
        "fps": fps,
        "gop": gop,
        "codec": codec,
        "seconds": seconds,
        "things": truth(scene),
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    write(path, scene, seconds, form, codec, containers[path.suffix])
    return path


def groups(path: Path) -> list[list[bytes]]:
    """A segment's access units (Annex B), one list for each key frame and what follows it."""
    found: list[list[bytes]] = []
    with av.open(str(path), format="h264") as container:
        for packet in container.demux(video=0):
            if packet.size:
                if packet.is_keyframe:
                    found.append([])
                found[-1].append(bytes(packet))
    return found
