from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.areas.registry import Registry
from cloud.duty.watch import EMPTY, UNCOVERED
from cloud.errors import SettingsError
from cloud.inspections.planning import MISSED
from cloud.policies.kind import Policies, Sight
from cloud.policies.reading import check
from cloud.push.channels import MOST, cut, folded
from cloud.push.ladder import Go, History, Stop, Tried, Wait, next_rung
from cloud.push.lanes import batches
from cloud.push.policy import NOTICES, PUSH, PushPolicy, load_push
from cloud.reports.gridlog import UPLOAD
from devices.messages import Severity

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
CHANNELS = {
    "robot": {"kind": "wecom", "address": "GRIDWATCH_PUSH_CENTRE", "timeout": 5},
    "sms": {"kind": "sms", "address": "GRIDWATCH_PUSH_SMS", "timeout": 8},
}
LADDER = {
    "name": "usual",
    "rungs": [
        {"name": "page", "to": ["role:operator"], "by": ["page"], "wait": "20 s"},
        {"name": "group", "to": ["duty:primary"], "by": ["robot", "sms"], "wait": "60 s"},
        {"name": "leader", "to": ["duty:shift_leader"], "by": ["sms"], "wait": "2 min"},
    ],
}
QUIET = [{"hours": "22:00-07:00", "severities": ["low"]}]
POLICY = PushPolicy.model_validate({"channels": CHANNELS, "ladders": [LADDER], "quiet": QUIET})


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def past(*tried: Tried, **more: object) -> History:
    values = {"ladder": "usual", "began": START, "severity": Severity.HIGH, "zone": ZONE, "tried": tried}
    return History(**values | more)  # type: ignore[arg-type]


def test_each_rung_comes_when_the_wait_of_the_one_before_is_over() -> None:
    page = Tried(0, "page", START, sent=True)
    assert next_rung(POLICY, past(), START) == Go(0, ("page",))
    assert next_rung(POLICY, past(page), seconds(19)) == Wait(seconds(20))
    assert next_rung(POLICY, past(page), seconds(20)) == Go(1, ("robot", "sms"))
    robot = Tried(1, "robot", seconds(20), sent=True)
    sms = Tried(1, "sms", seconds(20), failed_at=seconds(21))
    assert next_rung(POLICY, past(page, robot, sms), seconds(79)) == Wait(seconds(80))
    assert next_rung(POLICY, past(page, robot, sms), seconds(80)) == Go(2, ("sms",))
    last = Tried(2, "sms", seconds(80), sent=True)
    assert next_rung(POLICY, past(page, robot, sms, last), seconds(199)) == Wait(seconds(200))
    assert next_rung(POLICY, past(page, robot, sms, last), seconds(200)) == Stop("exhausted")


def test_a_rung_that_failed_as_a_whole_is_not_waited_for() -> None:
    page = Tried(0, "page", START, failed_at=START)
    assert next_rung(POLICY, past(page), START) == Go(1, ("robot", "sms"))


def test_a_provider_that_does_not_answer_is_waited_for_no_longer_than_its_own_time() -> None:
    page = Tried(0, "page", START, sent=True)
    robot, sms = Tried(1, "robot", seconds(20)), Tried(1, "sms", seconds(20))
    assert next_rung(POLICY, past(page, robot, sms), seconds(20)) == Wait(seconds(28))
    assert next_rung(POLICY, past(page, robot, sms), seconds(28)) == Go(2, ("sms",))


@pytest.mark.parametrize("done", ["acknowledged", "accepted"])
def test_what_somebody_did_ends_it(done: str) -> None:
    assert next_rung(POLICY, past(done=frozenset({done})), START) == Stop(done)
    assert next_rung(POLICY, past(over="closed"), START) == Stop("closed")
    assert isinstance(next_rung(POLICY, past(done=frozenset({"read"})), START), Go)


def test_what_is_held_waits_and_then_goes_on_where_it_was() -> None:
    page = Tried(0, "page", START, sent=True)
    assert next_rung(POLICY, past(page, held=True), seconds(60)) == Wait(seconds(65))
    assert next_rung(POLICY, past(page), seconds(65)) == Go(1, ("robot", "sms"))
    assert next_rung(POLICY, past(page, held=True, over="closed"), seconds(60)) == Stop("closed")
    assert next_rung(POLICY, past(held=True, done=frozenset({"accepted"})), START) == Stop("accepted")


def test_a_ladder_that_the_policy_has_no_more_ends() -> None:
    assert next_rung(POLICY, past(ladder="gone"), START) == Stop("no_ladder")


def test_rounds_go_through_all_rungs_again() -> None:
    twice = PushPolicy.model_validate({"channels": CHANNELS, "ladders": [LADDER | {"rounds": 2}]})
    last = Tried(2, "sms", START, sent=True)
    assert next_rung(twice, past(last), seconds(120)) == Go(3, ("page",))
    assert next_rung(twice, past(Tried(5, "sms", START, sent=True)), seconds(120)) == Stop("exhausted")


def test_at_night_what_is_slight_waits_for_the_morning_and_the_page_does_not() -> None:
    night = datetime(2026, 11, 22, 23, 30, tzinfo=ZONE)
    slight = {"began": night, "severity": Severity.LOW}
    assert next_rung(POLICY, past(**slight), night) == Go(0, ("page",))
    page = Tried(0, "page", night, sent=True)
    later = night + timedelta(seconds=30)
    morning = datetime(2026, 11, 23, 7, 0, tzinfo=ZONE)
    assert next_rung(POLICY, past(page, **slight), later) == Wait(morning)
    assert next_rung(POLICY, past(page, **slight), morning) == Go(1, ("robot", "sms"))
    assert isinstance(next_rung(POLICY, past(page, began=night), later), Go)


@given(
    outcomes=st.lists(st.sampled_from(["sent", "failed", "silent"]), min_size=12, max_size=12),
    answers=st.floats(0, 5),
)
def test_whatever_providers_do_every_rung_comes_within_its_wait_and_then_it_ends(outcomes, answers) -> None:
    at, tried, gone = START, [], []
    for _ in range(40):
        step = next_rung(POLICY, past(*tried), at)
        if isinstance(step, Stop):
            break
        if isinstance(step, Wait):
            assert at < step.until <= at + timedelta(seconds=120)
            at = step.until
            continue
        gone.append(step.rung)
        for channel in step.by:
            outcome = outcomes[len(tried) % 12]
            failed = at + timedelta(seconds=answers) if outcome == "failed" else None
            tried.append(Tried(step.rung, channel, at, failed, outcome == "sent"))
    assert gone == [0, 1, 2]
    assert step == Stop("exhausted")
    assert at <= seconds(20 + 60 + 120 + 5)


@given(st.lists(st.integers(), max_size=60), st.integers(-3, 120), st.integers(-2, 8), st.booleans())
def test_a_lane_never_gets_more_than_it_takes_and_loses_nothing(waiting, left, free, fold) -> None:
    found = batches(waiting, left, free, fold=fold)
    assert len(found) <= max(0, min(left, free))
    flat = [one for each in found for one in each]
    assert flat == waiting[: len(flat)]
    if fold and min(left, free) > 0:
        assert flat == waiting
    if not fold:
        assert all(len(each) == 1 for each in found)


def test_a_burst_leaves_most_of_the_minute_for_the_next_alarm() -> None:
    assert [len(each) for each in batches(range(50), 20, 6, fold=True)] == [1, 1, 1, 1, 1, 45]
    assert [len(each) for each in batches(range(50), 8, 6, fold=True)] == [1, 1, 48]


@given(st.text(max_size=900), st.integers(100, 2048))
def test_a_text_is_cut_between_characters_and_keeps_its_link(text, most) -> None:
    link = "https://gridwatch.example.org/p/0123456789"
    found = cut(f"{text}\n{link}", most)
    assert len(found.encode()) <= most
    assert found.endswith(link)


@given(st.lists(st.text("网格哨a", min_size=1, max_size=300), min_size=2, max_size=60))
def test_folded_messages_say_how_many_they_are_and_fit(texts) -> None:
    found = folded([f"【网格哨】{one}\n案卷 1" for one in texts], "https://example.org", MOST["wecom"])
    assert len(found.encode()) <= MOST["wecom"]
    lines = found.split("\n")
    assert lines[0] == f"【网格哨】{len(texts)} 条通知合并发送："
    assert lines[-1] == "https://example.org"
    rest = next(
        (int(line.removeprefix("……另有 ").removesuffix(" 条")) for line in lines if "另有" in line), 0
    )
    assert len(lines) - 2 - (1 if rest else 0) + rest == len(texts)


def test_the_first_ladder_that_fits_is_taken() -> None:
    ladders = [
        LADDER | {"name": "market", "market": True, "classes": ["04"]},
        LADDER | {"name": "grave", "severities": ["critical"]},
        LADDER | {"name": "whistle", "kinds": ["whistle"]},
        LADDER,
    ]
    policy = PushPolicy.model_validate({"channels": CHANNELS, "ladders": ladders})

    def name(kind: str, code: str | None, severity: Severity, market: bool) -> str | None:
        found = policy.ladder_for(kind, code, severity, market)
        return found.name if found else None

    assert name("incident", "04-01", Severity.LOW, market=True) == "market"
    assert name("incident", "040", Severity.LOW, market=True) == "usual"
    assert name("incident", "04-01", Severity.CRITICAL, market=False) == "grave"
    assert name("whistle", None, Severity.LOW, market=False) == "whistle"
    assert name("deadline", None, Severity.LOW, market=False) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ladders": [LADDER, LADDER]}, "'usual' stands twice"),
        ({"channels": {}}, "there is no channel 'robot'"),
        ({"channels": CHANNELS | {"page": CHANNELS["sms"]}}, "is the name of the page itself"),
        ({"channels": {"robot": CHANNELS["robot"] | {"address": "https://robot/?key=1"}}}, "GRIDWATCH_PUSH_"),
        ({"quiet": [{"hours": "22-7", "severities": ["low"]}]}, "22:00-07:00"),
        ({"quiet": [{"hours": "22:00-07:00", "severities": ["low"], "channels": ["x"]}]}, "no channel 'x'"),
        ({"page": "https://user:secret@example.org/"}, "page"),
    ],
)
def test_what_is_wrong_with_a_policy_is_told_with_its_field(change, said) -> None:
    _, faults = check(PUSH, {"channels": CHANNELS, "ladders": [LADDER]} | change)
    assert any(said in f"{one.trail} {one.what} {one.fix}" for one in faults), faults


def test_a_policy_is_read_from_a_file_with_the_line_of_its_fault(tmp_path) -> None:
    file = tmp_path / "push.yaml"
    file.write_text("channels:\n  robot:\n    kind: pigeon\n    address: GRIDWATCH_PUSH_X\n")
    with pytest.raises(SettingsError, match=r"push.yaml:3: channels.robot.kind"):
        load_push(file)


def test_the_streets_example_is_whole_and_tells_of_every_notice_that_there_is() -> None:
    policy = load_push(Path(__file__).parents[2] / "examples" / "street" / "push.yaml")
    assert {EMPTY, UNCOVERED, MISSED, UPLOAD, "whistle", "playbook", "deadline", "escalation"} <= set(NOTICES)
    for severity in Severity:
        assert all(policy.ladder_for(kind, None, severity, market=False) for kind in NOTICES)
    seen = Sight(Registry(), Policies({}, {}), date(2026, 11, 23), frozenset())
    assert not any("no ladder takes" in one for one in PUSH.doubts(policy, seen))
    fewer = policy.model_copy(update={"ladders": policy.ladders[:-1]})
    assert any("no ladder takes whistle, playbook" in one for one in PUSH.doubts(fewer, seen))
    market = policy.ladder_for("incident", "04-01", Severity.CRITICAL, market=True)
    assert market is not None
    assert market.rungs[0].to[:2] == ("group:duty", "group:office")
