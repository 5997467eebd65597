"""Discovery by multicast, inside a network namespace so that no real network hears of it."""

import subprocess
import sys

import pytest

STREET = """
import asyncio, subprocess, sys
from devices.onvif import discover
from simulators.cameras.onvif import serve_onvif
from simulators.cameras.onvif_discovery import serve_discovery
from tests.devices.onvif_peers import device

for command in ("ip link set lo up", "ip link set lo multicast on", "ip route add 224.0.0.0/4 dev lo"):
    subprocess.run(command.split(), check=True)

async def street():
    servers = [await serve_onvif(device(name), "127.0.0.1", 0) for name in ("P01-C1", "P02-C1")]
    responder = await serve_discovery(servers, "127.0.0.1", 3702, multicast=True)
    found = await asyncio.to_thread(discover, timeout=0.5, interface="127.0.0.1")
    print(*(one.location for one in found))
    for one in (responder, *servers):
        await one.close()

asyncio.run(street())
"""


@pytest.mark.long
def test_every_camera_of_the_local_network_answers_one_multicast_probe():
    ran = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", STREET], capture_output=True, text=True, timeout=60
    )
    assert ran.stderr == ""
    assert sorted(ran.stdout.split()) == ["P01-C1", "P02-C1"]
