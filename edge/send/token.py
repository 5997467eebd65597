"""The node's bearer token: of its own credential where it was enrolled, else from the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.errors import CredentialTrouble, TokenMissing
from edge.send.credential import load

VARIABLE = "GRIDWATCH_NODE_TOKEN"
_TOKEN = re.compile(r"[\x21-\x7e]+")


def token_from(environment: Mapping[str, str], state: Path | None = None) -> Callable[[], str]:
    """A function that reads the credential in `state`, `GRIDWATCH_NODE_TOKEN`, or the file that
    `GRIDWATCH_NODE_TOKEN_FILE` names: the first that is there.

    It reads anew at each call, so that a token can be exchanged while the node runs.
    The function raises `TokenMissing` where there is none.
    """

    def read() -> str:
        try:
            mine = load(state) if state is not None else None
        except CredentialTrouble as error:
            raise TokenMissing(str(error)) from None
        if mine is not None and mine.token:
            return mine.token
        path = environment.get(f"{VARIABLE}_FILE")
        if VARIABLE in environment:
            return environment[VARIABLE].strip()
        if path is None:
            raise TokenMissing(
                "this node has no credential: run gridwatch edge enrol, "
                f"or set {VARIABLE} to its token, or {VARIABLE}_FILE to a file with it"
            )
        try:
            return Path(path).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenMissing(f"{VARIABLE}_FILE: the file cannot be read ({type(error).__name__})") from None

    return read


def bearer(token: str) -> str:
    """The Authorization header's value.

    Raises:
        TokenMissing: the token is empty or no header could carry it; the text does not show it.
    """
    if not _TOKEN.fullmatch(token):
        raise TokenMissing("the node's token is empty, or has spaces or line breaks in it")
    return f"Bearer {token}"
