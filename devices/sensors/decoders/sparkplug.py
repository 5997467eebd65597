"""Sparkplug B (specification 3.0): births name the metrics, data may carry only their aliases, deaths end it.

`spBv1.0/GROUP/TYPE/NODE[/DEVICE]`. A node numbers all it sends, 0 to 255 and round; whoever missed one asks
it for its births. A death names by `bdSeq` the birth that it ends: one that comes late ends no newer one.
What is `is_historical` is kept and not judged. We are no primary host: nodes that wait for one say nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from devices.errors import PayloadError
from devices.sensors.decoders.base import Ask, Incoming, Post, Report, Said, Sample
from devices.sensors.decoders.parts import UNKNOWN, mapped
from devices.sensors.decoders.sparkplug_wire import Metric, Payload, read, rebirth
from devices.sensors.naming import meant, word_of
from devices.sensors.payload import moment

ROOT = "spBv1.0"
ROUND = 256
ASK_EVERY = timedelta(seconds=30)
"""A node is asked for its births so often at most; it answers with everything it has."""
MAX_ALIASES = 4096
"""Of one node."""


@dataclass(slots=True)
class _Node:
    """What is known of one edge node."""

    births: int | None = None
    """`bdSeq` of its birth; None: no birth was heard."""
    seq: int | None = None
    names: dict[tuple[str, int], str] = field(default_factory=dict)
    """(device or "", alias) -> metric's name."""
    units: dict[tuple[str, str], str] = field(default_factory=dict)
    asked_at: datetime | None = None


class Sparkplug:
    """`device` is GROUP/NODE or GROUP/NODE/DEVICE."""

    def __init__(self, zone: tzinfo) -> None:
        """Its times are in UTC."""
        self._nodes: dict[str, _Node] = {}

    def topics(self, post: Post) -> tuple[str, ...]:
        """All of its edge node: its numbers run over all devices."""
        group, node, _ = _parted(post.device)
        return (f"{ROOT}/{group}/+/{node}/#",)

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterator[Said]:
        """See the module."""
        levels = message.topic.split("/")
        if len(levels) not in (4, 5) or levels[0] != ROOT:
            raise PayloadError("topic: is none of Sparkplug B's")
        _, group, kind, name = levels[:4]
        device = levels[4] if len(levels) == 5 else ""
        if kind not in ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"):
            return  # a command, perhaps our own
        mine = [post for post in posts if _parted(post.device)[:2] == (group, name)]
        if not mine or (kind[0] == "D") is not bool(device):
            raise PayloadError("topic: no sensor of the site is called so")
        payload = read(message.payload)
        node = self._nodes.setdefault(f"{group}/{name}", _Node())
        told = [post for post in mine if _parted(post.device)[2] == device]
        if kind == "NDEATH":
            yield from _died(node, payload, mine)
            return
        if not _in_order(node, kind, payload) or (kind != "NBIRTH" and node.births is None):
            yield from _ask(node, group, name, message.received_at)
        if kind == "NBIRTH":
            _born(node, payload)
        if kind == "DDEATH":
            yield from (Report(post, online=False) for post in told)
            return
        if kind.endswith("BIRTH"):
            if told:  # what a device is called that is none of ours is not kept
                _learn(node, device, payload)
            yield from (Report(post, online=True) for post in told)
        for post in told:
            reports, nameless = _measured(node, device, payload, post, born=kind.endswith("BIRTH"))
            yield from reports
            if nameless:
                yield from _ask(node, group, name, message.received_at)


def _parted(device: str) -> tuple[str, str, str]:
    group, _, rest = device.partition("/")
    node, _, name = rest.partition("/")
    return group, node, name


def _in_order(node: _Node, kind: str, payload: Payload) -> bool:
    """Whether nothing is missing before this message; the same one again is no gap."""
    before, node.seq = node.seq, payload.seq if payload.seq is not None else node.seq
    if kind == "NBIRTH" or before is None or payload.seq is None:
        return True
    return payload.seq in (before, (before + 1) % ROUND)


def _ask(node: _Node, group: str, name: str, now: datetime) -> Iterator[Ask]:
    if node.asked_at is None or abs(now - node.asked_at) >= ASK_EVERY:
        node.asked_at = now
        yield Ask(f"{ROOT}/{group}/NCMD/{name}", rebirth(round(now.timestamp() * 1000)))


def _born(node: _Node, payload: Payload) -> None:
    """All that was known of the node and its devices is void."""
    number = next((one.value for one in payload.metrics if one.name == "bdSeq"), None)
    node.births = int(number) if isinstance(number, int) else -1
    node.names, node.units, node.asked_at = {}, {}, None


def _died(node: _Node, payload: Payload, posts: Sequence[Post]) -> Iterator[Report]:
    number = next((one.value for one in payload.metrics if one.name == "bdSeq"), None)
    if node.births is not None and node.births >= 0 and number != node.births:
        return  # of an earlier connection
    yield from (Report(post, online=False) for post in posts)


def _learn(node: _Node, device: str, payload: Payload) -> None:
    for one in payload.metrics:
        if one.name and one.alias is not None and len(node.names) < MAX_ALIASES:
            node.names[device, one.alias] = one.name
        if one.name and one.unit is not None and len(node.units) < MAX_ALIASES:
            node.units[device, one.name] = one.unit[:16]


def _measured(
    node: _Node, device: str, payload: Payload, post: Post, *, born: bool
) -> tuple[list[Report], bool]:
    """The reports of one sensor, current and historical apart; whether some metric has no name yet."""
    current: list[tuple[str, Metric]] = []
    old: list[tuple[str, Metric]] = []
    nameless = 0
    for one in payload.metrics:
        name = one.name if one.name or one.alias is None else node.names.get((device, one.alias), "")
        if not name:
            nameless += 1
        elif one.value is not None and name != "bdSeq" and not name.startswith("Node Control/"):
            (old if one.historical else current).append((name, one))
    units = {name: node.units.get((device, name)) or one.unit for name, one in (*current, *old)}
    reports = [
        _report(metrics, units, payload, post, turn, historical=historical, born=born)
        for told, historical in ((old, True), (current, False))
        for turn, metrics in enumerate(_rounds(told))
    ]
    if nameless:
        why = f"alias: {nameless} metrics have no name before the birth"
        reports.append(Report(post, refused=(why,)))
    return reports, nameless > 0


def _rounds(metrics: list[tuple[str, Metric]]) -> list[list[tuple[str, Metric]]]:
    """The first values of all metrics, the second ones and so on: a node may tell several of one at once."""
    rounds: list[list[tuple[str, Metric]]] = []
    times: Counter[str] = Counter()
    for name, one in metrics:
        if times[name] == len(rounds):
            rounds.append([])
        rounds[times[name]].append((name, one))
        times[name] += 1
    return rounds


def _report(
    metrics: list[tuple[str, Metric]],
    units: dict[str, str | None],
    payload: Payload,
    post: Post,
    turn: int,
    *,
    historical: bool,
    born: bool,
) -> Report:
    at = None if payload.timestamp is None else moment(payload.timestamp / 1000)
    if post.mapping is not None:
        said = mapped({name: one.value for name, one in metrics}, post.mapping)
        taken = [one.timestamp for _, one in metrics if one.timestamp is not None]
        at = moment(max(taken) / 1000) if taken else at
        token = f"{turn} {[one.value for _, one in metrics]}" if turn else None
        return said.report(post, taken_at=said.taken_at or at, historical=historical, token=token)
    refused: list[str] = []
    samples: dict[str, Sample] = {}
    for name, one in metrics:
        word = word_of(name.rpartition("/")[2], post.kind)
        if word is None or one.value is None:
            continue
        try:
            sample = meant(word, one.value, word.quantity)
        except PayloadError as error:
            refused.append(str(error))
            continue
        taken_at = at if one.timestamp is None else moment(one.timestamp / 1000)
        # A birth repeats the last value with the time at which it was taken: it is the same reading.
        token = repr(one.value) if one.timestamp is not None else f"{turn} {one.value!r}" if turn else None
        unit = units[name] or sample.unit
        samples.setdefault(sample.quantity, Sample(sample.quantity, sample.value, unit, taken_at, token))
    if not samples and not refused and not born:
        refused.append(f"metrics: {UNKNOWN}")
    return Report(post, tuple(samples.values()), taken_at=at, historical=historical, refused=tuple(refused))
