from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.exc import DBAPIError

from cloud.areas.importer import import_site
from cloud.areas.registry import load_registry
from cloud.database import migrate
from cloud.database.columns import Xid8
from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine, parse_url
from cloud.database.tables import metadata
from cloud.errors import SettingsError
from cloud.install import prepare
from cloud.people import accounts
from cloud.people.roles import Role
from cloud.settings import Settings, database_from
from devices.site.model import Names

pytestmark = pytest.mark.anyio
PIECE = re.compile(r"sample(_minute|_hour)?_\d{8}$")
"""A partition of telemetry, made as time goes on."""


async def test_migrations_go_up_and_down_and_leave_nothing(empty_url) -> None:
    engine = make_engine(empty_url)
    left = text(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'public' AND relname NOT LIKE 'alembic%'"
    )
    assert await migrate.current(engine) is None
    for _ in range(2):
        await migrate.upgrade(engine)
        assert await migrate.current(engine) == migrate.head()
        await migrate.downgrade(engine, "base")
        async with engine.connect() as connection:
            assert await connection.scalar(left) == 0
    await engine.dispose()


async def test_the_migrations_make_the_tables_that_the_code_reads(url, monkeypatch) -> None:
    monkeypatch.setitem(ischema_names, "xid8", Xid8)
    engine = make_engine(url)

    def differences(connection) -> list[object]:
        found = compare_metadata(MigrationContext.configure(connection, {"compare_type": True}), metadata)
        ignored = ("remove_index", "remove_constraint", "remove_fk")
        told = [one for one in found if isinstance(one, list) or one[0] not in ignored]
        return [one for one in told if not (one[0] == "remove_table" and PIECE.match(one[1].name))]

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_a_migration_may_take_longer_than_any_other_statement(url) -> None:
    """Here it waits for another process that migrates; a million cases take as long."""
    hasty, engine = make_engine(url, within=0.3), make_engine(url)
    async with engine.connect() as other, asyncio.timeout(60):
        await other.execution_options(isolation_level="AUTOCOMMIT")
        await other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": migrate._LOCK})
        upgrade = asyncio.create_task(migrate.upgrade(hasty))
        await asyncio.wait([upgrade], timeout=1)
        await other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": migrate._LOCK})
        await upgrade
    await hasty.dispose()
    await engine.dispose()


async def test_processes_that_start_together_migrate_once(empty_url, tmp_path, clock, site) -> None:
    settings = Settings(state=tmp_path)
    await asyncio.gather(*(prepare(empty_url, settings, clock(), site=site) for _ in range(4)))
    engine = make_engine(empty_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM person")) == 2
        assert len((await load_registry(connection)).points) == 2
    await engine.dispose()


async def test_a_log_line_is_never_changed(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        engine = s.app.state.context.engine
        for statement in ("UPDATE incident_event SET reason = 'x'", "DELETE FROM incident_event"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with engine.begin() as connection:
                    await connection.execute(text(statement))


async def test_the_site_only_goes_forward_and_keeps_the_names_of_what_it_drops(
    url, clock, site, caplog
) -> None:
    engine = make_engine(url)
    fewer = site.model_copy(update={"version": 3, "points": site.points[:1]})
    async with engine.begin() as connection:
        assert not await import_site(connection, site, clock())
        assert await import_site(connection, fewer, clock())
        registry = await load_registry(connection)
        assert registry.points["P02"].name.en == "Point 2"
        assert ("point", "P02") not in registry.active
        with pytest.raises(SettingsError, match="version 1, the cloud already has 3"):
            await import_site(connection, site, clock())
        same = site.model_copy(update={"version": 3})
        assert await import_site(connection, same, clock())
        assert "raise its version" in caplog.text
        assert ("point", "P02") in (await load_registry(connection)).active
    await engine.dispose()


async def test_first_passwords_are_random_and_in_a_file_of_the_owner_only(template, server, caplog) -> None:
    file = server.data.parent / "template" / "users.txt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    passwords = [line.split()[1] for line in file.read_text().splitlines()[1:]]
    assert len(set(passwords)) == 2
    assert all(len(password) == 19 for password in passwords)
    assert not any(password in caplog.text for password in passwords)


async def test_a_user_name_is_taken_once(url, clock) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        with pytest.raises(SettingsError, match="'leader' is there already"):
            await accounts.add_user(connection, "leader", Names(zh="x", en="x"), [Role.LEADER], "pw", clock())
    await engine.dispose()


def test_a_token_file_is_made_once_and_read_after(tmp_path, caplog) -> None:
    file = tmp_path / "tokens.txt"
    made = accounts.token_file(file, ["n1", "n2"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert accounts.token_file(file, ["n1", "n2", "n3"]) == made
    assert "no token for node n3" in caplog.text
    assert not any(token in caplog.text for token in made.values())
    file.write_text("n1 short\n")
    with pytest.raises(SettingsError, match=r"tokens.txt:1: write `node token`"):
        accounts.token_file(file, ["n1"])


def test_the_database_address_is_checked_without_repeating_its_password(tmp_path) -> None:
    assert database_from({}) is None
    assert parse_url("postgresql://u:p@h/d").drivername == "postgresql+asyncpg"
    for text_ in ("mysql://u:hush@h/d", "hush hush"):
        with pytest.raises(SettingsError) as caught:
            parse_url(text_)
        assert "hush" not in str(caught.value)
    file = tmp_path / "url"
    file.write_text("postgresql://u:hush@h/d\n")
    settings = Settings(
        state=tmp_path, database_url=database_from({"GRIDWATCH_DATABASE_URL_FILE": str(file)})
    )
    assert settings.database_url is not None
    assert "hush" not in repr(settings)
    with pytest.raises(SettingsError, match="both set"):
        database_from({"GRIDWATCH_DATABASE_URL": "x", "GRIDWATCH_DATABASE_URL_FILE": "y"})


def test_two_handles_share_the_server_and_the_last_one_stops_it(roomy) -> None:
    first, second = EmbeddedServer(roomy / "pg"), EmbeddedServer(roomy / "pg")
    first.start()
    second.start()
    pid = int((roomy / "pg" / "postmaster.pid").read_text().splitlines()[0])
    first.stop()
    assert is_alive(pid)
    second.stop()
    assert not (roomy / "pg" / "postmaster.pid").exists()


def test_the_server_is_found_again_where_its_path_is_too_long_for_a_socket(roomy) -> None:
    server = EmbeddedServer(roomy / ("long" * 25) / "pg")
    url = server.start()
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    asyncio.run(answers(url))
    server.stop()
    server.sockets.rmdir()


def test_a_half_made_data_directory_is_made_anew(roomy) -> None:
    (roomy / "pg.new").mkdir()
    (roomy / "pg.new" / "PG_VERSION").write_text("18")
    server = EmbeddedServer(roomy / "pg")
    asyncio.run(answers(server.start()))
    server.stop()


def test_the_server_does_not_run_as_root_and_listens_on_no_port(server) -> None:
    pid = (server.data / "postmaster.pid").read_text().splitlines()[0]
    owner = subprocess.run(["ps", "-o", "user=", "-p", pid], capture_output=True, text=True, check=True)
    assert owner.stdout.strip() != "root"
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700

    async def setting() -> object:
        engine = make_engine(server.url())
        async with engine.connect() as connection:
            found = await connection.scalar(text("SELECT current_setting('listen_addresses')"))
        await engine.dispose()
        return found

    assert asyncio.run(setting()) == ""


async def answers(url) -> None:
    engine = make_engine(url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
