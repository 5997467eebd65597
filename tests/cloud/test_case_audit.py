from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import gridwatch
from cloud.errors import CloudError
from cloud.incidents import audit, chain
from cloud.incidents.casefile import CaseFile, file_fault
from cloud.people.roles import Role
from tests.cloud.case_people_for_tests import hire

pytestmark = pytest.mark.anyio


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.floats(-1e9, 1e9, allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc中", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


async def tampered(engine: Any, *statements: str) -> None:
    """As whoever owns the database could do it."""
    async with engine.begin() as connection:
        for statement in ("SET LOCAL session_replication_role = replica", *statements):
            await connection.execute(text(statement))


async def two_cases(s: Any, sender: Any, seen: Any) -> list[dict[str, Any]]:
    await s.send(seen(sender).now("opened"), seen(sender, place="P01-C1-Z9").now("opened"))
    leader = await s.log_in()
    for one in await leader.incidents():
        await leader.done(one, "accept", "dispatch", "start")
    return sorted(await leader.incidents(), key=lambda one: one["id"])


@given(JSON)
def test_one_value_has_one_form_also_after_it_was_json(value: Any) -> None:
    once = chain.canonical(value)
    assert chain.canonical(json.loads(once)) == once
    assert chain.canonical(json.loads(json.dumps(value))) == once


def test_what_is_no_json_is_refused() -> None:
    for value in (float("nan"), float("inf"), {1, 2}, b""):
        with pytest.raises(CloudError, match="a log line cannot hold"):
            chain.canonical(value)


async def test_what_was_not_touched_is_intact_and_the_auditor_sees_so(street, sender, seen) -> None:
    async with street() as s:
        await two_cases(s, sender, seen)
        engine = s.app.state.context.engine
        assert await audit.anchor(engine, s.clock()) == 1
        assert await audit.anchor(engine, s.clock()) == 0, "not so soon"
        auditor = await hire(s, "auditor", Role.AUDITOR)
        proof = await auditor.get("/audit/verify")
        assert (proof["intact"], proof["cases"], proof["anchors"]) == (True, 2, 1)
        assert proof["lines"] == 2 * 6
        refused = await (await s.log_in("operator")).http.get("/api/v1/audit/verify")
        assert refused.status_code == 403


CHANGES = (
    ("UPDATE incident_event SET reason = 'x' WHERE {} AND version = 3", "broken", 3),
    ("UPDATE incident_event SET at = at + interval '1 us' WHERE {} AND version = 2", "broken", 2),
    ("UPDATE incident_event SET detail = '{{\"a\": 1}}' WHERE {} AND version = 1", "broken", 1),
    ("UPDATE incident_event SET actor_name = 'you' WHERE {} AND version = 4", "broken", 4),
    ("DELETE FROM incident_event WHERE {} AND version = 5", "broken", 5),
    ("DELETE FROM incident_event WHERE {} AND version > 4", "cut", 4),
)


async def test_of_each_case_the_first_line_that_was_changed_is_named(street, sender, seen) -> None:
    async with street() as s:
        await s.send(*(seen(sender, place=f"place-{n}").now("opened") for n in range(len(CHANGES))))
        leader = await s.log_in()
        cases = [await leader.done(one, "accept", "dispatch", "start") for one in await leader.incidents()]
        engine = s.app.state.context.engine
        for case, (change, _, _) in zip(cases, CHANGES, strict=True):
            await tampered(engine, change.format(f"incident_id = '{case['id']}'"))
        found = {str(one.incident_id): (one.what, one.version) for one in (await audit.verify(engine)).faults}
        assert found == {
            case["id"]: (what, line) for case, (_, what, line) in zip(cases, CHANGES, strict=True)
        }


async def test_a_case_that_is_elsewhere_than_its_log_says_is_noticed(street, sender, seen) -> None:
    async with street() as s:
        case, _ = await two_cases(s, sender, seen)
        engine = s.app.state.context.engine
        await tampered(engine, f"UPDATE incident SET state = 'closed' WHERE id = '{case['id']}'")
        (fault,) = (await audit.verify(engine)).faults
        assert fault.said == "the case is closed, its log ends with in_progress"


async def test_a_tail_cut_off_together_with_its_case_and_a_case_that_is_gone_are_noticed(
    street, sender, seen
) -> None:
    async with street() as s:
        first, second = await two_cases(s, sender, seen)
        engine = s.app.state.context.engine
        await audit.anchor(engine, s.clock())
        await tampered(
            engine,
            f"DELETE FROM incident_event WHERE incident_id = '{first['id']}' AND version > 4",
            f"UPDATE incident SET version = 4, state = 'filed' WHERE id = '{first['id']}'",
            f"DELETE FROM incident_event WHERE incident_id = '{second['id']}'",
            f"DELETE FROM incident WHERE id = '{second['id']}'",
        )
        proof = await audit.verify(engine)
        assert proof.cases == 1
        assert [(one.what, str(one.incident_id), one.version) for one in proof.faults] == [
            ("missing", first["id"], 6),
            ("missing", second["id"], 6),
        ]


async def test_one_case_is_proved_to_whoever_sees_it_and_a_change_or_a_cut_tail_is_told(
    street, sender, seen
) -> None:
    async with street() as s:
        first, second = await two_cases(s, sender, seen)
        engine, leader = s.app.state.context.engine, await s.log_in()
        proof = await leader.get(f"/incidents/{first['id']}/proof")
        assert proof == {"intact": True, "lines": 6, "anchored": None, "said": None}
        await audit.anchor(engine, s.clock())
        assert (await leader.get(f"/incidents/{first['id']}/proof"))["anchored"] == 6
        await tampered(
            engine,
            f"DELETE FROM incident_event WHERE incident_id = '{first['id']}' AND version > 4",
            f"UPDATE incident SET version = 4, state = 'filed' WHERE id = '{first['id']}'",
            f"UPDATE incident_event SET reason = 'x' WHERE incident_id = '{second['id']}' AND version = 3",
        )
        cut = await leader.get(f"/incidents/{first['id']}/proof")
        assert (cut["intact"], cut["said"]) == (False, "line 6 is not the one of anchor 1")
        changed = await leader.get(f"/incidents/{second['id']}/proof")
        assert changed["said"] == "line 3 is not what its hash was made of"


async def test_anchors_are_chained_and_the_last_one_is_known_elsewhere(street, sender, seen) -> None:
    async with street() as s:
        case, _ = await two_cases(s, sender, seen)
        engine = s.app.state.context.engine
        await audit.anchor(engine, s.clock(), heads=1)
        await (await s.log_in()).done(case, "suspend")
        s.clock.forward(hours=2)
        await audit.anchor(engine, s.clock())
        proof = await audit.verify(engine)
        assert (proof.anchors, proof.faults) == (3, [])
        assert (await audit.verify(engine, proof.digest)).faults == []
        await tampered(
            engine, "DELETE FROM audit_head WHERE anchor = 3", "DELETE FROM audit_anchor WHERE number = 3"
        )
        assert (await audit.verify(engine)).faults == [], "nobody can know, but by the digest"
        assert [one.what for one in (await audit.verify(engine, proof.digest)).faults] == ["unexpected"]
        await tampered(engine, "UPDATE audit_head SET version = 1 WHERE anchor = 1")
        assert "anchor" in [one.what for one in (await audit.verify(engine)).faults]
        await tampered(
            engine, "DELETE FROM audit_head WHERE anchor = 1", "DELETE FROM audit_anchor WHERE number = 1"
        )
        assert (await audit.verify(engine)).faults[0].said == "anchor 1 is missing"


async def test_nothing_of_the_audit_can_be_changed_or_emptied(street, sender, seen) -> None:
    async with street() as s:
        await two_cases(s, sender, seen)
        engine = s.app.state.context.engine
        await audit.anchor(engine, s.clock())
        for table in ("incident_event", "audit_anchor", "audit_head"):
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                with pytest.raises(DBAPIError, match="append-only"):
                    async with engine.begin() as connection:
                        await connection.execute(text(statement))


async def test_an_exported_case_verifies_by_itself(street, sender, seen, tmp_path, capsys) -> None:
    async with street() as s:
        case, _ = await two_cases(s, sender, seen)
        s.clock.forward(minutes=5)
        await audit.anchor(s.app.state.context.engine, s.clock())
        leader = await s.log_in()
        tree = await leader.get(f"/incidents/{case['id']}/export")
    file = CaseFile.model_validate(tree)
    assert file_fault(file) is None
    assert [one.version for one in file.anchors] == [6]
    path = tmp_path / "case.json"
    path.write_text(json.dumps(tree))
    assert gridwatch.main(["audit", "verify", "--file", str(path)]) == 0
    tree["log"][2]["reason"] = "another"
    path.write_text(json.dumps(tree))
    assert gridwatch.main(["audit", "verify", "--file", str(path)]) == 1
    assert "line 3 is not what its hash was made of" in capsys.readouterr().err
