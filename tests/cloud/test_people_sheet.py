"""The sheet of an install's first people."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete

from cloud.database.engine import make_engine
from cloud.database.schema import person
from cloud.errors import SettingsError
from cloud.people import accounts, directory
from cloud.people.roles import Role
from cloud.people.sheet import COLUMNS, read_people
from tests.cloud.conftest import START

EXAMPLE = Path(__file__).parents[2] / "examples" / "street" / "people.csv"
HEADER = ",".join(COLUMNS)


def test_the_example_has_somebody_to_log_in_of_every_role() -> None:
    people = read_people(EXAMPLE)
    assert {role for one in people if one.login for role in one.roles} == set(Role)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("wang,,,king,,,yes", ":2: roles: 'king'"),
        ("wang,,,,,,yes", ":2: roles: ''"),
        ("wang,,,leader,,,perhaps", ":2: login: 'perhaps'"),
        (",,,leader,,,yes", ":2: username: ''"),
        ("wang,,,leader", ":2: must have 7 columns"),
        ("a,,,leader,,,yes\nA,,,leader,,,no", ":3: username: 'a'"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        read_people(file)


def test_another_header_is_told(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("name,role\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=":1: the header must be username"):
        read_people(tmp_path / "people.csv")


@pytest.mark.anyio
async def test_the_first_people_are_made_once_and_only_who_logs_in_has_a_password(url, tmp_path) -> None:
    sheet, users = tmp_path / "people.csv", tmp_path / "users.txt"
    sheet.write_text(f"{HEADER}\nBoss,王芳,Wang,leader,,,yes\nroot,,,administrator,,,no\n", encoding="utf-8")
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(delete(person))
        assert await accounts.add_first_users(engine, users, START, read_people(sheet))
        assert not await accounts.add_first_users(engine, users, START, read_people(sheet))
        async with engine.connect() as connection:
            rows = await directory.everybody(connection)
    finally:
        await engine.dispose()
    assert [(row.username, row.password_hash is not None) for row in rows] == [
        ("boss", True),
        ("root", False),
    ]
    assert [line.split()[0] for line in users.read_text().splitlines()[1:]] == ["boss"]
