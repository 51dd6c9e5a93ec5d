"""The local authority and its certificates."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography import x509

from local.gateway.certificate import ensure_ca, issue
from local.site import Site


def test_issuing_is_idempotent_and_other_hosts_get_another(tmp_path: Path) -> None:
    site = Site(tmp_path)
    first = issue(site, ["*.aurawellness.com"])
    assert issue(site, ["*.aurawellness.com"]) == first
    assert issue(site, ["api.example.com"]) != first


def test_a_new_authority_issues_a_new_certificate(tmp_path: Path) -> None:
    site = Site(tmp_path)
    first = issue(site, ["*.aurawellness.com"])
    ensure_ca(site).unlink()
    second = issue(site, ["*.aurawellness.com"])
    leaf, authority = x509.load_pem_x509_certificates(second.certificate.encode())
    leaf.verify_directly_issued_by(authority)
    assert authority == x509.load_pem_x509_certificate(ensure_ca(site).read_bytes())
    assert second != first


def test_keys_are_private(tmp_path: Path) -> None:
    site = Site(tmp_path)
    issue(site, ["*.aurawellness.com"])
    for file in (tmp_path / "ca.key", tmp_path / "gateway" / "tls.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
