"""Sparkplug B's payload in protocol buffers: as much of its message as a reader of plain metrics needs.

The numbers of the fields are those of the Sparkplug 3.0 specification, chapter 6.4. Texts are read as
bytes, so that one that is no UTF-8 costs that metric and not the payload. Unknown fields are passed over by
the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from devices.errors import PayloadError

MAX_METRICS = 512
INT8, INT16, INT32, INT64, BOOLEAN, STRING = 1, 2, 3, 4, 11, 12
"""Data types (chapter 6.4.16)."""
_BITS = {INT8: 8, INT16: 16, INT32: 32, INT64: 64}
_U32, _U64, _BOOL, _BYTES, _FLOAT, _DOUBLE, _GROUP = 13, 4, 8, 12, 2, 1, 11
"""Types of fields in a descriptor (`FieldDescriptorProto.Type`)."""
_PACKAGE = "gridwatch.sparkplug"
_MESSAGES: dict[str, tuple[tuple[str, int, int], ...]] = {
    "Payload": (("timestamp", 1, _U64), ("metrics", 2, _GROUP), ("seq", 3, _U64)),
    "Metric": (
        ("name", 1, _BYTES), ("alias", 2, _U64), ("timestamp", 3, _U64), ("datatype", 4, _U32),
        ("is_historical", 5, _BOOL), ("is_null", 7, _BOOL), ("properties", 9, _GROUP),
        ("int_value", 10, _U32), ("long_value", 11, _U64), ("float_value", 12, _FLOAT),
        ("double_value", 13, _DOUBLE), ("boolean_value", 14, _BOOL), ("string_value", 15, _BYTES),
    ),
    "Properties": (("keys", 1, _BYTES), ("values", 2, _GROUP)),
    "Property": (("string_value", 8, _BYTES),),
}  # fmt: skip
_INSIDE = {"metrics": "Metric", "properties": "Properties", "values": "Property"}
_REPEATED = ("metrics", "keys", "values")
_VALUES = ("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it came."""

    name: str
    """Empty: it is named by `alias` only."""
    alias: int | None
    timestamp: int | None
    """ms since 1970 UTC."""
    value: float | bool | str | None
    """None: null, or of a type that is no plain value."""
    unit: str | None
    """Its property `engUnit`."""
    historical: bool


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload."""

    timestamp: int | None
    seq: int | None
    metrics: tuple[Metric, ...]


def read(payload: bytes) -> Payload:
    """Take a payload apart.

    Raises:
        PayloadError: it is none, or has more than `MAX_METRICS` metrics.

    """
    found: Any = _PAYLOAD()
    try:
        found.ParseFromString(payload)
    except DecodeError:
        raise PayloadError("payload: is no Sparkplug B payload") from None
    if len(found.metrics) > MAX_METRICS:
        raise PayloadError(f"metrics: {len(found.metrics)}; at most {MAX_METRICS} are taken")
    return Payload(
        found.timestamp if found.HasField("timestamp") else None,
        found.seq if found.HasField("seq") else None,
        tuple(_metric(one) for one in found.metrics),
    )


def rebirth(at_ms: int) -> bytes:
    """The command that asks an edge node for its births (chapter 5.11)."""
    asked: Any = _PAYLOAD()
    asked.timestamp = at_ms
    metric = asked.metrics.add()
    metric.name, metric.timestamp, metric.datatype = b"Node Control/Rebirth", at_ms, BOOLEAN
    metric.boolean_value = True
    return bytes(asked.SerializeToString())


def _metric(one: Any) -> Metric:
    unit = None
    for key, value in zip(one.properties.keys, one.properties.values, strict=False):
        if key == b"engUnit":
            unit = _text(value.string_value)
    return Metric(
        _text(one.name),
        one.alias if one.HasField("alias") else None,
        one.timestamp if one.HasField("timestamp") else None,
        None if one.is_null else _value(one),
        unit,
        one.is_historical,
    )


def _value(one: Any) -> float | bool | str | None:
    given = next((name for name in _VALUES if one.HasField(name)), None)
    if given is None:
        return None
    value = getattr(one, given)
    if given == "string_value":
        return _text(value)
    if one.datatype in _BITS and given in ("int_value", "long_value"):
        return _signed(value, _BITS[one.datatype])
    return value  # type: ignore[no-any-return]


def _signed(value: int, bits: int) -> int:
    """Two's complement; senders widen a negative Int8 to 32 bits, or do not."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _described() -> type[Message]:
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2")
    for message, fields in _MESSAGES.items():
        told = file.message_type.add(name=message)
        for name, number, kind in fields:
            field = told.field.add(name=name, number=number, type=kind, label=3 if name in _REPEATED else 1)
            if kind == _GROUP:
                field.type_name = f".{_PACKAGE}.{_INSIDE[name]}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName(f"{_PACKAGE}.Payload")
    made: type[Message] = message_factory.GetMessageClass(found)
    return made


_PAYLOAD = _described()
