"""Bring the weights of the detector that Gridwatch uses by default: version 2 of how they are made.

`gridwatch models fetch` does the same for any model it knows. Run again, it finds its own work and
does nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from edge.errors import EdgeError
from edge.models.fetch import fetch
from edge.see.detector.description import DEFAULT, find

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Fetch unless it is there; returns the exit code."""
    cache = Path(os.environ.get("GRIDWATCH_CACHE") or ROOT / ".cache" / "gridwatch")
    try:
        model, into = find(DEFAULT, cache / "weights")
        fetch(model, into)
    except EdgeError as error:
        print(f"fetch_weights: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
