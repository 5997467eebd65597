"""What happens around a stream: log-in of every kind, signs of life, redirects."""

import asyncio
import hashlib
import time

import pytest

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamRefused
from devices.stream.rtsp_client.h264 import H264
from tests.devices.rtsp_peers import (
    Script,
    key_of,
    packetised,
    receiving,
    wire_of,
)
from tests.devices.rtsp_scripted import STREAM, WHO, fail, play


class TestLogIn:
    """A server that asks for proof, and counts."""

    def guarded(self, scheme, *, every=False, stale=None, wrong=()):
        """`every`: a nonce is good for one request. `stale`: methods whose first proof is too old."""
        used = []

        def answer(script, request):
            given = request.headers.get("Authorization", "")
            fields = {
                name: value.strip('"')
                for name, _, value in (each.strip().partition("=") for each in given[7:].split(","))
            }
            nonce = fields.get("nonce")
            late = ""
            if scheme == "Basic":
                good = given == "Basic YWRtaW46cGFzczp3b3Jk"
            else:
                good = fields.get("response") == self.response(scheme, fields, request) and not wrong
                if good and every and nonce in used:
                    good = False
                elif good and stale and request.method in stale:
                    stale.remove(request.method)
                    good, late = False, ", stale=true"
            used.append(nonce)
            if good:
                return None
            challenge = 'Basic realm="r"'
            if scheme != "Basic":
                challenge = f'Digest realm="r", nonce="n{len(used)}", opaque="o", {scheme}{late}'
            return script.reply(request, "401 Unauthorized", {"WWW-Authenticate": challenge})

        return Script(
            stream=STREAM,
            answers=dict.fromkeys(
                ("DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"),
                answer,
            ),
        )

    def response(self, scheme, fields, request):
        kind = hashlib.sha256 if "SHA-256" in scheme else hashlib.md5

        def hashed(*parts):
            return kind(":".join(parts).encode()).hexdigest()

        middle = (fields.get("nonce", ""),)
        if "qop" in scheme:
            middle += (fields.get("nc", ""), fields.get("cnonce", ""), "auth")
        return hashed(
            hashed("admin", "r", "pass:word"), *middle, hashed(request.method, fields.get("uri", ""))
        )

    @pytest.mark.parametrize(
        "scheme",
        [
            "algorithm=MD5",
            'algorithm=SHA-256, qop="auth"',
            'qop="auth,auth-int"',
            "algorithm=SHA-256",
            "Basic",
        ],
    )
    def test_each_kind_opens_the_stream(self, scheme):
        script = self.guarded(scheme)
        play(script, credentials=WHO)
        assert [each.method for each in script.asked] == [
            "OPTIONS",
            "DESCRIBE",
            "DESCRIBE",
            "SETUP",
            "PLAY",
            "TEARDOWN",
        ]

    def test_the_count_of_a_nonce_rises(self):
        script = self.guarded('qop="auth"')
        play(script, credentials=WHO)
        counts = [each.headers["Authorization"].partition("nc=")[2][:8] for each in script.asked[2:]]
        assert counts == ["00000001", "00000002", "00000003", "00000004"]

    def test_a_nonce_that_is_good_once_is_asked_for_again_each_time(self):
        script = self.guarded("algorithm=MD5", every=True)
        play(script, credentials=WHO)
        assert [each.method for each in script.asked][:7] == [
            "OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "SETUP", "PLAY", "PLAY",
        ]  # fmt: skip

    def test_a_stale_nonce_is_no_refusal(self):
        script = self.guarded("algorithm=MD5", stale=["DESCRIBE", "PLAY"])
        play(script, credentials=WHO)
        assert len(script.of("DESCRIBE")) == 3
        assert len(script.of("PLAY")) == 2

    def test_a_nonce_that_is_always_stale_is_a_refusal_in_the_end(self):
        script = self.guarded("algorithm=MD5", stale=["DESCRIBE"] * 99)
        assert isinstance(fail(script, WHO), StreamRefused)
        assert len(script.of("DESCRIBE")) == 3

    @pytest.mark.parametrize("scheme", ["algorithm=MD5", "Basic"])
    def test_a_wrong_password_is_shown_once_and_no_more(self, scheme):
        script = self.guarded(scheme, wrong=True)
        error = fail(script, Credentials("admin", "wrong"))
        assert isinstance(error, StreamRefused)
        assert str(error) == "the camera refuses the user or the password"
        assert len([each for each in script.asked if "Authorization" in each.headers]) == 1

    def test_no_credentials_where_they_are_asked_for_is_a_refusal(self):
        error = fail(self.guarded("algorithm=MD5"))
        assert isinstance(error, StreamRefused)
        assert "asks for a user and a password" in str(error)

    def test_a_kind_that_nobody_knows_is_a_refusal(self):
        def answer(script, request):
            return script.reply(request, "401 Unauthorized", {"WWW-Authenticate": "Kerberos abc"})

        assert isinstance(fail(Script(answers={"DESCRIBE": answer}), WHO), StreamRefused)

    def test_forbidden_is_a_refusal(self):
        script = Script(answers={"SETUP": lambda script, request: script.reply(request, "403 Forbidden")})
        assert isinstance(fail(script), StreamRefused)


class TestAlive:
    """Signs of life while the stream plays."""

    @pytest.fixture(autouse=True)
    def often(self, monkeypatch):
        monkeypatch.setattr("devices.stream.rtsp_client.session.KEEP_ALIVE", 0.2)

    def alive(self, seen, public="GET_PARAMETER", answer=None, session="abc;timeout=60"):
        async def stream(script):
            number = 0
            while True:
                script.writer.write(wire_of(packetised(H264, [key_of(H264)], number, number * 3600)[0]))
                number += 3
                await asyncio.sleep(0.1)

        def playing(script, request):
            task = asyncio.get_running_loop().create_task(stream(script))
            script.tasks.add(task)
            return script.reply(request)

        def set_up(script, request):
            return script.reply(
                request, headers={"Transport": request.headers["Transport"], "Session": session}
            )

        answers = {"PLAY": playing, "SETUP": set_up}
        if answer is not None:
            answers["GET_PARAMETER"] = answer
        answers["OPTIONS"] = lambda script, request: script.reply(request, headers={"Public": public})
        script = Script(answers=answers)
        notes = play(script, lambda _: len([each for each in script.asked[4:] if each.method in seen]) >= 2)
        return script, notes

    def test_they_are_sent_at_half_the_sessions_time_out(self, monkeypatch):
        monkeypatch.setattr("devices.stream.rtsp_client.session.KEEP_ALIVE", 30.0)
        begun = time.monotonic()
        script, notes = self.alive({"GET_PARAMETER"}, session="abc;timeout=2")
        assert 2 <= time.monotonic() - begun < 20
        asked = script.of("GET_PARAMETER")
        assert {each.headers["Session"] for each in asked} == {"abc"}
        assert {each.uri for each in asked} == {script.uri + "/"}
        assert all(unit.key for unit in notes.units)

    def test_options_serve_where_there_is_nothing_else(self):
        script, _ = self.alive({"OPTIONS"}, public="DESCRIBE, SETUP, PLAY")
        assert script.of("GET_PARAMETER") == []

    def test_options_serve_where_the_camera_does_not_do_what_it_says(self):
        script, _ = self.alive(
            {"OPTIONS", "GET_PARAMETER"}, answer=lambda script, request: script.reply(request, "501 Not Done")
        )
        assert [each.method for each in script.asked[4:6]] == ["GET_PARAMETER", "OPTIONS"]

    def test_a_log_in_that_has_run_out_is_renewed(self):
        def answer(script, request):
            if "Authorization" in request.headers:
                return None
            challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n"'}
            return script.reply(request, "401 Unauthorized", challenge)

        script, _ = self.alive({"GET_PARAMETER"}, answer=answer)
        assert script.asked[-1].method == "TEARDOWN"

    def test_no_answer_to_them_matters_as_long_as_pictures_come(self):
        script, notes = self.alive({"GET_PARAMETER"}, answer=lambda *_: b"")
        assert len(script.of("GET_PARAMETER")) >= 2
        assert len(notes.units) >= 2


class TestRedirects:
    def moved(self, to):
        return Script(
            answers={
                "DESCRIBE": lambda script, request: script.reply(request, "302 Moved", {"Location": to()})
            }
        )

    def test_it_is_followed(self):
        async def run():
            async with Script(stream=STREAM) as there, self.moved(lambda: there.uri) as here:
                async with receiving(here.uri) as (notes, _):
                    await notes.until(lambda notes: len(notes.units) == 2)
                assert here.connections == there.connections == 1

        asyncio.run(run())

    def test_not_for_ever(self):
        script = self.moved(lambda: script.uri)
        assert "redirects more than 3 times" in str(fail(script))
        assert script.connections == 4

    @pytest.mark.parametrize("location", ["http://x/", "/elsewhere", "rtsp://"])
    def test_not_to_something_else(self, location):
        assert isinstance(fail(self.moved(lambda: location)), StreamDropped)

    def test_a_password_in_the_open_is_not_carried_to_another_host(self):
        basic = {"WWW-Authenticate": 'Basic realm="r"'}

        async def run():
            there = Script(
                answers={"DESCRIBE": lambda script, request: script.reply(request, "401 No", basic)}
            )
            async with there:
                elsewhere = there.uri.replace("127.0.0.1", "localhost")
                async with self.moved(lambda: elsewhere) as here:
                    with pytest.raises(StreamRefused, match="redirected to another host"):
                        async with receiving(here.uri, WHO) as (_, task):
                            await task
                    assert there.connections == 1
                    assert all("Authorization" not in each.headers for each in there.asked)

        asyncio.run(run())
