"""An account's bootstrap and the start of its stack by README's own commands: real engine, local AWS endpoint."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.cloud.context import ACCOUNT
from local.plugins.home import prepare
from local.site import CHECKOUT, Site
from tests.fixtures.cloud import Cloud
from tests.infra.recording import configuration
from tests.infra.to_aws import commands

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
STEPS = commands(CHECKOUT / "README.md")
EXAMPLE = configuration("prod")["aura:account"]
"""The account in the files of `prod`, which README tells to replace (step 2)."""
STAGING = "111122223333"
BUCKET = f"aura-state-{ACCOUNT}-us-west-2"
REPOSITORY = "repo:aura-wellness/control-plane"


class Clone:
    """A clone as a person has it after README's steps 1 and 2; of our variables its shell has credentials only."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = folder
        for room in ("infra", "contracts"):
            shutil.copytree(CHECKOUT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (*CHECKOUT.glob("Pulumi*.yaml"), CHECKOUT / "images.toml"):
            shutil.copy(file, folder)
        for file in (folder / "Pulumi.prod.yaml", folder / "infra/bootstrap/Pulumi.prod.yaml"):
            told = file.read_text().replace(EXAMPLE, ACCOUNT).replace("readers: []", f'readers: ["{STAGING}"]')
            file.write_text(re.sub(r"(?m)^(secretsprovider|encryptedkey):.*\n", "", told))  # steps 3 and 4 write them
        (folder / ".venv").symlink_to((CHECKOUT / ".venv").resolve())
        given = prepare(Site(folder / "home", cloud.site.index))
        kept = ("PULUMI_HOME", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "PATH")
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PULUMI", "PYTHON", "AWS"))},
            **{name: value for name, value in given.items() if name in kept or name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": cloud.site.endpoint_url,
            "PULUMI_SKIP_CONFIRMATIONS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def shell(self, *lines: str) -> str:
        """Output of the commands; fails the test at the first that fails."""
        environment = [line for line in STEPS[1] if line.startswith("export")]
        script = "\n".join(["set -eo pipefail", *environment, *lines])
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=480,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def clone(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = Clone(tmp_path_factory.mktemp("clone"), cloud)
    clone.shell(*STEPS[3])
    yield clone
    for ecr in (cloud.client("ecr"), cloud.client("ecr", "us-east-1")):
        for repository in ecr.describe_repositories()["repositories"]:  # other tests make theirs of these names
            ecr.delete_repository(repositoryName=repository["repositoryName"], force=True)


@pytest.fixture(scope="module")
def outputs(clone: Clone) -> dict[str, str]:
    return json.loads((clone.folder / "infra/bootstrap/outputs.json").read_text())


def trusted(cloud: Cloud, role: str) -> dict[str, Any]:
    document = cloud.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = document["Statement"]
    return statement


def test_the_state_lies_in_the_bucket_and_its_secrets_are_encrypted_with_the_accounts_key(
    clone: Clone, cloud: Cloud, outputs: dict[str, str]
) -> None:
    assert outputs["PULUMI_BACKEND_URL"] == f"s3://{BUCKET}?region=us-west-2"
    written = cloud.client("s3").get_object(Bucket=BUCKET, Key=".pulumi/stacks/aura-bootstrap/prod.json")["Body"].read()
    provider = json.loads(written)["checkpoint"]["latest"]["secrets_providers"]
    assert provider["type"] == "cloud"
    assert provider["state"]["url"] == outputs["PULUMI_SECRETS_PROVIDER"]
    settings = yaml.safe_load((clone.folder / "infra/bootstrap/Pulumi.prod.yaml").read_text())
    assert settings["secretsprovider"] == outputs["PULUMI_SECRETS_PROVIDER"] and settings["encryptedkey"]
    assert not (clone.folder / "infra/bootstrap/state.json").exists()


def test_the_state_bucket_is_versioned_encrypted_and_closed(clone: Clone, cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_calls_of_all_regions_are_recorded_with_a_proof_that_nothing_was_altered(clone: Clone, cloud: Cloud) -> None:
    trails = cloud.client("cloudtrail")
    trail = trails.get_trail(Name="aura-trail")["Trail"]
    assert trail["IsMultiRegionTrail"] and trail["IncludeGlobalServiceEvents"] and trail["LogFileValidationEnabled"]
    assert trails.get_trail_status(Name="aura-trail")["IsLogging"]
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket=trail["S3BucketName"])["Policy"])
    *writers, _ = policy["Statement"]
    assert {one["Condition"]["StringEquals"]["aws:SourceArn"] for one in writers} == {trail["TrailARN"]}
    key = json.loads(cloud.client("kms").get_key_policy(KeyId=trail["KmsKeyId"], PolicyName="default")["Policy"])
    assert key["Statement"][1]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    assert key["Statement"][1]["Condition"] == {"ArnLike": {"aws:SourceArn": trail["TrailARN"]}}


@pytest.mark.parametrize(
    ("role", "subject"),
    [("aura-deploy", f"{REPOSITORY}:environment:prod"), ("aura-images", f"{REPOSITORY}:ref:refs/heads/main")],
)
def test_a_role_trusts_one_kind_of_job_of_the_repository(clone: Clone, cloud: Cloud, role: str, subject: str) -> None:
    statement = trusted(cloud, role)
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": subject,
        }
    }
    assert statement["Principal"]["Federated"].endswith(":oidc-provider/token.actions.githubusercontent.com")


def test_every_image_has_an_immutable_repository_with_cross_account_pull(clone: Clone, cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    found = {one["repositoryName"]: one for one in ecr.describe_repositories()["repositories"]}
    images = (
        *("auth", "biosync", "content", "history", "ingest"),
        *("operators", "payments", "recommend", "recorder", "region", "users"),
    )
    assert {f"aura/{name}" for name in images} <= found.keys()
    for name in images:
        repository = found[f"aura/{name}"]
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
        assert repository["encryptionConfiguration"]["encryptionType"] == "KMS"
        (pull,) = json.loads(ecr.get_repository_policy(repositoryName=f"aura/{name}")["policyText"])["Statement"]
        assert pull["Principal"] == {"AWS": [f"arn:aws:iam::{STAGING}:root"]}
        assert not any("Put" in action or "Upload" in action for action in pull["Action"])


def test_images_are_copied_to_the_other_region_whose_repositories_are_as_closed(clone: Clone, cloud: Cloud) -> None:
    rules = cloud.client("ecr").describe_registry()["replicationConfiguration"]["rules"]
    (rule,) = rules
    assert rule["destinations"] == [{"region": "us-east-1", "registryId": ACCOUNT}]
    assert rule["repositoryFilters"] == [{"filter": "aura/", "filterType": "PREFIX_MATCH"}]
    there = cloud.client("ecr", "us-east-1").describe_repositories()["repositories"]
    assert {one["repositoryName"] for one in there} >= {"aura/auth", "aura/ingest"}
    for repository in there:
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert repository["encryptionConfiguration"]["kmsKey"].split(":")[3] == "us-east-1"


def test_the_platforms_stack_begins_with_its_zone(clone: Clone, cloud: Cloud) -> None:
    assert "ns-" in clone.shell(*STEPS[4])
    zones = {zone["Id"]: zone["Name"] for zone in cloud.client("route53").list_hosted_zones()["HostedZones"]}
    settings = yaml.safe_load((clone.folder / "Pulumi.prod.yaml").read_text())
    assert zones[f"/hostedzone/{settings['config']['aura:zone']['id']}"] == "aurawellness.com."
