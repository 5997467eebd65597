"""The demo's message window: what robots and phones would have shown."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from devices.site.load import load_site
from simulators.install import copy_policies
from simulators.messages import MessageWindow, addresses, names_of

STREET = Path(__file__).parents[2] / "examples" / "street"
NAMES = {"person:wg-a1": "网格员A1", "sms": "短信"}


@pytest.fixture
def window(tmp_path: Path) -> Iterator[MessageWindow]:
    made = MessageWindow(tmp_path / "messages.jsonl", "127.0.0.1", 0, NAMES, ZoneInfo("Asia/Shanghai"))
    yield made
    made.close()


def post(address: str, body: bytes) -> bytes:
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())


def page(window: MessageWindow) -> str:
    with urllib.request.urlopen(window.address, timeout=20) as answer:
        return str(answer.read().decode())


def test_hook_and_robot_are_shown_newest_first_with_names_and_links(window: MessageWindow) -> None:
    text = {"msgtype": "text", "text": {"content": "积水\nhttp://127.0.0.1:8420/p/abc"}}
    taken = post(f"{window.address}grid/G09", json.dumps(text).encode())
    assert json.loads(taken)["errcode"] == 0, "as a robot answers that took it"
    post(f"{window.address}sms", json.dumps({"id": "1", "to": ["person:wg-a1"], "text": "<b>冒烟"}).encode())
    shown = page(window)
    assert shown.index("&lt;b&gt;冒烟") < shown.index("积水")
    assert "网格员A1" in shown
    assert '<a href="http://127.0.0.1:8420/p/abc">' in shown


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"to": []}'])
def test_what_is_no_message_is_refused(window: MessageWindow, body: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        post(f"{window.address}sms", body)
    assert "No message yet" in page(window)


def test_every_channel_of_the_example_leads_to_the_window_where_the_site_knows_its_place() -> None:
    push = yaml.safe_load((STREET / "push.yaml").read_text(encoding="utf-8"))
    found = addresses(push, load_site(STREET / "site.yaml"), "http://w/")
    assert found["GRIDWATCH_PUSH_SMS"] == "http://w/sms"
    assert found["GRIDWATCH_PUSH_GRID_G39"] == "http://w/grid/G39"
    assert len(found) == 41, "hook, patrol room, 39 grids; no office: the street has no market"


def test_everybody_whom_the_example_may_call_has_a_name() -> None:
    names = names_of(load_site(STREET / "site.yaml"), STREET)
    rosters = yaml.safe_load((STREET / "rosters.yaml").read_text(encoding="utf-8"))
    on_duty = {who for one in rosters["rosters"] for team in one["teams"] for who in team["people"]}
    on_duty |= {post["leader"] for post in rosters["grids"].values()}
    assert {f"person:{one}" for one in on_duty} <= names.keys()
    assert names["organisation:CG"] == "区城市管理局"


def test_policies_come_along_and_messages_lead_to_this_demo(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "gone.yaml").write_text("of yesterday")
    copy_policies(STREET / "site.yaml", tmp_path / "site", "http://127.0.0.1:8520")
    assert (
        yaml.safe_load((tmp_path / "site" / "push.yaml").read_text("utf-8"))["page"]
        == "http://127.0.0.1:8520"
    )
    assert (tmp_path / "site" / "rosters.yaml").read_bytes() == (STREET / "rosters.yaml").read_bytes()
    assert not (tmp_path / "site" / "gone.yaml").exists()
