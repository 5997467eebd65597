"""Uplink events as ChirpStack v4 publishes them with its JSON marshaler."""

from __future__ import annotations

import base64
import uuid

from simulators.sensors.chance import scramble
from simulators.sensors.shapes.codec import decoded
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json, rfc3339

APPLICATION = "17c82e96-be03-4f38-aef3-f83d48582d97"
_GATEWAY = "0016c001f153a14c"


class ChirpStack:
    """A LoRaWAN device behind a network server; `name` is its devEUI."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._who = who
        self._topic = who.topic(f"application/{APPLICATION}/device/{who.name}/event/up")

    def born(self, link: Link) -> list[Publication]:
        """A join is not told here."""
        return []

    def gone(self, link: Link) -> None:
        """The connection is the network server's, not the device's."""

    def measured(self, sample: Sample) -> list[Publication]:
        """One `up` event."""
        raw = scramble(self._who.seed, sample.seq, round(sample.taken_at * 1000))
        body = {
            "deduplicationId": str(uuid.UUID(int=raw << 64 | self._who.seed)),
            "time": rfc3339(sample.taken_at).replace("Z", "+00:00"),
            "deviceInfo": {
                "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
                "tenantName": "Street",
                "applicationId": APPLICATION,
                "applicationName": "street",
                "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad",
                "deviceProfileName": self._who.sensor.kind,
                "deviceName": self._who.id,
                "devEui": self._who.name,
                "deviceClassEnabled": "CLASS_A",
                "tags": {"point": self._who.point},
            },
            "devAddr": f"{self._who.seed & 0x1FFFFFF:08x}",
            "adr": True,
            "dr": 5,
            "fCnt": sample.seq,
            "fPort": 85,
            "confirmed": sample.sudden,
            "data": base64.b64encode(raw.to_bytes(8, "big")).decode(),
            "object": decoded(sample.values),
            "rxInfo": [
                {
                    "gatewayId": _GATEWAY,
                    "uplinkId": raw & 0xFFFFFFFF,
                    "rssi": sample.rssi,
                    "snr": 7.5,
                    "context": base64.b64encode(raw.to_bytes(8, "big")[:4]).decode(),
                    "metadata": {"region_common_name": "CN470", "region_config_id": "cn470_10"},
                    "crcStatus": "CRC_OK",
                }
            ],
            "txInfo": {
                "frequency": 486300000,
                "modulation": {
                    "lora": {"bandwidth": 125000, "spreadingFactor": 7, "codeRate": "CR_4_5"},
                },
            },
        }
        return [Publication(self._topic, as_json(body))]
