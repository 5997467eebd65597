"""TLS on the way to the cloud: always checked, in words when it fails, with our certificate if asked."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
import trustme

from devices.ids import uuid7
from devices.messages import envelope
from devices.site.model import Uplink
from edge.errors import CloudUnreachable, EdgeError
from edge.send.client import HttpCloud, Timeouts
from edge.send.exchange import HttpDoor
from edge.send.trust import Trust, trust_from
from tests.edge.fake_cloud import FakeCloud
from tests.edge.messages_for_tests import NOON, a_health

TOKEN = "s3cret-node-token"
AUTHORITY, OTHERS = trustme.CA(), trustme.CA()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
    OTHERS.cert_pem.write_to_path(tmp_path / "other-ca.pem")
    AUTHORITY.issue_cert("n1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "n1.pem")
    OTHERS.issue_cert("n1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "foreign.pem")
    return tmp_path


def serving(certificate: trustme.LeafCert, *, clients: bool = False, tls12: bool = False) -> FakeCloud:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        AUTHORITY.configure_trust(context)
    if tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return FakeCloud(TOKEN, tls=context)


def send(url: str, trust: Trust) -> int:
    """One batch over the uplink's own client; the status, or `CloudUnreachable`."""
    event = envelope(a_health(), event_id=uuid7(), node="n1", epoch=uuid7(), seq=1, time=NOON)
    with trust.session() as session:
        quick = Timeouts(connect=5, read=5, answer=5)
        return HttpCloud(url, lambda: TOKEN, trust.ca_file, session, quick).ingest([event]).status


def refused(cloud: FakeCloud, trust: Trust) -> str:
    """The one sentence, the same for messages and for enrolment; nothing was sent."""
    with pytest.raises(CloudUnreachable) as sending:
        send(cloud.url, trust)
    with pytest.raises(CloudUnreachable) as enrolling:
        HttpDoor(cloud.url, trust).enrol("code", "0" * 64)
    assert cloud.requests == []
    said = str(sending.value)
    assert said == str(enrolling.value)
    assert said.startswith(f"{cloud.url} ")
    assert "\n" not in said
    return said


def test_a_server_that_shows_the_right_certificate_is_sent_to(files: Path) -> None:
    with serving(AUTHORITY.issue_cert("localhost")) as cloud:
        assert send(cloud.url, Trust(str(files / "ca.pem"))) == 200


def test_a_certificate_for_another_name_is_refused(files: Path) -> None:
    with serving(AUTHORITY.issue_cert("cloud.example")) as cloud:
        assert "is for another name" in refused(cloud, Trust(str(files / "ca.pem")))


def test_an_expired_certificate_is_refused(files: Path) -> None:
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    with serving(AUTHORITY.issue_cert("localhost", not_after=past)) as cloud:
        assert "has expired" in refused(cloud, Trust(str(files / "ca.pem")))


@pytest.mark.parametrize("ca_file", [None, "other-ca.pem"])
def test_a_certificate_of_an_unknown_authority_is_refused(files: Path, ca_file: str | None) -> None:
    with serving(AUTHORITY.issue_cert("localhost")) as cloud:
        said = refused(cloud, Trust(ca_file and str(files / ca_file)))
        assert "signed by nobody known here; name its authority by `ca_file`" in said


@pytest.mark.parametrize("tls12", [True, False])
def test_a_server_that_wants_a_client_certificate_is_sent_ours(files: Path, tls12: bool) -> None:
    ca_file = str(files / "ca.pem")
    with serving(AUTHORITY.issue_cert("localhost"), clients=True, tls12=tls12) as cloud:
        assert send(cloud.url, Trust(ca_file, str(files / "n1.pem"))) == 200
        for theirs in (None, str(files / "foreign.pem")):
            with pytest.raises(CloudUnreachable):
                send(cloud.url, Trust(ca_file, theirs))
        assert len(cloud.requests) == 1


@contextmanager
def patient(context: ssl.SSLContext) -> Iterator[str]:
    """A server that lets the other side read why it was refused before the connection is reset."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    raw, _ = listening.accept()
                    raw.settimeout(10)
                    with context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as secure:
                        with suppress(ssl.SSLError):
                            secure.do_handshake()
                        secure.shutdown(socket.SHUT_WR)
                        while secure.recv(4096):
                            pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("own", "words"),
    [(None, "wants a client certificate; name one by `client_cert`"),
     ("foreign.pem", "does not know who signed our client certificate")],
)  # fmt: skip
@pytest.mark.parametrize("tls12", [True, False])
def test_a_client_certificate_that_is_wanted_or_not_taken_is_said(
    files: Path, own: str | None, words: str, tls12: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    AUTHORITY.configure_trust(context)
    if tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    with patient(context) as url, pytest.raises(CloudUnreachable) as caught:
        send(url, Trust(str(files / "ca.pem"), own and str(files / own)))
    assert words in str(caught.value) or (tls12 and "client certificate" in str(caught.value))


def test_plain_http_at_an_https_address_is_said(files: Path) -> None:
    with FakeCloud(TOKEN) as cloud:
        cloud.url = cloud.url.replace("http://", "https://")
        assert "speaks no TLS at this port" in refused(cloud, Trust(str(files / "ca.pem")))


def test_neither_the_environment_nor_netrc_changes_whom_we_trust(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files / "ca.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(files / "ca.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with serving(AUTHORITY.issue_cert("localhost")) as cloud:
        assert "signed by nobody known" in refused(cloud, Trust())


@pytest.mark.parametrize(
    "url",
    ["http://cloud.example:8420", "http://192.0.2.1", "http://localhost.evil.example", "http://128.0.0.1"],
)
def test_plain_http_to_another_machine_must_be_said_on_purpose(url: str) -> None:
    with pytest.raises(ValueError, match="in clear; write https, or `allow_plain: true`"):
        Uplink(url=url)
    assert Uplink(url=url, allow_plain=True).url == url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8:8420", "localhost:1", "[::1]:8420"])
def test_plain_http_within_the_machine_needs_no_word(host: str) -> None:
    assert Uplink(url=f"http://{host}").allow_plain is False


def test_the_environment_overrules_the_site_s_files(files: Path) -> None:
    site = Uplink(url="https://cloud.example", ca_file="/nowhere/ca.pem")
    named = {"GRIDWATCH_CA_FILE": str(files / "ca.pem"), "GRIDWATCH_CLIENT_CERT": str(files / "n1.pem")}
    assert trust_from(site, named) == Trust(str(files / "ca.pem"), str(files / "n1.pem"), None)


@pytest.fixture
def encrypted(files: Path) -> Path:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = (files / "n1.pem").read_bytes()
    key = load_pem_private_key(pem, None)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hush"),
    )
    (files / "locked.pem").write_bytes(secret + pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    return files / "locked.pem"


def test_files_that_cannot_be_used_are_told_at_the_start(files: Path, encrypted: Path) -> None:
    (files / "empty.pem").write_text("nothing")
    for given, words in (
        ({"ca_file": "none.pem"}, "ca_file: .*none.pem cannot be read; mend the site's `uplink.ca_file`"),
        ({"ca_file": "empty.pem"}, "ca_file: .*empty.pem holds no certificate"),
        ({"client_cert": "ca.pem"}, "client_cert: .*ca.pem and its key are no pair"),
        ({"client_cert": "n1.pem", "client_key": "foreign.pem"}, "no pair"),
        ({"client_cert": encrypted.name}, "no pair of PEM files without a pass phrase"),
    ):
        named = {name: str(files / file) for name, file in given.items()}
        with pytest.raises(EdgeError, match=words):
            trust_from(Uplink(url="https://cloud.example", **named), {})


def test_a_line_that_just_breaks_is_not_called_a_matter_of_certificates() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(CloudUnreachable) as caught:
        send(f"https://localhost:{port}", Trust())
    assert "certificate" not in str(caught.value)
    assert isinstance(caught.value.__context__, requests.RequestException)
