"""The tables of the audit: what every log ended with, day by day, so that no tail and no case can be lost."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Uuid

from cloud.database.columns import TIME, key, metadata, must

audit_anchor = Table(
    "audit_anchor", metadata, Column("number", Integer, primary_key=True, autoincrement=False),
    must("at", TIME), must("digest", LargeBinary),
)  # fmt: skip
"""Chained over `audit_head`: each digest covers its heads and the digest before it."""
audit_head = Table(
    "audit_head", metadata, key("anchor", Integer), key("incident_id", Uuid), must("version", Integer),
    must("hash", LargeBinary),
)  # fmt: skip
"""The last line of each case whose log grew since the anchor before."""
