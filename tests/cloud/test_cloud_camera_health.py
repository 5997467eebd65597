"""A camera that is its own place: its ill health becomes an incident like any other."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio


async def test_the_ill_health_of_a_camera_becomes_an_incident_without_a_zone(street, sender, seen) -> None:
    async with street() as s:
        where = {
            "device": "P01-C1",
            "zone": None,
            "rule": "health.turned",
            "label": "turned",
            "severity": "low",
        }
        bare = {"box": None, "outline": None, "count": None}
        ill = seen(sender, place="P01-C1")
        assert (await s.send(ill.now("opened", **where, **bare)))["refused"] == []
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert (incident["label"], incident["condition"]["state"]) == ("turned", "open")
        (alarm,) = incident["alarms"]
        assert (alarm["zone"], alarm["device"]) == (None, "P01-C1")
        assert (await s.send(ill.now("held", **where, **bare)))["refused"] == []
        assert (await s.send(ill.now("cleared", **where, **bare)))["refused"] == []
        assert (await leader.the_incident())["condition"]["state"] == "cleared"
