"""Certificates for a site's broker: one authority of its own, the broker's, and one for each user.

    FOLDER/ca.key                  signs; belongs to no machine on the street
    FOLDER/broker/ca.pem, broker.pem, broker.key, revoked.pem       go to the broker
    FOLDER/users/ID.pem, ID.key    go to the device ID, with ca.pem

Keys are P-256 (small devices can), mode 0600, and never printed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from devices.errors import CredentialsError

AUTHORITY_DAYS = 3650
DAYS = 730
"""A certificate's life unless told."""
RENEW_DAYS = 60
"""What ends sooner is made anew by the next run."""
_EARLY = timedelta(days=1)
"""Valid from so long before now: clocks on the street are not all right."""
_SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
_CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


class Authority:
    """Signs for one site; everything it makes lies in one folder."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Take the authority of `folder`, or make it.

        Raises:
            CredentialsError: the folder cannot be used, or holds something else.
        """
        self._folder = folder
        self._now = now
        self.made: list[str] = []
        """Files made so far, below the folder."""
        try:
            for name in ("", "broker", "users"):
                (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._has("ca.key", "broker/ca.pem"):
                self._make_authority()
            self._key = _key(folder / "ca.key")
            self._certificate = _certificate(folder / "broker/ca.pem")
            if not (folder / "broker/revoked.pem").exists():
                self._sign_revoked([])
        except (OSError, ValueError, TypeError) as error:
            raise CredentialsError(f"{folder}: cannot be used as an authority ({_said(error)})") from None

    def make(self, names: Sequence[str], users: Sequence[str], days: int = DAYS) -> None:
        """The broker's certificate for `names` (hosts, addresses), and each user's; what is good stays.

        Raises:
            CredentialsError: a file cannot be read or written.
        """
        try:
            self._leaf("broker/broker", "broker", _SERVER, days, names)
            for user in users:
                self._leaf(f"users/{user}", user, _CLIENT, days)
        except (OSError, ValueError, TypeError) as error:
            raise CredentialsError(f"{self._folder}: {_said(error)}") from None

    def revoke(self, user: str) -> None:
        """The user's present certificate is void for every broker that has the new `broker/revoked.pem`.

        Raises:
            CredentialsError: the user has none here.
        """
        file = self._folder / "users" / f"{user}.pem"
        try:
            void = _certificate(file)
            revoked = x509.load_pem_x509_crl((self._folder / "broker/revoked.pem").read_bytes())
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(void.serial_number)
                .revocation_date(self._now)
                .build()
            )
            self._sign_revoked([*revoked, entry])
            file.unlink()
            file.with_suffix(".key").unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise CredentialsError(f"{user}: has no certificate here ({_said(error)})") from None

    def _has(self, *names: str) -> bool:
        found = [name for name in names if (self._folder / name).exists()]
        if found and len(found) < len(names):
            raise ValueError(f"there is {found[0]} without the rest of {', '.join(names)}")
        return bool(found)

    def _make_authority(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Gridwatch broker authority")
        certificate = (
            self._builder(name, name, key.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        self._write("ca.key", _pem(key))
        self._write("broker/ca.pem", certificate.public_bytes(Encoding.PEM))

    def _leaf(
        self, stem: str, user: str, purpose: x509.ExtendedKeyUsage, days: int, names: Sequence[str] = ()
    ) -> None:
        alternative = [_general(name) for name in names]
        if self._good(self._folder / f"{stem}.pem", self._folder / f"{stem}.key", alternative):
            return
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(_name(user), self._certificate.subject, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(purpose, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if alternative:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        self._write(f"{stem}.key", _pem(key))
        self._write(f"{stem}.pem", certificate.public_bytes(Encoding.PEM))

    def _good(self, file: Path, key: Path, alternative: list[x509.GeneralName]) -> bool:
        """Whether a certificate is there, ours, for these names, and lasts."""
        if not (file.exists() and key.exists()):
            return False
        found = _certificate(file)
        try:
            found.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            raise ValueError(f"{file.name} is of another authority; move it away") from None
        try:
            said = list(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        except x509.ExtensionNotFound:
            said = []
        lasts = found.not_valid_after_utc - self._now > timedelta(days=RENEW_DAYS)
        return lasts and said == alternative and found.public_key() == _key(key).public_key()

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _EARLY)
            .not_valid_after(self._now + timedelta(days=days))
        )

    def _sign_revoked(self, entries: Sequence[x509.RevokedCertificate]) -> None:
        """Good as long as the authority: a broker refuses everybody by a list that is out of date."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(self._now - _EARLY)
            .next_update(self._certificate.not_valid_after_utc)
        )
        for entry in entries:
            builder = builder.add_revoked_certificate(entry)
        self._write("broker/revoked.pem", builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def _write(self, name: str, content: bytes) -> None:
        """So that nobody else could read it at any moment, and a crash leaves the old or the new one."""
        file = self._folder / name
        fresh = file.with_name(f".{file.name}.new")
        fresh.unlink(missing_ok=True)
        mode = 0o600 if name.endswith(".key") else 0o644
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
        self.made.append(name)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{file.name} is no P-256 key")
    return key


def _certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]


def today() -> datetime:
    """Now, in whole seconds as certificates count."""
    return datetime.now(UTC).replace(microsecond=0)
