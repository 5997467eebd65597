"""Backups of database and media, their restore, and the change to a newer PostgreSQL."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, text

from cloud.app import create_app
from cloud.database import migrate
from cloud.database.embedded import EmbeddedServer, binaries, release_of
from cloud.database.engine import make_engine
from cloud.errors import BackupError, DatabaseUnavailable
from cloud.install import prepare
from cloud.keeping.backup import take
from cloud.keeping.restore import bring_back
from cloud.keeping.upgrade import change_server
from cloud.keeping.vault import DUMP, MEDIA, Vault
from cloud.settings import Settings
from tests.cloud.process_for_tests import ROOT, Cloud, send
from tests.cloud.sender_for_tests import JPEG, START

pytestmark = pytest.mark.anyio


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


@asynccontextmanager
async def served(like: Any, state: Path, url: URL) -> AsyncIterator[Any]:
    """The install in `state` over the database at `url`, with the first users of the street `like`."""
    now = START + timedelta(hours=1)
    app = create_app(Settings(state=state, page=state / "dist"), url, lambda: now)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=like.http.base_url)
    async with app.router.lifespan_context(app), client:
        yield type(like)(app, client, like.clock, like.passwords, url)


async def test_what_was_there_at_the_backup_comes_back_and_the_rest_is_asked_of_the_nodes(
    street, sender, seen, store_photo, vault, empty_url, tmp_path
) -> None:
    first, second = seen(sender), seen(sender, event_class="01-01")
    async with street() as s:
        sha256 = await store_photo(s)
        told = await s.send(first.now("opened"), sender.photo(first.id, sha256))
        _, manifest = await take(s.url, tmp_path / "media", vault, START)
        later = second.now("opened")
        await s.send(later)
        before = (await (await s.log_in()).incidents())[-1]
    assert (manifest.incidents, [one.sha256 for one in manifest.media], manifest.absent) == (1, [sha256], ())
    state = tmp_path / "again"
    await bring_back(vault, None, state, empty_url, START)
    async with served(s, state, empty_url) as again:
        leader = await again.log_in()
        (found,) = await leader.incidents()
        same = ("id", "number", "version", "opened_at")
        assert [found[key] for key in same] == [before[key] for key in same]
        photo = await leader.http.get(found["evidence"][0]["url"])
        assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
        answer = await again.send(later)
        assert answer["ledger"] != told["ledger"]
        assert (len(await leader.incidents()), answer["duplicates"]) == (2, 0)


async def test_sessions_from_before_the_backup_are_over_and_walls_begin_anew(
    street, sender, seen, vault, empty_url, tmp_path
) -> None:
    async with street() as s:
        leader = await s.log_in()
        await s.send(seen(sender).now("opened"))
        await take(s.url, tmp_path / "media", vault, START)
    await bring_back(vault, None, tmp_path / "again", empty_url, START)
    async with served(s, tmp_path / "again", empty_url) as again:
        again.http.cookies = leader.http.cookies
        assert (await again.http.get("/api/v1/incidents")).status_code == 401
    engine = make_engine(empty_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM outbox")) == 0
        assert int(await connection.scalar(text("SELECT xid::text FROM outbox_floor"))) > 0
    await engine.dispose()


async def test_a_further_backup_keeps_each_photo_once_and_old_ones_go_with_what_only_they_had(
    street, sender, seen, store_photo, vault, tmp_path
) -> None:
    media = tmp_path / "media"
    async with street() as s:
        one = await store_photo(s, JPEG + b"1")
        await take(s.url, media, vault, START)
        (pooled,) = vault.pool()
        inode = pooled.stat().st_ino
        two = await store_photo(s, JPEG + b"2")
        await take(s.url, media, vault, START + timedelta(days=1))
        assert pooled.stat().st_ino == inode
        next(media.glob(f"*/{one}.jpg")).unlink()
        await take(s.url, media, vault, START + timedelta(days=2))
    assert vault.prune(1) == ["20261122T040000Z", "20261123T040000Z"]
    assert vault.names() == ["20261124T040000Z"]
    assert [path.stem for path in vault.pool()] == [two]


async def test_what_is_damaged_missing_or_not_empty_is_refused_and_leaves_the_install_empty(
    street, sender, seen, store_photo, vault, empty_url, tmp_path
) -> None:
    state = tmp_path / "again"

    async def refused(words: str, name: str | None = None) -> None:
        with pytest.raises(BackupError, match=words):
            await bring_back(vault, name, state, empty_url, START)
        assert not (state / "pg").exists()
        assert not any((state / "media").glob("??/*"))

    await refused("has no backup")
    async with street() as s:
        await store_photo(s)
        folder, _ = await take(s.url, tmp_path / "media", vault, START)
        with pytest.raises(BackupError, match="not empty"):
            await bring_back(vault, None, tmp_path / "other", s.url, START)
    await refused("no backup 20200101T000000Z, it has 20261122T040000Z", "20200101T000000Z")
    (pooled,) = vault.pool()
    right = pooled.read_bytes()
    pooled.write_bytes(right[:-1] + b"x")
    await refused("is damaged, its content is not that of its name")
    pooled.unlink()
    await refused("is missing")
    pooled.write_bytes(right)
    dump = (folder / DUMP).read_bytes()
    (folder / DUMP).write_bytes(dump[:-1])
    await refused("is damaged, it is not what the manifest says")
    (folder / DUMP).write_bytes(dump)
    manifest = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(manifest.replace(migrate.head(), "9999"))
    await refused("newer program")
    (folder / "manifest.json").write_text(manifest)
    await bring_back(vault, None, state, empty_url, START)
    with pytest.raises(BackupError, match="is an install already"):
        await bring_back(vault, None, state, empty_url, START)


async def test_a_backup_that_breaks_off_is_none(street, vault, tmp_path, monkeypatch) -> None:
    async with street() as s:
        monkeypatch.setattr("cloud.keeping.tools.binaries", lambda: tmp_path)
        with pytest.raises(BackupError, match="pg_dump cannot be run"):
            await take(s.url, tmp_path / "media", vault, START)
    assert vault.names() == []
    assert [path.name for path in vault.directory.iterdir()] == [MEDIA]


async def test_the_data_of_an_older_postgresql_are_brought_over(roomy, site) -> None:
    older = binaries().parents[1] / "pginstall" / "bin"
    state = roomy / "state"
    state.mkdir(mode=0o755)
    server = EmbeddedServer(state / "pg", older)
    server.locale = ("--locale=C",)
    url = server.start()
    await prepare(url, Settings(state=state), START, site=site)
    server.stop()
    assert release_of(state / "pg") == "16"
    with pytest.raises(DatabaseUnavailable, match=r"written by PostgreSQL 16, .* run: gridwatch upgrade"):
        EmbeddedServer(state / "pg").start()
    assert await change_server(state, None) == "16"
    assert (release_of(state / "pg"), release_of(state / "pg.16")) == ("18", "16")
    server = EmbeddedServer(state / "pg")
    engine = make_engine(server.start())
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM person")) > 0
        assert (await connection.scalar(text("SHOW server_version"))).startswith("18")
    await engine.dispose()
    server.stop()
    assert await change_server(state, None) is None


@pytest.fixture
def cloud(roomy: Path, site: Any) -> Iterator[Cloud]:
    found = Cloud(roomy, site)
    yield found
    if found.process is not None:
        found.end(signal.SIGTERM)


def test_the_commands_rehearse_a_loss_of_the_machine(cloud, sender, seen) -> None:
    cloud.start()
    send(cloud, [seen(sender).now("opened")])
    vault, state = cloud.directory / "vault", cloud.directory / "state"

    def gridwatch(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gridwatch", *words]
        return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)

    done = gridwatch("backup", str(vault), "--state", str(state), "--keep", "2")
    assert (done.returncode, "1 incidents" in done.stdout) == (0, True), done.stderr
    cloud.end(signal.SIGINT)
    state.rename(cloud.directory / "lost")
    done = gridwatch("restore", str(vault), "--state", str(state))
    assert (done.returncode, "1 incidents" in done.stdout) == (0, True), done.stderr
    shutil.copy(cloud.directory / "lost" / "users.txt", state / "users.txt")
    cloud.start()
    with cloud.log_in() as leader:
        answer = leader.get("/incidents")
    assert (answer.status_code, len(answer.json().get("items", ()))) == (200, 1), answer.text
    cloud.end(signal.SIGINT)
