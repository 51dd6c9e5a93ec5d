"""The certificate authority of this site, and the certificates that it issues for the gateway."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.site import Site

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397
"""The longest lifetime that browsers accept."""
RENEW_BEFORE_DAYS = 30


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate chain up to the authority, and its private key, both as PEM."""

    certificate: str
    key: str


def ensure_ca(site: Site) -> Path:
    """The authority's certificate, <home>/ca.pem; created with its key (<home>/ca.key, mode 0600) if it is missing."""
    certificate, secret = site.home / "ca.pem", site.home / "ca.key"
    if certificate.exists() and secret.exists():
        return certificate
    site.home.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Aura local authority")])
    usage = x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    signed = (
        _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_private(secret, _key_pem(key))
    certificate.write_text(_pem(signed))
    return certificate


def issue(site: Site, hosts: list[str], kept: IssuedCertificate | None = None) -> IssuedCertificate:
    """A certificate for `hosts` (DNS names, `*.` allowed) by this site's authority.

    It is `kept` while that has the same hosts and authority, and is valid for 30 more days.
    """
    authority = x509.load_pem_x509_certificate(ensure_ca(site).read_bytes())
    if kept is not None and _is_reusable(kept, authority, hosts):
        return kept
    return _sign(authority, _load_key(site.home / "ca.key"), hosts)


def _sign(
    authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, hosts: list[str]
) -> IssuedCertificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    signed = (
        _builder(name, authority.subject, key.public_key(), CERTIFICATE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return IssuedCertificate(_pem(signed) + _pem(authority), _key_pem(key))


def _is_reusable(kept: IssuedCertificate, authority: x509.Certificate, hosts: list[str]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(kept.certificate.encode())
        if serialization.load_pem_private_key(kept.key.encode(), None).public_key() != certificate.public_key():
            return False
        certificate.verify_directly_issued_by(authority)
    except Exception:  # cryptography raises ValueError, TypeError or InvalidSignature: all mean "issue another"
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return names.get_values_for_type(x509.DNSName) == hosts and left > timedelta(days=RENEW_BEFORE_DAYS)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} is not an EC key; delete it and ca.pem to have both created again")
    return key


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _write_private(file: Path, text: str) -> None:
    """Writes atomically; the file is never readable by others."""
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    unfinished.replace(file)
