from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.errors import Problem
from cloud.open311.arguments import MOST, SPAN, NewRequest, Query, new_request, query
from cloud.open311.wire import Many, One, errors, render, w3

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NAMES = ["start_date", "end_date", "status", "service_code", "page", "page_size", "lat", "long"]
NAMES += ["description", "address_string", "jurisdiction_id", "api_key"]
TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "open",
        "closed,open",
        "2010-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "nan",
        "inf",
        "-1e400",
        "٣",
        "1e2",
        "30.5",
        "2026-11-22T04:00:00 08:00",
    ]
)


def test_a_list_of_services_is_written_as_the_specification_shows_it() -> None:
    record = {"service_code": "001", "service_name": "箱 & <bin>", "metadata": False, "keywords": None}
    both = Many("services", "service", [record])
    xml = render(both, "xml")
    assert xml.headers["content-type"] == "text/xml; charset=utf-8"
    assert xml.body.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    (service,) = ET.fromstring(xml.body)
    assert [(one.tag, one.text) for one in service] == [
        ("service_code", "001"),
        ("service_name", "箱 & <bin>"),
        ("metadata", "false"),
        ("keywords", None),
    ]
    answer = render(both, "json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(answer.body) == [record]


def test_a_definition_and_errors_are_written_in_both_formats() -> None:
    one = One("service_definition", {"service_code": "033", "attributes": []})
    assert json.loads(render(one, "json").body) == {"service_code": "033", "attributes": []}
    root = ET.fromstring(render(one, "xml").body)
    assert (root.tag, [child.tag for child in root]) == ("service_definition", ["service_code", "attributes"])
    refused = errors("xml", 403, "api_key: was not found")
    assert refused.status_code == 403
    ((code, description),) = ET.fromstring(refused.body)
    assert (code.text, description.text) == ("403", "api_key: was not found")
    assert json.loads(errors("yaml", 404, "x").body) == [{"code": 404, "description": "x"}]


@given(st.text())
def test_whatever_stands_in_a_report_the_xml_can_be_read(text: str) -> None:
    body = render(Many("a", "b", [{"c": text.encode("utf-8", "ignore").decode()}]), "xml").body
    found = ET.fromstring(body)[0][0].text or ""
    kept = [letter for letter in found if letter.isalnum()]
    assert kept == [letter for letter in text if letter.isalnum()]


@given(st.dictionaries(st.sampled_from(NAMES), TEXTS))
def test_whatever_arguments_come_they_are_understood_or_refused_by_name(arguments: dict[str, str]) -> None:
    for understand in (lambda: query(arguments, NOW), lambda: new_request(arguments)):
        refusal, found = None, None
        try:
            found = understand()
        except Problem as problem:
            refusal = problem
        if refusal is not None:
            assert refusal.code == "invalid"
            assert refusal.detail.split(":")[0].split(",")[0] in NAMES
        elif isinstance(found, NewRequest):
            assert -180 <= found.lon <= 180
            assert -90 <= found.lat <= 90
        else:
            assert isinstance(found, Query)
            assert timedelta() <= found.end - found.start <= SPAN
            assert 1 <= found.size <= MOST


def test_without_dates_the_most_recent_90_days_are_meant_and_an_empty_argument_is_none() -> None:
    assert query({}, NOW) == query(dict.fromkeys(NAMES, ""), NOW)
    assert (query({}, NOW).start, query({}, NOW).end) == (NOW - SPAN, NOW)
    found = query({"start_date": "2010-05-24T00:00:00Z", "end_date": "2010-06-24T00:00:00+08:00"}, NOW)
    assert (w3(found.start), w3(found.end)) == ("2010-05-24T00:00:00Z", "2010-06-23T16:00:00Z")
    assert query({"status": "open, closed"}, NOW).open is None
    assert query({"status": "closed", "service_code": "a,,b "}, NOW).codes == ("a", "b")


@pytest.mark.parametrize(
    "arguments",
    [
        {"start_date": "2010-05-24"},
        {"start_date": "2010-05-24T00:00:00"},
        {"start_date": "2010-01-01T00:00:00Z", "end_date": "2010-06-24T00:00:00Z"},
        {"start_date": "2010-02-01T00:00:00Z", "end_date": "2010-01-24T00:00:00Z"},
        {"status": "half"},
        {"page": "0"},
        {"page_size": "1001"},
    ],
)
def test_what_the_specification_does_not_allow_is_refused(arguments) -> None:
    with pytest.raises(Problem):
        query(arguments, NOW)
