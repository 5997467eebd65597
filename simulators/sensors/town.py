"""A site of sensors alone, of any size, in which all kinds and all decoders come in turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devices.sensors.kinds import default_rules
from devices.sensors.quantities import KINDS
from devices.site.model import Site
from simulators.errors import SimulatorsError
from simulators.sensors.chance import scramble
from simulators.sensors.shapes import SHAPES, free, tasmota

SENSORS = 4
"""At each point; 38 points have every kind with every decoder."""
POINTS_OF_A_NODE = 10
MOST = 2000
PERIOD = "1 min"
_CHIPS_TO_NAME = frozenset({"manhole", "water_level", "leakage"})
"""Kinds of which Tasmota's own words do not say what is measured: a distance, a current, a second switch."""
_CLASSES: Mapping[str, tuple[str, str]] = {
    "01-99-080": ("空气污染超标", "Air pollution over the limit"),
    "01-99-081": ("垃圾桶满溢", "Litter bin full"),
    "04-03": ("燃气泄漏", "Gas leak"),
    "04-06": ("道路积水", "Water on the road"),
    "04-99": ("突发事件其他", "Emergency, other"),
    "04-99-080": ("烟雾报警", "Smoke alarm"),
    "04-99-081": ("井盖异动", "Manhole cover moved"),
    "04-99-082": ("剩余电流超限", "Residual current over the limit"),
    "04-99-083": ("一键求助", "Help button pressed"),
    "04-99-084": ("高温", "High temperature"),
    "04-99-085": ("设施箱门未关", "Cabinet door left open"),
    "05-05-080": ("禁停车位占用", "No-parking bay occupied"),
    "05-08": ("噪声扰民", "Noise"),
    "05-99": ("街面秩序其他", "Street order, other"),
    "90-03": ("传感器失联", "Sensor silent"),
    "90-04": ("设备电量低", "Battery low"),
    "90-06": ("设备信号弱", "Signal poor"),
}


def make_site(points: int, broker: Mapping[str, Any] | None = None) -> Site:
    """`points` points with four sensors each; rules are each kind's usual ones.

    Args:
        points: 1 to `MOST`.
        broker: fields of the site's broker that differ from the shipped street's.

    Raises:
        SimulatorsError: a number of points that makes no sense.

    """
    if not 1 <= points <= MOST:
        raise SimulatorsError(f"--points: 1 to {MOST}")
    nodes = -(-points // POINTS_OF_A_NODE)
    return Site.model_validate(
        {
            "version": 1,
            "name": _named("模拟街道", "Simulated street"),
            "timezone": "Asia/Shanghai",
            "broker": {"port": 21883, "credentials": "STREET_MQTT", **(broker or {})},
            "event_classes": [{"code": code, "name": _named(*name)} for code, name in _CLASSES.items()],
            "nodes": [
                {"id": f"n{n}", "name": _named(f"{n}号节点", f"Node {n}")} for n in range(1, nodes + 1)
            ],
            "points": [_point(number) for number in range(1, points + 1)],
        }
    )


def _point(number: int) -> dict[str, Any]:
    point = f"P{number:02d}"
    return {
        "id": point,
        "name": _named(f"{number}号点位", f"Point {number}"),
        "node": f"n{1 + (number - 1) // POINTS_OF_A_NODE}",
        "grid": f"G{number:02d}",
        "position": {"lon": 120 + number % 40 / 1000, "lat": 30 + number // 40 / 1000},
        "sensors": list(_sensors(point, (number - 1) * SENSORS)),
    }


def _sensors(point: str, first: int) -> Iterator[dict[str, Any]]:
    kinds, decoders = list(KINDS), list(SHAPES)
    for at in range(SENSORS):
        turn = first + at
        decoder = decoders[turn // len(kinds) % len(decoders)]
        yield sensor(f"{point}-S{at + 1}", kinds[turn % len(kinds)], decoder)


def sensor(name: str, kind: str, decoder: str, **more: Any) -> dict[str, Any]:
    """A sensor as a site file has it, heard by `decoder`; `more`: fields that differ."""
    rules = [rule for rule in default_rules(kind, _CLASSES) if rule["quantity"] in KINDS[kind]]
    fields = {"id": name, "name": _named(f"{kind}传感器", f"{kind} sensor"), "kind": kind, "period": PERIOD}
    return {**fields, "decoder": decoder, "rules": rules, **wiring(name, kind, decoder), **more}


def wiring(name: str, kind: str, decoder: str) -> dict[str, Any]:
    """What the device of sensor `name` is called, and what else this decoder must be told of it."""
    number = scramble(*name.encode())
    match decoder:
        case "json":
            return {"topic": f"maker/{name}/report", "mapping": free.mapping(KINDS[kind])}
        case "senml":
            return {"topic": f"senml/{name}"}
        case "chirpstack":
            return {"device": f"{number:016x}"}
        case "things-stack":
            return {"device": f"street-{name.lower()}"}
        case "tasmota":
            told = {"mapping": tasmota.mapping(KINDS[kind])} if kind in _CHIPS_TO_NAME else {}
            return {"device": f"tasmota_{number & 0xFFFFFF:06X}", **told}
        case "sparkplug":
            return {"device": f"street/{name}/{kind}"}
        case "home-assistant":
            return {"device": name.lower().replace("-", "_")}
    return {}


def _named(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}
