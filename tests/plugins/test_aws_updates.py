"""What AWS changes in place stays the resource it was: updates under the real Pulumi engine, on the local endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.plugins.provider.base import ProviderError
from tests.cloud.rds import available, create, delete
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.fixtures.eks import service_role
from tests.fixtures.waiting import until
from tests.plugins.declared import Declared
from tests.plugins.project import Project

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
NODES_REGION = "us-east-1"


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path) -> Iterator[Project]:
    project = Project.make(tmp_path, cloud.site, {"AWS_ENDPOINT_URL": cloud.site.endpoint_url})
    yield project
    project.run("destroy", "--yes", "--skip-preview")


STREAM = """
    configuration = aws.msk.Configuration(
        "c", name="{name}", kafka_versions=["3.9.x.kraft"], server_properties="{properties}"
    )
    cluster = aws.msk.Cluster(
        "k", cluster_name="updates", kafka_version="3.9.x.kraft", number_of_broker_nodes=2,
        broker_node_group_info={{
            "instance_type": "kafka.m7g.large", "client_subnets": {subnets}, "security_groups": [{group!r}],
            "storage_info": {{"ebs_storage_info": {{"volume_size": {storage}}}}},
        }},
        encryption_info={{
            "encryption_at_rest_kms_key_arn": {key!r},
            "encryption_in_transit": {{"client_broker": "TLS_PLAINTEXT", "in_cluster": True}},
        }},
        configuration_info={{"arn": configuration.arn, "revision": configuration.latest_revision}},
    )
    pulumi.export("arn", cluster.arn)
    pulumi.export("bootstrap", cluster.bootstrap_brokers)
"""


def stream(cloud: Cloud, name: str = "updates", properties: str = "", storage: int = 10) -> str:
    return STREAM.format(
        name=name, properties=properties, storage=storage, subnets=cloud.subnets[:2], key=cloud.key, group=_group(cloud)
    )


def _group(cloud: Cloud) -> str:
    """The security group that the VPC has of itself."""
    filters = [{"Name": "vpc-id", "Values": [cloud.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return cloud.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]


def test_a_broker_setting_and_a_bigger_disk_keep_the_cluster_and_its_topics(project: Project, cloud: Cloud) -> None:
    project.up(stream(cloud, properties="auto.create.topics.enable=false\\n"))
    arn, bootstrap = (project.run("stack", "output", name).strip() for name in ("arn", "bootstrap"))
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(30)

    project.write(stream(cloud, properties="auto.create.topics.enable=false\\nlog.retention.hours=7\\n", storage=20))
    preview = project.run("preview", "--diff")
    assert "2 to update" in preview and "replace" not in preview, preview
    assert "2 updated" in project.run("up", "--yes", "--skip-preview")
    (live,) = cloud.client("kafka").list_clusters(ClusterNameFilter="updates")["ClusterInfoList"]
    assert live["ClusterArn"] == arn
    assert live["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]["VolumeSize"] == 20
    assert live["CurrentBrokerSoftwareInfo"]["ConfigurationRevision"] == 2
    assert "kept" in AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=30).topics
    project.run("refresh", "--preview-only", "--expect-no-changes")


@pytest.fixture
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL": cloud.site.endpoint_url, "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)


@pytest.mark.usefixtures("environment")
def test_a_database_is_protected_and_no_longer_protected_and_grows_in_place(cloud: Cloud) -> None:
    group = Declared("aws:rds/subnetGroup:SubnetGroup", "updates")
    group.create(name="updates", subnetIds=cloud.subnets)
    plain = {
        "identifier": "updates",
        "engine": "postgres",
        "engineVersion": "15",
        "instanceClass": "db.t4g.micro",
        "allocatedStorage": 20,
        "username": "aura",
        "password": "only-for-a-moment",
        "dbSubnetGroupName": "updates",
    }
    protected = {"deletionProtection": True, "skipFinalSnapshot": False, "finalSnapshotIdentifier": "updates-final"}
    open_ = {"deletionProtection": False, "skipFinalSnapshot": True}
    database = Declared("aws:rds/instance:Instance", "updates")
    database.create(**plain, **protected)
    resource_id = database.state["resourceId"]
    with pytest.raises(ProviderError, match="protect"):
        database.delete()
    for declared in (open_, protected, open_):
        state = database.update(**plain, **declared)
        assert state["resourceId"] == resource_id
        assert _database(cloud)["DeletionProtection"] is declared["deletionProtection"]

    bigger = {**plain, "allocatedStorage": 30, "backupRetentionPeriod": 3, "password": "another-for-a-moment"}
    database.update(**bigger, **open_, applyImmediately=True)
    live = _database(cloud)
    assert (live["DbiResourceId"], live["AllocatedStorage"], live["BackupRetentionPeriod"]) == (resource_id, 30, 3)
    assert database.drift() == []
    with pytest.raises(ProviderError, match="AWS renames an instance in place"):
        database.preview(**{**bigger, **open_, "identifier": "renamed"})
    assert database.id == database.found("updates") == database.found(database.id) == resource_id
    database.delete()
    assert database.found(database.id) is database.found("updates") is None

    create(cloud, "updates")  # another instance of that name
    other = available(cloud, "updates")["DbiResourceId"]
    assert database.found(database.id) is None
    assert database.found("updates") == other
    database.delete()
    assert _database(cloud)["DBInstanceStatus"] == "available"
    delete(cloud, "updates")
    until("the other one to be gone", lambda: database.found("updates") is None)
    group.delete()


def _database(cloud: Cloud) -> Any:
    return cloud.client("rds").describe_db_instances(DBInstanceIdentifier="updates")["DBInstances"][0]


@pytest.mark.usefixtures("environment")
def test_settings_of_networks_keys_and_roles_change_in_place(cloud: Cloud) -> None:
    """What has no engine, each with its own call of AWS."""
    vpc = Declared("aws:ec2/vpc:Vpc", "updates")
    vpc.create(cidrBlock="10.66.0.0/16", tags={"Name": "updates"})
    vpc.update(cidrBlock="10.66.0.0/16", enableDnsHostnames=True, tags={"Name": "other"})
    subnet = Declared("aws:ec2/subnet:Subnet", "updates")
    subnet.create(vpcId=vpc.id, cidrBlock="10.66.1.0/24", availabilityZone=f"{REGION}a")
    subnet.update(vpcId=vpc.id, cidrBlock="10.66.1.0/24", availabilityZone=f"{REGION}a", mapPublicIpOnLaunch=True)
    gateway = Declared("aws:ec2/internetGateway:InternetGateway", "updates")
    gateway.create(vpcId=vpc.id)
    tables = [Declared("aws:ec2/routeTable:RouteTable", f"updates{n}") for n in (1, 2)]
    for table in tables:
        table.create(vpcId=vpc.id)
    association = Declared("aws:ec2/routeTableAssociation:RouteTableAssociation", "updates")
    association.create(subnetId=subnet.id, routeTableId=tables[0].id)
    association.update(subnetId=subnet.id, routeTableId=tables[1].id)
    endpoint = Declared("aws:ec2/vpcEndpoint:VpcEndpoint", "updates")
    of = {"vpcId": vpc.id, "serviceName": f"com.amazonaws.{REGION}.s3", "vpcEndpointType": "Gateway"}
    endpoint.create(**of, routeTableIds=[tables[0].id])
    endpoint.update(**of, routeTableIds=[tables[1].id])
    route = Declared("aws:ec2/route:Route", "updates")
    route.create(routeTableId=tables[0].id, destinationCidrBlock="0.0.0.0/0", gatewayId=gateway.id)
    group = Declared("aws:ec2/securityGroup:SecurityGroup", "updates")
    group.create(name="updates", vpcId=vpc.id)
    other = Declared("aws:ec2/securityGroup:SecurityGroup", "other")
    other.create(name="other", vpcId=vpc.id)
    rule = Declared("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "updates")
    traffic = {"securityGroupId": group.id, "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8"}
    rule.create(**traffic, fromPort=80, toPort=80)
    rule.update(**traffic, fromPort=81, toPort=81, description="other")
    admitting = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 81, "toPort": 81}
    assert rule.diff(**admitting, referencedSecurityGroupId=group.id).replaces == ["referencedSecurityGroupId"]
    inner = Declared("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "inner")
    inner.create(**admitting, referencedSecurityGroupId=other.id)
    inner.update(**{**admitting, "toPort": 82}, referencedSecurityGroupId=group.id)
    table = cloud.client("ec2").describe_route_tables(RouteTableIds=[tables[1].id])["RouteTables"][0]
    assert endpoint.id in [one.get("GatewayId") for one in table["Routes"]]
    resources = [inner, rule, group, other, route, endpoint, association, *tables, gateway, subnet, vpc]
    assert {one.name + one.type: one.drift() for one in resources if one.drift()} == {}
    for one in resources:
        one.delete()


@pytest.mark.usefixtures("environment")
def test_what_is_no_longer_declared_is_as_if_it_had_never_been(cloud: Cloud) -> None:
    role = Declared("aws:iam/role:Role", "updates")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role.create(name="updates", assumeRolePolicy=trust, description="told", maxSessionDuration=7200)
    role.update(name="updates", assumeRolePolicy=trust)
    live = cloud.client("iam").get_role(RoleName="updates")["Role"]
    assert (live.get("Description", ""), live["MaxSessionDuration"]) == ("", 3600)
    logs = Declared("aws:cloudwatch/logGroup:LogGroup", "updates")
    logs.create(name="/updates", retentionInDays=7)
    logs.update(name="/updates")
    (found,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix="/updates")["logGroups"]
    assert "retentionInDays" not in found
    key = Declared("aws:kms/key:Key", "updates")
    key.create(description="one", enableKeyRotation=True, deletionWindowInDays=7)
    key.update(description="two", deletionWindowInDays=8)
    assert cloud.client("kms").get_key_rotation_status(KeyId=key.id)["KeyRotationEnabled"] is False
    zone = Declared("aws:route53/zone:Zone", "updates")
    zone.create(name="updates.example", comment="one", forceDestroy=True)
    zone.update(name="updates.example", comment="two", forceDestroy=True)
    record = Declared("aws:route53/record:Record", "updates")
    where = {"zoneId": zone.id, "name": "a.updates.example", "ttl": 60}
    record.create(**where, type="A", records=["10.0.0.1"])
    record.update(**where, type="CNAME", records=["b.updates.example"])
    sets = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert [one["Type"] for one in sets if one["Name"].startswith("a.")] == ["CNAME"]
    for one in (record, zone, key, logs, role):
        assert one.drift() == []
        one.delete()


@pytest.mark.usefixtures("environment")
def test_an_update_that_aws_refuses_says_what_stays_and_can_be_repeated(cloud: Cloud) -> None:
    group = Declared("aws:rds/subnetGroup:SubnetGroup", "refused")
    group.create(name="refused", subnetIds=cloud.subnets)
    with pytest.raises(ProviderError, match=r"stays as it was\. Mend the cause and run the update again"):
        group.update(name="refused", subnetIds=["subnet-00000000"])
    assert group.drift() == []
    group.update(name="refused", subnetIds=cloud.subnets[:2], description="other")
    assert group.drift() == []
    group.delete()


@pytest.mark.usefixtures("environment")
def test_a_cluster_and_its_nodes_change_in_place_and_a_size_that_aws_refuses_changes_nothing(cloud: Cloud) -> None:
    """In a region of its own: there is one cluster in each."""
    ec2 = cloud.client("ec2", NODES_REGION)
    vpc = ec2.create_vpc(CidrBlock="10.67.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.67.{n}.0/24", AvailabilityZone=f"{NODES_REGION}{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    cluster = Declared("aws:eks/cluster:Cluster", "updates", NODES_REGION)
    network = {"subnetIds": ids, "endpointPrivateAccess": True, "endpointPublicAccess": True}
    plain = {
        "name": "updates",
        "roleArn": service_role(cloud, "updates-cluster", "eks.amazonaws.com"),
        "accessConfig": {"authenticationMode": "API"},
    }
    cluster.create(**plain, vpcConfig=network, enabledClusterLogTypes=["api", "audit"])
    preview = cluster.preview(**plain, vpcConfig={**network, "endpointPublicAccess": False})
    assert preview["vpcConfig"]["clusterSecurityGroupId"] == cluster.state["vpcConfig"]["clusterSecurityGroupId"]
    cluster.update(**plain, vpcConfig={**network, "endpointPublicAccess": False}, enabledClusterLogTypes=["api"])
    assert cluster.drift() == []

    nodes = Declared("aws:eks/nodeGroup:NodeGroup", "few", NODES_REGION)
    where = {
        "clusterName": "updates",
        "nodeGroupName": "few",
        "nodeRoleArn": service_role(cloud, "updates-nodes", "ec2.amazonaws.com"),
        "subnetIds": ids,
    }
    few = {"minSize": 0, "desiredSize": 0, "maxSize": 2}
    nodes.create(**where, scalingConfig=few, labels={"pool": "few", "old": "yes"})
    asked = {"clusterName": "updates", "nodeGroupName": "few"}
    read = nodes.provider.invoke("aws:eks/getNodeGroup:getNodeGroup", asked)
    assert (read["scalingConfigs"], read["labels"]) == ([few], {"pool": "few", "old": "yes"})
    with pytest.raises(ProviderError, match="stays as it was"):
        nodes.update(**where, scalingConfig={**few, "minSize": 1}, labels={"pool": "few", "old": "yes"})
    nodes.update(**where, scalingConfig={**few, "maxSize": 3}, labels={"pool": "other"})
    live = cloud.client("eks", NODES_REGION).describe_nodegroup(clusterName="updates", nodegroupName="few")
    assert live["nodegroup"]["labels"] == {"pool": "other"}
    assert nodes.provider.invoke("aws:eks/getNodeGroups:getNodeGroups", {"clusterName": "updates"})["names"] == ["few"]
    assert nodes.provider.invoke("aws:eks/getClusters:getClusters", {})["names"] == ["updates"]
    version = cloud.client("eks", NODES_REGION).describe_cluster(name="updates")["cluster"]["version"]
    asked = {"addonName": "kube-proxy", "kubernetesVersion": version}
    offered = nodes.provider.invoke("aws:eks/getAddonVersion:getAddonVersion", asked)
    proxy = Declared("aws:eks/addon:Addon", "proxy", NODES_REGION)
    proxy.create(clusterName="updates", addonName="kube-proxy")
    assert offered["version"] == proxy.state["addonVersion"]  # as without a version
    assert version in offered["version"]
    proxy.delete()
    assert nodes.drift() == []
    nodes.delete()
    cluster.delete()
