"""The operations of groups and tags; a service supplies names and errors and binds its operations to them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.moto_backends import lookups
from local.cloud.service.base import Inputs, Output
from local.cloud.service.errors import AwsError
from local.cloud.service.groups.model import GroupState, ParameterGroup, SubnetGroup
from local.cloud.service.tags import as_list, check_tags, from_list

G = TypeVar("G", SubnetGroup, ParameterGroup)


@dataclass(frozen=True, kw_only=True)
class Groups(ABC, Generic[G]):
    """`noun` is the API's, such as DBSubnetGroup. An error is its code and a message about the group's name."""

    service: str
    noun: str
    arn_type: str
    exists: tuple[str, str]
    missing: tuple[str, str]
    in_use: tuple[str, str]
    name_pattern: str = r"(?=.{1,255}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*"
    """Of the name of a new group. By default 1 to 255 letters, digits and hyphens, of which no two are in a row."""

    @abstractmethod
    def of(self, state: GroupState) -> dict[str, G]: ...

    @abstractmethod
    def make(self, state: GroupState, name: str, arn: str, inputs: Inputs) -> G: ...

    @abstractmethod
    def description(self, group: G) -> Output:
        """As operations return it; the serializer drops what the service's shape does not have."""

    def own(self, state: GroupState, name: str) -> G:
        """A group of the caller's; raises AwsError when it does not exist."""
        if name.lower() not in self.of(state):
            raise _error(self.missing, name)
        return self.of(state)[name.lower()]

    def find(self, state: GroupState, name: str) -> G:
        return self.own(state, name)

    def all(self, state: GroupState) -> Iterable[G]:
        return list(self.of(state).values())

    def create(self, state: GroupState, inputs: Inputs) -> Output:
        name = inputs[f"{self.noun}Name"].lower()
        if not re.fullmatch(self.name_pattern, name):
            raise AwsError("InvalidParameterValue", f"The parameter {self.noun}Name is not a valid identifier: {name}.")
        if name in self.of(state):
            raise _error(self.exists, name)
        check_tags(inputs.get("Tags", []))
        arn = CloudContext.arn(self.service, state.region, f"{self.arn_type}:{name}")
        self.of(state)[name] = made = self.make(state, name, arn, inputs)
        return {self.noun: self.description(made)}

    def describe(self, state: GroupState, inputs: Inputs) -> Output:
        name = inputs.get(f"{self.noun}Name")
        chosen = [self.find(state, name)] if name else self.all(state)
        return {f"{self.noun}s": [self.description(group) for group in chosen]}

    def delete(self, state: GroupState, inputs: Inputs) -> Output:
        name = self.own(state, inputs[f"{self.noun}Name"]).name
        if any(user.inputs.get(f"{self.noun}Name") == name for user in state.group_users.values()):
            raise _error(self.in_use, name)
        del self.of(state)[name]
        return {}


@dataclass(frozen=True, kw_only=True)
class SubnetGroups(Groups[SubnetGroup]):
    network_type: str
    too_few_zones: tuple[str, str] | None = None
    """Error for a group in one zone, where the service requires two."""

    def of(self, state: GroupState) -> dict[str, SubnetGroup]:
        return state.subnet_groups

    def make(self, state: GroupState, name: str, arn: str, inputs: Inputs) -> SubnetGroup:
        made = SubnetGroup(name, arn, from_list(inputs.get("Tags", [])), inputs[f"{self.noun}Description"])
        self._place(state.region, made, inputs["SubnetIds"])
        return made

    def modify(self, state: GroupState, inputs: Inputs) -> Output:
        known = self.own(state, inputs[f"{self.noun}Name"])
        if "SubnetIds" in inputs:
            self._place(state.region, known, inputs["SubnetIds"], known.vpc)
        known.description = inputs.get(f"{self.noun}Description", known.description)
        return {self.noun: self.description(known)}

    def description(self, group: SubnetGroup) -> Output:
        return {
            f"{self.noun}Name": group.name,
            f"{self.noun}Description": group.description,
            "VpcId": group.vpc,
            "SubnetGroupStatus": "Complete",
            "Subnets": [
                {"SubnetIdentifier": id, "SubnetAvailabilityZone": {"Name": zone}, "SubnetStatus": "Active"}
                for id, zone in group.subnets
            ],
            f"{self.noun}Arn": group.arn,
            "ARN": group.arn,
            "SupportedNetworkTypes": [self.network_type],
        }

    def _place(self, region: str, group: SubnetGroup, ids: list[str], vpc: str = "") -> None:
        """`vpc` is that of the group so far: a group does not move to another one."""
        try:
            found = lookups.subnets(region, ids)
        except KeyError as error:
            raise AwsError("InvalidSubnet", f"There is no such subnet: {error}") from error
        vpcs = {subnet.vpc for subnet in found} | ({vpc} if vpc else set())
        if len(vpcs) != 1:
            message = f"The new Subnets are not all in a common VPC: they are in {', '.join(sorted(vpcs))}."
            raise AwsError("InvalidSubnet", message)
        if self.too_few_zones and len({subnet.zone for subnet in found}) < 2:
            raise AwsError(*self.too_few_zones)
        group.vpc, group.subnets = found[0].vpc, [(subnet.id, subnet.zone) for subnet in found]


@dataclass(frozen=True, kw_only=True)
class ParameterGroups(Groups[ParameterGroup]):
    family: Callable[[], str]
    """The only family that is supported."""
    unsupported_family: str
    """Message about the requested and the supported family."""
    changes: Callable[[Inputs], dict[str, str]]
    """The parameters that a modification sets; raises AwsError for those that cannot be set."""
    changed: Callable[[Any, ParameterGroup, Inputs], None] = lambda state, group, inputs: None
    """Called after a modification. By default it takes effect when an engine starts next."""

    def of(self, state: GroupState) -> dict[str, ParameterGroup]:
        return state.parameter_groups

    def default(self, region: str = "") -> ParameterGroup:
        family = self.family()
        name = f"default.{family}"
        arn = CloudContext.arn(self.service, region, f"{self.arn_type}:{name}")
        return ParameterGroup(name, arn, {}, f"Default parameter group for {family}", family)

    def own(self, state: GroupState, name: str) -> ParameterGroup:
        if name.lower() == self.default().name:
            raise AwsError(self.in_use[0], f"The default parameter group {name} cannot be changed or deleted.")
        return super().own(state, name)

    def all(self, state: GroupState) -> list[ParameterGroup]:
        return [self.default(state.region), *super().all(state)]

    def find(self, state: GroupState, name: str) -> ParameterGroup:
        """A group of the caller's or the default one; raises AwsError when it does not exist."""
        default = self.default(state.region)
        return default if name.lower() == default.name else self.own(state, name)

    def make(self, state: GroupState, name: str, arn: str, inputs: Inputs) -> ParameterGroup:
        family = inputs[f"{self.noun}Family"]
        if family != self.family():
            raise AwsError("InvalidParameterValue", self.unsupported_family.format(family, self.family()))
        return ParameterGroup(name, arn, from_list(inputs.get("Tags", [])), inputs["Description"], family)

    def modify(self, state: GroupState, inputs: Inputs) -> Output:
        known = self.own(state, inputs[f"{self.noun}Name"])
        known.parameters |= self.changes(inputs)
        self.changed(state, known, inputs)
        return {f"{self.noun}Name": known.name}

    def describe_parameters(self, state: GroupState, inputs: Inputs) -> Output:
        """Those that the group sets; the engine's defaults are not listed."""
        pairs = self.find(state, inputs[f"{self.noun}Name"]).parameters.items()
        return {"Parameters": [{"ParameterName": k, "ParameterValue": v, "Source": "user"} for k, v in pairs]}

    def description(self, group: ParameterGroup) -> Output:
        return {
            f"{self.noun}Name": group.name,
            f"{self.noun}Family": group.family,
            "Description": group.description,
            "IsGlobal": False,
            f"{self.noun}Arn": group.arn,
            "ARN": group.arn,
        }


@dataclass(frozen=True)
class ResourceTags:
    service: str
    missing: Mapping[str, str]
    """Error code for a resource that does not exist, by the type of resource in its ARN."""
    invalid: str
    """Error code for what is no ARN of the service, or one of another account or region."""

    def add(self, state: GroupState, inputs: Inputs) -> Output:
        tags = self._tags(state, inputs)
        new = {tag["Key"] for tag in inputs["Tags"]}
        check_tags(inputs["Tags"], others=len(set(tags) - new))
        tags.update(from_list(inputs["Tags"]))
        return self.list(state, inputs)

    def remove(self, state: GroupState, inputs: Inputs) -> Output:
        for key in inputs["TagKeys"]:
            self._tags(state, inputs).pop(key, None)
        return self.list(state, inputs)

    def list(self, state: GroupState, inputs: Inputs) -> Output:
        return {"TagList": as_list(self._tags(state, inputs))}

    def _tags(self, state: GroupState, inputs: Inputs) -> dict[str, str]:
        arn = inputs["ResourceName"]
        for resource in state.taggable():
            if resource.arn == arn:
                return resource.tags
        parts = arn.split(":", 6)
        if len(parts) != 7 or parts[:5] != ["arn", "aws", self.service, state.region, ACCOUNT]:
            raise AwsError(self.invalid, f"{arn} is not the ARN of a resource of {self.service} in {state.region}.")
        if parts[5] not in self.missing:
            raise AwsError(self.invalid, f"{arn} is not the ARN of a resource that has tags here.")
        if parts[6].startswith("default."):
            return {}
        raise AwsError(self.missing[parts[5]], f"{arn} does not exist.")


def _error(error: tuple[str, str], name: str) -> AwsError:
    return AwsError(error[0], error[1].format(name))
