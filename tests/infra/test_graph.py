"""The whole graph of what the program declares, with every value known: who may do what, and what cannot be lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.components.zone import serves
from tests.infra.recording import Recording, run, unwrap

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")
STACKS = ["local", "staging", "prod"]
STATE = re.compile(
    "rds/instance:|msk/cluster:|opensearch/domain:|eplicationGroup:|kms/key:|kms/replicaKey:|s3/bucket:|route53/zone|eks/cluster|secret:Secret"
)
"""Types whose deletion loses something."""
CERTAIN = {"aws:PrincipalArn", "kms:CallerAccount"}
"""Conditions that leave one principal of this account."""


@pytest.fixture(params=STACKS)
def declared(request: pytest.FixtureRequest) -> Recording:
    return run(request.param, outputs_known=True)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def documents(declared: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    """Policy documents by the resource that has them."""
    for args in declared.resources:
        for text in texts(unwrap(args.inputs)):
            if text.startswith("{") and "Statement" in text:
                yield f"{args.typ} {args.name}", json.loads(text)


def statements(declared: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, document in documents(declared):
        assert document["Version"] == "2012-10-17", where
        for statement in document["Statement"]:
            yield where, statement


def test_every_policy_names_who_may(declared: Recording) -> None:
    found = list(statements(declared))
    assert len(found) > 30
    for where, statement in found:
        assert statement["Effect"] in ("Allow", "Deny"), where
        principals = list(texts(statement.get("Principal", {})))
        logs_in = where.startswith("aws:opensearch/domain:")  # and has no principal then
        if "*" in principals and statement["Effect"] == "Allow" and not logs_in:
            assert statement["Condition"]["StringEquals"].keys() == CERTAIN, where
        if where.startswith("aws:iam/rolePolicy:"):
            assert "Principal" not in statement and statement["Resource"], where
        else:
            assert principals, where


def test_a_role_may_change_only_what_is_named(declared: Recording) -> None:
    """An action on everything is a read, or has a condition on what it is done to."""
    for where, statement in statements(declared):
        if where.startswith("aws:iam/rolePolicy:") and statement["Resource"] == "*":
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            reads = all(action.split(":")[1].startswith(("Describe", "List", "Get")) for action in actions)
            assert reads or "Condition" in statement, (where, actions)


def test_every_arn_is_of_this_account_or_of_aws(declared: Recording) -> None:
    arns = {
        (args.name, arn)
        for args in declared.resources
        for text in texts(unwrap(args.inputs))
        for arn in re.findall(r"arn:aws:[^\s\"]*", text)
    }
    assert len(arns) > 50
    accounts = {(arn.split(":")[4], arn) for _, arn in arns}
    others = {arn for account, arn in accounts if account not in (declared.account, "", "aws")}
    assert others == set()
    without = {arn.split(":")[2] for account, arn in accounts if account == ""}
    assert without <= {"s3", "route53", "eks"}


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_nothing_that_holds_state_is_unprotected(stack: str) -> None:
    options = run(stack, outputs_known=True).options
    stateful = {key: request.protect for key, request in options.items() if STATE.search(key[0])}
    assert len(stateful) > 20
    assert {key for key, protected in stateful.items() if not protected} == set()
    assert not any(request.protect for key, request in options.items() if key not in stateful)


def test_the_stack_of_one_machine_can_be_destroyed() -> None:
    assert not any(request.protect for request in run("local", outputs_known=True).options.values())


def test_nodes_keep_their_credentials_from_pods(declared: Recording) -> None:
    templates = declared.of("aws:ec2/launchTemplate:LaunchTemplate")
    for name, group in declared.of("aws:eks/nodeGroup:NodeGroup").items():
        assert group["launchTemplate"] == {"id": f"{name}-id", "version": "1"}
        metadata = templates[name]["metadataOptions"]
        assert (metadata["httpTokens"], metadata["httpPutResponseHopLimit"]) == ("required", 1)
        (disk,) = templates[name]["blockDeviceMappings"]
        assert (disk["ebs"]["encrypted"], disk["ebs"]["volumeType"]) == ("true", "gp3")


def test_who_reached_what_is_logged(declared: Recording) -> None:
    buckets = declared.of("aws:s3/bucket:Bucket")
    logged = declared.of("aws:s3/bucketLogging:BucketLogging")
    logs = {name.removesuffix("-logs"): bucket["bucket"] for name, bucket in buckets.items() if name.endswith("-logs")}
    assert set(buckets) - set(logged) == {f"{name}-logs" for name in logs}
    for name, one in logged.items():  # S3 delivers to a bucket in the same region only
        assert one["targetBucket"] in [bucket for owner, bucket in logs.items() if name.startswith(owner)]
        source = declared.region("aws:s3/bucket:Bucket", name)
        (target,) = (key for key, bucket in buckets.items() if bucket["bucket"] == one["targetBucket"])
        assert declared.region("aws:s3/bucket:Bucket", target) == source
    flows = declared.of("aws:ec2/flowLog:FlowLog").values()
    assert len(flows) == len(declared.of("aws:ec2/vpc:Vpc"))
    assert {log["trafficType"] for log in flows} == {"ALL"}
    (distribution,) = declared.of("aws:cloudfront/distribution:Distribution").values()
    assert distribution["loggingConfig"]["prefix"] == "cloudfront/"
    ((name, acl),) = declared.of("aws:wafv2/webAcl:WebAcl").items()
    assert distribution["webAclId"] == declared.arn("aws:wafv2", name)
    assert (acl["scope"], acl["region"]) == ("CLOUDFRONT", "us-east-1")


def test_a_certificate_without_delegation_fails_in_minutes(declared: Recording) -> None:
    waits = [r.customTimeouts.create for (type, _), r in declared.options.items() if "certificateValidation" in type]
    assert waits == ["15m"]


@pytest.mark.parametrize(
    ("zone", "domain", "fits"),
    [
        ("aurawellness.com.", "aurawellness.com", True),
        ("aurawellness.com", "staging.aurawellness.com", True),
        ("aurawellness.com", "otheraurawellness.com", False),
        ("staging.aurawellness.com", "aurawellness.com", False),
    ],
)
def test_an_existing_zone_must_be_of_the_domain(zone: str, domain: str, fits: bool) -> None:
    assert serves(zone, domain) == fits
