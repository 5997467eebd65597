"""The far end of a gateway as a process: the cloud's ingest, or who subscribes where a peer publishes.

`python -m tests.bench.sensors_sink http PORT` or `... mqtt PORT`. Each line of standard input, `LEAST
NUMBER`, is answered with one of JSON: how many readings from the value LEAST on came, how many different, and
when (monotonic) the NUMBER-th of these did.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.bench.sensors_load import PASSWORD, QUANTITY, USER

ASKED, ANSWERED = "v1/devices/me/rpc/request/", "v1/devices/me/rpc/response/"
_RATES = {"messages": "0:0,", "telemetryMessages": "0:0,", "telemetryDataPoints": "0:0,"}
UNLIMITED = {
    "maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": _RATES, "gatewayRateLimits": _RATES,
}  # fmt: skip
"""What a platform without limits answers to `getSessionLimits`."""


class Tally:
    """What came, by (sensor, value)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came: list[float] = []
        self._new: dict[tuple[str, float], float] = {}
        """When each came first."""

    def note(self, pairs: list[tuple[str, float]]) -> None:
        """Readings that came together."""
        with self._lock:
            now = time.monotonic()
            self._came += [value for _, value in pairs]
            for pair in pairs:
                self._new.setdefault(pair, now)

    def said(self, least: float, number: int) -> dict[str, object]:
        """Of values from `least` on: how many, how many different, when the `number`-th of these came."""
        with self._lock:
            at = [when for (_, value), when in self._new.items() if value >= least]
            came = sum(value >= least for value in self._came)
            return {
                "came": came,
                "different": len(at),
                "at": at[number - 1] if 0 < number <= len(at) else None,
            }


def http(port: int, tally: Tally) -> None:
    """The door of the cloud that a node sends to: everything is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path != "/api/v1/ingest":
                self.send_error(404)
                return
            events = json.loads(body)["events"] if body[:1] == b"{" else json.loads(body)
            committed = []
            for event in events:
                committed.append(
                    {
                        "series": event["series"],
                        "epoch": event["epoch"],
                        "ranges": [[event["seq"], event["seq"]]],
                    }
                )
                if event["series"] == "telemetry":
                    readings = event["data"].get("readings", [])
                    tally.note(
                        [(one["sensor"], one["value"]) for one in readings if one["quantity"] == QUANTITY]
                    )
            answer = json.dumps({"committed": committed, "refused": [], "duplicates": 0}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    threading.Thread(
        target=ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever, daemon=True
    ).start()


def mqtt(port: int, tally: Tally) -> None:
    """A subscriber of the broker that stands in for the platform of thingsboard-gateway."""
    import paho.mqtt.client as paho

    def on_message(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        said = json.loads(message.payload)
        if message.topic.startswith(ASKED):  # a gateway sends nothing before it knows what it may
            client.publish(f"{ANSWERED}{message.topic.removeprefix(ASKED)}", json.dumps(UNLIMITED), 1)
            return
        tally.note(
            [
                (device, float(row["values"][QUANTITY]))
                for device, rows in said.items()
                for row in rows
                if QUANTITY in row.get("values", {})
            ]
        )

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, "platform", clean_session=False)
    client.username_pw_set(USER, PASSWORD)
    client.on_connect = lambda client, *_: client.subscribe([("v1/gateway/telemetry", 1), (f"{ASKED}+", 1)])
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()


def main() -> int:
    """Serve until standard input ends."""
    tally = Tally()
    {"http": http, "mqtt": mqtt}[sys.argv[1]](int(sys.argv[2]), tally)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        least, number = line.split()
        print(json.dumps(tally.said(float(least), int(number))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
