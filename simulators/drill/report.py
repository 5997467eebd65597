"""A drill's verdict for people, and as JSON."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

from simulators.drill.check import Verdict
from simulators.drill.plan import Fault


def as_json(verdict: Verdict, faults: Sequence[Fault], about: dict[str, Any]) -> dict[str, Any]:
    """Everything, with `about` (seed, seconds, ...) before it."""
    return {
        **about,
        "truths": verdict.truths,
        "camera_truths": verdict.camera_truths,
        "truths_begin_or_end_in_a_fault": verdict.inside_faults,
        "incidents": verdict.incidents,
        "alarms": verdict.alarms,
        "other_incidents": verdict.other_incidents,
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "false_clears": verdict.false_clears,
        "unexplained": verdict.unexplained,
        "ledger_balanced": verdict.ledger_balanced,
        "ledger": {
            "numbered": verdict.numbered,
            "evicted": verdict.evicted,
            "refused": verdict.refused,
            "waiting": verdict.waiting,
        },
        "worst_live_latency_s": _rounded(verdict.worst),
        "live_latency_s": {kind: _spread(some) for kind, some in verdict.latencies.items()},
        "passed": verdict.passed,
        "findings": verdict.findings,
        "nemesis": [
            {"at": round(one.begin, 2), "until": round(one.end, 2), "did": one.kind, "to": one.name}
            | ({"seconds": one.amount} if one.amount else {})
            for one in sorted(faults, key=lambda fault: fault.begin)
        ],
    }


def _spread(some: Sequence[float]) -> dict[str, float | int | None]:
    middle = statistics.median(some) if some else None
    return {"count": len(some), "median": _rounded(middle), "worst": _rounded(max(some, default=None))}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def as_table(told: dict[str, Any]) -> str:
    """The same for people."""
    deeds = Counter((deed["to"].split()[0], deed["did"]) for deed in told["nemesis"])
    rows = [f"{'fault':12} {'target':14} times"]
    rows += [f"{kind:12} {target:14} {count}" for (target, kind), count in sorted(deeds.items())]
    rows += [f"{'not done':27} {one}" for one in told["not_done"]]
    rows.append("")
    balance = "balanced" if told["ledger_balanced"] else "NOT balanced"
    inside = told["truths_begin_or_end_in_a_fault"]
    for name, value in (
        (
            "truths",
            f"{told['truths']} ({told['camera_truths']} before cameras, {inside} begin or end in a fault)",
        ),
        ("incidents", f"{told['incidents']} (alarms {told['alarms']})"),
        ("lost", told["lost"]),
        ("doubled", told["doubled"]),
        ("false clears", told["false_clears"]),
        ("unexplained", told["unexplained"]),
        (
            "ledger",
            f"{balance}, {told['ledger']['numbered']} numbered",
        ),
        (
            "worst live latency",
            "-" if told["worst_live_latency_s"] is None else f"{told['worst_live_latency_s']} s",
        ),
    ):
        rows.append(f"{name:27} {value}")
    rows += ["", *told["findings"]] if told["findings"] else []
    rows.append("passed" if told["passed"] else "FAILED")
    return "\n".join(rows)
