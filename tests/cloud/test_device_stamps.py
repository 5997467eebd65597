"""What a phone did without network: told with both times and its place, done once however often sent."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from cloud.people.roles import Role
from cloud.push.tables import notice
from cloud.sources.models import NewNote
from cloud.stamps import stamp, true_time
from tests.cloud.case_people_for_tests import hire

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


def clock(off: timedelta, ago: timedelta) -> dict[str, str]:
    """Two times of a clock that is wrong by `off`: of `ago`, and of now."""
    return {"written_at": (NOW + off - ago).isoformat(), "sent_at": (NOW + off).isoformat()}


def test_a_wrong_clock_is_taken_off() -> None:
    new = NewNote.model_validate({"words": "x", **clock(timedelta(hours=-7), timedelta(minutes=40))})
    told = stamp(new, new, NOW)
    assert told["happened_at"] == (NOW - timedelta(minutes=40)).isoformat()
    assert told["written_at"] == (NOW - timedelta(hours=7, minutes=40)).isoformat()
    assert true_time(None, None, NOW) == NOW
    assert stamp(NewNote(words="x"), NewNote(words="x"), NOW) == {}


@pytest.mark.parametrize("given", [{"written_at": NOW.isoformat()}, {"lon": 120.0}])
def test_half_a_stamp_is_none(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="give both or none"):
        NewNote.model_validate({"words": "x", **given})


async def send(person: Any, path: str, body: dict[str, Any], **headers: str) -> Any:
    return await person.http.post(f"/api/v1{path}", json=body, headers=headers)


async def test_a_step_sent_twice_is_done_once_and_says_when_and_where(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), "accept", "dispatch")
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        path, key = f"/incidents/{incident['id']}/transitions", "0b4b2c6e-step"
        headers = {"If-Match": f'"v{incident["version"]}"', "Idempotency-Key": key}
        body = {"action": "start", "lon": 120.005, "lat": 30.005, **clock(timedelta(), timedelta(hours=2))}
        first = await send(worker, path, body, **headers)
        await leader.done(first.json(), "resolve")
        s.clock.forward(minutes=5)
        later = body | {"sent_at": (NOW + timedelta(minutes=5)).isoformat()}
        again = await send(worker, path, later, **headers)
        assert (first.status_code, again.status_code) == (200, 200), again.text
        assert first.json() == again.json(), "as the first was answered, though the case has gone on"
        assert again.headers["etag"] == f'"v{first.json()["version"]}"'
        lines = [one for one in await leader.log(incident) if one["action"] == "start"]
        assert len(lines) == 1
        detail = lines[0]["detail"]
        assert (detail["lon"], detail["lat"], detail["written_at"]) == (120.005, 30.005, body["written_at"])
        assert datetime.fromisoformat(lines[0]["at"]) - datetime.fromisoformat(
            detail["happened_at"]
        ) == timedelta(hours=2)
        other = await send(worker, path, {"action": "claim"}, **headers)
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_a_photo_that_was_sent_ahead_goes_with_the_step_and_stays(street, sender, seen) -> None:
    """Its sender is known by the same name at both doors, and the sweep of what nothing names leaves it."""
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), "accept", "dispatch")
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        incident = await worker.done(incident, "start")
        name = hashlib.sha256(JPEG).hexdigest()
        put = await worker.http.put(f"/api/v1/photos/{name}", content=JPEG)
        assert put.status_code == 201, put.text
        mine = await worker.http.get(f"/api/v1/media/{name}", params={"reason": "my own"})
        assert mine.status_code == 200
        path = f"/incidents/{incident['id']}/transitions"
        done = await send(
            worker,
            path,
            {"action": "resolve", "photos": [name]},
            **{"If-Match": f'"v{incident["version"]}"'},
        )
        assert done.status_code == 200, done.text


async def test_whoever_needs_support_has_the_grids_leader_called(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        incident = await worker.the_incident()
        said = {"kind": "support", "words": "two more people and a lorry"}
        for _ in range(2):
            answer = await send(
                worker, f"/incidents/{incident['id']}/notes", said, **{"Idempotency-Key": "need-help-1"}
            )
            assert answer.status_code == 201, answer.text
        async with s.app.state.context.engine.connect() as connection:
            rows = (await connection.execute(select(notice).where(notice.c.kind == "support"))).all()
        assert [row.targets for row in rows] == [["duty:grid_leader", "duty:shift_leader"]]
        assert "two more people and a lorry" in rows[0].words["en"]


async def test_what_may_be_the_same_is_offered_before_a_case_is_opened(street) -> None:
    async with street() as s:
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        place = {"event_class": "05-06", "lon": 120.005, "lat": 30.005}
        assert await worker.get("/nearby", **place) == []
        opened = await send(worker, "/incidents", {**place, "words": "bikes"})
        (found,) = await worker.get("/nearby", **place)
        assert (found["incident_id"], found["metres"]) == (opened.json()["incident_id"], 0.0)
        other = await hire(s, "other", Role.GRID_WORKER, areas=("G02",))
        assert await other.get("/nearby", **place) == []


async def test_a_note_for_a_grid_is_written_once_under_the_time_at_which_it_was_written(street) -> None:
    async with street() as s:
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        note = {"words": "all quiet", **clock(timedelta(hours=3), timedelta(hours=1))}
        answers = [
            await send(worker, "/grid-log/G01", note, **{"Idempotency-Key": "grid-note-1"}) for _ in range(2)
        ]
        assert [one.status_code for one in answers] == [201, 201], answers[0].text
        assert answers[0].json() == answers[1].json()
        at = datetime.fromisoformat(answers[0].json()["at"])
        found = await worker.get("/grid-log/G01", day=at.date().isoformat())
        assert [one["words"] for one in found["items"] if one["action"] == "grid_note"] == ["all quiet"]
