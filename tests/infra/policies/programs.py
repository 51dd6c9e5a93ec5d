"""What programs declare, as the rules see it: the real ones, and small ones of a test."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc, stack
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest

from infra.policies.catalog import RULES
from infra.policies.declared import UNKNOWN, Deployment, Resource, Stack
from infra.policies.rule import violations
from local.site import CHECKOUT
from tests.infra.recording import Recording, configuration, event_loop, record_options, run, unwrap


def declared(stack_name: str, outputs_known: bool = True) -> Stack:
    """What infra/ declares in a stack with its own configuration."""
    return as_stack(run(stack_name, outputs_known), Deployment("aura", stack_name, configuration(stack_name)))


def bootstrap(stack_name: str) -> Stack:
    """What infra/bootstrap/ declares."""
    folder = CHECKOUT / "infra" / "bootstrap"
    config = yaml.safe_load((folder / f"Pulumi.{stack_name}.yaml").read_text())["config"]
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}

    def program() -> None:
        pulumi.runtime.set_all_config(values, [])
        runpy.run_path(str(folder / "__main__.py"), run_name="__main__")

    return small(program, stack_name, config, project="aura-bootstrap")


def small(
    program: Callable[[], object],
    stack_name: str = "prod",
    config: Mapping[str, Any] | None = None,
    project: str = "aura",
) -> Stack:
    """What a function declares; it is called as a program of the project."""
    recording = Recording(outputs_known=True)
    with event_loop() as loop:
        mocks.set_mocks(recording, project=project, stack=stack_name, preview=False)
        record_options(recording)
        loop.run_until_complete(stack.run_pulumi_func(lambda: program() and None))  # pyright: ignore[reportArgumentType]
    return as_stack(recording, Deployment(project, stack_name, config or {}))


def found(stack: Stack) -> list[str]:
    """Every violation, such as "backups: db: deletionProtection is not true"."""
    return sorted(f"{rule.name}: {one.resource.name}: {one.text}" for rule in RULES for one in violations(rule, stack))


def refusing(stack: Stack) -> set[str]:
    """Names of the rules that refuse it."""
    return {line.partition(":")[0] for line in found(stack)}


def provider(region: str = "us-west-2", **tags: str) -> aws.Provider:
    """One as the platform's program makes it."""
    given = {"project": "aura", "stack": pulumi.get_stack(), **tags}
    return aws.Provider(region, region=region, default_tags=aws.ProviderDefaultTagsArgs(tags=given))


def as_stack(recording: Recording, deployment: Deployment) -> Stack:
    requests = recording.options.values()
    of_providers = {one.name: _inputs(one) for one in requests if one.type == "pulumi:providers:aws"}
    return Stack(
        deployment,
        tuple(
            Resource(
                type=one.type,
                name=one.name,
                properties=_inputs(one),
                urn=_urn(one, deployment),
                protected=one.protect,
                provider=of_providers.get(_provider(one), {}),
                refers={
                    name: frozenset(_of_deployment(urn, deployment) for urn in of.urns)
                    for name, of in one.propertyDependencies.items()
                },
            )
            for one in requests
        ),
    )


def _inputs(request: RegisterResourceRequest) -> dict[str, Any]:
    return _plain(unwrap(json_format.MessageToDict(request.object)))


def _plain(value: Any) -> Any:
    """As Pulumi sends it, a value that is not known is a text of its own."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return UNKNOWN if value == rpc.UNKNOWN else value


def _urn(request: RegisterResourceRequest, deployment: Deployment) -> str:
    parents = [request.parent.split("::")[2].rpartition("$")[2]] if request.parent else []
    return _of_deployment(f"::::{'$'.join([*parents, request.type])}::{request.name}", deployment)


def _of_deployment(urn: str, deployment: Deployment) -> str:
    """Mocks do not always name stack and project in a URN."""
    return f"urn:pulumi:{deployment.stack}::{deployment.project}::{'::'.join(urn.split('::')[2:])}"


def _provider(request: RegisterResourceRequest) -> str:
    """The name in a reference, "<urn>::<id>"."""
    return request.provider.split("::")[3] if request.provider else ""


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
