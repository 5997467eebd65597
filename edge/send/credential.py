"""The node's own credential: one small private file in its state directory.

`next` is a token that the node made and the cloud may or may not know yet. It is on the disk before anybody
hears of it, and becomes `token` only after the cloud took it: whatever dies between, one of the two is valid.
`order` names the order that the latest change was begun for, so that none is carried out twice.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from edge.errors import CredentialBusy, CredentialTrouble

FILE, LOCK = "credential.json", "credential.lock"


@dataclass(frozen=True, slots=True)
class Credential:
    """Whose it is, and the tokens; empty: there is none (yet)."""

    node: str = ""
    token: str = field(default="", repr=False)
    next: str = field(default="", repr=False)
    order: str = ""


def new_token() -> str:
    """256 bits, as a header can carry them."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the cloud is told of a token before it is used: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def load(state: Path) -> Credential | None:
    """The credential in the directory `state`; None when the node was never enrolled there.

    Raises:
        CredentialTrouble: there is one that cannot be read.
    """
    try:
        found = json.loads((state / FILE).read_text(encoding="ascii"))
        names = ("node", "token", "next")
        return Credential(**{name: str(found[name]) for name in names}, order=str(found.get("order", "")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialTrouble(f"{state / FILE}: cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise CredentialTrouble(f"{state / FILE}: is damaged; enrol this node anew") from None


def store(state: Path, credential: Credential) -> None:
    """Put it in the place of the one before: wholly or not at all, and so that it survives a power cut.

    Raises:
        CredentialTrouble: it cannot be written; the one before is still there.
    """
    text = json.dumps(asdict(credential))
    fresh = state / f"{FILE}.part"
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(state / FILE)
        folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise CredentialTrouble(f"{state / FILE}: cannot be written: {error.strerror}") from None


@contextmanager
def held(state: Path) -> Iterator[None]:
    """Keep other processes from changing the credential meanwhile; makes the directory.

    Raises:
        CredentialBusy: another one is at it.
        CredentialTrouble: the directory cannot be made.
    """
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(state / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CredentialTrouble(f"{state}: cannot be used: {error.strerror}") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CredentialBusy("another process changes this node's credential; try again") from None
        yield
    finally:
        os.close(handle)
