"""Remote care with a real cloud and a real node: site versions, the node's token, and a store that breaks."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from devices.losses import MAX_SEQ
from devices.site.edit import dump_site
from devices.site.model import Site
from devices.stream.fake import write_clip
from edge.send.credential import load
from simulators.cameras.rtsp import Looping, Segment, rtsp_in_thread
from tests.devices.onvif_peers import RIGHT
from tests.e2e.processes import until
from tests.e2e.town import PATIENCE, Town, town_of
from tests.edge.points_for_tests import camera, sensor, threshold, zone
from tests.edge.views_for_tests import parked


@pytest.fixture(scope="module")
def rtsp(tmp_path_factory):
    """Two cameras that run for ever."""
    clip = write_clip(tmp_path_factory.mktemp("clips") / "c.mp4", count=30, gop=5, rate=20, size=(96, 72))
    with rtsp_in_thread({f"C{n}": Looping(Segment.load(clip)) for n in range(2)}, RIGHT) as server:
        yield server


def slow(name: str):
    """A zone in which nothing is reported while the tests run."""
    return zone(name, rules=(parked(dwell=36000.0),))


def at(server: Any, name: str, *zones: str):
    watched = tuple(slow(f"{name}-{one}") for one in ("Z1", *zones))
    return camera(name, credentials="CAM", stream_uri=server.uri(name[-2:]), zones=watched)


@pytest.fixture(scope="module")
def town(rtsp) -> Iterator[Town]:
    with town_of((at(rtsp, "P01-C0"),), (sensor(),)) as found:
        found.node.says("P01-C0 up", PATIENCE)
        found.node.says("broker up", PATIENCE)
        yield found


def put(town: Town, site: Site):
    there = town.admin.get("/site").headers["etag"]
    return town.admin.put("/site", content=dump_site(site), headers={"If-Match": there})


def facts(town: Town) -> dict[str, Any]:
    """What the node said last of itself, as the wall shows it."""
    found: dict[str, Any] = town.get("/nodes/n1/devices")[0]["facts"]
    return found


def test_a_new_site_reaches_the_node_which_reloads_only_what_changed_and_says_so(town: Town, rtsp) -> None:
    low = threshold(id="low", above=20.0, clear=5.0)
    more = at(rtsp, "P01-C0", "Z2")
    cameras = (more, at(rtsp, "P01-C1"))
    second = town.site(2, cameras, (sensor("P01-S1", threshold(), low),))
    assert put(town, second).status_code == 200
    town.node.says("site version 2 is in force", PATIENCE)
    town.node.says("P01-C1 up", PATIENCE)
    (line,) = [one for one in town.node.text.splitlines() if "site version 2 is in force" in one]
    assert line.endswith(
        "{'cameras_added': ['P01-C1'], 'rules_added': ['P01-C0|P01-C0-Z2|bikes', 'P01-C1|P01-C1-Z1|bikes', "
        "'P01-C1|health', 'P01-S1|low']}"
    )
    until(lambda: facts(town)["site_version"] == 2, PATIENCE, "the node says that it runs version 2")
    assert town.node.text.count("P01-C0 up") == 1, "the camera that stayed was never connected anew"
    assert town.node.text.count("broker up") == 1
    town.publish(30.0)
    (incident,) = until(lambda: town.get("/incidents")["items"], PATIENCE, "the new rule's case")
    assert incident["alarms"][0]["rule"] == "low"

    bad = dump_site(second).replace("version: 2", "version: 3", 1).replace("above: 20.0", "above: low", 1)
    there = {"If-Match": town.admin.get("/site").headers["etag"]}
    refused = town.admin.put("/site", content=bad, headers=there)
    assert refused.status_code == 422
    assert "above" in refused.text
    assert "version 3" not in town.node.text

    locked = town.site(3, (more.model_copy(update={"credentials": "NOWHERE"}),), ())
    assert put(town, locked).status_code == 200

    def failed() -> list[dict[str, Any]]:
        items = town.get("/nodes/n1/commands")["items"]
        return [one for one in items if one["kind"] == "site" and one["state"] == "failed"]

    (told,) = until(failed, PATIENCE, "the node says that it cannot run version 3")
    assert "NOWHERE" in told["answer"]["reason"]
    assert facts(town)["site_version"] == 2
    assert put(town, second.model_copy(update={"version": 4})).status_code == 200
    until(lambda: facts(town)["site_version"] == 4, PATIENCE, "the node runs version 4")

    town.file.write_text(dump_site(second.model_copy(update={"version": 9})), encoding="utf-8")
    town.node.process.send_signal(signal.SIGHUP)
    wanted = "the local site file (version 9) is not in force"
    until(lambda: wanted in facts(town)["site_problem"], PATIENCE, "a local edit is shown as a conflict")
    assert facts(town)["site_version"] == 4
    assert town.node.text.count("P01-C0 up") == 1
    assert "Traceback" not in town.node.text + town.cloud.text


def test_a_token_is_changed_on_command_and_the_node_goes_on_with_the_new_one(town: Town) -> None:
    before = load(town.state)
    assert before is not None
    asked = town.admin.post(
        "/nodes/n1/commands", json={"kind": "rotate", "body": {}}, headers={"Idempotency-Key": "once"}
    )
    assert asked.status_code == 201, asked.text
    path = f"/nodes/n1/commands/{asked.json()['id']}"
    until(lambda: town.get(path)["state"] == "answered", PATIENCE, "the token was changed")
    after = load(town.state)
    assert after is not None
    assert (after.token != before.token, after.next, after.order) == (True, "", asked.json()["id"])
    made = town.admin.get("/nodes/n1/credentials").json()["credentials"]
    assert [(one["origin"], one["ends_at"] is None) for one in made] == [
        ("rotated", True),
        ("enrolled", False),
    ]
    town.publish(1.0)
    until(
        lambda: [one["state"] for one in town.get("/incidents")["items"]] == ["checking"],
        PATIENCE,
        "what came later was sent with the new token",
    )
    photo = {"kind": "log_level", "body": {"logger": "edge", "level": "INFO", "seconds": 1}}
    more = town.leader.post("/nodes/n1/commands", json=photo, headers={"Idempotency-Key": "later"}).json()
    until(
        lambda: town.get(f"/nodes/n1/commands/{more['id']}")["state"] == "answered",
        PATIENCE,
        "the link holds",
    )
    assert "revoked" not in town.node.text


def test_a_store_that_was_damaged_is_accounted_for_to_the_last_number_the_cloud_knew(town: Town) -> None:
    def lines() -> dict[tuple[str, str], dict[str, Any]]:
        return {(one["series"], one["epoch"]): one for one in town.get("/nodes/n1/ledger")["lines"]}

    def settled() -> bool:
        alarm = [one for (series, _), one in lines().items() if series == "alarm"]
        return bool(alarm) and alarm[-1]["accepted"] >= 2 and alarm[-1]["waiting"] == 0

    for value in (70.0, 1.0):
        town.publish(value)
    until(settled, PATIENCE, "the alarms of before are in the ledger")
    town.cloud.process.send_signal(signal.SIGSTOP)
    for value in (70.0, 1.0):  # numbered, and never sent
        town.publish(value)
    town.node.end(signal.SIGKILL)
    for name in ("node.db-wal", "node.db-shm"):
        (town.state / name).unlink(missing_ok=True)
    database = town.state / "node.db"
    database.write_bytes(b"\xa5" * database.stat().st_size)
    town.cloud.process.send_signal(signal.SIGCONT)
    before = lines()
    town.start_node()

    def closed() -> bool:
        found = lines()
        causes = {(one["series"], one["cause"]) for one in town.get("/nodes/n1/ledger")["gaps"]}
        named = {(series, "store_damaged") for series in ("alarm", "evidence", "health")}
        news = [one for key, one in found.items() if key not in before and one["series"] == "health"]
        return named <= causes and bool(news) and news[0]["accepted"] >= 1

    until(closed, PATIENCE, "the new store tells of the old one")
    after = lines()
    for key, one in after.items():
        parts = one["accepted"] + one["refused"] + one["evicted"] + one["waiting"] + one["missing"]
        assert (one["numbered"], one["missing"]) == (parts, 0), one
        if key in before and one["series"] != "telemetry":
            was = before[key]
            assert one["accepted"] >= was["accepted"], "what was sent before is accepted"
            assert one["evicted"] == one["numbered"] - one["accepted"], "the rest is named as lost"
            assert not one["current"]
    gaps = [one for one in town.get("/nodes/n1/ledger")["gaps"] if one["cause"] == "store_damaged"]
    assert {tuple(one["ranges"][0]) for one in gaps} == {(1, MAX_SEQ)}
    town.publish(80.0)

    def sent() -> bool:
        mine = [one for one in lines().values() if one["series"] == "alarm" and one["current"]]
        return bool(mine) and mine[0]["accepted"] >= 2

    until(sent, PATIENCE, "the node goes on: the gap, and what the sensor says")
