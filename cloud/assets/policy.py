"""Classes of places and public assets, and how sheets name their columns: data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from cloud.policies.kind import Kind
from devices.site.model import Names
from devices.site.part import Part
from devices.site.source import Finding

Column = Literal["code", "class", "name", "lon", "lat", "point", "state", "keeper", "address"]
State = Literal["intact", "damaged", "missing", "abandoned", "removed"]
"""完好、破损、丢失、废弃、移除: the states of a component in digital city management (数字城管)."""
ClassCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{2}-[0-9A-Z]{2,4}$")]

COLUMNS: Mapping[Column, tuple[str, ...]] = {
    "code": ("code", "标识码", "部件标识码", "编码"),
    "class": ("class", "类别代码", "部件代码", "类别"),
    "name": ("name", "名称", "部件名称"),
    "lon": ("lon", "经度"),
    "lat": ("lat", "纬度"),
    "point": ("point", "点位"),
    "state": ("state", "状态"),
    "keeper": ("keeper", "主管部门", "养护单位"),
    "address": ("address", "位置描述", "地址"),
}
STATES: Mapping[str, State] = {
    "intact": "intact", "完好": "intact", "damaged": "damaged", "破损": "damaged", "missing": "missing",
    "丢失": "missing", "abandoned": "abandoned", "废弃": "abandoned", "removed": "removed", "移除": "removed",
}  # fmt: skip


class AssetClass(Part):
    """A class of things that stand in the street."""

    name: Names
    kind: Literal["asset", "place"] = "asset"
    """A public asset (部件), or a place such as a school or a market."""


class AssetsPolicy(Part):
    """The whole file."""

    classes: dict[ClassCode, AssetClass] = Field(default_factory=dict)
    columns: dict[Column, tuple[str, ...]] = Field(default_factory=dict)
    """What sheets call a column, instead of the usual names."""

    def known_as(self, column: Column) -> tuple[str, ...]:
        """The names of a column."""
        return self.columns.get(column) or COLUMNS[column]


def _check(document: AssetsPolicy) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for column in COLUMNS:
        for name in document.known_as(column):
            if name in seen:
                what = f"{name!r} names {seen[name]} too"
                yield Finding(("columns", column), what, "name each column by a word of its own")
            seen[name] = column


ASSETS = Kind("assets", AssetsPolicy, _check)
