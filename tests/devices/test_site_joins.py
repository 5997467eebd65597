"""Rules that join, as the site file has them: what is understood, and what is wrong with the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.site.load import inspect_site

SITE = """\
version: 1
name: {{zh: 街, en: Street}}
event_classes: [{{code: 05-05, name: {{zh: 占道, en: Lane}}}}]
nodes: [{{id: n1, name: {{zh: 一, en: One}}}}, {{id: n2, name: {{zh: 二, en: Two}}}}]
{more}
points:
- id: P01
  name: {{zh: 点, en: Point}}
  node: n1
  grid: G01
  position: {{lon: 120.0, lat: 30.0}}
  cameras: [{{id: P01-C1, name: {{zh: 机, en: Camera}}, host: 127.0.0.1}}]
  sensors: [{{id: P01-S1, name: {{zh: 器, en: Parking}}, kind: parking}}]
  joins:
  - {join}
- id: P02
  name: {{zh: 点, en: Point}}
  node: n2
  grid: G01
  position: {{lon: 120.0, lat: 30.0}}
  sensors: [{{id: P02-S1, name: {{zh: 器, en: Parking}}, kind: parking}}]
"""
GOOD = (
    "{kind: confirmed, id: P01-lane, event_class: 05-05, within: 2 min, "
    "parts: [{device: P01-S1, rule: occupied, alone: silent}, {device: P01-C1}]}"
)


def faults(tmp_path: Path, join: str = GOOD, more: str = "") -> list[str]:
    file = tmp_path / "site.yaml"
    file.write_text(SITE.format(join=join, more=more), encoding="utf-8")
    return [str(one) for one in inspect_site(file).errors]


def test_a_join_and_an_incident_join_are_understood(tmp_path: Path) -> None:
    more = "incident_joins: [{id: all, classes: [05-05], across: [P01, P02], within: 5 min}]"
    assert faults(tmp_path, more=more) == []


@pytest.mark.parametrize(
    ("was", "instead", "said"),
    [
        ("device: P01-S1", "device: P01-S2", "did you mean `P01-S1`?"),
        ("device: P01-S1", "device: P02-S1", "belongs to another node"),
        ("device: P01-C1", "event_class: 05-05, at: [P02]", "belongs to another node"),
        ("device: P01-C1", "device: P01-C1, alone: silent", "a camera's condition is never silent"),
        ("{device: P01-C1}", "{at: grid}", "fits everything"),
        ("event_class: 05-05", "event_class: 05-06", "05-06"),
        (", {device: P01-C1}", "", "needs two `parts`"),
        ("kind: confirmed", "kind: all_of, count: 2", "asks for all of its parts"),
        ("id: P01-lane", "id: P01-S1", "is already used"),
        ("within: 2 min", "within: soon", "is not a duration"),
    ],
)
def test_what_is_wrong_is_named_with_its_fix(tmp_path: Path, was: str, instead: str, said: str) -> None:
    (told,) = faults(tmp_path, GOOD.replace(was, instead))
    assert said in told


@pytest.mark.parametrize(
    ("join", "said"),
    [
        ("{id: all, classes: [05-06]}", "05-06"),
        ("{id: all, classes: [05-05], across: [P03]}", "P03"),
        ("{id: all, classes: []}", "classes"),
    ],
)
def test_an_incident_join_of_what_is_not_there_is_refused(tmp_path: Path, join: str, said: str) -> None:
    (told,) = faults(tmp_path, more=f"incident_joins: [{join}]")
    assert said in told
