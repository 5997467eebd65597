"""What is done to every decoder, and what must hold whatever it is given.

A target is a router with a sensor that the decoder under test hears and a neighbour of our own. Messages are
those of `tests/devices/payloads` and a few of Sparkplug, damaged by a seeded generator: bytes, lengths, the
values and shape of JSON.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from devices.messages import Reading
from devices.sensors.decoders.registry import DECODERS
from devices.sensors.payload import MAX_BYTES
from devices.sensors.refused import Refused
from devices.sensors.router import Router
from simulators.sensors.shapes.protobuf import block, double, whole
from tests.devices.decoding import NOW, PAYLOADS, incoming, router, sensor

CORPUS = Path(__file__).parent / "corpus"
"""Messages that once broke a decoder, replayed with every run of the tests."""
SLOWEST_S = 2.0
"""No message of 64 KB may take longer, on a loaded machine too: 0.1 ms is usual, 20 for 45 KB of brackets."""
NEIGHBOUR = "grid/v1/P07/P07-N1/tele"
_TOLD = {"v": 1, "boot": "n", "seq": 1, "t": NOW.timestamp() * 1000, "m": [{"n": "tilt", "v": 3, "u": "deg"}]}
_NUMBERS = (0, -1, 1e308, -1e308, 2**53, 2**64, 10**400, 1e-320, 253402300800000, 9.9e18)
_TEXTS = (
    "",
    "\u0000",
    "\ud800",
    "NaN",
    "1e999",
    "9" * 400,
    "{{ value_json.a }}",
    "../#",
    "+",
    "$SYS/x",
    "2026-13-45T99:99",
)
_NASTY: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": {}}, *_NUMBERS, *_TEXTS)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One message."""

    topic: str
    payload: bytes
    retained: bool = False


def target(name: str) -> Router:
    """A fresh router that hears `name` and its neighbour."""
    entries = [entry for entry, _ in _seeds(name)]
    unique = {json.dumps(entry, sort_keys=True): entry for entry in entries}
    found = [sensor(**entry | {"id": f"P07-X{at}"}) for at, entry in enumerate(unique.values())]
    return router(*found, sensor(id="P07-N1", kind="manhole"))


def hostile(name: str, chance: random.Random) -> Iterator[Hostile]:
    """Damaged messages for decoder `name`, without end."""
    seeds = [message for _, messages in _seeds(name) for message in messages]
    while True:
        seed = chance.choice(seeds)
        payload = chance.choice((_bytes, _bytes, _shape, _shape, _length, _whole))(seed.payload, chance)
        topic = seed.topic if chance.random() < 0.9 else _topic(seed.topic, chance)
        yield Hostile(topic, payload[: 2 * MAX_BYTES], chance.random() < 0.1)


def check(ears: Router, message: Hostile) -> None:
    """Whatever the message was: readings that are readings, short reasons, and the neighbour is heard.

    Raises:
        AssertionError: something of that does not hold; or whatever the decoder raised.

    """
    began = time.perf_counter()
    heard = ears.hear(incoming(message.topic, message.payload, retained=message.retained, mid=1))
    took = time.perf_counter() - began
    assert took < SLOWEST_S, f"took {took:.2f} s"
    book = Refused()
    for one in heard.refused:
        book.note(one.sensor, one.reason, message.payload)
        assert len(one.reason) < 400
        assert one.reason.isprintable()
    for reading in (*heard.readings, *heard.late):
        assert Reading.model_validate_json(reading.model_dump_json()) == reading
        assert 0 <= reading.seq < 2**53 + 1
    assert len(heard.readings) + len(heard.late) <= 2000
    neighbour = ears.hear(incoming(NEIGHBOUR, _TOLD))
    assert [reading.value for reading in neighbour.readings] == [3.0]


def fuzz(name: str, seed: int, *, rounds: int | None = None, seconds: float | None = None) -> int:
    """Feed decoder `name` until `rounds` or `seconds` are over; how many messages it took.

    A message that breaks it is kept in `CORPUS` before the error goes on to the caller.
    """
    chance = random.Random(seed)
    ears = target(name)
    until = None if seconds is None else time.monotonic() + seconds
    for done, message in enumerate(hostile(name, chance)):
        if done == rounds or (until is not None and time.monotonic() > until):
            return done
        try:
            check(ears, message)
        except BaseException:
            keep(name, message)
            raise
        if done % 500 == 499:
            ears = target(name)  # what it remembers does not grow over all bounds of the test
    return 0


def keep(name: str, message: Hostile) -> Path:
    """Write a message into the corpus."""
    path = CORPUS / f"{name}-{sha256(message.payload).hexdigest()[:12]}.json"
    told = {
        "decoder": name,
        "topic": message.topic,
        "payload": message.payload.hex(),
        "retained": message.retained,
    }
    path.write_text(json.dumps(told) + "\n", "utf-8")
    return path


def kept(path: Path) -> tuple[str, Hostile]:
    """Read one back."""
    told = json.loads(path.read_text("utf-8"))
    return told["decoder"], Hostile(told["topic"], bytes.fromhex(told["payload"]), told["retained"])


def _seeds(name: str) -> list[tuple[dict[str, Any], list[Hostile]]]:
    if name == "gridwatch":
        state = {"v": 1, "online": True, "boot": "a", "bd": 1}
        root = "grid/v1/P07/P07-X0"
        bodies = (("tele", _TOLD), ("event", _TOLD), ("state", state), ("birth", {}))
        return [({"kind": "manhole"}, [Hostile(f"{root}/{what}", _json(body)) for what, body in bodies])]
    if name == "sparkplug":
        return [({"kind": "manhole", "decoder": name, "device": "G/N/lid"}, list(_sparkplug()))]
    found = []
    for case in sorted(PAYLOADS.glob(f"{name}-*.json")):
        told = json.loads(case.read_text("utf-8"))
        messages = [
            Hostile(one["topic"], one["text"].encode() if "text" in one else _json(one["json"]))
            for one in told["messages"]
        ]
        found.append((told["sensor"], messages))
    return found


def _sparkplug() -> Iterator[Hostile]:
    unit = block(9, block(1, b"engUnit") + block(2, whole(1, 12) + block(8, b"deg")))
    named = block(1, b"tilt") + whole(2, 3) + whole(4, 10) + unit + double(13, 2.0)
    number = block(1, b"bdSeq") + whole(4, 4) + whole(11, 1)
    stamp = whole(1, int(NOW.timestamp() * 1000))
    yield Hostile("spBv1.0/G/NBIRTH/N", stamp + block(2, number) + whole(3, 0))
    yield Hostile("spBv1.0/G/DBIRTH/N/lid", stamp + block(2, named) + whole(3, 1))
    yield Hostile("spBv1.0/G/DDATA/N/lid", stamp + block(2, whole(2, 3) + double(13, 0.5)) + whole(3, 2))
    yield Hostile("spBv1.0/G/NDEATH/N", block(2, number))


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass")


def _bytes(payload: bytes, chance: random.Random) -> bytes:
    out = bytearray(payload or b"\0")
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(out))
        out[at] = chance.choice((chance.randrange(256), out[at] ^ 1 << chance.randrange(8), 0xFF, 0x22))
    return bytes(out)


def _length(payload: bytes, chance: random.Random) -> bytes:
    cut = chance.randrange(len(payload) + 1)
    return chance.choice(
        (
            payload[:cut],
            payload[cut:],
            payload * chance.randint(2, 40),
            payload[:cut] + payload[cut // 2 :],
            payload[:cut] + bytes(chance.randrange(256) for _ in range(chance.randrange(64))) + payload[cut:],
        )
    )


def _whole(payload: bytes, chance: random.Random) -> bytes:
    deep = chance.randint(1, MAX_BYTES // 2)
    return chance.choice(
        (
            b"[" * deep,
            b"[" * deep + b"]" * deep,
            b'{"a":' * (deep // 3) + b"1" + b"}" * (deep // 3),
            b"9" * deep,
            block(2, b"") * deep,
            block(2, block(9, b"")) * (deep // 2),
            bytes(chance.randrange(256) for _ in range(chance.randrange(300))),
            _json(chance.choice(_NASTY)),
            b"",
        )
    )


def _shape(payload: bytes, chance: random.Random) -> bytes:
    """The same JSON with a few of its values replaced, dropped, doubled or wrapped."""
    try:
        body = json.loads(payload)
    except ValueError:
        return _bytes(payload, chance)
    for _ in range(chance.randint(1, 3)):
        body = _changed(body, chance)
    if isinstance(body, list) and chance.random() < 0.2:
        body = body * 70
    return _json(body)


def _changed(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(list(value))
        return (
            {**value, name: _changed(value[name], chance)} if chance.random() < 0.9 else _without(value, name)
        )
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
    wrapped: Any = value
    for _ in range(chance.choice((1, 3, 40, 300))):
        wrapped = [wrapped]
    return chance.choice((*_NASTY, wrapped, {"SimpleItem": value}, str(value)[:200]))


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: one for other, one in value.items() if other != name}


def _topic(topic: str, chance: random.Random) -> str:
    levels = topic.split("/")
    at = chance.randrange(len(levels))
    levels[at] = chance.choice(
        ("", "x", "\u0000", "+", "#", levels[0], "P07-X0", "NDATA", "up", "\n", "a" * 300)
    )
    return "/".join(levels)


ALL = tuple(DECODERS)
