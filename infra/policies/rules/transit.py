"""Stores demand TLS of their clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from infra.policies.declared import UNKNOWN, Deployment, Resource, is_true, listed, statements
from infra.policies.rule import ResourceRule


def _brokers(resource: Resource) -> Iterator[str]:
    transit = "encryptionInfo.encryptionInTransit"
    if resource.at(f"{transit}.clientBroker") not in ("TLS", None, UNKNOWN):  # TLS is AWS's default
        yield f"{transit}.clientBroker lets clients use plain text"
    if resource.at(f"{transit}.inCluster") is False:
        yield f"{transit}.inCluster is false: brokers replicate in plain text"
    if resource.at("clientAuthentication.unauthenticated") not in (None, False):
        yield "clientAuthentication.unauthenticated lets anyone in"


def _cache(resource: Resource) -> Iterator[str]:
    """The second group of a global datastore has the first's."""
    if resource.at("globalReplicationGroupId") is None and not is_true(resource.at("transitEncryptionEnabled")):
        yield "transitEncryptionEnabled is not true"
    if resource.at("transitEncryptionMode") == "preferred":
        yield "transitEncryptionMode is preferred: clients may use plain text"


def _domain(resource: Resource) -> Iterator[str]:
    if not is_true(resource.at("domainEndpointOptions.enforceHttps")):
        yield "domainEndpointOptions.enforceHttps is not true: clients may use plain text"
    if not is_true(resource.at("nodeToNodeEncryption.enabled")):
        yield "nodeToNodeEncryption.enabled is not true: nodes replicate in plain text"


def _parameters(resource: Resource) -> Iterator[str]:
    """Of PostgreSQL; rds.force_ssl is 1 from version 15 on unless it is set, and a group says so for every version."""
    if not str(resource.at("family")).startswith("postgres"):
        return
    given = {one.get("name"): one.get("value") for one in resource.items("parameters")}
    if given.get("rds.force_ssl") not in ("1", UNKNOWN):
        yield "rds.force_ssl is not 1: clients may use plain text"


def _bucket_policy(resource: Resource) -> Iterator[str]:
    denied = any(
        statement.get("Effect") == "Deny"
        and "*" in listed(statement.get("Principal"))
        and (statement.get("Condition") or {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for _, statement in statements(resource)
    )
    if resource.at("policy") is not UNKNOWN and not denied:
        yield "policy does not deny requests without TLS (aws:SecureTransport)"


_CHECKS: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:msk/cluster:Cluster": _brokers,
    "aws:opensearch/domain:Domain": _domain,
    "aws:rds/parameterGroup:ParameterGroup": _parameters,
    "aws:s3/bucketPolicy:BucketPolicy": _bucket_policy,
}


def _check(resource: Resource, _: Deployment) -> Iterable[str]:
    check = _CHECKS.get(resource.type)
    return check(resource) if check else ()


RULE = ResourceRule(
    "encryption-in-transit",
    "Databases, brokers, caches, search and buckets refuse clients without TLS.",
    "One client that is configured wrongly would send passwords and heart beats in the open.",
    _check,
)
