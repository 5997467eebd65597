"""Make example trees of areas: `python scripts/make_areas.py` writes examples/areas/ anew.

Streets of 27, 39 and 48 grids to try an import with, from the seeds and names in areas.yaml. They lie on the
ground of the example street, so that its points fall into their grids.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from make_street import areas_on, lines
from street_map import draw

from devices.site.geojson import to_geojson
from devices.site.model import Area

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "examples" / "areas"
STEP = 110.0
"""Metres between the corners of a boundary, about: small files."""


def make() -> dict[str, str]:
    """Name of each file -> its text."""
    data = yaml.safe_load((HERE / "areas.yaml").read_text("utf-8"))
    street = yaml.safe_load((HERE / "street.yaml").read_text("utf-8"))
    return {
        f"{name}.geojson": _tree(tree, data["communities"], street) for name, tree in data["trees"].items()
    }


def _tree(tree: dict[str, Any], names: list[dict[str, str]], street: dict[str, Any]) -> str:
    communities = [{"name": name, "grids": grids} for name, grids in zip(names, tree["grids"], strict=False)]
    drawn = draw(tree["grids"], tree["seed"], STEP)
    found = areas_on({"name": street["name"], "grid": street["grid"], "communities": communities}, drawn)
    return lines(to_geojson([Area.model_validate(area) for area in found]))


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in make().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
