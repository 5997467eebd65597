"""Make the example market: `python scripts/make_market.py` writes examples/market/ anew.

Joint-defence groups in five grids of the example street, from the seed and the names in market.yaml. A
group's stalls stand in a row.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from devices.site.planar import Corner, Shape, contains

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"
APART = 0.00005
"""Degrees between two stalls: about 5 m."""
HEADER = "# Made by scripts/make_market.py. Invented, like all else of the street.\n"


def make() -> dict[str, str]:
    """Name of each file -> its text."""
    data = yaml.safe_load((HERE / "market.yaml").read_text("utf-8"))
    tree = json.loads((EXAMPLES / "street" / "areas.geojson").read_text("utf-8"))
    rings = {one["id"]: one["geometry"]["coordinates"] for one in tree["features"]}
    chance = random.Random(data["seed"])
    offices, groups, shops = (
        [],
        ["group,name_zh,name_en,office,centre"],
        ["shop,name_zh,name_en,group,lon,lat"],
    )
    for number, grid in enumerate(data["grids"], 1):
        offices.append({"id": f"O{number}", "grid": grid, "name": _filled(data["office"], n=number)})
        for _ in range(data["groups"]):
            group = f"L{len(groups):02d}"
            name = _filled(data["group"], n=len(groups))
            first = len(shops)
            for lon, lat in _row(rings[grid], data["shops"], chance):
                trade = chance.choice(data["trades"])
                own = {way: data["shop"][way].format(n=len(shops), trade=trade[way]) for way in ("zh", "en")}
                shops.append(f'S{len(shops):03d},{own["zh"]},"{own["en"]}",{group},{lon:.6f},{lat:.6f}')
            groups.append(f"{group},{name['zh']},{name['en']},O{number},S{first:03d}")
    market = {
        "id": "M1", "name": data["market"], "reach": 60,
        "rotation": {"begins": "2026-01-01", "days": 1, "change_at": "08:00"},
        "sizes": {"least": 8, "most": 12}, "offices": offices, "groups": "groups.csv", "shops": "shops.csv",
    }  # fmt: skip
    text = yaml.safe_dump(market, sort_keys=False, allow_unicode=True, width=110)
    return {
        "market.yaml": HEADER + text,
        "groups.csv": "\n".join(groups) + "\n",
        "shops.csv": "\n".join(shops) + "\n",
    }


def _row(grid: Shape, count: int, chance: random.Random) -> list[Corner]:
    """`count` places side by side, all in `grid`."""
    west, east = (edge(corner[0] for corner in grid[0]) for edge in (min, max))
    south, north = (edge(corner[1] for corner in grid[0]) for edge in (min, max))
    while True:
        lon, lat = chance.uniform(west, east), chance.uniform(south, north)
        row: Sequence[Corner] = [(round(lon + n * APART, 6), round(lat, 6)) for n in range(count)]
        if all(contains(grid, spot) for spot in row):
            return list(row)


def _filled(names: dict[str, str], **values: Any) -> dict[str, str]:
    return {way: text.format(**values) for way, text in names.items()}


def main() -> None:
    """Write the files."""
    folder = EXAMPLES / "market"
    folder.mkdir(exist_ok=True)
    for name, text in make().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
