"""The errors of `cloud`.

CloudError
├── SettingsError        an option, environment variable or file of settings is wrong; the user mends it
├── DatabaseUnavailable  PostgreSQL cannot be started or reached
├── BackupError          a backup cannot be made, read or restored
└── Problem              what an HTTP request is answered when it is refused (`cloud.problems`)

No message of any of them carries a credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CloudError(Exception):
    """Root of every error that `cloud` raises on purpose."""


class SettingsError(CloudError):
    """An option, environment variable or file of settings is wrong; the text names it and the fix."""


class DatabaseUnavailable(CloudError):
    """PostgreSQL cannot be started or reached; the text says where it was looked for."""


class BackupError(CloudError):
    """A backup cannot be made, read or restored; the text says what stands in the way."""


class Problem(CloudError):
    """A request is refused; rendered as `application/problem+json` (RFC 9457) by `cloud.problems`."""

    def __init__(
        self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        """`code` is one of `cloud.problems.KINDS`; `members` are added to the problem's own."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members
