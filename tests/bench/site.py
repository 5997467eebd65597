"""The site file of the bench: every camera watches its bicycle's place, the last four people too."""

from __future__ import annotations

import json
from typing import Any

from simulators.scenes import load_assets, truth, with_bicycle
from tests.bench.plan import DWELL
from tests.bench.streams import LOOKS

NODE, RULE = "n1", "bikes"
WATCHED = 4
"""Cameras with rules about people."""
MARGIN = 0.06
"""Parts of the picture that a zone is larger than the bicycle, on each side."""


def zone(content: int) -> list[list[float]]:
    """The polygon around the place of a content's bicycle."""
    x0, y0, x1, y1 = truth(with_bicycle(load_assets(), LOOKS[content]))[0]["box"]
    left, top = max(0.0, x0 - MARGIN), max(0.0, y0 - MARGIN)
    right, bottom = min(1.0, x1 + MARGIN), min(1.0, y1 + MARGIN)
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return [[round(part, 4) for part in corner] for corner in corners]


def site(ids: list[str], port: int, cloud: str) -> str:
    """The file's text (JSON is YAML); all cameras on one node, answering under their ids on `port`."""
    parked = {
        "kind": "parked",
        "id": RULE,
        "event_class": "05-06",
        "labels": ["bicycle"],
        "dwell": f"{DWELL:g} s",
    }
    people = [
        {"kind": "loitering", "id": "loitering", "event_class": "05-07", "dwell": "10 min"},
        {"kind": "crowd", "id": "crowd", "event_class": "05-07", "count": 5, "dwell": "20 s"},
    ]
    zones = [zone(content) for content in range(len(LOOKS))]
    cameras: list[dict[str, Any]] = []
    for number, name in enumerate(ids):
        rules = [parked, *people] if number >= len(ids) - WATCHED else [parked]
        cameras.append(
            {
                "id": name,
                "name": names(name),
                "host": "127.0.0.1",
                "stream_uri": f"rtsp://127.0.0.1:{port}/{name}",
                "purpose": "bench",
                "signage": True,
                "owner": "bench",
                "zones": [
                    {
                        "id": f"{name}-Z",
                        "name": names(name),
                        "polygon": zones[number % len(zones)],
                        "rules": rules,
                    }
                ],
            }
        )
    point = {
        "id": "P1",
        "name": names("bench"),
        "node": NODE,
        "grid": "G1",
        "position": {"lon": 120, "lat": 30},
    }
    return json.dumps(
        {
            "version": 1,
            "name": names("bench"),
            "uplink": {"url": cloud},
            "event_classes": [{"code": code, "name": names(code)} for code in ("05-06", "05-07")],
            "nodes": [{"id": NODE, "name": names("bench")}],
            "points": [{**point, "cameras": cameras}],
        }
    )


def names(name: str) -> dict[str, str]:
    """A name in both languages."""
    return {"zh": name, "en": name}
