"""Stations in a site file: what can be wrong with them, and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.errors import SiteError
from devices.site.edit import dump_site
from devices.site.load import load_site
from devices.site.stations import address_of

GOOD = """
version: 1
name: {zh: 街道, en: Street}
event_classes:
- {code: 04-99-080, name: {zh: 火警, en: Fire}}
nodes:
- id: n1
  name: {zh: 节点, en: Node}
  stations:
  - {protocol: hj212, listen: "192.0.2.1:9212", password: AIR, idle: 15 min}
  - {protocol: gb26875, listen: "[fd00::1]:5200", set_clock: true}
points:
- id: P01
  name: {zh: 校门, en: School gate}
  node: n1
  grid: G1
  position: {lon: 120.005, lat: 30.002}
  sensors:
  - id: dust
    name: {zh: 扬尘, en: Dust}
    kind: air
    station: {protocol: hj212, mn: 010000A8900016F000169DC0}
  - id: house
    name: {zh: 楼, en: House}
    kind: fire_alarm
    station: {protocol: gb26875, transmitter: "2c312c320000"}
  - id: hall
    name: {zh: 厅, en: Hall}
    kind: fire_alarm
    station: {protocol: gb26875, transmitter: "2c312c320000", system: 1, component: "01000100"}
"""

LISTENER = '  - {protocol: gb26875, listen: "[fd00::1]:5200", set_clock: true}\n'


def load(tmp_path: Path, text: str):
    file = tmp_path / "site.yaml"
    file.write_text(text, encoding="utf-8")
    return load_site(file)


def test_a_site_with_stations_is_read_and_written_back(tmp_path):
    site = load(tmp_path, GOOD)
    assert [one.listen for one in site.nodes[0].stations] == ["192.0.2.1:9212", "[fd00::1]:5200"]
    assert load(tmp_path, dump_site(site)) == site
    assert address_of("[fd00::1]:5200") == ("fd00::1", 5200)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("192.0.2.1:9212", "0.0.0.0:9212"), "every network"),
        (("192.0.2.1:9212", "example.org:9212"), "192.168.8.1:9212"),
        (("192.0.2.1:9212", "192.0.2.1:99999"), "192.168.8.1:9212"),
        (("set_clock: true", "password: AIR"), "take it out"),
        (("idle: 15 min", "protocol: hj213"), "protocol"),
        (("transmitter: \"2c312c320000\"}", "transmitter: \"2c31\"}"), "transmitter"),
        ((", component: \"01000100\"}", "}"), None),
        ((", system: 1, component: \"01000100\"}", "}"), "same part"),
        (("[fd00::1]:5200", "192.0.2.1:9212"), "already used"),
        (("protocol: gb26875, listen", "protocol: hj212, listen"), "already heard"),
        ((LISTENER, ""), "nobody listens"),
        (("kind: air\n", "kind: air\n    decoder: tasmota\n"), "station"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_fix(tmp_path, change, said):
    text = GOOD.replace(*change, 1)
    assert text != GOOD
    if said is None:
        load(tmp_path, text)
        return
    with pytest.raises(SiteError, match=said):
        load(tmp_path, text)
