"""The indices, as data: what each is called, what it counts, how it is shown.

The documents' table is made of it. Down to `valid_report` they are those of GB/T 30428.4 and CJ/T 292 as city
platforms implement them; the rest are our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devices.site.model import Names

How = Literal["higher", "lower", "plain", "seconds"]
"""Whether more is better, less is better (scored as 1 - x), neither, or a length of time in seconds."""


@dataclass(frozen=True, slots=True)
class Index:
    """One index: hits among what counts."""

    code: str
    name: Names
    denominator: Names
    """What counts, and when."""
    numerator: Names
    """What of that is a hit."""
    how: How = "higher"


def _index(code: str, name: str, below: str, above: str, how: How = "higher") -> Index:
    """Each text is "中文 | English"."""
    return Index(code, _names(name), _names(below), _names(above), how)


def _names(text: str) -> Names:
    zh, _, en = text.partition(" | ")
    return Names(zh=zh, en=en)


_IN_TIME = "按时完成 | of those, done in time"
_CLOSED = "结案的案件(结案时) | closed cases, when they were closed"
_FILED = "立案的案件(立案时) | filed cases, when they were filed"


def _due(zh: str, en: str) -> str:
    return (
        f"应{zh}的案件(完成时或到期时,以先到为准) | cases to be {en}, when that was done or its limit ran out"
    )


INDICES: tuple[Index, ...] = (
    _index("closed_in_time", "按期结案率 | Closed in time", _due("结案", "closed"), _IN_TIME),
    _index("closed", "结案率 | Closed", _due("结案", "closed"), "已结案 | of those, closed"),
    _index("verified_in_time", "按时核实率 | Verified in time", _due("核实", "accepted"), _IN_TIME),
    _index("filed_in_time", "按时立案率 | Filed in time", _due("立案", "filed"), _IN_TIME),
    _index(
        "filed_right", "准确立案率 | Filed rightly",
        "立过案且已办结的案件(办结时) | cases that were filed and have ended, when they ended",
        "结案且未从立案回退 | of those, closed, and not sent back from filing",
    ),
    _index("dispatched_in_time", "按时派遣率 | Dispatched in time", _due("派遣", "dispatched"), _IN_TIME),
    _index(
        "dispatched_right", "准确派遣率 | Dispatched rightly",
        "派遣过的结案案件(结案时) | closed cases that were dispatched to somebody, when they were closed",
        "从未改派其他单位 | of those, never dispatched to another department",
    ),
    _index("handled", "处置率 | Handled", _due("处置", "handled"), "已处置 | of those, reported done"),
    _index("handled_in_time", "按期处置率 | Handled in time", _due("处置", "handled"), _IN_TIME),
    _index("checked_in_time", "按时核查率 | Checked in time", _due("核查", "checked"), _IN_TIME),
    _index(
        "rework", "返工率 | Rework", _CLOSED,
        "核查后退回两次及以上 | of those, sent back twice or more", "lower",
    ),
    _index("extended", "延期率 | Extended", _CLOSED, "批准过延时 | of those, given more time", "lower"),
    _index(
        "missed", "漏报率 | Missed", _FILED,
        "公众举报且巡查、设备均未发现 | of those, told of by the public and seen by nobody of ours before",
        "lower",
    ),
    _index(
        "public_report", "监督举报率 | Reported by the public", _FILED,
        "来自公众举报 | of those, told of by the public", "plain",
    ),
    _index(
        "valid_report", "有效上报率 | Valid reports",
        "网格员上报并已判定的案件(判定时) | cases that grid workers reported, when they were first judged",
        "受理且未作废 | of those, taken up and not void, rejected or false",
    ),
    _index(
        "accepted_60s", "一分钟受理率 | Accepted within 60 s",
        "发现的案件(受理时或满60秒时) | cases found, when they were taken up or 60 s had gone by",
        "60秒内受理 | of those, taken up within 60 s",
    ),
    _index(
        "checked_in_in_time", "报到及时率 | Checked in in time",
        "吹哨(报到时或到期时) | calls of departments, when they checked in or their limit ran out",
        "按时报到 | of those, checked in in time",
    ),
    _index(
        "finished_grid", "网格办结率 | Finished in the grid", _CLOSED,
        "在网格办结 | of those, at the grid's level", "plain",
    ),
    _index(
        "finished_community", "社区办结率 | Finished in the community", _CLOSED,
        "在社区办结 | of those, at the community's", "plain",
    ),
    _index(
        "finished_street", "街道办结率 | Finished by the street", _CLOSED,
        "在街道办结 | of those, at the street's", "plain",
    ),
    _index(
        "self_handled", "就地解决率 | Handled on the spot", _CLOSED,
        "就地解决 | of those, handled on the spot", "plain",
    ),
    _index(
        "self_corrected", "自行整改率 | Set right in time",
        "限时自行整改的案件(整改时或到期时) | cases left to be set right, when they were or time was up",
        "限时内自行整改 | of those, set right", "plain",
    ),
    _index("reopened", "重开率 | Reopened", _CLOSED, "此前曾结案 | of those, closed once before", "lower"),
    _index(
        "false_case", "误报率 | False",
        "设备发现且已办结的案件(办结时) | cases that devices saw and that have ended, when they ended",
        "误报 | of those, false alarms", "lower",
    ),
    _index("to_know", "发现到知晓 | Found to known", _CLOSED, "平均秒数 | mean seconds", "seconds"),
    _index("to_resolve", "知晓到解决 | Known to resolved", _CLOSED, "平均秒数 | mean seconds", "seconds"),
    _index("to_answer", "解决到答复 | Resolved to answered", _CLOSED, "平均秒数 | mean seconds", "seconds"),
    _index("total", "全程 | Found to answered", _CLOSED, "平均秒数 | mean seconds", "seconds"),
)  # fmt: skip
BY_CODE = {index.code: index for index in INDICES}


def table() -> str:
    """As Markdown, for the documents."""
    shown = {"higher": "share", "lower": "share; scored as 1 − x", "plain": "share", "seconds": "mean"}
    rows = [
        f"| `{one.code}` | {one.name.zh} {one.name.en} | {one.denominator.en} | {one.numerator.en} |"
        f" {shown[one.how]} |"
        for one in INDICES
    ]
    return "\n".join(("| code | name | counts | hit | shown |", "|---|---|---|---|---|", *rows, ""))
