"""What each provider is sent, and what its answer means. Pure.

The robots of WeCom, DingTalk and Feishu answer 200 to almost everything: whether it was taken stands in
`errcode` (Feishu: `code`) of the body. What they write beside it is not kept, for it may repeat the address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from cloud.outgoing import Answer
from cloud.webhooks.signing import signed

MOST = {"wecom": 2048, "dingtalk": 18_000, "feishu": 18_000, "sms": 500, "apprise": 2048}
"""Bytes of a text in UTF-8. WeCom refuses more than 2,048; DingTalk and Feishu 20,000 of a request."""
TOO_FAST = {("wecom", 45009), ("dingtalk", 130101), ("feishu", 11232), ("feishu", 9499)}
"""Numbers that mean: too many in a minute."""
WORDS = {
    ("wecom", 45009): "too many in a minute", ("wecom", 93000): "there is no such robot",
    ("dingtalk", 130101): "too many in a minute", ("dingtalk", 300001): "there is no such robot",
    ("dingtalk", 310000): "signature, keyword or address not accepted",
    ("feishu", 11232): "too many in a minute", ("feishu", 9499): "too many in a minute",
    ("feishu", 19001): "there is no such robot", ("feishu", 19021): "signature not accepted",
    ("feishu", 19022): "our address is not on its list", ("feishu", 19024): "a keyword is missing",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a text of one notice or of several."""

    id: UUID
    """The same when it is sent again, so that an SMS hook can drop repeats."""
    text: str
    recipients: tuple[str, ...]
    """`person:<username>`, `shop:<id>`, `office:<id>`: for a hook, which knows their numbers."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. Its address is a secret."""

    address: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...]


def outgoing(kind: str, address: str, key: str | None, message: Message, now: datetime) -> Outgoing:
    """The request that carries `message` to a provider of `kind`; `key` is what it is signed with."""
    headers = [("Content-Type", "application/json; charset=utf-8")]
    text = cut(message.text, MOST[kind])
    content: dict[str, object]
    if kind == "wecom":
        content = {"msgtype": "text", "text": {"content": text}}
    elif kind == "dingtalk":
        content = {"msgtype": "text", "text": {"content": text}}
        if key:
            stamp = str(int(now.timestamp() * 1000))
            sign = _base64(key.encode(), f"{stamp}\n{key}".encode())
            address += f"{'&' if '?' in address else '?'}timestamp={stamp}&sign={quote(sign, safe='')}"
    elif kind == "feishu":
        content = {"msg_type": "text", "content": {"text": text}}
        if key:
            stamp = str(int(now.timestamp()))
            content |= {"timestamp": stamp, "sign": _base64(f"{stamp}\n{key}".encode(), b"")}
    else:
        content = {"id": str(message.id), "to": list(message.recipients), "text": text}
    body = json.dumps(content, ensure_ascii=False).encode()
    if kind == "sms" and key:
        headers += signed(key.encode(), str(message.id), body, now)
    return Outgoing(address, body, tuple(headers))


def verdict(kind: str, answer: Answer) -> str:
    """Why the message was not taken; empty: it was."""
    if answer.status == 429:
        return "too many in a minute (429)"
    if not 200 <= answer.status < 300:
        return f"status {answer.status}"
    if kind == "sms":
        return ""
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    numbers = (
        [content[name] for name in ("errcode", "code", "StatusCode") if name in content]
        if isinstance(content, dict)
        else []
    )
    if not numbers or not all(isinstance(one, int) for one in numbers):
        return "answers 200 and not what this provider answers"
    wrong = next((one for one in numbers if one != 0), 0)
    known = WORDS.get((kind, wrong))
    return (f"errcode {wrong}" + (f": {known}" if known else "")) if wrong else ""


def cut(text: str, most: int) -> str:
    """The text in at most `most` bytes of UTF-8; its last line, the link, stays whole."""
    if len(text.encode()) <= most:
        return text
    head, _, last = text.rpartition("\n")
    room = most - len(f"…\n{last}".encode())
    return f"{head.encode()[: max(room, 0)].decode(errors='ignore')}…\n{last}"


def folded(texts: Sequence[str], link: str | None, most: int) -> str:
    """Several messages as one: how many, the first line of each as far as they go, the link."""
    lines = [f"【网格哨】{len(texts)} 条通知合并发送："]
    rest = [link] if link else []
    for number, text in enumerate(texts, 1):
        line = f"{number}. {text.partition(chr(10))[0].removeprefix('【网格哨】')}"
        left = len(texts) - number
        end = [f"……另有 {left} 条"] if left else []
        if len("\n".join([*lines, line, *end, *rest]).encode()) > most:
            lines.append(f"……另有 {left + 1} 条")
            break
        lines.append(line)
    return "\n".join([*lines, *rest])


def _base64(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
