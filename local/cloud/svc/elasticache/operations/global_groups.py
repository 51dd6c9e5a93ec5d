"""Global datastores: create, describe, modify, fail over, disassociate, delete. Any region of a member answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.cloud.context import ACCOUNT
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.elasticache.describe_global import global_group
from local.cloud.svc.elasticache.global_group import PREFIXES, GlobalGroup, GlobalMember
from local.cloud.svc.elasticache.model import CacheState, Group
from local.cloud.svc.elasticache.operations import finding
from local.cloud.svc.elasticache.rules import global_groups as rules
from local.cloud.svc.elasticache.rules.modification import check_failover, check_version
from local.cloud.svc.elasticache.rules.names import is_identifier


class GlobalGroupOperations(Service[CacheState]):
    def create_global_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        suffix = inputs["GlobalReplicationGroupIdSuffix"]
        if not is_identifier(suffix, 63):
            message = f"GlobalReplicationGroupIdSuffix {suffix}: letters, digits and single hyphens, a letter first."
            raise AwsError("InvalidParameterValue", message)
        if inputs.get("Tags"):
            raise unsupported("tags of global datastores")
        name = f"{PREFIXES[state.region]}-{suffix.lower()}"
        if name in self._datastores():
            message = f"Global replication group {name} already exists."
            raise AwsError("GlobalReplicationGroupAlreadyExistsFault", message)
        group = finding.replication_group(state, inputs["PrimaryReplicationGroupId"])
        rules.check_primary(group)
        finding.available(group)
        arn = f"arn:aws:elasticache::{ACCOUNT}:globalreplicationgroup:{name}"
        description = inputs.get("GlobalReplicationGroupDescription", "")
        made = GlobalGroup(state.region, name, arn, description, datetime.now(UTC))
        made.members = [GlobalMember(state.region, group.name, True, "associated")]
        state.datastores[name], group.datastore = made, name
        return self._answer(made)

    def describe_global_replication_groups(self, state: CacheState, inputs: Inputs) -> Output:
        """Those with a member in this region; their members when ShowMemberInfo says so."""
        name = inputs.get("GlobalReplicationGroupId")
        known = self._datastores().values()
        chosen = [self.datastore(name)] if name else [d for d in known if _is_in(d, state.region)]
        members = bool(inputs.get("ShowMemberInfo"))
        return {"GlobalReplicationGroups": [self._described(found, members) for found in chosen]}

    def modify_global_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        found = rules.available(self.datastore(inputs["GlobalReplicationGroupId"]))
        if not inputs["ApplyImmediately"]:
            raise AwsError("InvalidParameterValue", "ApplyImmediately must be true for a global datastore.")
        if "CacheParameterGroupName" in inputs or inputs.get("Engine", "redis") != "redis":
            raise unsupported("changing the engine or the parameter group of a global datastore")
        groups = [self._group(member) for member in found.members]
        change = self._change(groups, inputs)
        for group in groups if change else ():
            finding.available(group)
        found.description = inputs.get("GlobalReplicationGroupDescription", found.description)
        for group in groups if change else ():
            group.inputs = {**group.inputs, **change}
            group.change("modifying")
        return self._answer(found)

    def failover_global_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        """The control loop carries it out; the servers are left to it from now on."""
        found = rules.available(self.datastore(inputs["GlobalReplicationGroupId"]))
        region, name = inputs["PrimaryRegion"], inputs["PrimaryReplicationGroupId"]
        chosen = rules.secondary(found, region, name)
        if self._group(chosen).status not in ("available", "modifying"):
            message = f"Replication group {name} is {self._group(chosen).status}."
            raise AwsError("InvalidGlobalReplicationGroupState", message)
        found.promoting, found.status = chosen.region, "modifying"
        for member in (found.primary, chosen):
            group = self._group(member)
            group.held = True
            group.change("modifying")
        return self._answer(found)

    def disassociate_global_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        """The group goes on alone with the data that it has, whatever has become of the primary."""
        found = rules.available(self.datastore(inputs["GlobalReplicationGroupId"]))
        member = rules.secondary(found, inputs["ReplicationGroupRegion"], inputs["ReplicationGroupId"])
        member.status, found.status = "disassociating", "modifying"
        group = self._group(member)
        group.upstream = None
        group.change("modifying")
        return self._answer(found)

    def delete_global_replication_group(self, state: CacheState, inputs: Inputs) -> Output:
        found = self.datastore(inputs["GlobalReplicationGroupId"])
        rules.check_deletion(found, inputs)
        found.status = "deleting"
        return self._answer(found)

    def datastore(self, name: str) -> GlobalGroup:
        found = self._datastores().get(name.lower())
        if found is None:
            raise AwsError("GlobalReplicationGroupNotFoundFault", f"Global replication group {name} not found.")
        return found

    def primary_of(self, datastore: GlobalGroup) -> Group:
        return self._group(datastore.primary)

    def _datastores(self) -> dict[str, GlobalGroup]:
        return {name: found for state in self.states() for name, found in state.datastores.items()}

    def _group(self, member: GlobalMember) -> Group:
        return self.state(member.region).groups[member.group]

    def _change(self, groups: list[Group], inputs: Inputs) -> dict[str, Any]:
        """What all groups are to have alike."""
        check_version(inputs.get("EngineVersion"), groups[0].inputs.get("EngineVersion", "7.0"))
        known = {"CacheNodeType": groups[0].node_type, "AutomaticFailoverEnabled": groups[0].automatic_failover}
        change = {key: inputs[key] for key in known if inputs.get(key, known[key]) != known[key]}
        if "CacheNodeType" in change:
            rules.check_node_type(change["CacheNodeType"])
        for group in groups:
            wanted = change.get("AutomaticFailoverEnabled", group.automatic_failover)
            check_failover(wanted, bool(group.inputs.get("MultiAZEnabled")), len(group.members))
        return change

    def _answer(self, found: GlobalGroup) -> Output:
        return {"GlobalReplicationGroup": self._described(found, True)}

    def _described(self, found: GlobalGroup, members: bool) -> Output:
        return global_group(found, {one.region: self._group(one) for one in found.members}, members)


def _is_in(datastore: GlobalGroup, region: str) -> bool:
    return any(member.region == region for member in datastore.members)
