"""The simulated camera, asked by clients that nobody here wrote and by hand-made requests."""

import base64
import hashlib
import json
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import distribution
from itertools import count

import pytest
import requests
import zeep
from requests.auth import HTTPDigestAuth
from zeep.wsse.username import UsernameToken

from devices.credentials import Credentials
from simulators.cameras.onvif import Fault, serve_onvif
from simulators.errors import ListenError
from tests.devices.onvif_peers import JPEG, PASSWORD, RIGHT, device, running_loop, simulated

WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
NONCES = count(1)


def token(password=PASSWORD, created=None, nonce=None, user="viewer"):
    """A UsernameToken by the book; `created` is text."""
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if created is None else created
    nonce = f"nonce {next(NONCES)}".encode() if nonce is None else nonce
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()
    return (
        f'<w:Security xmlns:w="{WSS}wssecurity-secext-1.0.xsd" xmlns:u="{WSS}wssecurity-utility-1.0.xsd">'
        f"<w:UsernameToken><w:Username>{user}</w:Username>"
        f'<w:Password Type="{WSS}username-token-profile-1.0#PasswordDigest">{digest}</w:Password>'
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created>"
        "</w:UsernameToken></w:Security>"
    )


def ask(server, header="", call=f'<GetDeviceInformation xmlns="{DEVICE}"/>', path="device_service"):
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"<s:Header>{header}</s:Header><s:Body>{call}</s:Body></s:Envelope>"
    )
    return post(server, body.encode(), path)


def post(server, body, path="device_service"):
    return requests.post(f"http://127.0.0.1:{server.port}/onvif/{path}", data=body, timeout=30)


ONVIFCAMERA = """
import json, sys
from onvif import ONVIFCamera
host, port, user, password = sys.argv[1:]
camera = ONVIFCamera(host, int(port), user, password)
media = camera.create_media_service()
profiles = media.GetProfiles()
setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
print(json.dumps({
    "model": camera.devicemgmt.GetDeviceInformation().Model,
    "scopes": [scope.ScopeItem for scope in camera.devicemgmt.GetScopes()],
    "sizes": [[p.VideoEncoderConfiguration.Resolution.Width, p.VideoEncoderConfiguration.Resolution.Height]
              for p in profiles],
    "streams": [media.GetStreamUri({"StreamSetup": setup, "ProfileToken": p.token}).Uri for p in profiles],
    "still": media.GetSnapshotUri({"ProfileToken": "sub"}).Uri,
}))
"""


def test_onvif_zeeps_own_camera_class_is_served():
    with simulated(device()) as [server]:
        # In a process of its own: the class opens a pull point, parses for itself and reconfigures logging.
        ran = subprocess.run(
            [sys.executable, "-c", ONVIFCAMERA, "127.0.0.1", str(server.port), "viewer", PASSWORD],
            check=True,
            capture_output=True,
            timeout=60,
        )
        told = json.loads(ran.stdout)
    assert told["model"] == "Street camera"
    assert told["sizes"] == [[1280, 720], [640, 360]]
    assert told["streams"] == [f"rtsp://127.0.0.1:20554/P01-C1/{name}" for name in ("main", "sub")]
    assert told["still"] == f"http://127.0.0.1:{server.port}/onvif/snapshot/sub"
    assert "onvif://www.onvif.org/hardware/simulated" in told["scopes"]


def test_every_answer_satisfies_a_strict_reading_of_the_service_descriptions():
    folder = distribution("onvif-zeep").locate_file("wsdl")
    with simulated(device()) as [server]:
        login = UsernameToken("viewer", PASSWORD, use_digest=True)

        def service(file, binding, path):
            client = zeep.Client(f"{folder}/{file}", wsse=login, settings=zeep.Settings(strict=True))
            return client.create_service(binding, f"http://127.0.0.1:{server.port}/onvif/{path}")

        about = service("devicemgmt.wsdl", f"{{{DEVICE}}}DeviceBinding", "device_service")
        media = service("media.wsdl", f"{{{MEDIA}}}MediaBinding", "media_service")
        assert about.GetSystemDateAndTime().TimeZone.TZ == "CST-8"
        assert about.GetDeviceInformation().SerialNumber == "P01-C1"
        assert about.GetCapabilities(Category=["All"]).Media.XAddr.endswith("/onvif/media_service")
        assert [one.Namespace for one in about.GetServices(IncludeCapability=False)] == [
            DEVICE,
            MEDIA,
            EVENTS,
        ]
        assert len(about.GetScopes()) == 5
        assert [one.VideoEncoderConfiguration.H264.GovLength for one in media.GetProfiles()] == [25, 25]
        with pytest.raises(zeep.exceptions.Fault, match="Profile token does not exist"):
            media.GetSnapshotUri(ProfileToken="none")
        with pytest.raises(zeep.exceptions.Fault, match="GetHostname is not supported"):
            about.GetHostname()


def test_a_right_token_is_let_in_and_a_second_use_of_it_is_not():
    with simulated(device()) as [server]:
        same = token(nonce=b"once")
        assert ask(server, same).status_code == 200
        again = ask(server, same)
        assert again.status_code == 400
        assert b"ter:NotAuthorized" in again.content
        assert b"Sender not authorized" in again.content


@pytest.mark.parametrize(
    "header",
    [
        "",
        token(password="wrong"),
        token(user="admin"),
        token(created="2020-01-01T00:00:00Z"),
        token(created="yesterday"),
        token().replace("#PasswordDigest", "#PasswordText"),
        token().replace("<w:Nonce>", "<w:Nonce>*"),
        f'<w:Security xmlns:w="{WSS}wssecurity-secext-1.0.xsd"/>',
    ],
)
def test_a_wrong_stale_or_missing_token_is_refused_as_cameras_do(header):
    with simulated(device()) as [server]:
        answer = ask(server, header)
        assert answer.status_code == 400
        assert b"ter:NotAuthorized" in answer.content


def test_a_tokens_time_is_compared_by_its_zone():
    with simulated(device()) as [server]:
        hour = datetime.fromtimestamp(time.time() + 8 * 3600, UTC)
        assert ask(server, token(created=hour.strftime("%Y-%m-%dT%H:%M:%S+08:00"))).status_code == 200


def test_the_clock_is_open_to_everybody_and_can_be_wrong():
    call = f'<GetSystemDateAndTime xmlns="{DEVICE}"/>'
    noon = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC).timestamp()
    with simulated(device(now=lambda: noon)) as [server]:
        assert b"<tt:UTCDateTime><tt:Time><tt:Hour>12</tt:Hour>" in ask(server, call=call).content
        server.faults.add(Fault.WRONG_CLOCK)
        assert b"<tt:UTCDateTime><tt:Time><tt:Hour>20</tt:Hour>" in ask(server, call=call).content
        assert ask(server, token(created="2026-07-01T12:00:00Z")).status_code == 400
        assert ask(server, token(created="2026-07-01T20:00:00Z")).status_code == 200


def test_a_snapshot_wants_http_digest():
    with simulated(device()) as [server]:
        url = f"http://127.0.0.1:{server.port}/onvif/snapshot/main"
        assert requests.get(url, timeout=30).status_code == 401
        assert requests.get(url, auth=HTTPDigestAuth("viewer", "wrong"), timeout=30).status_code == 401
        assert requests.get(url, auth=("viewer", PASSWORD.encode()), timeout=30).status_code == 401
        right = requests.get(url, auth=HTTPDigestAuth("viewer", PASSWORD), timeout=30)
        assert (right.content, right.headers["Content-Type"]) == (JPEG, "image/jpeg")
        other = f"http://127.0.0.1:{server.port}/onvif/snapshot/third"
        assert requests.get(other, auth=HTTPDigestAuth("viewer", PASSWORD), timeout=30).status_code == 404


def test_a_log_in_for_one_snapshot_does_not_open_another():
    with simulated(device()) as [server]:
        base = f"http://127.0.0.1:{server.port}/onvif/snapshot/"
        allowed = requests.get(base + "main", auth=HTTPDigestAuth("viewer", PASSWORD), timeout=30).request
        header = {"Authorization": allowed.headers["Authorization"]}
        assert requests.get(base + "main", headers=header, timeout=30).status_code == 200
        assert requests.get(base + "sub", headers=header, timeout=30).status_code == 401


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<not xml", b"ter:WellFormed"),
        (b"", b"ter:WellFormed"),
        (b"<a/>", b"No SOAP 1.2 request"),
        (b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>', b"No SOAP"),
    ],
)
def test_what_is_no_request_is_answered_with_a_fault(body, says):
    with simulated(device()) as [server]:
        answer = post(server, body)
        assert answer.status_code == 400
        assert says in answer.content


def test_an_unknown_path_and_method_are_told_apart():
    with simulated(device()) as [server]:
        base = f"http://127.0.0.1:{server.port}"
        assert requests.post(f"{base}/", data=b"", timeout=30).status_code == 404
        assert requests.get(f"{base}/onvif/device_service", timeout=30).status_code == 405


def test_one_connection_may_ask_more_than_once():
    with simulated(device()) as [server], requests.Session() as session:
        url = f"http://127.0.0.1:{server.port}/onvif/device_service"
        assert [session.get(url, timeout=30).status_code for _ in range(3)] == [405, 405, 405]


@pytest.mark.parametrize(
    "noise", [b"hello\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"A" * 70000]
)
def test_somebody_who_does_not_speak_http_is_hung_up_on(noise):
    with simulated(device()) as [server], socket.create_connection(("127.0.0.1", server.port), 5) as talk:
        try:
            talk.sendall(noise)
            assert talk.recv(100) == b""
        except ConnectionResetError:
            assert len(noise) > 65536  # hung up on while still sending
        assert requests.get(f"http://127.0.0.1:{server.port}/x", timeout=30).status_code == 404


def test_closing_hangs_up_on_somebody_who_waits_for_a_silent_camera():
    with running_loop() as run:
        server = run(serve_onvif(device(faults=frozenset({Fault.SILENT})), "127.0.0.1", 0))
        with socket.create_connection(("127.0.0.1", server.port), 5) as talk:
            talk.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises(TimeoutError):
                talk.settimeout(0.1)
                talk.recv(1)
            run(server.close())
            talk.settimeout(5)
            assert talk.recv(1) == b""


def test_a_port_that_is_taken_is_named():
    with simulated(device()) as [server], running_loop() as run:
        taken = serve_onvif(device(), "127.0.0.1", server.port)
        with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{server.port}: cannot listen there"):
            run(taken)


def test_38_idle_cameras_cost_no_cpu():
    with simulated(*(device(f"P{number:02}-C1") for number in range(1, 39))):
        before = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - before < 0.05


def test_no_part_of_a_device_shows_the_password():
    with simulated(device(credentials=Credentials("viewer", "hush-hush"))) as [server]:
        assert "hush-hush" not in repr(server.device) + repr(server) + repr(RIGHT)
