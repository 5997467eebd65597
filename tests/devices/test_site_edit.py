"""A site that is changed, written and read again."""

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from devices.site.edit import dump_site, with_ports
from devices.site.labels import LABELS
from devices.site.load import load_site
from devices.site.model import Site

STREET = Path(__file__).resolve().parents[2] / "examples" / "street" / "site.yaml"

words = st.text(min_size=1, max_size=12)
names = st.fixed_dictionaries({"zh": words, "en": words})
durations = st.one_of(st.integers(1, 100_000).map(float), st.floats(1e-3, 1e6))
severities = st.sampled_from(["critical", "high", "medium", "low"])
CODES = ("05-06", "05-06-081", "04-99-080")


@st.composite
def camera_rules(draw: st.DrawFn, number: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["parked", "left"]))
    least = 1 if kind == "parked" else 0
    return {
        "kind": kind,
        "id": f"r{number}",
        "event_class": draw(st.sampled_from(CODES)),
        "labels": draw(st.lists(st.sampled_from(LABELS), min_size=least, max_size=3)),
        "dwell": draw(durations),
        "severity": draw(severities),
    }


@st.composite
def threshold_rules(draw: st.DrawFn, number: int) -> dict[str, Any]:
    limit = draw(st.floats(-1e9, 1e9))
    apart = draw(st.floats(1e-3, 1e3)) + abs(limit) * 1e-3
    over = draw(st.booleans())
    return {
        "kind": "threshold",
        "id": f"r{number}",
        "event_class": draw(st.sampled_from(CODES)),
        "quantity": draw(words),
        ("above" if over else "below"): limit,
        "clear": limit - apart if over else limit + apart,
        "hold": draw(st.just(0.0) | durations),
        "clear_hold": draw(st.just(0.0) | durations),
    }


@st.composite
def sites(draw: st.DrawFn) -> Site:
    def zone(name: str) -> dict[str, Any]:
        x, y = draw(st.floats(0.01, 0.5)), draw(st.floats(0.01, 0.5))
        return {
            "id": name,
            "name": draw(names),
            "polygon": [(0, 0), (x, 0), (x, y)],
            "place": draw(st.none() | st.just("shared")),
            "rules": [draw(camera_rules(n)) for n in range(draw(st.integers(0, 2)))],
        }

    def camera(name: str) -> dict[str, Any]:
        return {
            "id": name,
            "name": draw(names),
            "host": draw(st.sampled_from(["127.0.0.1", "camera.example", "::1"])),
            "credentials": draw(st.none() | st.just("STREET_CAMERA")),
            "stream_uri": draw(st.none() | st.sampled_from(["rtsp://127.0.0.1:1/a", "rtsps://h/b"])),
            "zones": [zone(f"{name}-Z{n}") for n in range(draw(st.integers(0, 2)))],
        }

    def point(number: int) -> dict[str, Any]:
        return {
            "id": f"P{number}",
            "name": draw(names),
            "node": "n1",
            "grid": "G1",
            "position": {"lon": draw(st.floats(-180, 180)), "lat": draw(st.floats(-90, 90))},
            "cameras": [camera(f"P{number}-C{n}") for n in range(draw(st.integers(0, 2)))],
            "sensors": [
                {
                    "id": f"P{number}-S1",
                    "name": draw(names),
                    "kind": draw(words),
                    "period": draw(durations),
                    "rules": [draw(threshold_rules(n)) for n in range(draw(st.integers(0, 2)))],
                }
            ],
        }

    return Site.model_validate(
        {
            "version": draw(st.integers(1, 10**9)),
            "name": draw(names),
            "event_classes": [{"code": code, "name": draw(names)} for code in CODES],
            "nodes": [{"id": "n1", "name": draw(names)}],
            "points": [point(n) for n in range(draw(st.integers(1, 2)))],
        }
    )


def read(text: str) -> Site:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "site.yaml"
        path.write_bytes(text.encode())
        return load_site(path)


@given(sites())
def test_what_is_written_is_read_back_equal(site: Site) -> None:
    assert read(dump_site(site)) == site


def test_the_shipped_street_written_whole_is_read_back_equal() -> None:
    site = load_site(STREET)
    text = dump_site(site)
    assert read(text) == site
    assert "dwell: 20 s" in text


def test_parts_may_stay_in_files_of_their_own() -> None:
    tree = yaml.safe_load(dump_site(load_site(STREET), areas="areas.geojson", event_classes="c.yaml"))
    assert (tree["areas"], tree["event_classes"]) == ("areas.geojson", "c.yaml")


def test_a_second_street_gets_its_own_loopback_ports() -> None:
    site = load_site(STREET)
    moved = with_ports(site, broker=31883, cloud=9420, rtsp=30554, onvif=31000)
    assert moved.broker.port == 31883
    assert moved.uplink.url == "http://127.0.0.1:9420"
    ports = [camera.port for point in moved.points for camera in point.cameras]
    assert ports == list(range(31000, 31038))
    assert with_ports(moved, broker=21883, cloud=8420, rtsp=20554, onvif=21001) == site
    assert read(dump_site(moved)) == moved


@given(sites())
def test_only_what_is_on_loopback_moves(site: Site) -> None:
    moved = with_ports(site, broker=1, cloud=2, rtsp=3, onvif=4000)
    before = [camera for point in site.points for camera in point.cameras]
    after = [camera for point in moved.points for camera in point.cameras]
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        assert new.port == (old.port if old.host == "camera.example" else 4000 + number)
        assert new.stream_uri == (
            "rtsp://127.0.0.1:3/a" if old.stream_uri == "rtsp://127.0.0.1:1/a" else old.stream_uri
        )
        assert new.zones == old.zones
    assert read(dump_site(moved)) == moved
