"""Each kind of sensor and each format, from the device over a real broker and a node to the cloud.

One town of real processes for all: a sensor that was scripted past its limit is an incident at its point, and
what it measured is a series of the telemetry. The long form takes every kind in every format and prints what
it saw as a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.credentials import Credentials
from devices.sensors.quantities import KINDS, QUANTITIES
from devices.site.model import Camera, Sensor, Site, Uplink
from simulators.sensors.fleet import SensorFleet
from simulators.sensors.incidents import incident
from simulators.sensors.scenario import Happening, Scenario
from simulators.sensors.shapes import SHAPES
from simulators.sensors.town import make_site, sensor
from tests.e2e.processes import until
from tests.e2e.town import Town, town_of

Case = tuple[str, str]
"""Kind and decoder."""
AT_A_POINT = 5
STAYS_S = 3600.0
SOON: dict[str, Any] = {"hold": 0.0, "clear_hold": 0.0, "schedule": ()}
"""What changes in the usual rules, so that nobody waits."""


PATIENCE = 90.0
UNJUDGED = 21.5
"""Of a kind that has no rules of its own."""
_DECODERS = list(SHAPES)
FORMS: dict[str, list[Case]] = {
    "turns": [(kind, _DECODERS[at % len(_DECODERS)]) for at, kind in enumerate(KINDS)],
    "every": [(kind, decoder) for kind in KINDS for decoder in SHAPES],
}


def name(case: Case) -> str:
    return "-".join(case)


class AllKinds(Town):
    """The town of some cases on one node, whose devices speak before anybody listens."""

    def __init__(self, folder: Path, cases: Sequence[Case]) -> None:
        super().__init__(folder)
        self.cases = cases
        self.made = self._made()
        self.script = {one.sensor: one for one in _script(self.made)}

    def site(self, version: int, cameras: tuple[Camera, ...], sensors: tuple[Sensor, ...]) -> Site:
        return self.made

    def start_node(self) -> None:
        credentials = Credentials(self.env["MQTT_USER"], self.env["MQTT_PASSWORD"])
        scenario = Scenario(tuple(self.script.values()), passers=False)
        self.fleet = SensorFleet(self.made.points, self.made.broker, credentials, scenario)
        self.fleet.start()
        super().start_node()

    def _made(self) -> Site:
        made = make_site(-(-len(self.cases) // AT_A_POINT), {"port": self.broker, "credentials": "MQTT"})
        placed = [_sensor(case) for case in self.cases]
        points = tuple(
            point.model_copy(update={"node": "n1", "sensors": tuple(placed[at * AT_A_POINT :][:AT_A_POINT])})
            for at, point in enumerate(made.points)
        )
        uplink = Uplink(url=self.line.url)
        return made.model_copy(update={"nodes": made.nodes[:1], "points": points, "uplink": uplink})


def _sensor(case: Case) -> Sensor:
    written = sensor(name(case), *case)
    rules = [{**rule, **_sooner(rule)} for rule in written["rules"]]
    return Sensor.model_validate({**written, "rules": rules})


def _sooner(rule: Any) -> dict[str, Any]:
    given = {field: value for field, value in SOON.items() if field in rule}
    return given | ({"within": 4.0} if rule["kind"] == "window" else {})


def _script(site: Site) -> Iterator[Happening]:
    """One thing at each sensor, which goes on till the end."""
    for point in site.points:
        for each in point.sensors:
            quantity, level = KINDS[each.kind][0], UNJUDGED
            if each.rules:
                (first,) = incident(each.id, each.rules[0], 0.0, 0.0)
                quantity, level = first.quantity, first.level
            yield Happening(each.id, quantity, 1.0, STAYS_S, level)


class Proof:
    """What the cloud was seen to have."""

    def __init__(self, town: AllKinds) -> None:
        self.town = town
        self.sensors = {each.id: (point.id, each) for point in town.made.points for each in point.sensors}
        self.seen: dict[Case, str] = {}

    def incident_of(self, sensor: str) -> Any:
        page = self.town.get("/incidents?state=open&limit=200")
        return next((one for one in page["items"] if one["place"] == sensor), None)

    def series_of(self, point: str, happening: Happening) -> Any:
        listed = self.town.get(f"/telemetry/series?point={point}")
        known = (happening.sensor, happening.quantity)
        level = pytest.approx(happening.level, rel=1e-3, abs=0.02)
        return next(
            (
                one
                for one in listed
                if (one["device"], one["quantity"]) == known and one["last_value"] == level
            ),
            None,
        )

    def table(self) -> str:
        """Kind by decoder: I an incident and a series, S a series."""
        decoders = [decoder for decoder in SHAPES if any(decoder == one for _, one in self.seen)]
        rows = [["", *decoders]]
        rows += [[kind, *(self.seen.get((kind, decoder), "") for decoder in decoders)] for kind in KINDS]
        return "\n".join(" ".join(f"{cell:14}" for cell in row) for row in rows)


@contextmanager
def proof_of(form: str) -> Iterator[Proof]:
    with town_of((), (), lambda folder: AllKinds(folder, FORMS[form])) as town:
        try:
            yield Proof(town)
        finally:
            town.fleet.stop()


@pytest.fixture(scope="module")
def turns() -> Iterator[Proof]:
    with proof_of("turns") as proof:
        yield proof


@pytest.fixture(scope="module")
def every() -> Iterator[Proof]:
    with proof_of("every") as proof:
        yield proof


def prove(proof: Proof, case: Case) -> None:
    point, sensor = proof.sensors[name(case)]
    happening = proof.town.script[sensor.id]
    if sensor.rules:
        found = until(lambda: proof.incident_of(sensor.id), PATIENCE, f"an incident of {sensor.id}")
        assert (found["point"]["id"], found["event_class"]["code"]) == (point, sensor.rules[0].event_class)
        assert found["measured"]["quantity"] == happening.quantity
        assert found["condition"]["state"] == "open"
    series = until(lambda: proof.series_of(point, happening), PATIENCE, f"a series of {sensor.id}")
    assert (series["point"], series["unit"]) == (point, QUANTITIES[happening.quantity].unit)
    chart = proof.town.get(f"/telemetry?device={sensor.id}&quantity={happening.quantity}")
    assert chart["last"][-1] == pytest.approx(happening.level, rel=1e-3, abs=0.02)
    proof.seen[case] = "I S" if sensor.rules else "S"


@pytest.mark.parametrize("case", FORMS["turns"], ids=name)
def test_what_a_device_says_is_an_incident_at_its_point_and_a_series_in_the_chart(
    turns: Proof, case: Case
) -> None:
    prove(turns, case)


@pytest.mark.long
def test_every_kind_in_every_format_is_an_incident_and_a_series(
    every: Proof, capsys: pytest.CaptureFixture[str]
) -> None:
    for case in FORMS["every"]:
        prove(every, case)
    with capsys.disabled():
        print(f"\n{every.table()}")


def test_every_kind_and_every_decoder_has_its_turn() -> None:
    assert {kind for kind, _ in FORMS["turns"]} == set(KINDS)
    assert {decoder for _, decoder in FORMS["turns"]} == set(SHAPES)
