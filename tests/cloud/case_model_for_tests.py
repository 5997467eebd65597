"""A small reference model of cases: the table walked in memory, the guards written down a second time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud.incidents.transitions import CLOSED, OPEN, REMEMBERS, State, Whither, may_ever, rule_for, steps
from cloud.people.roles import OF_AREAS, OF_STREET, Role

LEADS = {Role.LEADER, Role.STREET, Role.OPERATOR, Role.GRID_LEADER, Role.COMMUNITY}
OWED = ("citizen", "hotline", "open311")


@dataclass(frozen=True)
class Who:
    """Somebody of one role."""

    name: str
    role: Role
    areas: tuple[str, ...] = ()
    organisation: str | None = None


@dataclass
class Alarmed:
    """One condition: of which place, and whether it is still there."""

    place: str
    there: bool = True


@dataclass(eq=False)
class Case:
    """What the model knows of one case."""

    id: str
    place: str
    grid: str
    source: str = "edge"
    state: State = State.DETECTED
    before: State | None = None
    alarms: dict[str, Alarmed] = field(default_factory=dict)
    handler: str | None = None
    organisation: str | None = None
    pending: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)
    did: set[str] = field(default_factory=set)
    """Who said that it is done, since it was opened."""
    told: set[bool] = field(default_factory=set)
    """Whether the reporter was told (False) and everybody (True)."""
    leading: Case | None = None
    moved: list[str] = field(default_factory=list)

    def sees(self, who: Who) -> bool:
        if who.role in OF_STREET:
            return True
        mine = {f"organisation:{who.organisation}"} if who.role is Role.DEPARTMENT else set()
        if who.role in OF_AREAS:
            mine.add(f"person:{who.name}")
        return self.grid in who.areas or ("C1" in who.areas) or bool(mine & self.parties)

    @property
    def there(self) -> bool:
        return any(one.there for one in self.alarms.values())


@dataclass
class Model:
    """All cases of one example."""

    cases: dict[str, Case] = field(default_factory=dict)

    def open_at(self, place: str) -> Case | None:
        standing = [case for case in self.cases.values() if case.state in OPEN]
        own = [case for case in standing if case.place == place]
        guest = [case for case in standing if any(one.place == place for one in case.alarms.values())]
        return next(iter([*own, *guest]), None)

    def status(self, who: Who, case: Case, action: str, given: Mapping[str, Any], stale: bool) -> int:
        """What the door answers."""
        other = self.cases.get(given.get("into", ""))
        if not case.sees(who) or (other is not None and not other.sees(who)):
            return 404
        rule = rule_for(action, case.state)
        if not may_ever(action, [who.role]):
            return 403
        if stale:
            return (
                409 if rule and "unclaimed" in rule.guards and not self.held(rule, who, case, given) else 412
            )
        if rule is None or who.role not in rule.roles or not self.held(rule, who, case, given):
            return 409
        if other is case:
            return 422
        return 409 if other is not None and other.state not in OPEN else 200

    def held(self, rule: Any, who: Who, case: Case, given: Mapping[str, Any]) -> bool:
        """Whether every guard of the row holds."""
        nobody_else = self.place_is_free(case)
        found = {
            "four_eyes": who.name not in {case.handler, *case.did},
            "theirs": who.role in LEADS
            or case.handler == who.name
            or (who.role is Role.GRID_WORKER and case.handler is None)
            or (who.organisation is not None and case.organisation == who.organisation),
            "unclaimed": case.handler is None,
            "photo": bool(given.get("photos")),
            "after_photo": True,
            "level": True,
            "feedback": "without_feedback" in given or not self.owes(case),
            "answered": "supervise" not in case.pending,
            "supervised": "supervise" in case.pending,
            "asked": given.get("wish") in case.pending,
            "window": True,
            "unlinked": case.leading is None,
            "linked": case.leading is not None and case.leading.leading is None,
            "free": nobody_else,
        }
        return all(found[name] for name in rule.guards)

    def owes(self, case: Case) -> bool:
        """Whether somebody waits for an answer: who reported it, or what became part of it."""
        those = [case, *(one for one in self.cases.values() if one.leading is case)]
        return any(one.source in OWED for one in those) and case.told != {False, True}

    def place_is_free(self, case: Case) -> bool:
        return not any(one.state in OPEN and one.place == case.place for one in self.cases.values())

    def act(self, who: Who, case: Case, action: str, given: Mapping[str, Any], sampled: bool | None) -> None:
        """A step that the door took."""
        rule = rule_for(action, case.state)
        assert rule is not None
        case.pending = self.pending(case, action, given)
        if action == "dispatch":
            case.handler, case.organisation = given.get("handler"), given.get("organisation")
        elif action in ("assign", "claim", "start", "self_handle"):
            case.handler = given.get("handler") or case.handler or who.name
        elif action in ("return", "reopen"):
            case.handler = case.organisation = None
        case.parties |= {f"person:{case.handler}", f"organisation:{case.organisation}"}
        if action in ("resolve", "self_handle"):
            case.did.add(who.name)
        if action == "feedback":
            case.told.add(given.get("form") == "notice")
        if action == "reopen":
            case.did, case.told = set(), set()
        if action in ("merge", "duplicate"):
            self.join(case, self.cases[given["into"]], everything=action == "merge")
        to = State(given["to"]) if "to" in given else None
        before = case.state
        back = rule.target is Whither.BEFORE
        last = steps(rule, case.state, case.before, to)[-1]
        case.state = last.target
        if last.target is not before:
            case.before = before if action in REMEMBERS else None
        if action == "split":
            self.part(case)
        if action in ("resolve", "self_handle") or back:
            self.look(case)
        if case.state is State.CHECKING and sampled is False:
            self.close(case)

    def pending(self, case: Case, action: str, given: Mapping[str, Any]) -> set[str]:
        if action.startswith("ask_"):
            return case.pending | {action[4:]}
        if action in ("close", "reject", "void", "false_alarm"):
            return set()
        gone = {
            "supervise": set(), "answer": {"supervise"}, "refuse": {given.get("wish")},
            "resolve": {"extend", "return", "suspend"}, "self_handle": {"extend", "return", "suspend"},
            "return": {"extend", "return", "suspend"},
        }  # fmt: skip
        more = {"supervise"} if action == "supervise" else set()
        return (case.pending | more) - gone.get(action, {action})

    def join(self, case: Case, other: Case, everything: bool) -> None:
        case.leading = other
        case.moved = sorted(case.alarms) if everything else []
        for one in case.moved:
            other.alarms[one] = case.alarms.pop(one)
        if other.state is State.CHECKING and any(other.alarms[one].there for one in case.moved):
            other.state = State.IN_PROGRESS

    def part(self, case: Case) -> None:
        other = case.leading
        assert other is not None
        for one in case.moved:
            case.alarms[one] = other.alarms.pop(one)
        case.leading, case.moved = None, []
        self.look(other)

    def look(self, case: Case) -> None:
        """What nobody can see any more goes to checking."""
        action = "seen_gone" if case.alarms else "await_check"
        if not case.there and rule_for(action, case.state):
            case.state = State.CHECKING

    def close(self, case: Case) -> None:
        if "supervise" not in case.pending and not self.owes(case):
            case.state, case.pending = State.CLOSED, set()

    def hear(self, condition: str, place: str, grid: str, there: bool) -> Case | None:
        """A condition comes or changes; the case it belongs to, None: a new one."""
        case = next((one for one in self.cases.values() if condition in one.alarms), None) or self.open_at(
            place
        )
        if case is None:
            return None
        case.alarms[condition] = Alarmed(place, there)
        if there and case.state is State.CHECKING:
            case.state = State.IN_PROGRESS
        elif case.state not in CLOSED:
            self.look(case)
        return case
