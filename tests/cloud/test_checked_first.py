"""Our services check a write before they change anything; what one changed all the same is taken back."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from moto.iam.models import iam_backends
from werkzeug.test import Client

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.http.application import LATE_REFUSAL, Application
from local.cloud.moto_backends import registry
from local.cloud.service.errors import AwsError
from local.cloud.state.store import Store
from local.cloud.svc import services
from local.cloud.svc.eks.model import Cluster
from local.cloud.svc.elasticache.api import ElastiCache
from local.cloud.svc.elasticache.global_group import GlobalGroup, GlobalMember
from local.cloud.svc.elasticache.model import CacheState, Endpoints, Group, Member, Snapshot
from local.site import Site
from tests.cloud.signed import headers

HERE = "us-west-2"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT_OF_CSI = "ebs-csi-controller-sa"


def cache(state: CacheState) -> None:
    """A snapshot, and two groups without servers: one that is available, one in a global datastore."""
    state.snapshots["s"] = Snapshot(
        HERE, "s", "arn:s", {}, {"CacheNodeType": "cache.m6g.large"}, NOW, status="available"
    )
    for name, status in (("g", "available"), ("d", "modifying")):
        members = [Member(f"{name}-00{n}", f"127.0.0.{n}", "us-west-2a") for n in (1, 2)]
        inputs = {"ReplicationGroupDescription": "d", "CacheNodeType": "cache.m6g.large"}
        inputs |= {"AutomaticFailoverEnabled": True}
        state.groups[name] = Group(HERE, name, f"arn:{name}", inputs, members, NOW, {})
        state.groups[name].status, state.groups[name].endpoints = status, Endpoints("127.0.0.3", "127.0.0.4")
    state.datastores["sgaui-x"] = GlobalGroup(
        HERE, "sgaui-x", "arn:x", "before", NOW, [GlobalMember(HERE, "d", True, "associated")], "available"
    )


class Endpoint:
    """The AWS endpoint with resources in its state, and nothing that would start their engines."""

    def __init__(self, folder: Path) -> None:
        self.context = CloudContext(Site(folder))
        self.store = Store(folder, self.context)
        self.services = {service.name: service for service in services(self.context)}
        cache(self.services["elasticache"].state(HERE))
        trust = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}}
        trust |= {"Action": ["sts:AssumeRole", "sts:TagSession"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.role = iam_backends[ACCOUNT]["aws"].create_role("pods", document, "/", None, "", [], "3600").arn
        inputs = {"version": "1.36", "accessConfig": {"authenticationMode": "API"}}
        cluster = Cluster(HERE, "c", "c-1", "arn:c", inputs, "127.0.0.1", "sg", NOW, "ACTIVE")
        self.services["eks"].state(HERE).clusters["c"] = cluster
        self.store.commit()

    def call(self, service: str, operation: str, **inputs: Any) -> Any:
        return getattr(self.services[service], operation)(self.services[service].state(HERE), inputs)

    def state(self) -> dict[Any, Any]:
        """The pickle of each of our services."""
        return {key: self.store.parts.of_own(*key, state) for key, state in self.context.state.items()}


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    registry.clear()
    try:
        yield Endpoint(tmp_path)
    finally:
        registry.clear()


RESTORED = {"SnapshotName": "s", "CacheNodeType": "cache.m6g.large"}
GROUP = {"ReplicationGroupId": "r", "ReplicationGroupDescription": "d", **RESTORED}
CLUSTER = {"CacheClusterId": "c", "Engine": "redis", **RESTORED}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("create_replication_group", {**GROUP, "EngineVersion": "7.1"}, "NotImplemented"),
    ("create_replication_group", {**GROUP, "NetworkType": "ipv6"}, "NotImplemented"),
    (
        "create_replication_group",
        {**GROUP, "AtRestEncryptionEnabled": True, "KmsKeyId": "nosuch"},
        "InvalidKMSKeyFault",
    ),
    ("create_replication_group", {**GROUP, "CacheParameterGroupName": "nosuch"}, "CacheParameterGroupNotFound"),
    ("create_cache_cluster", {**CLUSTER, "CacheParameterGroupName": "nosuch"}, "CacheParameterGroupNotFound"),
    (
        "delete_replication_group",
        {"ReplicationGroupId": "g", "FinalSnapshotIdentifier": "last", "RetainPrimaryCluster": True},
        "NotImplemented",
    ),
    (
        "delete_replication_group",
        {"ReplicationGroupId": "g", "FinalSnapshotIdentifier": "s"},
        "SnapshotAlreadyExistsFault",
    ),
    (
        "modify_global_replication_group",
        {
            "GlobalReplicationGroupId": "sgaui-x",
            "ApplyImmediately": True,
            "GlobalReplicationGroupDescription": "after",
            "CacheNodeType": "cache.m6g.xlarge",
        },
        "InvalidReplicationGroupState",
    ),
]


@pytest.mark.parametrize(("operation", "inputs", "code"), REFUSED, ids=[f"{o}-{c}" for o, _, c in REFUSED])
def test_a_refusal_of_elasticache_changes_nothing(
    endpoint: Endpoint, operation: str, inputs: dict[str, Any], code: str
) -> None:
    before = endpoint.state()
    with pytest.raises(AwsError) as refused:
        endpoint.call("elasticache", operation, **inputs)
    assert (refused.value.code, endpoint.state()) == (code, before)


@pytest.mark.parametrize("owned", [0, 1])
def test_an_addon_with_two_associations_of_a_service_account_is_refused_and_changes_nothing(
    endpoint: Endpoint, owned: int
) -> None:
    wanted = {"serviceAccount": ACCOUNT_OF_CSI, "roleArn": endpoint.role}
    named = {"clusterName": "c", "addonName": "aws-ebs-csi-driver"}
    if owned:
        endpoint.call("eks", "create_addon", **named, podIdentityAssociations=[wanted])
    before = endpoint.state()
    with pytest.raises(AwsError, match="already exists"):
        endpoint.call("eks", "update_addon" if owned else "create_addon", **named, podIdentityAssociations=[wanted] * 2)
    assert endpoint.state() == before


def test_an_addon_leaves_the_association_that_someone_made(endpoint: Endpoint) -> None:
    wanted = {"serviceAccount": ACCOUNT_OF_CSI, "roleArn": endpoint.role}
    endpoint.call("eks", "create_pod_identity_association", clusterName="c", namespace="kube-system", **wanted)
    before = endpoint.state()
    with pytest.raises(AwsError, match="already exists"):
        endpoint.call(
            "eks", "create_addon", clusterName="c", addonName="aws-ebs-csi-driver", podIdentityAssociations=[wanted]
        )
    assert endpoint.state() == before


class Hasty(ElastiCache):
    """Changes something before it checks."""

    def create_snapshot(self, state: CacheState, inputs: Any) -> Any:
        state.snapshots["s"].status = "restoring"
        state.snapshots["of a refused call"] = state.snapshots["s"]
        raise AwsError("InvalidParameterValue", "no")


def test_what_a_refused_write_changed_is_reverted_and_logged(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application(endpoint.context, [Hasty(endpoint.context)], endpoint.store, {})
    snapshots = copy.deepcopy(endpoint.context.state["elasticache", HERE].snapshots)
    cluster = endpoint.context.state["eks", HERE].clusters["c"]
    body = b"Action=CreateSnapshot&SnapshotName=x&ReplicationGroupId=g&Version=2015-02-02"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = headers("elasticache", "http://localhost/", "POST", body, form)
    answer = Client(app).post("/", headers=list(sent.items()), data=body)
    assert (answer.status_code, "InvalidParameterValue" in answer.text) == (400, True)
    assert endpoint.context.state["elasticache", HERE].snapshots == snapshots
    assert LATE_REFUSAL in caplog.text
    assert endpoint.context.state["eks", HERE].clusters["c"] is cluster  # the control loop holds it
