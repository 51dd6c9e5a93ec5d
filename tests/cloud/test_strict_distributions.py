"""CloudFront refuses configurations of distributions that AWS refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.cloud.strict.cloudfront.managed import CACHE, ORIGIN_REQUEST, RESPONSE_HEADERS
from tests.fixtures.cloud import REGION, Cloud, code

pytestmark = pytest.mark.integration
Config = dict[str, Any]
UNKNOWN = "00000000-0000-4000-8000-000000000000"
HOST = "strict.distributions.example"
GOOD: Config = {
    "CallerReference": "test-strict",
    "Comment": "",
    "Enabled": False,
    "PriceClass": "PriceClass_100",
    "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/1",
    "Origins": {
        "Quantity": 1,
        "Items": [
            {
                "Id": "o",
                "DomainName": "o.s3.amazonaws.com",
                "OriginPath": "/of",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            }
        ],
    },
    "DefaultCacheBehavior": {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": CACHE["CachingOptimized"],
        "OriginRequestPolicyId": ORIGIN_REQUEST["AllViewer"],
        "ResponseHeadersPolicyId": RESPONSE_HEADERS["SimpleCORS"],
    },
}


@pytest.fixture(scope="module")
def cloudfront(cloud: Cloud) -> Any:
    return cloud.client("cloudfront", region="us-east-1")


def with_behavior(**given: Any) -> Callable[[Config], None]:
    return lambda config: config["DefaultCacheBehavior"].update(given)


def with_origin(**given: Any) -> Callable[[Config], None]:
    return lambda config: config["Origins"]["Items"][0].update(given)


def with_more(**given: Any) -> Callable[[Config], None]:
    return lambda config: config.update(given)


def without_policy(config: Config) -> None:
    del config["DefaultCacheBehavior"]["CachePolicyId"]


WRONG: list[tuple[Callable[[Config], None], str]] = [
    (with_more(Aliases={"Quantity": 1, "Items": [HOST]}), "InvalidViewerCertificate"),
    (with_behavior(CachePolicyId=UNKNOWN), "NoSuchCachePolicy"),
    (with_behavior(OriginRequestPolicyId=UNKNOWN), "NoSuchOriginRequestPolicy"),
    (with_behavior(ResponseHeadersPolicyId=UNKNOWN), "NoSuchResponseHeadersPolicy"),
    (without_policy, "InvalidArgument"),
    (with_origin(OriginAccessControlId="E1"), "InvalidOriginAccessControl"),
    (with_origin(OriginPath="of"), "InvalidArgument"),
    (with_origin(CustomHeaders={"Quantity": 1}), "InconsistentQuantities"),
    (with_more(CacheBehaviors={"Quantity": 1, "Items": []}), "InconsistentQuantities"),
    (with_more(PriceClass="bogus"), "InvalidArgument"),
    (with_more(WebACLId="arn:aws:wafv2:us-west-2:123456789012:regional/webacl/a/1"), "InvalidWebACLId"),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
def test_a_wrong_configuration_is_refused(cloudfront: Any, change: Callable[[Config], None], expected: str) -> None:
    config = copy.deepcopy(GOOD)
    change(config)
    assert code(cloudfront.create_distribution, DistributionConfig=config) == expected
    tagged = {"DistributionConfig": config, "Tags": {"Items": []}}
    assert code(cloudfront.create_distribution_with_tags, DistributionConfigWithTags=tagged) == expected


@pytest.fixture
def made(cloudfront: Any) -> Iterator[dict[str, Any]]:
    """A distribution as GOOD says; deleted in the version that it then has."""
    distribution = cloudfront.create_distribution(DistributionConfig=GOOD)
    yield distribution
    id = distribution["Distribution"]["Id"]
    cloudfront.delete_distribution(Id=id, IfMatch=cloudfront.get_distribution(Id=id)["ETag"])


def test_an_update_is_refused_as_a_creation_is(cloudfront: Any, made: dict[str, Any]) -> None:
    id, etag = made["Distribution"]["Id"], made["ETag"]
    config = cloudfront.get_distribution_config(Id=id)["DistributionConfig"]
    wrong = {**config, "PriceClass": "bogus"}
    refused = code(cloudfront.update_distribution, Id=id, IfMatch=etag, DistributionConfig=wrong)
    assert refused == "InvalidArgument"
    cloudfront.update_distribution(Id=id, IfMatch=etag, DistributionConfig={**config, "Comment": "read and written"})


def test_the_certificate_of_an_alias_is_of_the_region_of_cloudfront(
    cloud: Cloud, cloudfront: Any, made: dict[str, Any]
) -> None:
    id, etag = made["Distribution"]["Id"], made["ETag"]
    certificates = {
        region: cloud.client("acm", region).request_certificate(DomainName=HOST, ValidationMethod="DNS")
        for region in (REGION, "us-east-1")
    }

    def of(region: str) -> dict[str, Any]:
        certificate = {"ACMCertificateArn": certificates[region]["CertificateArn"], "SSLSupportMethod": "sni-only"}
        more = {"Aliases": {"Quantity": 1, "Items": [HOST]}, "ViewerCertificate": certificate}
        return {"Id": id, "IfMatch": etag, "DistributionConfig": {**copy.deepcopy(GOOD), **more}}

    assert code(cloudfront.update_distribution, **of(REGION)) == "InvalidViewerCertificate"
    cloudfront.update_distribution(**of("us-east-1"))
