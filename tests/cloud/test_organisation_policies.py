"""Organisations and responsibilities as policies: the example, faults, doubts, and what nobody leads in."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cloud.areas.registry import Registry
from cloud.organisations.kinds import ORGANISATIONS, RESPONSIBILITIES
from cloud.organisations.matrix import lead
from cloud.organisations.model import Matrix
from cloud.organisations.unresolved import unresolved
from cloud.people.roles import Role
from cloud.policies.doubting import doubts, misfits
from cloud.policies.kind import Policies, Sight
from cloud.policies.reading import check, read
from cloud.settings import Settings
from devices.site.load import load_site
from tests.cloud.sessions_for_tests import client

STREET = Path(__file__).parents[2] / "examples" / "street"
ORG = {"id": "CG", "kind": "department", "name": {"zh": "城管", "en": "Urban management"}}


@cache
def registry() -> Registry:
    site = load_site(STREET / "site.yaml")
    active = {("area", one.id) for one in site.areas} | {
        ("event_class", one.code) for one in site.event_classes
    }
    return Registry(
        areas={one.id: one for one in site.areas},
        classes={one.code: one for one in site.event_classes},
        active=frozenset(active),
    )


def seen(**documents: Any) -> Sight:
    return Sight(registry(), Policies(documents), date(2026, 11, 22))


def faults(kind: Any, tree: Any) -> list[str]:
    return [f"{one.trail} {one.what}; {one.fix}" for one in check(kind, tree)[1]]


class TestTheExample:
    organisations = read(STREET / "organisations.yaml", ORGANISATIONS)[1]
    matrix = read(STREET / "responsibilities.yaml", RESPONSIBILITIES)[1]

    def test_it_has_19_departments_and_no_secret(self) -> None:
        kinds = Counter(one.kind for one in self.organisations.organisations)
        assert kinds["department"] == 19
        assert set(kinds) == {"department", "bike_operator", "camera_owner", "maintenance", "security_office"}
        assert "http" not in (STREET / "organisations.yaml").read_text("utf-8")

    def test_every_class_in_every_grid_has_one_lead(self) -> None:
        assert list(unresolved(self.matrix, self.organisations, registry())) == []
        view = seen(organisations=self.organisations)
        assert misfits(RESPONSIBILITIES, self.matrix, view) == []
        assert doubts(RESPONSIBILITIES, self.matrix, view) == []

    def test_a_smoke_alarm_is_the_market_offices_in_its_grid_and_the_fire_brigades_elsewhere(self) -> None:
        there = registry()
        found = [lead(self.matrix, there, "04-99-080", grid) for grid in ("G37", "G01")]
        assert [one.lead for one in found if one] == ["O3", "XF"]

    def test_what_a_taken_out_entry_leaves_open_is_told(self) -> None:
        fewer = [one for one in self.matrix.responsibilities if one.event_class not in ("02", "05", "90")]
        matrix = Matrix(responsibilities=tuple(fewer))
        left = list(unresolved(matrix, self.organisations, registry()))
        assert {one.event_class[:2] for one in left} == {"02", "05", "90"}
        assert all(one.everywhere and one.why == "nobody" and len(one.grids) == 39 for one in left)
        told = doubts(RESPONSIBILITIES, matrix, seen(organisations=self.organisations))
        assert "responsibilities: 02-01 everywhere: no entry says who leads" in told
        assert (
            told[-1]
            == f"responsibilities: {len(left) - 20} more; GET /api/v1/responsibilities?unresolved=true"
        )


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        (
            {"channel": "wecom", "to": "https://robot/?key=1"},
            "which holds a key; put it into the environment",
        ),
        ({"channel": "phone"}, "needs one address; give `to`, or `secret`"),
        ({"channel": "sms", "to": "1", "secret": "SMS"}, "needs one address"),
        ({"channel": "wecom", "secret": "wecom key"}, "is not the name of a credential"),
        ({"channel": "pigeon", "to": "1"}, "is not one of phone, sms"),
    ],
)
def test_a_contact_has_one_address_and_no_key_in_the_file(contact: dict[str, str], told: str) -> None:
    (found,) = faults(ORGANISATIONS, {"organisations": [ORG | {"contacts": [contact]}]})
    assert told in found
    assert "key=1" not in found


def test_an_organisation_stands_once() -> None:
    (found,) = faults(ORGANISATIONS, {"organisations": [ORG, ORG]})
    assert "has the organisation 'CG' twice; give one of them another id" in found


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([{"event_class": "05", "lead": "A"}, {"event_class": "05", "lead": "B"}],
         "says the same class and area as responsibilities[0]; keep one of them"),
        ([{"lead": "A", "helpers": ["A"]}], "names an organisation twice"),
        ([{"lead": "A", "limit": "soon"}], "is not a limit"),
        ([{"event_class": "5", "lead": "A"}], "has not the right form"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_matrix_itself_is_a_fault(entries: list[Any], told: str) -> None:
    (found,) = faults(RESPONSIBILITIES, {"responsibilities": entries})
    assert told in found


def test_what_does_not_fit_the_site_is_a_doubt_and_an_ambiguity_is_refused() -> None:
    written = [
        {"event_class": "05-06", "area": "C1", "lead": "CG", "limit": "2 work d"},
        {"event_class": "05", "area": "G01", "lead": "JJ"},
        {"event_class": "07", "area": "G99", "lead": "CG"},
    ]
    matrix, none = check(RESPONSIBILITIES, {"responsibilities": written})
    assert (none, matrix is None) == ([], False)
    assert matrix is not None
    organisations, _ = check(ORGANISATIONS, {"organisations": [ORG]})
    view = seen(organisations=organisations)
    (clash,) = misfits(RESPONSIBILITIES, matrix, view)
    assert clash.trail == ("responsibilities", 1)
    assert "and responsibilities[0] both lead in 05-06 in G01" in clash.what
    told = doubts(RESPONSIBILITIES, matrix, view)
    assert told[0].startswith("responsibilities: responsibilities[1]: and responsibilities[0] both lead")
    assert (
        "responsibilities[1]: there is no organisation 'JJ'; add it to organisations.yaml, or mend it" in told
    )
    assert "responsibilities[2]: the site has no event class '07'" in told
    assert "responsibilities[2]: the site has no area 'G99'" in told
    assert [one for one in told if "is 2 work d, and `workday`" in one]
    left = {
        (one.event_class, one.why)
        for one in unresolved(matrix, organisations, registry())
        if "G01" in one.grids
    }
    assert {("05-06", "ambiguous"), ("05-01", "no_such_organisation"), ("01-01", "nobody")} <= left


class TestOverHttp:
    pytestmark = pytest.mark.anyio

    async def test_people_see_who_leads_and_where_nobody_does(self, street, tmp_path, caplog) -> None:
        entries = [{"event_class": "05", "lead": "CG"}, {"event_class": "01", "area": "G01", "lead": "X"}]
        matrix = {"responsibilities": entries}
        files = {"organisations": {"organisations": [ORG]}, "responsibilities": matrix}
        async with street(Settings(state=tmp_path, page=tmp_path / "dist", policies=files)) as s:
            leader = await s.log_in()
            (only,) = (await leader.get("/organisations"))["items"]
            assert (only["id"], only["contacts"]) == ("CG", [])
            (found,) = (await leader.get("/responsibilities", event_class="05-06", grid="G02"))["items"]
            assert (found["lead"], found["entries"], found["why"]) == ("CG", [0], None)
            left = (await leader.get("/responsibilities", unresolved=True))["items"]
            told = {one["why"]: (one["event_class"], one["grids"]) for one in left}
            assert told == {"nobody": ("01-01", ["G02"]), "no_such_organisation": ("01-01", ["G01"])}
            (gap,) = (await leader.get("/responsibilities", event_class="01-01", grid="G02"))["items"]
            assert (gap["lead"], gap["why"]) == (None, "nobody")
            for query, status in (
                ({"event_class": "05-06"}, 422),
                ({"event_class": "9", "grid": "G01"}, 404),
            ):
                answer = await leader.http.get("/api/v1/responsibilities", params=query)
                assert answer.status_code == status
        assert "responsibilities: 01-01 in G02: no entry says who leads" in caplog.text

    async def test_an_administrators_ambiguous_matrix_is_refused_with_the_pair(self, street) -> None:
        async with street() as s:
            http = await client(s, "admin", Role.ADMINISTRATOR)
            entries = [
                {"event_class": "05-06", "lead": "A"},
                {"event_class": "05", "area": "C1", "lead": "B"},
            ]
            path, head = "/api/v1/policies/responsibilities", {"If-Match": '"v0"'}
            answer = await http.put(path, json={"responsibilities": entries}, headers=head)
            assert answer.status_code == 422
            (fault,) = answer.json()["errors"]
            assert fault["pointer"] == "/body/responsibilities/1"
            assert "responsibilities[0] both lead in 05-06 in C1" in fault["detail"]
            entries.append({"event_class": "05-06", "area": "C1", "lead": "A"})
            answer = await http.put(path, json={"responsibilities": entries}, headers=head)
            assert answer.status_code == 200

    async def test_a_dispatch_that_names_nobody_goes_to_the_lead(
        self, street, tmp_path, sender, seen
    ) -> None:
        matrix = {
            "responsibilities": [{"event_class": "05", "lead": "CG"}, {"event_class": "01", "lead": "X"}]
        }
        files = {"organisations": {"organisations": [ORG]}, "responsibilities": matrix}
        async with street(Settings(state=tmp_path, page=tmp_path / "dist", policies=files)) as s:
            leader = await s.log_in()
            await s.send(
                seen(sender).now("opened"), seen(sender, event_class="01-01", place="other").now("opened")
            )
            found = {one["event_class"]["code"]: one for one in await leader.incidents()}
            given = {code: await leader.done(one, "accept", "dispatch") for code, one in found.items()}
            assert {code: one["organisation"] for code, one in given.items()} == {
                "05-06": "CG",
                "01-01": None,
            }
