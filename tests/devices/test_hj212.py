"""HJ 212: packets in any pieces, rubbish between them, both editions, and the values they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.errors import PayloadError
from devices.hj212 import answers
from devices.hj212.frame import LONGEST, Framer, crc16, frame
from devices.hj212.packet import Packet, groups, read, text_of, write
from devices.hj212.samples import data_time, samples, sent_at
from devices.hj212.talk import Talk
from devices.stations import Broken, Fault

MN = "LXHB0CS0306310"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2018, 4, 27, 4, 58, 9, tzinfo=UTC)
DATA = (
    b"QN=20180427125809000;ST=22;CN=2011;PW=123456;MN=LXHB0CS0306310;Flag=5;CP=&&DataTime=20180427125809;"
    b"a34004-Rtd=75.6,a34004-Flag=N;a34002-Rtd=140.6,a34002-Flag=N;a01001-Rtd=24.8,a01001-Flag=N;"
    b"LA-Rtd=57.9,LA-Flag=N&&"
)
OLD = b"ST=22;CN=2011;PW=123456;MN=JH0201712SD8763;CP=&&DataTime=20180114002828;PM25-Rtd=15.4,PM25-Flag=N&&"
PACKET = Packet("2011", "M1", "22", "123456", "20180427125809000", 5)


def with_cp(cp: str, **more) -> Packet:
    return Packet(**{"cn": "2011", "mn": "M1", "qn": "20180427125809000", "flag": 5, "cp": cp} | more)


def values(packet: Packet, taken: datetime = NOW) -> dict[str, tuple[float, str]]:
    return {one.quantity: (one.value, one.quality) for one in samples(packet, taken).samples}


def test_the_check_is_that_of_the_standard_and_of_packets_seen_in_the_field():
    asked = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    assert crc16(asked + b"CP=&&RtdInterval=30&&") == 0x1C80
    seen = DATA.replace(b"=75.6,", b"=75600.000,").replace(b"=140.6,", b"=140600.000,")
    more = b"a34001-Rtd=178000.000,a34001-Flag=N;a01001-Rtd=24.8"
    rest = b"a01002-Rtd=46.8,a01002-Flag=N;a01006-Rtd=101.380,a01006-Flag=N;a01007-Rtd=0.0,a01007-Flag=N;"
    seen = seen.replace(b"a01001-Rtd=24.8", more)
    seen = seen.replace(b"LA-Rtd", rest + b"a01008-Rtd=25,a01008-Flag=N;LA-Rtd")
    assert crc16(seen) == 0x5440


def test_a_packet_of_a_station_is_read():
    packet = read(DATA)
    assert (packet.cn, packet.mn, packet.edition, packet.wants_answer) == (
        "2011",
        "LXHB0CS0306310",
        2017,
        True,
    )
    assert sent_at(packet, ZONE) == data_time(packet, ZONE) == NOW
    assert values(packet) == {
        "pm25": (75.6, "good"), "pm10": (140.6, "good"), "temperature": (24.8, "good"), "la": (57.9, "good"),
    }  # fmt: skip
    assert "123456" not in repr(packet)


def test_the_edition_of_2005_without_qn_and_flag_is_read_and_waits_for_no_answer():
    packet = read(OLD)
    assert (packet.edition, packet.qn, packet.wants_answer) == (2005, "", False)
    assert answers.confirm(packet) is None
    assert values(packet) == {"pm25": (15.4, "good")}


def test_each_edition_is_answered_in_its_own_way():
    assert answers.confirm(read(DATA)) == frame(
        b"QN=20180427125809000;ST=91;CN=9014;PW=123456;MN=LXHB0CS0306310;Flag=4;CP=&&&&"
    )
    old = read(b"QN=20180427125809000;" + OLD.replace(b"CP=", b"Flag=1;CP="))
    assert answers.confirm(old) == frame(
        b"ST=91;CN=9014;PW=123456;MN=JH0201712SD8763;Flag=0;CP=&&QN=20180427125809000&&"
    )


def test_a_part_is_answered_with_its_number():
    part = read(DATA.replace(b"Flag=5;", b"Flag=7;PNUM=3;PNO=2;"))
    assert b"Flag=6;PNUM=3;PNO=2;CP=" in (answers.confirm(part) or b"")


def test_means_are_quantities_of_their_own():
    hour = with_cp("a34004-Avg=81,a34004-Max=99,a34004-Cou=5,a34004-Flag=N", cn="2061")
    assert values(hour) == {"pm25_hour": (81.0, "good"), "pm25_hour_max": (99.0, "good")}
    assert values(with_cp("Leq-Data=61", cn="2031")) == {"laeq_day": (61.0, "good")}


@pytest.mark.parametrize(
    ("mark", "quality"),
    [("N", "good"), ("n", "good"), ("D", "bad"), ("M", "uncertain"), ("?", "uncertain"), ("", "good")],
)
def test_a_data_mark_says_what_may_be_made_of_a_value(mark, quality):
    assert values(with_cp(f"a34004-Rtd=9,a34004-Flag={mark}")) == {"pm25": (9.0, quality)}


def test_a_value_that_is_no_number_costs_its_neighbours_nothing():
    said = samples(with_cp("a34004-Rtd=---;a34002-Rtd=30;x-9-Rtd=1;LA-Rtd=nan"), NOW)
    assert [one.quantity for one in said.samples] == ["pm10"]
    assert said.unreadable == ("a34004", "LA")


def test_a_code_nobody_knows_is_kept_under_its_own_name():
    assert values(with_cp("w01018-Rtd=3,w01018-Flag=N")) == {"hj_w01018": (3.0, "good")}


def test_the_same_values_are_told_from_others_by_data_time_and_not_by_qn():
    first, again = (samples(with_cp("LA-Rtd=1", qn=qn), NOW).samples[0] for qn in ("1" * 17, "2" * 17))
    later = samples(with_cp("LA-Rtd=1"), NOW + timedelta(seconds=1)).samples[0]
    assert (first.boot, first.seq) == (again.boot, again.seq) != (later.boot, later.seq)


def test_text_in_gbk_and_in_utf_8_is_read():
    for encoding in ("gbk", "utf-8"):
        assert text_of("站点=梧桐路".encode(encoding)) == "站点=梧桐路"
    with pytest.raises(PayloadError):
        text_of(b"\x81\xff\xff")


@pytest.mark.parametrize(
    ("segment", "names"),
    [
        (b"", "CN"),
        (b"CN=2011;CP=&&&&", "MN"),
        (b"CN=20x1;MN=1;CP=&&&&", "CN"),
        (b"CN=2011;MN=1;MN=2;CP=&&&&", "MN: is there twice"),
        (b"CN=2011;MN=1;Flag=999;CP=&&&&", "Flag"),
        (b"CN=2011;MN=1;Flag=7;PNUM=2;PNO=3;CP=&&&&", "PNO"),
        (b"CN=2011;MN=1;CP=&&a", "CP"),
        (b"CN=2011;what;MN=1;CP=&&&&", "NAME=VALUE"),
    ],
)
def test_what_is_wrong_with_a_segment_is_said_by_field(segment, names):
    with pytest.raises(PayloadError, match=names):
        read(segment)


def test_half_a_packet_costs_the_next_one_nothing():
    whole = frame(DATA)
    for cut in (1, 5, 6, 7, 50, len(whole) - 7, len(whole) - 3):
        framer = Framer()
        assert DATA in framer.feed(whole[:cut] + whole), cut
        assert framer.waiting == 0


def test_a_wrong_length_or_check_costs_only_that_packet():
    whole = frame(DATA)
    for wrong in (b"##0999" + whole[6:], b"##0007" + whole[6:], whole[:60] + b"~" + whole[61:]):
        found = Framer().feed(wrong + whole)
        assert [one for one in found if isinstance(one, bytes)] == [DATA]
        assert isinstance(found[0], Broken)


def test_rubbish_is_told_once_and_packets_without_cr_lf_are_taken():
    whole = frame(DATA).rstrip()
    found = Framer().feed(b"~modem~###" + whole + whole.lower().replace(DATA.lower(), DATA) + b"#")
    assert [one for one in found if isinstance(one, bytes)] == [DATA, DATA]
    assert [one.fault for one in found if isinstance(one, Broken)] == [Fault.RUBBISH]


def test_what_never_becomes_whole_can_be_given_up():
    framer = Framer()
    assert framer.feed(b"##0400QN=1") == []
    assert [one.fault for one in framer.give_up()] == [Fault.LENGTH]
    assert framer.feed(frame(DATA)) == [DATA]


TEXT = st.text("aZ09 .-+梧桐路é", max_size=12)
PACKETS = st.builds(
    Packet,
    cn=st.from_regex(r"[0-9]{4}", fullmatch=True),
    mn=st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True),
    st=st.sampled_from(("21", "22", "91")),
    pw=st.from_regex(r"[A-Za-z0-9]{0,9}", fullmatch=True),
    qn=st.just("") | st.from_regex(r"[0-9]{17}", fullmatch=True),
    flag=st.none() | st.sampled_from((0, 1, 4, 5)),
    cp=st.lists(
        st.builds("{}={}".format, st.from_regex(r"[a-zA-Z0-9-]{1,9}", fullmatch=True), TEXT), max_size=6
    ).map(";".join),
)


@settings(max_examples=60, deadline=None)
@given(PACKETS)
def test_what_is_written_is_read_again(packet):
    assert read(write(packet).decode("gb18030").encode()) == packet
    assert Framer().feed(frame(write(packet))) == [write(packet)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.just(frame(DATA)) | st.just(frame(OLD)) | st.binary(max_size=30), max_size=5),
    st.lists(st.integers(0, 600), max_size=8),
)
@example([b"##", frame(DATA)], [1])
def test_no_division_of_the_bytes_changes_what_is_found(pieces, cuts):
    line = b"".join(pieces)
    whole = [one for one in Framer().feed(line) if isinstance(one, bytes)]
    ends = sorted({min(cut, len(line)) for cut in cuts} | {0, len(line)})
    framer = Framer()
    parts = [framer.feed(line[begin:end]) for begin, end in pairwise(ends)]
    assert [one for part in parts for one in part if isinstance(one, bytes)] == whole
    if not any(b"#" in piece for piece in pieces if piece not in (frame(DATA), frame(OLD))):
        assert len(whole) == sum(piece in (frame(DATA), frame(OLD)) for piece in pieces)


FUZZ = st.lists(
    st.binary(max_size=40)
    | st.sampled_from((frame(DATA), frame(OLD), frame(DATA)[:70], b"##", b"##9999", b"##0000FFFF", b"\r\n"))
    | st.builds(frame, st.binary(max_size=60))
    | st.builds(lambda cp: frame(b"CN=2011;MN=1;Flag=7;PNUM=2;PNO=1;CP=&&%s&&" % cp), st.binary(max_size=60)),
    max_size=8,
)


def endure(pieces: list[bytes]) -> None:
    talk = Talk(ZONE, None, clock=True)
    for piece in pieces:
        for said in talk.feed(piece, NOW):
            assert len(said.samples) <= 1024
        assert talk.waiting < LONGEST + 10
    talk.give_up(NOW)
    talk.ask(NOW)


@settings(max_examples=150, deadline=None)
@given(FUZZ)
@example([frame(b"CN=2011;MN=1;CP=&&DataTime=00000000000000;LA-Rtd=1&&")])
@example([frame(b"CN=2011;MN=1;CP=&&DataTime=00010101000000;LA-Rtd=1e999&&")])
@example([frame(b"QN=99991231235959999;CN=2011;MN=1;Flag=5;CP=&&LA-Rtd=\xc2\xb2&&")])
@example([frame("CN=２０１１;MN=1;CP=&&&&".encode())])
def test_no_bytes_whatever_end_a_line_or_grow_it(pieces):
    endure(pieces)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None)
@given(FUZZ)
def test_no_bytes_whatever_end_a_line_for_minutes(pieces):
    endure(pieces)


def test_a_password_that_is_wrong_is_said_and_its_values_are_left():
    (said,) = Talk(ZONE, "654321").feed(frame(DATA), NOW)
    assert said.denied
    assert (said.station, said.samples, said.answer) == ("LXHB0CS0306310", (), b"")
    assert "123456" not in repr(said)
    (right,) = Talk(ZONE, "123456").feed(frame(DATA), NOW)
    assert not right.denied
    assert len(right.samples) == 4


def test_parts_after_the_first_have_its_data_time():
    talk = Talk(ZONE, None)
    first = DATA.replace(b"Flag=5;", b"Flag=7;PNUM=2;PNO=1;").replace(
        b"DataTime=20180427125809", b"DataTime=20180427125700"
    )
    second = b"QN=20180427125809000;ST=22;CN=2011;MN=LXHB0CS0306310;Flag=7;PNUM=2;PNO=2;CP=&&a34001-Rtd=9&&"
    (_,) = talk.feed(frame(first), NOW)
    (said,) = talk.feed(frame(second), NOW)
    assert [(one.quantity, one.taken_at) for one in said.samples] == [("tsp", NOW - timedelta(seconds=69))]


def test_values_whose_data_time_stands_still_are_told_apart_by_qn():
    talk = Talk(ZONE, None)
    told = []
    for second in (b"09", b"10", b"10", b"11"):
        (said,) = talk.feed(frame(DATA[:15] + second + DATA[17:]), NOW)
        told.append((said.samples[0].boot, said.samples[0].seq))
    assert len(set(told)) == 3
    assert told[1] == told[2]


def test_a_clock_that_is_off_is_set_once_an_hour_and_when_it_is_asked_for():
    talk = Talk(ZONE, None, clock=True)
    late = NOW + timedelta(minutes=5)
    said = [talk.feed(frame(DATA), at)[0] for at in (late, late, late + timedelta(hours=2))]
    assert [b"CN=1012" in one.answer for one in said] == [True, False, True]
    assert b"SystemTime=20180427130309" in said[0].answer
    asked = DATA.replace(b"CN=2011", b"CN=1013")
    (said,) = talk.feed(frame(asked), late + timedelta(hours=2))
    assert b"CN=9013" in said.answer
    assert b"CN=1012" in said.answer
    (quiet,) = Talk(ZONE, None).feed(frame(DATA), late)
    assert b"1012" not in quiet.answer


def test_what_a_station_refuses_is_said_in_words():
    talk = Talk(ZONE, None)
    refused = Packet("9011", "M1", qn="20180427125809000", flag=4, cp="QnRtn=3")
    (said,) = talk.feed(frame(write(refused)), NOW)
    assert said.fault == "QnRtn: PW is wrong"
    (fine,) = talk.feed(frame(write(Packet("9012", "M1", flag=4, cp="ExeRtn=1"))), NOW)
    assert (fine.fault, fine.answer) == ("", b"")


def test_groups_are_bounded():
    with pytest.raises(PayloadError, match="items"):
        groups("a=1;" * 2000)
    assert groups("a=1,b;c = 2;;=") == [{"a": "1"}, {"c": "2"}, {"": ""}]
