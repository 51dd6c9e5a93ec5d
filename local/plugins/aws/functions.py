"""Functions of the package: what a program reads from AWS while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath

from local.plugins.aws.api import AwsApi
from local.plugins.provider.base import ProviderError
from local.plugins.provider.values import Values


@dataclass(frozen=True)
class Function:
    """One read. `arguments` are the API's names for the program's; `results` are paths into the response."""

    service: str
    operation: str
    results: Mapping[str, str]
    arguments: Mapping[str, str] = field(default_factory=dict)
    regional: bool = True
    """Whether the results name the region."""


_GROUP = {"clusterName": "clusterName", "nodeGroupName": "nodegroupName"}
FUNCTIONS = {
    "aws:index/getCallerIdentity:getCallerIdentity": Function(
        "sts",
        "GetCallerIdentity",
        {"accountId": "Account", "arn": "Arn", "userId": "UserId", "id": "Account"},
        regional=False,
    ),
    "aws:route53/getZone:getZone": Function(
        "route53",
        "GetHostedZone",
        {"name": "HostedZone.Name", "nameServers": "DelegationSet.NameServers", "zoneId": "HostedZone.Id"},
        {"zoneId": "Id"},
        regional=False,
    ),
    "aws:eks/getClusters:getClusters": Function("eks", "ListClusters", {"names": "clusters"}),
    "aws:eks/getAddonVersion:getAddonVersion": Function(
        "eks",
        "DescribeAddonVersions",
        {"version": "addons[0].addonVersions[?compatibilities[?defaultVersion]].addonVersion | [0]"},
        {"addonName": "addonName", "kubernetesVersion": "kubernetesVersion"},
    ),
    "aws:eks/getNodeGroups:getNodeGroups": Function(
        "eks", "ListNodegroups", {"names": "nodegroups"}, {"clusterName": "clusterName"}
    ),
    "aws:eks/getNodeGroup:getNodeGroup": Function(
        "eks",
        "DescribeNodegroup",
        {
            "arn": "nodegroup.nodegroupArn",
            "capacityType": "nodegroup.capacityType",
            "diskSize": "nodegroup.diskSize",
            "instanceTypes": "nodegroup.instanceTypes",
            "labels": "nodegroup.labels",
            "nodeRoleArn": "nodegroup.nodeRole",
            "scalingConfigs": "[nodegroup.scalingConfig]",
            "status": "nodegroup.status",
            "subnetIds": "nodegroup.subnets",
            "taints": "nodegroup.taints",
            "version": "nodegroup.version",
        },
        _GROUP,
    ),
}


def invoke(api: AwsApi, token: str, arguments: Values) -> Values:
    """The function's results and arguments. Raises ProviderError."""
    function = FUNCTIONS.get(token)
    given = {name: value for name, value in arguments.items() if value is not None}
    unknown = set(given) - {"region", *(function.arguments if function else ())}
    if function is None or unknown:
        what = f"the argument {min(unknown)} of {token}" if function else f"the function {token}"
        raise ProviderError(f"{what} is not provided on this machine")
    region = given.get("region") or api.region
    params = {member: given[name] for name, member in function.arguments.items() if name in given}
    answer = api.call(function.service, function.operation, params, region)
    found: dict[str, Any] = {name: jmespath.search(path, answer) for name, path in function.results.items()}
    where = {"region": region} if function.regional else {}
    present = {name: value for name, value in found.items() if value is not None}
    return {"id": ":".join(map(str, params.values())) or region, **given, **where, **present}
