"""One simulated device: what it publishes and when. Pure: it is asked for a moment and answers with messages.

The same seed, start and scenario give the same bytes.
"""

from __future__ import annotations

from devices.sensors.quantities import KINDS
from devices.site.model import Sensor
from simulators.sensors.chance import part, scramble
from simulators.sensors.radio import BY_RADIO, lost, rssi
from simulators.sensors.scenario import FaultKind, Happening, Scenario
from simulators.sensors.series import series
from simulators.sensors.shapes import SHAPES
from simulators.sensors.shapes.speech import Link, Publication, Sample, Shape, Who
from simulators.sensors.weather import street_seed

FIRST_REPORT_S = 3.0
"""A device reports within this time after its start, then at its period."""
EXCITED_PERIOD_S = 2.0
"""While something happens a device reports at least this often, as level sensors do when wet."""
_JITTER = 0.05
_FLOOD = 100
_CLOCK_RESET_MS = 946_684_800_000
"""2000-01-01, where a real-time clock without its battery begins."""
_WRONG_UNIT = "psi"


class SimulatedSensor:
    """One device of the site."""

    def __init__(
        self,
        point: str,
        sensor: Sensor,
        scenario: Scenario,
        seed: int,
        origin: float,
        shape: Shape | None = None,
    ) -> None:
        """Nothing is published before `emit`.

        Args:
            point: id of the point where it stands.
            sensor: as in the site.
            scenario: of the whole street; what concerns others is left aside.
            seed: of the street.
            origin: Unix time of the scenario's second 0; another origin gives other boot ids.
            shape: what it speaks; what the site's decoder hears unless given.

        """
        self.id = sensor.id
        self._period = sensor.period
        self._happenings: tuple[Happening, ...] = tuple(
            happening for happening in scenario.happenings if happening.sensor == sensor.id
        )
        self._faults = tuple(fault for fault in scenario.faults if fault.sensor == sensor.id)
        self._origin = origin
        self._seed = scramble(seed, *sensor.id.encode())
        self._series = series(sensor.kind, self._seed, street_seed(seed), passers=scenario.passers)
        self._shape = shape or SHAPES[sensor.decoder](Who(point, sensor, self._seed))
        self.breadth = len(KINDS[sensor.kind]) + 1
        """Readings of one measurement."""
        self._boots = 0
        self._connections = 0
        self._seq = 0
        self._stuck: dict[str, float] | None = None
        self._held: list[Publication] = []
        self._radio = sensor.decoder in BY_RADIO
        self._next_report = FIRST_REPORT_S * part(self._seed, 2)
        reboots = [(fault.start, "reboot") for fault in self._faults if fault.kind is FaultKind.REBOOT]
        edges = [(edge, "edge") for happening in self._happenings for edge in happening.edges]
        self._sudden = sorted(reboots + edges, reverse=True)

    @property
    def due(self) -> float:
        """The scenario second of its next message."""
        return min(self._next_report, self._sudden[-1][0]) if self._sudden else self._next_report

    @property
    def boot(self) -> str:
        """The id of its present start."""
        return f"{scramble(self._seed, self._boots, int(self._origin * 1000)):016x}"

    def connected(self, t: float = 0.0) -> list[Publication]:
        """What it says first on a new connection, at scenario second `t`, and whenever it is asked to."""
        return self._shape.born(self._link(t))

    @property
    def asked(self) -> str | None:
        """Under this topic it is asked to say again what it said first; None where there is no such thing."""
        return self._shape.asked

    def will(self) -> Publication | None:
        """What the broker shall say when the connection dies; asked for once before each connection.

        None where what it speaks knows no such thing.
        """
        self._connections += 1
        return self._shape.gone(self._link())

    def leaving(self) -> Publication | None:
        """What it says before it disconnects in order."""
        return self._shape.gone(self._link())

    def _link(self, t: float = 0.0) -> Link:
        return Link(self.boot, self._connections, self._origin + t)

    def emit(self, t: float) -> list[Publication]:
        """Everything due up to scenario second `t`; a device that was late skips what it missed."""
        out: list[Publication] = []
        while self._sudden and self._sudden[-1][0] <= t:
            _, what = self._sudden.pop()
            if what == "reboot":
                self._boots += 1
                self._connections = 1
                self._seq = 0
                out += self.connected(t)
            else:
                out += self.measure(t, sudden=True)
        if self._next_report <= t:
            out += self.measure(t)
            jitter = 1 + _JITTER * (2 * part(self._seed, 3, self._boots, self._seq) - 1)
            self._next_report = t + self._pace(t) * jitter
        elif self._excited(t):
            self._next_report = min(self._next_report, t + EXCITED_PERIOD_S)
        # A ramp begins without an edge: be awake then.
        begins = [
            happening.start for happening in self._happenings if t < happening.start < self._next_report
        ]
        self._next_report = min(begins, default=self._next_report)
        return out

    def _has(self, kind: FaultKind, t: float) -> bool:
        return any(fault.kind is kind and fault.holds(t) for fault in self._faults)

    def _excited(self, t: float) -> bool:
        return any(happening.start <= t < happening.end + EXCITED_PERIOD_S for happening in self._happenings)

    def _pace(self, t: float) -> float:
        pace = min(self._period, EXCITED_PERIOD_S) if self._excited(t) else self._period
        return pace / _FLOOD if self._has(FaultKind.FLOOD, t) else pace

    def true_values(self, t: float) -> dict[str, float]:
        """What an instrument without faults shows there at scenario second `t`."""
        values = self._series(self._origin + t)
        for happening in self._happenings:
            if share := happening.share(t):
                normal = values[happening.quantity]
                values[happening.quantity] = round(normal + (happening.level - normal) * share, 4)
        return values

    def _values(self, t: float) -> dict[str, float]:
        values = self.true_values(t)
        if not self._has(FaultKind.STUCK, t):
            self._stuck = None
            return values
        self._stuck = self._stuck or values
        return self._stuck

    def measure(self, t: float, *, sudden: bool = False) -> list[Publication]:
        """Measure at scenario second `t` whether it is due or not."""
        if self._has(FaultKind.SILENT, t):
            return []
        origin = _CLOCK_RESET_MS if self._has(FaultKind.CLOCK_OFF, t) else round(self._origin * 1000)
        sample = Sample(
            taken_at=(origin + round(t * 1000)) / 1000,
            values=self._values(t),
            boot=self.boot,
            seq=self._seq,
            rssi=rssi(self._seed, self._origin + t),
            sudden=sudden,
            odd_unit=_WRONG_UNIT if self._has(FaultKind.WRONG_UNIT, t) else None,
        )
        self._seq += 1
        # An alarm is sent confirmed, again and again until it is heard.
        fades = self._radio and not sudden and lost(self._seed, sample.seq)
        if fades or self._has(FaultKind.RADIO, t):
            return []
        said = self._shape.measured(sample)
        if self._has(FaultKind.GARBAGE, t):
            said = [Publication(one.topic, self._broken(one.payload), one.retain) for one in said]
        if self._has(FaultKind.DUPLICATE, t):
            said = said * 2
        if self._has(FaultKind.LATE, t):
            self._held += said
            return []
        held, self._held = self._held, []
        return held + said

    def _broken(self, payload: bytes) -> bytes:
        return payload[: 5 + scramble(self._seed, self._seq) % 40] + b"\xff\x00"
