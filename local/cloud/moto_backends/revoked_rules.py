"""Who revokes rules of a security group is told which ones, with their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.security_groups import SecurityGroups

_ingress = SecurityGroups.revoke_security_group_ingress
_egress = SecurityGroups.revoke_security_group_egress


def install() -> None:
    """Replaces methods of moto's class."""
    setattr(SecurityGroups, "revoke_security_group_ingress", _telling(_ingress))  # noqa: B010  (typed as a method)
    setattr(SecurityGroups, "revoke_security_group_egress", _telling(_egress))  # noqa: B010


def _telling(revoke: Callable[[SecurityGroups], ActionResult]) -> Callable[[SecurityGroups], ActionResult]:
    def revoked(self: SecurityGroups) -> ActionResult:
        before = _rules(self)
        revoke(self)
        left = {rule.id for rule in _rules(self)}
        gone = [rule for rule in before if rule.id not in left]
        return ActionResult({"Return": True, "RevokedSecurityGroupRules": gone})

    return revoked


def _rules(self: Any) -> list[Any]:
    name = self._get_param("GroupId") or self._get_param("GroupName")
    group = self.ec2_backend.get_security_group_by_name_or_id(name)
    return [*group.ingress_rules, *group.egress_rules] if group else []
