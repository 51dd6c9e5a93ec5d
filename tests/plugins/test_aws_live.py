"""The aws plugin under the real Pulumi engine, on the local AWS endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud
from tests.plugins.project import Project

pytestmark = pytest.mark.integration


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path) -> Iterator[Project]:
    project = Project.make(tmp_path, cloud.site, {"AWS_ENDPOINT_URL": cloud.site.endpoint_url})
    yield project
    project.run("destroy", "--yes", "--skip-preview")


NETWORK = """
    vpc = aws.ec2.Vpc("v", cidr_block="10.77.0.0/16", enable_dns_hostnames=True, tags={{"Name": "{name}"}})
    subnet = aws.ec2.Subnet("s", vpc_id=vpc.id, cidr_block="10.77.{third}.0/24", availability_zone="us-west-2a")
    table = aws.ec2.RouteTable("t", vpc_id=vpc.id)
    aws.ec2.RouteTableAssociation("a", route_table_id=table.id, subnet_id=subnet.id)
    pulumi.export("vpc", vpc.id)
    pulumi.export("subnet", subnet.id)
"""

VPC_WITH_METRICS = 'aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", enable_network_address_usage_metrics=True)'


def test_what_is_declared_is_created_changed_and_replaced_and_then_settled(project: Project, cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    assert "+ 5 created" in project.up(NETWORK.format(name="one", third=1))
    vpc, subnet = project.run("stack", "output", "vpc").strip(), project.run("stack", "output", "subnet").strip()
    assert project.is_settled()

    assert "~ 1 updated" in project.up(NETWORK.format(name="two", third=1))
    (live,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert {"Key": "Name", "Value": "two"} in live["Tags"]

    assert "2 replaced" in project.up(NETWORK.format(name="two", third=2))
    other = project.run("stack", "output", "subnet").strip()
    assert other != subnet
    with pytest.raises(ClientError, match="NotFound"):
        ec2.describe_subnets(SubnetIds=[subnet])
    assert project.is_settled()


SAFE = """
    vpc = aws.ec2.Vpc("safe", cidr_block="10.78.0.0/16")
    key = aws.kms.Key("safe", description="disks", deletion_window_in_days=7)
    aws.ebs.EncryptionByDefault("safe", opts=pulumi.ResourceOptions(
        depends_on=[aws.ebs.DefaultKmsKey("safe", key_arn=key.arn)]))
    disk = dict(volume_size={gib}, volume_type="gp3", encrypted="true", delete_on_termination="true")
    template = aws.ec2.LaunchTemplate("safe", name="safe-test", update_default_version=True,
        block_device_mappings=[dict(device_name="/dev/xvda", ebs=disk)],
        metadata_options=dict(http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit={hops}))
    pulumi.export("version", template.latest_version)
    logs = aws.s3.Bucket("logs", bucket="safe-test-logs", force_destroy=True)
    service = dict(Effect="Allow", Principal=dict(Service="logging.s3.amazonaws.com"), Action="s3:PutObject",
        Resource="arn:aws:s3:::safe-test-logs/*")
    policy = aws.s3.BucketPolicy("logs", bucket=logs.bucket,
        policy=pulumi.Output.json_dumps(dict(Version="2012-10-17", Statement=[service])))
    aws.s3.BucketOwnershipControls("logs", bucket=logs.bucket, rule=dict(object_ownership="BucketOwnerPreferred"))
    content = aws.s3.Bucket("content", bucket="safe-test-content", force_destroy=True)
    aws.s3.BucketLogging("content", bucket=content.bucket, target_bucket=logs.bucket, target_prefix="{prefix}/",
        opts=pulumi.ResourceOptions(depends_on=[policy]))
    aws.ec2.FlowLog("safe", vpc_id=vpc.id, traffic_type="ALL", log_destination_type="s3", log_destination=logs.arn,
        max_aggregation_interval=600)
    visible = dict(cloudwatch_metrics_enabled=True, sampled_requests_enabled=True, metric_name="limit")
    limit = dict(rate_based_statement=dict(limit={limit}, aggregate_key_type="IP"))
    aws.wafv2.WebAcl("safe", name="safe-test", scope="CLOUDFRONT", region="us-east-1", description="limits",
        default_action=dict(allow=dict()), visibility_config=visible,
        rules=[dict(name="limit", priority=0, action=dict(block=dict()), statement=limit, visibility_config=visible)])
"""


def test_what_watches_and_encrypts_is_created_and_changed_and_then_settled(project: Project, cloud: Cloud) -> None:
    project.up(SAFE.format(gib=20, hops=1, prefix="one", limit=1000))
    assert project.is_settled()
    ec2, key = cloud.client("ec2"), cloud.client("kms")
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    default = ec2.get_ebs_default_kms_key_id()["KmsKeyId"]
    assert key.describe_key(KeyId=default)["KeyMetadata"]["Description"] == "disks"

    assert "3 updated" in project.up(SAFE.format(gib=30, hops=2, prefix="two", limit=2000))
    assert project.run("stack", "output", "version").strip() == "2"
    assert project.is_settled()
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName="safe-test", Versions=["$Default"])[
        "LaunchTemplateVersions"
    ]
    data = version["LaunchTemplateData"]
    assert data["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 30
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 2

    project.up("")
    assert not ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    assert not cloud.client("wafv2", "us-east-1").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]


def test_drift_and_deletion_behind_our_back_are_reported_and_repaired(project: Project, cloud: Cloud) -> None:
    program = """
        bucket = aws.s3.Bucket("b", bucket="drift-test", force_destroy=True)
        aws.s3.BucketVersioning("b", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"})
        aws.secretsmanager.Secret("x", name="drift/test", recovery_window_in_days=0)
    """
    project.up(program)
    assert project.is_settled()
    s3 = cloud.client("s3")
    s3.put_bucket_tagging(Bucket="drift-test", Tagging={"TagSet": [{"Key": "who", "Value": "me"}]})
    cloud.client("secretsmanager").delete_secret(SecretId="drift/test", ForceDeleteWithoutRecovery=True)
    output = project.run("refresh", "--yes", "--skip-preview")
    assert "~ 1 updated" in output and "- 1 deleted" in output

    project.up(program)
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket="drift-test")
    assert cloud.client("secretsmanager").describe_secret(SecretId="drift/test")
    s3.put_object(Bucket="drift-test", Key="k", Body=b"what force_destroy is for")
    assert project.is_settled()


def test_a_value_made_once_stays_though_the_program_makes_another(project: Project) -> None:
    program = """
        import secrets
        secret = aws.secretsmanager.Secret("x", name="once/test", recovery_window_in_days=0)
        version = aws.secretsmanager.SecretVersion(
            "x", secret_id=secret.id, secret_string=pulumi.Output.secret(secrets.token_hex(16)),
            opts=pulumi.ResourceOptions(ignore_changes=["secretString"]),
        )
        pulumi.export("value", version.secret_string)
    """
    project.up(program)
    value = project.run("stack", "output", "value", "--show-secrets").strip()
    assert len(value) == 32
    assert "unchanged" in project.up(program)
    assert project.run("stack", "output", "value", "--show-secrets").strip() == value
    assert value not in "".join(str(resource) for resource in project.state())


def test_an_input_or_a_type_we_do_not_know_fails_at_preview_by_name(project: Project) -> None:
    assert "enableNetworkAddressUsageMetrics" in project.refused(VPC_WITH_METRICS)
    function = 'aws.lambda_.Function("f", role="arn:aws:iam::1:role/x", runtime="python3.12", handler="a.b")'
    assert "aws:lambda/function:Function is not provided" in project.refused(function)


def test_a_creation_that_aws_refuses_leaves_the_rest_and_says_why(project: Project) -> None:
    project.write("""
        aws.kms.Key("k", description="fine", deletion_window_in_days=7)
        aws.ec2.Subnet("s", vpc_id="vpc-00000000", cidr_block="10.0.0.0/24")
    """)
    output = project.run("up", "--yes", "--skip-preview", fails=True)
    assert "InvalidVpcID.NotFound" in output
    assert "aws:kms/key:Key" in {resource["type"] for resource in project.state()}
    project.write("")


def test_a_database_is_usable_when_up_returns_and_gone_when_it_is_destroyed(project: Project, cloud: Cloud) -> None:
    project.up(f"""
        group = aws.rds.SubnetGroup("g", name="live-test", subnet_ids={cloud.subnets})
        db = aws.rds.Instance(
            "d", identifier="live-test", engine="postgres", engine_version="15", instance_class="db.t4g.micro",
            allocated_storage=20, username="aura", password=pulumi.Output.secret("only-for-a-moment"),
            db_subnet_group_name=group.name, storage_encrypted=True, kms_key_id={cloud.key!r}, skip_final_snapshot=True,
        )
        pulumi.export("endpoint", db.endpoint)
    """)
    rds = cloud.client("rds")
    (live,) = rds.describe_db_instances(DBInstanceIdentifier="live-test")["DBInstances"]
    assert live["DBInstanceStatus"] == "available"
    assert project.run("stack", "output", "endpoint").startswith(live["Endpoint"]["Address"])
    assert project.is_settled()
    project.up("")
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        rds.describe_db_instances(DBInstanceIdentifier="live-test")
