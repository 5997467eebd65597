"""Live pictures end to end: real node, simulated cameras, real cloud, and Chromium that plays them."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from devices.site.load import load_site
from devices.video import Part, unpack_still
from tests.e2e.fake_street import Scene
from tests.e2e.processes import until
from tests.e2e.stage_alarms import Nodes
from tests.e2e.video_street import (
    ALONE,
    GONE,
    H264,
    H265,
    OTHER,
    PATIENCE,
    SECOND,
    VideoStreet,
    cpu_seconds,
)  # fmt: skip

PLAYED = "() => document.querySelector('.live video').getVideoPlaybackQuality().totalVideoFrames"
CLICKS = 5


@pytest.fixture(scope="module")
def street() -> Iterator[VideoStreet]:
    street = VideoStreet()
    yield street
    street.stop()


@pytest.fixture
def page(chromium: Browser, street: VideoStreet) -> Iterator[Page]:
    """The wall's page of video, as an operator sees it; it asks nobody else."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, timezone_id="Asia/Shanghai")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{street.origin}/#/video")
    page.fill("[name=username]", "operator")
    page.fill("[name=password]", street.passwords["operator"])
    page.click("[type=submit]")
    yield page
    context.close()
    assert errors == []
    assert [url for url in asked if not url.startswith((street.origin, "blob:", "data:"))] == []


def advance(page: Page, frames: int) -> None:
    """Wait until so many pictures were shown."""
    until(lambda: page.evaluate(PLAYED) >= frames, PATIENCE, f"{frames} pictures are shown")


def first_parts(connection: ClientConnection, count: int) -> list[bytes]:
    parts: list[bytes] = []
    while len(parts) < count:
        frame = connection.recv(PATIENCE)
        if isinstance(frame, bytes):
            parts.append(frame)
    return parts


def feeding(street: VideoStreet, camera: str) -> int:
    """How often the node opened a connection for that camera, as the cloud's log tells."""
    return street.cloud.text.count(f'"WebSocket /api/v1/video/live/{camera}" [accepted]')


def test_a_click_plays_live_within_two_seconds_and_frames_advance(street: VideoStreet, page: Page) -> None:
    expect(page.locator(f"#tile-{H264} img")).to_be_visible()
    took = []
    for _ in range(CLICKS):
        page.click(f"#tile-{H264}")
        page.wait_for_selector(".live[data-first-ms]")
        took.append(int(page.get_attribute(".live", "data-first-ms") or "0"))
        frames = page.evaluate(PLAYED)
        advance(page, frames + 20)
        page.keyboard.press("Escape")
        expect(page.locator(".live")).to_have_count(0)
        expect(page.locator(f"#tile-{H264}")).to_be_focused()
    p50 = statistics.median(took)
    print(f"first picture after the click: p50 {p50} ms of {took}")
    assert p50 < 2000, took


def test_the_picture_stays_near_the_newest_and_what_cannot_be_played_is_said(
    street: VideoStreet, page: Page
) -> None:
    page.locator(f"#tile-{H264}").press("Enter")
    page.wait_for_selector(".live[data-first-ms]")
    began = page.evaluate(PLAYED)
    advance(page, began + 100)
    behind = page.evaluate(
        "() => { const v = document.querySelector('.live video');"
        " return v.buffered.end(v.buffered.length - 1) - v.currentTime }"
    )
    assert behind < 2.0
    page.click(f"#tile-{ALONE}")
    expect(page.locator(".live[data-state=codec]")).to_contain_text("H.265")
    page.keyboard.press("Escape")
    page.click(f"#tile-{GONE}")
    expect(page.locator(".live[data-state=away]")).to_contain_text("连不上")
    assert page.locator(".live").count() == 2


def test_a_camera_of_h265_is_seen_by_its_h264_stream(street: VideoStreet, page: Page) -> None:
    assert street.cameras.viewers(SECOND) == 0
    page.click(f"#tile-{H265}")
    page.wait_for_selector(".live[data-state=live][data-first-ms]")
    print(f"first picture of the second stream: {page.get_attribute('.live', 'data-first-ms')} ms")
    advance(page, 20)
    assert page.evaluate("() => document.querySelector('.live video').videoWidth") == 320
    assert (street.cameras.viewers(SECOND), street.cameras.viewers(H265)) == (1, 1)


def test_several_viewers_cost_the_node_one_stream_which_ends_after_the_last(street: VideoStreet) -> None:
    me, other = street.log_in(), street.log_in("leader")
    before = feeding(street, OTHER)
    with street.open(f"/cameras/{OTHER}/live", me) as one:
        parts = first_parts(one, 10)
        assert [part[0] for part in parts[:2]] == [Part.OPENING, Part.KEY]
        with street.open(f"/cameras/{OTHER}/live", other) as two:
            late = first_parts(two, 10)
            assert [part[0] for part in late[:2]] == [Part.OPENING, Part.KEY]
            assert late[0] == parts[0]
        first_parts(one, 5)
    assert feeding(street, OTHER) == before + 1
    said = f"{OTHER}: live for"
    count = street.node.text.count(said)
    until(lambda: street.node.text.count(said) > count, 60, "the node ends what nobody watches")
    until(lambda: street.cameras.viewers(SECOND) == 0, 60, "and the second stream of H.265 cameras")
    assert street.cameras.viewers(OTHER) == 1, "live pictures come out of what the node receives anyway"


def test_who_may_not_look_is_refused_as_a_request_would_be(street: VideoStreet) -> None:
    me = street.log_in()
    for path, headers, status in (
        (f"/cameras/{H264}/live", {"Cookie": ""}, 401),
        (f"/cameras/{H264}/live", {"Origin": "https://else.where"}, 403),
        ("/cameras/P99-C1/live", {}, 404),
        ("/cameras/stills", {"Cookie": ""}, 401),
        (f"/video/live/{H264}", {"Authorization": "Bearer nonsense"}, 401),
        (f"/video/relay/n1/{H264}", {"Authorization": "Bearer "}, 401),
        ("/video/relay/n1", {"Authorization": "Bearer nonsense"}, 401),
    ):
        with pytest.raises(InvalidStatus) as refused, street.open(path, me, more=headers):
            pass
        assert refused.value.response.status_code == status, path


def test_one_person_watches_three_at_once_and_who_watched_is_on_record(street: VideoStreet) -> None:
    me = street.log_in()
    with (
        street.open(f"/cameras/{H264}/live", me) as one,
        street.open(f"/cameras/{OTHER}/live", me) as two,
        street.open(f"/cameras/{H264}/live", me) as three,
    ):
        for each in (one, two, three):
            first_parts(each, 2)
        about = me.get(f"/cameras/{H265}/video")
        assert (about.status_code, about.json()["code"]) == (429, "too_many_viewers")
        with pytest.raises(InvalidStatus) as refused, street.open(f"/cameras/{H265}/live", me):
            pass
        assert refused.value.response.status_code == 429
    assert me.get("/privacy/live-views").status_code == 403


def test_stills_come_while_somebody_looks_and_only_then(street: VideoStreet) -> None:
    with street.open("/cameras/stills") as connection:
        began = time.monotonic()
        connection.send(json.dumps({"cameras": [H264, H265, GONE, "P99-C9"]}))
        seen: dict[str, list[float]] = {}
        while time.monotonic() - began < 60 and min((len(ages) for ages in seen.values()), default=0) < 3:
            head, jpeg = unpack_still(_bytes(connection.recv(PATIENCE)))
            assert jpeg.startswith(b"\xff\xd8")
            seen.setdefault(head.camera, []).append(head.age)
        assert seen.keys() == {H264, H265}
        assert max(max(ages) for ages in seen.values()) < 10
        connection.send(json.dumps({"cameras": []}))
        time.sleep(1)  # what was on its way
        with pytest.raises(TimeoutError):
            while True:
                connection.recv(4)


def test_a_camera_is_moved_by_the_keys_and_stops_by_itself_and_who_did_is_on_record(
    street: VideoStreet, page: Page
) -> None:
    page.click(f"#tile-{OTHER}")
    expect(page.locator(".live-move")).to_be_visible()
    before = street.dome.mount.moves
    page.locator(".live").focus()
    page.keyboard.down("ArrowRight")
    until(lambda: street.dome.mount.moving, 20, "it moves")
    until(lambda: street.dome.mount.moves >= before + 3, 20, "it is asked for again while the key is held")
    page.keyboard.up("ArrowRight")
    until(lambda: not street.dome.mount.moving, 20, "it stops")
    pan, tilt, _ = street.dome.mount.pose
    assert (pan > 0, tilt) == (True, 0.0)
    page.select_option(".live-move select", "2")
    until(lambda: street.dome.mount.pose == (0.5, -0.2, 0.4), 20, "it goes to the place")
    rows = street.log_in().get("/nodes/n1/commands").json()["items"]
    moves = [row["body"] for row in reversed(rows) if row["kind"] == "ptz" and row["asked_by"] == "operator"]
    assert [(one["type"], one.get("pan")) for one in moves] == [
        ("move", 0.5),
        ("move", 0.0),
        ("preset", None),
    ]


def test_a_movement_ends_when_nobody_asks_for_it_any_more(street: VideoStreet) -> None:
    with street.open(f"/cameras/{OTHER}/live") as connection:
        until(lambda: _word(connection).get("ptz"), 60, "the camera can be moved")
        before = street.dome.mount.moves
        connection.send(json.dumps({"type": "move", "tilt": 1.0}))
        until(lambda: street.dome.mount.moves > before, 20, "it moves")
        until(lambda: not street.dome.mount.moving, 20, "it stops")
        connection.send(json.dumps({"type": "move", "pan": 7.0}))
        with pytest.raises(ConnectionClosed):
            while True:
                connection.recv(PATIENCE)


def test_a_node_that_dies_is_told_of_and_its_picture_comes_back(street: VideoStreet, page: Page) -> None:
    page.click(f"#tile-{H264}")
    page.wait_for_selector(".live[data-state=live][data-first-ms]")
    street.node.process.kill()
    street.node.process.wait()
    expect(page.locator(".live[data-state=node_away]")).to_contain_text("节点没有应答")
    street.start_node()
    expect(page.locator(".live[data-state=live]")).to_be_visible()
    frames = page.evaluate(PLAYED)
    advance(page, frames + 20)


def test_beside_an_alarm_stands_the_place_as_it_is_now_and_plays_there_by_a_key(
    street: VideoStreet, page: Page
) -> None:
    nodes = Nodes(load_site(street.site), street.origin, street.tokens)
    nodes.raise_alarm(Scene("P01", "05-06", "high", "detected", 5, "bicycle", 2))
    page.goto(f"{street.origin}/#/")
    page.locator(".row").first.click()
    expect(page.locator(".now img")).to_be_visible()
    page.keyboard.press("KeyL")
    page.wait_for_selector(".now-live .live[data-first-ms]")
    assert int(page.get_attribute(".live", "data-first-ms") or "0") < 2000
    advance(page, 20)
    page.keyboard.press("Escape")
    expect(page.locator(".live")).to_have_count(0)
    expect(page.locator(".row").first).to_be_focused()
    expect(page.locator(".now img")).to_be_visible()
    nodes.close()


@pytest.mark.long
def test_what_a_live_picture_costs(street: VideoStreet) -> None:
    """Printed for the record; bounded generously, for the machine is shared."""
    seconds = 20.0
    people: list[httpx.Client] = [street.log_in(name) for name in ("operator", "leader")]

    def cost(count: int) -> tuple[float, float]:
        opened: list[Any] = [street.open(f"/cameras/{H264}/live", who) for who in people[:count]]
        connections = [one.__enter__() for one in opened]
        for one in connections:
            first_parts(one, 2)
        node, cloud, began = cpu_seconds(street.node), cpu_seconds(street.cloud), time.monotonic()
        while time.monotonic() - began < seconds:
            for one in connections:
                one.recv(PATIENCE)
        took = time.monotonic() - began
        figures = (cpu_seconds(street.node) - node) / took, (cpu_seconds(street.cloud) - cloud) / took
        for one in opened:
            one.__exit__(None, None, None)
        return figures

    idle = cpu_seconds(street.node), cpu_seconds(street.cloud), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - idle[2]
    rest = (cpu_seconds(street.node) - idle[0]) / took, (cpu_seconds(street.cloud) - idle[1]) / took
    for viewers in (1, 2):
        node, cloud = cost(viewers)
        print(
            f"{viewers} viewer(s): node {1000 * (node - rest[0]):.0f} CPU-ms a second above idle, "
            f"cloud {1000 * (cloud - rest[1]):.0f}"
        )
        assert node - rest[0] < 0.5


def _word(connection: ClientConnection) -> dict[str, Any]:
    frame = connection.recv(PATIENCE)
    return json.loads(frame) if isinstance(frame, str) else {}


def _bytes(frame: str | bytes) -> bytes:
    assert isinstance(frame, bytes)
    return frame
