"""What the program declares in every stack, recorded with mocks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.platform import RegionRole
from tests.infra.recording import Recording, configuration, execute, platform_configs, run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")
STACKS = ["local", "staging", "prod"]
HOME = "aura-us-west-2"


@pytest.fixture(scope="module", params=STACKS)
def declared(request: pytest.FixtureRequest) -> Recording:
    return run(request.param, outputs_known=True)


@pytest.fixture(scope="module")
def prod() -> Recording:
    return run("prod", outputs_known=True)


@pytest.mark.parametrize("stack", STACKS)
def test_the_program_runs_without_known_outputs(stack: str) -> None:
    """As in the first preview: no declaration may depend on the value of an output."""
    first = run(stack, outputs_known=False)
    assert len(first.resources) > 100
    assert {a.typ for a in first.resources} == {a.typ for a in run(stack, outputs_known=True).resources}


def test_all_stores_are_encrypted_with_customer_managed_keys(declared: Recording) -> None:
    made = {**declared.of("aws:kms/key:Key"), **declared.of("aws:kms/replicaKey:ReplicaKey")}
    keys = {declared.arn("aws:kms", name) for name in made}
    used: dict[tuple[str, str], Any] = {}
    for name, db in declared.of("aws:rds/instance:Instance").items():
        assert db["storageEncrypted"] is True
        used["db", name] = db["kmsKeyId"]
    for name, cache in declared.of("aws:elasticache/replicationGroup:ReplicationGroup").items():
        secondary = "globalReplicationGroupId" in cache  # it takes over that the primary is encrypted
        assert cache.get("atRestEncryptionEnabled") is (None if secondary else True)
        used["cache", name] = cache["kmsKeyId"]
    for name, stream in declared.of("aws:msk/cluster:Cluster").items():
        used["stream", name] = stream["encryptionInfo"]["encryptionAtRestKmsKeyArn"]
    for name, domain in declared.of("aws:opensearch/domain:Domain").items():
        assert domain["encryptAtRest"]["enabled"] is True
        used["search", name] = domain["encryptAtRest"]["kmsKeyId"]
    for name, cluster in declared.of("aws:eks/cluster:Cluster").items():
        assert cluster["encryptionConfig"]["resources"] == ["secrets"]
        used["cluster", name] = cluster["encryptionConfig"]["provider"]["keyArn"]
    for type in ("aws:secretsmanager/secret:Secret", "aws:cloudwatch/logGroup:LogGroup"):
        used |= {(type, name): inputs["kmsKeyId"] for name, inputs in declared.of(type).items()}
    encryption = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    for name, bucket in declared.of(encryption).items():
        if not name.endswith("-logs"):  # AWS delivers logs into no bucket with a key of ours
            used["bucket", name] = bucket["rules"][0]["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
    for name, template in declared.of("aws:ec2/launchTemplate:LaunchTemplate").items():
        used["disk", name] = template["blockDeviceMappings"][0]["ebs"]["kmsKeyId"]
    used |= {("disks", name): d["keyArn"] for name, d in declared.of("aws:ebs/defaultKmsKey:DefaultKmsKey").items()}
    assert len(used) >= 14
    assert {name: key for name, key in used.items() if key not in keys} == {}


def test_of_every_bucket_old_versions_and_the_markers_of_deleted_objects_go(declared: Recording) -> None:
    """By age also the markers go (S3 User Guide, "Removing expired object delete markers")."""
    for lifecycle in declared.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").values():
        (rule,) = lifecycle["rules"]
        assert rule["noncurrentVersionExpiration"]["noncurrentDays"] > 0
        assert bool(rule["expiration"].get("days")) is not bool(rule["expiration"].get("expiredObjectDeleteMarker"))


def test_every_bucket_is_versioned_and_blocks_public_access(declared: Recording) -> None:
    buckets = {inputs["bucket"] for inputs in declared.of("aws:s3/bucket:Bucket").values()}
    blocked = declared.of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").values()
    assert {b["bucket"] for b in blocked if all(v is True for k, v in b.items() if k != "bucket")} == buckets
    versioned = declared.of("aws:s3/bucketVersioning:BucketVersioning").values()
    assert {v["bucket"] for v in versioned if v["versioningConfiguration"]["status"] == "Enabled"} == buckets
    for policy in declared.of("aws:s3/bucketPolicy:BucketPolicy").values():
        statements = json.loads(policy["policy"])["Statement"]
        denied = [s for s in statements if s["Effect"] == "Deny" and s["Principal"] == "*"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [one.get("Condition") for one in denied]
        assert all(s["Principal"] != "*" for s in statements if s["Effect"] == "Allow")


def test_stores_are_reachable_from_their_clients_only(declared: Recording) -> None:
    for db in declared.of("aws:rds/instance:Instance").values():
        assert db["publiclyAccessible"] is False
    rules = declared.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    regions = {declared.region("aws:ec2/vpc:Vpc", name) for name in declared.of("aws:ec2/vpc:Vpc")}
    assert len([name for name in rules if not name.endswith("-replicator")]) == 5 * len(regions)
    for name, rule in rules.items():
        clients = f"{name}-id" if name.endswith("-replicator") else "sg-of-nodes"
        assert rule["referencedSecurityGroupId"] == clients
        assert "cidrIpv4" not in rule
        assert rule["fromPort"] == rule["toPort"]
    routed = {r["routeTableId"] for r in declared.of("aws:ec2/route:Route").values()}
    assert not any("-data" in table for table in routed)
    for group in declared.of("aws:rds/subnetGroup:SubnetGroup").values():
        assert all("-data-" in subnet for subnet in group["subnetIds"])


def test_keys_rotate_and_the_account_can_always_change_them(declared: Recording) -> None:
    for key in declared.of("aws:kms/key:Key").values():
        assert key["enableKeyRotation"] is True
        statements = json.loads(key["policy"])["Statement"]
        assert statements[0]["Principal"]["AWS"].endswith(":root")
        assert all("Condition" in s for s in statements if "Service" in s["Principal"])


def test_stateful_nodes_are_on_demand_and_the_others_spot_of_many_types(declared: Recording) -> None:
    groups = declared.of("aws:eks/nodeGroup:NodeGroup")
    spot = [g for g in groups.values() if g["capacityType"] == "SPOT"]
    stateful = [g for g in groups.values() if g["capacityType"] == "ON_DEMAND"]
    assert spot and stateful
    assert all(len(g["instanceTypes"]) >= 3 and "taints" not in g for g in spot)
    assert all(g["taints"][0]["key"] == "aura/stateful" for g in stateful)


def test_a_node_group_begins_as_desired_and_then_keeps_its_size_within_min_and_max() -> None:
    def sizes(nodes: dict[str, dict[str, int]]) -> dict[str, int]:
        recording = Recording(outputs_known=True, nodes=nodes)
        execute("prod", recording, preview=False)
        groups = recording.of("aws:eks/nodeGroup:NodeGroup", HOME).values()
        return {group["nodeGroupName"]: group["scalingConfig"]["desiredSize"] for group in groups}

    assert sizes({}) == {"spot": 6, "stateful": 3}
    assert sizes({"aura-us-west-2": {"spot": 23}}) == {"spot": 23, "stateful": 3}
    assert sizes({"aura-us-west-2": {"spot": 2, "stateful": 9}}) == {"spot": 6, "stateful": 6}


def test_another_kafka_version_needs_no_name_that_is_in_use(declared: Recording) -> None:
    (properties,) = declared.of("aws:msk/configuration:Configuration", HOME).values()
    assert properties["name"].endswith("-3-9-x-kraft")
    assert properties["kafkaVersions"] == ["3.9.x.kraft"]


def test_what_calls_aws_has_a_role_of_its_own_by_pod_identity(declared: Recording) -> None:
    associations = declared.of("aws:eks/podIdentityAssociation:PodIdentityAssociation", HOME)
    accounts = {(a["namespace"], a["serviceAccount"]): name for name, a in associations.items()}
    assert {":".join(account) for account in accounts} == {
        "aura:bio-sync",
        "aura:content",
        "aura:operators",
        "aura:recorder",
        "aura:region",
        "aura:timeseries",
        "cert-manager:cert-manager",
        "external-dns:external-dns",
        "kube-system:cluster-autoscaler",
        "kube-system:ebs-csi-controller-sa",
    }
    for (namespace, account), name in accounts.items():
        association = associations[name]
        trust = json.loads(declared.of("aws:iam/role:Role")[name]["assumeRolePolicy"])["Statement"][0]
        assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
        tags = trust["Condition"]["StringEquals"]
        assert tags["aws:RequestTag/kubernetes-namespace"] == namespace
        assert tags["aws:RequestTag/kubernetes-service-account"] == account
        assert tags["aws:RequestTag/eks-cluster-name"] == association["clusterName"]


def test_a_cluster_has_the_add_ons_that_pods_of_the_platform_need(declared: Recording) -> None:
    (cluster,) = declared.of("aws:eks/cluster:Cluster", HOME).values()
    addons = {addon["addonName"]: addon for addon in declared.of("aws:eks/addon:Addon", HOME).values()}
    networking = {"vpc-cni", "kube-proxy", "coredns"}
    assert addons.keys() == networking | {"eks-pod-identity-agent", "aws-ebs-csi-driver", "metrics-server"}
    assert {addon["clusterName"] for addon in addons.values()} == {cluster["name"]}
    assert json.loads(addons["vpc-cni"]["configurationValues"]) == {"enableNetworkPolicy": "true"}
    attached = declared.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment", HOME).values()
    driver = [one["role"] for one in attached if one["policyArn"].endswith("service-role/AmazonEBSCSIDriverPolicy")]
    assert [role.endswith("-ebs") for role in driver] == [True]


def test_an_upgrade_of_a_cluster_takes_its_nodes_and_add_ons_with_it(declared: Recording) -> None:
    (cluster,) = declared.of("aws:eks/cluster:Cluster", HOME).values()
    groups = declared.of("aws:eks/nodeGroup:NodeGroup", HOME).values()
    addons = declared.of("aws:eks/addon:Addon", HOME).values()
    assert groups and {group.get("version") for group in groups} == {cluster["version"]}
    assert {addon.get("addonVersion") for addon in addons} == {f"default-for-{cluster['version']}"}


def test_media_is_served_by_tls_1_3_through_cloudfront_alone(declared: Recording) -> None:
    (distribution,) = declared.of("aws:cloudfront/distribution:Distribution").values()
    assert distribution["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.3_2025"
    assert distribution["defaultCacheBehavior"]["viewerProtocolPolicy"] == "https-only"
    assert distribution["origins"][0]["originAccessControlId"]
    ((group, signers),) = declared.of("aws:cloudfront/keyGroup:KeyGroup").items()
    ((key, public),) = declared.of("aws:cloudfront/publicKey:PublicKey").items()
    assert distribution["defaultCacheBehavior"]["trustedKeyGroups"] == [f"{group}-id"]
    assert signers["items"] == [f"{key}-id"]
    assert "PRIVATE" not in public["encodedKey"]
    (certificate,) = declared.of("aws:acm/certificate:Certificate").values()
    assert certificate["region"] == "us-east-1"


def test_the_config_map_holds_the_region_for_the_pods(declared: Recording) -> None:
    config = platform_configs(declared)["aura-us-west-2"]
    (secret,) = declared.of("kubernetes:core/v1:Secret", HOME).values()
    assert config["metadata"]["name"] == secret["metadata"]["name"] == "aura-platform"
    (provider,) = declared.of("pulumi:providers:kubernetes", HOME).values()
    assert provider["enableConfigMapMutable"] in (True, "true")
    assert provider["enableSecretMutable"] in (True, "true")
    values = {**config["data"], **secret["stringData"]}
    assert {"AWS_REGION", "MEDIA_BUCKET", "MEDIA_KEY_ID", "MEDIA_URL", "STATE_BUCKET", "TOKEN_ISSUER"} <= set(values)
    assert set(secret["stringData"]) == {"KAFKA_PASSWORD", "OPENSEARCH_PASSWORD", "REDIS_URL", "TIMESERIES_PASSWORD"}
    assert not set(secret["stringData"]) & set(config["data"])
    assert values["AWS_REGION"] == "us-west-2"
    assert values["REGION_ROLE"] == RegionRole.ACTIVE


def test_the_namespace_admits_restricted_pods_only(declared: Recording) -> None:
    (namespace,) = declared.of("kubernetes:core/v1:Namespace", HOME).values()
    assert namespace["metadata"]["name"] == "aura"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_database_secret_holds_the_password_of_the_database(declared: Recording) -> None:
    versions = declared.of("aws:secretsmanager/secretVersion:SecretVersion")
    for name, db in declared.of("aws:rds/instance:Instance", HOME).items():
        connection = json.loads(versions[name]["secretString"])
        assert connection["password"] == db["password"] == versions[f"{name}-password"]["secretString"]
        assert (connection["host"], connection["dbname"]) == ("db.internal", db["dbName"])


@pytest.mark.parametrize("stack", STACKS)
def test_secrets_are_under_the_stacks_prefix_which_is_all_that_the_operators_may_read(stack: str) -> None:
    declared = run(stack, outputs_known=True)
    secrets = declared.of("aws:secretsmanager/secret:Secret").values()
    others = {secret["name"] for secret in secrets if not secret["name"].startswith(f"aura/{stack}/")}
    streams = declared.of("aws:msk/cluster:Cluster").values()
    assert others == {f"AmazonMSK_{stream['clusterName']}" for stream in streams}
    config = platform_configs(declared)["aura-us-west-2"]
    assert config["data"]["SECRETS_PREFIX"] == f"aura/{stack}/"
    readers = {s["name"].removeprefix(f"aura/{stack}/"): s["tags"]["aura:readers"] for s in secrets if "tags" in s}
    assert readers == {"biosync/webhook": "recommend bio-sync"}
    policy = json.loads(declared.of("aws:iam/rolePolicy:RolePolicy")["aura-us-west-2-operators"]["policy"])
    readable = [s["Resource"] for s in policy["Statement"] if "secretsmanager:GetSecretValue" in s["Action"]]
    assert [arn.partition(":secret:")[2] for arn in readable] == [f"aura/{stack}/*"]


def test_every_store_demands_tls_and_a_password(declared: Recording) -> None:
    for parameters in declared.of("aws:rds/parameterGroup:ParameterGroup").values():
        assert {p["name"]: p["value"] for p in parameters["parameters"]}["rds.force_ssl"] == "1"
    (stream,) = declared.of("aws:msk/cluster:Cluster", HOME).values()
    assert stream["encryptionInfo"]["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}
    assert stream["clientAuthentication"]["sasl"]["scram"] is True
    (cache,) = declared.of("aws:elasticache/replicationGroup:ReplicationGroup", HOME).values()
    assert cache["transitEncryptionEnabled"] is True
    assert cache["authToken"]
    (domain,) = declared.of("aws:opensearch/domain:Domain", HOME).values()
    assert domain["domainEndpointOptions"]["enforceHttps"] is True
    assert domain["nodeToNodeEncryption"]["enabled"] is True
    assert domain["advancedSecurityOptions"]["masterUserOptions"]["masterUserPassword"]


def test_pods_authenticate_with_the_associated_scram_secret(declared: Recording) -> None:
    config = platform_configs(declared)["aura-us-west-2"]
    (secret,) = declared.of("kubernetes:core/v1:Secret", HOME).values()
    ((name, association),) = declared.of(
        "aws:msk/singleScramSecretAssociation:SingleScramSecretAssociation", HOME
    ).items()
    stored = declared.of("aws:secretsmanager/secret:Secret")[f"{name}-login"]
    assert stored["name"].startswith("AmazonMSK_")
    assert association["secretArn"] == declared.arn("aws:secretsmanager", f"{name}-login")
    login = json.loads(declared.of("aws:secretsmanager/secretVersion:SecretVersion")[f"{name}-login"]["secretString"])
    assert login == {
        "username": config["data"]["KAFKA_USERNAME"],
        "password": secret["stringData"]["KAFKA_PASSWORD"],
    }
    assert config["data"]["KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert config["data"]["KAFKA_BOOTSTRAP"] == "b:9096"


def test_prod_survives_a_zone(prod: Recording) -> None:
    for db in prod.of("aws:rds/instance:Instance").values():  # the replicas, too
        assert db["multiAz"] and db["deletionProtection"] and db["backupRetentionPeriod"] >= 7
        assert not db["skipFinalSnapshot"]
    (stream,) = prod.of("aws:msk/cluster:Cluster", HOME).values()
    assert stream["numberOfBrokerNodes"] == 3 == len(stream["brokerNodeGroupInfo"]["clientSubnets"])
    (cache,) = prod.of("aws:elasticache/replicationGroup:ReplicationGroup", HOME).values()
    assert cache["automaticFailoverEnabled"] is True
    assert len(prod.of("aws:ec2/natGateway:NatGateway", HOME)) == 3
    (cluster,) = prod.of("aws:eks/cluster:Cluster", HOME).values()
    admitted = configuration("prod")["aura:region"]["cluster"]["publicAccessFrom"]
    assert cluster["vpcConfig"]["endpointPublicAccess"] is bool(admitted)
