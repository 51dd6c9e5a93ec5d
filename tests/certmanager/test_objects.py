"""Certificates and ClusterIssuers: what is served of them, and their statuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.certmanager import objects
from local.gateway.certificate import issue
from local.site import Site

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ISSUER = {"kind": "ClusterIssuer", "name": "letsencrypt"}


def certificate(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "aura", "generation": 3}
    return {"metadata": metadata, "spec": {"secretName": "tls", "dnsNames": ["a.example"], "issuerRef": ISSUER, **spec}}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, ""),
        ({"privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}}, ""),
        ({"privateKey": {"algorithm": "RSA"}}, "spec.privateKey.algorithm: RSA is not served"),
        ({"isCA": True}, "spec.isCA is not served"),
        ({"keystores": {"jks": {"create": True}}}, "spec.keystores is not served"),
        ({"dnsNames": []}, "spec.dnsNames is empty"),
        ({"issuerRef": {"kind": "Issuer", "name": "letsencrypt"}}, "must name a ClusterIssuer"),
        ({"issuerRef": {"name": "letsencrypt"}}, "must name a ClusterIssuer"),
    ],
)
def test_what_a_certificate_demands_and_is_not_done_is_named(spec: dict[str, Any], words: str) -> None:
    found = objects.unsupported(certificate(**spec)["spec"])
    assert words in found and bool(words) == bool(found)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"acme": {"solvers": [{"dns01": {"route53": {"region": "us-west-2", "hostedZoneID": "Z1"}}}]}}, ""),
        ({"acme": {"solvers": [{"dns01": {"route53": {"region": "us-west-2"}}}]}}, "no hostedZoneID"),
        ({"acme": {"solvers": [{"http01": {"ingress": {}}}]}}, "not dns01.route53"),
        ({"selfSigned": {}}, "solvers is empty"),
    ],
)
def test_an_issuer_that_could_not_prove_the_names_on_aws_is_not_ready(spec: dict[str, Any], words: str) -> None:
    found = objects.unsupported_issuer(spec)
    assert words in found and bool(words) == bool(found)
    assert objects.is_ready({"status": objects.issuer_status({"metadata": {}}, found, NOW)}) == (not words)


def test_a_secret_holds_what_was_issued_and_is_read_again(tmp_path: Path) -> None:
    content = issue(Site(tmp_path), ["a.example"])
    written = objects.secret(certificate(), content)
    assert (written["metadata"]["name"], written["metadata"]["namespace"]) == ("tls", "aura")
    assert objects.issued(written) == content


@pytest.mark.parametrize("data", [None, {}, {"tls.crt": "QQ=="}, {"tls.crt": "%", "tls.key": "QQ=="}])
def test_a_secret_without_a_certificate_is_none(data: dict[str, str] | None) -> None:
    assert objects.issued({"data": data}) is None


def test_the_status_has_not_after_and_renewal_time(tmp_path: Path) -> None:
    content = issue(Site(tmp_path), ["a.example"])
    status = objects.certificate_status(certificate(), content, "", NOW)
    assert objects.is_ready({"status": status})
    until, renewal = (datetime.fromisoformat(status[key]) for key in ("notAfter", "renewalTime"))
    assert until - renewal == timedelta(days=30)
    assert status["conditions"][0]["observedGeneration"] == 3


def test_the_time_of_a_condition_changes_with_its_status_only(tmp_path: Path) -> None:
    broken = certificate()
    broken["status"] = objects.certificate_status(broken, None, "the ClusterIssuer x is not Ready", NOW)
    later = NOW + timedelta(hours=1)
    again = objects.certificate_status(broken, None, "the ClusterIssuer x is not Ready", later)
    assert again == broken["status"]
    good = objects.certificate_status(broken, issue(Site(tmp_path), ["a.example"]), "", later)
    assert good["conditions"][0]["lastTransitionTime"] == "2026-11-28T13:00:00Z"
