"""The local authority and its certificates."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography import x509

from local.gateway.certificate import IssuedCertificate, ensure_ca, issue
from local.site import Site


def test_a_certificate_is_kept_for_the_same_hosts_only(tmp_path: Path) -> None:
    site = Site(tmp_path)
    first = issue(site, ["*.aurawellness.com"])
    assert issue(site, ["*.aurawellness.com"], first) == first
    assert issue(site, ["api.example.com"], first) != first
    assert issue(site, ["*.aurawellness.com"]) != first


def test_a_certificate_is_not_kept_with_the_key_of_another(tmp_path: Path) -> None:
    site = Site(tmp_path)
    first, other = issue(site, ["*.aurawellness.com"]), issue(site, ["*.aurawellness.com"])
    mixed = IssuedCertificate(first.certificate, other.key)
    assert issue(site, ["*.aurawellness.com"], mixed) not in (mixed, first, other)


def test_a_new_authority_issues_a_new_certificate(tmp_path: Path) -> None:
    site = Site(tmp_path)
    first = issue(site, ["*.aurawellness.com"])
    ensure_ca(site).unlink()
    second = issue(site, ["*.aurawellness.com"], first)
    leaf, authority = x509.load_pem_x509_certificates(second.certificate.encode())
    leaf.verify_directly_issued_by(authority)
    assert authority == x509.load_pem_x509_certificate(ensure_ca(site).read_bytes())
    assert second != first


def test_the_key_of_the_authority_is_private(tmp_path: Path) -> None:
    ensure_ca(Site(tmp_path))
    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600
