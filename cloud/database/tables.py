"""Every table there is: importing this module fills `metadata`; the migrations' test compares against it."""

from __future__ import annotations

from cloud.database import schema
from cloud.database.columns import metadata

__all__ = ["metadata", "schema"]
