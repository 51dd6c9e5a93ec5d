"""`pulumi up` that is killed after AWS's answer, and other ways in which a resource is in no state."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud
from tests.fixtures.waiting import until
from tests.plugins.front import Front
from tests.plugins.project import Project

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

ROUNDS = int(os.environ.get("AURA_KILL_ROUNDS", "3"))
HEAD = """
    tags = aws.ProviderDefaultTagsArgs(tags={"project": "takeover"})
    ours = pulumi.ResourceOptions(provider=aws.Provider("p", region="us-west-2", default_tags=tags))
"""
PROGRAM = f"""{HEAD}
    vpc = aws.ec2.Vpc("v", cidr_block="10.88.0.0/16", enable_dns_hostnames=True, tags={{"Name": "killed"}}, opts=ours)
    gateway = aws.ec2.InternetGateway("g", vpc_id=vpc.id, opts=ours)
    table = aws.ec2.RouteTable("t", vpc_id=vpc.id, tags={{"Name": "killed"}}, opts=ours)
    aws.ec2.Route("r", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id, opts=ours)
    aws.ec2.SecurityGroup("s", name="killed", vpc_id=vpc.id, opts=ours)
    aws.kms.Key("k", enable_key_rotation=True, deletion_window_in_days=7, opts=ours)
    aws.secretsmanager.Secret("x", name="killed/test", recovery_window_in_days=0, opts=ours)
    aws.s3.Bucket("b", bucket="killed-test", opts=ours)
    aws.msk.Configuration("c", name="killed", kafka_versions=["3.9.x.kraft"], server_properties="num.partitions=2",
                          opts=ours)
"""
BUCKET = f"""{HEAD}
    aws.s3.Bucket("NAME", bucket="moved-test", opts=ours)
"""
ROLE = f"""{HEAD}
    aws.iam.Role("r", name="someones", description="ours", opts=ours,
                 assume_role_policy='{{"Version": "2012-10-17", "Statement": []}}')
"""


@pytest.fixture
def front(cloud: Cloud) -> Iterator[Front]:
    with Front(cloud.site.endpoint_url).serving() as front:
        yield front


@pytest.fixture
def project(cloud: Cloud, front: Front, tmp_path: Path) -> Iterator[Project]:
    project = Project.make(tmp_path, cloud.site, {"AWS_ENDPOINT_URL": front.url})
    yield project
    project.run("destroy", "--yes", "--skip-preview")


def kill_after(change: int, project: Project, front: Front, program: str) -> None:
    """Kills `pulumi up` between AWS's answer to the change and Pulumi's state; it may have made others at once."""
    run = project.begin(program)
    front.withhold(change, lambda: os.killpg(run.pid, signal.SIGKILL))
    assert run.wait(240) == -signal.SIGKILL

    def plugins() -> list[psutil.Process]:
        return [p for p in _left(project) if "local.plugins" in str(p.info["cmdline"])]

    until("the plugins to notice it", lambda: not plugins())
    for process in _left(project):  # the language host notices within five minutes
        process.kill()
    project.run("cancel", "--yes", "test")


def _left(project: Project) -> list[psutil.Process]:
    home = project.environ["PULUMI_HOME"]
    return [p for p in psutil.process_iter(["environ", "cmdline"]) if home in str(p.info["environ"]) and p.is_running()]


def test_an_update_that_is_killed_and_repeated_makes_no_second_resource(
    project: Project, front: Front, cloud: Cloud
) -> None:
    for change in range(1, ROUNDS + 1):
        kill_after(change, project, front, PROGRAM)
    front.withhold(0, lambda: None)
    assert "taken over" in project.up(PROGRAM)
    assert project.is_settled()
    ec2, ours = cloud.client("ec2"), [{"Name": "tag:project", "Values": ["takeover"]}]
    assert len(ec2.describe_vpcs(Filters=ours)["Vpcs"]) == 1
    assert len(ec2.describe_internet_gateways(Filters=ours)["InternetGateways"]) == 1
    assert len(ec2.describe_route_tables(Filters=ours)["RouteTables"]) == 1


def test_a_creation_whose_answer_is_lost_makes_no_second_resource(project: Project, front: Front, cloud: Cloud) -> None:
    front.withhold(1, lambda: None)
    tags = 'tags={"Name": "lost"}'
    output = project.up(f'{HEAD}\n    aws.ec2.Eip("e", domain="vpc", {tags}, opts=ours)')
    assert "taken over" in output
    found = cloud.client("ec2").describe_addresses(Filters=[{"Name": "tag:Name", "Values": ["lost"]}])
    assert len(found["Addresses"]) == 1


def test_what_was_removed_from_the_state_is_taken_over(project: Project) -> None:
    project.up(BUCKET.replace("NAME", "b"))
    (urn,) = (resource["urn"] for resource in project.state() if resource["type"] == "aws:s3/bucket:Bucket")
    project.run("state", "delete", urn, "--yes")
    assert "moved-test exists as declared and is in no state" in project.up(BUCKET.replace("NAME", "b"))
    assert project.is_settled()


def test_a_resource_that_the_state_has_under_another_name_is_refused_and_stays(project: Project, cloud: Cloud) -> None:
    """Taken over, it would be deleted with its old name."""
    project.up(BUCKET.replace("NAME", "old"))
    project.write(BUCKET.replace("NAME", "new"))
    output = project.run("up", "--yes", "--skip-preview", fails=True)
    assert "moved-test exists and is recorded as" in output and "aliases" in output
    assert cloud.client("s3").head_bucket(Bucket="moved-test")


def test_a_resource_that_differs_is_refused_with_what_differs_and_what_to_do(project: Project, cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="someones", Description="theirs", AssumeRolePolicyDocument="{}")
    project.write(ROLE)
    output = project.run("up", "--yes", "--skip-preview", fails=True)
    assert "description is 'theirs', declared 'ours'" in output
    assert "the tag project is absent, declared 'takeover'" in output
    assert "declare another name; or delete it" in output
    assert iam.get_role(RoleName="someones")["Role"]["Description"] == "theirs"
    project.write("")


def test_a_forced_replacement_does_not_take_over_what_it_replaces(project: Project, cloud: Cloud) -> None:
    program = f'{HEAD}\n    aws.ec2.Eip("e", domain="vpc", tags={{"Name": "forced"}}, opts=ours)'
    project.up(program)
    (old,) = (resource for resource in project.state() if resource["type"] == "aws:ec2/eip:Eip")
    project.run("up", "--yes", "--skip-preview", "--replace", old["urn"])
    (new,) = (resource for resource in project.state() if resource["type"] == "aws:ec2/eip:Eip")
    assert new["id"] != old["id"]
    with pytest.raises(ClientError):
        cloud.client("ec2").describe_addresses(AllocationIds=[old["id"]])
    assert project.is_settled()
