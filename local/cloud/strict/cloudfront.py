"""Versions of what CloudFront has, and distributions that still serve. Source: Amazon CloudFront API Reference."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.models import cloudfront_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_FOUND = {
    "Distribution": ("distributions", "Id"),
    "OriginAccessControl": ("origin_access_controls", "Id"),
    "PublicKey": ("public_keys", "Id"),
    "KeyGroup": ("key_groups", "Id"),
    "Function": ("functions", "Name"),
    "KeyValueStore": ("key_value_stores", "Name"),
}
"""What has an ETag -> moto's dictionary of them, and the input that names one."""


def refusal(given: str | None, etag: str) -> AwsError | None:
    """Why a change of what has this ETag is refused, when the request gives another in If-Match, or none."""
    if not given:
        message = "The If-Match version is missing or not valid for the resource."
        return AwsError("InvalidIfMatchVersion", message, 400)
    if given != etag:
        message = "The request failed because it didn't meet the preconditions in one or more request-header fields."
        return AwsError("PreconditionFailed", message, 412)
    return None


def _found(request: ServiceRequest) -> Any:
    """What the request names; None when there is no such thing."""
    kind = request.operation.removeprefix("Update").removeprefix("Delete").removeprefix("Publish")
    dictionary, name = _FOUND[kind]
    return getattr(cloudfront_backends[ACCOUNT]["aws"], dictionary).get(request.inputs.get(name))


def _versioned(request: ServiceRequest) -> None:
    found = _found(request)
    if found is not None and (error := refusal(request.inputs.get("IfMatch"), found.etag)):
        raise error


def _delete_distribution(request: ServiceRequest) -> None:
    found = _found(request)
    _versioned(request)
    if found is not None and found.distribution_config.Enabled:
        message = "The distribution you are trying to delete has not been disabled."
        raise AwsError("DistributionNotDisabled", message, 409)


RULES: Rules = {
    **{("cloudfront", f"{verb}{kind}"): _versioned for verb in ("Update", "Delete") for kind in _FOUND},
    ("cloudfront", "PublishFunction"): _versioned,
    ("cloudfront", "DeleteDistribution"): _delete_distribution,
}
