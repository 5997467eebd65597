"""The table of transitions for readers: a Markdown table and a plain diagram, put between a page's marks.

`python -m cloud.incidents.sheet docs/design/cases.md` brings the page up to date; a test says when it is not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from cloud.incidents.guards import GUARDS
from cloud.incidents.transitions import CLOSED, LADDER, OPEN, TABLE, Rule, State, Whither

GROUPS = {
    "any open": OPEN,
    "any closed": CLOSED,
    "any on the ladder": frozenset(LADDER),
    "any worked on": frozenset({*LADDER, State.CHECKING}),
    "any before resolved": frozenset(LADDER[:-1]),
}
_WIDTH = 14


def page_with(text: str) -> str:
    """The page with what stands between its marks made anew."""
    for name, made in (("table", table()), ("diagram", diagram()), ("guards", guards())):
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}{made}{end}{after}"
    return text


def table() -> str:
    """One line a row of the table."""
    lines = ["| action | from | to | who | on terms | fields |", "|---|---|---|---|---|---|"]
    for rule in TABLE:
        cells = (_action(rule), _from(rule), _to(rule), _who(rule), ", ".join(rule.guards), _fields(rule))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def guards() -> str:
    """One line a guard."""
    lines = ["| guard | without it |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {guard.why} |" for name, guard in GUARDS.items())]) + "\n"


def diagram() -> str:
    """Each state with the steps that leave it; what leads from all of a group is told once, below."""
    common = [rule for rule in TABLE if _group(rule.sources) and rule.target is not Whither.SAME]
    lines = []
    for state in State:
        mine = [one for one in TABLE if state in one.sources and one.target is not Whither.SAME]
        mine = [one for one in mine if one not in common]
        lines.append(str(state))
        lines += _edges(mine)
    for name in dict.fromkeys(_group(one.sources) for one in common):
        mine = [one for one in common if _group(one.sources) == name]
        lines += ["", name, *_edges(mine)]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def _edges(rules: Sequence[Rule]) -> list[str]:
    return [f"  {'└' if one is rules[-1] else '├'}─ {_arrow(one)}" for one in rules]


def _arrow(rule: Rule) -> str:
    name = " + ".join([*(action for action, _ in rule.passes), rule.action])
    by = "" if rule.roles else "  (by itself)"
    return f"{name} {'─' * max(1, _WIDTH + 4 - len(name))}▶ {_to(rule)}{by}"


def _action(rule: Rule) -> str:
    through = "".join(f" (through {state})" for _, state in rule.passes)
    return f"`{rule.action}`{through}"


def _from(rule: Rule) -> str:
    return _group(rule.sources) or ", ".join(rule.sources)


def _group(states: Iterable[State]) -> str:
    return next((name for name, group in GROUPS.items() if frozenset(states) == group), "")


def _to(rule: Rule) -> str:
    words = {Whither.SAME: "stays", Whither.BEFORE: "where it was"}
    first = words[rule.target] if isinstance(rule.target, Whither) else str(rule.target)
    return " or ".join([first, *rule.also])


def _who(rule: Rule) -> str:
    return ", ".join(sorted(rule.roles)) or f"the system ({rule.cause})"


def _fields(rule: Rule) -> str:
    needed = [*(["reason"] if rule.reason else []), *sorted(rule.needs)]
    return ", ".join([*(f"**{name}**" for name in needed), *sorted(rule.takes)])


def main(paths: Iterable[str]) -> None:
    """Bring the pages up to date."""
    for path in map(Path, paths):
        path.write_text(page_with(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
