"""Runs the real program without the Pulumi engine and records every resource it declares."""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import runpy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, settings, stack
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest
from pulumi.runtime.rpc import _special_sig_key

from contracts.platform import PLATFORM_CONFIG
from local.plugins import one_region
from local.site import CHECKOUT

BY_TYPE: dict[str, dict[str, Any]] = {
    "aws:eks/cluster:Cluster": {
        "endpoint": "https://10.0.0.1",
        "certificateAuthority": {"data": "Q0E="},
    },
    "aws:rds/instance:Instance": {"address": "db.internal", "endpoint": "db.internal:5432"},
    "aws:msk/cluster:Cluster": {"bootstrapBrokersSaslScram": "b:9096"},
    "aws:elasticache/replicationGroup:ReplicationGroup": {"primaryEndpointAddress": "cache.internal"},
    "aws:opensearch/domain:Domain": {"endpoint": "vpc-search.internal"},
    "aws:route53/zone:Zone": {"nameServers": ["ns-1"], "zoneId": "Z1"},
    "aws:route53/record:Record": {"fqdn": "media.example"},
    "aws:kms/key:Key": {"keyId": "key"},
    "aws:kms/replicaKey:ReplicaKey": {"keyId": "key"},
    "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup": {"globalReplicationGroupId": "abcde-aura-cache"},
    "aws:msk/configuration:Configuration": {"latestRevision": 1},
    "aws:s3/bucket:Bucket": {"bucketRegionalDomainName": "media.s3.us-west-2.amazonaws.com"},
    "aws:cloudfront/distribution:Distribution": {"domainName": "d1.cloudfront.net"},
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 1},
    "aws:acm/certificate:Certificate": {
        "domainValidationOptions": [
            {"resourceRecordName": "_x", "resourceRecordType": "CNAME", "resourceRecordValue": "_y", "domainName": "d"}
        ]
    },
}


@dataclass
class Recording(mocks.Mocks):
    """`outputs_known` as in an update; without as in the first preview."""

    outputs_known: bool
    account: str = "123456789012"
    nodes: dict[str, dict[str, int]] = field(default_factory=dict)
    """Sizes of the node groups that exist already, by cluster and name."""
    resources: list[mocks.MockResourceArgs] = field(default_factory=list)
    options: dict[tuple[str, str], RegisterResourceRequest] = field(default_factory=dict, repr=False)
    """The request of every resource, which has its options, by type and name."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        outputs = {**args.inputs, "arn": self.arn(args.typ, args.name), "id": f"{args.name}-id"}
        if not self.outputs_known:
            return None, dict(args.inputs)
        if args.typ == "aws:eks/cluster:Cluster":
            args.inputs["vpcConfig"]["clusterSecurityGroupId"] = "sg-of-nodes"
        return f"{args.name}-id", {**outputs, **BY_TYPE.get(args.typ, {})}

    def arn(self, type: str, name: str) -> str:
        """Of a resource; buckets and zones have an ARN without an account, and a bucket's has its own name."""
        if type.startswith("aws:msk/cluster"):
            return f"arn:aws:kafka:us-west-2:{self.account}:cluster/{name}/1"
        service = type.split(":")[1].split("/")[0]
        where = ":" if service in ("s3", "route53") else f"us-west-2:{self.account}"
        if service == "s3":
            buckets = (one for one in self.resources if one.typ == "aws:s3/bucket:Bucket" and one.name == name)
            name = next((one.inputs["bucket"] for one in buckets if "bucket" in one.inputs), name)
        return f"arn:aws:{service}:{where}:{name}"

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return {
            "aws:route53/getZone:getZone": {"name": "aurawellness.com", "zoneId": "Z0", "nameServers": ["ns-1"]},
            "aws:eks/getAddonVersion:getAddonVersion": {"version": f"default-for-{args.args.get('kubernetesVersion')}"},
            "aws:eks/getClusters:getClusters": {"names": list(self.nodes)},
            "aws:eks/getNodeGroups:getNodeGroups": {"names": list(self._sizes(args.args))},
            "aws:eks/getNodeGroup:getNodeGroup": {"scalingConfigs": [self._scaling(args.args)]},
        }[args.token]

    def _sizes(self, cluster: dict[str, Any]) -> dict[str, int]:
        return self.nodes.get(str(cluster.get("clusterName")), {})

    def _scaling(self, group: dict[str, Any]) -> dict[str, int]:
        size = self._sizes(group).get(str(group.get("nodeGroupName")), 0)
        return {"minSize": 0, "desiredSize": size, "maxSize": 100}

    def of(self, type: str, prefix: str = "") -> dict[str, dict[str, Any]]:
        """Inputs of every resource of a type, by name, with secrets unwrapped."""
        named = (args for args in self.resources if args.typ == type and args.name.startswith(prefix))
        return {args.name: unwrap(args.inputs) for args in named}

    def region(self, type: str, name: str) -> str:
        """Where a resource is: that of its provider."""
        return self.options[type, name].provider.split("::")[-2]


def unwrap(value: Any) -> Any:
    if isinstance(value, dict):
        if _special_sig_key in value:
            return unwrap(value["value"])
        return {key: unwrap(item) for key, item in value.items()}
    return [unwrap(item) for item in value] if isinstance(value, list) else value


def configuration(stack_name: str) -> dict[str, Any]:
    """Of the stack's file, which has somebody's own account and zone once it is in use (README, "To AWS"). The zone is
    made here, as if the file named none: what one of that account holds cannot be known."""
    config = yaml.safe_load((CHECKOUT / f"Pulumi.{stack_name}.yaml").read_text())["config"]
    config["aura:zone"].pop("id", None)
    return config


@functools.cache
def run(stack_name: str, outputs_known: bool) -> Recording:
    """What `infra/__main__.py` declares with a stack's own configuration. Raises what the program raises."""
    recording = Recording(outputs_known, configuration(stack_name)["aura:account"])
    execute(stack_name, recording, preview=not outputs_known)
    return recording


@functools.cache
def run_alone() -> Recording:
    """As `run` with known outputs, of the stack `local` with one region."""
    recording = Recording(True, configuration("local")["aura:account"])
    execute("local", recording, preview=False, changed=one_region.narrowed(configuration("local")))
    return recording


@functools.cache
def run_promoted(stack_name: str) -> Recording:
    """As `run` with known outputs, with the roles of the pair exchanged."""
    pair = configuration(stack_name)["aura:pair"]
    recording = Recording(True, configuration(stack_name)["aura:account"])
    promoted = {**pair, "active": pair["passive"], "passive": pair["active"]}
    execute(stack_name, recording, preview=False, changed={"aura:pair": promoted})
    return recording


def execute(
    stack_name: str, engine: mocks.Mocks, preview: bool, changed: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Runs the program with `engine` in place of Pulumi's, which answers for every resource."""
    with event_loop() as loop:
        mocks.set_mocks(engine, project="aura", stack=stack_name, preview=preview)
        if isinstance(engine, Recording):
            record_options(engine)
        given = {**configuration(stack_name), **changed}
        values = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
        pulumi.runtime.set_all_config(values, [])
        program = str(CHECKOUT / "infra" / "__main__.py")
        coroutine = stack.run_pulumi_func(lambda: runpy.run_path(program, run_name="__main__") and None)  # pyright: ignore[reportArgumentType]
        loop.run_until_complete(coroutine)


def record_options(recording: Recording) -> None:
    """Mocks do not show a resource's options."""
    monitor: Any = settings.get_monitor()
    register = monitor.RegisterResource

    def recorded(request: RegisterResourceRequest) -> Any:
        recording.options[request.type, request.name] = request
        return register(request)

    monitor.RegisterResource = recorded


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """For Outputs that are made within; what they leave pending is no program's afterwards."""
    settings.reset_options()  # else the first program of a process has other URNs than those after it
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        settings.reset_options()
        asyncio.set_event_loop(None)
        loop.close()
        gc.enable()  # which a program disables in its own process


def platform_configs(declared: Recording) -> dict[str, Any]:
    """The ConfigMap `aura-platform` of each region, by the resource's name."""
    configs = declared.of("kubernetes:core/v1:ConfigMap").items()
    return {name: config for name, config in configs if config["metadata"]["name"] == PLATFORM_CONFIG}
