"""Certificate authorities, and the certificates that they issue to engines."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.engines.runtime.files import write

LIFETIME = datetime.timedelta(days=3650)
_CLOCK_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """Files of a certificate and its private key, PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority with its files in `folder`; created on first use. `name` is its common name."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def key(self) -> Path:
        return self.folder / "ca.key"

    def ensure(self) -> Authority:
        if not self.certificate.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            key = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
            builder = _builder(name, name, key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
            write(self.key, key_pem(key), 0o600)
            write(self.certificate, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return self

    def pair(self, file: str, common_name: str, organisation: str = "", hosts: tuple[str, ...] = ()) -> Pair:
        """The certificate `<folder>/<file>.crt`, issued on first use. `hosts` are IP addresses or DNS names."""
        pair = Pair(self.folder / f"{file}.crt", self.folder / f"{file}.key")
        if not pair.certificate.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
            if organisation:
                names.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
            authority = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
            builder = _builder(x509.Name(names), authority.subject, key.public_key()).add_extension(usages, False)
            if hosts:
                builder = builder.add_extension(x509.SubjectAlternativeName([_host(h) for h in hosts]), False)
            signer = serialization.load_pem_private_key(self.key.read_bytes(), None)
            assert isinstance(signer, ec.EllipticCurvePrivateKey)
            write(pair.key, key_pem(key), 0o600)
            write(pair.certificate, builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return pair


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """As PKCS #8, the only form of PEM that Java reads."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
