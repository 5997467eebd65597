"""The real command in a real process, over real sockets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.database.embedded import EmbeddedServer
from tests.cloud.process_for_tests import ROOT, Cloud, send


@pytest.fixture
def cloud(roomy: Path, site: Any) -> Iterator[Cloud]:
    found = Cloud(roomy, site)
    yield found
    if found.process is not None:
        found.end(signal.SIGTERM)


def test_nothing_acknowledged_is_lost_when_the_api_is_killed_and_nothing_doubles(cloud, sender, seen) -> None:
    """kill -9 in the middle of a stream of batches; the node sends again what was not answered."""
    cloud.start()
    database = cloud.postmaster
    batches = [[seen(sender, place=f"p{n}-{k}").now("opened") for k in range(20)] for n in range(40)]
    acknowledged: list[int] = []
    progress = threading.Event()

    def node() -> None:
        for number, batch in enumerate(batches):
            try:
                send(cloud, batch)
            except (httpx.TransportError, AssertionError):
                return
            acknowledged.append(number)
            if number == 5:
                progress.set()

    thread = threading.Thread(target=node)
    thread.start()
    assert progress.wait(120)
    assert cloud.process is not None
    os.kill(cloud.process.pid, signal.SIGKILL)
    thread.join()
    cloud.process.communicate()
    assert 5 < len(acknowledged) < len(batches)
    assert cloud.postmaster == database, "the database outlives the API"

    cloud.start()
    assert cloud.postmaster == database, "and is found again"
    for number in acknowledged:
        again = send(cloud, batches[number])
        assert again["duplicates"] == 20, "what was acknowledged was there"
    for batch in batches[len(acknowledged) :]:
        assert send(cloud, batch)["refused"] == []
    with cloud.log_in() as leader:
        (node_state, _) = leader.get("/nodes").json()
        assert node_state["ledger"]["alarm"]["accepted"] == 800
        assert node_state["ledger"]["alarm"]["missing"] == 0
        places, cursor = [], None
        while True:
            page = leader.get(
                "/incidents", params={"limit": 200} | ({"cursor": cursor} if cursor else {})
            ).json()
            places += [one["place"] for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert len(places) == len(set(places)) == 800


def test_it_stops_at_once_with_walls_connected_and_stops_its_database(cloud, sender, seen) -> None:
    cloud.start()
    wall = cloud.log_in()
    with wall, wall.stream("GET", "/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        send(cloud, [seen(sender).now("opened")])
        assert any(line == "event: incident" for line in lines)
        code, took = cloud.end(signal.SIGTERM)
    assert code == 0, cloud.output
    assert took < 20
    assert not (cloud.directory / "state" / "pg" / "postmaster.pid").exists()
    assert "Traceback" not in cloud.output
    for secret in (cloud.token(), (cloud.directory / "state" / "users.txt").read_text().split()[8]):
        assert secret not in cloud.output


def test_a_taken_port_is_one_clear_line_and_starts_no_database(cloud) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", cloud.port))
        taken.listen()
        done = run(cloud, "--site", str(cloud.site), "--port", str(cloud.port))
    assert done.returncode == 1
    assert f"--port {cloud.port}: Address already in use; choose another" in done.stderr
    assert not (cloud.directory / "state" / "pg").exists()


def test_wrong_settings_are_one_clear_line(cloud) -> None:
    done = run(cloud, "--site", str(cloud.directory / "nothing.yaml"))
    assert done.returncode == 1
    assert "nothing.yaml" in done.stderr
    assert "Traceback" not in done.stderr
    gone = {"GRIDWATCH_DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/d"}
    done = run(cloud, "--site", str(cloud.site), environment=gone)
    assert done.returncode == 1
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr


def test_helpers_make_tokens_and_users_for_a_running_cloud(cloud, sender, seen) -> None:
    cloud.start()
    made = run(cloud, "token", "n1")
    assert made.returncode == 0, made.stderr
    (cloud.directory / "tokens").write_text(f"n1 {made.stdout.strip()}\n")
    assert send(cloud, [seen(sender).now("opened")])["refused"] == []
    unknown = run(cloud, "token", "n9")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "it has n1, n2" in unknown.stderr
    user = run(cloud, "user", "add", "wang", "--role", "operator")
    assert user.returncode == 0, user.stderr
    answer = httpx.post(
        f"{cloud.url}/api/v1/session", json={"username": "wang", "password": user.stdout.strip()}
    )
    assert answer.json()["user"]["roles"] == ["operator"]


def test_the_cloud_runs_on_any_server_by_its_address(cloud, empty_url, monkeypatch, sender, seen) -> None:
    sockets = empty_url.query["host"]
    address = f"postgresql://{empty_url.username}@/{empty_url.database}?host={sockets}"
    monkeypatch.setenv("GRIDWATCH_DATABASE_URL", address)
    cloud.start()
    assert send(cloud, [seen(sender).now("opened")])["refused"] == []
    code, _ = cloud.end(signal.SIGINT)
    assert code == 0, cloud.output
    assert not (cloud.directory / "state" / "pg").exists()


def test_a_database_that_is_killed_is_started_again_by_the_cloud(cloud, sender, seen) -> None:
    cloud.start()
    send(cloud, [seen(sender).now("opened")])
    database = cloud.postmaster
    os.kill(database, signal.SIGKILL)
    wait_for(lambda: httpx.get(f"{cloud.url}/readyz").status_code == 503)
    answer = httpx.post(f"{cloud.url}/api/v1/ingest", content=b"[]", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    server = EmbeddedServer(cloud.directory / "state" / "pg")
    server.start()
    wait_for(lambda: httpx.get(f"{cloud.url}/readyz").status_code == 200)
    assert send(cloud, [seen(sender).now("opened")])["refused"] == []
    server.stop()


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def run(
    cloud: Cloud, *words: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        cloud.command(*words, "--state", str(cloud.directory / "state")),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | (environment or {}),
    )
