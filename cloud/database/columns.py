"""What tables are written with: one metadata, a Column in a word, PostgreSQL's own types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

metadata = MetaData()
TIME = DateTime(timezone=True)
JSON = JSONB(none_as_null=True)


class Xid8(UserDefinedType[Any]):
    """PostgreSQL's 64-bit transaction id; read and written through a cast to text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


def key(name: str, kind: Any) -> Column[Any]:
    """A part of the primary key."""
    return Column(name, kind, primary_key=True)


def must(name: str, kind: Any) -> Column[Any]:
    """A column that is never null."""
    return Column(name, kind, nullable=False)


def may(name: str, kind: Any) -> Column[Any]:
    """A column that may be null."""
    return Column(name, kind, nullable=True)
