"""Clusters of states that were written before brokers had TLS, and could be several, go on as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from local.cloud.context import CloudContext
from local.cloud.svc.msk.backing import ClusterBacking
from local.cloud.svc.msk.describe import bootstrap, info
from local.cloud.svc.msk.model import Cluster, MskState
from local.engines.kafka.storage import identity
from local.site import Site

ARN = "arn:aws:kafka:us-west-2:123456789012:cluster/old/0a1b2c3d-4e5f-0123456789ab-1"


def old_cluster() -> Cluster:
    """As pickle restores one: with the attributes that it had when it was written."""
    cluster = object.__new__(Cluster)
    group = {"InstanceType": "kafka.m7g.large", "ClientSubnets": ["a", "b", "c"]}
    inputs = {"KafkaVersion": "3.9.x.kraft", "NumberOfBrokerNodes": 3, "BrokerNodeGroupInfo": group}
    cluster.__dict__ = {
        **{"region": "us-west-2", "name": "old", "arn": ARN, "inputs": inputs, "address": "127.10.0.16"},
        **{"created": datetime.now(UTC), "tags": {}, "state": "ACTIVE", "version": "K1"},
    }
    return cluster


def test_it_keeps_its_one_broker_and_its_plaintext_listener(tmp_path: Path) -> None:
    cluster = old_cluster()
    backing = ClusterBacking(CloudContext(Site(tmp_path)), MskState("us-west-2"), cluster)
    assert [broker.folder for broker in backing.engine.brokers] == [backing.engine.folder]
    assert bootstrap(cluster) == {"BootstrapBrokerString": "127.10.0.16:9092"}
    assert info(cluster)["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"] == "PLAINTEXT"
    assert info(cluster)["ActiveOperationArn"] is None


def test_its_storage_keeps_its_cluster_id_and_its_one_controller(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("#\nversion=1\ncluster.id=QVBmSjZ3\nnode.id=1\n")
    found = identity(tmp_path, 3)
    assert (found.cluster_id, found.voters) == ("QVBmSjZ3", (1,))
    assert identity(tmp_path, 3) == found
