"""What holds state in one region of the pair has a counterpart in the other: one program a type, with and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from infra.policies.copies import FIND
from infra.policies.rules.counterpart import COPIES, GLOBAL, MISSING
from infra.policies.stateful import STATEFUL
from infra.protection import STATEFUL as PROTECTED
from tests.infra.policies import good
from tests.infra.policies.programs import found, small

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
WEST, EAST, THIRD = "us-west-2", "us-east-1", "us-east-2"
PAIR = {"aura:pair": {"active": WEST, "passive": EAST, "witness": THIRD}}
Where = Callable[[str], pulumi.ResourceOptions]


def options() -> Where:
    """Options for each region; a provider each."""
    made: dict[str, pulumi.ResourceOptions] = {}
    return lambda region: made.setdefault(region, good.options(region))


def databases(where: Where, whole: bool) -> None:
    source = good.database("west", where(WEST))
    if whole:
        good.database("east", where(EAST), replicate_source_db=source.arn, storage_encrypted=None)


def caches(where: Where, whole: bool) -> None:
    first = good.cache("west", where(WEST))
    datastore = aws.elasticache.GlobalReplicationGroup(
        *("global",),
        global_replication_group_id_suffix="aura",
        primary_replication_group_id=first.id,
        opts=pulumi.ResourceOptions(provider=where(WEST).provider, protect=True),
    )
    if whole:
        joined: dict[str, Any] = {"at_rest_encryption_enabled": None, "transit_encryption_enabled": None}
        good.cache("east", where(EAST), global_replication_group_id=datastore.id, **joined)


def streams(where: Where, whole: bool) -> None:
    west, east = good.stream("west", where(WEST)), good.stream("east", where(EAST))
    if whole:
        replicator(west, east, EAST, where)
        replicator(east, west, WEST, where)


def replicator(source: aws.msk.Cluster, target: aws.msk.Cluster, region: str, where: Where) -> None:
    """In the region of the target."""
    aws.msk.Replicator(
        f"to-{region}",
        replicator_name="r",
        service_execution_role_arn="arn",
        kafka_clusters=[
            aws.msk.ReplicatorKafkaClusterArgs(
                amazon_msk_cluster=aws.msk.ReplicatorKafkaClusterAmazonMskClusterArgs(msk_cluster_arn=one.arn),
                vpc_config=aws.msk.ReplicatorKafkaClusterVpcConfigArgs(subnet_ids=["s"]),
            )
            for one in (source, target)
        ],
        replication_info_list=aws.msk.ReplicatorReplicationInfoListArgs(
            source_kafka_cluster_arn=source.arn,
            target_kafka_cluster_arn=target.arn,
            target_compression_type="NONE",
            topic_replications=[aws.msk.ReplicatorReplicationInfoListTopicReplicationArgs(topics_to_replicates=[".*"])],
            consumer_group_replications=[
                aws.msk.ReplicatorReplicationInfoListConsumerGroupReplicationArgs(consumer_groups_to_replicates=[".*"])
            ],
        ),
        opts=pulumi.ResourceOptions(provider=where(region).provider),
    )


def keys(where: Where, whole: bool) -> None:
    primary = good.key("secrets", where(WEST), multi_region=True)
    if whole:
        opts = pulumi.ResourceOptions(provider=where(EAST).provider, protect=True)
        aws.kms.ReplicaKey("secrets", primary_key_arn=primary.arn, deletion_window_in_days=30, opts=opts)


def keys_of_each_region(where: Where, whole: bool) -> None:
    for region in (WEST, EAST) if whole else (WEST,):
        good.key(f"aura-{region}-data", where(region))


def clusters(where: Where, whole: bool) -> None:
    for region in (WEST, EAST) if whole else (WEST,):
        good.cluster(f"aura-{region}", where(region))


def secrets(where: Where, whole: bool) -> None:
    copies = [aws.secretsmanager.SecretReplicaArgs(region=EAST, kms_key_id=good.KEY)] if whole else None
    good.secret("signing", where(WEST), name="aura/prod/signing", replicas=copies)


def logins(where: Where, whole: bool) -> None:
    for region in (WEST, EAST) if whole else (WEST,):
        good.secret(f"aura-{region}-login", where(region), name=f"AmazonMSK_aura-{region}")


def connections(where: Where, whole: bool) -> None:
    for region in (WEST, EAST) if whole else (WEST,):
        good.secret(f"aura-{region}-auth", where(region), name="aura/prod/rds/auth")


def buckets(where: Where, whole: bool) -> None:
    replicated(where, "Enabled", "Enabled") if whole else unreplicated(where)


def unreplicated(where: Where) -> tuple[aws.s3.Bucket, aws.s3.Bucket]:
    return good.bucket("west", where(WEST)), good.bucket("east", where(EAST))


def replicated(where: Where, status: str, encrypted: str | None) -> None:
    """`encrypted` is whether what is encrypted with keys of KMS is copied; None says nothing of it."""
    west, east = unreplicated(where)
    of_kms = encrypted and aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(
        status=encrypted
    )
    criteria = of_kms and aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
        sse_kms_encrypted_objects=of_kms
    )
    for source, target, region in ((west, east, WEST), (east, west, EAST)):
        destination = aws.s3.BucketReplicationConfigRuleDestinationArgs(bucket=target.arn)
        rule = aws.s3.BucketReplicationConfigRuleArgs(
            status=status, destination=destination, source_selection_criteria=criteria or None
        )
        aws.s3.BucketReplicationConfig(
            f"from-{region}",
            bucket=source.bucket,
            role="arn",
            rules=[rule],
            opts=pulumi.ResourceOptions(provider=where(region).provider),
        )


def domains(where: Where, whole: bool) -> None:
    """What is in them can be computed again from the database, which is copied."""
    good.domain(f"aura-{WEST}-search", where(WEST))
    if whole:
        good.domain(f"aura-{EAST}-search", where(EAST))


PROGRAMS = {
    databases: "aws:rds/instance:Instance",
    caches: "aws:elasticache/replicationGroup:ReplicationGroup",
    streams: "aws:msk/cluster:Cluster",
    domains: "aws:opensearch/domain:Domain",
    keys: "aws:kms/key:Key",
    keys_of_each_region: "aws:kms/key:Key",
    clusters: "aws:eks/cluster:Cluster",
    secrets: "aws:secretsmanager/secret:Secret",
    logins: "aws:secretsmanager/secret:Secret",
    connections: "aws:secretsmanager/secret:Secret",
    buckets: "aws:s3/bucket:Bucket",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_state_in_one_region_alone_is_refused(program: Callable[[Where, bool], None]) -> None:
    refused = found(small(lambda: program(options(), False), config=PAIR))
    assert refused and all(line.startswith("counterpart: ") for line in refused)
    assert "has no counterpart in us-east-1" in "".join(refused)
    assert found(small(lambda: program(options(), True), config=PAIR)) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_after_a_promotion_the_same_resources_are_accepted(program: Callable[[Where, bool], None]) -> None:
    swapped = {"aura:pair": {"active": EAST, "passive": WEST, "witness": THIRD}}
    assert found(small(lambda: program(options(), True), config=swapped)) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_stack_of_one_region_needs_none(program: Callable[[Where, bool], None]) -> None:
    assert found(small(lambda: program(options(), False), config={"aura:pair": {"active": WEST}})) == []


def test_what_is_in_the_witness_region_needs_none_and_keeps_old_leases_as_short_as_it_likes() -> None:
    assert found(small(lambda: good.bucket("witness", options()(THIRD), old_days=1), config=PAIR)) == []


def test_a_key_of_another_purpose_is_none() -> None:
    def program() -> None:
        where = options()
        good.key(f"aura-{WEST}-data", where(WEST))
        good.key(f"aura-{EAST}-media", where(EAST))

    assert len(found(small(program, config=PAIR))) == 2


def test_a_password_of_each_region_is_none_of_the_other() -> None:
    def program() -> None:
        where = options()
        for region in (WEST, EAST):
            good.secret(f"aura-{region}-auth-password", where(region), name="aura/prod/rds/auth/password")

    assert len(found(small(program, config=PAIR))) == 2


def test_a_replica_in_its_sources_region_is_none() -> None:
    def program() -> None:
        where = options()
        source = good.database("source", where(WEST))
        good.database("replica", where(WEST), replicate_source_db=source.arn)

    assert len(found(small(program, config=PAIR))) == 2


def test_a_replica_key_of_a_key_of_one_region_is_refused() -> None:
    def program() -> None:
        where = options()
        primary = good.key("secrets", where(WEST))
        opts = pulumi.ResourceOptions(provider=where(EAST).provider, protect=True)
        aws.kms.ReplicaKey("secrets", primary_key_arn=primary.arn, deletion_window_in_days=30, opts=opts)

    assert "neither a ReplicaKey of it as a multi-Region key" in found(small(program, config=PAIR))[0]


def test_replication_within_a_region_is_none() -> None:
    def program() -> None:
        where = options()
        west = [good.stream(name, where(WEST)) for name in ("a", "b")]
        replicator(west[0], west[1], WEST, where)

    assert len(found(small(program, config=PAIR))) == 2


def test_replication_in_one_direction_is_none() -> None:
    def program() -> None:
        where = options()
        west, east = good.stream("west", where(WEST)), good.stream("east", where(EAST))
        replicator(west, east, EAST, where)

    refused = found(small(program, config=PAIR))
    assert len(refused) == 2
    assert "no Replicators in both regions" in refused[0]


@pytest.mark.parametrize(("status", "encrypted"), [("Disabled", "Enabled"), ("Enabled", "Disabled"), ("Enabled", None)])
def test_replication_that_copies_none_of_what_is_encrypted_is_none(status: str, encrypted: str | None) -> None:
    refused = found(small(lambda: replicated(options(), status, encrypted), config=PAIR))
    assert len(refused) == 2
    assert "no Enabled rule of a BucketReplicationConfig copies its SSE-KMS objects" in refused[0]


def test_a_type_that_no_rule_knows_is_refused() -> None:
    def program() -> None:
        aws.efs.FileSystem("files", encrypted=True, kms_key_id=good.KEY, opts=options()(WEST))

    assert "nothing knows how its type is replicated" in found(small(program, config=PAIR))[0]


def test_every_type_that_the_platform_protects_has_a_way() -> None:
    assert STATEFUL >= PROTECTED
    assert FIND.keys() | GLOBAL | COPIES >= PROTECTED
    assert set(PROGRAMS.values()) == FIND.keys() == MISSING.keys()
