"""Make the example street: `python scripts/make_street.py` writes examples/street/ anew.

The same seed gives the same street. Names, kinds of sensors and their rules stand in street.yaml,
the map is drawn by street_map.py; event_classes.yaml is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from street_map import StreetMap, draw

from devices.messages import Polygon
from devices.site.edit import dump_site
from devices.site.geojson import to_geojson
from devices.site.model import Area, Site
from simulators.sensors.town import wiring

ROOT = Path(__file__).resolve().parent.parent
STREET = ROOT / "examples" / "street"
SEED = 38
DIVISION = "990101001"
"""County and street of a statistical division code; no province has the number 99."""
POINTS_OF_NODE = {"n1": 10, "n2": 10, "n3": 9, "n4": 9}
DWELL = "20 s"

MAIN_ZONE: Polygon = ((0.02, 0.25), (0.98, 0.25), (0.98, 0.98), (0.02, 0.98))
ZONES: dict[str, Polygon] = {}
"""Camera id -> polygon of its zone Z1 where it differs from MAIN_ZONE."""

HEALTH_CLASSES = {
    "covered": "90-01-080",
    "sprayed": "90-01-081",
    "frozen": "90-01-082",
    "black": "90-01-083",
    "washed_out": "90-01-084",
    "defocused": "90-01-085",
    "turned": "90-01-086",
    "stalled": "90-02-080",
    "gop_too_long": "90-02-081",
}
"""Kind of ill health of a camera -> code of its event class."""

FURTHER: dict[str, list[dict[str, Any]]] = {
    "P21-C1": [
        {"kind": "left", "id": "goods", "event_class": "05-07", "labels": ["goods"], "dwell": "30 s"},
    ],
    "P22-C1": [
        {
            "kind": "crowd", "id": "crowd", "event_class": "04-09", "count": 15, "dwell": "2 min",
            "severity": "high",
        },
    ],
    "P23-C1": [
        {
            "kind": "left", "id": "fire-lane", "event_class": "05-05-081", "labels": ["vehicles"],
            "dwell": DWELL, "severity": "high",
        },
    ],
    "P28-C1": [
        {"kind": "left", "id": "dumped", "event_class": "01-08", "labels": ["bulky"], "dwell": "1 min"},
    ],
    "P33-C1": [
        {
            "kind": "dog", "id": "dog", "event_class": "05-99", "dwell": "20 s", "severity": "low",
            "schedule": ["mon-fri 07:00-09:00", "sat sun 08:00-20:00"],
        },
    ],
}  # fmt: skip
"""Camera id -> rules of its zone besides the one for bikes."""

HEADER = f"""\
# yaml-language-server: $schema=../../devices/site/site.schema.json
#
# Wutong Street, an invented street with 38 points, made by scripts/make_street.py; see `gridwatch check`.
# Everything is on this machine: the simulated street answers on the ports named here.
# Secrets stand in the environment: STREET_CAMERA_USER and STREET_CAMERA_PASSWORD (all cameras),
# STREET_MQTT_USER and STREET_MQTT_PASSWORD (the broker).
# The dwell of {DWELL} is for watching a demo; a real street says 5 to 15 min.

"""


def make() -> dict[str, str]:
    """File name -> text of everything that is generated."""
    data = yaml.safe_load((ROOT / "scripts" / "street.yaml").read_text("utf-8"))
    sizes = [community["grids"] for community in data["communities"]]
    street_map = draw(sizes, SEED)
    classes = yaml.safe_load((STREET / "event_classes.yaml").read_text("utf-8"))
    areas = [Area.model_validate(area) for area in areas_on(data, street_map)]
    site = Site.model_validate(
        {
            "version": 1,
            "name": data["name"],
            "timezone": "Asia/Shanghai",
            "broker": {"host": "127.0.0.1", "port": 21883, "credentials": "STREET_MQTT"},
            "uplink": {"url": "http://127.0.0.1:8420"},
            "areas": areas,
            "event_classes": classes,
            "health_classes": HEALTH_CLASSES,
            "nodes": [
                {"id": node, "name": _filled(data["node"], n)} for n, node in enumerate(POINTS_OF_NODE, 1)
            ],
            "points": list(_points(data, street_map)),
        }
    )
    return {
        "site.yaml": HEADER + dump_site(site, areas="areas.geojson", event_classes="event_classes.yaml"),
        "areas.geojson": lines(to_geojson(areas)),
    }


def areas_on(data: dict[str, Any], street_map: StreetMap) -> Iterator[dict[str, Any]]:
    """The tree of `data` (name, communities with their numbers of grids) on the map, as plain values."""
    street = {"id": "S1", "level": "street", "code": DIVISION, "name": data["name"]}
    yield street | {"households": sum(street_map.households), "rings": [street_map.street]}
    grid = 0
    for number, community in enumerate(data["communities"], 1):
        code = f"{DIVISION}{number:03d}"
        numbers = range(grid, grid + community["grids"])
        yield {
            "id": f"C{number}",
            "level": "community",
            "parent": "S1",
            "code": code,
            "name": community["name"],
            "households": sum(street_map.households[at] for at in numbers),
            "rings": [street_map.communities[number - 1]],
        }
        for within, at in enumerate(numbers, 1):
            own = _filled(data["grid"], within)
            yield {
                "id": f"G{at + 1:02d}",
                "level": "grid",
                "parent": f"C{number}",
                "code": f"{code}{within:03d}",
                "name": {
                    "zh": community["name"]["zh"] + own["zh"],
                    "en": f"{community['name']['en']} {own['en']}",
                },
                "households": street_map.households[at],
                "rings": [street_map.grids[at]],
            }
        grid = numbers.stop


def _points(data: dict[str, Any], street_map: StreetMap) -> Iterator[dict[str, Any]]:
    nodes = [node for node, points in POINTS_OF_NODE.items() for _ in range(points)]
    number, first_grid = 0, 0
    for community in data["communities"]:
        for at, (name, kinds) in enumerate(community["places"]):
            grid = first_grid + at % community["grids"]
            lon, lat = street_map.position(grid, at // community["grids"])
            number += 1
            point = f"P{number:02d}"
            yield {
                "id": point,
                "name": name,
                "node": nodes[number - 1],
                "grid": f"G{grid + 1:02d}",
                "position": {"lon": lon, "lat": lat},
                "cameras": [_camera(data, point, name, 21000 + number)],
                "sensors": [_sensor(data, f"{point}-S{n}", name, kind) for n, kind in enumerate(kinds, 1)],
            }
        first_grid += community["grids"]


def _camera(data: dict[str, Any], point: str, name: dict[str, str], port: int) -> dict[str, Any]:
    camera = f"{point}-C1"
    bikes = {
        "kind": "parked",
        "id": "bikes",
        "event_class": "05-06-081",
        "labels": ["bicycle", "motorcycle"],
        "dwell": DWELL,
        "severity": "medium",
    }
    return {
        "id": camera,
        "name": _joined(name, data["camera"]),
        "host": "127.0.0.1",
        "port": port,
        "credentials": "STREET_CAMERA",
        "owner": data["owner"],
        "purpose": data["purpose"],
        "signage": True,
        "zones": [
            {
                "id": f"{camera}-Z1",
                "name": data["zone"],
                "polygon": ZONES.get(camera, MAIN_ZONE),
                "rules": [bikes, *FURTHER.get(camera, [])],
            }
        ],
    }


def _sensor(data: dict[str, Any], sensor: str, name: dict[str, str], what: str) -> dict[str, Any]:
    """`what`: its kind, or KIND/DECODER where it does not speak our own format."""
    kind, _, decoder = what.partition("/")
    model = data["sensors"][kind]
    return {
        "id": sensor,
        "name": _joined(name, model["name"]),
        "kind": kind,
        "period": model["period"],
        **({"decoder": decoder, **wiring(sensor, kind, decoder)} if decoder else {}),
        "rules": model["rules"],
    }


def _joined(place: dict[str, str], what: dict[str, str]) -> dict[str, str]:
    return {"zh": place["zh"] + what["zh"], "en": f"{place['en']}: {what['en']}"}


def _filled(name: dict[str, str], number: int) -> dict[str, str]:
    return {language: text.format(n=number) for language, text in name.items()}


def lines(collection: dict[str, Any]) -> str:
    """GeoJSON with one feature a line, which keeps changes readable."""
    features = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in collection["features"])
    return f'{{"type": "FeatureCollection", "features": [\n{features}\n]}}\n'


if __name__ == "__main__":
    for file, text in make().items():
        (STREET / file).write_text(text, "utf-8")
