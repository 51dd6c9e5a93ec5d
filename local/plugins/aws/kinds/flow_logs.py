"""Flow logs of VPCs."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search
from local.plugins.aws.kinds.ec2 import tagged

_REFUSED = "Unsuccessful[0].Error.[Code, Message]"

KINDS = (
    Kind(
        type="aws:ec2/flowLog:FlowLog",
        service="ec2",
        create=Call(
            "CreateFlowLogs", {"ResourceIds": ["{vpcId}"], "ResourceType": "VPC"}, match=True, refused=_REFUSED
        ),
        id=".FlowLogIds[0]",
        search=Search(
            Call("DescribeFlowLogs", {"Filter": [{"Name": "resource-id", "Values": ["{vpcId}"]}]}),
            "FlowLogs[].FlowLogId",
            by_tags=True,
        ),
        read=Call("DescribeFlowLogs", {"FlowLogIds": ["{id}"]}),
        found="FlowLogs[0]",
        delete=Call("DeleteFlowLogs", {"FlowLogIds": ["{id}"]}, refused=_REFUSED),
        rename={"iamRoleArn": "DeliverLogsPermissionArn"},
        observe={"vpcId": "ResourceId"},
        inputs=Inputs(
            source="internal/service/ec2/vpc_flow_log.go",
            replacing="iamRoleArn logDestination logDestinationType logFormat maxAggregationInterval trafficType vpcId",
        ),
        tags=tagged("vpc-flow-log"),
    ),
)
