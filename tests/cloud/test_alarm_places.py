"""What a place has seen lately: its alarms by day, what people said of them, and how it looked before."""

from __future__ import annotations

import pytest

from tests.cloud.test_alarm_verdicts import alarms_of, judge

pytestmark = pytest.mark.anyio
HERE = {"place": "here", "event_class": "05-06"}


async def test_a_places_alarms_are_counted_by_day_with_their_verdicts(street, sender, seen) -> None:
    async with street() as s:
        for place in ("here", "here", "there"):
            await s.send(seen(sender, place=place).now("opened"), sent_at=s.clock())
            s.clock.forward(days=1)
        operator = await s.log_in("operator")
        places = {one["place"]: one for one in await alarms_of(operator)}
        await judge(operator, places["here"], verdict="unsure")
        await judge(operator, places["there"], verdict="true")
        found = await operator.get("/alarms/at", **HERE)
        assert (found["alarms"], found["judged"]["true"], found["judged"]["unsure"]) == (2, 0, 1)
        assert found["earlier"] is None
        assert (await operator.get("/alarms/at", place="here", event_class="01-01"))["days"] == []
        assert (await operator.get("/alarms/at", place="nowhere", event_class="05-06"))["alarms"] == 0


async def test_the_newest_picture_that_is_an_hour_old_shows_how_the_place_looked(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        first = seen(sender, place="here")
        await s.send(first.now("opened"), sender.photo(first.id, await store_photo(s)))
        operator = await s.log_in("operator")
        assert (await operator.get("/alarms/at", **HERE))["earlier"] is None
        s.clock.forward(hours=1, minutes=5)
        found = (await operator.get("/alarms/at", **HERE))["earlier"]
        assert found["url"].startswith("/api/v1/media/")
