"""The responsibility matrix against brute force: most specific wins, ambiguities are named."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.areas.registry import Registry
from cloud.organisations.matrix import Ambiguity, Responsibility, ambiguities, lead, resolve
from cloud.organisations.model import Matrix
from devices.site.model import Area, Names

NAME = Names(zh="名", en="Name")
RING = ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0))
PARENTS = {"C1": "S", "C2": "S", "G1": "C1", "G2": "C1", "G3": "C2"}
LEVELS = {"S": "street", "C": "community", "G": "grid"}
TREE = {
    name: Area.model_validate(
        {"id": name, "level": LEVELS[name[0]], "parent": PARENTS.get(name), "name": NAME, "rings": [RING]}
        | ({"code": f"99010100100100{name[1]}"} if name[0] == "G" else {})
    )
    for name in ("S", *PARENTS)
}
CLASSES = (None, "05", "05-06", "05-06-081", "05-05", "04")
AREAS = (None, *TREE)


def matrix(*entries: tuple[str | None, str | None, str]) -> Matrix:
    written = [{"event_class": one, "area": area, "lead": who} for one, area, who in entries]
    return Matrix.model_validate({"responsibilities": written})


keys = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(AREAS)), max_size=12, unique=True)
matrices = keys.map(lambda found: matrix(*((*key, f"O{n}") for n, key in enumerate(found))))


def covers_class(wide: str | None, narrow: str | None) -> bool:
    return wide is None or wide == narrow or (narrow is not None and narrow.startswith(f"{wide}-"))


def covers_area(wide: str | None, narrow: str | None) -> bool:
    if wide is None or wide == narrow:
        return True
    return narrow is not None and narrow in PARENTS and covers_area(wide, PARENTS[narrow])


def brute(found: Matrix, event_class: str | None, area: str | None) -> list[int]:
    """Entries that cover it and to which no other covering entry is at least as narrow."""
    those = [
        (at, one)
        for at, one in enumerate(found.responsibilities)
        if covers_class(one.event_class, event_class) and covers_area(one.area, area)
    ]
    return [
        at
        for at, one in those
        if not any(
            at != other_at
            and covers_class(one.event_class, other.event_class)
            and covers_area(one.area, other.area)
            for other_at, other in those
        )
    ]


@settings(max_examples=150)
@given(matrices)
def test_the_most_specific_entry_leads_and_two_that_do_not_yield_are_named(found: Matrix) -> None:
    for event_class, area in product((*CLASSES, "05-06-082", "06-01"), AREAS):
        left = brute(found, event_class, area)
        answer = resolve(found, TREE, event_class, area)
        if len(left) == 1:
            assert isinstance(answer, Responsibility)
            assert (answer.entry, answer.lead) == (left[0], f"O{left[0]}")
        elif left:
            assert isinstance(answer, Ambiguity)
            assert set(answer.entries) <= set(left)
            assert len(set(answer.entries)) == 2
        else:
            assert answer is None


@settings(max_examples=150)
@given(matrices)
def test_ambiguities_are_told_exactly_where_the_matrix_has_two_answers(found: Matrix) -> None:
    told = {(one.event_class, one.area, frozenset(one.entries)) for one in ambiguities(found, TREE)}
    clash = set()
    for event_class, area in product(CLASSES, AREAS):
        left = brute(found, event_class, area)
        if len(left) > 1:
            clash.add((event_class, area))
    assert {(event_class, area) for event_class, area, _ in told} <= clash
    assert bool(told) == bool(clash)
    for event_class, area, pair in told:
        assert len(pair) == 2
        those = [found.responsibilities[at] for at in pair]
        assert all(
            covers_class(one.event_class, event_class) and covers_area(one.area, area) for one in those
        )


@settings(max_examples=100)
@given(matrices)
def test_an_entry_for_what_the_pair_shares_ends_each_ambiguity(found: Matrix) -> None:
    entries = [(one.event_class, one.area, one.lead) for one in found.responsibilities]
    while told := next(ambiguities(matrix(*entries), TREE), None):
        entries.append((told.event_class, told.area, "OX"))
        assert len(entries) <= len(CLASSES) * len(AREAS)
    for event_class, area in product(CLASSES, AREAS):
        assert not isinstance(resolve(matrix(*entries), TREE, event_class, area), Ambiguity)


@pytest.mark.parametrize(
    ("event_class", "grid", "who"),
    [
        ("05-06-081", "G1", "BIKES"),
        ("05-06", "G1", "ORDER"),
        ("05-06-081", "G3", "MARKET"),
        ("05-01", "G3", "MARKET"),
        ("04-01", "G3", None),
        ("05-01", None, "ORDER"),
        ("05-01", "GX", "ORDER"),
    ],
)
def test_who_leads(event_class: str, grid: str | None, who: str | None) -> None:
    found = matrix(("05", None, "ORDER"), ("05-06-081", None, "BIKES"), ("05", "C2", "MARKET"),
                   ("05-06-081", "C2", "MARKET"))  # fmt: skip
    answer = lead(found, Registry(areas=TREE), event_class, grid)
    assert (answer.lead if answer else None) == who


def test_a_tree_whose_areas_hold_each_other_ends_nowhere() -> None:
    ring = {
        one: TREE[one].model_copy(update={"parent": other}) for one, other in (("C1", "C2"), ("C2", "C1"))
    }
    assert resolve(matrix((None, None, "A")), ring, "05", "C1") is not None
