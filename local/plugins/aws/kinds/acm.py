"""Certificates, validated by DNS."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search, SeparateCall, Tags, Waiter

_OPTIONS = (
    "DomainValidationOptions[].{domainName: DomainName, resourceRecordName: ResourceRecord.Name, "
    "resourceRecordType: ResourceRecord.Type, resourceRecordValue: ResourceRecord.Value}"
)

KINDS = (
    Kind(
        type="aws:acm/certificate:Certificate",
        service="acm",
        create=Call("RequestCertificate", match=True),
        id=".CertificateArn",
        search=Search(
            Call("ListCertificates"),
            "CertificateSummaryList[?DomainName == '{domainName}'].CertificateArn",
            by_tags=True,
        ),
        read=Call("DescribeCertificate", {"CertificateArn": "{id}"}),
        found="Certificate",
        delete=Call("DeleteCertificate", {"CertificateArn": "{id}"}),
        observe={"validationMethod": "DomainValidationOptions[0].ValidationMethod", "subjectAlternativeNames": ""},
        inputs=Inputs(
            source="internal/service/acm/certificate.go",
            in_place="options",
            replacing="domainName subjectAlternativeNames validationMethod keyAlgorithm certificateAuthorityArn",
            sets="subjectAlternativeNames",
        ),
        separate=(
            SeparateCall(
                ("options",),
                Call("UpdateCertificateOptions", {"CertificateArn": "{id}", "Options": "{options}"}),
                created=True,
            ),
        ),
        outputs={"arn": "CertificateArn", "domainValidationOptions": _OPTIONS},
        tags=Tags(
            create="Tags",
            set=Call("AddTagsToCertificate", {"CertificateArn": "{id}", "Tags": "{tagSet}"}),
            unset=Call("RemoveTagsFromCertificate", {"CertificateArn": "{id}", "Tags": "{tagPairs}"}),
            lookup=Call("ListTagsForCertificate", {"CertificateArn": "{id}"}),
        ),
    ),
    Kind(
        type="aws:acm/certificateValidation:CertificateValidation",
        service="acm",
        create=Call("DescribeCertificate", {"CertificateArn": "{certificateArn}"}),
        id="{certificateArn}",
        upsert=True,
        read=Call("DescribeCertificate", {"CertificateArn": "{id}"}),
        found="Certificate",
        delete=None,
        inputs=Inputs(
            source="internal/service/acm/certificate_validation.go",
            replacing="certificateArn validationRecordFqdns",
            sets="validationRecordFqdns",
        ),
        derived_from=frozenset({"validationRecordFqdns"}),
        ready=Waiter("Status", frozenset({"ISSUED"}), frozenset({"FAILED", "VALIDATION_TIMED_OUT", "REVOKED"})),
    ),
)
