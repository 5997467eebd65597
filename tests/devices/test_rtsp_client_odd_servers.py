"""Servers by script, each odd in one way: slow, wrong, silent, or merely unusual."""

import asyncio
import socket
import struct
import time

import pytest

from devices.errors import StreamDropped, StreamUnreachable
from devices.reasons import Reason
from devices.stream.rtsp_client import Timeouts
from devices.stream.rtsp_client.h264 import H264
from devices.stream.rtsp_client.h265 import H265
from simulators.broker import free_port
from tests.devices.rtsp_peers import (
    PPS,
    SETS,
    Script,
    annexb_of,
    framed,
    key_of,
    other_of,
    packetised,
    receiving,
    sdp_of,
    wire_of,
)
from tests.devices.rtsp_scripted import STREAM, TWO, fail, play


@pytest.mark.parametrize("codec", [H264, H265], ids=lambda codec: codec.name)
def test_a_camera_as_it_should_be_is_asked_in_order_and_left_politely(codec):
    stream = b"".join(wire_of(group) for group in packetised(codec, [key_of(codec), other_of(codec)]))
    script = Script(codec, stream)
    notes = play(script)
    assert [each.method for each in script.asked] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
    assert [each.headers["CSeq"] for each in script.asked] == ["1", "2", "3", "4", "5"]
    assert script.asked[2].uri == script.uri + "/trackID=1"
    assert script.asked[3].uri == script.asked[4].uri == script.uri + "/"
    assert {each.headers.get("Session") for each in script.asked[3:]} == {"abc"}
    assert (notes.infos[0].codec, notes.infos[0].clock_rate) == (codec.name, 90_000)
    assert notes.infos[0].parameters == annexb_of(SETS[codec])
    assert [unit.annexb() for unit in notes.units] == [annexb_of(key_of(codec)), annexb_of(other_of(codec))]


def test_an_ipv6_address_is_connected_to():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.fail("this machine has no ::1, which the tests need")

    async def run():
        async with Script(stream=STREAM) as script:
            server = await asyncio.start_server(script._serve, "::1", 0)
            port = server.sockets[0].getsockname()[1]
            async with receiving(f"rtsp://[::1]:{port}/live") as (notes, _):
                await notes.until(lambda notes: len(notes.units) == 2)
            server.close()

    asyncio.run(run())


class TestBetweenFrames:
    """What comes between interleaved frames besides frames."""

    def served(self, between, **more):
        stream = b"".join(packet.framed() + between for group in TWO for packet in group)
        return Script(stream=stream, **more)

    @pytest.mark.parametrize(
        "between",
        [
            b"RTSP/1.0 200 OK\r\nCSeq: 99\r\nContent-Length: 5\r\n\r\n$\0\0\1x",
            b"\r\n\r\n",
            framed(1, b"\x80\xc8\0\1abcd"),
            framed(7, b"of a channel that nobody asked for"),
            framed(1, b""),
        ],
    )
    def test_it_is_taken_out(self, between):
        notes = play(self.served(between))
        assert [unit.broken for unit in notes.units] == [False, False]

    def test_the_cameras_own_requests_are_answered(self):
        asked = b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 5\r\n\r\nSNEEZE rtsp://x RTSP/1.0\r\nCSeq: 6\r\n\r\n"
        script = Script(stream=asked + STREAM)
        play(script, lambda notes: len(notes.units) == 2 and len(script.of("reply")) == 2)
        first, second = script.of("reply")
        assert (first.uri, first.headers["CSeq"]) == ("RTSP/1.0 200 OK", "5")
        assert (second.uri, second.headers["CSeq"]) == ("RTSP/1.0 501 Not Implemented", "6")

    @pytest.mark.parametrize("method", ["TEARDOWN", "REDIRECT"])
    def test_a_camera_may_end_the_session(self, method):
        script = Script(stream=STREAM + f"{method} rtsp://x RTSP/1.0\r\nCSeq: 5\r\n\r\n".encode())
        assert isinstance(fail(script), StreamDropped)
        assert len(script.notes.units) == 2

    def test_a_camera_may_say_good_bye_by_rtcp(self):
        gone = framed(1, struct.pack(">BBHI", 0x81, 203, 1, 0x1234))
        assert "ended the stream" in str(fail(Script(stream=STREAM + gone)))
        other = framed(1, struct.pack(">BBHI", 0x81, 203, 1, 0x9999))
        assert len(play(Script(stream=other + STREAM)).units) == 2

    def test_a_sender_report_ties_stream_time_to_the_cameras_clock(self):
        report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 0x1234, 3_900_000_000, 1 << 31, 1800, 9, 9)
        notes = play(Script(stream=framed(1, report) + STREAM), lambda notes: notes.clocks)
        assert notes.clocks == [(0.02, 3_900_000_000 - 2_208_988_800 + 0.5)]

    def test_bytes_that_are_nothing_cost_pictures_but_not_the_connection(self):
        groups = packetised(H264, [key_of(H264), other_of(H264), key_of(H264)])
        stream = wire_of(groups[0]) + b"\xff\x01garbage$$\x09" + wire_of(groups[1]) + wire_of(groups[2])
        notes = play(Script(stream=stream), lambda notes: len(notes.units) >= 3)
        assert [(unit.key, unit.broken) for unit in notes.units] == [
            (True, False),
            (False, True),
            (True, False),
        ]
        assert notes.counts.unreadable == 1

    def test_frames_may_come_before_the_answer_to_play(self):
        script = Script(answers={"PLAY": lambda script, request: STREAM + script.reply(request)})
        notes = play(script)
        assert len(notes.infos) == 1


class TestWrongAnswers:
    @pytest.mark.parametrize(
        ("method", "status", "why"),
        [
            ("DESCRIBE", "404 Not Found", "no stream of this name"),
            ("DESCRIBE", "500 Oops", "answers DESCRIBE with 500"),
            ("SETUP", "461 Unsupported Transport", "does not send over TCP"),
            ("PLAY", "453 Not Enough Bandwidth", "answers PLAY with 453"),
            ("DESCRIBE", "302 Found", "answers DESCRIBE with 302"),
        ],
    )
    def test_a_refusing_status_is_said(self, method, status, why):
        script = Script(answers={method: lambda script, request: script.reply(request, status)})
        error = fail(script)
        assert isinstance(error, StreamDropped)
        assert why in str(error)

    def test_a_refusal_of_options_does_not_matter(self):
        script = Script(
            stream=STREAM, answers={"OPTIONS": lambda script, request: script.reply(request, "501 No")}
        )
        play(script)

    def test_a_range_that_is_not_liked_is_left_out(self):
        def answer(script, request):
            return script.reply(request, "457 Invalid Range") if "Range" in request.headers else None

        script = Script(stream=STREAM, answers={"PLAY": answer})
        play(script)
        assert len(script.of("PLAY")) == 2

    def test_udp_instead_of_what_was_asked_for_is_said(self):
        headers = {"Transport": "RTP/AVP;unicast;client_port=1-2", "Session": "a"}
        script = Script(answers={"SETUP": lambda script, request: script.reply(request, headers=headers)})
        assert "does not send over TCP" in str(fail(script))

    def test_other_channels_than_asked_for_are_taken(self):
        headers = {"Transport": "RTP/AVP/TCP;interleaved=4-5", "Session": "a"}
        stream = b"".join(packet.framed(4) for group in TWO for packet in group)
        script = Script(
            stream=stream,
            answers={"SETUP": lambda script, request: script.reply(request, headers=headers)},
        )
        play(script)

    def test_a_description_that_is_none_is_said(self):
        assert "no video" in str(fail(Script(description="<html>")))

    def test_a_stream_whose_sets_only_come_within_it_is_played(self):
        notes = play(Script(stream=STREAM, description=sdp_of(H264, sets=(b"\x01",))))
        assert notes.infos[0].parameters == b""
        assert notes.units[0].key

    def test_a_set_that_is_no_base64_is_left_out(self):
        text = sdp_of(H264).replace("sprop-parameter-sets=Z", "sprop-parameter-sets=%")
        assert play(Script(stream=STREAM, description=text)).infos[0].parameters == annexb_of([PPS])

    @pytest.mark.parametrize(
        ("base", "control", "asked"),
        [
            (None, "trackID=1", "{uri}/trackID=1"),
            ("rtsp://10.9.9.9/other/", "trackID=1", "rtsp://10.9.9.9/other/trackID=1"),
            ("live/", "trackID=1", "{uri}/trackID=1"),
            (None, "rtsp://10.9.9.9/whole", "rtsp://10.9.9.9/whole"),
        ],
    )
    def test_the_videos_address_is_found(self, base, control, asked):
        def describe(script, request):
            headers = {} if base is None else {"Content-Base": base}
            return script.reply(request, headers=headers, body=sdp_of(H264, control=control))

        script = Script(stream=STREAM, answers={"DESCRIBE": describe})
        play(script)
        assert script.of("SETUP")[0].uri == asked.format(uri=script.uri)

    @pytest.mark.parametrize(
        "answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 99]
    )
    def test_somebody_who_speaks_something_else_is_told_apart(self, answer):
        error = fail(Script(answers={"OPTIONS": lambda *_: answer}))
        assert isinstance(error, StreamDropped)
        assert "does not speak RTSP" in str(error)

    def test_an_endless_head_is_cut_off(self):
        error = fail(Script(answers={"OPTIONS": lambda *_: b"RTSP/1.0 200 OK\r\nX: " + b"y" * 40_000}))
        assert "no end" in str(error)

    def test_answers_to_other_requests_are_not_taken_for_ours(self):
        def answer(script, request):
            late = script.reply(request, "500 Late").replace(b"CSeq: 2", b"CSeq: 1")
            return b"RTSP/1.0 100 Continue\r\nCSeq: 2\r\n\r\n" + late + script.usual(request)

        play(Script(stream=STREAM, answers={"DESCRIBE": answer}))

    def test_an_answer_without_a_number_is_taken(self):
        def answer(script, request):
            return script.usual(request).replace(b"CSeq: 3\r\n", b"")

        play(Script(stream=STREAM, answers={"SETUP": answer}))


class TestSilence:
    """Everything ends in time."""

    @pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
    def test_no_answer(self, method):
        error = fail(Script(answers={method: lambda *_: b""}))
        assert isinstance(error, StreamUnreachable)
        assert str(error) == "it takes the connection, but no answer within 0.6 s"
        assert error.reason is Reason.HUNG

    def test_an_answer_that_drips(self):
        async def drip(script, request):
            for byte in script.usual(request):
                script.writer.write(bytes((byte,)))
                await asyncio.sleep(0.1)
            return b""

        begun = time.monotonic()
        assert isinstance(fail(Script(answers={"DESCRIBE": drip})), StreamUnreachable)
        assert time.monotonic() - begun < 20

    def test_nothing_after_play(self):
        assert "nothing came for 0.6 s" in str(fail(Script()))

    def test_reports_alone_are_no_stream(self):
        async def answer(script, request):
            script.writer.write(script.reply(request))
            for _ in range(50):
                script.writer.write(framed(1, b"\x80\xc9\0\1abcd"))
                await asyncio.sleep(0.1)
            return b""

        assert "nothing came for 0.6 s" in str(fail(Script(answers={"PLAY": answer})))

    @pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
    def test_a_server_that_hangs_up(self, method):
        def answer(script, request):
            script.writer.transport.abort() if method == "SETUP" else script.writer.close()
            return b""

        error = fail(Script(answers={method: answer}))
        assert isinstance(error, StreamDropped)

    def test_a_server_that_hangs_up_while_it_plays(self):
        async def answer(script, request):
            script.writer.write(script.reply(request) + STREAM[:-3])
            await script.writer.drain()
            script.writer.close()
            return b""

        script = Script(answers={"PLAY": answer})
        assert str(fail(script)) == "the camera closed the connection"
        assert len(script.notes.units) == 1

    def test_nobody_at_that_port(self):
        async def run():
            async with receiving(f"rtsp://127.0.0.1:{free_port()}/x") as (_, task):
                await task

        with pytest.raises(StreamUnreachable, match=r"nobody answers \(Connection refused\)"):
            asyncio.run(run())

    def test_a_port_that_takes_no_connection(self):
        """A listener whose queue is full lets the connection hang, as a firewall would."""

        async def run():
            with socket.socket() as full, Sockets() as waiting:
                full.bind(("127.0.0.1", 0))
                full.listen(0)
                for _ in range(3):
                    waiting.append(socket.socket())
                    waiting[-1].setblocking(False)
                    waiting[-1].connect_ex(full.getsockname())
                port = full.getsockname()[1]
                timeouts = Timeouts(connect=0.3)
                async with receiving(f"rtsp://127.0.0.1:{port}/x", timeouts=timeouts) as (_, task):
                    await task

        with pytest.raises(StreamUnreachable, match=r"no answer within 0\.3 s"):
            asyncio.run(run())

    def test_a_name_that_nobody_knows(self):
        async def run():
            async with receiving("rtsp://no-such-camera.invalid/x") as (_, task):
                await task

        with pytest.raises(StreamUnreachable, match=r"name of the camera is not known|no answer"):
            asyncio.run(run())

    def test_a_good_bye_that_nobody_answers_is_not_waited_for(self):
        script = Script(stream=STREAM, answers={"TEARDOWN": lambda *_: b""})
        begun = time.monotonic()
        play(script)
        assert time.monotonic() - begun < 3
        assert len(script.of("TEARDOWN")) == 1


class Sockets(list):
    """Sockets that are closed at the end."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self:
            each.close()


def test_whatever_the_receiver_raises_ends_the_stream_and_is_not_hidden():
    async def run():
        async with Script(stream=STREAM) as script, receiving(script.uri) as (notes, task):
            notes.unit = lambda unit: [][unit.size]
            await task

    with pytest.raises(IndexError):
        asyncio.run(run())


def test_many_cameras_on_one_loop_do_not_wait_for_a_dead_one():
    async def run():
        async with (
            Script(answers={"OPTIONS": lambda *_: b""}) as dead,
            Script(stream=STREAM) as alive,
            receiving(dead.uri) as (_, waiting),
            receiving(alive.uri) as (notes, _),
        ):
            await notes.until(lambda notes: len(notes.units) == 2)
            assert not waiting.done()

    asyncio.run(run())
