"""InfluxDB's line protocol, and how its query languages quote. Pure.

`gridwatch,device=…,node=…,… value=1.5 1795366450000000`: one measurement, tags in the order of their names
(as the server would sort them), the moment in microseconds. What is not sound stands in another field, so
that whoever draws `value` draws what was measured.
https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

from __future__ import annotations

from collections.abc import Sequence

from cloud.telemetry.values import Trace, Value, micros

MEASUREMENT = "gridwatch"
FIELD, UNSOUND = "value", "unsound"
TAGS = ("device", "node", "point", "quantity", "unit", "zone")
_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})


def lines_of(values: Sequence[Value]) -> list[str]:
    """A line each; their words hold no backslash and no line's end (`unpack`). Empty tags are left out."""
    heads = {trace: _head(trace) for trace in {one.trace for one in values}}
    return [
        f"{heads[one.trace]} {FIELD if one.sound else UNSOUND}={one.value!r} {micros(one.at)}"
        for one in values
    ]


def _head(trace: Trace) -> str:
    tags = ((name, getattr(trace, name)) for name in TAGS)
    return MEASUREMENT + "".join(f",{name}={text.translate(_ESCAPES)}" for name, text in tags if text)


def influxql(trace: Trace, since: int, until: int, step: int) -> str:
    """Down-sampled `[since, until)` in microseconds, buckets of `step` seconds."""
    asked = ", ".join(f'{name}("{FIELD}")' for name in ("count", "min", "mean", "max", "last"))
    tags = [f"\"{name}\" = '{_quoted(getattr(trace, name))}'" for name in TAGS]
    where = " AND ".join([*tags, f"time >= {since}u", f"time < {until}u"])
    return " ".join(
        ("SELECT", asked, f'FROM "{MEASUREMENT}" WHERE', where, f"GROUP BY time({step}s) fill(none)")
    )


def _quoted(text: str) -> str:
    return text.replace("'", r"\'")


ROLLUPS = {"count": "count", "min": "low", "avg": "mean", "max": "high", "last": "last"}
"""Of MetricsQL's `…_over_time`, and what they are in a bucket."""


def metricsql(trace: Trace, step: int) -> str:
    """All five of the `step` seconds up to a moment; its label `what` tells them apart."""
    tags = ",".join(f'{name}="{getattr(trace, name).replace(chr(34), chr(92) + chr(34))}"' for name in TAGS)
    series = f"{MEASUREMENT}_{FIELD}{{{tags}}}[{step}s]"
    parts = (f'label_set({name}_over_time({series}), "what", "{what}")' for name, what in ROLLUPS.items())
    return f"union({', '.join(parts)})"
