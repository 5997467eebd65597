"""The figures as a table for people, as Markdown, as JSON, and as an HTML page with each miss's picture."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2

from simulators.quality.match import Fault
from simulators.quality.pictures import FAULT, SAID, TRUE, ZONE, Shot
from simulators.quality.score import SHOWN_FROM, Figures, interval, quantile

COLUMNS = (
    "condition",
    "issues",
    "recall (95 %)",
    "conditions told",
    "precision (95 %)",
    "per issue",
    "false clears",
    "alarm delay s, median / p95",
    "clear delay s, median / p95",
    "clears missing",
    "named right",
    "hours, of them empty",
    "assets",
)


BEGIN, END = "<!-- the table: gridwatch eval --markdown -->", "<!-- end of the table -->"
"""Marks in a page between which the latest run is kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    seeds: str
    overall: Figures
    conditions: Mapping[str, Figures]
    kind: str
    """`tune` or `judge`, or both."""
    detector: str

    def as_json(self) -> dict[str, object]:
        """`overall` and one object for each condition, by name."""
        return {
            "overall": self.overall.as_json(),
            **{name: figures.as_json() for name, figures in self.conditions.items()},
        }


def rows(report: Report) -> list[tuple[str, ...]]:
    """The table's cells; a condition with too few issues is not shown, one without any shows its hours."""
    found = [_row(name, one) for name, one in report.conditions.items()]
    return [*found, _row("overall", report.overall)]


def _row(name: str, one: Figures) -> tuple[str, ...]:
    hours = f"{one.hours:.1f}, {one.empty_hours:.1f}"
    false = one.told - one.right
    if one.issues == 0:
        quiet = f"{false} false in {one.hours:.1f} h"
        return (name, "0", "", str(one.told), quiet, *[""] * 6, hours, str(one.assets))
    if not one.shown:
        few = f"not shown (under {SHOWN_FROM})"
        return (name, str(one.issues), few, str(one.told), few, *[""] * 6, hours, str(one.assets))
    return (
        name,
        str(one.issues),
        _share(one.found, one.issues),
        str(one.told),
        _share(one.right, one.told),
        "" if one.incidents_per_issue is None else f"{one.incidents_per_issue:.3f}",
        str(one.false_clears),
        _delays(one.alarm_delays),
        _delays(one.clear_delays),
        f"{one.clears_missing} of {one.clears_owed}",
        _share(one.named, one.found),
        hours,
        str(one.assets),
    )


def _share(hits: int, of: int) -> str:
    found = interval(hits, of)
    return "" if found is None else f"{hits / of:.3f} ({found[0]:.3f}-{found[1]:.3f})"


def _delays(values: Sequence[float]) -> str:
    middle, late = quantile(values, 0.5), quantile(values, 0.95)
    return "" if middle is None or late is None else f"{middle:.1f} / {late:.1f}"


def counts_told(report: Report) -> list[str]:
    """A sentence for each condition in which things were counted: how far the counts were off."""
    found = []
    for name, one in report.conditions.items():
        if not one.count_offs:
            continue
        facts = one.as_json()
        inside = interval(one.counts_within, len(one.count_offs))
        assert inside is not None
        found.append(
            f"{name}: {len(one.count_offs)} counts of open cases, off by {facts['count_error']:.1%} "
            f"on average ({facts['count_bias']:+.1%}); {facts['counts_within_error']:.1%} "
            f"({inside[0]:.1%}-{inside[1]:.1%}) of the true ones within the error told. Covered share off by "
            f"{facts['share_error']:.1%} of the zone on average ({facts['share_bias']:+.1%})."
        )
    return found


def as_text(report: Report) -> str:
    """A table of fixed width, and what is to be said of counts."""
    cells = [COLUMNS, *rows(report)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join([*(line.rstrip() for line in lines), *counts_told(report)])


def as_markdown(report: Report) -> str:
    """The same as a Markdown table."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *rows(report)]
    table = "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"
    return table + "".join(f"\n{line}\n" for line in counts_told(report))


def into_page(page: str, report: Report) -> str:
    """`page` with this run between its two marks; without them the page is this run alone."""
    what = f"Seeds {report.seeds}, of the {report.kind} kind; detector {report.detector}."
    text = f"{what}\n\n{as_markdown(report)}"
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}{END}{after}" if begin and end else text


STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;color:#1b1f23;background:#fff}
p,ul{max-width:75ch}
.wide{overflow-x:auto} table{border-collapse:collapse}
td,th{border:1px solid #ccd;padding:.25rem .5rem;text-align:left;font-variant-numeric:tabular-nums}
td{white-space:nowrap} th{vertical-align:bottom;min-width:4.5rem}
td:first-child,th:first-child{position:sticky;left:0;background:#fff;font-weight:600}
tr:last-child{font-weight:600}
.key i{display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 .9em;vertical-align:-.1em;border:3px solid}
.key i:first-child{margin-left:0}
.faults,.lives{display:grid;gap:.75rem}
.faults{grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr))}
.lives{grid-template-columns:repeat(6,1fr)}
@media(max-width:1200px){.lives{grid-template-columns:repeat(3,1fr);gap:.4rem}}
figure{margin:0} img{display:block;width:100%} figcaption{font-size:13px;overflow-wrap:anywhere}
@media(max-width:600px){body{margin:1rem} .lives figcaption{font-size:11px;line-height:1.25}}
"""
"""Lives are three pictures each, so that a row holds whole ones."""


def as_html(report: Report, misses: Sequence[tuple[Fault, Shot]], lives: Sequence[Shot]) -> str:
    """A page that needs nothing but itself: the table, every miss, and lives that went right."""
    head = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows(report)
    )
    parts, index = [], []
    for fault in Fault:
        shots = [shot for kind, shot in misses if kind is fault]
        if shots:
            title = f"{fault.value.capitalize()} ({len(shots)})"
            parts.append(f"<h2>{title}</h2>{_gallery(shots, 'faults')}")
            index.append(title.lower())
    counts = "".join(f"<p>{html.escape(line)}</p>" for line in counts_told(report))
    key = "".join(
        f'<i style="border-color:#{red:02x}{green:02x}{blue:02x}"></i>{text}'
        for (blue, green, red), text in (
            (ZONE, "the zone"),
            (TRUE, "what stands there"),
            (SAID, "what was told"),
            (FAULT, "the fault"),
        )
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Gridwatch: how right it is</title><style>{STYLE}</style></head><body><h1>How right it is</h1>
<p>Composed scenes of the {html.escape(report.kind)} kind, seeds {html.escape(report.seeds)}, detector
{html.escape(report.detector)}. Real cut-outs were painted into real pictures: this measures the method, not a
street. Where there are fewer than {SHOWN_FROM} issues no figures are shown.</p>
<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{counts}
<p>Faults, each with its picture: {", ".join(index) or "none"}.</p><p class=key>{key}</p>
{"".join(parts)}
<h2>Lives that were told: before, alarm, clear</h2>{_gallery(lives, "lives")}
</body></html>
"""


def _gallery(shots: Sequence[Shot], kind: str) -> str:
    figures = []
    for shot in shots:
        data = cv2.imencode(".jpg", shot.image, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
        source = "data:image/jpeg;base64," + base64.b64encode(data).decode()
        text = html.escape(shot.text)
        figures.append(
            f'<figure><img loading=lazy alt="{text}" src="{source}"><figcaption>{text}</figcaption></figure>'
        )
    return f"<div class={kind}>{''.join(figures)}</div>"
