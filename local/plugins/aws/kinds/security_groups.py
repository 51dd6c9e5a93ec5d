"""Security groups and their rules (a resource each; inline rules of a group are rejected)."""

from __future__ import annotations

from collections.abc import Callable

from local.plugins.aws.inputs import Effect, Inputs
from local.plugins.aws.kind import Call, Kind
from local.plugins.aws.kinds.ec2 import by, tagged
from local.plugins.provider.values import Values

_EVERYTHING = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]

_RULE = {
    "IpProtocol": "{ipProtocol}",
    "FromPort": "{fromPort}",
    "ToPort": "{toPort}",
    "CidrIpv4": "{cidrIpv4}",
    "PrefixListId": "{prefixListId}",
    "ReferencedGroupId": "{referencedSecurityGroupId}",
    "Description": "{description}",
}
_SAME_TRAFFIC = (
    "IpProtocol == '{ipProtocol}' && "
    "(IpProtocol == '-1' || (to_string(FromPort) == '{fromPort}' && to_string(ToPort) == '{toPort}')) && "
    "(CidrIpv4 || '') == '{cidrIpv4}' && (ReferencedGroupInfo.GroupId || '') == '{referencedSecurityGroupId}'"
)
"""AWS allows one rule for it; a rule for all traffic has no ports."""


def _source(name: str) -> Callable[[Values, Values], Effect]:
    """AWS refuses to make a rule for addresses one for a group."""
    return lambda old, new: Effect.IN_PLACE if old.get(name) is not None else Effect.REPLACING


def _rule(way: str) -> Kind:
    permission = {
        "IpProtocol": "{ipProtocol}",
        "FromPort": "{fromPort}",
        "ToPort": "{toPort}",
        "IpRanges": [{"CidrIp": "{cidrIpv4}", "Description": "{description}"}],
        "UserIdGroupPairs": [{"GroupId": "{referencedSecurityGroupId}", "Description": "{description}"}],
        "PrefixListIds": [{"PrefixListId": "{prefixListId}", "Description": "{description}"}],
    }
    return Kind(
        type=f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule",
        service="ec2",
        create=Call(f"AuthorizeSecurityGroup{way}", {"GroupId": "{securityGroupId}", "IpPermissions": [permission]}),
        id=".SecurityGroupRules[0].SecurityGroupRuleId",
        search=by(
            "DescribeSecurityGroupRules",
            f"SecurityGroupRules[?{_SAME_TRAFFIC} && IsEgress == `{str(way == 'Egress').lower()}`].SecurityGroupRuleId",
            group_id="{securityGroupId}",
        ),
        read=Call("DescribeSecurityGroupRules", {"SecurityGroupRuleIds": ["{id}"]}),
        found="SecurityGroupRules[?SecurityGroupRuleId == '{id}'] | [0]",
        delete=Call(f"RevokeSecurityGroup{way}", {"GroupId": "{securityGroupId}", "SecurityGroupRuleIds": ["{id}"]}),
        observe={
            "securityGroupId": "GroupId",
            "cidrIpv4": "CidrIpv4",
            "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
        },
        modify=Call(
            "ModifySecurityGroupRules",
            {
                "GroupId": "{securityGroupId}",
                "SecurityGroupRules": [{"SecurityGroupRuleId": "{id}", "SecurityGroupRule": _RULE}],
            },
        ),
        inputs=Inputs(
            source="internal/service/ec2/vpc_security_group_ingress_rule.go",
            in_place="cidrIpv4 description fromPort ipProtocol prefixListId referencedSecurityGroupId toPort",
            replacing="securityGroupId",
            depending={name: _source(name) for name in ("cidrIpv4", "prefixListId", "referencedSecurityGroupId")},
            absent={"description": ""},
        ),
        tags=tagged("security-group-rule"),
        delete_before_replace=True,
    )


KINDS = (
    Kind(
        type="aws:ec2/securityGroup:SecurityGroup",
        service="ec2",
        create=Call("CreateSecurityGroup", {"GroupName": "{name}", "Description": "{description}", "VpcId": "{vpcId}"}),
        id=".GroupId",
        search=by("DescribeSecurityGroups", "SecurityGroups[].GroupId", group_name="{name}", vpc_id="{vpcId}"),
        read=Call("DescribeSecurityGroups", {"GroupIds": ["{id}"]}),
        found="SecurityGroups[0]",
        delete=Call("DeleteSecurityGroup", {"GroupId": "{id}"}),
        name="name",
        rename={"name": "GroupName"},
        defaults={"description": "Managed by Pulumi"},
        after_create=(Call("RevokeSecurityGroupEgress", {"GroupId": "{id}", "IpPermissions": _EVERYTHING}),),
        inputs=Inputs(source="internal/service/ec2/vpc_security_group.go", replacing="name description vpcId"),
        outputs={"arn": "SecurityGroupArn", "ownerId": "OwnerId"},
        tags=tagged("security-group"),
    ),
    _rule("Ingress"),
    _rule("Egress"),
)
