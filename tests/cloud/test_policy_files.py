"""Policies from files: read with every fault, taken over at start, never over what a person wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.areas.current import Current
from cloud.database.engine import make_engine
from cloud.deadlines.limits import DEADLINES
from cloud.errors import SettingsError
from cloud.incidents.store import Actor
from cloud.policies import store
from cloud.policies.doubting import start
from cloud.policies.kinds import KINDS
from cloud.policies.reading import beside, check, read
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio
STREET = Path(__file__).parents[2] / "examples" / "street"
ADMIN = Actor("user", "admin")
MINUTE = {"default": {"limits": {"acceptance": "60 s"}}}
TWO = {"default": {"limits": {"acceptance": "2 min"}}}


@pytest.fixture
async def engine(url) -> AsyncIterator[AsyncEngine]:
    found = make_engine(url)
    yield found
    await found.dispose()


async def started(engine: AsyncEngine, **files: Any) -> Current:
    """What a process that starts with these files goes by."""
    current = Current(engine)
    await start(engine, files, current, START)
    return current


def acceptance(current: Current) -> str:
    policy = current.policies.of(DEADLINES)
    assert policy is not None
    return str(policy.default.limits.acceptance)


async def edited(engine: AsyncEngine, body: dict[str, Any]) -> int:
    async with engine.begin() as connection:
        await store.lock(connection)
        return await store.put(connection, "deadlines", body, "person", ADMIN, START)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_examples_file_of_each_kind_is_read_and_can_be_kept(kind) -> None:
    tree, document = read(STREET / f"{kind.name}.yaml", kind)
    again, faults = check(kind, tree)
    assert (again, faults) == (document, [])


def test_only_files_that_are_there_are_read_but_one_that_was_named_must_be(tmp_path) -> None:
    assert beside(tmp_path / "site.yaml", KINDS, {}) == {}
    (tmp_path / "deadlines.yaml").write_text("default: {clearing: day}", "utf-8")
    assert beside(tmp_path / "site.yaml", KINDS, {}) == {"deadlines": {"default": {"clearing": "day"}}}
    with pytest.raises(SettingsError, match=r"other\.yaml: there is no such file"):
        beside(tmp_path / "site.yaml", KINDS, {"deadlines": tmp_path / "other.yaml"})


async def test_a_file_is_taken_over_once_and_again_when_it_says_something_else(engine) -> None:
    assert acceptance(await started(engine, deadlines=MINUTE)) == "60 s"
    current = await started(engine, deadlines=MINUTE)
    assert current.policies.versions == {"deadlines": 1}
    current = await started(engine, deadlines=TWO)
    assert (acceptance(current), current.policies.versions) == ("2 min", {"deadlines": 2})


async def test_what_was_taken_over_stays_in_force_without_its_file(engine) -> None:
    await started(engine, deadlines=MINUTE)
    assert acceptance(await started(engine)) == "60 s"


async def test_a_file_from_before_does_not_undo_what_a_person_wrote(engine) -> None:
    await started(engine, deadlines=MINUTE)
    await edited(engine, TWO)
    assert acceptance(await started(engine, deadlines=MINUTE)) == "2 min"
    async with engine.connect() as connection:
        assert await store.waiting(connection) == {}


async def test_a_file_changed_after_a_persons_edit_waits_until_somebody_decides(engine, caplog) -> None:
    three = {"default": {"limits": {"acceptance": "3 min"}}}
    await started(engine, deadlines=MINUTE)
    await edited(engine, TWO)
    assert acceptance(await started(engine, deadlines=three)) == "2 min"
    assert "version 2 was written by admin" in caplog.text
    caplog.clear()
    assert acceptance(await started(engine, deadlines=three)) == "2 min"
    assert "admin" not in caplog.text
    async with engine.connect() as connection:
        assert (await store.waiting(connection))["deadlines"].body == three
    await edited(engine, three)
    async with engine.connect() as connection:
        assert await store.waiting(connection) == {}
    assert acceptance(await started(engine, deadlines=three)) == "3 min"


async def test_a_file_that_says_what_a_person_wrote_is_no_conflict(engine) -> None:
    await started(engine, deadlines=MINUTE)
    await edited(engine, TWO)
    current = await started(engine, deadlines=TWO)
    assert current.policies.versions == {"deadlines": 2}
    async with engine.connect() as connection:
        assert await store.waiting(connection) == {}


async def test_processes_that_start_together_take_a_file_over_once(engine) -> None:
    found = await asyncio.gather(*(started(engine, deadlines=MINUTE) for _ in range(4)))
    assert [one.policies.versions for one in found] == [{"deadlines": 1}] * 4


async def test_a_policy_that_did_not_change_stays_the_same_object(engine) -> None:
    current = await started(engine, deadlines=MINUTE)
    before = current.policies.of(DEADLINES)
    async with engine.begin() as connection:
        await store.put(connection, "of-tomorrow", {"a": 1}, "person", ADMIN, START)
    assert await current.load()
    assert current.policies.of(DEADLINES) is before
    assert not await current.load()


async def test_a_document_that_is_not_understood_is_not_in_force_and_stops_nobody(engine, caplog) -> None:
    await started(engine, deadlines=MINUTE)
    await edited(engine, {"of another version": True})
    current = await started(engine)
    assert current.policies.of(DEADLINES) is None
    assert "deadlines: version 2 of the policy is not understood" in caplog.text


async def test_what_is_doubtful_is_said_at_start(engine, caplog) -> None:
    await started(engine, deadlines={"classes": {"07": {"clearing": "day"}}})
    assert "deadlines: classes.07: the site has no such event class" in caplog.text
    assert "calendar: names no holiday in" in caplog.text


async def test_no_version_is_ever_changed(engine) -> None:
    await started(engine, deadlines=MINUTE)
    for statement in ("UPDATE policy SET version = 7", "DELETE FROM policy"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(statement))
