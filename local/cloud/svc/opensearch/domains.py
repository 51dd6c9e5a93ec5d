"""Creating, describing, changing and deleting domains."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import from_list
from local.cloud.svc.opensearch.describe import config, status
from local.cloud.svc.opensearch.facts import Facts, facts
from local.cloud.svc.opensearch.finding import domain_of
from local.cloud.svc.opensearch.model import Domain, OpenSearchState
from local.cloud.svc.opensearch.rules import check
from local.cloud.svc.opensearch.tags import check_tags

_CLUSTER = {
    "InstanceType": "m4.large.search",
    "InstanceCount": 1,
    "DedicatedMasterEnabled": False,
    "ZoneAwarenessEnabled": False,
    "WarmEnabled": False,
}
_DEFAULTS: dict[str, Any] = {
    "EBSOptions": {"EBSEnabled": False},
    "AccessPolicies": "",
    "IPAddressType": "ipv4",
    "SnapshotOptions": {"AutomatedSnapshotStartHour": 0},
    "CognitoOptions": {"Enabled": False},
    "EncryptionAtRestOptions": {"Enabled": False},
    "NodeToNodeEncryptionOptions": {"Enabled": False},
    "AdvancedOptions": {"override_main_response_version": "false", "rest.action.multi.allow_explicit_index": "true"},
    "DomainEndpointOptions": {
        "EnforceHTTPS": False,
        "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07",
        "CustomEndpointEnabled": False,
    },
    "AdvancedSecurityOptions": {"Enabled": False, "InternalUserDatabaseEnabled": False},
    "OffPeakWindowOptions": {
        "Enabled": True,
        "OffPeakWindow": {"WindowStartTime": {"Hours": 22, "Minutes": 0}},
    },
    "SoftwareUpdateOptions": {"AutoSoftwareUpdateEnabled": False},
}
"""What a domain has without being told; an option that is named keeps the defaults of members that are not.
https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_CreateDomain.html"""
_ONCE = ("EncryptionAtRestOptions", "NodeToNodeEncryptionOptions", "AdvancedSecurityOptions")
"""What cannot be switched off any more."""
_DERIVED = ("VPCId", "AvailabilityZones")


class DomainOperations(Service[OpenSearchState]):
    def create_domain(self, state: OpenSearchState, inputs: Inputs) -> Output:
        name, tags = inputs.pop("DomainName"), inputs.pop("TagList", [])
        if name in state.domains:
            raise AwsError("ResourceAlreadyExistsException", f"Domain {name} already exists. Domain names are unique.")
        check_tags(tags)
        options = {**inputs, "ClusterConfig": {**_CLUSTER, **inputs.get("ClusterConfig", {})}}
        options = {**options, **{key: _merged(value, options.get(key)) for key, value in _DEFAULTS.items()}}
        known = facts(state.region, options)
        check(options, known)
        user = options["AdvancedSecurityOptions"].pop("MasterUserOptions", {})
        if "MasterUserPassword" not in user:
            raise AwsError("ValidationException", "You must set a master user for the internal user database.")
        identifier = f"{name}-{secrets.token_hex(4)}"
        domain = Domain(
            state.region,
            name,
            self.context.arn("es", state.region, f"domain/{name}"),
            identifier,
            _completed(options, known),
            user["MasterUserName"],
            user["MasterUserPassword"],
            self.context.addresses(state.region).of(identifier),
            datetime.now(UTC),
            from_list(tags),
        )
        state.domains[name] = domain
        return {"DomainStatus": status(domain)}

    def describe_domain(self, state: OpenSearchState, inputs: Inputs) -> Output:
        return {"DomainStatus": status(domain_of(state, inputs["DomainName"]))}

    def describe_domains(self, state: OpenSearchState, inputs: Inputs) -> Output:
        """Without those that do not exist."""
        names = inputs["DomainNames"]
        return {"DomainStatusList": [status(state.domains[name]) for name in names if name in state.domains]}

    def describe_domain_config(self, state: OpenSearchState, inputs: Inputs) -> Output:
        return {"DomainConfig": config(domain_of(state, inputs["DomainName"]))}

    def list_domain_names(self, state: OpenSearchState, inputs: Inputs) -> Output:
        if inputs.get("EngineType", "OpenSearch") != "OpenSearch":
            return {"DomainNames": []}
        return {"DomainNames": [{"DomainName": name, "EngineType": "OpenSearch"} for name in state.domains]}

    def update_domain_config(self, state: OpenSearchState, inputs: Inputs) -> Output:
        domain = domain_of(state, inputs.pop("DomainName"))
        if inputs.pop("DryRun", False):
            raise unsupported("dry runs of changes")
        inputs.pop("DryRunMode", None)
        if domain.state != "Active":
            message = f"A change/update is in progress: the domain is {domain.state}. Please wait for it to complete."
            raise AwsError("ValidationException", message)
        options = {**domain.options, **{key: _merged(domain.options.get(key), value) for key, value in inputs.items()}}
        for option in _ONCE:
            if domain.options[option]["Enabled"] and not options[option]["Enabled"]:
                raise AwsError("ValidationException", f"You cannot disable {option} once it is enabled.")
        asked = {key: value for key, value in options["VPCOptions"].items() if key not in _DERIVED}
        known = facts(state.region, {**options, "VPCOptions": asked})
        check({**options, "VPCOptions": asked}, known)
        user = options["AdvancedSecurityOptions"].pop("MasterUserOptions", {})
        domain.user, domain.password = (
            user.get("MasterUserName", domain.user),
            user.get("MasterUserPassword", domain.password),
        )
        domain.options = _completed({**options, "VPCOptions": asked}, known)
        domain.updated.update(dict.fromkeys(inputs, datetime.now(UTC)))
        domain.version += 1
        domain.state = "Modifying"
        return {"DomainConfig": config(domain)}

    def delete_domain(self, state: OpenSearchState, inputs: Inputs) -> Output:
        domain = domain_of(state, inputs["DomainName"])
        domain.state = "Deleting"
        return {"DomainStatus": status(domain)}


def _merged(before: Any, after: Any) -> Any:
    """Options that are not named keep their values; lists and texts are replaced."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return {**before, **after}
    return before if after is None else after


def _completed(options: dict[str, Any], known: Facts) -> dict[str, Any]:
    """With the key's ARN and what follows from the subnets."""
    network, at_rest = options["VPCOptions"], options["EncryptionAtRestOptions"]
    subnets = [known.subnets[id] for id in network["SubnetIds"]]
    return {
        **options,
        "VPCOptions": {
            "SecurityGroupIds": [],
            **network,
            "VPCId": subnets[0].vpc,
            "AvailabilityZones": [subnet.zone for subnet in subnets],
        },
        "EncryptionAtRestOptions": {**at_rest, **({"KmsKeyId": known.key} if known.key else {})},
    }
