"""CloudFront: invalidations complete as AWS spells it, a change gives a distribution another ETag, a behavior may name
a group of origins, and groups of keys are changed and deleted."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.exceptions import OriginDoesNotExist
from moto.cloudfront.models import CloudFrontBackend, DistributionConfig, Invalidation, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult

_configure = DistributionConfig.__init__
_make = Invalidation.__init__
_update = CloudFrontBackend.update_distribution


def install() -> None:
    """Replaces methods of moto's classes, so that pickles keep referring to those classes."""
    DistributionConfig.__init__ = _configured
    Invalidation.__init__ = _made
    CloudFrontBackend.update_distribution = _updated
    CloudFrontResponse.update_key_group = _update_key_group  # pyright: ignore[reportAttributeAccessIssue]
    CloudFrontResponse.delete_key_group = _delete_key_group  # pyright: ignore[reportAttributeAccessIssue]


def _configured(self: Any, config: dict[str, Any]) -> None:
    """moto knows no group by which a behavior could name its origins. Raises OriginDoesNotExist."""
    behavior = config["DefaultCacheBehavior"]
    target, origins = behavior["TargetOriginId"], [origin["Id"] for origin in config["Origins"]["Items"]]
    groups = {group["Id"]: group["Members"]["Items"] for group in (config.get("OriginGroups") or {}).get("Items") or []}
    if any(member["OriginId"] not in origins for members in groups.values() for member in members):
        raise OriginDoesNotExist
    if target in groups:
        config = {**config, "DefaultCacheBehavior": {**behavior, "TargetOriginId": origins[0]}}
    _configure(self, config)
    self.DefaultCacheBehavior.target_origin_id = target


def _made(self: Any, *arguments: Any, **named: Any) -> None:
    _make(self, *arguments, **named)
    self.status = "Completed"


def _updated(self: Any, *arguments: Any, **named: Any) -> Any:
    distribution, location, _ = _update(self, *arguments, **named)
    distribution.etag = random_id()
    return distribution, location, distribution.etag


def _update_key_group(self: Any) -> ActionResult:
    group = self.backend.get_key_group(self._get_param("Id"))
    group.name = self._get_param("KeyGroupConfig.Name")
    group.items = self._get_param("KeyGroupConfig.Items", [])
    group.etag = random_id(length=14)
    return ActionResult({"KeyGroup": group, "ETag": group.etag})


def _delete_key_group(self: Any) -> EmptyResult:
    self.backend.key_groups.pop(self._get_param("Id"))
    return EmptyResult()
