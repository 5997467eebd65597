"""Contact sheets: `python -m simulators.scenes.labelled 3 17 50004 --to DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

from simulators.scenes.labelled.scene import labelled_scene
from simulators.scenes.labelled.sheet import contact_sheet

parser = argparse.ArgumentParser(description="Contact sheets of labelled scenes.")
parser.add_argument("seeds", type=int, nargs="+", metavar="SEED")
parser.add_argument("--to", type=Path, default=Path(), metavar="DIR", help="where to write them (here)")
options = parser.parse_args()
options.to.mkdir(parents=True, exist_ok=True)
for seed in options.seeds:
    scene = labelled_scene(seed)
    cv2.imwrite(str(options.to / f"{seed}-{scene.condition}.png"), contact_sheet(scene))
