"""What goes from one region of a pair to the other, noun by noun."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.gateway import ACTIVE_PORT, ACTIVE_SERVICE
from contracts.platform import REDIS_URL
from operators.kubernetes.manifest import Owner
from tests.infra.recording import Recording, platform_configs, run, run_alone
from tests.manifests.overlays import objects

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")
WEST, EAST = "us-west-2", "us-east-1"
SHARED = ("data", "secrets", "media", "backups")


@pytest.fixture(scope="module", params=["local", "staging", "prod"])
def declared(request: pytest.FixtureRequest) -> Recording:
    return run(request.param, outputs_known=True)


def test_a_single_region_has_nothing_that_crosses() -> None:
    alone = run_alone()
    assert not [one.typ for one in alone.resources if one.typ in ("aura:infra:Pair", "aura:infra:GlobalDatastore")]
    assert not any("multiRegion" in key for key in alone.of("aws:kms/key:Key").values())
    assert not any("replicas" in secret for secret in alone.of("aws:secretsmanager/secret:Secret").values())
    (stream,) = alone.of("aws:msk/cluster:Cluster").values()
    assert "connectivityInfo" not in stream["brokerNodeGroupInfo"]


def test_keys_of_what_both_regions_have_are_replicas_of_the_home_regions(declared: Recording) -> None:
    keys, replicas = declared.of("aws:kms/key:Key"), declared.of("aws:kms/replicaKey:ReplicaKey")
    assert set(replicas) == {f"aura-{EAST}-{noun}" for noun in SHARED}
    for noun in SHARED:
        assert keys[f"aura-{WEST}-{noun}"]["multiRegion"] is True
        replica = replicas[f"aura-{EAST}-{noun}"]
        assert replica["primaryKeyArn"] == declared.arn("aws:kms", f"aura-{WEST}-{noun}")
        assert declared.region("aws:kms/replicaKey:ReplicaKey", f"aura-{EAST}-{noun}") == EAST
    east = json.loads(replicas[f"aura-{EAST}-data"]["policy"])["Statement"]
    assert east[1]["Principal"]["Service"] == f"logs.{EAST}.amazonaws.com"
    assert {name for name in keys if EAST in name} == {f"aura-{EAST}-cluster", f"aura-{EAST}-volumes"}


def test_generated_secrets_are_made_at_home_and_copied(declared: Recording) -> None:
    secrets = declared.of("aws:secretsmanager/secret:Secret")
    key = declared.arn("aws:kms", f"aura-{EAST}-secrets")
    copied = {name for name, secret in secrets.items() if "replicas" in secret}
    assert all(secrets[name]["replicas"] == [{"region": EAST, "kmsKeyId": key}] for name in copied)
    assert {secrets[name]["name"].partition("/")[2].partition("/")[2] for name in copied} == {
        *("rds/auth/password", "rds/users/password", "kafka/password", "redis/password"),
        "opensearch/password",
        *("auth/signing-key", "auth/google-client-secret", "auth/apple-key", "biosync/webhook", "timeseries/password"),
        *("content/media-key", "recorder/password", "payments/stripe-key", "payments/stripe-webhook"),
    }
    assert {name for name in secrets if EAST in name} == {
        *(f"aura-{EAST}-{database}" for database in ("auth", "users")),
        f"aura-{EAST}-stream-login",
    }


def test_a_region_connects_to_its_own_stores_with_the_common_passwords(declared: Recording) -> None:
    versions = declared.of("aws:secretsmanager/secretVersion:SecretVersion")
    west, east = (json.loads(versions[f"aura-{region}-auth"]["secretString"]) for region in (WEST, EAST))
    assert east["password"] == west["password"] == versions[f"aura-{WEST}-auth-password"]["secretString"]
    logins = [json.loads(versions[f"aura-{region}-stream-login"]["secretString"]) for region in (WEST, EAST)]
    assert logins[0] == logins[1]
    given = declared.of("kubernetes:core/v1:Secret")
    urls = [given[f"aura-{region}"]["stringData"][REDIS_URL] for region in (WEST, EAST)]
    assert len({url.split("@")[0] for url in urls}) == 1


def test_databases_are_replicas_with_a_key_and_groups_of_their_own(declared: Recording) -> None:
    instances = declared.of("aws:rds/instance:Instance")
    for database in ("auth", "users"):
        primary, replica = instances[f"aura-{WEST}-{database}"], instances[f"aura-{EAST}-{database}"]
        assert "replicateSourceDb" not in primary
        assert replica["replicateSourceDb"] == declared.arn("aws:rds", f"aura-{WEST}-{database}")
        assert not {"username", "password", "dbName", "allocatedStorage"} & set(replica)
        assert replica["kmsKeyId"] == declared.arn("aws:kms", f"aura-{EAST}-data")
        assert replica["dbSubnetGroupName"] == f"aura-{EAST}-{database}"
        assert replica["parameterGroupName"] == f"aura-{EAST}-{database}-15"
        assert replica["backupRetentionPeriod"] == primary["backupRetentionPeriod"]
        assert replica["deletionProtection"] == primary["deletionProtection"]


def test_backups_of_the_active_regions_databases_are_copied(declared: Recording) -> None:
    type = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
    copies, instances = declared.of(type), declared.of("aws:rds/instance:Instance")
    assert len(copies) == 2
    for name, copy in copies.items():
        source = name.removesuffix("-backups")
        assert copy["sourceDbInstanceArn"] == declared.arn("aws:rds", source)
        assert copy["retentionPeriod"] == instances[source]["backupRetentionPeriod"]
        assert copy["kmsKeyId"] == declared.arn("aws:kms", f"aura-{EAST}-data")
        assert declared.region(type, name) == EAST


def test_the_cache_is_one_datastore(declared: Recording) -> None:
    ((_, datastore),) = declared.of("aws:elasticache/globalReplicationGroup:GlobalReplicationGroup").items()
    caches = declared.of("aws:elasticache/replicationGroup:ReplicationGroup")
    assert datastore["primaryReplicationGroupId"] == f"aura-{WEST}-cache-id"
    assert datastore["cacheNodeType"] == caches[f"aura-{WEST}-cache"]["nodeType"]
    secondary = caches[f"aura-{EAST}-cache"]
    assert secondary["globalReplicationGroupId"] == "abcde-aura-cache"
    taken_over = {"engine", "engineVersion", "nodeType", "atRestEncryptionEnabled", "transitEncryptionEnabled"}
    assert not {*taken_over, "authToken"} & set(secondary)


def test_brokers_are_replicated_both_ways_under_the_same_names(declared: Recording) -> None:
    replicators = declared.of("aws:msk/replicator:Replicator")
    ways = {}
    for name, replicator in replicators.items():
        info = replicator["replicationInfoList"]
        (topics,), (groups,) = info["topicReplications"], info["consumerGroupReplications"]
        assert topics["topicNameConfiguration"] == {"type": "IDENTICAL"}
        assert groups["synchroniseConsumerGroupOffsets"] is True
        assert groups["consumerGroupOffsetSyncMode"] == "ENHANCED"
        target = declared.region("aws:msk/replicator:Replicator", name)
        ways[info["sourceKafkaClusterArn"], info["targetKafkaClusterArn"]] = target
        role = json.loads(declared.of("aws:iam/rolePolicy:RolePolicy")[name]["policy"])
        resources = {statement["Resource"].split(":")[5].split("/")[0] for statement in role["Statement"]}
        assert resources == {"cluster", "topic", "group"}
    west, east = (declared.arn("aws:msk/cluster", f"aura-{region}-stream") for region in (WEST, EAST))
    assert ways == {(west, east): EAST, (east, west): WEST}
    for cluster in declared.of("aws:msk/cluster:Cluster").values():
        assert cluster["clientAuthentication"]["sasl"] == {"scram": True, "iam": True}
        assert cluster["brokerNodeGroupInfo"]["connectivityInfo"]["vpcConnectivity"]


def test_buckets_are_copied_both_ways_within_15_minutes(declared: Recording) -> None:
    configurations = declared.of("aws:s3/bucketReplicationConfig:BucketReplicationConfig")
    assert set(configurations) == {
        f"aura-{region}-{noun}-replication" for region in (WEST, EAST) for noun in ("media", "backups", "stream-state")
    }
    for name, configuration in configurations.items():
        source = name.removesuffix("-replication")
        target = source.replace(WEST, "?").replace(EAST, WEST).replace("?", EAST)
        keys = {side: side.replace("stream-state", "data") for side in (source, target)}
        (rule,) = configuration["rules"]
        destination = rule["destination"]
        assert destination["bucket"] == declared.arn("aws:s3", target)
        assert destination["replicationTime"] == {"status": "Enabled", "time": {"minutes": 15}}
        assert destination["metrics"]["status"] == rule["deleteMarkerReplication"]["status"] == "Enabled"
        assert destination["encryptionConfiguration"]["replicaKmsKeyId"] == declared.arn("aws:kms", keys[target])
        assert rule["sourceSelectionCriteria"]["sseKmsEncryptedObjects"]["status"] == "Enabled"
        policy = json.loads(declared.of("aws:iam/rolePolicy:RolePolicy")[name]["policy"])
        allowed = {action: statement["Resource"] for statement in policy["Statement"] for action in statement["Action"]}
        assert allowed["s3:ReplicateObject"] == f"{declared.arn('aws:s3', target)}/*"
        assert allowed["kms:Decrypt"] == declared.arn("aws:kms", keys[source])
        assert allowed["kms:Encrypt"] == declared.arn("aws:kms", keys[target])


def test_every_host_fails_over_by_the_regions_own_answer(declared: Recording) -> None:
    checks = declared.of("aws:route53/healthCheck:HealthCheck")
    domain = next(iter(declared.of("aws:route53/zone:Zone").values()))["name"]
    assert {check["fqdn"] for check in checks.values()} == {f"active.{region}.{domain}" for region in (WEST, EAST)}
    for check in checks.values():
        assert (check["type"], check["port"], check["resourcePath"]) == ("HTTP", 8081, "/active")
        assert check["requestInterval"] * check["failureThreshold"] <= 30
    records = [one for one in declared.of("aws:route53/record:Record").values() if "setIdentifier" in one]
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        found.setdefault(record["name"], {})[record["failoverRoutingPolicies"][0]["type"]] = record
    assert set(found) == {f"{host}.{domain}" for host in ("api", "auth", "stream")}
    for ways in found.values():
        assert ways["PRIMARY"]["records"] == [f"gateway.{WEST}.{domain}"]
        assert ways["SECONDARY"]["records"] == [f"gateway.{EAST}.{domain}"]
        assert {way["healthCheckId"] for way in ways.values()} == {f"{name}-id" for name in checks}


def test_external_dns_makes_the_names_of_its_region_only(declared: Recording) -> None:
    domain = next(iter(declared.of("aws:route53/zone:Zone").values()))["name"]
    releases = declared.of("kubernetes:helm.sh/v3:Release")
    for region in (WEST, EAST):
        values = releases[f"aura-{region}-controllers-external-dns"]["values"]
        assert values["domainFilters"] == [f"{region}.{domain}"]


def test_media_has_one_distribution_that_asks_both_buckets(declared: Recording) -> None:
    (distribution,) = declared.of("aws:cloudfront/distribution:Distribution").values()
    (group,) = distribution["originGroups"]
    assert [member["originId"] for member in group["members"]] == [one["originId"] for one in distribution["origins"]]
    assert all(one["connectionAttempts"] * one["connectionTimeout"] <= 5 for one in distribution["origins"])
    assert {403, 404, 500, 503} <= set(group["failoverCriteria"]["statusCodes"])
    assert distribution["defaultCacheBehavior"]["targetOriginId"] == group["originId"]
    policies = declared.of("aws:s3/bucketPolicy:BucketPolicy")
    for region in (WEST, EAST):
        reads, _ = json.loads(policies[f"aura-{region}-media"]["policy"])["Statement"]
        assert reads["Condition"]["StringEquals"]["AWS:SourceArn"] == declared.arn(
            "aws:cloudfront", f"aura-{WEST}-media"
        )


def test_the_witness_is_in_a_third_region_and_takes_conditional_writes_only(declared: Recording) -> None:
    assert declared.region("aws:s3/bucket:Bucket", "aura-witness") == "us-east-2"
    conditional, stays, tls = json.loads(declared.of("aws:s3/bucketPolicy:BucketPolicy")["aura-witness"]["policy"])[
        "Statement"
    ]
    assert (conditional["Effect"], conditional["Principal"], conditional["Action"]) == ("Deny", "*", "s3:PutObject")
    assert conditional["Condition"]["Null"] == {"s3:if-none-match": "true", "s3:if-match": "true"}
    assert (stays["Effect"], stays["Principal"]) == ("Deny", "*")
    assert set(stays["Action"]) == {"s3:DeleteObject", "s3:DeleteObjectVersion"}
    assert stays["Resource"].endswith("/lease/active.json")
    assert tls["Sid"] == "TlsOnly"


@pytest.mark.parametrize("region", [WEST, EAST])
def test_one_service_of_a_region_writes_the_lease_and_another_one_recovery_points(
    declared: Recording, region: str
) -> None:
    bucket = declared.of("aws:s3/bucket:Bucket")["aura-witness"]["bucket"]
    policies = declared.of("aws:iam/rolePolicy:RolePolicy")
    arn = declared.arn("aws:s3", "aura-witness")
    objects, listed, key = json.loads(policies[f"aura-{region}-region"]["policy"])["Statement"]
    assert (objects["Action"], objects["Resource"]) == (["s3:GetObject", "s3:PutObject"], f"{arn}/lease/*")
    read, points, *_, lag = json.loads(policies[f"aura-{region}-recorder"]["policy"])["Statement"]
    assert (read["Action"], read["Resource"]) == (["s3:GetObject"], f"{arn}/lease/*")
    assert (points["Action"], points["Resource"]) == (["s3:GetObject", "s3:PutObject"], f"{arn}/recovery-points/*")
    assert lag["Action"] == "cloudwatch:GetMetricStatistics"
    assert (listed["Action"], listed["Resource"]) == ("s3:ListBucket", arn)
    assert set(key["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    associations = declared.of("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    for service in ("region", "recorder"):
        association = associations[f"aura-{region}-{service}"]
        assert (association["namespace"], association["serviceAccount"]) == ("aura", service)
    config = declared.of("kubernetes:core/v1:ConfigMap")[f"aura-{region}"]["data"]
    assert (config["WITNESS_BUCKET"], config["WITNESS_REGION"]) == (bucket, "us-east-2")
    (replicator,) = [
        one["replicatorName"]
        for name, one in declared.of("aws:msk/replicator:Replicator").items()
        if declared.region("aws:msk/replicator:Replicator", name) == region
    ]
    assert config["REPLICATOR"] == replicator


@pytest.mark.parametrize("region", [WEST, EAST])
def test_the_health_check_asks_the_load_balancer_of_its_region(declared: Recording, region: str) -> None:
    (check,) = [one for one in declared.of("aws:route53/healthCheck:HealthCheck").values() if region in one["fqdn"]]
    stack = "staging" if "staging" in check["fqdn"] else "prod"
    of_kind = {(one["kind"], one["metadata"]["name"]): one for one in objects(stack, region)}
    service, policy = of_kind["Service", ACTIVE_SERVICE], of_kind["NetworkPolicy", "region-active"]
    assert service["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/hostname"] == check["fqdn"]
    (port,) = service["spec"]["ports"]
    assert (service["spec"]["type"], port["port"], port["targetPort"]) == ("LoadBalancer", check["port"], ACTIVE_PORT)
    selector = Owner("AuraService", "aura", "region", "").selector
    assert service["spec"]["selector"] == policy["spec"]["podSelector"]["matchLabels"] == selector
    assert policy["spec"]["ingress"] == [{"ports": [{"protocol": "TCP", "port": ACTIVE_PORT}]}]


def test_the_two_regions_are_told_different_roles(declared: Recording) -> None:
    roles = {name: config["data"]["REGION_ROLE"] for name, config in platform_configs(declared).items()}
    assert roles == {f"aura-{WEST}": "active", f"aura-{EAST}": "passive"}
