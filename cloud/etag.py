"""`ETag` and `If-Match`: which version somebody saw."""

from __future__ import annotations

import re

from cloud.errors import Problem

_FORM = re.compile(r'"v(\d{1,9})"')


def etag(version: int) -> str:
    """The version as an entity tag."""
    return f'"v{version}"'


def version_of(if_match: str | None) -> int:
    """The version in `If-Match`.

    Raises:
        Problem: `version_required` without one, `invalid` when it is not such a tag.
    """
    if if_match is None:
        raise Problem("version_required", 'If-Match: repeat the ETag you saw, for example "v3"')
    found = _FORM.fullmatch(if_match.strip())
    if found is None:
        fault = {"pointer": "/header/If-Match", "detail": 'one strong tag like "v3"'}
        raise Problem("invalid", "If-Match: not an ETag of this API", errors=[fault])
    return int(found[1])


def version_changed(version: int, given: int) -> Problem:
    """Somebody was quicker: it is at `version`, and `given` was seen."""
    return Problem(
        "version_changed", f"you saw version {given}, it is at {version}; look again",
        version=version, headers={"ETag": etag(version)},
    )  # fmt: skip
