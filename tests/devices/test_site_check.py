"""`gridwatch check` and the JSON Schema for editors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import gridwatch
from devices.site.schema import schema_text

ROOT = Path(__file__).resolve().parents[2]
STREET = ROOT / "examples" / "street" / "site.yaml"


def test_it_says_what_it_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert gridwatch.main(["check", str(STREET)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "7 communities, 39 grids, 4 nodes, 38 points, 38 cameras, 38 zones, 117 sensors" in out
    assert "node n1 Edge node 1: 10 points, 10 cameras, 29 sensors" in out
    assert (
        "P01-C1-Z1: bicycle or motorcycle that stays for 20 s is medium 05-06-081 Shared bikes mis-parked"
        in out
    )
    assert (
        "smoke: smoke_obscuration above 0.15 for 10 s is critical 04-99-080 Smoke alarm; "
        "over when back under 0.08 for 1 min" in out
    )


def test_it_says_by_which_usual_rules_a_sensor_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        """
version: 1
name: {zh: 名, en: Name}
event_classes: [{code: 04-99-080, name: {zh: 烟, en: Smoke alarm}}]
nodes: [{id: n1, name: {zh: 一, en: One}}]
points:
- id: P01
  name: {zh: 点, en: Point}
  node: n1
  grid: G01
  position: {lon: 120.0, lat: 30.0}
  sensors: [{id: P01-S1, name: {zh: 烟, en: Smoke}, kind: smoke}]
""",
        "utf-8",
    )
    assert gridwatch.main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "P01-S1 smoke: smoke_obscuration above 0.15 for 10 s is critical 04-99-080 Smoke alarm" in said


def test_it_names_every_fault_on_its_own_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("version: 0\nname: {zh: 名, en: Name}\nnods: []\n", "utf-8")
    assert gridwatch.main(["check", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{path}:1: version: must be at least 1; correct it",
        f"{path}:1: points: is missing; add `points:`",
        f"{path}:3: nods: is not a field here; did you mean `nodes`?",
        f"warning: {path}:1: areas: no areas are given; add them so that incidents have a grid",
    ]


def test_it_answers_machines_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gridwatch.main(["check", "--json", str(STREET)]) == 0
    good = json.loads(capsys.readouterr().out)
    assert (good["ok"], good["counts"]["sensors"], good["points_of_node"]["n4"][0]) == (True, 117, "P30")
    missing = tmp_path / "site.yaml"
    assert gridwatch.main(["check", "--json", str(missing)]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "errors": [
            {
                "file": str(missing),
                "line": 0,
                "path": "",
                "what": "there is no such file",
                "fix": "check its name and directory",
            }
        ],
        "warnings": [],
    }


def test_a_reader_that_has_seen_enough_causes_no_complaint() -> None:
    command = [sys.executable, "-m", "gridwatch", "check", str(STREET)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as check:
        assert check.stdout is not None
        assert check.stderr is not None
        check.stdout.close()
        assert check.stderr.read() == b""
        assert check.wait(30) == 0


def test_the_schema_that_ships_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert gridwatch.main(["check", "--schema"]) == 0
    printed = capsys.readouterr().out
    assert printed == schema_text()
    # `gridwatch check --schema > devices/site/site.schema.json` writes it anew.
    assert (ROOT / "devices" / "site" / "site.schema.json").read_text("utf-8") == printed


def test_the_schema_lets_parts_be_files_and_durations_be_written() -> None:
    schema = json.loads(schema_text())
    kinds = [option.get("type") for option in schema["properties"]["areas"]["anyOf"]]
    assert kinds == ["string", "array"]
    dwell = schema["$defs"]["ParkedRule"]["properties"]["dwell"]
    assert [option["type"] for option in dwell["anyOf"]] == ["number", "string"]
    assert schema["additionalProperties"] is False


def test_the_example_names_its_schema_for_editors() -> None:
    first = STREET.read_text("utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (
        STREET.parent / first.split("$schema=")[1]
    ).resolve() == ROOT / "devices" / "site" / "site.schema.json"
