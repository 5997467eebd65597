from __future__ import annotations

import codecs
import io
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cloud.areas.registry import Registry
from cloud.sources.policy import Hotline, SourcesPolicy
from cloud.sources.sheet import Row, RowFault, SheetRefused, read_sheet
from cloud.sources.words import without_numbers
from devices.site.load import load_site
from devices.site.model import Names

STREET = Path(__file__).parents[2] / "examples" / "street"
SHEET = (STREET / "hotline.csv").read_bytes()
POLICY = SourcesPolicy.model_validate(yaml.safe_load((STREET / "sources.yaml").read_text("utf-8")))
LEAST = Hotline(columns={"number": ("n",), "class": ("c",), "words": ("w",), "grid": ("g",)})


@pytest.fixture(scope="module")
def registry() -> Registry:
    site = load_site(STREET / "site.yaml")
    return Registry(
        areas={area.id: area for area in site.areas},
        classes={one.code: one for one in site.event_classes},
        active=frozenset(
            [("area", area.id) for area in site.areas]
            + [("event_class", one.code) for one in site.event_classes]
        ),
    )


def read(body: bytes, registry: Registry, hotline: Hotline = POLICY.hotline) -> list[Row | RowFault]:
    return list(read_sheet(io.BytesIO(body), hotline, registry))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gbk", "gb18030"])
def test_the_citys_sheet_is_read_in_every_encoding_and_each_fault_is_named(registry, encoding) -> None:
    rows = read(SHEET.decode("utf-8-sig").encode(encoding), registry)
    taken = [row for row in rows if isinstance(row, Row)]
    assert [(row.line, row.event_class, row.where.grid, row.where.community) for row in taken] == [
        (2, "05-06-081", "G01", "C1"),
        (3, "05-04", "G12", "C3"),
        (5, "04-06", "G15", "C3"),
        (6, "01-02", None, "C4"),
        (7, "05-06-081", "G01", "C1"),
    ]
    faults = [(row.line, row.column) for row in rows if isinstance(row, RowFault)]
    assert faults == [
        (8, "问题分类"),
        (9, "受理时间"),
        (10, "所属网格"),
        (11, "经度"),
        (12, "工单编号"),
    ]
    assert "\n" in taken[1].words
    assert '"臭气很大"' in taken[3].words


def test_names_and_numbers_of_people_are_nowhere_in_what_is_read(registry) -> None:
    text = repr(read(SHEET, registry))
    assert "女士" not in text
    assert "先生" not in text
    assert "1380000" not in text


def test_a_row_that_is_no_csv_costs_no_row_after_it(registry) -> None:
    body = b'n,c,w,g\n1,05-06,a,G01\n2,"05-06"x,a,G01\n3,05-06,a,G01,more\n\n4,05-06,a,G01\n5,05-06,"a'
    found = read(body, registry, LEAST)
    assert [row.number for row in found if isinstance(row, Row)] == ["1", "4"]
    assert [row.line for row in found if isinstance(row, RowFault)] == [3, 4, 7]


def test_bytes_of_another_encoding_are_the_fault_of_their_row_alone(registry) -> None:
    body = "n,c,w,g\n1,05-06,水,G01\n2,05-06,".encode("gbk") + b"\xff\xff,G01\n3,05-06,b,G01\n"
    found = read(body, registry, LEAST)
    assert [row.number for row in found if isinstance(row, Row)] == ["1", "3"]
    (fault,) = [row for row in found if isinstance(row, RowFault)]
    assert (fault.line, fault.column) == (3, "w")
    assert "gb18030" in fault.what


def test_a_name_that_several_have_is_asked_about_and_never_guessed(registry) -> None:
    same = Names(zh="第一网格", en="Grid 1")
    areas = {
        one.id: one.model_copy(update={"name": same}) if one.id in ("G01", "G12") else one
        for one in registry.areas.values()
    }
    other = Names(zh="其他", en="Other")
    classes = {
        code: one.model_copy(update={"name": other}) if code.endswith("-99") else one
        for code, one in registry.classes.items()
    }
    many = replace(registry, areas=areas, classes=classes)
    columns = LEAST.columns | {"community": ("m",)}
    lines = (
        "n,c,w,g,m",
        "1,05-06,a,第一网格,",
        f"2,05-06,a,第一网格,{registry.areas['C3'].name.zh}",
        "3,05-06,a,G01,",
        "4,其他,a,G01,",
        "5,05-99,a,G01,,,",
    )
    found = read("\n".join(lines).encode(), many, LEAST.model_copy(update={"columns": columns}))
    taken = [(row.number, row.event_class, row.where.grid) for row in found if isinstance(row, Row)]
    assert taken == [("2", "05-06", "G12"), ("3", "05-06", "G01"), ("5", "05-99", "G01")]
    told = [(row.line, row.column, row.what) for row in found if isinstance(row, RowFault)]
    assert told == [
        (2, "g", "'第一网格' is what G01, G12 are called; write the id or code of one"),
        (5, "c", "'其他' is the name of 01-99, 03-99, 04-99, 05-99; map it in hotline.classes"),
    ]


def test_a_sheet_that_says_it_is_utf_8_is_that_and_costs_the_one_row_that_is_not(registry) -> None:
    found = read(
        codecs.BOM_UTF8 + "n,c,w,g\n1,05-06,水,G01\n2,05-06,".encode() + "井".encode("gbk") + b",G01\n",
        registry,
        LEAST,
    )
    assert [row.number for row in found if isinstance(row, Row)] == ["1"]
    assert [(row.line, row.what) for row in found if isinstance(row, RowFault)] == [
        (3, "has bytes that are not utf-8")
    ]


@pytest.mark.parametrize("body", [b"", b"\n", b"n,c\n1,2\n", b'"n', b"n,c,w\n1,05-06,a\n"])
def test_a_sheet_without_a_header_is_refused_whole(registry, body) -> None:
    with pytest.raises(SheetRefused):
        read(body, registry, LEAST)


@given(st.binary(max_size=300) | st.text("n1,\"'\n\r\0水", max_size=300).map(lambda text: text.encode()))
def test_whatever_bytes_follow_the_header_every_row_is_taken_or_named(registry, body) -> None:
    header = b"n,c,w,g\n"
    found = read(header + body, registry, LEAST)
    lines = [row.line for row in found]
    assert lines == sorted(set(lines))
    assert all(row.what for row in found if isinstance(row, RowFault))


def test_a_large_sheet_is_read_row_by_row(registry, tmp_path) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(b"n,c,w,g\n" + b"1,05-06,words,G01\n" * 50_000)
    with path.open("rb") as file:
        rows = read_sheet(file, LEAST, registry)
        next(rows)
        assert file.tell() < 100_000
        assert 1 + sum(1 for _ in rows) == 50_000


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("电话13800000001请回", "电话***请回"),
        ("+86 138-0000-0001", "***"),
        ("身份证11010519491231002X", "身份证***"),
        ("010-55550003 转8", "*** 转8"),
        ("第20261122号,长3米,共享单车12辆", "第20261122号,长3米,共享单车12辆"),
        ("工单SQ20261120000187", "工单SQ20261120000187"),
        ("a\x07b\u202ec", "abc"),
    ],
)
def test_numbers_that_name_a_person_are_taken_out_and_others_are_not(text, kept) -> None:
    assert without_numbers(text) == kept
