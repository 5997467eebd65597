"""Uplink messages as The Things Stack (v3) publishes them over MQTT; what is 0 or false is left out."""

from __future__ import annotations

import base64

from simulators.sensors.chance import scramble
from simulators.sensors.shapes.codec import decoded
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json, rfc3339

_APPLICATION = "street"
_LATE_S = 0.2
"""The network server collects copies from several gateways for so long."""


class ThingsStack:
    """A LoRaWAN device behind a network server; `name` is its device id there."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._who = who
        self._topic = who.topic(f"v3/{_APPLICATION}@ttn/devices/{who.name}/up")

    def born(self, link: Link) -> list[Publication]:
        """A join is not told here."""
        return []

    def gone(self, link: Link) -> None:
        """The connection is the network server's, not the device's."""

    def measured(self, sample: Sample) -> list[Publication]:
        """One uplink."""
        raw = scramble(self._who.seed, sample.seq, round(sample.taken_at * 1000))
        gateway = {"gateway_id": "street-roof", "eui": "B827EBFFFEBA1C55"}
        body = {
            "end_device_ids": {
                "device_id": self._who.name,
                "application_ids": {"application_id": _APPLICATION},
                "dev_eui": f"{self._who.seed:016X}",
                "join_eui": "0000000000000000",
                "dev_addr": f"{self._who.seed & 0x1FFFFFF:08X}",
            },
            "correlation_ids": [f"gs:uplink:{raw:032X}"],
            "received_at": rfc3339(sample.taken_at + _LATE_S),
            "uplink_message": {
                "session_key_id": base64.b64encode(self._who.seed.to_bytes(8, "big")).decode(),
                "f_port": 85,
                **({"f_cnt": sample.seq} if sample.seq else {}),
                "frm_payload": base64.b64encode(raw.to_bytes(8, "big")).decode(),
                "decoded_payload": decoded(sample.values),
                "rx_metadata": [
                    {
                        "gateway_ids": gateway,
                        "time": rfc3339(sample.taken_at),
                        "timestamp": raw & 0xFFFFFFFF,
                        "rssi": sample.rssi,
                        "channel_rssi": sample.rssi,
                        "snr": 7.5,
                    }
                ],
                "settings": {
                    "data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7, "coding_rate": "4/5"}},
                    "frequency": "486300000",
                },
                "received_at": rfc3339(sample.taken_at),
                **({"confirmed": True} if sample.sudden else {}),
                "consumed_airtime": "0.056576s",
            },
        }
        return [Publication(self._topic, as_json(body))]
