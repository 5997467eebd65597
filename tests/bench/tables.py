"""The bench's figures for people: a table of ours, one of the stages, one beside others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.bench.legs import Figures, Leg

OURS = (
    ("leg", None),
    ("cores quiet", "quiet_cores"),
    ("busy", "busy_cores"),
    ("ms quiet", "quiet_ms"),
    ("busy", "busy_ms"),
    ("keys looked at quiet", "quiet_key_share"),
    ("busy", "busy_key_share"),
    ("waited", "busy_waited"),
    ("open s", "open_s"),
    ("settled s", "settled_s"),
    ("RSS", "rss_mib"),
    ("PSS", "pss_mib"),
    ("ring MiB", "ring_mib"),
    ("cameras ms", "busy_server_ms"),
    ("alarms", "alarms_expected"),
    ("right", "alarms_right"),
    ("missed", "alarms_missed"),
    ("false", "alarms_false"),
    ("late s", "late_median_s"),
    ("worst", "late_worst_s"),
)
BESIDE = (
    ("leg", None),
    ("ms", "ms"),
    ("looks a second", "looks"),
    ("open s", "open_s"),
    ("ms a look", "ms_a_look"),
    ("RSS", "rss_mib"),
    ("PSS", "pss_mib"),
    ("cameras ms", "server_ms"),
    ("times ours quiet", "times_quiet"),
    ("busy", "times_busy"),
)

ALONE = (
    ("leg", None),
    ("MiB", "detector_mib"),
    ("CPU-ms a look", "detector_look_ms"),
    ("CPU-ms a clip", "clip_ms"),
    ("MB", "clip_mb"),
)


def tables(legs: Sequence[Leg], medians: Mapping[str, Figures]) -> Iterator[str]:
    """All tables, with an empty line before each, and what was not run."""
    ours = [leg for leg in legs if leg.who == "ours"]
    others = [leg for leg in legs if leg.who in ("cv2", "ffmpeg", "motion")]
    yield from table(OURS, {leg.name: medians[leg.name] for leg in ours})
    stages = {leg.name: medians[leg.name].get("stages", {}) for leg in ours}
    named = list(dict.fromkeys(name for found in stages.values() for name in found))
    yield from table((("CPU-ms a camera-second, busy", None), *((name, name) for name in named)), stages)
    yield from table(BESIDE, {leg.name: beside(leg, medians) for leg in others})
    parts = {leg.name: medians[leg.name] for leg in legs if leg.who in ("detector", "clip")}
    yield from table(ALONE, parts)
    for leg in legs:
        for word in ("not run", "failed"):
            if word in medians[leg.name]:
                yield f"{leg.name} {word}: {medians[leg.name][word]}"


def beside(leg: Leg, medians: Mapping[str, Figures]) -> Figures:
    """Another's figures, and how many times ours they are, by our leg of 38 cameras and the same streams."""
    found = dict(medians[leg.name])
    mine = medians.get(f"ours-38-{leg.stream}", {})
    if found.get("ms") is not None:
        if found.get("looks"):
            found["ms_a_look"] = round(found["ms"] / found["looks"], 1)
        for name in ("quiet", "busy"):
            if mine.get(f"{name}_ms"):
                found[f"times_{name}"] = round(found["ms"] / mine[f"{name}_ms"], 1)
    return found


def table(columns: Sequence[tuple[str, str | None]], rows: Mapping[str, Figures]) -> Iterator[str]:
    """One table in columns; a figure that was not measured is a dash."""
    if not rows:
        return
    cells = [[title for title, _ in columns]]
    for leg, found in rows.items():
        cells.append([leg, *(shown(found.get(name)) for _, name in columns[1:] if name is not None)])
    widths = [max(len(row[at]) for row in cells) for at in range(len(columns))]
    yield ""
    for row in cells:
        yield "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()


def shown(value: object) -> str:
    """One figure."""
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
