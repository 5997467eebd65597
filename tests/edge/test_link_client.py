"""The node's end of the link over real sockets."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from devices.link import Answer, Outcome, SiteNotice
from devices.messages import DeviceStatus
from edge.errors import TokenMissing
from edge.link.desk import CommandDesk, Done
from tests.edge.link_for_tests import TOKEN, CloudEnd, NodeSide, Wire, command
from tests.edge.points_for_tests import NOON, open_store


@pytest.fixture
def desk(tmp_path):
    store = open_store(tmp_path)
    yield CommandDesk(
        {"photo": lambda asked: Done({"got": str(asked.id)})}, store, lambda: NOON, lambda: None
    )
    store.close()


def test_a_link_says_which_site_it_runs_and_answers_commands(desk):
    with CloudEnd() as cloud, NodeSide(cloud.port, desk) as node:
        link = cloud.link()
        assert cloud.hello().version == 1
        asked = command()
        for _ in range(2):
            link.send(asked.model_dump_json())
            assert cloud.answer() == Answer(id=asked.id, outcome=Outcome.DONE, result={"got": str(asked.id)})
        notice = SiteNotice(version=3, digest="e")
        link.send(notice.model_dump_json())
        assert node.sites.get(timeout=20) == notice
        node.version = 3
        node.link.greet()
        assert cloud.hello().version == 3
        assert node.told() is DeviceStatus.UP


def test_a_link_is_opened_anew_with_the_token_that_was_changed_and_nobody_hears_of_it(desk, caplog):
    held = ["first-token"]
    with CloudEnd() as cloud:
        cloud.token = held[0]
        with NodeSide(cloud.port, desk, token=lambda: held[0]) as node:
            cloud.link()
            assert node.told() is DeviceStatus.UP
            cloud.token = held[0] = "second-token"
            cloud.link().send(command().model_dump_json())
            assert cloud.answer().outcome is Outcome.DONE
            assert node.statuses.empty()


def test_a_frame_of_a_newer_cloud_is_passed_over(desk):
    with CloudEnd() as cloud, NodeSide(cloud.port, desk):
        link = cloud.link()
        link.send('{"type": "poem"}')
        link.send("not even JSON")
        link.send(command().model_dump_json())
        assert cloud.answer().outcome is Outcome.DONE


def test_a_link_that_breaks_off_is_opened_again_and_both_are_told_once(desk, caplog):
    with CloudEnd() as cloud, NodeSide(cloud.port, desk) as node:
        cloud.link().socket.shutdown(socket.SHUT_RDWR)
        again = cloud.link()
        again.send(command().model_dump_json())
        assert cloud.answer().outcome is Outcome.DONE
        assert [node.told() for _ in range(3)] == [
            DeviceStatus.UP, DeviceStatus.UNREACHABLE, DeviceStatus.UP,
        ]  # fmt: skip
    said = [record.getMessage() for record in caplog.records if record.name == "edge.link.client"]
    assert len([one for one in said if "unreachable" in one]) == 1


def test_a_half_open_link_is_noticed_by_its_missing_pongs_and_opened_anew(desk):
    """The wire takes everything and says nothing, as a line does whose other end has lost its power."""
    with CloudEnd() as cloud:
        wire = Wire(cloud.port)
        with NodeSide(wire.port, desk, ping=(0.2, 0.3)) as node:
            cloud.link()
            assert node.told() is DeviceStatus.UP
            wire.dead.set()
            began = time.monotonic()
            assert node.told() is DeviceStatus.UNREACHABLE
            assert time.monotonic() - began < 15
            wire.dead.clear()
            cloud.link()
            assert node.told() is DeviceStatus.UP
        wire.close()


def test_the_shipped_times_notice_a_half_open_link_within_half_a_minute():
    from devices.link import PING_EVERY, PING_PATIENCE

    assert PING_EVERY + PING_PATIENCE <= 30


def test_a_refused_token_is_said_once_and_tried_again(desk):
    with CloudEnd() as cloud:
        cloud.token = "another"
        with NodeSide(cloud.port, desk) as node:
            assert node.told() is DeviceStatus.REFUSED
            cloud.token = TOKEN
            assert node.told() is DeviceStatus.UP


def test_a_revoked_credential_is_refused_not_unreachable(desk):
    with CloudEnd() as cloud, NodeSide(cloud.port, desk) as node:
        assert node.told() is DeviceStatus.UP
        cloud.token = "another"
        cloud.link().close(4401)
        assert node.told() is DeviceStatus.REFUSED


def test_a_token_that_is_missing_leaves_the_link_waiting_for_one(desk):
    there = threading.Event()

    def token() -> str:
        if not there.is_set():
            raise TokenMissing("none yet")
        return TOKEN

    with CloudEnd() as cloud, NodeSide(cloud.port, desk, token=token) as node:
        assert node.told() is DeviceStatus.REFUSED
        there.set()
        assert node.told() is DeviceStatus.UP


def test_a_link_ends_at_once_when_told_also_while_nobody_answers(desk):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with NodeSide(silent.getsockname()[1], desk) as node:
            pass
        assert node.statuses.empty()
    with CloudEnd() as cloud, NodeSide(cloud.port, desk) as node:
        assert node.told() is DeviceStatus.UP
        began = time.monotonic()
        node.link.stop()
        node.link.join(20)
        assert time.monotonic() - began < 10
        assert cloud.closed.wait(10)
