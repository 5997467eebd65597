"""What runs by deadlines: who plans them from the logs of cases, and what each kind does when it fires."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloud.areas.current import Current
from cloud.deadlines.firing import Effect
from cloud.deadlines.limits import DEADLINES, Policy
from cloud.deadlines.plans import PLAYBOOK, Clocks, Planner
from cloud.deadlines.steps import Rules, rules_in
from cloud.duty.watch import effects as duty_effects
from cloud.escalation.effects import effects as escalation_effects
from cloud.escalation.planner import Levels
from cloud.escalation.policy import ESCALATION, Escalation
from cloud.inspections.planning import effects as inspection_effects
from cloud.organisations.kinds import RESPONSIBILITIES
from cloud.organisations.matrix import Responsibility, lead
from cloud.playbooks.effects import effect as playbook_effect
from cloud.playbooks.planner import Steps
from cloud.playbooks.policy import PLAYBOOKS
from cloud.whistles.effects import late
from cloud.whistles.service import LATE

_PLAIN = Policy()
"""By whose work hours levels, calls and playbooks are counted where a site has no limits."""


def counting_in(current: Current) -> Callable[[], Rules]:
    """How time counts now: by the site's work hours and calendar, or else by usual ones."""
    rules = rules_in(lambda: current.policies.of(DEADLINES) or _PLAIN, lambda: current.registry.timezone)

    def now() -> Rules:
        found = rules()
        assert found is not None
        return found

    return now


def planners_in(current: Current, rules: Callable[[], Rules]) -> Callable[[], tuple[Planner, ...]]:
    """Who plans deadlines of incidents, by the policies in force; `rules`: how time counts now."""

    def now() -> tuple[Planner, ...]:
        found: list[Planner] = []
        if current.policies.of(DEADLINES) is not None:
            found.append(Clocks(rules()))
        if (escalation := current.policies.of(ESCALATION)) is not None:
            found.append(Levels(rules(), escalation))
        if (playbooks := current.policies.of(PLAYBOOKS)) is not None:
            found.append(Steps(rules(), playbooks))
        return tuple(found)

    return now


def patient_in(current: Current) -> Callable[[str], bool]:
    """Whether a class of events has a playbook that gives time to set it right."""

    def patient(event_class: str) -> bool:
        books = current.policies.of(PLAYBOOKS)
        playbook = books.of(event_class) if books else None
        return playbook is not None and playbook.window is not None

    return patient


def effects_in(current: Current) -> Mapping[str, Effect]:
    """What each kind of deadline does; the others are written down and shown."""

    def leads(event_class: str, grid: str | None) -> Responsibility | None:
        matrix = current.policies.of(RESPONSIBILITIES)
        return None if matrix is None else lead(matrix, current.registry, event_class, grid)

    return {
        **duty_effects(current),
        **inspection_effects(current),
        **escalation_effects(lambda: current.policies.of(ESCALATION) or Escalation()),
        LATE: late,
        PLAYBOOK: playbook_effect(lambda: current.policies.of(PLAYBOOKS), leads),
    }
