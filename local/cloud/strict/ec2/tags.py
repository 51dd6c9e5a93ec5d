"""Keys of tags that are AWS's own. Source: Amazon EC2 User Guide, "Tag restrictions"."""

from __future__ import annotations

from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_CREATE = (
    *("CreateVpc", "CreateSubnet", "CreateInternetGateway", "CreateNatGateway", "CreateRouteTable", "CreateNetworkAcl"),
    *("CreateSecurityGroup", "CreateVpcEndpoint", "CreateFlowLogs", "CreateNetworkInterface", "AllocateAddress"),
    *("CreateLaunchTemplate", "CreateVolume", "CreateSnapshot", "RunInstances"),
)


def _check(request: ServiceRequest) -> None:
    given = [*(request.inputs.get("Tags") or ())]
    for specification in request.inputs.get("TagSpecifications") or ():
        given += specification.get("Tags") or ()
    if any(tag.get("Key", "").lower().startswith("aws:") for tag in given):
        message = "Tag keys starting with 'aws:' are reserved for internal use"
        raise AwsError("InvalidParameterValue", message)


RULES: Rules = {("ec2", operation): _check for operation in ("CreateTags", *_CREATE)}
