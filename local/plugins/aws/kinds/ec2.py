"""Networks: VPC, subnets, gateways, routes."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Effect, Inputs
from local.plugins.aws.kind import Call, Fresh, Kind, Search, SeparateCall, Tags, Waiter
from local.plugins.provider.values import Values

SET_TAGS = Call("CreateTags", {"Resources": ["{id}"], "Tags": "{tagSet}"})
UNSET_TAGS = Call("DeleteTags", {"Resources": ["{id}"], "Tags": "{tagPairs}"})


def tagged(resource: str) -> Tags:
    return Tags(create=resource, form="ec2", set=SET_TAGS, unset=UNSET_TAGS)


def _by_tags(operation: str, ids: str) -> Search:
    return Search(Call(operation, {"Filters": "{tagFilters}"}), ids, by_tags=True)


def by(operation: str, ids: str, by_tags: bool = False, **filters: str) -> Search:
    """`filters`: EC2's filter, with underscores for its dashes and double ones for its dots, and its value."""
    named = {name.replace("__", ".").replace("_", "-"): value for name, value in filters.items()}
    return Search(
        Call(operation, {"Filters": [{"Name": name, "Values": [value]} for name, value in named.items()]}), ids, by_tags
    )


def _vpc_attribute(input: str, unless: bool) -> SeparateCall:
    member = input[0].upper() + input[1:]
    return SeparateCall(
        (input,),
        Call("ModifyVpcAttribute", {"VpcId": "{id}", member: {"Value": f"{{{input}}}"}}),
        lookup=Call("DescribeVpcAttribute", {"VpcId": "{id}", "Attribute": input}),
        path=f"{member}.Value",
        unless=unless,
    )


_ASSOCIATIONS = Call("DescribeRouteTables", {"Filters": [{"Name": "association.subnet-id", "Values": ["{subnetId}"]}]})
_ASSOCIATION = "RouteTables[].Associations[] | [?SubnetId == '{subnetId}'] | [0]"
"""By the subnet, of which there is one: another route table gives the association another id."""


def _tenancy(old: Values, new: Values) -> Effect:
    return Effect.IN_PLACE if old.get("instanceTenancy") == "dedicated" else Effect.REPLACING


def _moved(old: Values, known: Values) -> list[Call]:
    ways = (("Detach", old.get("vpcId")), ("Attach", known.get("vpcId")))
    return [Call(f"{way}InternetGateway", {"InternetGatewayId": "{id}", "VpcId": vpc}) for way, vpc in ways if vpc]


def _endpoint(old: Values, known: Values) -> list[Call]:
    lists = {"RouteTable": "routeTableIds", "Subnet": "subnetIds", "SecurityGroup": "securityGroupIds"}
    fields: dict[str, Any] = {"VpcEndpointId": "{id}"}
    for noun, name in lists.items():
        before, after = set(old.get(name) or ()), set(known.get(name) or ())
        for way, ids in (("Add", after - before), ("Remove", before - after)):
            fields |= {f"{way}{noun}Ids": sorted(ids)} if ids else {}
    if old.get("privateDnsEnabled") != known.get("privateDnsEnabled"):
        fields["PrivateDnsEnabled"] = "{privateDnsEnabled}"
    return [Call("ModifyVpcEndpoint", fields)]


def _simple(type: str, noun: str, name: str, filters: str, found: str, **more: Any) -> Kind:
    """A type with the usual calls: Create<noun>, Describe<noun>s with a list of ids, Delete<noun>."""
    return Kind(
        type=type,
        service="ec2",
        create=more.pop("create", Call(f"Create{noun}", match=True)),
        id=f".{noun}.{name}",
        read=Call(f"Describe{noun}s", {filters: ["{id}"]}),
        found=found,
        delete=more.pop("delete", Call(f"Delete{noun}", {name: "{id}"})),
        **more,
    )


KINDS = (
    _simple(
        "aws:ec2/vpc:Vpc",
        "Vpc",
        "VpcId",
        "VpcIds",
        "Vpcs[0]",
        search=_by_tags("DescribeVpcs", "Vpcs[].VpcId"),
        separate=(
            _vpc_attribute("enableDnsSupport", True),
            _vpc_attribute("enableDnsHostnames", False),
            SeparateCall(
                ("instanceTenancy",),
                Call("ModifyVpcTenancy", {"VpcId": "{id}", "InstanceTenancy": "{instanceTenancy}"}),
                created=True,
            ),
        ),
        inputs=Inputs(
            source="internal/service/ec2/vpc_.go",
            in_place="enableDnsSupport enableDnsHostnames instanceTenancy",
            replacing="cidrBlock ipv4IpamPoolId ipv4NetmaskLength",
            depending={"instanceTenancy": _tenancy},
            absent={"enableDnsSupport": True, "instanceTenancy": "default"},
        ),
        outputs={"arn": "join('', ['arn:aws:ec2:vpc/', VpcId])", "cidrBlock": "CidrBlock"},
        ready=Waiter("State", frozenset({"available"})),
        tags=tagged("vpc"),
    ),
    _simple(
        "aws:ec2/subnet:Subnet",
        "Subnet",
        "SubnetId",
        "SubnetIds",
        "Subnets[0]",
        search=by("DescribeSubnets", "Subnets[].SubnetId", vpc_id="{vpcId}", cidr_block="{cidrBlock}"),
        separate=(
            SeparateCall(
                ("mapPublicIpOnLaunch",),
                Call(
                    "ModifySubnetAttribute",
                    {"SubnetId": "{id}", "MapPublicIpOnLaunch": {"Value": "{mapPublicIpOnLaunch}"}},
                ),
                path="MapPublicIpOnLaunch",
                unless=False,
            ),
        ),
        inputs=Inputs(
            source="internal/service/ec2/vpc_subnet.go",
            in_place="mapPublicIpOnLaunch",
            replacing="vpcId cidrBlock availabilityZone availabilityZoneId",
            absent={"mapPublicIpOnLaunch": False},
        ),
        outputs={"arn": "SubnetArn", "availabilityZone": "AvailabilityZone", "cidrBlock": "CidrBlock"},
        ready=Waiter("State", frozenset({"available"})),
        tags=tagged("subnet"),
        delete_before_replace=True,
    ),
    Kind(
        type="aws:ec2/internetGateway:InternetGateway",
        service="ec2",
        create=Call("CreateInternetGateway"),
        id=".InternetGateway.InternetGatewayId",
        search=_by_tags("DescribeInternetGateways", "InternetGateways[].InternetGatewayId"),
        read=Call("DescribeInternetGateways", {"InternetGatewayIds": ["{id}"]}),
        found="InternetGateways[0]",
        after_create=(Call("AttachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),),
        before_delete=(Call("DetachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),),
        delete=Call("DeleteInternetGateway", {"InternetGatewayId": "{id}"}),
        observe={"vpcId": "Attachments[0].VpcId"},
        inputs=Inputs(source="internal/service/ec2/vpc_internet_gateway.go", in_place="vpcId"),
        separate=(SeparateCall(("vpcId",), _moved, created=True),),
        tags=tagged("internet-gateway"),
    ),
    Kind(
        type="aws:ec2/eip:Eip",
        service="ec2",
        create=Call("AllocateAddress", match=True),
        id=".AllocationId",
        search=_by_tags("DescribeAddresses", "Addresses[].AllocationId"),
        read=Call("DescribeAddresses", {"AllocationIds": ["{id}"]}),
        found="Addresses[0]",
        delete=Call("ReleaseAddress", {"AllocationId": "{id}"}),
        inputs=Inputs(
            source="internal/service/ec2/ec2_eip.go",
            replacing="domain address customerOwnedIpv4Pool ipamPoolId networkBorderGroup publicIpv4Pool",
        ),
        outputs={"allocationId": "AllocationId", "publicIp": "PublicIp"},
        tags=tagged("elastic-ip"),
    ),
    Kind(
        type="aws:ec2/natGateway:NatGateway",
        service="ec2",
        create=Call("CreateNatGateway", match=True),
        id=".NatGateway.NatGatewayId",
        search=Search(
            Call("DescribeNatGateways", {"Filter": [{"Name": "subnet-id", "Values": ["{subnetId}"]}]}),
            "NatGateways[].NatGatewayId",
            by_tags=True,
        ),
        read=Call("DescribeNatGateways", {"NatGatewayIds": ["{id}"]}),
        found="NatGateways[0]",
        delete=Call("DeleteNatGateway", {"NatGatewayId": "{id}"}),
        observe={"allocationId": "NatGatewayAddresses[0].AllocationId"},
        inputs=Inputs(
            source="internal/service/ec2/vpc_nat_gateway.go",
            replacing="allocationId subnetId connectivityType",
            absent={"connectivityType": "public"},
        ),
        outputs={"publicIp": "NatGatewayAddresses[0].PublicIp"},
        ready=Waiter("State", frozenset({"available"})),
        deleted=Waiter("State", frozenset({"deleted"})),
        tags=tagged("natgateway"),
    ),
    _simple(
        "aws:ec2/routeTable:RouteTable",
        "RouteTable",
        "RouteTableId",
        "RouteTableIds",
        "RouteTables[0]",
        search=_by_tags("DescribeRouteTables", "RouteTables[].RouteTableId"),
        inputs=Inputs(source="internal/service/ec2/vpc_route_table.go", replacing="vpcId"),
        tags=tagged("route-table"),
    ),
    Kind(
        type="aws:ec2/route:Route",
        service="ec2",
        create=Call("CreateRoute", match=True),
        id="{routeTableId}_{destinationCidrBlock}",
        read=Call("DescribeRouteTables", {"RouteTableIds": ["{routeTableId}"]}),
        found="RouteTables[0].Routes[?DestinationCidrBlock == '{destinationCidrBlock}'] | [0]",
        delete=Call(
            "DeleteRoute", {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"}
        ),
        modify=Call(
            "ReplaceRoute",
            {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"},
            match=True,
        ),
        inputs=Inputs(
            source="internal/service/ec2/vpc_route.go",
            in_place="carrierGatewayId coreNetworkArn gatewayId localGatewayId natGatewayId networkInterfaceId "
            "transitGatewayId vpcEndpointId vpcPeeringConnectionId",
            replacing="routeTableId destinationCidrBlock",
        ),
    ),
    Kind(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        service="ec2",
        create=Call("AssociateRouteTable", match=True),
        id=".AssociationId",
        search=by(
            "DescribeRouteTables",
            "RouteTables[].Associations[?SubnetId == '{subnetId}'].RouteTableAssociationId[]",
            association__subnet_id="{subnetId}",
        ),
        read=_ASSOCIATIONS,
        found=_ASSOCIATION,
        fresh=Fresh("associationId", _ASSOCIATIONS, f"{_ASSOCIATION}.RouteTableAssociationId"),
        modify=Call(
            "ReplaceRouteTableAssociation", {"AssociationId": "{associationId}", "RouteTableId": "{routeTableId}"}
        ),
        delete=Call("DisassociateRouteTable", {"AssociationId": "{associationId}"}),
        inputs=Inputs(
            source="internal/service/ec2/vpc_route_table_association.go",
            in_place="routeTableId",
            replacing="subnetId",
        ),
        delete_before_replace=True,
    ),
    _simple(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "VpcEndpoint",
        "VpcEndpointId",
        "VpcEndpointIds",
        "VpcEndpoints[0]",
        search=by(
            "DescribeVpcEndpoints",
            "VpcEndpoints[].VpcEndpointId",
            by_tags=True,
            vpc_id="{vpcId}",
            service_name="{serviceName}",
        ),
        delete=Call("DeleteVpcEndpoints", {"VpcEndpointIds": ["{id}"]}),
        deleted=Waiter("State", frozenset({"deleted"})),
        separate=(
            SeparateCall(
                ("routeTableIds", "subnetIds", "securityGroupIds", "privateDnsEnabled"), _endpoint, created=True
            ),
        ),
        observe={"securityGroupIds": "Groups[].GroupId"},
        inputs=Inputs(
            source="internal/service/ec2/vpc_endpoint.go",
            in_place="routeTableIds subnetIds securityGroupIds privateDnsEnabled",
            replacing="vpcId serviceName serviceRegion vpcEndpointType",
            absent={"vpcEndpointType": "Gateway"},
            sets="routeTableIds subnetIds securityGroupIds",
        ),
        tags=tagged("vpc-endpoint"),
    ),
)
