"""No database, bucket or endpoint of an API is open to the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from infra.policies.declared import Deployment, Resource, is_true, listed, statements
from infra.policies.rule import ResourceRule

_WORLD = ("0.0.0.0/0", "::/0")
_CERTAIN = frozenset({"aws:PrincipalArn", "aws:PrincipalOrgID", "aws:SourceAccount", "aws:SourceArn"})
"""Condition keys that leave none but named principals. https://docs.aws.amazon.com/IAM/latest/UserGuide/
reference_policies_condition-keys.html"""

_DOMAIN = "aws:opensearch/domain:Domain"


def _database(resource: Resource) -> Iterator[str]:
    if is_true(resource.at("publiclyAccessible")):
        yield "publiclyAccessible must be false"


def _cluster(resource: Resource) -> Iterator[str]:
    """EKS opens the public endpoint to 0.0.0.0/0 unless it is told otherwise, and opens it where nothing is said."""
    if not is_true(resource.at("vpcConfig.endpointPublicAccess") in (None, True, "true")):
        return
    allowed = resource.at("vpcConfig.publicAccessCidrs")
    if not allowed:
        yield "the public endpoint is open to everyone: vpcConfig.publicAccessCidrs names no addresses"
    elif isinstance(allowed, list) and set(allowed) & set(_WORLD):
        yield "the public endpoint is open to everyone: vpcConfig.publicAccessCidrs has the whole world"


def _brokers(resource: Resource) -> Iterator[str]:
    access = resource.at("brokerNodeGroupInfo.connectivityInfo.publicAccess.type")
    if access not in (None, "DISABLED"):
        yield f"publicAccess of the brokers is {access}"


def _domain(resource: Resource) -> Iterator[str]:
    if not resource.at("vpcOptions.subnetIds"):
        yield "vpcOptions.subnetIds is missing: its endpoint is on the internet"
    if not is_true(resource.at("advancedSecurityOptions.enabled")):
        yield "advancedSecurityOptions.enabled is not true: whoever its policy admits needs no password"
    if resource.at("advancedSecurityOptions.anonymousAuthEnabled") is True:
        yield "advancedSecurityOptions.anonymousAuthEnabled is true: nobody needs a password"


def _ingress_rule(resource: Resource) -> Iterator[str]:
    if resource.at("type") == "egress":
        return
    found = [resource.at("cidrIpv4"), resource.at("cidrIpv6")]
    found += [*listed(resource.at("cidrBlocks")), *listed(resource.at("ipv6CidrBlocks"))]
    yield from _open_to_everyone(found)


def _security_group(resource: Resource) -> Iterator[str]:
    for rule in resource.items("ingress"):
        yield from _open_to_everyone([*listed(rule.get("cidrBlocks")), *listed(rule.get("ipv6CidrBlocks"))])


def _open_to_everyone(sources: Iterable[Any]) -> Iterator[str]:
    for source in sources:
        if source in _WORLD:
            yield f"everyone ({source}) may connect"


def _acl(resource: Resource) -> Iterator[str]:
    acl = resource.at("acl")
    if isinstance(acl, str) and acl.startswith(("public-", "authenticated-read")):
        yield f"its ACL is {acl}"


def _block(resource: Resource) -> Iterator[str]:
    for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        if not is_true(resource.at(name)):
            yield f"{name} is not true"


def _function_url(resource: Resource) -> Iterator[str]:
    if resource.at("authorizationType") == "NONE":
        yield "anyone may call it: authorizationType is NONE"


def _document(resource: Resource) -> Iterator[str]:
    for path, statement in statements(resource):
        principal = statement.get("Principal")
        named = principal.get("AWS") if isinstance(principal, Mapping) else principal
        if statement.get("Effect") == "Allow" and "*" in listed(named) and not _certain(statement):
            yield f"{path} allows everyone {', '.join(map(str, listed(statement.get('Action'))))}"


def _inside(resource: Resource) -> bool:
    """Whether it is a domain whose clients its security group admits, and then a password: requests with one have no
    principal, so its policy names everyone.

    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html#fgac-recommendations
    """
    return resource.type == _DOMAIN and not list(_domain(resource))


def _certain(statement: Mapping[str, Any]) -> bool:
    conditions = statement.get("Condition") or {}
    exact = {key for operator in ("StringEquals", "ArnEquals") for key in conditions.get(operator, {})}
    return bool(exact & _CERTAIN)


_CHECKS: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "aws:ec2/securityGroup:SecurityGroup": _security_group,
    "aws:ec2/securityGroupRule:SecurityGroupRule": _ingress_rule,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:lambda/functionUrl:FunctionUrl": _function_url,
    "aws:msk/cluster:Cluster": _brokers,
    _DOMAIN: _domain,
    "aws:rds/clusterInstance:ClusterInstance": _database,
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucket:Bucket": _acl,
    "aws:s3/bucketAcl:BucketAcl": _acl,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _block,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _ingress_rule,
}


def _check(resource: Resource, _: Deployment) -> Iterable[str]:
    if resource.type in _CHECKS:
        yield from _CHECKS[resource.type](resource)
    if not _inside(resource):
        yield from _document(resource)


RULE = ResourceRule(
    "no-public-access",
    "No database, broker, bucket, endpoint or policy is open to everyone; what a cluster lets in is named.",
    "What faces the world is CloudFront and the gateway, which ask who calls. Everything else is reached from inside.",
    _check,
)
