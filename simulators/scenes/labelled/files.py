"""A labelled scene as an encoded file, with its truth beside it."""

from __future__ import annotations

import dataclasses
import json
import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from simulators.errors import SceneError
from simulators.scenes.encode import Format, settings
from simulators.scenes.labelled.model import Issue, LabelledScene

_QUALITY = 23
_MILLISECONDS = Fraction(1, 1000)


def write_labelled(scene: LabelledScene, path: Path, width: int = 1280) -> Path:
    """Write a scene as H.264, each picture a key frame at the scene's own time; `<name>.json` lies beside it.

    Args:
        scene: what to write.
        path: ends in .mp4.
        width: of the picture, pixels; even, the height is 9/16 of it.

    Returns the path of the truth.

    Raises:
        SceneError: another container, or a width whose picture cannot be encoded.

    """
    if path.suffix != ".mp4":
        raise SceneError(f"path: {path.name} must end in .mp4")
    if width < 160 or width % 32:
        raise SceneError(f"width: {width} must be a multiple of 32, 160 or more")
    height = width * 9 // 16
    path.parent.mkdir(parents=True, exist_ok=True)
    form = Format(width, height, 1, 1, _QUALITY)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with av.open(str(part), "w", format="mp4") as output:
            stream = output.add_stream("libx264", rate=form.fps, options=settings(form, "h264"))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.time_base = _MILLISECONDS
            stream.codec_context.thread_count = 1
            for picture in scene.pictures():
                planes = cv2.cvtColor(picture.colour(width), cv2.COLOR_BGR2YUV_I420)
                frame = av.VideoFrame.from_ndarray(np.asarray(planes, np.uint8), format="yuv420p")
                frame.pts, frame.time_base = round(picture.stream_time * 1000), _MILLISECONDS
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        truth = path.with_suffix(".json")
        truth.write_text(json.dumps(as_json(scene), indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return truth


def as_json(scene: LabelledScene) -> dict[str, object]:
    """The truth of a scene; `zones` as in the site file."""
    return {
        "composed": True,
        "seed": scene.seed,
        "condition": scene.condition,
        "seconds": scene.seconds,
        "every": scene.every,
        "restart_at": scene.restart_at,
        "assets": list(scene.assets),
        "zones": [zone.model_dump(mode="json") for zone in scene.zones],
        "issues": [_issue(issue) for issue in scene.issues],
    }


def _issue(issue: Issue) -> dict[str, object]:
    return {**dataclasses.asdict(issue), "labels": sorted(issue.labels)}
