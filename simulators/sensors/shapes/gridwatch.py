"""The canonical JSON, as `devices/sensors/decode.py` describes it."""

from __future__ import annotations

from devices.sensors.quantities import KINDS, QUANTITIES
from devices.sensors.topics import Channel, Topic
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json


class Canonical:
    """A device that speaks our own format."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._who = who

    def born(self, link: Link) -> list[Publication]:
        """What it is and measures, and that it is there; kept by the broker."""
        sensor = self._who.sensor
        body = {
            "v": 1,
            "dev": sensor.id,
            "boot": link.boot,
            "type": sensor.kind,
            "model": "gridwatch-simulated",
            "fw": "1.0",
            "period_s": sensor.period,
            "quantities": [
                {"n": each.name, "u": each.unit, "min": each.lowest, "max": each.highest}
                for each in (QUANTITIES[name] for name in (*KINDS[sensor.kind], "battery"))
            ],
        }
        return [
            Publication(self._topic(Channel.BIRTH), as_json(body), retain=True),
            self._state(link, online=True),
        ]

    def gone(self, link: Link) -> Publication:
        """Kept by the broker."""
        return self._state(link, online=False)

    def _state(self, link: Link, *, online: bool) -> Publication:
        body = {"v": 1, "online": online, "boot": link.boot, "bd": link.number}
        return Publication(self._topic(Channel.STATE), as_json(body), retain=True)

    def measured(self, sample: Sample) -> list[Publication]:
        """One message on `tele`, or on `event`."""
        body = {
            "v": 1,
            "dev": self._who.id,
            "boot": sample.boot,
            "seq": sample.seq,
            "t": round(sample.taken_at * 1000),
            "m": [
                {"n": name, "v": value, "u": sample.odd_unit or QUANTITIES[name].unit}
                for name, value in sample.values.items()
            ],
            "rssi": sample.rssi,
        }
        channel = Channel.EVENT if sample.sudden else Channel.TELE
        return [Publication(self._topic(channel), as_json(body))]

    def _topic(self, channel: Channel) -> str:
        return str(Topic(self._who.point, self._who.id, channel))
