"""A certificate is issued when, and only when, its domain is proved in Route 53."""

from __future__ import annotations

import pytest

from local.cloud.moto_backends.acm import is_validated
from tests.fixtures.cloud import Cloud

OPTION = {"ResourceRecord": {"Name": "_proof.example.com.", "Type": "CNAME", "Value": "_value.acm."}}


@pytest.mark.parametrize(
    ("records", "issued"),
    [
        ({("_proof.example.com", "_value.acm")}, True),
        ({("_proof.example.com", "_other.acm")}, False),
        ({("_proof.example.org", "_value.acm")}, False),
        (set(), False),
    ],
)
def test_proof_is_the_record_with_its_value(records: set[tuple[str, str]], issued: bool) -> None:
    assert is_validated([OPTION], records) is issued


@pytest.mark.integration
def test_certificate_waits_for_its_record(cloud: Cloud) -> None:
    acm, route53 = cloud.client("acm"), cloud.client("route53")
    arn = acm.request_certificate(DomainName="calm.example.net", ValidationMethod="DNS")["CertificateArn"]
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert certificate["Status"] == "PENDING_VALIDATION"
    record = certificate["DomainValidationOptions"][0]["ResourceRecord"]
    proof = {
        "Name": record["Name"],
        "Type": record["Type"],
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    zone = route53.create_hosted_zone(Name="example.net", CallerReference="certificates")["HostedZone"]["Id"]
    changes = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": proof}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
