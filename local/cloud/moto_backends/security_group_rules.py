"""A rule that admits a security group admits another one when it is modified, which moto answers and does not do."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.security_groups import SecurityGroupBackend

_modify = SecurityGroupBackend.modify_security_group_rules


def install() -> None:
    """Replaces the method in moto's class, so that pickles keep referring to that class."""
    SecurityGroupBackend.modify_security_group_rules = _modify_with_groups


def _modify_with_groups(self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
    _modify(self, group_id, rules)
    group = self.get_security_group_by_name_or_id(group_id)
    for id, new in rules.items():
        admitted = new.get("ReferencedGroupId")
        if admitted is not None:
            rule = group.get_rule(id)
            description = rule.ip_range.pop("Description", None)
            rule.source_group = {**rule.source_group, "GroupId": admitted}
            rule.source_group |= {"Description": description} if description is not None else {}
