"""Sensors come the same way as cameras: over the broker, through the edge's judgement, onto the wall."""

from __future__ import annotations

from datetime import datetime

from tests.e2e.demo_process import DemoProcess, Incident
from tests.e2e.processes import until


def test_two_sensors_bring_incidents_of_their_own(demo: DemoProcess) -> None:
    def found() -> list[Incident]:
        return [one for state in ("open", "closed") for one in demo.incidents(state) if one["measured"]]

    incidents = until(lambda: len(two := found()) >= 2 and two, 260, "two incidents of sensors")
    for one in incidents:
        assert one["measured"]["unit"]
        assert one["evidence"] == []
        assert one["area"]["grid"]["id"]
        assert datetime.fromisoformat(one["since"]) <= datetime.fromisoformat(one["opened_at"])
    assert len({one["place"] for one in incidents}) == len(incidents)
