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


def _keys(request: ServiceRequest) -> None:
    """A group has keys that exist."""
    keys = request.inputs.get("KeyGroupConfig", {}).get("Items") or []
    if set(keys) - cloudfront_backends[ACCOUNT]["aws"].public_keys.keys():
        raise AwsError("InvalidArgument", "The parameter Items contains a public key that does not exist.", 400)


def _update_key_group(request: ServiceRequest) -> None:
    _versioned(request)
    _keys(request)


def _delete_key_group(request: ServiceRequest) -> None:
    _versioned(request)
    group = request.inputs.get("Id")
    for one in cloudfront_backends[ACCOUNT]["aws"].distributions.values():
        config: Any = one.distribution_config  # moto sets its attributes from the request
        if group in config.DefaultCacheBehavior.trusted_key_groups.items:
            raise AwsError("ResourceInUse", "Cannot delete this resource because it is in use.", 409)


def _delete_public_key(request: ServiceRequest) -> None:
    _versioned(request)
    if any(
        request.inputs.get("Id") in group.items for group in cloudfront_backends[ACCOUNT]["aws"].key_groups.values()
    ):
        raise AwsError("PublicKeyInUse", "The specified public key is in use.", 409)


RULES: Rules = {
    **{("cloudfront", f"{verb}{kind}"): _versioned for verb in ("Update", "Delete") for kind in _FOUND},
    ("cloudfront", "PublishFunction"): _versioned,
    ("cloudfront", "DeleteDistribution"): _delete_distribution,
    ("cloudfront", "CreateKeyGroup"): _keys,
    ("cloudfront", "UpdateKeyGroup"): _update_key_group,
    ("cloudfront", "DeleteKeyGroup"): _delete_key_group,
    ("cloudfront", "DeletePublicKey"): _delete_public_key,
}
