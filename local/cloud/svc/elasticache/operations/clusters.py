"""Cache clusters of one Redis node that belong to no replication group."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import from_list
from local.cloud.svc.elasticache import describe
from local.cloud.svc.elasticache.auth import NO_AUTH, set_token
from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.groups import PARAMETER_GROUPS, SUBNET_GROUPS, zones_of
from local.cloud.svc.elasticache.model import CacheState, Endpoints, Group, Member
from local.cloud.svc.elasticache.operations import finding
from local.cloud.svc.elasticache.operations.replication_groups import new_snapshot_name, seed_of
from local.cloud.svc.elasticache.rules import clusters, encryption
from local.cloud.svc.elasticache.rules.table import Request, check, refuse
from local.cloud.svc.elasticache.snapshots import make


class ClusterOperations(Service[CacheState]):
    def create_cache_cluster(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs["CacheClusterId"].lower()
        if inputs.get("ReplicationGroupId"):
            finding.replication_group(state, inputs["ReplicationGroupId"])
            raise unsupported("adding a cluster to a replication group by name; use IncreaseReplicaCount")
        request = Request(inputs, finding.facts(state, inputs, inputs.get("CacheSubnetGroupName")))
        check(clusters.RULES, request)
        encryption.check_creation(inputs)
        if state.member(name) is not None:
            raise AwsError("CacheClusterAlreadyExists", f"Cache cluster {name} already exists.")
        refuse(clusters.MISSING, request)
        if not versions.is_installed(inputs["Engine"], inputs.get("EngineVersion")):
            raise unsupported(versions.not_installed(inputs["Engine"], inputs.get("EngineVersion")))
        seed = seed_of(state, inputs)
        for key, groups in (("CacheSubnetGroupName", SUBNET_GROUPS), ("CacheParameterGroupName", PARAMETER_GROUPS)):
            if key in inputs:
                inputs[key] = groups.find(state, inputs[key]).name
        arn = self.context.arn("elasticache", state.region, f"cluster:{name}")
        tags, token = from_list(inputs.pop("Tags", [])), inputs.pop("AuthToken", "")
        address = self.context.addresses(state.region).of(name)
        zone = inputs.get("PreferredAvailabilityZone") or zones_of(state, inputs.get("CacheSubnetGroupName"))[0]
        group = Group(state.region, name, arn, inputs, [Member(name, address, zone)], datetime.now(UTC), tags)
        group.standalone, group.administrator = True, secrets.token_urlsafe(32)
        if seed is not None:
            group.seed, seed.status = seed.name, "restoring"
        group.auth = set_token(token) if token else NO_AUTH
        group.endpoints = Endpoints(address, address)
        state.clusters[name] = group
        return {"CacheCluster": describe.cache_cluster(group, group.members[0], True)}

    def delete_cache_cluster(self, state: CacheState, inputs: Inputs) -> Output:
        group, member = finding.cache_cluster(state, inputs["CacheClusterId"])
        if not group.standalone:
            if member is group.primary:
                message = f"{member.name} is the primary of {group.name}; delete the replication group."
                raise AwsError("InvalidCacheClusterState", message)
            raise unsupported("deleting a replica by its cluster's name; use DecreaseReplicaCount")
        finding.deletable(group)
        final = inputs.get("FinalSnapshotIdentifier")
        if final:
            group.final_snapshot = new_snapshot_name(state, final)
            make(state, group.final_snapshot, group, member, {}, datetime.now(UTC))
        group.status = "deleting"
        return {"CacheCluster": describe.cache_cluster(group, member, True)}
