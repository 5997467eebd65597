"""Rules about people on a real clip, with the real detector: the same door as on a node."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devices.stream import read_file
from edge.judge.watch import request_for
from edge.replay import load_zones, replay
from edge.see.detector import SsdLite

ROOT = Path(__file__).parents[2]
FOOTAGE = Path(os.environ.get("GRIDWATCH_FOOTAGE", ROOT.parent / "shared" / "data")) / "clips"
ZONES = """\
- id: desk
  name: {zh: 台前, en: desk}
  polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]
  rules:
  - {kind: loitering, id: loitering, event_class: '05-02', dwell: 6 s, gap: 4 s, clear_after: 4 s}
  - {kind: closed, id: closed, event_class: '05-02', clear_after: 4 s}
  - {kind: crowd, id: crowd, event_class: '04-09', count: 2, dwell: 5 s, clear_after: 4 s}
  - {kind: dog, id: dog, event_class: '01-18', dwell: 5 s}
- id: ceiling
  name: {zh: 顶, en: ceiling}
  polygon: [[0, 0], [0.3, 0], [0.3, 0.1], [0, 0.1]]
  rules:
  - {kind: closed, id: above, event_class: '05-02'}
"""
CAME, WENT, NEXT, END = 6.3, 45.0, 50.0, 68.0
"""Of the clip, seen by eye, in seconds: somebody (one after the other) is in view from `CAME` to `WENT`, then
nobody, then somebody from `NEXT` to beyond `END`."""


@pytest.mark.footage
def test_people_who_come_one_by_one_loiter_and_enter_and_are_no_crowd(tmp_path):
    clip = FOOTAGE / "one-by-one-person-detection.mp4"
    if not clip.exists():
        pytest.skip("the real clip is not here; set GRIDWATCH_FOOTAGE to the folder that holds clips/")
    file = tmp_path / "zones.yaml"
    file.write_text(ZONES, "utf-8")
    zones = load_zones(file, None)
    request = request_for([rule for zone in zones for rule in zone.rules])
    told: dict[str, list[tuple[str, float]]] = {}
    for line in replay(read_file(clip, request), zones, SsdLite()):
        if line.turn.at > END:
            break
        told.setdefault(f"{line.zone.id} {line.rule}", []).append((line.turn.change.value, line.turn.at))
    assert told.keys() == {"desk loitering", "desk closed"}
    for rule, dwell in (("loitering", 6.0), ("closed", 0.0)):
        (first, opened), (then, cleared), (last, again) = told[f"desk {rule}"]
        assert (first, then, last) == ("opened", "cleared", "opened")
        assert CAME + dwell <= opened <= CAME + dwell + 5.0
        assert WENT + 2.0 <= cleared <= WENT + 8.0
        assert NEXT + dwell <= again <= NEXT + dwell + 6.0
