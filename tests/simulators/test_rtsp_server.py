import hashlib
import itertools
import socket
import time
from itertools import pairwise
from urllib.parse import quote

import av
import pytest

from devices.credentials import Credentials
from devices.stream.fake import number_of, write_clip
from simulators.cameras import rtsp_session
from simulators.cameras.rtsp import Fault, Looping, Segment, rtsp_in_thread
from tests.simulators.conftest import GOP, RATE

TRANSPORT = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"


@pytest.fixture
def server(segments):
    with rtsp_in_thread({"c/main": Looping(segments[0]), "c/sub": Looping(segments[1])}) as running:
        yield running


class Player:
    """A player that speaks just enough RTSP to look at what is on the wire."""

    def __init__(self, server, path="c/main", receive_buffer=None):
        self.uri = server.uri(path)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect((server.host, server.port))
        self.file = self.socket.makefile("rb")
        self.number = 0
        self.session = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def ask(self, method, *lines, uri=None):
        self.number += 1
        head = [f"{method} {uri or self.uri} RTSP/1.0", f"CSeq: {self.number}", *lines]
        if self.session:
            head.append(f"Session: {self.session}")
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        return self.answer()

    def answer(self):
        while (first := self.file.read(1)) == b"$":
            self.file.read(int.from_bytes(self.file.read(3)[1:], "big"))
        status = int((first + self.file.readline()).split()[1])
        headers = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = self.file.read(int(headers.get("content-length", 0)))
        if "session" in headers:
            self.session = headers["session"].partition(";")[0]
        return status, headers, body.decode()

    def play(self):
        assert self.ask("SETUP", TRANSPORT, uri=self.uri + "/trackID=0")[0] == 200
        status, headers, _ = self.ask("PLAY")
        assert status == 200
        return headers

    def packet(self):
        """Channel and bytes of the next interleaved packet."""
        assert self.file.read(1) == b"$"
        channel, high, low = self.file.read(3)
        return channel, self.file.read(high << 8 | low)

    def rtp(self):
        while True:
            channel, data = self.packet()
            if channel == 0:
                return data


def numbers(uri, count, **options):
    with av.open(uri, options={"rtsp_transport": "tcp", **options}, timeout=(20, 20)) as container:
        found = []
        for frame in container.decode(video=0):
            found.append((number_of(frame.reformat(640, 360, "gray").to_ndarray()), frame.pts))
            if len(found) == count:
                return found
    return found


def test_an_ordinary_player_sees_every_frame_in_order_and_at_the_right_pace(server):
    begun = time.monotonic()
    seen = numbers(server.uri("c/main"), 75)
    assert 0.9 < time.monotonic() - begun < 20
    assert all(later == (sooner + 1) % 50 for (sooner, _), (later, _) in pairwise(seen))
    stamps = [pts for _, pts in seen if pts is not None]
    assert {later - sooner for sooner, later in pairwise(stamps)} == {90_000 // RATE}


def test_h265_is_described_and_decodes_to_the_very_pictures_of_its_clip(tmp_path):
    clip = write_clip(tmp_path / "c.mp4", count=40, gop=10, rate=RATE, size=(96, 64), codec="libx265")
    with av.open(str(clip)) as container:
        made = {number: hashlib.sha256(luma).digest() for number, luma in pictures(container, 40)}
    assert list(made) == list(range(40))
    with rtsp_in_thread({"c": Looping(Segment.load(clip))}) as server:
        with Player(server, "c") as player:
            body = player.ask("DESCRIBE")[2]
        assert all(name in body for name in ("H265/90000", "sprop-vps=", "sprop-sps=", "sprop-pps="))
        with av.open(server.uri("c"), options={"rtsp_transport": "tcp"}, timeout=(20, 20)) as container:
            assert container.streams.video[0].codec_context.name == "hevc"
            seen = list(pictures(container, 60))
    assert all(later == (sooner + 1) % 40 for (sooner, _), (later, _) in pairwise(seen))
    assert all(hashlib.sha256(luma).digest() == made[number] for number, luma in seen)


def pictures(container, count):
    for frame in itertools.islice(container.decode(video=0), count):
        luma = frame.to_ndarray()[:64]
        yield number_of(frame.reformat(640, 360, "gray").to_ndarray()), luma.tobytes()


def test_each_path_shows_its_own_programme(server):
    assert all(number >= 1000 for number, _ in numbers(server.uri("c/sub"), 5))
    assert all(number < 50 for number, _ in numbers(server.uri("c/main/"), 5))


def test_the_position_comes_from_the_clock_so_that_all_viewers_see_the_same(segments):
    with (
        rtsp_in_thread({"c": Looping(segments[0])}) as server,
        Player(server, "c") as one,
        Player(server, "c") as two,
    ):
        one.play()
        two.play()
        ours, theirs = [one.rtp() for _ in range(60)], [two.rtp() for _ in range(60)]
    assert set(ours) & set(theirs)
    assert server.frames_sent() >= 2


def test_nothing_runs_while_nobody_watches(server):
    with Player(server) as player:
        player.play()
        player.rtp()
        assert server.viewers("c/main") == 1
        assert player.ask("TEARDOWN")[0] == 200
    deadline = time.monotonic() + 5
    while server.viewers("c/main") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.viewers("c/main") == 0
    sent = server.frames_sent()
    time.sleep(0.1)
    assert server.frames_sent() == sent


def test_rtp_info_names_the_first_packet_and_a_sender_report_precedes_it(server):
    with Player(server) as player:
        info = player.play()["rtp-info"]
        fields = dict(part.split("=", 1) for part in info.split(";"))
        channel, report = player.packet()
        assert (channel, report[1]) == (1, 200)
        first = player.rtp()
    assert int(fields["seq"]) == int.from_bytes(first[2:4], "big")
    assert int(fields["rtptime"]) == int.from_bytes(first[4:8], "big")
    assert int.from_bytes(report[16:20], "big") == int(fields["rtptime"])
    assert abs(int.from_bytes(report[8:12], "big") - 2_208_988_800 - time.time()) < 5


def test_sequence_numbers_have_no_gap_for_a_reader_that_keeps_up(server):
    with Player(server) as player:
        player.play()
        seqs = [int.from_bytes(player.rtp()[2:4], "big") for _ in range(100)]
    assert all((later - sooner) % 65536 == 1 for sooner, later in pairwise(seqs))


def test_the_description_carries_the_parameter_sets(server, segments):
    with Player(server) as player:
        status, headers, body = player.ask("DESCRIBE", "Accept: application/sdp")
    assert status == 200
    assert headers["content-type"] == "application/sdp"
    assert headers["content-base"].startswith("rtsp://")
    assert f"profile-level-id={segments[0].sets[7][1:4].hex().upper()}" in body
    assert "packetization-mode=1" in body


def test_udp_is_refused_as_unsupported(server):
    with Player(server) as player:
        assert player.ask("SETUP", "Transport: RTP/AVP;unicast;client_port=5000-5001")[0] == 461
        assert (
            player.ask("SETUP", f"Transport: RTP/AVP;unicast;client_port=5000-5001,{TRANSPORT[11:]}")[0]
            == 200
        )


def test_requests_out_of_place_get_the_answer_the_protocol_names(server):
    with Player(server) as player:
        assert "DESCRIBE" in player.ask("OPTIONS")[1]["public"]
        assert player.ask("RECORD")[0] == 405
        assert player.ask("DESCRIBE", uri=server.uri("nobody"))[0] == 404
        assert player.ask("PLAY")[0] == 454
        assert player.ask("GET_PARAMETER")[0] == 200
        player.play()
        assert player.ask("GET_PARAMETER")[0] == 200
        assert player.ask("SETUP", TRANSPORT)[0] == 455


@pytest.mark.parametrize(
    "nonsense", [b"HELLO\r\n\r\n", b"\x00" * 40_000, b"GET / HTTP/1.1\r\n\r\n", b"a b c\r\n\r\n"]
)
def test_nonsense_ends_the_connection_and_nothing_else(server, nonsense):
    with Player(server) as player:
        player.socket.sendall(nonsense)
        try:
            assert player.file.read() == b""
        except ConnectionError as error:
            assert error.errno  # noqa: PT017  reset: it ended all the same
    assert len(numbers(server.uri("c/main"), 3)) == 3


def test_receiver_reports_between_requests_are_passed_over(server):
    with Player(server) as player:
        player.play()
        player.socket.sendall(b"$\x01\x00\x08" + bytes(8))
        assert player.ask("GET_PARAMETER")[0] == 200


def test_a_client_that_gives_no_sign_of_life_is_let_go(server, monkeypatch):
    monkeypatch.setattr(rtsp_session, "TIMEOUT", 0.3)
    with Player(server) as player:
        player.play()
        while player.socket.recv(65536):
            continue
    assert server.viewers("c/main") == 0


class TestCredentials:
    credentials = Credentials("admin", "p@s:s/#%字")

    @pytest.fixture
    def guarded(self, segments):
        with rtsp_in_thread({"c": Looping(segments[0])}, self.credentials) as running:
            yield running

    def test_the_right_password_is_taken(self, guarded):
        user = f"{self.credentials.user}:{quote(self.credentials.password, safe='')}"
        assert len(numbers(guarded.uri("c").replace("//", f"//{user}@"), 3)) == 3

    @pytest.mark.parametrize("user", ["", "admin:wrong@", "other:p%40s@"])
    def test_another_one_is_not(self, guarded, user):
        with pytest.raises(av.error.HTTPUnauthorizedError):
            numbers(guarded.uri("c").replace("//", f"//{user}"), 3)

    @pytest.mark.parametrize("qop", [False, True])
    def test_digest_is_checked_as_rfc_2617_says(self, guarded, qop):
        with Player(guarded, "c") as player:
            status, headers, _ = player.ask("DESCRIBE")
            assert status == 401
            fields = dict(
                part.strip().split("=", 1)
                for part in headers["www-authenticate"].partition(" ")[2].split(",")
            )
            realm, nonce = fields["realm"].strip('"'), fields["nonce"].strip('"')

            def md5(text):
                return hashlib.md5(text.encode()).hexdigest()

            secret = md5(f"{self.credentials.user}:{realm}:{self.credentials.password}")
            middle = f"{nonce}:00000001:abc:auth" if qop else nonce
            response = md5(f"{secret}:{middle}:{md5(f'DESCRIBE:{player.uri}')}")
            extra = ', qop=auth, nc=00000001, cnonce="abc"' if qop else ""
            header = (
                f'Authorization: Digest username="admin", realm="{realm}", nonce="{nonce}", '
                f'uri="{player.uri}", response="{response}"{extra}'
            )
            assert player.ask("DESCRIBE", header)[0] == 200
            assert player.ask("DESCRIBE", header.replace(nonce, "0" * 32))[0] == 401
            assert player.ask("SETUP", TRANSPORT, header)[0] == 401  # proves DESCRIBE, not SETUP

    def test_no_password_opens_a_path_that_refuses(self, server):
        server.fault("c/main", Fault.REFUSE_AUTH)
        with pytest.raises(av.error.HTTPUnauthorizedError):
            numbers(server.uri("c/main"), 1)
        server.fault("c/main", Fault.REFUSE_AUTH, on=False)
        assert len(numbers(server.uri("c/main"), 1)) == 1


class Switching:
    def __init__(self, segments):
        self.segments, self.shown = segments, 0
        self.asked = []

    def segment(self, at):
        self.asked.append(at)
        return self.segments[self.shown]


def test_a_programme_switches_within_one_group_of_pictures_at_a_key_frame(segments):
    programme = Switching(segments)
    with rtsp_in_thread({"c": programme}) as server:
        seen = []
        with av.open(server.uri("c"), options={"rtsp_transport": "tcp"}, timeout=(20, 20)) as container:
            for frame in container.decode(video=0):
                seen.append(number_of(frame.reformat(640, 360, "gray").to_ndarray()))
                if len(seen) == 23:
                    programme.shown = 1
                if len(seen) == 80:
                    break
    switch = next(n for n, number in enumerate(seen) if number >= 1000)
    assert 23 <= switch <= 23 + 3 * GOP  # what was on its way when the scenario turned
    assert (seen[switch - 1] + 1) % GOP == 0
    assert seen[switch : switch + 30] == list(range(1000, 1030))
    assert programme.asked == sorted(programme.asked)


class TestFaults:
    def test_a_stall_sends_nothing_until_it_is_over(self, server):
        with Player(server) as player:
            player.play()
            player.rtp()
            server.fault("c/main", Fault.STALL)
            player.socket.settimeout(0.4)
            with pytest.raises(TimeoutError):
                while True:
                    player.socket.recv(65536)
            server.fault("c/main", Fault.STALL, on=False)
            player.socket.settimeout(5)
            assert player.socket.recv(65536)

    def test_a_drop_resets_the_connection(self, server):
        server.fault("c/main", Fault.DROP)
        with Player(server) as player:
            player.play()
            with pytest.raises(ConnectionResetError):
                while player.socket.recv(65536):
                    continue
        assert len(numbers(server.uri("c/sub"), 2)) == 2

    def test_half_a_frame_is_followed_by_the_end(self, server):
        server.fault("c/main", Fault.HALF_FRAME)
        with Player(server) as player:
            player.play()
            rest = player.file.read()
        whole = 0
        while rest and len(rest) >= 4 + int.from_bytes(rest[2:4], "big"):
            whole = rest[5] >> 7  # the marker: a frame's last packet
            rest = rest[4 + int.from_bytes(rest[2:4], "big") :]
        assert rest
        assert not whole

    def test_timestamps_leap_an_hour_and_back(self, server):
        with Player(server) as player:
            player.play()
            before = int.from_bytes(player.rtp()[4:8], "big")
            server.fault("c/main", Fault.TIMESTAMP_JUMP)
            leaps = {int.from_bytes(player.rtp()[4:8], "big") - before >> 20 for _ in range(60)}
        assert any(((leap << 20) % 2**32) // 90_000 in range(3550, 3650) for leap in leaps)

    def test_slow_answers_are_slow(self, server, monkeypatch):
        monkeypatch.setattr(rtsp_session, "SLOW_ANSWER", 0.4)
        server.fault("c/main", Fault.SLOW)
        with Player(server) as player:
            begun = time.monotonic()
            assert player.ask("OPTIONS")[0] == 200
            assert time.monotonic() - begun >= 0.4

    def test_corrupt_key_frames_are_still_well_packed(self, server):
        server.fault("c/main", Fault.CORRUPT_KEY)
        with Player(server) as player:
            player.play()
            seqs = [int.from_bytes(player.rtp()[2:4], "big") for _ in range(40)]
        assert all((later - sooner) % 65536 == 1 for sooner, later in pairwise(seqs))

    def test_packet_by_packet_is_the_same_stream(self, server):
        server.fault("c/main", Fault.PER_PACKET_WRITES)
        seen = [number for number, _ in numbers(server.uri("c/main"), 30)]
        assert all(later == (sooner + 1) % 50 for sooner, later in pairwise(seen))


def test_a_taken_port_is_an_error(server):
    with pytest.raises(OSError, match="in use"), rtsp_in_thread({}, port=server.port):
        pytest.fail("two servers on one port")
