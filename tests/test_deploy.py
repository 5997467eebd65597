"""What installs Gridwatch in a cabinet or a container: every path and command in it is there."""

from __future__ import annotations

import getpass
import json
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections import defaultdict
from pathlib import Path, PurePosixPath

import pytest
import yaml

from cloud import housekeeping
from devices.site.certificates import Authority, today
from devices.site.model import Broker
from devices.site.mosquitto import config, files_under
from edge.node import pulse, throttle
from simulators.broker import free_port
from tests.test_docs import understood

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
SHUT_IN = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "RestrictSUIDSGID": "yes",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
    "Restart": "always",
    "Type": "notify",
    "User": "gridwatch",
}
MOST_EXPOSED = 2.0
"""By `systemd-analyze security`: 0 is shut in, 10 is unsafe."""


YES, SECONDS, SIZE, MODE, NAMES = r"yes|no", r"\d+s?", r"\d+[KMGT]?", r"0[0-7]{3}", r"[\w@.%-]+( [\w@.%-]+)*"
CALLS = r"~?@?[\w-]+( @?[\w-]+)*"
KNOWN = {
    "Unit": {"Description": r".+", "Wants": NAMES, "After": NAMES, "StartLimitIntervalSec": SECONDS},
    "Service": {
        "Type": r"simple|exec|notify|notify-reload",
        "NotifyAccess": r"none|main|exec|all",
        **dict.fromkeys(("ExecStart", "ExecReload"), r"/\S+( \S+)*"),
        "EnvironmentFile": r"-?/\S+",
        **dict.fromkeys(("User", "Group"), r"[a-z_][a-z0-9_-]*"),
        "StateDirectory": r"[\w%-][\w%/-]*",
        **dict.fromkeys(("StateDirectoryMode", "UMask"), MODE),
        "Restart": r"no|always|on-failure|on-abnormal|on-watchdog|on-abort|on-success",
        **dict.fromkeys(("RestartSec", "TimeoutStartSec", "TimeoutStopSec", "WatchdogSec"), SECONDS),
        **dict.fromkeys(("MemoryHigh", "MemoryMax"), SIZE),
        **dict.fromkeys(("TasksMax", "LimitNOFILE"), r"\d+"),
        "OOMPolicy": r"continue|stop|kill",
        **dict.fromkeys(("CapabilityBoundingSet", "AmbientCapabilities"), r"(CAP_\w+( CAP_\w+)*)?"),
        "ProtectSystem": YES + r"|full|strict",
        "ProtectHome": YES + r"|read-only|tmpfs",
        "ProtectProc": r"noaccess|invisible|ptraceable|default",
        "ProcSubset": r"all|pid",
        **dict.fromkeys((f"Protect{what}" for what in ("Clock", "Hostname", "ControlGroups")), YES),
        **dict.fromkeys((f"ProtectKernel{what}" for what in ("Logs", "Modules", "Tunables")), YES),
        **dict.fromkeys((f"Private{what}" for what in ("Tmp", "Devices", "Users")), YES),
        **dict.fromkeys((f"Restrict{what}" for what in ("Namespaces", "Realtime", "SUIDSGID")), YES),
        **dict.fromkeys(("NoNewPrivileges", "RemoveIPC", "LockPersonality"), YES),
        "RestrictAddressFamilies": r"AF_\w+( AF_\w+)*",
        "SystemCallArchitectures": r"native",
        "SystemCallFilter": CALLS,
        "SystemCallErrorNumber": r"E[A-Z]+",
    },
    "Install": {"WantedBy": NAMES},
}
"""What each section may say, and how: systemd.unit(5), .service(5), .exec(5), .resource-control(5).

systemd passes over a name that it does not know and only warns: a slip opens what should be shut.
"""


def directives(unit: Path) -> dict[str, list[str]]:
    """Every value by its name; whoever writes what systemd would pass over fails here."""
    found: dict[str, list[str]] = defaultdict(list)
    sections: list[str] = []
    for line in unit.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            sections.append(line.strip("[]"))
            continue
        name, equals, value = line.partition("=")
        form = KNOWN[sections[-1]].get(name)
        assert equals, line
        assert form is not None, f"[{sections[-1]}] knows no {name}"
        assert re.fullmatch(form, value), line
        found[name].append(value)
    assert sections == list(KNOWN)
    return found


def seconds(text: str) -> float:
    return float(re.fullmatch(r"(\d+)s?", text)[1])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_is_understood_and_is_shut_in(unit):
    found = directives(unit)
    command = shlex.split(found["ExecStart"][0].replace("%i", "n1"))
    assert command[0] == "/opt/gridwatch/.venv/bin/gridwatch"
    understood(command[1:])
    assert {name: found[name][-1] for name in SHUT_IN} == SHUT_IN
    assert set(found["RestrictAddressFamilies"][0].split()) <= {
        "AF_UNIX",
        "AF_INET",
        "AF_INET6",
        "AF_NETLINK",
    }
    assert found["MemoryMax"]
    state = command[command.index("--state") + 1]
    assert f"/var/lib/{found['StateDirectory'][0].replace('%i', 'n1')}" == state


def test_the_watchdogs_are_fed_well_within_their_time():
    edge, cloud = (
        directives(DEPLOY / name) for name in ("gridwatch-edge@.service", "gridwatch-cloud.service")
    )
    # A loop may be stuck for `STUCK` before it is called so; the word comes with the next round.
    assert seconds(edge["WatchdogSec"][0]) >= 2 * (pulse.STUCK + throttle.WINDOW)
    assert seconds(cloud["WatchdogSec"][0]) >= 2 * housekeeping.EVERY


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_says_only_what_systemd_understands(unit, tmp_path):
    """By our own reading; where systemd is installed it is asked, too, and calls the unit safe."""
    directives(unit)
    if shutil.which("systemd-analyze") is None:
        return
    mine = tmp_path / unit.name
    mine.write_text(
        unit.read_text(encoding="utf-8").replace("/opt/gridwatch/.venv/bin/gridwatch", "/bin/true")
    )
    check = subprocess.run(["systemd-analyze", "verify", mine], capture_output=True, text=True, check=False)
    assert (check.returncode, check.stderr) == (0, "")
    safe = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:g}", mine],
        capture_output=True,
        text=True,
        check=False,
    )
    assert safe.returncode == 0, safe.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("ProtectSystem=", "ProtectSytem="),
        ("ProtectHome=yes", "ProtectHome=jes"),
        ("MemoryMax=", "MemoryMaximum="),
        ("[Install]\n", ""),
        ("WatchdogSec=", "WatchdogSec 90 "),
    ],
)
def test_a_slip_in_a_unit_is_found(right, wrong, tmp_path):
    slip = tmp_path / "slip.service"
    text = (DEPLOY / "gridwatch-cloud.service").read_text(encoding="utf-8")
    assert right in text
    slip.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(AssertionError):
        directives(slip)


def test_everything_that_the_image_copies_and_runs_is_there():
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    assert {line.split()[0] for line in lines if line and not line.startswith("#")} <= {
        *("FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD")
    }
    assert [line for line in lines if line.startswith("USER")] == ["USER gridwatch"]
    for line in lines:
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            assert [name for name in words[1:-1] if not (ROOT / name).exists()] == []
    entry = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT")).split(maxsplit=1)[1])
    default = json.loads(next(line for line in lines if line.startswith("CMD")).split(maxsplit=1)[1])
    assert entry == ["gridwatch"]
    understood(default)
    scripts = json.loads((ROOT / "cloud/web/package.json").read_text(encoding="utf-8"))["scripts"]
    assert "build" in scripts
    probe = next(line for line in lines if "HEALTHCHECK" in line)
    compile(json.loads(probe[probe.index("[") :])[2], "probe", "exec")
    assert "/healthz" in probe


def test_the_compose_file_names_what_is_there():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    build = services["cloud"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    for service in services.values():
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["cap_drop"] == ["ALL"]
        assert service["restart"] == "always"
        assert "/" not in service["image"], (
            "images by their plain names: the registry is the machine's choice"
        )
    inside = {one.split(":")[1] for one in services["broker"]["volumes"]}
    conf = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
    for _, path in re.findall(r"^(\w+_?file|persistence_location) (/\S+)$", conf, re.MULTILINE):
        assert any(path.rstrip("/").startswith(mount) for mount in inside), path


def test_the_brokers_file_is_the_one_that_is_made_for_a_site_with_certificates():
    line = Broker(tls=True, port=8883, client_cert="/etc/gridwatch/tls/node.pem")
    made = config(line, files_under(PurePosixPath("/mosquitto")))
    assert (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8") == made
    broker = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]["broker"]
    assert broker["ports"] == ["8883:8883"]
    assert "./tls/broker:/mosquitto/tls:ro" in broker["volumes"], "the authority's own key stays outside"


def listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def test_the_broker_starts_with_its_configuration(tmp_path):
    """By the mosquitto of this machine, with certificates of its own; paths are those of the test."""
    Authority(tmp_path / "made", today()).make(["127.0.0.1"], ["n1"])
    (tmp_path / "made/broker").rename(tmp_path / "tls")
    for name in ("config", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "config/acl").write_text("user n1\ntopic read #\n")
    conf = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
    port = free_port()
    conf = conf.replace("/mosquitto/", f"{tmp_path}/").replace("listener 8883", f"listener {port} 127.0.0.1")
    (tmp_path / "mosquitto.conf").write_text(f"user {getpass.getuser()}\n{conf}")
    binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with subprocess.Popen(
        [binary, "-c", tmp_path / "mosquitto.conf"], stderr=subprocess.PIPE, text=True
    ) as it:
        try:
            until = time.monotonic() + 30
            while not listens(port):
                assert it.poll() is None, it.stderr.read()
                assert time.monotonic() < until, "it does not listen"
                time.sleep(0.05)
        finally:
            it.kill()
