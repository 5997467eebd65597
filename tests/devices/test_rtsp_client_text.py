"""The pure parts: RTSP messages, log-in, session descriptions, addresses, time stamps."""

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.credentials import Credentials
from devices.errors import StreamDropped
from devices.stream.rtsp_client import messages, rtp
from devices.stream.rtsp_client.digest import Challenge, authorization, challenge
from devices.stream.rtsp_client.h264 import H264
from devices.stream.rtsp_client.h265 import H265
from devices.stream.rtsp_client.sdp import joined, video_of
from devices.stream.rtsp_client.session import Address
from devices.stream.rtsp_client.times import StreamClock
from tests.devices.rtsp_peers import PPS, SETS, sdp_of

MUFASA = Credentials("Mufasa", "Circle of Life")


def parsed(text):
    data = bytearray(text)
    return messages.parse(data, 0, len(data))


class TestMessages:
    def test_a_reply_is_read_with_its_headers_in_any_case_and_its_body(self):
        text = (
            b"RTSP/1.0 200 OK\r\ncseq:  4\r\nWWW-Authenticate: a\r\nwww-authenticate: b\r\n"
            b"Content-Length: 3\r\n\r\nabc$"
        )
        message, stop = parsed(text)
        assert (message.status, message.number, message.body) == (200, 4, b"abc")
        assert message.headers["www-authenticate"] == ("a", "b")
        assert message.header("session") == ""
        assert stop == len(text) - 1

    def test_a_request_and_bare_line_feeds_are_read(self):
        message, _ = parsed(b"OPTIONS rtsp://x RTSP/1.0\nCSeq: 9\n\n")
        assert (message.method, message.status, message.number) == ("OPTIONS", 0, 9)

    def test_a_part_of_a_message_is_waited_for(self):
        whole = b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nContent-Length: 1\r\n\r\nx"
        for length in range(1, len(whole)):
            data = bytearray(whole[:length])
            assert messages.begins(data, 0, length)
            assert messages.parse(data, 0, length) is None
        assert parsed(whole) is not None

    @pytest.mark.parametrize(
        "text",
        [
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"RTSP/1.0 abc\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nX: " + b"y" * messages.MOST_HEAD,
        ],
    )
    def test_what_is_no_message_or_too_long_is_an_error(self, text):
        with pytest.raises(StreamDropped):
            parsed(text)

    @pytest.mark.parametrize("text", [b"\x80\x60", b"rtsp", b"Rubbish ", b"R\x01", b"A" * 40])
    def test_other_bytes_do_not_begin_a_message(self, text):
        assert not messages.begins(bytearray(text), 0, len(text))

    @pytest.mark.parametrize("text", ["", "x", "-1", "1" * 10, "²"])
    def test_an_unreadable_number_is_none(self, text):
        message, _ = parsed(f"RTSP/1.0 200 OK\r\nCSeq: {text}\r\n\r\n".encode())
        assert message.number is None

    def test_what_is_sent_shows_nothing_of_itself(self):
        message = messages.request("PLAY", "rtsp://x", 3, {"Authorization": "Basic c2VjcmV0", "Empty": ""})
        assert bytes(message) == (
            b"PLAY rtsp://x RTSP/1.0\r\nCSeq: 3\r\nUser-Agent: gridwatch\r\n"
            b"Authorization: Basic c2VjcmV0\r\n\r\n"
        )
        assert "c2VjcmV0" not in repr(message) + str(message)

    def test_bytes_of_other_encodings_go_back_as_they_came(self):
        message, _ = parsed(b'RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm="\xba\xa3"\r\n\r\n')
        sent = messages.request("A", "b", 1, {"X": message.header("www-authenticate")})
        assert b'realm="\xba\xa3"' in sent


class TestLogIn:
    @pytest.mark.parametrize(
        ("algorithm", "response"),
        [
            ("md5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("sha-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ],
    )
    def test_the_examples_of_rfc_7616(self, algorithm, response):
        rest = (
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        )
        name = algorithm.upper()
        asked = challenge(
            [f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={name}, {rest}']
        )
        text = authorization(
            asked,
            MUFASA,
            "GET",
            "/dir/index.html",
            count=1,
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
        assert f'response="{response}"' in text
        assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in text
        assert "qop=auth, nc=00000001" in text
        assert ("algorithm" in text) == (algorithm == "sha-256")

    def test_the_oldest_form_has_neither_count_nor_cnonce(self):
        # HA1 and HA2 of RFC 2617, section 3.5, joined as its section 3.2.2.1 says for no qop.
        asked = challenge(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
        text = authorization(
            asked, Credentials("Mufasa", "Circle Of Life"), "GET", "/dir/index.html", count=1, cnonce="x"
        )
        assert 'response="670fd8c2df070c60b045671b8b24ff02"' in text
        assert "nc=" not in text
        assert "cnonce" not in text

    def test_the_session_form_hashes_the_nonces_in(self):
        asked = Challenge("md5", "r", "n", session=True, qop=True)
        text = authorization(asked, Credentials("u", "p"), "M", "/", count=2, cnonce="c")
        assert 'response="3774721535e049851b075028a0d83225"' in text
        assert "algorithm=MD5-sess" in text
        assert "nc=00000002" in text

    def test_basic_is_user_and_password(self):
        asked = challenge(['Basic realm="x"'])
        text = authorization(asked, Credentials("u", "p:ä"), "M", "/", count=1, cnonce="c")
        assert text == "Basic " + base64.b64encode("u:p:ä".encode()).decode()

    @pytest.mark.parametrize(
        ("headers", "algorithm"),
        [
            (['Basic realm="a"', 'Digest realm="a", nonce="n"'], "md5"),
            (['Digest realm="a", nonce="n", algorithm=SHA-256', 'Digest realm="a", nonce="n"'], "sha-256"),
            (['Digest realm="a", nonce="n", Basic realm="b"'], "md5"),
            (['Basic realm="a, Digest b", Digest realm="c", nonce="n", algorithm="SHA-256"'], "sha-256"),
            (['Digest realm="a", nonce="n", algorithm=SHA-512-256', "basic"], "basic"),
            (['Digest realm="a", nonce="n", qop="auth-int"', 'Basic realm="a"'], "basic"),
            (['digest realm="a",nonce="n",stale=TRUE'], "md5"),
        ],
    )
    def test_the_strongest_that_is_understood_is_taken(self, headers, algorithm):
        assert challenge(headers).algorithm == algorithm

    @pytest.mark.parametrize("headers", [[], ["Bearer x"], ['Digest realm="a"'], [""]])
    def test_there_may_be_none(self, headers):
        assert challenge(headers) is None

    def test_quotes_in_names_are_escaped_both_ways(self):
        asked = challenge([r'Digest realm="a \"b\" \\", nonce="n"'])
        assert asked.realm == 'a "b" \\'
        text = authorization(asked, Credentials('u"', "p"), "M", "/", count=1, cnonce="c")
        assert r'username="u\""' in text
        assert r'realm="a \"b\" \\"' in text

    @given(st.lists(st.text(max_size=80), max_size=3))
    def test_no_header_is_too_odd(self, headers):
        asked = challenge(["Digest nonce=x " + each for each in headers])
        if asked is not None:
            authorization(asked, Credentials("u", "p"), "M", "/", count=1, cnonce="c")


class TestDescription:
    @pytest.mark.parametrize("codec", [H264, H265], ids=lambda codec: codec.name)
    def test_the_video_with_its_parameter_sets(self, codec):
        video = video_of(sdp_of(codec, extra=["a=control:rtsp://10.0.0.7/all"]))
        assert video.codec is codec
        assert video.parameters == SETS[codec]
        assert (video.payload_type, video.clock_rate) == (96, 90_000)
        assert (video.control, video.session_control) == ("trackID=1", "rtsp://10.0.0.7/all")

    def test_only_the_video_is_taken_out_of_several_media(self):
        text = (
            "v=0\nm=audio 0 RTP/AVP 0\na=control:audio\nm=application 0 RTP/AVP 107\n"
            "a=rtpmap:107 vnd.onvif/90000\n"
            "m=video 0 RTP/AVP 26\na=rtpmap:26 JPEG/90000\na=control:still\n"
            "m=video 0 RTP/AVP 98 97\na=rtpmap:97 h264/90000\na=rtpmap:98 H264-SVC/90000\na=control:moving\n"
            "m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=control:second\n"
        )
        video = video_of(text)
        assert (video.control, video.payload_type, video.codec) == ("moving", 97, H264)

    @pytest.mark.parametrize(
        "given",
        [
            "sprop-parameter-sets=%%%,{pps}",
            " packetization-mode=1 ; sprop-parameter-sets={pps_without_padding}; ",
            "sprop-parameter-sets={junk},{pps},",
            "sprop-parameter-sets=\xe9,{pps}",
        ],
    )
    def test_parameter_sets_that_cannot_be_read_are_left_out(self, given):
        pps, junk = base64.b64encode(PPS).decode(), base64.b64encode(b"\x01junk").decode()
        given = given.format(pps=pps, junk=junk, pps_without_padding=pps.rstrip("="))
        text = f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 {given}\r\n"
        assert video_of(text).parameters == (PPS,)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "no video"),
            ("m=audio 0 RTP/AVP 0\n", "no video"),
            ("m=video 0 RTP/AVP 26\na=rtpmap:26 JPEG/90000\n", "the video is JPEG"),
            ("m=video 0 RTP/AVP 26\n", "the video is format 26"),
            ("m=\n", "no video"),
            (sdp_of(H264).replace("packetization-mode=1", "packetization-mode=2"), "interleaved"),
            (sdp_of(H265).replace("sprop-vps", "sprop-max-don-diff=3;sprop-vps"), "interleaved"),
        ],
    )
    def test_what_cannot_be_played_is_said(self, text, why):
        with pytest.raises(StreamDropped, match=re.escape(why)):
            video_of(text)

    @pytest.mark.parametrize("rate", ["0", "99999999999", "7", "90000"])
    def test_a_clock_rate_that_cannot_be_is_the_usual_one(self, rate):
        assert video_of(f"m=video 0 RTP/AVP 96\na=rtpmap:96 H264/{rate}\n").clock_rate == 90_000

    @settings(max_examples=300)
    @given(st.text(st.sampled_from("mav=:6 /90H24\n\r;,%"), max_size=200), st.text(max_size=60))
    def test_no_text_is_too_odd(self, ending, middle):
        for text in (ending, sdp_of(H264)[:-40] + middle + ending):
            try:
                video = video_of(text)
            except StreamDropped:
                continue
            assert 1_000 <= video.clock_rate <= 10_000_000

    @pytest.mark.parametrize(
        ("base", "control", "whole"),
        [
            ("rtsp://h/live/", "trackID=1", "rtsp://h/live/trackID=1"),
            ("rtsp://h/live", "trackID=1", "rtsp://h/live/trackID=1"),
            ("rtsp://h/cam?channel=1&subtype=0", "trackID=0", "rtsp://h/cam?channel=1&subtype=0/trackID=0"),
            ("rtsp://h/live/", "rtsp://10.0.0.7:554/live/video", "rtsp://10.0.0.7:554/live/video"),
            ("rtsp://h/live/", "*", "rtsp://h/live/"),
            ("rtsp://h/live", "", "rtsp://h/live"),
            ("rtsp://h/live/", "/track1", "rtsp://h/live/track1"),
        ],
    )
    def test_addresses_are_joined_as_cameras_expect(self, base, control, whole):
        assert joined(base, control) == whole


class TestAddress:
    @pytest.mark.parametrize(
        ("uri", "expected"),
        [
            ("rtsp://10.0.0.7/a?b=c", ("rtsp://10.0.0.7/a?b=c", "10.0.0.7", 554)),
            ("rtsp://u:p@h:8554/a#x", ("rtsp://h:8554/a", "h", 8554)),
            ("rtsp://[::1]:5/a", ("rtsp://[::1]:5/a", "::1", 5)),
        ],
    )
    def test_it_is_taken_apart_without_user_and_password(self, uri, expected):
        address = Address.of(uri)
        assert (address.uri, address.host, address.port) == expected

    @pytest.mark.parametrize(
        "uri",
        [
            "",
            "http://h/a",
            "rtsps://h/a",
            "rtsp://",
            "rtsp://h:x/",
            "rtsp://h/a b",
            "rtsp://h/\r\nX: y",
            "rtsp://[/",
        ],
    )
    def test_others_are_refused_without_being_shown(self, uri):
        with pytest.raises(StreamDropped, match="not an rtsp:// address"):
            Address.of(uri)


class TestTimes:
    @settings(max_examples=200)
    @given(
        st.integers(0, 2**32 - 1),
        st.lists(st.integers(-90_000, 9 * 90_000), max_size=60),
        st.floats(0, 1e6),
    )
    def test_stream_time_follows_the_stamps_over_the_wrap_and_never_falls(self, begin, steps, seen):
        clock = StreamClock(90_000)
        assert clock.at(begin, seen) == 0
        position = latest = 0
        for step in steps:
            position += step
            latest = max(latest, position)
            seen += max(step, 0) / 90_000
            assert clock.at((begin + position) % 2**32, seen) == pytest.approx(latest / 90_000)
            assert not clock.jumped

    @pytest.mark.parametrize("leap", [3600, -3600, 11, -4, 5, 2])
    def test_a_leap_is_bridged_by_the_time_that_passed(self, leap):
        clock = StreamClock(90_000)
        clock.at(1000, 50.0)
        assert clock.at(1000 + 90_000, 51.0) == 1.0
        assert clock.at((1000 + (2 + leap) * 90_000) % 2**32, 51.5) == pytest.approx(1.5)
        assert clock.jumped
        assert clock.at((1000 + (3 + leap) * 90_000) % 2**32, 52.5) == pytest.approx(2.5)
        assert not clock.jumped

    def test_a_report_names_stream_seconds_near_the_latest_picture_only(self):
        clock = StreamClock(90_000)
        assert clock.of(5) is None
        clock.at(2**32 - 90_000, 0.0)
        assert clock.of(90_000) == 2.0
        assert clock.of(2**32 - 2 * 90_000) == -1.0
        assert clock.of(2**31) is None

    def test_sender_reports_and_good_byes_are_found_in_a_compound_packet(self):
        seconds = 1_700_000_000 + rtp.NTP_EPOCH
        report = (
            bytes.fromhex("80c80006 00001234")
            + seconds.to_bytes(4, "big")
            + bytes.fromhex("80000000 00015f90 00000001 00000002")
        )
        found = rtp.reports(report + bytes.fromhex("81ca0002 00001234 01016100 81cb0001 00000042"), 0, 48)
        assert found == (rtp.Report(0x1234, 1_700_000_000.5, 90_000), [0x42])

    def test_a_clock_that_was_never_set_is_no_report(self):
        assert rtp.reports(bytes.fromhex("80c80006") + bytes(24), 0, 28) == (None, [])

    def test_the_ntp_era_that_begins_in_2036_is_understood(self):
        report = bytes.fromhex("80c80006 00001234 00000001 00000000") + bytes(12)
        found, _ = rtp.reports(report, 0, len(report))
        assert found.utc == 2**32 + 1 - rtp.NTP_EPOCH
