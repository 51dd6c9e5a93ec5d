"""Configurations of distributions that CloudFront does not take. Pure.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html and API_DistributionConfig.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Any

from local.cloud.service.errors import AwsError
from local.cloud.strict.cloudfront import managed

Config = dict[str, Any]
"""DistributionConfig, as in a request."""

_CNAMES = (
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements"
)
_UNAUTHORIZED = (
    "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that "
    f"validates your authorization to use the domain name. For more details, see: {_CNAMES}"
)
_NO_CERTIFICATE = (
    "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid "
    "certificate chain."
)
_WEB_ACL = (
    "A web ACL ID specified is not valid. To specify a web ACL created using the latest version of AWS WAF, use the "
    "ACL ARN, for example arn:aws:wafv2:us-east-1:123456789012:global/webacl/ExampleWebACL/"
    "473e64fd-f30b-4765-81a0-62ad96dd167a."
)
_GLOBAL_ACL = re.compile(r"arn:aws:wafv2:us-east-1:\d{12}:global/webacl/.+")
_PRICE_CLASSES = ("PriceClass_100", "PriceClass_200", "PriceClass_All", "None")
_POLICIES = (
    ("CachePolicyId", managed.CACHE, "NoSuchCachePolicy", "The cache policy does not exist."),
    ("OriginRequestPolicyId", managed.ORIGIN_REQUEST, "NoSuchOriginRequestPolicy", "The policy does not exist."),
    (
        "ResponseHeadersPolicyId",
        managed.RESPONSE_HEADERS,
        "NoSuchResponseHeadersPolicy",
        "The response headers policy does not exist.",
    ),
)
"""Member of a behavior, what it may be, and the error for what else it is."""


@dataclass(frozen=True)
class Known:
    """What there is that a distribution may name."""

    certificates: Set[str]
    """ARNs of those of us-east-1."""
    access_controls: Set[str]
    """Ids."""


def refusal(config: Config, known: Known) -> AwsError | None:
    """Why a distribution with this configuration is refused; None when it is not."""
    return next((error for rule in _RULES for error in rule(config, known)), None)


def _quantities(config: Any, known: Known) -> Iterator[AwsError]:
    members = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
    if isinstance(config, dict) and "Quantity" in config and int(config["Quantity"]) != len(config.get("Items") or ()):
        yield AwsError("InconsistentQuantities", "The value of Quantity and the size of Items don't match.", 400)
    for member in members:
        yield from _quantities(member, known)


def _certificate(config: Config, known: Known) -> Iterator[AwsError]:
    given = config.get("ViewerCertificate") or {}
    arn = given.get("ACMCertificateArn")
    if arn and arn not in known.certificates:
        yield AwsError("InvalidViewerCertificate", _NO_CERTIFICATE, 400)
    if (config.get("Aliases") or {}).get("Items") and not (arn or given.get("IAMCertificateId")):
        yield AwsError("InvalidViewerCertificate", _UNAUTHORIZED, 400)


def _origins(config: Config, known: Known) -> Iterator[AwsError]:
    for origin in (config.get("Origins") or {}).get("Items") or ():
        path, control = origin.get("OriginPath") or "", origin.get("OriginAccessControlId")
        if path and (not path.startswith("/") or path.endswith("/")):
            yield _invalid("The parameter OriginPath must begin with a / and must not end with one.")
        if control and control not in known.access_controls:
            yield AwsError("InvalidOriginAccessControl", "The origin access control is not valid.", 400)


def _behaviors(config: Config, known: Known) -> Iterator[AwsError]:
    others = (config.get("CacheBehaviors") or {}).get("Items") or []
    for behavior in filter(None, (config.get("DefaultCacheBehavior"), *others)):
        if not behavior.get("CachePolicyId") and "ForwardedValues" not in behavior:
            yield _invalid("The parameter ForwardedValues is required.")
        for member, ids, code, message in _POLICIES:
            if (id := behavior.get(member)) and id not in ids.values():
                yield AwsError(code, message, 404)


def _price_class(config: Config, known: Known) -> Iterator[AwsError]:
    if (given := config.get("PriceClass")) and given not in _PRICE_CLASSES:
        yield _invalid(f"The parameter PriceClass has an invalid value: {given}.")


def _web_acl(config: Config, known: Known) -> Iterator[AwsError]:
    given = config.get("WebACLId") or ""
    if given.startswith("arn:") and not _GLOBAL_ACL.fullmatch(given):
        yield AwsError("InvalidWebACLId", _WEB_ACL, 400)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidArgument", message, 400)


_RULES: tuple[Callable[[Config, Known], Iterator[AwsError]], ...] = (
    *(_quantities, _price_class, _origins, _behaviors, _certificate, _web_acl),
)
