"""One account: the state of its stacks, the roles of the workflows, and the registry if it is the one that has it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # Pulumi puts this folder alone on the path
gc.disable()  # half its time went into collections that find next to nothing

import pulumi
import pulumi_aws as aws

from infra.bootstrap import config, images
from infra.bootstrap.github import GitHub
from infra.bootstrap.registry import Registry
from infra.bootstrap.roles import deploy_role, image_role
from infra.bootstrap.state import State
from infra.bootstrap.trail import Trail


def main() -> None:
    account = config.load()
    tags = aws.ProviderDefaultTagsArgs(tags={"project": pulumi.get_project(), "stack": pulumi.get_stack()})
    provider = aws.Provider(
        account.region, region=account.region, default_tags=tags, allowed_account_ids=[account.account]
    )
    here = pulumi.ResourceOptions(providers=[provider])
    kept = pulumi.ResourceOptions(providers=[provider], protect=True)
    state = State("aura-state", account, kept)
    trail = Trail("aura-trail", account, kept)
    # A domain in a VPC makes its network interfaces as this role, and is refused without it.
    aws.iam.ServiceLinkedRole("aura-search", aws_service_name="opensearchservice.amazonaws.com", opts=here)
    github = GitHub("aura-github", account.repository, here)
    registry = _registry(account, tags, kept) if account.registry else None
    deploy = deploy_role(github, "aura-deploy", pulumi.get_stack(), account, state, trail, registry)
    pulumi.export("PULUMI_BACKEND_URL", state.url)
    pulumi.export("PULUMI_SECRETS_PROVIDER", state.secrets_provider)
    pulumi.export("DEPLOY_ROLE", deploy.arn)
    if registry is not None:
        pulumi.export("IMAGE_ROLE", image_role(github, "aura-images", registry.arns).arn)
        pulumi.export("REGISTRY", registry.host)


def _registry(
    account: config.AccountConfig, tags: aws.ProviderDefaultTagsArgs, kept: pulumi.ResourceOptions
) -> Registry:
    """With its copy in the other region, if the configuration names one."""
    assert account.registry is not None
    registry = Registry("aura-images", account.region, account, account.registry, images.declared(), kept)
    if region := account.registry.replica:
        there = aws.Provider(region, region=region, default_tags=tags, allowed_account_ids=[account.account])
        options = pulumi.ResourceOptions(providers=[there], protect=True)
        copy = Registry(f"aura-images-{region}", region, account, account.registry, images.declared(), options)
        registry.replicate(account, copy, region)
    return registry


main()
