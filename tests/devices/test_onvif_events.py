"""A camera's events by a pull point, over real sockets: each fault of the camera by its name."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager, suppress

import pytest

from devices.credentials import Credentials
from devices.errors import CameraError, CameraFault, CameraRefused, CameraUnreachable
from devices.messages import HintKind
from devices.onvif import events as module
from devices.onvif.events import PullPoint, idle
from devices.onvif.model import Timeouts
from devices.onvif.wire import HungUp, post
from simulators.broker import free_port
from simulators.cameras.onvif import Fault, serve_onvif
from simulators.cameras.onvif_events import DARK, MOST, MOTION, MOTION_ALARM, TAMPER, EventFault
from tests.devices.onvif_peers import PASSWORD, RIGHT, device

PATIENCE = 20.0
SHORT = Timeouts(connect=3.0, answer=0.5)


@asynccontextmanager
async def camera(*faults, **more):
    server = await serve_onvif(device(**{"faults": frozenset(faults)} | more), "127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.close()


def listening(server, credentials=RIGHT, **more) -> PullPoint:
    return PullPoint("127.0.0.1", server.port, credentials, **more)


async def first(events: PullPoint):
    """The first notices."""
    async with asyncio.timeout(PATIENCE):
        return await anext(aiter(events.notices()))


async def until(so) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():  # noqa: ASYNC110 - the camera tells nobody when it is called
            await asyncio.sleep(0.01)


def run(test) -> None:
    asyncio.run(test)


def said(notices) -> list:
    return [(one.kind, one.on) for one in notices]


@pytest.mark.parametrize("more", [{}, {"digest_only": True}, {"credentials": None}])
def test_what_a_camera_finds_is_told_when_it_finds_it_and_the_pull_point_is_given_back(more):
    async def test():
        async with camera(**more) as server, listening(server) as events:
            assert set(events.offers) == set(HintKind)
            waiting = asyncio.create_task(first(events))
            await until(lambda: server.events.calls.get("PullMessages"))
            assert len(server.events.points) == 1
            server.events.say(MOTION, True)
            [one] = await waiting
            assert (one.kind, one.on, one.news, one.source) == (HintKind.MOTION, True, True, "source")
            assert abs(one.at.timestamp() - time.time()) < 5
            await events.__aexit__(None, None, None)
            assert server.events.points == {}
            assert server.events.calls["Unsubscribe"] == 1
            await events.__aenter__()  # left by `async with` again

    run(test())


def test_what_holds_already_is_told_first_and_what_ends_is_told_too():
    async def test():
        async with camera() as server:
            server.events.say(TAMPER, True)
            server.events.say(DARK, False)
            async with listening(server) as events:
                told = aiter(events.notices())
                begin = await anext(told)
                assert said(begin) == [(HintKind.TAMPER, True), (HintKind.DARK, False)]
                assert [one.news for one in begin] == [False, False]
                server.events.say(TAMPER, False)
                assert said(await anext(told)) == [(HintKind.TAMPER, False)]

    run(test())


def test_a_camera_whose_clock_is_eight_hours_ahead_is_understood():
    async def test():
        async with camera(Fault.WRONG_CLOCK) as server, listening(server) as events:
            server.events.say(MOTION_ALARM, True)
            [one] = await first(events)
            assert abs(one.at.timestamp() - time.time()) < 5

    run(test())


def test_a_wrong_password_is_refused_after_one_try_and_nothing_is_said_of_it():
    async def test():
        async with camera() as server:
            with pytest.raises(CameraRefused) as refused:
                await first_of(listening(server, Credentials("viewer", "hunter2-密")))
            assert "hunter2" not in str(refused.value)
            with pytest.raises(CameraRefused, match="none are configured"):
                await first_of(listening(server, None))

    run(test())


async def first_of(events: PullPoint):
    async with events:
        return await first(events)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.GARBAGE, CameraFault),
        (Fault.REFUSE_AUTH, CameraRefused),
        (EventFault.NONE, CameraFault),
        (EventFault.GARBAGE, CameraFault),
        (EventFault.EXPIRED, CameraFault),
        (EventFault.HANGS_UP, HungUp),
    ],
)
def test_a_camera_that_misbehaves_ends_the_subscription_with_an_error_of_ours(fault, error, monkeypatch):
    monkeypatch.setattr(module, "PULL", 1.0)

    async def test():
        async with camera(fault) as server:
            with pytest.raises(CameraError) as ended:
                await first_of(listening(server))
            assert type(ended.value) is error or isinstance(ended.value, error)
            assert PASSWORD not in str(ended.value)

    run(test())


def test_a_camera_that_never_answers_a_pull_is_given_up_after_its_time(monkeypatch):
    monkeypatch.setattr(module, "PULL", 1.0)

    async def test():
        async with camera(EventFault.SILENT) as server:
            with pytest.raises(CameraFault, match="did not answer within"):
                await first_of(listening(server, timeouts=SHORT))

    run(test())


def test_nobody_there_is_unreachable():
    async def test():
        with pytest.raises(CameraUnreachable):
            await first_of(PullPoint("127.0.0.1", free_port(), RIGHT))

    run(test())


def test_a_camera_that_answers_pulls_at_once_is_asked_ever_more_seldom(monkeypatch):
    monkeypatch.setattr(module, "SHORTEST", 0.1)

    async def test():
        async with camera(EventFault.HASTY) as server, listening(server) as events:
            with suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    async for _ in events.notices():
                        pytest.fail("nothing was said")
            assert 2 <= server.events.calls["PullMessages"] <= 5  # after 0.2, 0.6 and 1.4 s
            server.events.say(MOTION, True)
            assert said(await first(events)) == [(HintKind.MOTION, True)]

    run(test())


def test_pauses_double_up_to_the_idlest_and_something_said_brings_them_back():
    pauses = list(itertools.accumulate(range(6), lambda pause, _: idle(pause, 0.01, said=False), initial=1.0))
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0]
    assert idle(5.0, 0.01, said=True) == idle(5.0, 60.0, said=False) == 1.0


@pytest.mark.parametrize("fault", [EventFault.WRONG_TIMES, EventFault.BY_HEADER, EventFault.SHORT_PULLS])
def test_a_camera_with_odd_habits_is_heard_all_the_same(fault):
    async def test():
        async with camera(fault) as server, listening(server) as events, listening(server) as others:
            waiting = asyncio.gather(first(events), first(others))
            await until(lambda: len(server.events.points) == 2 <= server.events.calls.get("PullMessages", 0))
            server.events.say(MOTION, True)
            assert [said(one) for one in await waiting] == [[(HintKind.MOTION, True)]] * 2

    run(test())


def test_a_subscription_is_renewed_before_it_ends(monkeypatch):
    monkeypatch.setattr(module, "PULL", 0.2)
    monkeypatch.setattr(module, "SHORTEST", 0.1)
    monkeypatch.setattr(module, "IDLEST", 0.1)
    monkeypatch.setattr(module, "LIFE", 2 * 3600.0)  # the camera gives an hour at most: half of it is over

    async def test():
        async with camera() as server, listening(server) as events:
            waiting = asyncio.create_task(first(events))
            await until(lambda: server.events.calls.get("Renew", 0) >= 2)
            server.events.say(MOTION, True)
            assert said(await waiting) == [(HintKind.MOTION, True)]

    run(test())


def test_a_camera_that_knows_no_renewal_is_asked_once_for_it(monkeypatch):
    monkeypatch.setattr(module, "PULL", 0.2)
    monkeypatch.setattr(module, "SHORTEST", 0.1)
    monkeypatch.setattr(module, "LIFE", 2 * 3600.0)

    async def test():
        async with camera(EventFault.NO_RENEW) as server, listening(server) as events:
            waiting = asyncio.create_task(first(events))
            await until(lambda: server.events.calls.get("PullMessages", 0) >= 4)
            assert server.events.calls["Renew"] == 1
            server.events.say(MOTION, True)
            assert said(await waiting) == [(HintKind.MOTION, True)]

    run(test())


def test_a_camera_behind_address_translation_is_called_where_it_is_reached():
    async def test():
        for announced in (("192.168.1.64", 80), ("192.168.1.64", free_port()), ("0.0.0.0", free_port())):
            async with camera(announced=announced) as server, listening(server) as events:
                server.events.say(MOTION, True)
                assert said(await first(events)) == [(HintKind.MOTION, True)]

    run(test())


def test_a_subscription_at_another_port_where_nobody_is_is_looked_for_at_the_one_we_know():
    async def test():
        async with camera() as server, camera() as other:
            elsewhere = free_port()

            async def translated(url, body, headers, *, timeouts):
                """The camera's word for the port of its subscriptions is not that of the translation."""
                answer = await post(url, body, headers, timeouts=timeouts)
                if b"CreatePullPointSubscriptionResponse" in answer.content:
                    told, real = f":{server.port}/", f":{elsewhere}/"
                    answer = type(answer)(200, {}, answer.content.replace(told.encode(), real.encode()))
                return answer

            async with listening(server, ask=translated) as events:
                server.events.say(MOTION, True)
                assert said(await first(events)) == [(HintKind.MOTION, True)]
            assert server.events.points == {}
            assert other.events.calls == {}

    run(test())


def test_a_camera_without_room_for_one_more_says_so_and_no_pull_point_is_left_behind():
    async def test():
        async with camera() as server:
            points = [listening(server) for _ in range(MOST)]
            for one in points:
                await one.__aenter__()
            with pytest.raises(CameraFault, match="no more pull points"):
                await first_of(listening(server))
            for one in points:
                await one.__aexit__(None, None, None)
            async with listening(server):
                assert len(server.events.points) == 1
            assert not server.events.points

    run(test())


def test_whoever_stops_listening_in_the_middle_of_a_pull_gives_the_pull_point_back():
    async def test():
        async with camera() as server:

            async def listen():
                async with listening(server) as events:
                    await first(events)

            task = asyncio.create_task(listen())
            await until(lambda: server.events.calls.get("PullMessages"))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert server.events.points == {}

    run(test())
