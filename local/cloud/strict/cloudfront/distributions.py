"""Distributions that name what there is. Source: Amazon CloudFront API Reference, CreateDistribution."""

from __future__ import annotations

from typing import Any

from moto.acm.models import acm_backends
from moto.cloudfront.models import cloudfront_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.cloudfront.config import Known, refusal
from local.cloud.strict.request import Rules, ServiceRequest

_REGION = "us-east-1"
"""Of the certificates of distributions."""


def _check(request: ServiceRequest) -> None:
    config = _config(request)
    _signers(config)
    certificates, cloudfront = acm_backends[ACCOUNT][_REGION]._certificates, cloudfront_backends[ACCOUNT]["aws"]
    if error := refusal(config, Known(certificates.keys(), cloudfront.origin_access_controls.keys())):
        raise error


def _config(request: ServiceRequest) -> dict[str, Any]:
    tagged = request.inputs.get("DistributionConfigWithTags") or {}
    return tagged.get("DistributionConfig") or request.inputs.get("DistributionConfig") or {}


def _signers(config: dict[str, Any]) -> None:
    """A distribution trusts groups of keys that exist."""
    behavior = config.get("DefaultCacheBehavior", {})
    groups = (behavior.get("TrustedKeyGroups") or {}).get("Items") or []
    if set(groups) - cloudfront_backends[ACCOUNT]["aws"].key_groups.keys():
        message = "The specified key group does not exist."
        raise AwsError("TrustedKeyGroupDoesNotExist", message, 400)


RULES: Rules = {
    ("cloudfront", operation): _check
    for operation in ("CreateDistribution", "CreateDistributionWithTags", "UpdateDistribution")
}
