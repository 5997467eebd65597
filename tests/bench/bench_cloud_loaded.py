"""How a cloud answers with a million incidents and five million alarms in it. JSON lines; asserts nothing.

    python -m tests.bench.bench_cloud_loaded [--incidents 1000000] [--database URL] [--repeat 40]

`--database`: one that `tests.bench.street_load` filled before; else one of its own is filled, and deleted.
Each kind of list is asked as the leader (whole street) and as a community (behind row-level security), the
first time after the system let go of the database's files ("first"), then again and again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from cloud.people.roles import Role
from tests.bench.cloud_server import Cloud, Node, cloud, load, quantile
from tests.bench.street_load import load as fill

LISTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("list open", "/incidents", {"limit": 50}),
    ("list all", "/incidents", {"state": "all", "limit": 50}),
    ("list closed", "/incidents", {"state": "closed", "limit": 50}),
    *(
        (f"filter {state}", "/incidents", {"state": state, "limit": 50})
        for state in ("detected", "in_progress", "suspended", "rejected", "void", "false_alarm", "evaluated")
    ),
    ("map, 100 open", "/incidents", {"limit": 100}),
    ("alarms newest", "/alarms", {}),
    ("alarms active", "/alarms", {"active": True}),
    ("alarms gone", "/alarms", {"active": False}),
    ("alarms aside", "/alarms", {"aside": True}),
    ("points", "/points", {}),
)
DEEP = 20
"""Pages into the list of open ones, and of all."""


async def main(incidents: int, database: str | None, repeat: int) -> None:
    """Measure, print."""
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(cloud(database))
        if database is None:
            say(what="steps a second, empty database", **await steps(served))
            address = served.url.set(drivername="postgresql").render_as_string(hide_password=False)
            began = time.monotonic()
            await fill(address, incidents, lambda told: say(fill=told))
            say(filled_s=round(time.monotonic() - began), incidents=incidents, load=load())
        async for who, headers in people(served):
            for name, path, query in LISTS:
                say(who=who, what=name, **await measure(served, path, query, headers, repeat))
            for state in ("open", "all"):
                query = await deep(served, state, headers)
                found = await measure(served, "/incidents", query, headers, repeat)
                say(who=who, what=f"{state}, page {DEEP}", **found)
            await one(served, who, headers, repeat)
        say(what="steps a second, loaded database", **await steps(served))


async def people(served: Cloud) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Who asks."""
    engine = create_async_engine(served.url)
    async with engine.connect() as connection:
        community = await connection.scalar(text("SELECT min(id) FROM area WHERE level = 'community'"))
        grid = await connection.scalar(text("SELECT min(grid) FROM point"))
        crowded = await connection.scalar(text("SELECT community FROM incident LIMIT 1"))
    await engine.dispose()
    yield "street", await served.person(Role.LEADER, [])
    yield "community", await served.person(Role.COMMUNITY, [crowded or community])
    yield "grid worker", await served.person(Role.GRID_WORKER, [grid])
    yield "department", await served.person(Role.DEPARTMENT, [], "D7")


async def measure(
    served: Cloud, path: str, query: dict[str, Any], headers: dict[str, str], repeat: int
) -> dict[str, Any]:
    """One question, many times; the first after the system let go of what it had read of the database."""
    forget(served)
    times, size, before = [], 0, served.cpu()
    for _ in range(repeat + 1):
        began = time.perf_counter()
        answer = await served.http.get(f"/api/v1{path}", params=query, headers=headers)
        times.append(time.perf_counter() - began)
        if answer.status_code != 200:
            return {"not measured": f"{answer.status_code} {answer.text[:200]}"}
        size = len(answer.content)
        if sum(times) > 20:
            break
    after = served.cpu()
    first, *later = times
    later = later or [first]
    return {
        "first_ms": round(first * 1000, 1), "p50_ms": quantile([*later, *later], 0.5),
        "p95_ms": quantile([*later, *later], 0.95), "kB": round(size / 1024), "asked": len(times),
        "api_cpu_ms": round((after[0] - before[0]) / len(times) * 1000, 1),
        "postgres_cpu_ms": round((after[1] - before[1]) / len(times) * 1000, 1), "load": load(),
    }  # fmt: skip


def forget(served: Cloud) -> None:
    """Have the system read the database's files from the disk again; what is not written yet stays."""
    for file in (served.data / "base").rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


async def deep(served: Cloud, state: str, headers: dict[str, str]) -> dict[str, Any]:
    """The query of a page far into a list."""
    query: dict[str, Any] = {"state": state, "limit": 50}
    for _ in range(DEEP - 1):
        answer = await served.http.get("/api/v1/incidents", params=query, headers=headers)
        following = answer.json().get("next")
        if not following:
            break
        query["cursor"] = following
    return query


async def one(served: Cloud, who: str, headers: dict[str, str], repeat: int) -> None:
    """One incident with its log."""
    answer = await served.http.get("/api/v1/incidents", params={"limit": 1}, headers=headers)
    for case in answer.json()["items"]:
        for what in ("", "/events", "/transitions", "/candidates"):
            path = f"/incidents/{case['id']}{what}"
            say(who=who, what=f"one{what}", **await measure(served, path, {}, headers, repeat))


async def steps(served: Cloud, cases: int = 60, connections: int = 4) -> dict[str, Any]:
    """New cases from the alarm to resolved: how many requests a second, all of them writes."""
    leader = await served.person(Role.LEADER, [])
    node, done, before, began = Node("n1", "P01"), 0, served.cpu(), time.perf_counter()
    places = iter([f"life-{time.time_ns()}-{n}" for n in range(cases)])
    lock = asyncio.Lock()

    async def work() -> None:
        nonlocal done
        for place in places:
            async with lock:
                await served.post([node.event(place)])
            case = await newest(served, place)
            for action in ("accept", "dispatch", "start", "resolve"):
                found = await act(served.http, case, action, leader)
                case = (case[0], found["version"])
                done += 1

    await asyncio.gather(*(work() for _ in range(connections)))
    took, after = time.perf_counter() - began, served.cpu()
    return {
        "steps_s": round(done / took, 1),
        "steps": done,
        "api_cpu_ms": round((after[0] - before[0]) / done * 1000, 1),
        "postgres_cpu_ms": round((after[1] - before[1]) / done * 1000, 1),
        "load": load(),
    }


async def newest(served: Cloud, place: str) -> tuple[str, int]:
    """Id and version of the case at a place."""
    engine = create_async_engine(served.url)
    async with engine.connect() as connection:
        found = text("SELECT id, version FROM incident WHERE place = :place AND event_class = '05-06'")
        row = (await connection.execute(found, {"place": place})).one()
    await engine.dispose()
    return str(row.id), row.version


async def act(
    http: httpx.AsyncClient, case: tuple[str, int], action: str, who: dict[str, str]
) -> dict[str, Any]:
    """One step; again by the version that it has meanwhile, when a clock or a playbook came first.

    Raises:
        RuntimeError: it was refused.
    """
    path, version = f"/api/v1/incidents/{case[0]}/transitions", case[1]
    while True:
        seen = {**who, "If-Match": f'"v{version}"'}
        answer = await http.post(path, json={"action": action}, headers=seen)
        found: dict[str, Any] = answer.json()
        if answer.status_code == 200:
            return found
        if answer.status_code != 412:
            raise RuntimeError(f"{action} was answered {answer.status_code}: {answer.text[:300]}")
        version = found["version"]


def say(**figures: object) -> None:
    """One line."""
    print(json.dumps(figures, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--incidents", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--database", metavar="URL", help="filled already")
    parser.add_argument("--repeat", type=int, default=40, help="each question (%(default)s)")
    options = parser.parse_args()
    asyncio.run(main(options.incidents, options.database, options.repeat))
