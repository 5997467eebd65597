# ruff: noqa: E501  (one fault a line reads as a table)
"""Each thing that can be wrong in a site file, with its line, its path and the fix."""

import logging
import re
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import SiteError
from devices.site.durations import seconds, written
from devices.site.load import Report, inspect_site, load_site

GOOD = """\
version: 1
name: {zh: 街道, en: Street}
areas:
- {id: S1, level: street, name: {zh: 街, en: S}, rings: [[[120.0, 30.0], [120.01, 30.0], [120.01, 30.01], [120.0, 30.01], [120.0, 30.0]]]}
- {id: C1, level: community, parent: S1, name: {zh: 社, en: C}, rings: [[[120.0, 30.0], [120.01, 30.0], [120.01, 30.01], [120.0, 30.01], [120.0, 30.0]]]}
- {id: G1, level: grid, parent: C1, code: "990101001001001", name: {zh: 一, en: G1}, rings: [[[120.0, 30.0], [120.01, 30.0], [120.01, 30.005], [120.0, 30.005], [120.0, 30.0]]]}
- {id: G2, level: grid, parent: C1, code: "990101001001002", name: {zh: 二, en: G2}, rings: [[[120.0, 30.005], [120.01, 30.005], [120.01, 30.01], [120.0, 30.01], [120.0, 30.005]]]}
event_classes:
- {code: 05-06-081, name: {zh: 车, en: Bikes}}
nodes:
- {id: n1, name: {zh: 节点, en: Node}}
points:
- id: P01
  name: {zh: 校门, en: School gate}
  node: n1
  grid: G1
  position: {lon: 120.005, lat: 30.002}
  cameras:
  - id: P01-C1
    name: {zh: 机, en: Camera}
    host: 192.0.2.7
    credentials: STREET
    signage: true
    zones:
    - id: P01-C1-Z1
      name: {zh: 区, en: Zone}
      polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
      rules:
      - kind: parked
        id: bikes
        event_class: 05-06-081
        labels: [bicycle]
        dwell: 5 min
  sensors:
  - id: P01-S1
    name: {zh: 水, en: Water}
    kind: water_level
    rules:
    - kind: threshold
      id: water
      event_class: 05-06-081
      quantity: water_level
      above: 15
      clear: 12
health_classes:
  {covered: 05-06-081, sprayed: 05-06-081, frozen: 05-06-081, black: 05-06-081, washed_out: 05-06-081,
   defocused: 05-06-081, turned: 05-06-081, gop_too_long: 05-06-081, stalled: 05-06-081}
sensor_classes: {silent: 05-06-081, battery: 05-06-081, signal: 05-06-081}
"""
RULE = "points[0].cameras[0].zones[0].rules[0]"
CAMERA = "points[0].cameras[0]"
THRESHOLD = "points[0].sensors[0].rules[0]"


def site_file(directory: Path, text: str) -> Path:
    path = directory / "site.yaml"
    path.write_text(text, "utf-8")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(SiteError) as caught:
        load_site(path)
    return str(caught.value).replace(str(path), "site.yaml")


def test_a_good_site_is_read_with_its_durations_in_seconds(tmp_path: Path) -> None:
    site = load_site(site_file(tmp_path, GOOD))
    (point,) = site.points_of("n1")
    assert point.cameras[0].zones[0].rules[0].dwell == 300
    assert point.sensors[0].period == 60
    assert site.timezone == "Asia/Shanghai"


FAULTS = [
    # (replace, by, text on the faulty line, path, what and fix)
    ("version: 1\n", "", "name: {zh: 街道", "version", "is missing; add `version:`"),
    ("dwell: 5 min", "dwel: 5 min", "dwel: 5 min", f"{RULE}.dwel", "is not a field here; did you mean `dwell`?"),
    ("dwell: 5 min", "dwell: 5 minutes", "dwell:", f"{RULE}.dwell", "is not a duration; write for example"),
    ("dwell: 5 min", "dwell: 0", "dwell:", f"{RULE}.dwell", "must be more than 0"),
    ("dwell: 5 min", "dwell: .inf", "dwell:", f"{RULE}.dwell", "finite number"),
    ("dwell: 5 min", "dwell:", "dwell:", f"{RULE}.dwell", "must be a number; fill it in or leave the line out"),
    ("kind: parked", "kind: parkd", "kind:", RULE, "its `kind` is not one of parked, left, crowd, closed, loitering, dog; write `parked`"),
    ("      - kind: parked\n        id", "      - id", "- id: bikes", RULE, "has no `kind`; add"),
    ("[bicycle]", "[bycicle]", "labels:", f"{RULE}.labels[0]", "no label 'bycicle'; did you mean `bicycle`?"),
    ("[bicycle]", "[sofa bed]", "labels:", f"{RULE}.labels[0]", "no label 'sofa bed'; use one of COCO's 80"),
    ("[bicycle]", "bicycle", "labels:", f"{RULE}.labels", "must be a list"),
    ("[bicycle]", "[]", "labels:", f"{RULE}.labels", "needs at least 1"),
    (
        "event_class: 05-06-081\n        labels",
        "event_class: 05-06-082\n        labels",
        "event_class: 05-06-082",
        f"{RULE}.event_class",
        "there is no event class '05-06-082'; did you mean `05-06-081`?",
    ),
    ("code: 05-06-081", "code: 5-6", "code: 5-6", "event_classes[0].code", "is not a code of an event class"),
    ("node: n1", "node: n2", "node: n2", "points[0].node", "there is no node 'n2'; add it, or use one of n1"),
    ("node: n1", "node: [n1]", "node: [n1]", "points[0].node", "must be text"),
    ("grid: G1", "grid: C1", "grid: C1", "points[0].grid", "there is no grid 'C1'"),
    ("grid: G1", "grid: G2", "position:", "points[0].position", "names grid G2 but lies in G1; set `grid: G1`"),
    ("lat: 30.002", "lat: 31", "position:", "points[0].position", "lies outside every grid; mend the position"),
    ("{lon: 120.005, lat: 30.002}", "{lon: 30.002, lat: 120.005}", "position:", "points[0].position.lat", "look swapped"),
    ("id: P01-S1", "id: P01-C1", "  - id: P01-C1\n    name: {zh: 水", "points[0].sensors[0].id", f"already used at {CAMERA}"),
    ("id: P01-S1", "id: P01-C1-Z1", "- id: P01-C1-Z1\n    name: {zh: 水", "points[0].sensors[0].id", "is already used at"),
    ("id: P01-S1", "id: broker", "- id: broker", "points[0].sensors[0].id", "'broker' stands for the MQTT broker; choose"),
    ("id: P01\n", "id: P 01\n", "- id: P 01", "points[0].id", "is not an id; use letters, digits"),
    ("id: P01\n", "id: 101\n", "- id: 101", "points[0].id", "is read by YAML as a number or true/false; put it in quotes"),
    ("en: Node", "en: No", "en: No}", "nodes[0].name.en", "put it in quotes"),
    ("clear: 12", "clear: 15", "- kind: threshold", THRESHOLD, "set `clear` under `above`"),
    ("above: 15", "below: 15", "- kind: threshold", THRESHOLD, "set `clear` over `below`"),
    ("above: 15", "above: 15\n      below: 3", "- kind: threshold", THRESHOLD, "exactly one of `above` and `below`"),
    ("above: 15\n      ", "", "- kind: threshold", THRESHOLD, "exactly one of `above` and `below`"),
    ("above: 15", "above: high", "above: high", f"{THRESHOLD}.above", "must be a number"),
    ("[0.9, 0.1]", "[1.2, 0.1]", "polygon:", "zones[0].polygon[1][0]", "lies outside the picture"),
    ("[0.9, 0.1], [0.9, 0.9]", "[0.9, 0.9], [0.9, 0.1]", "polygon:", "zones[0].polygon", "crosses or touches itself"),
    ("[0.9, 0.9], [0.1, 0.9]]", "[0.5, 0.1]]", "polygon:", "zones[0].polygon", "crosses or touches itself"),
    ("[0.9, 0.9], [0.1, 0.9]]", "[0.9, 0.1]]", "polygon:", "zones[0].polygon", "fewer than three different corners"),
    ("[0.9, 0.9], [0.1, 0.9]]", "]", "polygon:", "zones[0].polygon", "needs at least 3"),
    ("credentials: STREET", "credentials: street", "credentials:", f"{CAMERA}.credentials", "write a NAME in capitals"),
    ("host: 192.0.2.7", "host: 192.0.2.7/x", "host:", f"{CAMERA}.host", "is not a host"),
    ("host: 192.0.2.7", "host: h\n    stream_uri: http://h/x", "stream_uri:", f"{CAMERA}.stream_uri", "rtsp://host:port"),
    ("host: 192.0.2.7", "host: h\n    port: 70000", "port:", f"{CAMERA}.port", "must be at most 65535"),
    ("host: 192.0.2.7", "host: h\n    profile: third", "profile:", f"{CAMERA}.profile", "is not one of main, sub"),
    ("version: 1", "version: one", "version:", "version", "must be a whole number"),
    ("version: 1", "version: 1\ntimezone: Asia/Peking", "timezone:", "timezone", "is not a time zone"),
    ("nodes:\n- {id: n1, name: {zh: 节点, en: Node}}", "nodes: []", "nodes:", "nodes", "needs at least 1"),
    ("  node: n1\n", "  node: n1\n  node: n1\n", "  node: n1\n  grid", "points[0].node", "stands here twice, on lines 15 and 16"),
    ("{id: n1, name", "{id: n1, id: n2, name", "id: n2, name", "nodes[0].id", "stands here twice"),
    ('code: "990101001001002"', "code: 990101001001002", "id: G2", "areas[3].code", "put it in quotes"),
    ('code: "990101001001002"', 'code: "9901"', "id: G2", "areas[3]", "give `code` 15 digits"),
    ("id: G2", "id: G1", "code: \"990101001001002\"", "areas[3].id", "'G1' is already used at areas[2]"),
    ("level: grid, parent: C1, code: \"990101001001002\"", "level: grid, code: \"990101001001002\"", "id: G2", "areas[3]", "have one; mend"),
    ("level: community, parent: S1", "level: community, parent: S2", "id: C1", "areas[1].parent", "S2 is no street"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "mark", "path", "said"), FAULTS)
def test_a_fault_is_named_by_line_and_path_with_its_fix(
    tmp_path: Path, old: str, new: str, mark: str, path: str, said: str
) -> None:
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    line = text[: text.index(mark)].count("\n") + 1
    lines = complaint(site_file(tmp_path, text)).splitlines()
    fitting = [one for one in lines if one.startswith(f"site.yaml:{line}: ") and path in one and said in one]
    assert fitting, lines
    assert all(re.fullmatch(r"site\.yaml:\d+: [^:]+: [^;]+; .+", one) for one in lines)


def test_all_faults_are_reported_together_and_in_order(tmp_path: Path) -> None:
    text = GOOD.replace("node: n1", "node: n7").replace("5 min", "5 m").replace("[bicycle]", "[bike]")
    text = text.replace("clear: 12", "clear: 20").replace("lat: 30.002", "lat: 30.2")
    lines = complaint(site_file(tmp_path, text)).splitlines()
    paths = [line.split(": ")[1] for line in lines]
    assert paths == ["points[0].node", f"{RULE}.labels[0]", f"{RULE}.dwell", THRESHOLD]


def test_a_misspelt_field_is_not_reported_as_missing_too(tmp_path: Path) -> None:
    assert len(complaint(site_file(tmp_path, GOOD.replace("dwell:", "dwel:"))).splitlines()) == 1


def test_an_unlike_field_lists_the_known_ones(tmp_path: Path) -> None:
    said = complaint(site_file(tmp_path, GOOD.replace("signage: true", "signage: true\n    zoom: 3")))
    assert "cameras[0].zoom: is not a field here; known are id, name, host" in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("host: 192.0.2.7", "host: h\n    stream_uri: rtsp://root:hunter2@h/main"),
        ("host: 192.0.2.7", "host: h\n    stream_uri: rtsp://h/main?user=a&password=hunter2"),
        ("host: 192.0.2.7", "host: root:hunter2@192.0.2.7"),
        ("version: 1", "version: 1\nuplink: {url: 'https://root:hunter2@cloud.example'}"),
        ("version: 1", "version: 1\nuplink: {url: 'https://cloud.example/?token=hunter2'}"),
        ("credentials: STREET", "credentials: root:hunter2"),
        ("credentials: STREET", "credentials: {user: root, password: hunter2}"),
        ("credentials: STREET", "credentials: STREET\n    password: hunter2"),
        ("node: n1", "node: rtsp://root:hunter2@h/main"),
        ("kind: parked", "kind: rtsp://root:hunter2@h/main"),
        ("timezone", "timezone"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_echoed(tmp_path: Path, old: str, new: str) -> None:
    text = GOOD.replace(old, new, 1) if old != "timezone" else GOOD + "timezone: root:hunter2@h\n"
    with pytest.raises(SiteError) as caught:
        load_site(site_file(tmp_path, text))
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2\nb: rtsp://root:hunter2@h\n", "site.yaml:2: not YAML"),
        (
            "a: 1\n\tb: hunter2\n",
            "site.yaml:2: a tab stands in the indentation; YAML allows only spaces there",
        ),
        ("a: 'hunter2\n", "site.yaml:2: not YAML: found unexpected end of stream; close the quote"),
        ("a: b: hunter2\n", "put text that holds a colon in quotes"),
        ("a: \x07\n", "site.yaml:1: holds a character that YAML does not allow; delete it"),
        ("", "site.yaml:1: the file is empty; begin from a copy"),
        ("   \n\n", "the file is empty"),
        ("# only this\n", "the file holds only comments"),
        ("- version: 1\n", "a site is a group of fields"),
        ("a: 1\n---\nb: 2\n", "not YAML: but found another document"),
        ("a: &x [*x]\n", "its aliases (`*name`) repeat each other without end"),
        ("a: *x\n", "not YAML: found undefined alias"),
        ("a: !!python/object:os.system {}\n", "version: is missing"),
        ("a: 2026-13-01\n", "not YAML: a value looks like a date or number but is none; put it in quotes"),
        ("a: !!int x\n", "put it in quotes"),
        ("a: !!bool x\n", "put it in quotes"),
        ("a: " + "[" * 50_000 + "\n", "not YAML: brackets or indentation are nested too deeply"),
        ("? [1, 2]\n: 3\n", "a field has a name that is no text"),
    ],
)
def test_what_is_no_yaml_is_said_in_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    message = complaint(site_file(tmp_path, text))
    assert said in message
    assert "hunter2" not in message


def test_aliases_that_multiply_are_stopped(tmp_path: Path) -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    assert "repeat each other" in complaint(site_file(tmp_path, laughs))


def test_an_alias_and_a_merge_may_share_a_rule(tmp_path: Path) -> None:
    text = GOOD.replace("      - kind: parked", "      - &bikes\n        kind: parked").replace(
        "  sensors:",
        "    - id: Z2\n      name: {zh: 区, en: Zone}\n      polygon: [[0, 0], [1, 0], [1, 1]]\n"
        "      rules:\n      - *bikes\n      - {<<: *bikes, id: long, dwell: 1 h}\n  sensors:",
    )
    rules = load_site(site_file(tmp_path, text)).points[0].cameras[0].zones[1].rules
    assert [(rule.id, rule.dwell) for rule in rules] == [("bikes", 300), ("long", 3600)]


def test_a_file_in_another_encoding_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(GOOD.encode("gb18030"))
    assert complaint(path) == "site.yaml:2: the file is not UTF-8; save it with the encoding UTF-8"
    path.write_bytes(GOOD.encode("utf-16"))
    assert "is not UTF-8" in complaint(path)
    path.write_bytes(GOOD.encode("utf-8-sig"))
    assert load_site(path).version == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert (
        complaint(tmp_path / "site.yaml") == "site.yaml: there is no such file; check its name and directory"
    )
    assert "cannot be read" in complaint(tmp_path)


def test_a_missing_sign_is_a_warning_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = site_file(tmp_path, GOOD.replace("    signage: true\n", ""))
    with caplog.at_level(logging.WARNING):
        assert load_site(path).points[0].cameras[0].signage is False
    assert "cameras[0].signage: the camera has rules but no visible sign" in caplog.text


def test_a_node_without_points_is_a_warning(tmp_path: Path) -> None:
    text = GOOD.replace("nodes:\n", "nodes:\n- {id: n2, name: {zh: 节点, en: Node}}\n")
    (warning,) = inspect_site(site_file(tmp_path, text)).warnings
    assert (warning.line, warning.path, warning.what) == (11, "nodes[0]", "owns no point")


OWN_RULES = GOOD[GOOD.index("    rules:\n    - kind: threshold") : GOOD.index("health_classes:")]


@pytest.mark.parametrize(
    ("kind", "what", "fix"),
    [
        ("water_level", "no rule judges it: its kind's need an event class 04-06", "add that to"),
        ("smokes", "'smokes' has no rules of its own", "did you mean `smoke`?"),
    ],
)
def test_a_sensor_that_nothing_judges_is_a_warning(tmp_path: Path, kind: str, what: str, fix: str) -> None:
    bare = GOOD.replace(OWN_RULES, "").replace("kind: water_level", f"kind: {kind}")
    (warning,) = inspect_site(site_file(tmp_path, bare)).warnings
    assert (warning.path, warning.what) == ("points[0].sensors[0].kind", what)
    assert fix in warning.fix
    assert inspect_site(site_file(tmp_path, bare.replace(f"kind: {kind}", "kind: climate"))).warnings == ()


def test_a_sensors_own_health_without_a_name_is_a_warning(tmp_path: Path) -> None:
    text = GOOD.replace("sensor_classes: {silent: 05-06-081, ", "sensor_classes: {")
    (warning,) = inspect_site(site_file(tmp_path, text)).warnings
    assert warning.path == "event_classes"
    assert warning.what.endswith(": 90-03")


def test_a_site_without_areas_is_usable_with_a_warning(tmp_path: Path) -> None:
    text = re.sub(r"areas:\n(- .*\n){4}", "", GOOD)
    report = inspect_site(site_file(tmp_path, text))
    assert report.site is not None
    assert [warning.path for warning in report.warnings] == ["areas"]


def test_event_classes_in_their_own_file_are_named_by_that_file(tmp_path: Path) -> None:
    text = GOOD.replace(
        "event_classes:\n- {code: 05-06-081, name: {zh: 车, en: Bikes}}", "event_classes: c.yaml"
    )
    path = site_file(tmp_path, text)
    assert "c.yaml: there is no such file" in complaint(path)
    classes = tmp_path / "c.yaml"
    classes.write_text("# classes\n- {code: 05-06-081, name: {zh: 车, en: Bikes}}\n", "utf-8")
    assert load_site(path).event_classes[0].name.en == "Bikes"
    classes.write_text("# classes\n- code: 05-06-081\n  nam: {zh: 车, en: Bikes}\n", "utf-8")
    assert "c.yaml:3: [0].nam: is not a field here; did you mean `name`?" in complaint(path)


def test_a_file_elsewhere_is_not_followed(tmp_path: Path) -> None:
    text = re.sub(r"areas:\n(- .*\n){4}", "areas: ../secret.geojson\n", GOOD)
    assert "areas: names a file elsewhere; keep the file beside the site file" in complaint(
        site_file(tmp_path, text)
    )


def test_the_site_pulls_in_no_video_soap_or_geometry_library() -> None:
    heavy = "{'cv2', 'av', 'zeep', 'onvif', 'paho', 'numpy', 'shapely', 'onnxruntime'}"
    code = f"import sys, devices.commands; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(st.floats(min_value=0.001, max_value=1e7))
def test_a_written_duration_reads_back_to_six_digits(duration: float) -> None:
    assert seconds(written(duration)) == pytest.approx(duration, rel=1e-5, abs=5.1e-7)


@pytest.mark.parametrize(
    ("text", "value"),
    [("90 s", 90), ("5 min", 300), ("2h", 7200), ("1.5 min", 90), ("250 ms", 0.25), ("1 d", 86400)],
)
def test_durations_are_read_as_people_write_them(text: str, value: float) -> None:
    assert seconds(text) == value


def inspected(text: str) -> Report:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "site.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        return inspect_site(path)


@given(st.text(max_size=200))
def test_any_text_gives_a_report_with_errors(text: str) -> None:
    assert inspected(text).errors


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_any_value_in_any_place_gives_a_report(data: st.DataObject) -> None:
    tree = yaml.safe_load(GOOD)
    spot = tree
    while True:
        key = data.draw(st.sampled_from(list(spot) if isinstance(spot, dict) else range(len(spot))))
        if not isinstance(spot[key], dict | list) or not spot[key] or data.draw(st.booleans()):
            break
        spot = spot[key]
    spot[key] = data.draw(values)
    report = inspected(yaml.safe_dump(tree, allow_unicode=True))
    assert (report.site is None) == bool(report.errors)
    assert all(fault.what and fault.fix for fault in (*report.errors, *report.warnings))
