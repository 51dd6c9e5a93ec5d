"""ElastiCache's subnet groups, parameter groups and tags."""

from __future__ import annotations

from local.cloud.service.base import Service
from local.cloud.service.groups.operations import ParameterGroups, ResourceTags, SubnetGroups
from local.cloud.svc.elasticache.model import CacheState

SUBNET_GROUPS = SubnetGroups(
    service="elasticache",
    noun="CacheSubnetGroup",
    arn_type="subnetgroup",
    exists=("CacheSubnetGroupAlreadyExists", "Cache subnet group {} already exists."),
    missing=("CacheSubnetGroupNotFoundFault", "CacheSubnetGroup {} not found."),
    in_use=("CacheSubnetGroupInUse", "Cache subnet group {} is in use."),
    network_type="ipv4",
)
PARAMETER_GROUPS = ParameterGroups(
    service="elasticache",
    noun="CacheParameterGroup",
    arn_type="parametergroup",
    exists=("CacheParameterGroupAlreadyExists", "Cache parameter group {} already exists."),
    missing=("CacheParameterGroupNotFound", "CacheParameterGroup {} not found."),
    in_use=("InvalidCacheParameterGroupState", "Cache parameter group {} is in use."),
    family=lambda: "redis7",
    unsupported_family="The family {} is not supported here; use {}.",
    changes=lambda inputs: {p["ParameterName"]: p["ParameterValue"] for p in inputs["ParameterNameValues"]},
)
_TAGS = ResourceTags(
    "elasticache",
    {
        "replicationgroup": "ReplicationGroupNotFoundFault",
        "cluster": "CacheClusterNotFound",
        "subnetgroup": "CacheSubnetGroupNotFoundFault",
        "parametergroup": "CacheParameterGroupNotFound",
    },
    "InvalidARN",
)


class GroupOperations(Service[CacheState]):
    """The part of ElastiCache's API that has no process behind it."""

    create_cache_subnet_group = staticmethod(SUBNET_GROUPS.create)
    modify_cache_subnet_group = staticmethod(SUBNET_GROUPS.modify)
    describe_cache_subnet_groups = staticmethod(SUBNET_GROUPS.describe)
    delete_cache_subnet_group = staticmethod(SUBNET_GROUPS.delete)
    create_cache_parameter_group = staticmethod(PARAMETER_GROUPS.create)
    modify_cache_parameter_group = staticmethod(PARAMETER_GROUPS.modify)
    describe_cache_parameter_groups = staticmethod(PARAMETER_GROUPS.describe)
    describe_cache_parameters = staticmethod(PARAMETER_GROUPS.describe_parameters)
    delete_cache_parameter_group = staticmethod(PARAMETER_GROUPS.delete)
    add_tags_to_resource = staticmethod(_TAGS.add)
    remove_tags_from_resource = staticmethod(_TAGS.remove)
    list_tags_for_resource = staticmethod(_TAGS.list)
