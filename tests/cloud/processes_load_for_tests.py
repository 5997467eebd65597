"""A load spread over several cloud processes, and the nemesis that kills them; all of it written down."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.database.schema import deadline, deadline_event, person, session
from cloud.deadlines import store as deadlines
from cloud.deadlines.store import Deadline
from cloud.incidents.opening import Report, open_report
from cloud.incidents.store import Actor
from cloud.people.identity import COOKIE
from cloud.people.passwords import csrf_of, hash_token, random_token
from cloud.people.roles import Role
from devices.ids import uuid7
from devices.messages import SENT_AT, Event
from tests.cloud.processes_for_tests import Clouds, Process
from tests.cloud.processes_history_for_tests import Claims, Heard, History, Listener
from tests.cloud.sender_for_tests import Seen, Sender

USUAL, HURRIED = "05-06", "01-01"
WORKERS = 20
PATIENCE = 60.0
"""Seconds after which what should have come has not."""
LOST = (httpx.TransportError,)
BUSY = 503
"""An honest answer of a machine that cannot: ask again."""
Headers = dict[str, str]


@dataclass
class Load:
    """Who works; `stop` ends it. Everybody turns to another process each time."""

    clouds: Clouds
    engine: AsyncEngine
    tokens: dict[str, str]
    history: History
    dice: random.Random
    http: httpx.AsyncClient
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    answered: int = 0
    _turn: itertools.count[int] = field(default_factory=itertools.count)

    def process(self) -> Process:
        """The next one's turn."""
        return self.clouds.all[next(self._turn) % len(self.clouds.all)]

    async def rest(self, seconds: float) -> None:
        """A while, or until it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self.stop.wait()
        except TimeoutError:
            pass

    async def person(self, username: str, role: Role) -> Headers:
        """Somebody with a session, responsible for the whole street."""
        token, now = random_token(), datetime.now(UTC)
        row = {
            "id": uuid7(), "username": username, "name": {"zh": username, "en": username}, "roles": [role],
            "created_at": now, "areas": ["S"], "version": 1,
        }  # fmt: skip
        begun = {
            "token_hash": hash_token(token), "person_id": row["id"], "created_at": now,
            "expires_at": now + timedelta(hours=2),
        }  # fmt: skip
        async with self.engine.begin() as connection:
            await connection.execute(insert(person), row)
            await connection.execute(insert(session), begun)
        return {"Cookie": f"{COOKIE}={token}", "X-CSRF-Token": csrf_of(token)}

    # nodes

    async def send(self, node: str, events: list[Event]) -> None:
        """A batch, again and again until it is answered, each time to another process."""
        body = "[" + ",".join(event.model_dump_json() for event in events) + "]"
        while True:
            headers = {"Authorization": f"Bearer {self.tokens[node]}", SENT_AT: datetime.now(UTC).isoformat()}
            url = f"{self.process().url}/api/v1/ingest"
            try:
                answer = await self.http.post(url, content=body, headers=headers)
            except LOST:
                self.history.sent_again += 1
                continue
            if answer.status_code == BUSY:
                self.history.busy += 1
                await asyncio.sleep(0.2)
                continue
            if answer.status_code != 200 or answer.json()["refused"]:
                self.history.wrong.append(f"a batch was answered {answer.status_code} {answer.text[:300]}")
                return
            break
        self.answered += 1
        for event in events:
            self.history.acknowledged[UUID(str(event.id))] = (event.epoch, event.seq)
            body_of = event.data
            identifier = UUID(body_of["condition_id"])
            self.history.conditions[identifier] = max(
                body_of["rev"], self.history.conditions.get(identifier, 0)
            )

    async def node(self, name: str, number: int) -> None:
        """Conditions that open, change and sometimes clear, in batches of up to four."""
        sender, standing = Sender(name), list[Seen]()
        for count in itertools.count():
            if self.stop.is_set():
                return
            hurried = self.dice.random() < 0.4
            fresh = Seen(sender, f"p{number}-{count}", HURRIED if hurried else USUAL)
            standing.append(fresh)
            events = [now(fresh, "opened")]
            for one in self.dice.sample(standing, min(len(standing), 3)):
                if one is not fresh:
                    gone = self.dice.random() < 0.2
                    events.append(now(one, "cleared" if gone else "updated"))
                    if gone:
                        standing.remove(one)
            await self.send(name, events)
            await self.rest(0.1)

    async def equal_alarms(self, count: int = 50) -> None:
        """As many alarms of one place and class at once, each of a store of its own."""
        place = f"fifty-{len(self.history.at_once)}"
        seen = [Seen(Sender("n1"), place, USUAL) for _ in range(count)]
        self.history.at_once[place] = [one.id for one in seen]
        await asyncio.gather(*(self.send("n1", [now(one, "opened")]) for one in seen))

    # people

    async def ask(self, method: str, path: str, who: Headers, **more: Any) -> httpx.Response | None:
        """One request to the next process; None: it died with it."""
        headers = who | more.pop("headers", {})
        url = f"{self.process().url}/api/v1{path}"
        try:
            answer = await self.http.request(method, url, headers=headers, **more)
        except LOST:
            return None
        if answer.status_code == BUSY:
            self.history.busy += 1
            return None
        if answer.status_code >= 500:
            self.history.wrong.append(
                f"{method} {path} was answered {answer.status_code} {answer.text[:300]}"
            )
        return answer

    async def act(self, incident: Any, action: str, who: Headers) -> httpx.Response | None:
        """One step by what is known of the incident."""
        path = f"/incidents/{incident['id']}/transitions"
        seen = {"If-Match": f'"v{incident["version"]}"'}
        return await self.ask("POST", path, who, headers=seen, json={"action": action})

    async def leader(self, who: Headers) -> None:
        """Accepts some of what is there."""
        while not self.stop.is_set():
            page = await self.ask("GET", "/incidents", who, params={"state": "detected", "limit": 40})
            if page is not None and page.status_code == 200 and (items := page.json()["items"]):
                await self.act(self.dice.choice(items), "accept", who)
            await self.rest(0.15)

    async def race(self, leader: Headers, workers: dict[str, Headers]) -> None:
        """A case is dispatched to nobody, and everybody claims it at once."""
        case = await self.dispatched(leader)
        claims = Claims(UUID(case["id"]))
        self.history.claims.append(claims)

        async def claim(name: str) -> None:
            answer = await self.act(case, "claim", workers[name])
            claims.answers[name] = None if answer is None else answer.status_code

        await asyncio.gather(*(claim(name) for name in workers))
        if not any(status == 200 for status in claims.answers.values()):
            await self._win(case, workers)  # whoever was to win may have met a dying process

    async def _win(self, case: Any, workers: dict[str, Headers]) -> None:
        name, who = next(iter(workers.items()))
        while True:
            answer = await self.act(case, "claim", who)
            if answer is not None:
                break
        if answer.status_code == 200:
            self.history.claims[-1].answers[name] = 200

    async def dispatched(self, leader: Headers) -> Any:
        """A case of its own, brought so far by whoever still lives."""
        seen = Seen(Sender("n2"), f"race-{uuid7()}", USUAL)
        await self.send("n2", [now(seen, "opened")])
        async with self.engine.connect() as connection:
            found = await connection.scalar(
                text("SELECT incident_id FROM alarm WHERE id = :id"), {"id": seen.id}
            )
        while True:
            answer = await self.ask("GET", f"/incidents/{found}", leader)
            if answer is None:
                continue
            case = answer.json()
            step = {"detected": "accept", "accepted": "dispatch"}.get(case["state"])
            if step is None:
                return case
            await self.act(case, step, leader)

    # streams

    async def listen(self, listener: Listener, who: Headers) -> None:
        """The stream, at another process each time, from where it ended. Runs until it is cancelled."""
        last = ""
        while True:
            number = (listener.visits[-1] if listener.visits else -1) + self.dice.choice((1, 2))
            listener.visits.append(number % len(self.clouds.all))
            url = f"{self.clouds.all[listener.visits[-1]].url}/api/v1/stream"
            headers = who | ({"Last-Event-ID": last} if last else {})
            leave_after = self.dice.randint(20, 120)
            try:
                async with self.http.stream("GET", url, headers=headers) as stream:
                    if stream.status_code not in (200, BUSY):
                        self.history.wrong.append(f"a stream was answered {stream.status_code}")
                    kind = ""
                    async for line in stream.aiter_lines():
                        name, _, value = line.partition(": ")
                        if name == "event":
                            kind = value
                        elif name == "id":
                            last = value
                        elif name == "data":
                            last = take(listener, kind, json.loads(value), last) or last
                            leave_after -= 1
                        elif not line and leave_after <= 0:
                            break
            except LOST:
                await asyncio.sleep(0.05)

    # others on the same database

    async def slow_writer(self) -> None:
        """A report is written, and its transaction ends only after many later ones have."""
        async with self.engine.begin() as connection:
            told = Report("worker", USUAL, 2, grid="G01")
            await open_report(connection, told, Actor("user", "slow"), datetime.now(UTC))
            before = self.answered
            await self._wait(lambda: self._answered(before + 5), "5 batches beside a slow transaction")
            await asyncio.sleep(0.7)

    async def _answered(self, count: int) -> bool:
        return self.answered >= count or self.stop.is_set()

    async def slow_firing(self) -> None:
        """A deadline that is due is held by one who is slow: the others must fire what else is due."""
        held, other = f"held/{uuid7()}", f"other/{uuid7()}"
        soon = datetime.now(UTC) + timedelta(seconds=1)
        async with self.engine.begin() as connection:
            await deadlines.put(connection, [Deadline(held, "x", soon)])
            await deadlines.put(connection, [Deadline(other, "x", soon + timedelta(seconds=0.1))])
        async with self.engine.begin() as connection:
            row = select(deadline.c.key).where(deadline.c.key == held).with_for_update()
            await connection.execute(row)
            await self._wait(lambda: self._has_fired(other), "others' deadlines beside a held one")
        await self._wait(lambda: self._has_fired(held), "a deadline that was held")

    async def _has_fired(self, key: str) -> bool:
        async with self.engine.connect() as connection:
            found = select(deadline_event.c.key).where(deadline_event.c.key == key)
            return await connection.scalar(found) is not None

    async def _wait(self, true: Callable[[], Awaitable[bool]], what: str, most: float = 15.0) -> None:
        try:
            async with asyncio.timeout(most):
                while not await true():  # noqa: ASYNC110 - other processes do it
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.history.wrong.append(f"{what}: not within {most:g} s")

    # the nemesis

    async def break_things(self, kills: int) -> None:
        """Kill one after the other, now and then stop another for a moment; each killed one comes back."""
        for number in range(kills):
            await asyncio.sleep(self.dice.uniform(0.2, 0.8))
            victim, other = self.dice.sample(self.clouds.all, 2)
            pausing = asyncio.create_task(self.clouds.pause(other, 0.5)) if number % 2 == 0 else None
            await self.clouds.kill(victim)
            self.history.kills += 1
            await self.clouds.start(victim)
            if pausing is not None:
                await pausing


def now(seen: Seen, change: str) -> Event:
    """The next revision, as it is seen at this moment."""
    at = datetime.now(UTC)
    seen.rev += 1
    return seen.sender.wrap(seen.condition(change, seen.rev, since=at, changed_at=at), at)


def take(listener: Listener, kind: str, body: Any, cursor: str) -> str | None:
    """Write down one event; the cursor that it gives, if it gives one itself."""
    if kind == "hello":
        return str(body["at"])
    if kind == "reset":
        listener.resets += 1
    if kind in ("incident", "alarm", "notice"):
        number = {"incident": "version", "alarm": "rev", "notice": "rung"}[kind]
        xid, _, row = cursor.partition("-")
        state = str(body.get("state", ""))
        heard = Heard((int(xid), int(row)), kind, body["id"], body[number], state)
        listener.heard.append(heard)
    return None


def caught_up(listeners: Iterable[Listener], versions: dict[str, int]) -> bool:
    """Whether all have heard of these versions."""
    return all(versions.items() <= one.newest("incident").items() for one in listeners)
