"""One parse for all cameras, without a network."""

import socket
import subprocess
import sys
import threading

import pytest
import zeep

from devices.onvif import Camera, wsdl
from tests.devices.onvif_peers import RIGHT, device, simulated


@pytest.fixture
def parses(monkeypatch):
    """The files parsed from here on, with nothing parsed before."""
    files: list[str] = []
    real = zeep.Client

    def counted(file, **more):
        files.append(file.rpartition("/")[2])
        return real(file, **more)

    monkeypatch.setattr(wsdl.zeep, "Client", counted)
    monkeypatch.setattr(wsdl, "_parsed", {})
    return files


def test_38_cameras_share_one_parse(parses):
    names = [f"P{number:02}-C1" for number in range(1, 39)]
    serials, uris = [], []
    with simulated(*(device(name) for name in names)) as servers:

        def visit(server):
            camera = Camera("127.0.0.1", server.port, RIGHT)
            serials.append(camera.device_information().serial)
            uris.append(camera.stream_uri(camera.profiles()[0].token))

        visitors = [threading.Thread(target=visit, args=(server,)) for server in servers]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join(60)
    assert sorted(serials) == names
    assert len(set(uris)) == 38
    assert sorted(parses) == ["devicemgmt.wsdl", "media.wsdl"]


def test_the_descriptions_are_parsed_without_a_network(parses, monkeypatch):
    def no_network(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    assert wsdl.parsed(wsdl.DEVICE) is wsdl.parsed(wsdl.DEVICE)
    assert wsdl.parsed(wsdl.MEDIA) is not wsdl.parsed(wsdl.DEVICE)


def test_importing_parses_nothing_connects_nowhere_and_leaves_logging_and_proxies_alone():
    code = """
import logging, os, socket
os.environ["http_proxy"] = "http://proxy.invalid:1"
def no(*_): raise AssertionError("the network was used")
socket.socket.connect = no
import devices.onvif, devices.onvif.wsdl, sys
assert not devices.onvif.wsdl._parsed
assert os.environ["http_proxy"] == "http://proxy.invalid:1"
assert not logging.getLogger().handlers
assert "onvif" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with simulated(device()) as [server]:
        assert Camera("127.0.0.1", server.port, RIGHT).device_information().serial == "P01-C1"
