"""What Prometheus may ask; one registry an app, so that tests may have several."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The meters of one API process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Histogram(
            "gridwatch_request_seconds", "Time to answer, without streams.", ["method", "route", "status"],
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip
        self.ingest = Counter(
            "gridwatch_ingest_events", "Events by what became of them.", ["node", "outcome"],
            registry=self._registry,
        )  # fmt: skip
        self.clients = Gauge("gridwatch_stream_clients", "Open event streams.", registry=self._registry)
        self.dropped = Counter(
            "gridwatch_stream_dropped",
            "Streams ended because the client read too slowly.",
            registry=self._registry,
        )
        self.horizon_age = Gauge(
            "gridwatch_stream_horizon_age_seconds",
            "Age of the oldest committed change that a long writing transaction still hides from the walls.",
            registry=self._registry,
        )
        self.tail_up = Gauge(
            "gridwatch_stream_tail_up", "1 while the tail can read.", registry=self._registry
        )

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
