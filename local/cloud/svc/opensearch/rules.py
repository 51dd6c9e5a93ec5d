"""What AWS refuses of a domain: one table of rules, each with its source. All are ValidationException."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.opensearch import catalog
from local.cloud.svc.opensearch.facts import Facts

Options = dict[str, Any]
Rule = Callable[[Options, Facts], str | None]

_GUIDE = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide"
_NUMBERS = {1: "one subnet", 2: "two subnets", 3: "three subnets"}


def engine_version(options: Options, facts: Facts) -> str | None:
    version = options.get("EngineVersion", catalog.HERE)
    return None if version in catalog.VERSIONS else f"Unsupported OpenSearch version: {version}"


def data_nodes(options: Options, facts: Facts) -> str | None:
    count = options["ClusterConfig"].get("InstanceCount", 1)
    zones = zone_count(options)
    if not 1 <= count <= 80:
        return f"InstanceCount is {count}; a domain has 1 to 80 data nodes."
    if zones == 2 and count % 2:
        return "You must choose an even number of data nodes for a two Availability Zone deployment."
    if zones == 3 and count < 3:
        return "You must choose a minimum of three data nodes for a three Availability Zone deployment."
    return None


def zones(options: Options, facts: Facts) -> str | None:
    cluster = options["ClusterConfig"]
    given = cluster.get("ZoneAwarenessConfig", {}).get("AvailabilityZoneCount")
    if given is not None and not cluster.get("ZoneAwarenessEnabled"):
        return "You must enable zone awareness to choose a number of Availability Zones."
    return None if given in (None, 2, 3) else "The number of Availability Zones must be two or three."


def dedicated_masters(options: Options, facts: Facts) -> str | None:
    cluster = options["ClusterConfig"]
    if not cluster.get("DedicatedMasterEnabled"):
        return None
    if not cluster.get("DedicatedMasterType"):
        return "You must choose an instance type for dedicated master nodes."
    return None if cluster.get("DedicatedMasterCount") in (3, 5) else "You must choose 3 or 5 dedicated master nodes."


def subnets(options: Options, facts: Facts) -> str | None:
    asked = options.get("VPCOptions", {}).get("SubnetIds", [])
    if not asked:
        return None
    missing = [id for id in asked if id not in facts.subnets]
    if missing:
        return f"One or more of the subnets you specified do not exist: {', '.join(missing)}."
    wanted = zone_count(options)
    if len(asked) != wanted:
        return f"You must specify exactly {_NUMBERS[wanted]}."
    if len({facts.subnets[id].vpc for id in asked}) != 1:
        return "The subnets must be in one VPC."
    if len({facts.subnets[id].zone for id in asked}) != wanted:
        return "The subnets must be in different Availability Zones."
    return None


def security_groups(options: Options, facts: Facts) -> str | None:
    network = options.get("VPCOptions", {})
    for group in network.get("SecurityGroupIds", []):
        if group not in facts.security_groups:
            return f"The security group {group} does not exist."
        if network.get("SubnetIds") and facts.security_groups[group] != facts.subnets[network["SubnetIds"][0]].vpc:
            return f"The security group {group} is not in the VPC of the subnets."
    return None


def volumes(options: Options, facts: Facts) -> str | None:
    disks, type = options.get("EBSOptions", {}), options["ClusterConfig"]["InstanceType"]
    own = type.startswith(catalog.OWN_DISKS)
    if not disks.get("EBSEnabled"):
        return None if own else f"EBS storage must be selected for {type}."
    if own and not type.startswith(("r3.", "m3.")):
        return f"EBS storage is not supported for {type}."
    size = disks.get("VolumeSize", 0)
    least, most = catalog.VOLUME_GIB.get(type, (catalog.SMALLEST_VOLUME_GIB, 24576))
    if not least <= size <= most:
        return f"Volume size must be between {least} and {most} GiB for {type}."
    return _speed(disks)


def _speed(disks: Options) -> str | None:
    if disks.get("VolumeType") == "gp3":
        for name, (least, most) in (("Iops", catalog.GP3_IOPS), ("Throughput", catalog.GP3_MIBS)):
            if name in disks and not least <= disks[name] <= most:
                return f"{name} must be between {least} and {most} for gp3 volumes."
        return None
    if "Throughput" in disks:
        return "Throughput is for gp3 volumes."
    return "Iops is for gp3 and io1 volumes." if "Iops" in disks and disks.get("VolumeType") != "io1" else None


def encryption_at_rest(options: Options, facts: Facts) -> str | None:
    at_rest, type = options.get("EncryptionAtRestOptions", {}), options["ClusterConfig"]["InstanceType"]
    if not at_rest.get("Enabled"):
        return "KmsKeyId is for domains with encryption at rest." if at_rest.get("KmsKeyId") else None
    if type.startswith(catalog.UNENCRYPTED):
        return f"Encryption at rest is not supported with {type}."
    return facts.key_trouble or None


def fine_grained(options: Options, facts: Facts) -> str | None:
    if not options.get("AdvancedSecurityOptions", {}).get("Enabled"):
        return None
    needed = (
        ("EncryptionAtRestOptions", "Enabled", "encryption at rest"),
        ("NodeToNodeEncryptionOptions", "Enabled", "node-to-node encryption"),
        ("DomainEndpointOptions", "EnforceHTTPS", "Enforce HTTPS"),
    )
    for option, member, words in needed:
        if not options.get(option, {}).get(member):
            return f"You must enable {words} to use advanced security options."
    return None


def master_user(options: Options, facts: Facts) -> str | None:
    security = options.get("AdvancedSecurityOptions", {})
    user = security.get("MasterUserOptions", {})
    by_name = "MasterUserName" in user or "MasterUserPassword" in user
    if user and not security.get("Enabled"):
        return "MasterUserOptions are for domains with advanced security options."
    if by_name and "MasterUserARN" in user:
        return "You can set an ARN or a name and a password of the master user, not both."
    if by_name and not security.get("InternalUserDatabaseEnabled"):
        return "You must enable the internal user database for a master user with a password."
    if by_name and not ("MasterUserName" in user and "MasterUserPassword" in user):
        return "You must set both the name and the password of the master user."
    password = user.get("MasterUserPassword")
    if password is not None and not all(re.search(of, password) for of in ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]")):
        return (
            "The master user password must contain at least one uppercase letter, one lowercase letter, one number, "
            "and one special character."
        )
    return None


def logs(options: Options, facts: Facts) -> str | None:
    for type, option in options.get("LogPublishingOptions", {}).items():
        arn = option.get("CloudWatchLogsLogGroupArn", "").removesuffix(":*")
        group = arn.partition(":log-group:")[2]
        if not option.get("Enabled", True):
            continue
        if type == "AUDIT_LOGS" and not options.get("AdvancedSecurityOptions", {}).get("Enabled"):
            return "audit log publishing cannot be enabled as you do not have advanced security options configured."
        if not group:
            return "CloudWatchLogsLogGroupArn is not the ARN of a log group."
        if arn not in facts.log_groups:
            return f"The CloudWatch Logs log group {group} does not exist."
        if not facts.log_groups[arn]:
            return (
                f"The Resource Access Policy specified for the CloudWatch Logs log group {group} does not grant "
                "sufficient permissions for Amazon OpenSearch Service to create a log stream. Please check the "
                "Resource Access Policy."
            )
    return None


def access_policies(options: Options, facts: Facts) -> str | None:
    if text := options.get("AccessPolicies"):
        try:
            statements = json.loads(text)["Statement"]
        except (ValueError, TypeError, KeyError):
            return "Error setting policy: the document is no JSON with statements."
        if options.get("VPCOptions") and any("IpAddress" in one.get("Condition", {}) for one in statements):
            return "You can't attach an IP-based access policy to a domain that has VPC access enabled."
    return None


def snapshot_hour(options: Options, facts: Facts) -> str | None:
    hour = options.get("SnapshotOptions", {}).get("AutomatedSnapshotStartHour", 0)
    return None if 0 <= hour <= 23 else "AutomatedSnapshotStartHour must be from 0 to 23."


RULES: tuple[tuple[Rule, str], ...] = (
    (engine_version, f"{_GUIDE}/what-is.html#choosing-version"),
    (zones, f"{_GUIDE}/managedomains-multiaz.html"),
    (data_nodes, f"{_GUIDE}/managedomains-multiaz.html"),
    (dedicated_masters, f"{_GUIDE}/managedomains-dedicatedmasternodes.html"),
    (subnets, f"{_GUIDE}/vpc.html"),
    (security_groups, f"{_GUIDE}/vpc.html"),
    (volumes, f"{_GUIDE}/limits.html"),
    (encryption_at_rest, f"{_GUIDE}/encryption-at-rest.html"),
    (fine_grained, f"{_GUIDE}/fgac.html"),
    (master_user, f"{_GUIDE}/fgac.html"),
    (logs, f"{_GUIDE}/createdomain-configure-slow-logs.html"),
    (access_policies, f"{_GUIDE}/vpc.html#vpc-security"),
    (snapshot_hour, f"{_GUIDE}/managedomains-snapshots.html"),
)
"""(rule: the message of the refusal or None, its source). A rule may rely on those before it."""


def check(options: Options, facts: Facts) -> None:
    """Raises AwsError for what AWS refuses, and for what it does and this cloud does not."""
    for rule, _ in RULES:
        if message := rule(options, facts):
            raise AwsError("ValidationException", message)
    refuse_unsupported(options)


def refuse_unsupported(options: Options) -> None:
    cluster, security = options["ClusterConfig"], options.get("AdvancedSecurityOptions", {})
    endpoint = options.get("DomainEndpointOptions", {})
    if options.get("EngineVersion") != catalog.HERE:
        raise unsupported(f"domains of another version than {catalog.HERE}")
    if not options.get("VPCOptions", {}).get("SubnetIds"):
        raise unsupported("domains outside a VPC")
    if not security.get("Enabled") or not security.get("InternalUserDatabaseEnabled"):
        raise unsupported("domains without fine-grained access control by an internal master user")
    if security.get("AnonymousAuthEnabled") or security.get("SAMLOptions") or security.get("JWTOptions"):
        raise unsupported("other ways to log in than as the master user")
    if cluster.get("WarmEnabled") or cluster.get("ColdStorageOptions", {}).get("Enabled"):
        raise unsupported("warm and cold storage")
    if cluster.get("MultiAZWithStandbyEnabled") or cluster.get("NodeOptions"):
        raise unsupported("Multi-AZ with Standby, and coordinator nodes")
    if options.get("CognitoOptions", {}).get("Enabled") or endpoint.get("CustomEndpointEnabled"):
        raise unsupported("Cognito and custom endpoints")
    if options.get("IPAddressType", "ipv4") != "ipv4":
        raise unsupported("IPv6")


def zone_count(options: Options) -> int:
    cluster = options["ClusterConfig"]
    if not cluster.get("ZoneAwarenessEnabled"):
        return 1
    return cluster.get("ZoneAwarenessConfig", {}).get("AvailabilityZoneCount", 2)
