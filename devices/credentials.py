"""Credentials out of the environment, or out of files that it names.

The site file only names a prefix `X`; the values are in `X_USER` and `X_PASSWORD`, or in the files
that `X_USER_FILE` and `X_PASSWORD_FILE` name (container secrets, systemd's LoadCredential).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devices.errors import CredentialsError


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password; the password is not part of the `repr`.

    >>> Credentials("viewer", "hush")
    Credentials(user='viewer')
    """

    user: str
    password: str = field(repr=False)

    @classmethod
    def from_environment(cls, prefix: str, env: Mapping[str, str]) -> Credentials:
        """The credentials that `prefix` names in `env` (`os.environ` in earnest).

        Raises:
            CredentialsError: one of the two is missing, empty, given twice or in an unreadable file.
        """
        return cls(secret(f"{prefix}_USER", env), secret(f"{prefix}_PASSWORD", env))


def secret(name: str, env: Mapping[str, str]) -> str:
    """The value of the variable `name`, or the text of the file that `name_FILE` names.

    A file's last line end is not part of the value.

    Raises:
        CredentialsError: neither or both are set, or the value is empty or unreadable.
    """
    in_file = f"{name}_FILE"
    if name in env and in_file in env:
        raise CredentialsError(f"{name}: is set, and so is {in_file}; unset one of them")
    if name in env:
        value, source = env[name], name
    elif in_file in env:
        value, source = _read(in_file, env[in_file]), in_file
    else:
        raise CredentialsError(f"{name}: is not set; set it, or {in_file} to a file that holds the value")
    if not value:
        raise CredentialsError(f"{source}: is empty; give it a value")
    return value


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise CredentialsError(f"{name}: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CredentialsError(f"{name}: {path} is not UTF-8 text") from None
